"""How Cloud Control says that something went wrong."""

from __future__ import annotations

from collections.abc import Mapping

# The service's error → the handler's error code.
HANDLER_CODES: Mapping[str, str] = {
    "AccessDeniedException": "AccessDenied",
    "InvalidInputException": "InvalidRequest",
    "LimitExceededException": "ServiceLimitExceeded",
    "ResourceAlreadyExistsException": "AlreadyExists",
    "ResourceInUseException": "ResourceConflict",
    "ResourceNotFoundException": "NotFound",
    "ThrottlingException": "Throttling",
    "TooManyTagKeysException": "InvalidRequest",
    "TooManyTagsException": "InvalidRequest",
}


class HandlerError(Exception):
    """A request fails after it was accepted: its progress event says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    @classmethod
    def of_service(cls, code: str, message: str) -> HandlerError:
        """Return what a handler makes of an error of the service, or of IAM."""
        return cls(HANDLER_CODES.get(code, "GeneralServiceException"), message)


class RefusedError(Exception):
    """A request is not accepted: the call itself answers with the error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message
