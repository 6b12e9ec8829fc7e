"""HTTP as the gateway sees it: whole requests and whole answers, and ministack as one that answers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Credential:
    """The part of a SigV4 signature that says who calls which service where."""

    access_key: str
    region: str
    service: str


@dataclass(frozen=True)
class Request:
    """A request with its whole body."""

    scope: Scope
    body: bytes

    @cached_property
    def headers(self) -> dict[str, str]:
        """Header values by lower-case name; the last one wins."""
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self.scope["headers"]}

    @property
    def path(self) -> str:
        """The path, decoded."""
        return str(self.scope["path"])

    @cached_property
    def credential(self) -> Credential:
        """The credential it is signed with; only signed requests are routed here."""
        credential = signed_with(self.scope)
        if credential is None:
            raise ValueError("the request is not signed")
        return credential

    @property
    def target(self) -> str:
        """The operation, of a service that names it in X-Amz-Target, without the service's prefix."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]


@dataclass(frozen=True)
class Response:
    """An answer with its whole body."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())

    async def send(self, send: Send) -> None:
        """Send it, with its length as it is now."""
        headers = [(name, value) for name, value in self.headers if name.lower() != "content-length"]
        headers.append(("content-length", str(len(self.body))))
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": self.status, "headers": encoded})
        await send({"type": "http.response.body", "body": self.body})


# Answers a request, or returns None to leave it to ministack.
Handler = Callable[[Request], Awaitable[Response | None]]


def signed_with(scope: Scope) -> Credential | None:
    """Return the credential of the Authorization header, if there is one."""
    for name, value in scope["headers"]:
        if name.lower() == b"authorization":
            match = _CREDENTIAL.search(value.decode("latin-1"))
            return Credential(*match.groups()) if match else None
    return None


async def read_body(receive: Receive) -> bytes:
    """Read a request's body to its end."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError("the client went away before its request was whole")
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def replay(body: bytes, then: Receive) -> Receive:
    """Return a `receive` that gives the body once, and then what comes from the client."""
    messages: Iterable[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        for message in messages:
            return message
        return await then()

    return receive


@dataclass(frozen=True)
class Upstream:
    """An ASGI app as a function from request to answer."""

    app: AsgiApp

    async def __call__(self, request: Request) -> Response:
        """Return the app's answer, whole."""
        status = 0
        headers: list[tuple[str, str]] = []
        parts: list[bytes] = []

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers.extend((n.decode("latin-1"), v.decode("latin-1")) for n, v in message.get("headers", []))
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        async def disconnected() -> Message:
            return {"type": "http.disconnect"}

        await self.app(request.scope, replay(request.body, disconnected), send)
        return Response(status, b"".join(parts), tuple(headers))
