"""The service's own errors. Whatever goes wrong with a request is one of these."""

from __future__ import annotations

import re
from typing import Self


class ServiceError(Exception):
    """A request that is refused. The base is raised for nothing by itself.

    `http_status` is 400 on the control plane; `Personalize.call` sets what the model says for the data planes.
    """

    code: str = "InternalServerException"
    http_status: int = 400
    ordered_status: int | None = None
    """A status that goes before the model's."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInputError(ServiceError):
    """A parameter is missing, breaks a bound, or makes no sense where it is."""

    code = "InvalidInputException"


class NotFoundError(ServiceError):
    """No resource has the ARN (or tracking ID)."""

    code = "ResourceNotFoundException"

    @classmethod
    def of(cls, kind: str, arn: str) -> Self:
        """Return the error for an ARN that no resource of a kind has, in the service's words (recorded)."""
        words = re.sub("(?<=[a-z])(?=[A-Z])", " ", kind).lower()
        return cls(f"The given {words} does not exist: {arn}")


class AlreadyExistsError(ServiceError):
    """Another resource of the kind has the name."""

    code = "ResourceAlreadyExistsException"


class InUseError(ServiceError):
    """The resource is in a state, or has relations, that forbid the operation now."""

    code = "ResourceInUseException"


class LimitExceededError(ServiceError):
    """A quota is used up."""

    code = "LimitExceededException"


class InvalidNextTokenError(ServiceError):
    """A nextToken that this list never gave."""

    code = "InvalidNextTokenException"


class TooManyTagsError(ServiceError):
    """A resource would have more than 50 tags."""

    code = "TooManyTagsException"


class UnknownOperationError(ServiceError):
    """The operation is not in the service's model, or is not served yet."""

    code = "UnknownOperationException"


class AccessDeniedError(ServiceError):
    """The caller may not do this; not in the model, as all of IAM's are not."""

    code = "AccessDeniedException"


class ThrottlingError(ServiceError):
    """Calls come faster than they may."""

    code = "ThrottlingException"


class OrderedError(ServiceError):
    """An error that somebody ordered for this call: any code, modelled or not."""

    def __init__(self, code: str, message: str, status: int | None) -> None:
        super().__init__(message)
        self.code = code
        self.ordered_status = status


class ControlError(Exception):
    """A wish of who steers the local Personalize that can't be: the text says why. No part of AWS."""


class JobFailedError(Exception):
    """Work that fails for a reason the user can act on: it becomes the resource's failureReason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
