"""Routing: which requests are answered here, by the service they are signed for. All else is ministack's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local.gateway.control import PREFIX
from local.gateway.http import AsgiApp, Handler, Receive, Request, Scope, Send, read_body, replay, signed_with
from local.gateway.protocol import is_call


@dataclass(frozen=True)
class Gateway:
    """The ASGI app. A handler that returns None leaves the request to ministack, untouched.

    control: answers below `/_personalize`, which is no bucket's name.
    """

    ministack: AsgiApp
    handlers: Mapping[str, Handler]
    control: Handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        handler = self._handler(scope) if scope["type"] == "http" else None
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

    def _handler(self, scope: Scope) -> Handler | None:
        if scope["path"].split("/")[1] == PREFIX.strip("/"):
            return self.control
        credential = signed_with(scope)
        if credential is None and is_call(scope):
            return self.handlers["personalize"]  # which refuses it; to S3 it would be a bucket's
        return self.handlers.get(credential.service) if credential else None
