"""A call that a client repeats is not done twice."""

from __future__ import annotations

import asyncio
from typing import Any

from local.gateway.http import Receive, Scope, Send
from local.gateway.repeats import AnswersOnce


class Counter:
    """An app that counts its calls, and answers with the count and a status."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": str(self.calls).encode()})


def ask(app: AnswersOnce, invocation: bytes | None, *, breaks: bool = False) -> bytes:
    """Send one request; return the answer's body. ``breaks``: the connection does, while the answer is sent."""
    answer: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        if breaks and message["type"] == "http.response.body":
            raise ConnectionResetError
        answer.append(message)

    headers = [(b"amz-sdk-invocation-id", invocation)] if invocation else []
    scope: Any = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    try:
        asyncio.run(app(scope, receive, send))
    except ConnectionResetError:
        return b""
    return bytes(answer[-1]["body"])


def test_a_lost_answer_is_given_again() -> None:
    counter = Counter(200)
    app = AnswersOnce(counter)
    assert ask(app, b"a", breaks=True) == b""
    assert ask(app, b"a") == b"1"
    assert counter.calls == 1


def test_other_calls_are_done() -> None:
    app = AnswersOnce(Counter(200))
    assert [ask(app, b"a"), ask(app, b"b"), ask(app, None), ask(app, None)] == [b"1", b"2", b"3", b"4"]


def test_what_was_refused_is_tried_again() -> None:
    app = AnswersOnce(Counter(503))
    assert [ask(app, b"a"), ask(app, b"a")] == [b"1", b"2"]
