"""All that is used of ministack, which is young and untyped: the one module that imports it.

It reads its environment when it is imported, so this module imports it only inside functions.
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import contextlib
import contextvars
import datetime as dt
import functools
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

from local.gateway.http import AsgiApp, Request
from local.personalize.keeping import write_atomically
from local.settings import LOOPBACK


def asgi_app() -> AsgiApp:
    """Return ministack as an ASGI app."""
    from ministack.app import app

    return cast(AsgiApp, app)


def stop_workers() -> None:
    """End the Lambda workers, which ministack leaves running at shutdown."""
    from ministack.core import lambda_runtime

    lambda_runtime.reset()


def save_state() -> Callable[[], None]:
    """Return what writes ministack's state, of the services that have changed, in its own form.

    ministack does so by itself only when it is shut down in peace, and logs what it can't write. This raises it.
    """
    from ministack import app
    from ministack.core import persistence

    written: dict[str, bytes] = {}

    def save() -> None:
        folder = Path(persistence.STATE_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for name, state_of in app._build_persistence_save_dict().items():
            content = _at_rest(functools.partial(_dumped, persistence, name, state_of))
            digest = hashlib.sha256(content).digest()
            if content and written.get(name) != digest:
                write_atomically(folder / f"{name}.json", content)
                written[name] = digest

    return save


def _dumped(persistence: Any, name: str, state_of: Callable[[], object]) -> bytes:
    state = state_of()
    if state is None:  # the service was not used
        return b""
    whole = {"__ministack_format__": persistence._state_format_version(name), "payload": state}
    return json.dumps(whole, default=persistence._json_default).encode()


def _at_rest(look: Callable[[], bytes], tries: int = 20) -> bytes:
    """Look at what others may change meanwhile, until they don't."""
    for _ in range(tries):
        with contextlib.suppress(RuntimeError):  # a dictionary changed size during iteration
            return look()
        time.sleep(0.01)
    return look()


@dataclass(frozen=True)
class Caller:
    """Who signed a request: the account it acts in, and the region."""

    account: str
    region: str
    access_key: str


@dataclass(frozen=True)
class Denial:
    """Why a caller may not do something."""

    code: str
    message: str


def identify(request: Request) -> Caller | Denial:
    """Take a request in as ministack does its own: the account, region and signature are noted for it.

    What is noted lives in context variables, so tasks and threads started for the request keep it.
    """
    from ministack.core import iam_evaluator, responses

    credential = request.credential
    try:
        owner = iam_evaluator.find_iam_access_key_account(credential.access_key)
    except iam_evaluator.AmbiguousAccessKeyError:
        return Denial("UnrecognizedClientException", "The security token included in the request is invalid.")
    scope = request.scope
    client = (scope.get("client") or (LOOPBACK,))[0]
    responses.set_request_account_id(owner or credential.access_key)
    responses.set_request_region(credential.region)
    responses.set_request_client_ip(client)
    iam_evaluator.pin_request_origin(client, scope.get("scheme") == "https")
    raw_path = (scope.get("raw_path") or request.path.encode()).decode("latin-1")
    query = parse_qs(scope.get("query_string", b"").decode(), keep_blank_values=True)
    iam_evaluator.pin_signed_request(scope["method"], raw_path, query, scope["headers"])
    iam_evaluator.pin_signed_body(request.body)
    _ACCESS_KEY.set(credential.access_key)
    return Caller(responses.get_account_id(), credential.region, credential.access_key)


_ACCESS_KEY: contextvars.ContextVar[str] = contextvars.ContextVar("access_key_of_the_request", default="")


def acting() -> Caller:
    """Return for whom ministack works at the moment: who signed the request, or else the account's root user."""
    from ministack.core import responses

    account = responses.get_account_id()
    return Caller(account, responses.get_region(), _ACCESS_KEY.get() or account)


