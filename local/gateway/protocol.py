"""The wire form of Personalize, read from botocore's service models: JSON 1.1 and REST-JSON.

All 79 operations keep their members in a JSON body and POST to a fixed path, which `Route` checks when
it is built; so two functions over shapes are the whole protocol.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from local.gateway.http import Request, Response, Scope
from local.personalize import jsons
from local.personalize.service_models import CONTROL, EVENTS, RUNTIME, operation_model, service_model
from local.personalize.validation import moment

DATA_PLANES = (EVENTS, RUNTIME)


class BadRequestError(Exception):
    """The request names no operation, or its body is not what the operation takes."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True)
class Route:
    """An operation of one of the three services."""

    service: str
    operation: str

    @property
    def model(self) -> OperationModel:
        """The operation's model."""
        return operation_model(self.service, self.operation)


@functools.cache
def _rest_routes() -> Mapping[tuple[str, str], Route]:
    routes = {}
    for service in DATA_PLANES:
        for name in service_model(service).operation_names:
            route = Route(service, name)
            http = route.model.http
            members = route.model.input_shape.members if route.model.input_shape else {}
            if "{" in http["requestUri"] or any("location" in shape.serialization for shape in members.values()):
                raise NotImplementedError(f"{service} {name} has members outside its body")
            routes[http["method"], http["requestUri"]] = route
    return routes


def route_of(request: Request) -> Route:
    """Say which operation a request is for."""
    prefix, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
    model = service_model(CONTROL)
    if prefix == model.metadata["targetPrefix"] and operation in model.operation_names:
        return Route(CONTROL, operation)
    route = _rest_routes().get((request.scope["method"], request.path))
    if route is None:
        raise BadRequestError("UnknownOperationException", f"no such operation: {operation or request.path}")
    return route


def is_call(scope: Scope) -> bool:
    """Say whether a request that nobody has signed is one for Personalize, by its target or its path.

    A form is none: browsers upload to S3 with forms, and a bucket may be named `events`.
    """
    request = Request(scope, b"")
    if request.headers.get("x-amz-target", "").startswith(f"{service_model(CONTROL).metadata['targetPrefix']}."):
        return True
    form = request.headers.get("content-type", "").startswith("multipart/form-data")
    return (scope["method"], request.path) in _rest_routes() and not scope.get("query_string") and not form


def parse(route: Route, body: bytes) -> dict[str, Any]:
    """Read an operation's parameters from a body. What the model does not know is dropped."""
    try:
        value = jsons.loads(body) if body else {}
    except ValueError as error:
        raise BadRequestError("SerializationException", f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadRequestError("SerializationException", "the body is not a JSON object")
    shape = route.model.input_shape
    return dict(_parsed(shape, value)) if shape else {}


def _parsed(shape: Shape, value: Any) -> Any:
    # A value of the wrong kind stays as it is: to refuse it, naming its member, is validation's work.
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        known = shape.members
        return {k: _parsed(known[k], v) for k, v in value.items() if k in known and v is not None}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_parsed(shape.member, item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _parsed(shape.value, item) for key, item in value.items()}
    if shape.type_name == "timestamp":
        return moment(value) or value
    return value


def render(route: Route, result: Mapping[str, Any]) -> Response:
    """Write an operation's result."""
    shape = route.model.output_shape
    body = _rendered(shape, result) if shape else {}
    return Response(200, json.dumps(body).encode(), (("content-type", _content_type(route)),))


def _rendered(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        known = shape.members
        return {k: _rendered(known[k], v) for k, v in value.items() if k in known and v is not None}
    if isinstance(shape, ListShape):
        return [_rendered(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _rendered(shape.value, item) for key, item in value.items()}
    if isinstance(value, dt.datetime):
        return round(value.timestamp(), 3)
    return value


def render_error(route: Route | None, code: str, message: str, status: int) -> Response:
    """Write an error where the SDKs look for it: the body's __type, and for REST-JSON a header too."""
    body = json.dumps({"__type": code, "message": message}).encode()
    return Response(status, body, (("content-type", _content_type(route)), ("x-amzn-errortype", code)))


def _content_type(route: Route | None) -> str:
    metadata = service_model(route.service if route else CONTROL).metadata
    if metadata["protocol"] == "rest-json":
        return "application/json"
    return f"application/x-amz-json-{metadata['jsonVersion']}"
