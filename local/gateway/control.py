"""`/_personalize/`: the local Personalize is steered, by whoever can reach this machine's loopback.

    GET  /_personalize/                     the commands and their arguments
    POST /_personalize/COMMAND  {…}         carry one out; arguments and answer are JSON
    GET  /_personalize/COMMAND?name=value   the same for commands that only look

`?account=…&region=…` says whose Personalize; the local AWS's own account and region otherwise. It takes no credentials,
with IAM enforced or not: it is no part of AWS.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from local.gateway.http import Request, Response
from local.gateway.personalize import Service
from local.personalize import jsons
from local.personalize.console import COMMANDS, Console
from local.personalize.errors import ControlError

PREFIX = "/_personalize"
_JSON = "application/json"
_ACCOUNT, _REGION = re.compile("[0-9]{12}"), re.compile("[a-z0-9-]+")


@dataclass(frozen=True)
class ControlSurface:
    """Answers requests below the prefix."""

    service: Callable[[str, str], Service]
    account: str
    region: str

    async def __call__(self, request: Request) -> Response:
        """Carry out a command."""
        command = request.path.removeprefix(PREFIX).strip("/")
        query = dict(parse_qsl(request.scope.get("query_string", b"").decode()))
        whose = query.pop("account", self.account), query.pop("region", self.region)
        if not command:
            return _json(200, {name: _described(name) for name in COMMANDS})
        try:
            if request.scope["method"] == "POST":
                arguments = {**query, **_body(request)}
            elif request.scope["method"] == "GET" and (command not in COMMANDS or COMMANDS[command].reads):
                arguments = query
            else:
                return _json(405, {"message": f"{command} takes POST"})
            return _json(200, await asyncio.to_thread(self._console(*whose).perform, command, arguments))
        except ControlError as error:
            return _json(400 if command in COMMANDS else 404, {"message": str(error)})

    def _console(self, account: str, region: str) -> Console:
        # A service is made for whom there is none, and its state is kept in a folder of that name.
        if not _ACCOUNT.fullmatch(account):
            raise ControlError(f"an account has twelve digits, and this is {account!r}")
        if not _REGION.fullmatch(region):
            raise ControlError(f"a region has small letters, digits and hyphens, and this is {region!r}")
        return self.service(account, region).console


def _body(request: Request) -> dict[str, Any]:
    # A page in a browser can send a form or text to this machine unasked, whatever its charset, but not JSON.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise ControlError(f"the content type must be {_JSON}")
    try:
        body = jsons.loads(request.body or b"{}")
    except ValueError as error:
        raise ControlError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ControlError("the body is not a JSON object")
    return body


def _described(command: str) -> dict[str, Any]:
    kind = COMMANDS[command]
    fields = dataclasses.fields(kind)  # type: ignore[arg-type] # all commands are dataclasses
    return {
        "what": kind.__doc__,
        "method": "GET or POST" if kind.reads else "POST",
        "arguments": {field.name: str(field.type) for field in fields},
    }


def _json(status: int, value: Any) -> Response:
    return Response(status, json.dumps(value, indent=1).encode() + b"\n", (("content-type", _JSON),))
