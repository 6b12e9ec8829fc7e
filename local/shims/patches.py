"""Shims inside ministack: its own EventBridge, Scheduler, Lambda pollers and logs, and its IAM.

All are functions put in the place of private ones of the pinned version, so they fail loudly when it changes.
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from local.gateway.ministack import queue_accepts, role_may
from local.schedules import fill_in

logger = logging.getLogger(__name__)

_LOGGING = ("logs:CreateLogStream", "logs:PutLogEvents")
_POLLING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def fill_in_schedules() -> None:
    """Give a fired schedule's input its context attributes: ministack leaves `<aws.scheduler.…>` as they are."""
    from ministack.services import eventbridge

    invoke: Callable[..., None] = eventbridge._invoke_target

    @functools.wraps(invoke)
    def filled(target: Mapping[str, Any], event: Mapping[str, Any], rule: Mapping[str, Any], *rest: Any) -> None:
        if event.get("Source") == "aws.scheduler" and target.get("Input"):
            moment = dt.datetime.fromtimestamp(float(event["Time"]), dt.UTC)
            target = {**target, "Input": fill_in(target["Input"], str(rule.get("Arn", "")), moment)}
        invoke(target, event, rule, *rest)

    eventbridge._invoke_target = filled


def compare_bodies() -> None:
    """Refuse a body that is not the one that was signed: ministack takes the hash that comes along for the body's own.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    """
    from ministack.core import sigv4

    failure_of: Callable[..., tuple[str, str] | None] = sigv4.header_signature_failure

    @functools.wraps(failure_of)
    def compared(
        signature: Any, secret: str, method: str, path: str, query: Any, headers: Any, body: bytes, **options: Any
    ) -> tuple[str, str] | None:
        signed = headers.get("x-amz-content-sha256", "")
        if re.fullmatch("[0-9a-f]{64}", signed) and signed != hashlib.sha256(body).hexdigest():
            return "SignatureDoesNotMatch", sigv4.SIGNATURE_MISMATCH
        return failure_of(signature, secret, method, path, query, headers, body, **options)

    sigv4.header_signature_failure = compared


def put_twice() -> None:
    """Have EventBridge and Scheduler put each message into its queue twice."""
    from ministack.services import eventbridge

    dispatch: Callable[..., None] = eventbridge._dispatch_to_sqs

    @functools.wraps(dispatch)
    def twice(*args: Any, **kwargs: Any) -> None:
        dispatch(*args, **kwargs)
        dispatch(*args, **kwargs)

    eventbridge._dispatch_to_sqs = twice


def authorize_batches() -> None:
    """Check SQS's batch calls as the action they are.

    There is no sqs:SendMessageBatch: who may send may send batches. ministack checks the operation's name.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
    """
    from ministack.core import iam_actions

    extract: Callable[..., str | None] = iam_actions.extract_iam_action

    @functools.wraps(extract)
    def single(*args: Any, **kwargs: Any) -> str | None:
        action = extract(*args, **kwargs)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    iam_actions.extract_iam_action = single


def authorize_lambda_calls() -> None:
    """Check Lambda's calls as the actions they are, by botocore's routes: ministack guesses from the path.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
    """
    from ministack.core import iam_actions

    guess: Callable[[str, str], str | None] = iam_actions._lambda_action
    named = {"Invoke": "InvokeFunction", "InvokeWithResponseStream": "InvokeFunction"}

    @functools.wraps(guess)
    def looked_up(method: str, path: str) -> str | None:
        for verb, pattern, operation, _, required in _lambda_routes():
            if verb == method and not required and pattern.match(path.rstrip("/")):
                return named.get(str(operation), str(operation))
        return guess(method, path)

    iam_actions._lambda_action = looked_up


@functools.cache
def _lambda_routes() -> Any:
    from ministack.core import iam_actions

    return iam_actions._load_botocore_routes("lambda")


def deliver_as_allowed() -> None:
    """Have EventBridge and Scheduler put into a queue only what its policy, or their role, allows.

    ministack delivers whatever the policies say.
    """
    from ministack.services import eventbridge

    invoke: Callable[..., None] = eventbridge._invoke_target

    @functools.wraps(invoke)
    def allowed(target: Mapping[str, Any], event: Mapping[str, Any], rule: Mapping[str, Any], *rest: Any) -> None:
        arn, source = str(target.get("Arn", "")), str(rule.get("Arn", ""))
        if arn.split(":")[2:3] != ["sqs"]:
            may = True  # of other targets, ministack asks itself or we have none
        elif event.get("Source") == "aws.scheduler":
            may = role_may(str(target.get("RoleArn", "")), "sqs:SendMessage", arn)
        else:
            may = queue_accepts(arn, "events.amazonaws.com", source)
        if may:
            invoke(target, event, rule, *rest)
        else:
            logger.warning("%s may not send to %s: the message is lost", source, arn)

    eventbridge._invoke_target = allowed


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


def log_as_the_role() -> None:
    """Write a function's log only if its role may: ministack always does."""
    from ministack.services import lambda_svc

    emit: Callable[..., None] = lambda_svc._emit_lambda_logs

    @functools.wraps(emit)
    def allowed(function: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        config = function.get("config") or function
        _, _, _, region, account, *_ = str(config.get("FunctionArn", "")).split(":") + [""] * 5
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
        stream = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:stream"
        if all(role_may(str(config.get("Role", "")), action, stream) for action in _LOGGING):
            emit(function, *args, **kwargs)

    lambda_svc._emit_lambda_logs = allowed
