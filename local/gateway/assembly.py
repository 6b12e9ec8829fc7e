"""Puts the gateway together: which handler answers for which service."""

from __future__ import annotations

import json
from typing import cast

from local.cloudcontrol.front import CloudControlFront, DescribeType
from local.gateway import ministack
from local.gateway.app import Gateway
from local.gateway.http import AsgiApp, Handler, Upstream
from local.gateway.personalize import Personalize, Service
from local.gateway.repeats import AnswersOnce
from local.objects import S3Objects
from local.personalize import Personalize as LocalPersonalize
from local.personalize.durations import Durations
from local.personalize.work import PoolWork
from local.settings import Settings
from local.shims import patches
from local.shims.alarms import describe_alarms
from local.shims.duplicates import send_twice


def assemble(settings: Settings) -> AsgiApp:
    """Build the app; ministack's environment must have been set."""
    app = ministack.asgi_app()
    upstream = Upstream(app)
    work = PoolWork()
    durations = _durations(settings.durations)
    Durations(durations)  # a wrong profile is a matter of the start, not of the first request

    def make(account: str, region: str) -> Service:
        return LocalPersonalize(
            account=account,
            region=region,
            objects=S3Objects(settings, account, region),
            durations=durations,
            work=work,
        )

    personalize = Personalize(make, auth=settings.auth)
    handlers: dict[str, Handler] = {
        "personalize": personalize,
        "cloudcontrolapi": CloudControlFront(personalize, auth=settings.auth),
        "cloudformation": DescribeType(auth=settings.auth),
        "monitoring": describe_alarms(upstream),
    }
    patches.fill_in_schedules()
    if settings.auth:
        patches.authorize_batches()
        patches.deliver_as_allowed()
        patches.log_as_the_role()
        patches.poll_as_the_role()
    if settings.deliver_twice:
        patches.put_twice()
        handlers["sqs"] = send_twice(upstream)
    return AnswersOnce(Gateway(ministack=app, handlers=handlers))


def _durations(text: str) -> str | dict[str, dict[str, float]]:
    """Read a profile's name, or seconds per kind and path in JSON."""
    if text.lstrip().startswith("{"):
        return cast(dict[str, dict[str, float]], json.loads(text))
    return text