def denial(caller: Caller, action: str, resource: str, context: Mapping[str, str | list[str]]) -> Denial | None:
    """Ask ministack's evaluator whether the caller may do this; None means yes."""
    from ministack.core import iam_evaluator

    service = action.partition(":")[0]
    found = iam_evaluator.enforce(
        caller.access_key, action, service, caller.region, resource_arn=resource, service_context=dict(context)
    )
    if found is None:
        return None
    if isinstance(found, iam_evaluator.AuthError):
        code = "UnrecognizedClientException" if found.code == "InvalidClientTokenId" else found.code
        return Denial(code, found.message)
    why = (
        "with an explicit deny in an identity-based policy"
        if found.decision == "Deny"
        else f"because no identity-based policy allows the {action} action"
    )
    text = f"User: {found.principal_arn} is not authorized to perform: {action} on resource: {resource} {why}"
    return Denial("AccessDeniedException", text)


@dataclass(frozen=True)
class Sender:
    """An AWS service that acts on behalf of a resource."""

    service: str
    source_arn: str

    def context(self) -> dict[str, str]:
        """Return the condition keys that tell of it."""
        return {"aws:sourcearn": self.source_arn, "aws:sourceaccount": self.source_arn.split(":")[4]}


def role_may(role_arn: str, action: str, resource: str, context: Mapping[str, str | list[str]] | None = None) -> bool:
    """Say whether a role's policies allow an action, for what is done in a role's name."""
    from ministack.core import iam_evaluator
    from ministack.services import iam

    parts = role_arn.split(":", 5)
    if len(parts) < 6:
        return False
    account, name = parts[4], role_arn.rpartition("/")[2]
    asked = _background_context(role_arn, "AssumedRole", account, action, resource)
    asked.service_context = dict(context or {})
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    return bool(iam_evaluator.evaluate(asked, policies, *limits).decision == "Allow")


def role_trusts(role_arn: str, sender: Sender, known_after: float = 0.0) -> bool:
    """Say whether a role is there, and its trust policy lets an AWS service assume it.

    known_after: seconds that the service has not heard yet of a role that was made.
    """
    from ministack.core import iam_evaluator
    from ministack.services import iam

    account = role_arn.split(":")[4]
    role = iam._roles.get_scoped(account, None, role_arn.rpartition("/")[2])
    if role is None or role["Arn"] != role_arn or _age(role) < known_after:
        return False
    asked = _background_context("*", "Service", "", "sts:AssumeRole", role_arn)
    asked.service_context = sender.context()
    trust = role["AssumeRolePolicyDocument"]
    return bool(iam_evaluator.evaluate_resource_policy(trust, asked, service=sender.service).decision == "Allow")


def _age(role: Mapping[str, Any]) -> float:
    made = dt.datetime.fromisoformat(str(role["CreateDate"]).replace("Z", "+00:00"))
    return (dt.datetime.now(dt.UTC) - made.replace(tzinfo=made.tzinfo or dt.UTC)).total_seconds()


def bucket_accepts(
    account: str, action: str, resource: str, sender: Sender, role_arn: str, context: Mapping[str, str] | None = None
) -> bool:
    """Say whether a bucket's policy allows an action to an AWS service, and does not deny it to the service's role.

    Of a bucket that is not there it says yes: S3 tells so better.
    """
    from ministack.core import iam_evaluator
    from ministack.services import s3

    bucket = resource.split(":", 5)[5].partition("/")[0]
    if not s3._buckets.contains_scoped(account, None, bucket):
        return True
    policy = s3._bucket_policies.get_scoped(account, None, bucket) or ""
    asked = _background_context("*", "Service", "", action, resource)
    asked.service_context = {**sender.context(), **(context or {})}
    as_role = _background_context(role_arn, "AssumedRole", account, action, resource)
    as_role.service_context = dict(context or {})
    return bool(
        iam_evaluator.evaluate_resource_policy(policy, asked, service=sender.service).decision == "Allow"
        and iam_evaluator.evaluate_resource_policy(policy, as_role).decision != "Deny"
    )


def key_of(account: str, bucket: str, key: str | None = None) -> str | None:
    """Return the customer's KMS key (an ARN, ID or alias) of an object, or of what comes into a bucket."""
    from ministack.services import s3

    with as_account(account):
        if key is None:
            headers = s3._bucket_default_sse_headers(bucket)
        else:
            headers = (s3._buckets.get(bucket) or {}).get("objects", {}).get(key, {}).get("preserved_headers", {})
    found: str | None = headers.get("x-amz-server-side-encryption-aws-kms-key-id")
    return found


