"""Shims inside ministack, where no request passes: EventBridge and Scheduler, and the pollers of Lambda.

All are functions put in the place of private ones of the pinned version, so they fail loudly when it changes.
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import datetime as dt
import functools
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from local.gateway.ministack import role_may

_POLLING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def fill_in_schedules() -> None:
    """Give a fired schedule's input its context attributes: ministack leaves `<aws.scheduler.…>` as they are."""
    from ministack.services import eventbridge

    invoke: Callable[..., None] = eventbridge._invoke_target

    @functools.wraps(invoke)
    def filled(target: Mapping[str, Any], event: Mapping[str, Any], rule: Mapping[str, Any], *rest: Any) -> None:
        if event.get("Source") == "aws.scheduler" and target.get("Input"):
            target = {**target, "Input": with_attributes(target["Input"], event, rule)}
        invoke(target, event, rule, *rest)

    eventbridge._invoke_target = filled


def with_attributes(text: str, event: Mapping[str, Any], schedule: Mapping[str, Any]) -> str:
    """Replace Scheduler's context attributes in a target's input.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    moment = dt.datetime.fromtimestamp(float(event["Time"]), dt.UTC)
    attributes = {
        "schedule-arn": str(schedule.get("Arn", "")),
        "scheduled-time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    for name, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def put_twice() -> None:
    """Have EventBridge and Scheduler put each message into its queue twice."""
    from ministack.services import eventbridge

    dispatch: Callable[..., None] = eventbridge._dispatch_to_sqs

    @functools.wraps(dispatch)
    def twice(*args: Any, **kwargs: Any) -> None:
        dispatch(*args, **kwargs)
        dispatch(*args, **kwargs)

    eventbridge._dispatch_to_sqs = twice


def poll_as_the_role() -> None:
    """Let an SQS mapping poll only while its function's role may: ministack never asks."""
    from ministack.services import lambda_svc

    concurrency: Callable[..., int] = lambda_svc._sqs_esm_concurrency

    @functools.wraps(concurrency)
    def allowed(esm: Mapping[str, Any], record: Any, config: Mapping[str, Any], *rest: Any) -> int:
        role, queue = str(config.get("Role", "")), str(esm.get("EventSourceArn", ""))
        if not all(role_may(role, action, queue) for action in _POLLING):
            return 0
        return concurrency(esm, record, config, *rest)

    lambda_svc._sqs_esm_concurrency = allowed
