"""What is too large for AWS is refused, as AWS refuses it: ministack takes documents and names of any size.

| What | Most | Source |
|---|---|---|
| inline policies of a role, user or group, all together, without white space | 10,240, 2,048, 5,120 characters | [1] |
| a managed policy, a role's trust policy, without white space | 6,144, 2,048 characters | [1] |
| a queue's policy; its statements; actions in a statement | 8,192 bytes; 20; 7 | [2] |
| an event pattern; rules on a bus; targets of a rule | 2,048 characters; 300; 5 | [3] |
| a function's environment variables | 4,096 bytes | [4] |
| names | those of the services' models | |

[1]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
[2]: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
[3]: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
[4]: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

Codes and texts are those of public reports. DynamoDB's 400 KB of an item are ministack's own.
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Data = Mapping[str, Any]
Check = Callable[[Data], None]
"""Raises TooLargeError for a request that AWS refuses."""

INLINE = {"Role": 10_240, "User": 2_048, "Group": 5_120}
MANAGED, TRUST = 6_144, 2_048
QUEUE_POLICY, QUEUE_STATEMENTS, QUEUE_ACTIONS = 8_192, 20, 7
PATTERN, RULES, TARGETS = 2_048, 300, 5
ENVIRONMENT = 4_096
_IAM = "ValidationError"
_NO_MORE = "The requested resource exceeds the maximum number allowed."


class TooLargeError(Exception):
    """A request holds more than AWS takes; it is answered with the code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def refuse_what_is_too_large() -> None:
    """Put the checks before ministack's own operations."""
    _limit_iam()
    _limit_queues()
    _limit_events()
    _limit_functions()
    _limit_schedules()


def _limit_iam() -> None:
    from ministack.services import iam

    def value(request: Data, name: str) -> str:
        return str(iam._p(request, name))

    def answer(error: TooLargeError) -> Any:
        return iam._error(error.status, error.code, error.message, ns="iam")

    def inline(kind: str, held: Callable[[str], Data]) -> Check:
        def check(request: Data) -> None:
            owner, name = value(request, f"{kind}Name"), value(request, "PolicyName")
            _name(name, "policyName", 128, _IAM)
            policies = {**held(owner), name: value(request, "PolicyDocument")}
            if sum(_characters(each) for each in policies.values()) > INLINE[kind]:
                text = f"Maximum policy size of {INLINE[kind]} bytes exceeded for {kind.lower()} {owner}"
                raise TooLargeError("LimitExceeded", text, 409)

        return check

    def trust(request: Data) -> None:
        _name(value(request, "RoleName"), "roleName", 64, _IAM)
        document = value(request, "AssumeRolePolicyDocument") or value(request, "PolicyDocument")
        if _characters(document) > TRUST:
            raise TooLargeError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {TRUST}", 409)

    def managed(request: Data) -> None:
        _name(value(request, "PolicyName"), "policyName", 128, _IAM)
        if _characters(value(request, "PolicyDocument")) > MANAGED:
            raise TooLargeError("LimitExceeded", f"Cannot exceed quota for PolicySize: {MANAGED}", 409)

    handlers = iam._IAM_HANDLERS
    checks: Mapping[str, Check] = {
        "PutRolePolicy": inline("Role", lambda name: (iam._roles.get(name) or {}).get("InlinePolicies", {})),
        "PutUserPolicy": inline("User", lambda name: iam._user_inline_policies.get(name) or {}),
        "PutGroupPolicy": inline("Group", lambda name: iam._group_inline_policies.get(name) or {}),
        "CreateRole": trust,
        "UpdateAssumeRolePolicy": trust,
        "CreatePolicy": managed,
        "CreatePolicyVersion": managed,
    }
    for operation, check in checks.items():
        handlers[operation] = _guarded(handlers[operation], check, answer)


