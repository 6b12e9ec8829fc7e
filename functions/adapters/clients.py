"""boto3 clients: made when first used, with the standard retries of the SDK."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

ATTEMPTS, CONNECT_SECONDS, READ_SECONDS = 3, 3, 8
"""A call to a service that does not answer ends in half a minute: see :data:`functions.shell.LONGEST_MESSAGE`."""

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    user_agent_extra="personalize-pipelines",
)


@cache
def session() -> boto3.session.Session:
    """Return the one session of this execution environment."""
    return boto3.session.Session()


def lazily(service: str) -> Callable[[], Any]:
    """Return a function that makes the service's client at its first call and returns the same one later."""

    @cache
    def client() -> Any:
        return session().client(service, config=_CONFIG)  # type: ignore[call-overload] # any service's name

    return client
