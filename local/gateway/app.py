"""Routing: which requests are answered here, by the service they are signed for. All else is ministack's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from local.gateway.http import AsgiApp, Handler, Receive, Request, Scope, Send, read_body, replay, signed_with

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gateway:
    """The ASGI app. A handler that returns None leaves the request to ministack, untouched."""

    ministack: AsgiApp
    handlers: Mapping[str, Handler]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        credential = signed_with(scope) if scope["type"] == "http" else None
        if credential:
            _note_retry(credential.service, scope)
        handler = self.handlers.get(credential.service) if credential else None
        if handler is None:
            await self.ministack(scope, receive, send)
            return
        try:
            body = await read_body(receive)
        except ConnectionError:
            return
        response = await handler(Request(scope, body))
        if response is None:
            await self.ministack(scope, replay(body, receive), send)
        else:
            await response.send(send)


def _note_retry(service: str, scope: Scope) -> None:
    """Log that a client asks again: its first attempt was lost, or answered with an error that is worth it.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    """
    headers = dict(scope["headers"])
    attempt = headers.get(b"amz-sdk-request", b"").decode()
    if attempt and not attempt.startswith("attempt=1"):
        target = headers.get(b"x-amz-target", b"").decode() or scope["path"]
        logger.warning("a client repeats %s %s: %s", service, target, attempt)