def _limit_queues() -> None:
    from ministack.services import sqs

    def check(request: Data) -> None:
        if len(request.get("QueueName") or "") > 80:
            text = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
            raise TooLargeError("InvalidParameterValue", text)
        policy = (request.get("Attributes") or {}).get("Policy") or ""
        if len(policy.encode()) > QUEUE_POLICY:
            raise TooLargeError("OverLimit", "Submitted policy is over max allowed size.", 403)
        statements = _statements(policy)
        if len(statements) > QUEUE_STATEMENTS:
            text = f"{len(statements)} statements were found in the submitted policy, max allowed is {QUEUE_STATEMENTS}"
            raise TooLargeError("OverLimit", text, 403)
        most = max((len(_listed(each.get("Action", []))) for each in statements), default=0)
        if most > QUEUE_ACTIONS:
            text = f"{most} actions were found in a statement from the submitted policy, max allowed is {QUEUE_ACTIONS}"
            raise TooLargeError("OverLimit", text, 403)

    def answer(error: TooLargeError) -> Any:
        raise sqs._Err(error.code, error.message, error.status)

    for operation in ("CreateQueue", "SetQueueAttributes"):
        sqs._HANDLERS[operation] = _guarded(sqs._HANDLERS[operation], check, answer)


def _limit_events() -> None:
    from ministack.services import eventbridge

    def rule(request: Data) -> None:
        name, bus = str(request.get("Name", "")), str(request.get("EventBusName", "default"))
        _name(name, "name", 64)
        if len(request.get("EventPattern") or "") > PATTERN:
            raise TooLargeError("LimitExceededException", _NO_MORE)
        others = [key for key in eventbridge._rules if key.startswith(f"{bus}|") and key != f"{bus}|{name}"]
        if len(others) >= RULES:
            raise TooLargeError("LimitExceededException", _NO_MORE)

    def targets(request: Data) -> None:
        bus = str(request.get("EventBusName", "default"))
        before = eventbridge._targets.get(f"{bus}|{request.get('Rule')}") or []
        there = {each.get("Id") for each in [*before, *(request.get("Targets") or [])]}
        if len(there) > TARGETS:
            raise TooLargeError("LimitExceededException", _NO_MORE)

    eventbridge._put_rule = _guarded(eventbridge._put_rule, rule, _as_json)
    eventbridge._put_targets = _guarded(eventbridge._put_targets, targets, _as_json)


def _limit_functions() -> None:
    from ministack.services import lambda_svc

    def environment(request: Data) -> None:
        variables = json.dumps((request.get("Environment") or {}).get("Variables") or {}, separators=(",", ":"))
        if len(variables.encode()) > ENVIRONMENT:
            text = (
                "Lambda was unable to configure your environment variables because the environment variables you have "
                f"provided exceeded the 4KB limit. String measured: {variables}"
            )
            raise TooLargeError("InvalidParameterValueException", text)

    def function(request: Data) -> None:
        _name(str(request.get("FunctionName", "")).rpartition(":")[2], "functionName", 64)
        environment(request)

    lambda_svc._create_function = _guarded(lambda_svc._create_function, function, _as_json)
    lambda_svc._update_config = _guarded(
        lambda_svc._update_config, environment, _as_json, lambda name, request: request
    )


def _limit_schedules() -> None:
    from ministack.services import scheduler

    for operation in ("_create_schedule", "_create_schedule_group"):
        guarded = _guarded(
            getattr(scheduler, operation), lambda request: _name(request["Name"], "name", 64), _as_json, _named
        )
        setattr(scheduler, operation, guarded)


def _named(name: str, body: Any) -> Data:
    return {"Name": name}


def _guarded(
    operation: Callable[..., Any],
    check: Check,
    answer: Callable[[TooLargeError], Any],
    request: Callable[..., Data] = lambda request, *rest: request,
) -> Callable[..., Any]:
    @functools.wraps(operation)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            check(request(*args))
        except TooLargeError as error:
            return answer(error)
        return operation(*args, **kwargs)

    return guarded


def _as_json(error: TooLargeError) -> Any:
    from ministack.core.responses import error_response_json

    return error_response_json(error.code, error.message, error.status)


def _name(value: str, member: str, most: int, code: str = "ValidationException") -> None:
    if len(value) > most:
        text = f"Value '{value}' at '{member}' failed to satisfy constraint"
        raise TooLargeError(
            code,
            f"1 validation error detected: {text}: Member must have length less than or equal to {most}",
        )


def _characters(document: Any) -> int:
    text = document if isinstance(document, str) else json.dumps(document)
    return len("".join(text.split()))


def _statements(policy: str) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(policy or "{}").get("Statement", [])
    except (ValueError, AttributeError):
        return []  # ministack tells what is wrong with it
    return [each for each in _listed(found) if isinstance(each, Mapping)]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | Mapping) else [value]
