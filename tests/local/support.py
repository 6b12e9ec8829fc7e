"""What the gateway's tests share."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from local.account import Credentials, LocalAccount

SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}


def unique(prefix: str) -> str:
    """Return a name that no other test has."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


T = TypeVar("T")

FUNCTION = """
import boto3

def handler(event, context):
    if "Records" in event:
        return {"batchItemFailures": []}
    arn = boto3.client("personalize").create_dataset_group(name=event["name"])["datasetGroupArn"]
    return {"who": boto3.client("sts").get_caller_identity()["Arn"], "arn": arn}
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}


def wait(look: Callable[[], T | None], seconds: float = 10.0) -> T:
    """Return what `look` finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing came within {seconds} s")


def user_with(account: LocalAccount, *statements: Mapping[str, Any]) -> boto3.Session:
    """Return the session of a new IAM user who may do what the statements say."""
    iam = account.session().client("iam")
    name = unique("user")
    iam.create_user(UserName=name)
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return account.session(Credentials(key["AccessKeyId"], key["SecretAccessKey"]))


def allow(*actions: str, on: str | list[str] = "*") -> dict[str, Any]:
    """Return a statement that allows actions."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def signed(
    account: LocalAccount, service: str, path: str, body: bytes, headers: Mapping[str, str] | None = None
) -> urllib3.BaseHTTPResponse:
    """Send what no SDK would, signed."""
    url = account.endpoint + path
    request = AWSRequest("POST", url, headers=dict(headers or {}), data=body)
    keys = BotocoreCredentials(account.env["AWS_ACCESS_KEY_ID"], account.env["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(keys, service, account.settings.region).add_auth(request)
    return urllib3.request("POST", url, headers=dict(request.headers), body=body)


def set_policy(session: boto3.Session, role: str, *statements: Mapping[str, Any]) -> None:
    """Give a role exactly these statements."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    session.client("iam").put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=json.dumps(document))


def trust(service: str, **conditions: Any) -> str:
    """Return a trust policy for an AWS service."""
    condition = {"Condition": conditions} if conditions else {}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}, **condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_service_role(
    session: boto3.Session, *statements: Mapping[str, Any], trusts: str = trust("personalize.amazonaws.com")
) -> str:
    """Make a role that Personalize may assume, with these permissions; return its ARN."""
    name = unique("service")
    role = session.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trusts)["Role"]["Arn"]
    if statements:
        set_policy(session, name, *statements)
    return role


def make_data_bucket(session: boto3.Session, *actions: str) -> str:
    """Make a bucket whose policy lets Personalize do these actions; return its name."""
    s3, name = session.client("s3"), unique("data")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    on = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    if actions:
        set_bucket_policy(
            session, name, {**allow(*actions, on=on), "Principal": {"Service": "personalize.amazonaws.com"}}
        )
    return name


def set_bucket_policy(session: boto3.Session, bucket: str, *statements: Mapping[str, Any]) -> None:
    """Give a bucket exactly these statements."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    session.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))


def make_function(
    session: boto3.Session,
    code: str = FUNCTION,
    file: str = "main.py",
    runtime: Literal["java21", "nodejs20.x", "python3.13"] = "python3.13",
    more: Mapping[str, str] = MappingProxyType({}),
) -> tuple[str, str]:
    """Make a function with a role of the same name, and return the name and the role's ARN.

    code: the module's text; its `handler` is called.
    more: other files of the package, by their names.
    """
    function = unique("fn")
    role = session.client("iam").create_role(RoleName=function, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"][
        "Arn"
    ]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        for name, text in {file: code, **more}.items():
            archive.writestr(name, text)
    session.client("lambda").create_function(
        FunctionName=function,
        Role=role,
        Runtime=runtime,
        Handler=f"{file.partition('.')[0]}.handler",
        Code={"ZipFile": package.getvalue()},
        Timeout=10,
    )
    session.client("lambda").get_waiter("function_active_v2").wait(FunctionName=function)
    return function, role


def run_machine(session: boto3.Session, machine: Mapping[str, Any], given: Any, *allowed: Any) -> tuple[str, Any]:
    """Run a state machine to its end; return its status, and its output or, if it failed, its error and cause.

    allowed: the statements of its role.
    """
    role = make_service_role(session, *allowed, trusts=trust("states.amazonaws.com"))
    states = session.client("stepfunctions")
    arn = states.create_state_machine(name=unique("machine"), definition=json.dumps(machine), roleArn=role)
    execution = states.start_execution(stateMachineArn=arn["stateMachineArn"], input=json.dumps(given))["executionArn"]

    def ended() -> Any:
        found = states.describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    found = wait(ended)
    if found["status"] == "SUCCEEDED":
        return found["status"], json.loads(found["output"])
    return found["status"], (found.get("error"), found.get("cause"))
