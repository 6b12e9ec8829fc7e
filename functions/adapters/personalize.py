"""Amazon Personalize, by its own names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from functions import errors

_ERRORS: dict[str, type[errors.ServiceError]] = {
    "ResourceAlreadyExistsException": errors.AlreadyExists,
    "ResourceNotFoundException": errors.NotFound,
    "ResourceInUseException": errors.InUse,
    "InvalidInputException": errors.InvalidInput,
    "LimitExceededException": errors.LimitExceeded,
    "ThrottlingException": errors.Throttled,
}


def translate_error(code: str, message: str, operation: str) -> errors.ServiceError:
    """Return our error for the service's; an unforeseen one (access denied, say) keeps its code."""
    kind = errors.NothingNew if errors.NothingNew.is_told_by(message) else _ERRORS.get(code, errors.ServiceError)
    return kind(code, message, operation)


def _translated(error: ClientError, operation: str) -> errors.ServiceError:
    told = error.response["Error"]
    return translate_error(told.get("Code", "Unknown"), told.get("Message", ""), operation)


class AmazonPersonalize:
    """The control plane. Its client is botocore's: it checks parameters before it sends them."""

    def __init__(self, client: Callable[[], Any]) -> None:
        self._client = client

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation; raise a :class:`functions.errors.ServiceError` if it is refused."""
        try:
            answer: dict[str, Any] = getattr(self._client(), xform_name(operation))(**params)
        except ClientError as error:
            raise _translated(error, operation) from error
        return answer

    def pages(self, operation: str, key: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the entries under ``key`` of every page of a List operation."""
        try:
            for page in self._client().get_paginator(xform_name(operation)).paginate(**params):
                yield from page.get(key, [])
        except ClientError as error:
            raise _translated(error, operation) from error
