"""Routing: which requests are answered here, by the service they are signed for. All else is ministack's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local.gateway.http import AsgiApp, Handler, Receive, Request, Scope, Send, read_body, replay, signed_with


@dataclass(frozen=True)
class Gateway:
    """The ASGI app. A handler that returns None leaves the request to ministack, untouched."""

    ministack: AsgiApp
    handlers: Mapping[str, Handler]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        credential = signed_with(scope) if scope["type"] == "http" else None
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
