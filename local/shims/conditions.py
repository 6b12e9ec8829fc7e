"""What IAM is asked, where ministack asks for less: the resource of a call, conditions, and who may pass a role.

Functions in the place of those of the pinned version, as in `patches`.
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

_MAPPINGS = "EventSourceMapping"

# Calls that hand a role to a service: where the request names it, and the service.
_PASSED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "lambda:CreateFunction": (("Role",), "lambda.amazonaws.com"),
    "lambda:UpdateFunctionConfiguration": (("Role",), "lambda.amazonaws.com"),
    "scheduler:CreateSchedule": (("Target", "RoleArn"), "scheduler.amazonaws.com"),
    "scheduler:UpdateSchedule": (("Target", "RoleArn"), "scheduler.amazonaws.com"),
}


def name_resources() -> None:
    """Check calls on what they name, where ministack checks them on "*": any policy on a resource would refuse them.

    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    from ministack.core import iam_actions

    extract: Callable[..., str] = iam_actions.extract_resource_arn

    @functools.wraps(extract)
    def named(
        service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, params: Any, *where: str
    ) -> str:
        prefix = ":".join(("arn", "aws", service, *where))
        operation = str(headers.get("x-amz-target", "")).rpartition(".")[2]
        found = _named(service, operation, unquote(path), params or {}, _read(body), prefix)
        return found or extract(service, method, path, headers, body, params, *where)

    iam_actions.extract_resource_arn = named


def _named(
    service: str, operation: str, path: str, params: Mapping[str, Any], body: Mapping[str, Any], prefix: str
) -> str:
    """Return the ARN of what a call names, and nothing where ministack knows."""
    if "/tags/arn:" in path:
        return path.partition("/tags/")[2]
    for member in ("ResourceArn", "ResourceARN", *(("SourceArn",) if service == "sqs" else ())):
        if str(body.get(member, "")).startswith("arn:"):
            return str(body[member])
    match service:
        case "events" if operation.endswith(("Rule", "Targets")):
            rule, bus = body.get("Rule") or body.get("Name"), str(body.get("EventBusName") or "default")
            return f"{prefix}:rule/{rule}" if bus == "default" else f"{prefix}:rule/{bus.rpartition('/')[2]}/{rule}"
        case "lambda" if path.endswith("/functions") and "FunctionName" in body:
            return f"{prefix}:function:{body['FunctionName']}"
        case "scheduler" if path.startswith("/schedules/"):
            asked = params.get("groupName") or body.get("GroupName") or "default"
            group = asked[0] if isinstance(asked, list) else asked
            return f"{prefix}:schedule/{group}/{path.removeprefix('/schedules/')}"
    return ""


def ask_for_all() -> None:
    """Evaluate a mapping's function and a key's alias as conditions, and iam:PassRole where a role is handed on.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    from ministack.core import iam_evaluator

    enforce: Callable[..., Any] = iam_evaluator.enforce

    @functools.wraps(enforce)
    def asked(
        access_key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = _body() if action in _PASSED or action.endswith(_MAPPINGS) or action.startswith("kms:") else {}
        context = {**(service_context or {}), **_conditions(action, resource_arn, body, region)}
        if ":alias/" in resource_arn and service == "kms" and not action.endswith("Alias"):
            resource_arn = _key_of(resource_arn)
        denied = enforce(access_key, action, service, region, resource_arn=resource_arn, service_context=context)
        role, to = _passed(action, body)
        if denied is None and role:
            context = {"iam:PassedToService": to}
            denied = enforce(access_key, "iam:PassRole", "iam", region, resource_arn=role, service_context=context)
        return denied

    iam_evaluator.enforce = asked


def _body() -> Mapping[str, Any]:
    from ministack.core import iam_evaluator

    request = iam_evaluator._signed_request.get()
    return _read(request.body) if request else {}


def _read(body: bytes | None) -> Mapping[str, Any]:
    """Return what a JSON protocol's request holds; nothing of another's."""
    try:
        held = json.loads(body) if body else {}
    except ValueError:
        return {}
    return held if isinstance(held, Mapping) else {}


def _conditions(action: str, resource: str, body: Mapping[str, Any], region: str) -> dict[str, str]:
    if action.startswith("lambda:") and action.endswith(_MAPPINGS):
        return {"lambda:FunctionArn": _function_of(resource, body, region)}
    if str(body.get("KeyId", "")).startswith("alias/"):
        return {"kms:RequestAlias": body["KeyId"]}
    return {}


def _function_of(resource: str, body: Mapping[str, Any], region: str) -> str:
    """Return the ARN of the function that a mapping is for: the request names it, or the mapping knows it."""
    from ministack.core.responses import get_account_id
    from ministack.services import lambda_svc

    named = str(body.get("FunctionName") or "")
    if not named:
        return str((lambda_svc._esms.get(resource.rpartition(":")[2]) or {}).get("FunctionArn", ""))
    return named if named.startswith("arn:") else f"arn:aws:lambda:{region}:{get_account_id()}:function:{named}"


def _key_of(alias: str) -> str:
    """Return the ARN of an alias's key: what is done by an alias is done to its key."""
    from ministack.services import kms

    prefix, _, _ = alias.rpartition(":")
    return f"{prefix}:key/{kms._aliases.get(alias, 'none')}"


def _passed(action: str, body: Mapping[str, Any]) -> tuple[str, str]:
    path, service = _PASSED.get(action, ((), ""))
    found: Any = body if path else ""
    for member in path:
        found = found.get(member, "") if isinstance(found, Mapping) else ""
    return str(found), service
