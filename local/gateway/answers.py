"""With a state's folder, what is answered is on the disk: an answer waits until all that it tells of is written.

If that can't be written, the request gets an error, and so does all that follows until it can: what happened is not
told before it is kept, so the memory never tells more than the disk. As after any such error of AWS, a call may have
taken effect.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

from local.gateway.http import AsgiApp, Message, Receive, Response, Scope, Send
from local.gateway.keeper import Keeper, UnsavedError

_READS = re.compile(r"(?!Get\w*(Token|Credentials))(BatchGet|Describe|Get|List|Query|Scan)")
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_BEGINNING = 4096
_FOR_PROBES = "/_ministack/health"


@dataclass
class CountsChanges:
    """The ASGI app around ministack that counts the requests which may have changed something there."""

    app: AsgiApp
    changes: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it once it is done."""
        if scope["type"] != "http" or _only_reads(scope):
            await self.app(scope, receive, send)
            return
        operation = dict(scope["headers"]).get(b"x-amz-target", b"").decode("latin-1").rpartition(".")[2]

        async def receiving() -> Message:
            nonlocal operation
            message = await receive()
            if not operation and (action := _ACTION.search(message.get("body", b"")[:_BEGINNING])):
                operation = action[1].decode()
            return message

        try:
            await self.app(scope, receiving, send)
        finally:
            if not _READS.match(operation):
                self.changes += 1


@dataclass(frozen=True)
class KeepsAnswers:
    """The ASGI app around all that answers."""

    app: AsgiApp
    keeper: Keeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, once what the answer tells is on the disk."""
        if scope["type"] != "http" or scope["path"] == _FOR_PROBES:
            await self.app(scope, receive, send)
        elif _only_reads(scope):
            # Personalize reads S3 while it holds what the keeper needs to save: so this must not wait for it.
            if self.keeper.trouble:
                await _refuse(scope, send, self.keeper.trouble)
            else:
                await self.app(scope, receive, send)
        else:
            await self._keep(scope, receive, send)

    async def _keep(self, scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        try:
            if self.keeper.trouble:
                await self.keeper.kept()
            await self.app(scope, receive, hold)
            await self.keeper.kept()
        except UnsavedError as error:
            await _refuse(scope, send, str(error))
            return
        for message in held:
            await send(message)


def _only_reads(scope: Scope) -> bool:
    return scope["method"] in ("GET", "HEAD") and b"Action=" not in scope.get("query_string", b"")


async def _refuse(scope: Scope, send: Send, why: str) -> None:
    headers = dict(scope["headers"])
    code, message = "ServiceUnavailable", f"The local AWS can't write its state: {why}. It refuses all until it can."
    if b"x-amz-target" in headers or b"json" in headers.get(b"content-type", b""):
        kind, body = "application/json", json.dumps({"__type": code, "message": message})
    else:
        kind = "application/xml"
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></ErrorResponse>"
    await Response(503, body.encode(), (("content-type", kind), ("x-amzn-errortype", code))).send(send)
