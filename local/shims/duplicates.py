"""Every SQS message twice, if asked for.

Standard queues deliver at least once, and now and then twice; ministack never does. With DELIVER_TWICE the
gateway sends each SendMessage and SendMessageBatch twice, and what EventBridge and Scheduler put into a queue
too. The copies have message ids of their own: who recognises a duplicate by its id has not understood it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from local.gateway.http import Request, Response, Upstream

_SENDING = {"SendMessage", "SendMessageBatch"}


def send_twice(upstream: Upstream) -> Any:
    """Return a handler for requests signed for `sqs`."""

    async def handle(request: Request) -> Response | None:
        action = request.target or "".join(parse_qs(request.body.decode("utf-8", "replace")).get("Action", []))
        if action not in _SENDING:
            return None
        response = await upstream(request)
        if response.status == 200:
            await upstream(request)
        return response

    return handle
