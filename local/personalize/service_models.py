"""Botocore's service models: they say what requests and answers look like."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

CONTROL = "personalize"
EVENTS = "personalize-events"
RUNTIME = "personalize-runtime"
SERVICES = (CONTROL, EVENTS, RUNTIME)

_COMMON = {
    "ThrottlingException": 400,
    "InternalServerException": 500,
    "InternalFailure": 500,
    "ServiceUnavailable": 503,
}


@functools.cache
def service_model(service: str) -> ServiceModel:
    """Return the model of a service."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@functools.cache
def operation_model(service: str, operation: str) -> OperationModel:
    """Return the model of an operation; raises botocore's OperationNotFoundError."""
    return service_model(service).operation_model(operation)


@functools.cache
def error_status(service: str, code: str) -> int:
    """Return the HTTP status that the model gives to an error (the control plane answers 400 to all).

    Errors common to all of AWS are in no model: https://docs.aws.amazon.com/personalize/latest/dg/CommonErrors.html
    """
    if code in _COMMON:
        return _COMMON[code]
    if code == "AccessDeniedException" and service != CONTROL:
        return 403
    for shape in service_model(service).error_shapes:
        if shape.name == code:
            return int(shape.metadata.get("error", {}).get("httpStatusCode", 400))
    return 400


def output_members(operation: str) -> Mapping[str, Shape]:
    """Return the members of what an operation of the control plane answers."""
    shape = operation_model(CONTROL, operation).output_shape
    return shape.members if shape else {}


def shaped(shape: Shape, values: Any) -> Any:
    """Return what the shape has a place for; what is None is absent."""
    if isinstance(shape, StructureShape):
        known = shape.members
        return {name: shaped(known[name], each) for name, each in values.items() if name in known and each is not None}
    if isinstance(shape, ListShape):
        return [shaped(shape.member, value) for value in values]
    return dict(values) if isinstance(shape, MapShape) else values
