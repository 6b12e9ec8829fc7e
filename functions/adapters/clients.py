"""boto3 clients: made when first used, with the standard retries of the SDK."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=20,
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
