"""Calls a local Personalize as an SDK does: botocore writes requests and reads answers, the gateway does the rest.

All of HTTP is here but the network: so thousands of requests take seconds, under a virtual clock.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from botocore.awsrequest import HeadersDict
from botocore.model import OperationModel, StructureShape
from botocore.parsers import ResponseParser, create_parser
from botocore.serialize import create_serializer
from botocore.validate import ParamValidationDecorator

from local.gateway.http import Request, Response
from local.gateway.protocol import parse, render, render_error, route_of
from local.personalize import Personalize, ServiceError
from local.personalize.service_models import operation_model, service_model
from tests.local.personalize_account import check_shape


@dataclass(frozen=True)
class Refusal:
    """An error as a client reads it."""

    code: str
    message: str
    status: int


def call(personalize: Personalize, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Make a good call, and return the answer as botocore reads it, held to its shape."""
    model = operation_model(service, operation)
    answer = _read(model, _answer(personalize, _written(model, params)))
    assert "Error" not in answer, f"{operation}: {answer['Error']}"
    answer.pop("ResponseMetadata")
    if model.output_shape:
        check_shape(model.output_shape, answer, operation)
    else:
        assert answer == {}, operation
    return answer


def refusal(
    personalize: Personalize, service: str, operation: str, like: Mapping[str, Any], body: Mapping[str, Any]
) -> Refusal | None:
    """Send what no SDK would, by the way of a good request; returns None when it is taken."""
    model = operation_model(service, operation)
    written = json.dumps(body, default=dt.datetime.timestamp).encode()
    answer = _read(model, _answer(personalize, Request(_written(model, like).scope, written)))
    if "Error" not in answer:
        return None
    error = answer["Error"]
    return Refusal(error["Code"], error["Message"], answer["ResponseMetadata"]["HTTPStatusCode"])


def _written(model: OperationModel, params: Mapping[str, Any]) -> Request:
    written = _serializer(model.service_model.service_name).serialize_to_request(params, model)
    headers = [(name.lower().encode(), value.encode()) for name, value in written["headers"].items()]
    scope = {"type": "http", "method": written["method"], "path": written["url_path"], "headers": headers}
    body = written["body"]
    return Request(scope, body if isinstance(body, bytes) else body.encode())


def _answer(personalize: Personalize, request: Request) -> Response:
    route = route_of(request)
    try:
        return render(route, personalize.call(route.service, route.operation, parse(route, request.body)))
    except ServiceError as error:
        return render_error(route, error.code, error.message, error.http_status)


def _read(model: OperationModel, response: Response) -> dict[str, Any]:
    raw = {"status_code": response.status, "headers": HeadersDict(dict(response.headers)), "body": response.body}
    shape = cast(StructureShape, model.output_shape)  # None for an operation without an answer: parsers know that
    read: dict[str, Any] = _parser(model.service_model.service_name).parse(raw, shape)
    return read


@functools.cache
def _serializer(service: str) -> ParamValidationDecorator:
    return create_serializer(service_model(service).metadata["protocol"])


@functools.cache
def _parser(service: str) -> ResponseParser:
    return create_parser(service_model(service).metadata["protocol"])
