"""Keeps web pages out: without it any page that the developer opens could call the local AWS as the account's root.

A browser sends a page's requests to 127.0.0.1, too; only the answers are kept from the page, and what a request does is
done by then. So a request is refused before anything reads it,

- whose Host is no name of this machine: the page's own name was made to point to 127.0.0.1 (DNS rebinding);
- that a page sends: browsers say so in Origin, Sec-Fetch-Site or Referer, which no page can change, and which no SDK
  sends. The gateway's own origin is a page's as any other: objects of S3 may be pages.

What remains is what a person has typed or pasted, as a presigned URL of S3. Pages whose origin was named at the start
may call Personalize, and nothing else.

https://developer.mozilla.org/en-US/docs/Glossary/Forbidden_request_header
https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from local.gateway.control import PREFIX
from local.gateway.http import AsgiApp, Message, Receive, Response, Scope, Send, signed_with
from local.settings import LOOPBACK

logger = logging.getLogger(__name__)

_LOCAL = re.compile(rf"(([a-z0-9_-]+\.)*(localhost|{re.escape(LOOPBACK)})|\[::1\])(:\d+)?", re.IGNORECASE)
"""What this machine is called, and what ministack serves below it: buckets, accounts of S3 Control, APIs.

No name of the Internet ends so: localhost is reserved (https://www.rfc-editor.org/rfc/rfc6761#section-6.3), and no
top-level domain is a number.
"""
_TWO_DAYS = "172800"


@dataclass(frozen=True)
class KeepsPagesOut:
    """The ASGI app around all others.

    origins: those of the pages that may call Personalize, as browsers write them: scheme, host, and port if it is not
    the scheme's own.
    """

    app: AsgiApp
    origins: Collection[str] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        page = _page(scope)
        reason = _foreign_host(scope) or (self._refusal(page, scope) if page else None)
        if reason:
            logger.warning("%s %s is refused: %s", scope.get("method", "A WebSocket to"), scope["path"], reason)
            await _refuse(scope, send, reason)
        elif page is None:
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await _answer_preflight(scope, send, page)
        else:
            await self.app(scope, receive, _readable_by(page, send))

    def _refusal(self, page: str, scope: Scope) -> str | None:
        if page not in self.origins:
            return (
                f"a web page sent it ({page}), and pages may not call the local AWS. If the page is yours, name its "
                "origin with --allow-origin when you start the local AWS: then it may call Personalize."
            )
        if scope["type"] == "http" and (scope["method"] == "OPTIONS" or _is_personalizes(scope)):
            return None
        return f"a web page sent it ({page}), which may call Personalize and nothing else."


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key.lower() == name]


def _foreign_host(scope: Scope) -> str | None:
    hosts = _values(scope, b"host")
    if len(hosts) == 1 and _LOCAL.fullmatch(hosts[0]):
        return None
    named = " and ".join(map(repr, hosts)) or "no host"
    return f"it is for {named}, and the local AWS answers for {LOOPBACK}, localhost and names that end so."


def _page(scope: Scope) -> str | None:
    """Return the origin of the page that sends a request, "an unknown page" if it is kept secret, None for no page."""
    origins = _values(scope, b"origin")
    if origins:
        return ", ".join(origins)
    referrers = [urlsplit(value) for value in _values(scope, b"referer")]
    if referrers:
        return ", ".join(f"{each.scheme}://{each.netloc}" for each in referrers)
    sites = _values(scope, b"sec-fetch-site")
    return None if all(site == "none" for site in sites) else "an unknown page"


def _is_personalizes(scope: Scope) -> bool:
    credential = signed_with(scope)
    return credential is not None and credential.service == "personalize" and not scope["path"].startswith(PREFIX)


async def _refuse(scope: Scope, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    # The shape in which the SDKs look for an error, for the developer whose own request it is.
    body = json.dumps({"__type": "AccessDeniedException", "message": reason[0].upper() + reason[1:]}).encode()
    headers = (("content-type", "application/json"), ("x-amzn-errortype", "AccessDeniedException"))
    await Response(403, body, headers).send(send)


async def _answer_preflight(scope: Scope, send: Send, page: str) -> None:
    headers = [
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-headers", ",".join(_values(scope, b"access-control-request-headers"))),
        ("access-control-max-age", _TWO_DAYS),
    ]
    if _values(scope, b"access-control-request-private-network"):
        # A page of the Internet asks for this machine: https://wicg.github.io/private-network-access/
        headers.append(("access-control-allow-private-network", "true"))
    await Response(200, b"", tuple(headers)).send(_readable_by(page, send))


def _readable_by(page: str, send: Send) -> Send:
    """Return a `send` whose answers this page may read (https://github.com/aws/aws-sdk-js/pull/2752)."""
    headers = (
        (b"access-control-allow-origin", page.encode("latin-1")),
        (b"access-control-expose-headers", b"x-amzn-requestid,x-amzn-errortype"),
        (b"vary", b"origin"),
    )

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *headers]}
        await send(message)

    return sending
