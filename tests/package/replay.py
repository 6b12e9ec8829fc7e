"""Make the calls on standard input with the zip's own clients, up to the wire; print what would have been sent of each.

It runs alone in a clean environment, where nothing of the tests can be imported.
"""

import json
import sys
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import BotoCoreError

from functions.adapters.clients import lazily


class Sent(Exception):
    """A request that would leave now."""


def _stop(request: AWSPreparedRequest, **_: Any) -> None:
    body = request.body
    raise Sent(body.decode() if isinstance(body, bytes) else body)


def _replay(client: Any, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    try:
        # As adapters do it, but by the operation's own name.
        client._make_api_call(operation, params)
    except Sent as sent:
        return {"body": str(sent)}
    except BotoCoreError as error:
        return {"refused": str(error)}
    raise AssertionError(f"{operation} was neither sent nor refused")


def main() -> None:
    """Read, replay, print."""
    clients: dict[str, Any] = {}
    for call in json.load(sys.stdin):
        service = call["service"]
        if service not in clients:
            clients[service] = lazily(service)()
            clients[service].meta.events.register_first("before-send", _stop)
        told = _replay(clients[service], call["operation"], call["params"])
        print(json.dumps({**call, **told}))  # noqa: T201 # the answer


main()
