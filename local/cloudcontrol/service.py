"""Cloud Control's operations, for one account in one region."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonpatch

from local.cloudcontrol.errors import HandlerError, RefusedError
from local.cloudcontrol.progress import Progress, Requests
from local.cloudcontrol.resources import HANDLERS, Call, Handlers
from local.cloudcontrol.schemas import TypeSchema, find_schema

Params = Mapping[str, Any]


@dataclass
class CloudControl:
    """Cloud Control, less who is calling: each operation is given the caller's way to call Personalize."""

    region: str
    requests: Requests = field(default_factory=Requests)

    async def perform(self, operation: str, params: Params, call: Call) -> dict[str, Any]:
        """Carry out an operation; raises RefusedError."""
        operations: Mapping[str, Callable[[Params, Call], Any]] = {
            "CreateResource": self._create,
            "GetResource": self._get,
            "UpdateResource": self._update,
            "DeleteResource": self._delete,
            "ListResources": self._list,
            "GetResourceRequestStatus": self._status,
            "CancelResourceRequest": self._cancel,
        }
        if operation not in operations:
            raise RefusedError("UnsupportedActionException", f"{operation} is not supported here")
        answer: dict[str, Any] = await operations[operation](params, call)
        return answer

    async def _create(self, params: Params, call: Call) -> dict[str, Any]:
        schema, handlers = self._type(params["TypeName"], "create")
        desired = _object(params["DesiredState"], "DesiredState")
        _refuse(schema, desired, schema.read_only)

        async def work(progress: Progress) -> None:
            progress.identifier = arn = await handlers.create(call, schema, desired)
            await handlers.stabilise(call, arn)
            await handlers.finish(call, arn, desired)

        return self._start(Progress(schema.type_name, "CREATE"), params, work)

    async def _get(self, params: Params, call: Call) -> dict[str, Any]:
        schema, handlers = self._type(params["TypeName"], "read")
        properties = await _read(handlers, call, schema, params["Identifier"])
        description = {"Identifier": params["Identifier"], "Properties": json.dumps(properties)}
        return {"TypeName": schema.type_name, "ResourceDescription": description}

    async def _update(self, params: Params, call: Call) -> dict[str, Any]:
        schema, handlers = self._type(params["TypeName"], "update")
        arn = params["Identifier"]
        old = await _read(handlers, call, schema, arn)
        try:
            new = jsonpatch.apply_patch(old, params["PatchDocument"])
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, ValueError) as error:
            raise RefusedError("ValidationException", f"Invalid patch document: {error}") from error
        for kind, names in (("createOnly", schema.create_only), ("readOnly", schema.read_only)):
            changed = sorted(name for name in names if old.get(name) != new.get(name))
            if changed:
                listed = ", ".join(f"/properties/{name}" for name in changed)
                raise RefusedError(
                    "ValidationException", f"Invalid patch update: {kind}Properties [{listed}] cannot be updated"
                )
        _refuse(schema, {name: value for name, value in new.items() if name not in schema.read_only}, frozenset())

        async def work(progress: Progress) -> None:
            await handlers.change(call, schema, arn, old, new)

        return self._start(Progress(schema.type_name, "UPDATE", arn), params, work)

    async def _delete(self, params: Params, call: Call) -> dict[str, Any]:
        schema, handlers = self._type(params["TypeName"], "delete")
        arn = params["Identifier"]

        async def work(progress: Progress) -> None:
            await handlers.delete(call, arn)

        return self._start(Progress(schema.type_name, "DELETE", arn), params, work)

    async def _list(self, params: Params, call: Call) -> dict[str, Any]:
        schema, handlers = self._type(params["TypeName"], "list")
        try:
            arns, token = await handlers.list(call, params.get("NextToken"), params.get("MaxResults"))
        except HandlerError as error:
            raise _refused(error) from error
        # Like many types, these are listed by identifier alone; GetResource tells the rest.
        descriptions = [{"Identifier": arn, "Properties": json.dumps({schema.identifier: arn})} for arn in arns]
        return {"TypeName": schema.type_name, "ResourceDescriptions": descriptions, "NextToken": token}

    async def _status(self, params: Params, call: Call) -> dict[str, Any]:
        return {"ProgressEvent": self._request(params).event()}

    async def _cancel(self, params: Params, call: Call) -> dict[str, Any]:
        progress = self._request(params)
        self.requests.cancel(progress)
        return {"ProgressEvent": progress.event()}

    def _start(self, progress: Progress, params: Params, work: Any) -> dict[str, Any]:
        return {"ProgressEvent": self.requests.start(progress, params.get("ClientToken"), work).event()}

    def _request(self, params: Params) -> Progress:
        progress = self.requests.find(params["RequestToken"])
        if progress is None:
            raise RefusedError("RequestTokenNotFoundException", f"No request {params['RequestToken']}")
        return progress

    def _type(self, name: str, handler: str) -> tuple[TypeSchema, Handlers]:
        schema = find_schema(self.region, name)
        if schema is None or name not in HANDLERS:
            raise RefusedError("TypeNotFoundException", f"The type {name} cannot be found in {self.region}")
        if not schema.supports(handler):
            raise RefusedError(
                "UnsupportedActionException", f"Resource type {name} does not support {handler.upper()} action"
            )
        return schema, HANDLERS[name]


async def _read(handlers: Handlers, call: Call, schema: TypeSchema, arn: str) -> dict[str, Any]:
    try:
        return await handlers.read(call, schema, arn)
    except HandlerError as error:
        raise _refused(error) from error


def _refused(error: HandlerError) -> RefusedError:
    # Reads answer at once, so the handler's error is the call's own.
    if error.code == "NotFound":
        return RefusedError("ResourceNotFoundException", error.message)
    if error.code == "AccessDenied":
        return RefusedError("AccessDeniedException", error.message)
    return RefusedError("InvalidRequestException", error.message)


def _object(text: str, member: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise RefusedError("ValidationException", f"{member} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise RefusedError("ValidationException", f"{member} is not a JSON object")
    return value


def _refuse(schema: TypeSchema, properties: Params, read_only: frozenset[str]) -> None:
    given = sorted(read_only & properties.keys())
    if given:
        listed = ", ".join(f"#/properties/{name}" for name in given)
        raise RefusedError("ValidationException", f"Encountered unsupported properties in [{listed}]: read-only")
    faults = "; ".join(schema.faults(properties))
    if faults:
        raise RefusedError("ValidationException", f"Model validation failed ({faults})")
