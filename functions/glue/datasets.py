"""Datasets with their schemas: made, moved to a changed schema in place, and deleted.

A schema cannot be changed, and its name ends in a digest of its text. A changed one is made beside the old one, the
dataset moves to it, and then the old one goes: where Personalize refuses the move, there is the old one to go back to.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from functions.errors import AlreadyExists, InUse, InvalidInput, NotFound, PipelineError
from functions.glue.fixed import refuse_other
from functions.glue.patience import LOOKS_AT_A_DENIAL, BroughtToNothingError
from functions.glue.request import Change, Wanted
from functions.glue.tags import create_tags, retag
from functions.glue.things import Things, named
from functions.names import is_of_family, sibling_arn
from functions.statuses import gone, meaning, status_of


class SchemaRefusedError(PipelineError):
    """Personalize does not take the changed schema; the dataset is as it was.

    https://docs.aws.amazon.com/personalize/latest/dg/updating-dataset-schema.html
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"Personalize refuses the new schema of {name}: {reason} The dataset and its data are as they "
            "were. Schemas of items and users can gain columns that allow null, and nothing else; that of interactions "
            "can't change. Take the schema back, or make a pipeline beside this one and move over to it."
        )


class SchemaTakenError(PipelineError):
    """A schema of the chosen name exists and says something else."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Schema {name} exists, and is not the one that is declared: somebody has made it by hand. Delete it "
            f"(aws personalize delete-schema --schema-arn …) or rename the pipeline. Nothing was changed."
        )


@dataclass(frozen=True)
class Datasets:
    """The datasets of all pipelines."""

    things: Things

    def bring(self, change: Change) -> dict[str, Any]:
        """Make the dataset, or bring the one that is there to the declared schema, keeping its rows.

        One that was made by hand keeps a schema of its own while that says the same.
        """
        wanted, arn = change.wanted, arn_of(change.wanted)
        found = self.things.find("Dataset", arn)
        if found is None or gone(status_of(found)):
            schema = self._schema(wanted)
            if self.things.make("Dataset", arn, {**wanted.request, "schemaArn": schema, **create_tags(wanted.tags)}):
                return {"arn": arn, "schema_arn": schema}
            found = self.things.describe("Dataset", arn)
        found = self._settled(arn, found)
        schema, moved = found["schemaArn"], False
        if not self._same(schema, wanted):
            schema, moved = self._schema(wanted), True
            self._move(wanted, found, schema)
        retag(self.things.personalize, arn, change)
        if moved or (change.before and change.before.schema.get("name") != wanted.schema["name"]):
            self._sweep(wanted, schema)
        return {"arn": arn, "schema_arn": schema}

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete the dataset and its data, once nothing is imported into it any more, and the schemas that it had."""
        wanted = change.wanted
        wanted.refuse_deletion(f"dataset {wanted.request['name']}, with its data,")
        self.things.remove("Dataset", arn_of(wanted))
        self._sweep(wanted)
        return {}

    # -------------------------------------------------------------- schemas

    def _schema(self, wanted: Wanted) -> str:
        """Make the declared schema; one of its name that says the same is taken over.

        Its domain is its group's: where that was refused to change, an apply may go on to here the next time.
        """
        group = wanted.request["datasetGroupArn"]
        refuse_other(self.things, group, {"domain": wanted.schema.get("domain")})
        arn = sibling_arn(arn_of(wanted), "schema", wanted.schema["name"])
        try:
            self.things.personalize.call("CreateSchema", dict(wanted.schema))
        except AlreadyExists:
            if not _says_the_same(self._seen(arn), wanted):
                raise SchemaTakenError(wanted.schema["name"]) from None
        return arn

    def _seen(self, arn: str) -> dict[str, Any]:
        """Return a schema that exists, once it is to be seen: reads may lag behind writes."""
        for _ in range(LOOKS_AT_A_DENIAL):
            if found := self._described(arn):
                return found
            self.things.patience.rest(f"{named(arn)} exists, and is not to be seen yet")
        raise BroughtToNothingError(named(arn), "it exists, and Personalize does not show it")

    def _described(self, arn: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.things.personalize.call("DescribeSchema", {"schemaArn": arn})["schema"]
        except NotFound:
            return None
        return found

    def _same(self, arn: str, wanted: Wanted) -> bool:
        """Whether a dataset's schema is the declared one: by its name, where we gave it that, or by what it says."""
        name = arn.rpartition("/")[2]
        if is_of_family(name, _family(wanted)):
            return name == wanted.schema["name"]
        return _says_the_same(self._described(arn), wanted)

    def _sweep(self, wanted: Wanted, but: str | None = None) -> None:
        """Delete the dataset's own schemas, but for one; what is in use stays."""
        for schema in list(self.things.personalize.pages("ListSchemas", "schemas", {})):
            if is_of_family(schema["name"], _family(wanted)) and schema["schemaArn"] != but:
                drop_schema(self.things, schema["schemaArn"])

    # -------------------------------------------------------------- the move

    def _move(self, wanted: Wanted, found: dict[str, Any], schema: str) -> None:
        """Move a dataset that is not on its way anywhere to a schema."""
        arn, name = arn_of(wanted), wanted.request["name"]
        call = self.things.personalize.call
        try:
            self.things.patience.until_free(
                name, lambda: call("UpdateDataset", {"datasetArn": arn, "schemaArn": schema})
            )
        except InvalidInput as refusal:
            raise SchemaRefusedError(name, refusal.message) from refusal
        for _ in range(LOOKS_AT_A_DENIAL):  # a read may lag, and show what was before
            now = self._settled(arn, self.things.describe("Dataset", arn))
            latest = now.get("latestDatasetUpdate") or {}
            if schema in (now["schemaArn"], latest.get("schemaArn")) and not _failed(now):
                return
            if _failed(now) and _move_of(now) != _move_of(found):
                raise SchemaRefusedError(name, latest.get("failureReason") or ", ".join(_move_of(now)))
            self.things.patience.rest(f"the new schema of {name} is not to be seen yet")
        raise BroughtToNothingError(
            f"the new schema of {name}", "the dataset is as it was, and Personalize says no why"
        )

    def _settled(self, arn: str, found: dict[str, Any]) -> dict[str, Any]:
        """Return the dataset once it is neither being made nor on its way to a schema.

        It tells so by its status, by its latest update, or by both: recordings of the service show UPDATE PENDING and
        UPDATE IN_PROGRESS in its status, its documentation has the latter.
        """
        while _under_way(found):
            self.things.patience.rest(f"{named(arn)} is {', '.join(_move_of(found))}")
            found = self.things.describe("Dataset", arn)
        return found


def _says_the_same(found: dict[str, Any] | None, wanted: Wanted) -> bool:
    if found is None:
        return False
    same: bool = json.loads(found["schema"]) == json.loads(wanted.schema["schema"])
    return same and found.get("domain") == wanted.schema.get("domain")


def _under_way(found: dict[str, Any]) -> bool:
    return "waiting" in (meaning(status) for status in _move_of(found))


def _failed(found: dict[str, Any]) -> bool:
    return "failed" in (meaning(status) for status in _move_of(found))


def _move_of(found: dict[str, Any]) -> list[str]:
    """Return how a dataset stands: its status, and that of its latest update where it has one."""
    return [state["status"] for state in (found, found.get("latestDatasetUpdate") or {}) if "status" in state]


def _family(wanted: Wanted) -> str:
    """Return the name of a dataset's schemas without the digest."""
    return re.sub(r"-[0-9a-f]{8}$", "", wanted.schema["name"])


def drop_schema(things: Things, arn: str) -> None:
    """Delete a schema, unless a dataset uses it."""
    try:
        things.personalize.call("DeleteSchema", {"schemaArn": arn})
    except (InUse, NotFound):
        return


def arn_of(wanted: Wanted) -> str:
    """Return a dataset's ARN: its group's name and its type in capitals make it."""
    group = wanted.request["datasetGroupArn"]
    return sibling_arn(group, "dataset", f"{group.rpartition('/')[2]}/{wanted.request['datasetType'].upper()}")
