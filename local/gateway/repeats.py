"""A client that lost an answer asks again: it gets the same answer, and nothing is done twice.

AWS SDKs repeat a call whose connection broke, with the same invocation id and a higher attempt number. On a busy
machine even a loopback connection breaks now and then, after the call was carried out; repeating a create would
then fail as "already exists". https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Any

from local.gateway.http import AsgiApp, Receive, Scope, Send, read_body

logger = logging.getLogger(__name__)

KEPT = 500
"""Answers kept: a client repeats a call within seconds."""
LARGEST = 256 * 1024
"""Bytes of an answer that is kept: what creates something answers little."""


class AnswersOnce:
    """The ASGI app around another. Only successful answers are given again: an error is worth another try."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._answers: OrderedDict[bytes, list[dict[str, Any]]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what was answered before, or pass the request on and keep its answer."""
        headers = dict(scope["headers"]) if scope["type"] == "http" and scope["method"] != "GET" else {}
        invocation = headers.get(b"amz-sdk-invocation-id")
        if invocation is None:
            await self._app(scope, receive, send)
            return
        if answer := self._answers.get(invocation):
            what = headers.get(b"x-amz-target", scope["path"].encode()).decode()
            logger.warning("a client repeats %s, and gets the same answer", what)
            await read_body(receive)
            for message in answer:
                await send(message)
            return
        await self._app(scope, receive, self._keeping(invocation, send))

    def _keeping(self, invocation: bytes, send: Send) -> Send:
        answer: list[dict[str, Any]] = []

        async def keep(message: Any) -> None:
            answer.append(message)
            over = message["type"] == "http.response.body" and not message.get("more_body")
            size = sum(len(each.get("body", b"")) for each in answer)
            if over and 200 <= answer[0]["status"] < 300 and size <= LARGEST:
                self._answers[invocation] = answer
                if len(self._answers) > KEPT:
                    self._answers.popitem(last=False)
            await send(message)

        return keep