def objects_below(account: str, bucket: str, prefix: str) -> list[str]:
    """Return the keys that begin with a prefix."""
    from ministack.services import s3

    with as_account(account):
        return [key for key in list((s3._buckets.get(bucket) or {}).get("objects", ())) if key.startswith(prefix)]


def key_lets(owner: Caller, key: str, action: str, who: str | Sender, via: str | None = None) -> bool:
    """Say whether a KMS key may be used by a role (its ARN) or by an AWS service.

    A role may if the key's policy lets it in, or names its account and the role's own policies allow it. A service that
    has no source told comes without the condition keys that tell of it.

    via: the service that uses the key on the role's behalf, as kms:ViaService has it.
    """
    from ministack.core import iam_evaluator
    from ministack.services import kms

    with as_account(owner.account, owner.region):
        record = kms._resolve_key(key)
    if record is None or record["KeyState"] != "Enabled":
        return False
    policy, arn = record.get("Policy") or "", record["Arn"]
    if isinstance(who, Sender):
        asked = _background_context("*", "Service", "", action, arn)
        asked.service_context = who.context() if who.source_arn else {}
        return bool(iam_evaluator.evaluate_resource_policy(policy, asked, service=who.service).decision == "Allow")
    context = {"kms:viaservice": via, "kms:calleraccount": owner.account} if via else {}
    asked = _background_context(who, "AssumedRole", who.split(":")[4], action, arn)
    asked.service_context = dict(context)
    if iam_evaluator.evaluate_resource_policy(policy, asked).decision != "Allow":
        return False
    direct = iam_evaluator.evaluate_resource_policy(_without_account(policy, owner.account), asked)
    return bool(direct.decision == "Allow" or role_may(who, action, arn, context))


def _without_account(policy: str, account: str) -> str:
    """Return a policy without the statements that leave it to the account's own policies."""
    document = json.loads(policy)
    root = re.compile(rf"(arn:[a-z-]+:iam::)?{account}(:root)?")

    def delegates(statement: Mapping[str, Any]) -> bool:
        principal = statement.get("Principal")
        named = principal.get("AWS", []) if isinstance(principal, Mapping) else []
        names = [named] if isinstance(named, str) else named
        return bool(names) and all(root.fullmatch(name) for name in names) and statement.get("Effect") == "Allow"

    statements = document["Statement"]
    statements = [statements] if isinstance(statements, Mapping) else statements
    return json.dumps({**document, "Statement": [each for each in statements if not delegates(each)]})


@contextlib.contextmanager
def as_account(account: str, region: str | None = None) -> Iterator[None]:
    """Look at what an account has, outside of a request."""
    from ministack.core import responses

    tokens = [responses._request_account_id.set(account)]
    if region:
        tokens.append(responses._request_region.set(region))
    try:
        yield
    finally:
        for token in tokens:
            token.var.reset(token)


def queue_accepts(queue_arn: str, service: str, source_arn: str) -> bool:
    """Say whether a queue's policy lets an AWS service send to it on behalf of a resource."""
    from ministack.core import iam_evaluator
    from ministack.services import sqs

    policy, account = sqs.queue_policy_for_arn(queue_arn) or ("", None)
    if not policy:
        return False
    context = _background_context("*", "Service", "", "sqs:SendMessage", queue_arn)
    context.service_context = {"aws:sourcearn": source_arn, "aws:sourceaccount": account}
    return bool(iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow")


def _background_context(principal: str, kind: str, account: str, action: str, resource: str) -> Any:
    from ministack.core import iam_evaluator, responses

    _, _, _, region, *_ = f"{resource}::::".split(":")
    return iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type=kind,
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=region or responses.get_region(),
        secure_transport=True,  # AWS's own services use TLS among themselves
    )


def metric_alarms() -> Mapping[str, Mapping[str, Any]]:
    """Return the CloudWatch alarms of the account and region of the request at hand."""
    from ministack.services import cloudwatch

    return dict(cloudwatch._alarms.items())
