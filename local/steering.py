"""Steering the Personalize of a local AWS in another process: `Control` over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

from local.gateway.control import PREFIX
from local.personalize.control import Control
from local.personalize.errors import ControlError


def control_at(endpoint: str, *, authority: Path | None = None, **whose: str) -> Control:
    """Return the control of a local AWS.

    authority: the certificate to trust, with TLS.
    whose: account and region, if not those that it was started for.
    """
    pool = urllib3.PoolManager(ca_certs=str(authority) if authority else None, retries=False)

    def send(command: str, arguments: Mapping[str, Any]) -> Any:
        url = f"{endpoint}{PREFIX}/{command}?{urlencode(whose)}"
        answer = pool.request("POST", url, json=dict(arguments))
        if answer.status != 200:
            raise ControlError(
                answer.json()["message"] if answer.status in (400, 403, 404, 503) else f"HTTP {answer.status}"
            )
        return answer.json()

    return Control(send)
