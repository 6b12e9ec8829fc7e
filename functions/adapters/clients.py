"""boto3 clients: made when first used, with the standard retries of the SDK."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

MODELS = Path(__file__).resolve().parents[1] / "models"
"""Models of services, as botocore reads them: the zip brings those that this code needs (`scripts/package.py`)."""

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
    """Return the one session of this execution environment.

    What Lambda's runtime brings may be a year old, and its botocore refuses each parameter that it does not know. So
    the models in the zip come first: the loader takes the first that it finds.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
    """
    core = botocore.session.get_session()
    core.get_component("data_loader").search_paths.insert(0, str(MODELS))
    return boto3.session.Session(botocore_session=core)


def lazily(service: str) -> Callable[[], Any]:
    """Return a function that makes the service's client at its first call and returns the same one later."""

    @cache
    def client() -> Any:
        return session().client(service, config=_CONFIG)  # type: ignore[call-overload] # any service's name

    return client
