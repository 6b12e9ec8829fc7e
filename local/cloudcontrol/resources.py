"""The handlers of a resource type: create, read, update, delete and list, through the Personalize API.

One class serves all types, because the API is regular: Create, Describe, List and Delete of a noun, an ARN
member named for it, and a status. The few irregularities are the table at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from botocore.model import ListShape, StructureShape

from local.cloudcontrol.errors import HandlerError
from local.cloudcontrol.schemas import Document, TypeSchema
from local.cloudcontrol.translation import TAGS, api_tags, from_api, property_tags, to_api
from local.personalize.service_models import CONTROL, operation_model

ACTIVE = "ACTIVE"
FAILED = "CREATE FAILED"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0

# Calls a control plane operation as the caller; raises HandlerError.
Call = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
# Something a type does after its resource is there: gets the call, the ARN and the desired properties.
After = Callable[[Call, str, Document], Awaitable[None]]
# Properties that Describe does not answer.
More = Callable[[Call, str], Awaitable[Document]]


@dataclass(frozen=True)
class Handlers:
    """What Cloud Control can do with resources of one type."""

    noun: str
    update: str | None = None  # the member of Describe's answer that tells of the last update
    after: After | None = None
    more: More | None = None

    @property
    def arn(self) -> str:
        """The parameter that holds the ARN."""
        return f"{self.noun[0].lower()}{self.noun[1:]}Arn"

    async def create(self, call: Call, schema: TypeSchema, desired: Document) -> str:
        """Create a resource and return its ARN as soon as it has one; `stabilise` waits for it."""
        operation = f"Create{self.noun}"
        shape = self._input(operation)
        params = to_api(shape, {name: value for name, value in desired.items() if name != TAGS})
        tags = api_tags(desired)
        if tags and "tags" in shape.members:
            params["tags"] = tags
        arn = str((await call(operation, params))[self.arn])
        if tags and "tags" not in shape.members:
            await call("TagResource", {"resourceArn": arn, "tags": tags})
        return arn

    async def stabilise(self, call: Call, arn: str) -> None:
        """Wait until a resource is there; raise its failure reason if it will not be."""
        async for resource in self._watch(call, arn):
            status = resource.get("status", ACTIVE)  # a schema has none: it is there at once
            if status == FAILED:
                raise HandlerError("NotStabilized", str(resource.get("failureReason") or status))
            if status == ACTIVE:
                return

    async def finish(self, call: Call, arn: str, desired: Document) -> None:
        """Do what the type does after creation and after an update."""
        if self.after:
            await self.after(call, arn, desired)

    async def read(self, call: Call, schema: TypeSchema, arn: str) -> dict[str, Any]:
        """Return a resource's properties."""
        described = await self._describe(call, arn)
        properties: dict[str, Any] = from_api(schema, schema.document, described)
        if self.more:
            properties |= await self.more(call, arn)
        if TAGS in schema.properties and "tags" in self._input(f"Create{self.noun}").members:
            tags = (await call("ListTagsForResource", {"resourceArn": arn})).get("tags")
            if tags:
                properties[TAGS] = property_tags(tags)
        return {name: value for name, value in properties.items() if name not in schema.write_only}

    async def change(self, call: Call, schema: TypeSchema, arn: str, old: Document, new: Document) -> None:
        """Update a resource to its new properties, and wait until the update has come through."""
        await self._retag(call, arn, old, new)
        changed = {name for name in schema.properties if old.get(name) != new.get(name)} - {TAGS}
        operation = f"Update{self.noun}"
        if changed and self.update is not None:
            params = to_api(self._input(operation), {name: new[name] for name in changed if name in new})
            await call(operation, {self.arn: arn, **params})
            async for resource in self._watch(call, arn):
                latest = resource.get(self.update) or resource
                if latest.get("status") == FAILED:
                    raise HandlerError("NotStabilized", str(latest.get("failureReason") or FAILED))
                if latest.get("status") == ACTIVE:
                    break
        await self.finish(call, arn, new)

    async def delete(self, call: Call, arn: str) -> None:
        """Delete a resource, and wait until it is gone."""
        await call(f"Delete{self.noun}", {self.arn: arn})
        try:
            async for _ in self._watch(call, arn):
                pass
        except HandlerError as error:
            if error.code != "NotFound":
                raise

    async def list(self, call: Call, token: str | None, size: int | None) -> tuple[list[str], str | None]:
        """Return a page of ARNs, and the token of the next."""
        operation = f"List{self.noun}s"
        output = cast(StructureShape, operation_model(CONTROL, operation).output_shape)
        (member,) = [name for name, shape in output.members.items() if isinstance(shape, ListShape)]
        params = {"nextToken": token} if token else {}
        page = await call(operation, {**params, **({"maxResults": size} if size else {})})
        return [str(summary[self.arn]) for summary in page[member]], page.get("nextToken")

    async def _describe(self, call: Call, arn: str) -> Mapping[str, Any]:
        operation = f"Describe{self.noun}"
        output = cast(StructureShape, operation_model(CONTROL, operation).output_shape)
        (member,) = output.members
        described: Mapping[str, Any] = (await call(operation, {self.arn: arn}))[member]
        return described

    async def _watch(self, call: Call, arn: str) -> Any:
        pause = _FIRST_PAUSE
        while True:
            yield await self._describe(call, arn)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    async def _retag(self, call: Call, arn: str, old: Document, new: Document) -> None:
        before = {tag["tagKey"]: tag["tagValue"] for tag in api_tags(old)}
        after = {tag["tagKey"]: tag["tagValue"] for tag in api_tags(new)}
        gone = sorted(before.keys() - after.keys())
        if gone:
            await call("UntagResource", {"resourceArn": arn, "tagKeys": gone})
        if set_ := {key: value for key, value in after.items() if before.get(key) != value}:
            tags = [{"tagKey": key, "tagValue": value} for key, value in set_.items()]
            await call("TagResource", {"resourceArn": arn, "tags": tags})

    def _input(self, operation: str) -> StructureShape:
        return cast(StructureShape, operation_model(CONTROL, operation).input_shape)


async def _import_first_data(call: Call, arn: str, desired: Document) -> None:
    """Run the import job that a dataset may name: once per job name, as CloudFormation does, and wait for it."""
    job = desired.get("DatasetImportJob")
    if not job:
        return
    shape = operation_model(CONTROL, "CreateDatasetImportJob").input_shape
    jobs = Handlers("DatasetImportJob")
    try:
        made = await call("CreateDatasetImportJob", {**to_api(cast(StructureShape, shape), job), "datasetArn": arn})
    except HandlerError as error:
        if error.code != "AlreadyExists":
            raise
    else:
        await jobs.stabilise(call, str(made["datasetImportJobArn"]))


async def _attributed_metrics(call: Call, arn: str) -> Document:
    page = await call("ListMetricAttributionMetrics", {"metricAttributionArn": arn})
    return {
        "Metrics": [
            {"EventType": metric["eventType"], "MetricName": metric["metricName"], "Expression": metric["expression"]}
            for metric in page["metrics"]
        ]
    }


HANDLERS: Mapping[str, Handlers] = {
    f"AWS::Personalize::{handlers.noun}": handlers
    for handlers in (
        Handlers("Campaign", update="latestCampaignUpdate"),
        Handlers("Dataset", after=_import_first_data),
        Handlers("DatasetGroup"),
        Handlers("EventTracker"),
        Handlers("Filter"),
        Handlers("MetricAttribution", update="", more=_attributed_metrics),
        Handlers("Schema"),
        Handlers("Solution"),
    )
}
