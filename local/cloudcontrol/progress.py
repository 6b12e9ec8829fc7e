"""Requests to change a resource: accepted at once, carried out meanwhile, asked about by their token."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from local.cloudcontrol.errors import HandlerError, RefusedError

logger = logging.getLogger(__name__)

IN_PROGRESS, SUCCESS, FAILED, CANCELLED = "IN_PROGRESS", "SUCCESS", "FAILED", "CANCEL_COMPLETE"


@dataclass
class Progress:
    """One request, as its progress events tell of it."""

    type_name: str
    operation: str
    identifier: str | None = None
    token: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = IN_PROGRESS
    message: str | None = None
    code: str | None = None
    time: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    def event(self) -> dict[str, Any]:
        """Return the ProgressEvent as of now."""
        return {
            "TypeName": self.type_name,
            "Identifier": self.identifier,
            "RequestToken": self.token,
            "Operation": self.operation,
            "OperationStatus": self.status,
            "EventTime": self.time,
            "StatusMessage": self.message,
            "ErrorCode": self.code,
        }

    def end(self, status: str, message: str | None = None, code: str | None = None) -> None:
        """Note how it ended."""
        self.status, self.message, self.code = status, message, code
        self.time = dt.datetime.now(dt.UTC)


@dataclass
class Requests:
    """The requests of one account in one region."""

    _by_token: dict[str, Progress] = field(default_factory=dict)
    _by_client_token: dict[str, Progress] = field(default_factory=dict)

    def start(
        self, progress: Progress, client_token: str | None, work: Callable[[Progress], Awaitable[None]]
    ) -> Progress:
        """Begin a request, or return the one that had the same client token."""
        if client_token and client_token in self._by_client_token:
            return self._by_client_token[client_token]
        if progress.identifier and any(
            other.identifier == progress.identifier and other.status == IN_PROGRESS for other in self._by_token.values()
        ):
            raise RefusedError(
                "ConcurrentOperationException", f"A request for {progress.identifier} is already in progress"
            )
        self._by_token[progress.token] = progress
        if client_token:
            self._by_client_token[client_token] = progress
        # The task keeps the context of the request, and so its caller's identity.
        progress.task = asyncio.create_task(_run(progress, work))
        return progress

    def find(self, token: str) -> Progress | None:
        """Return the request with a token."""
        return self._by_token.get(token)

    def cancel(self, progress: Progress) -> None:
        """Stop a request that has not ended; what it has made stays."""
        if progress.status != IN_PROGRESS:
            raise RefusedError("ConcurrentModificationException", f"The request has ended: {progress.status}")
        if progress.task:
            progress.task.cancel()
        progress.end(CANCELLED)


async def _run(progress: Progress, work: Callable[[Progress], Awaitable[None]]) -> None:
    try:
        await work(progress)
    except HandlerError as error:
        progress.end(FAILED, error.message, error.code)
    except Exception as error:
        logger.exception("%s of %s failed", progress.operation, progress.type_name)
        progress.end(FAILED, f"The local AWS failed: {error!r}", "InternalFailure")
    else:
        progress.end(SUCCESS)
