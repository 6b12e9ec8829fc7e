"""What is too large for AWS is refused with AWS's codes, to the very character."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.account import LocalAccount
from tests.local.support import TRUST, allow, make_function, unique


def code_of(call: Callable[..., Any], **params: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**params)
    error = raised.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


@pytest.fixture
def client(account: LocalAccount) -> Callable[[str], Any]:
    # The model's own bounds are for the service to check here.
    session: Any = account.session()
    return lambda name: session.client(name, config=Config(parameter_validation=False))


def policy(characters: int, indent: int | None = None) -> str:
    """Return a policy of so many characters, white space not counted."""
    document = {"Version": "2012-10-17", "Statement": [allow("s3:GetObject", on="")]}
    size = len("".join(json.dumps(document).split()))
    document["Statement"] = [allow("s3:GetObject", on="x" * (characters - size))]
    return json.dumps(document, indent=indent)


@pytest.mark.parametrize(("kind", "most"), [("Role", 10_240), ("User", 2_048), ("Group", 5_120)])
def test_inline_policies_together(client: Callable[[str], Any], kind: str, most: int) -> None:
    iam, name = client("iam"), unique("many")
    more = {"AssumeRolePolicyDocument": json.dumps(TRUST)} if kind == "Role" else {}
    getattr(iam, f"create_{kind.lower()}")(**{f"{kind}Name": name}, **more)
    put = getattr(iam, f"put_{kind.lower()}_policy")

    def of(size: int, policy_name: str, indent: int | None = None) -> dict[str, str]:
        return {f"{kind}Name": name, "PolicyName": policy_name, "PolicyDocument": policy(size, indent)}

    put(**of(most - 1000, "a", indent=4))
    put(**of(1000, "b"))
    put(**of(1000, "b"))  # in the place of itself
    text = f"LimitExceeded: Maximum policy size of {most} bytes exceeded for {kind.lower()} {name}"
    assert code_of(put, **of(1001, "b")) == text
    assert code_of(put, **of(200, "c")) == text


def test_documents_of_iam(client: Callable[[str], Any]) -> None:
    iam = client("iam")
    iam.create_policy(PolicyName=unique("p"), PolicyDocument=policy(6_144, indent=2))
    assert "PolicySize: 6144" in code_of(iam.create_policy, PolicyName=unique("p"), PolicyDocument=policy(6_145))
    large = json.loads(json.dumps(TRUST))
    large["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceAccount": "1" * 2_000}}
    refused = code_of(iam.create_role, RoleName=unique("r"), AssumeRolePolicyDocument=json.dumps(large))
    assert refused == "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048"
    refused = code_of(iam.create_role, RoleName="r" * 65, AssumeRolePolicyDocument=json.dumps(TRUST))
    assert refused.startswith("ValidationError: 1 validation error detected: Value")
    assert refused.endswith(
        "at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64"
    )


def test_a_queue_s_policy(client: Callable[[str], Any]) -> None:
    sqs, name = client("sqs"), unique("q")
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy(8_000)})["QueueUrl"]
    over = {"QueueUrl": url, "Attributes": {"Policy": policy(8_193)}}
    assert code_of(sqs.set_queue_attributes, **over) == "OverLimit: Submitted policy is over max allowed size."
    del over["QueueUrl"]
    assert code_of(sqs.create_queue, QueueName=unique("q"), **over).startswith("OverLimit")
    statements = {"Version": "2012-10-17", "Statement": [allow("sqs:SendMessage") for _ in range(21)]}
    refused = code_of(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": json.dumps(statements)})
    assert refused.startswith("OverLimit: 21 statements")
    actions = {"Version": "2012-10-17", "Statement": [allow(*(f"sqs:A{at}" for at in range(8)))]}
    refused = code_of(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": json.dumps(actions)})
    assert refused == "OverLimit: 8 actions were found in a statement from the submitted policy, max allowed is 7"
    assert code_of(sqs.create_queue, QueueName="q" * 81).startswith("InvalidParameterValue")


def test_rules_of_a_bus(client: Callable[[str], Any]) -> None:
    events, bus = client("events"), unique("bus")
    events.create_event_bus(Name=bus)

    def pattern(size: int) -> str:
        return json.dumps({"source": ["x" * (size - len('{"source": [""]}'))]})

    events.put_rule(Name="0", EventBusName=bus, EventPattern=pattern(2_048))
    assert code_of(events.put_rule, Name="1", EventBusName=bus, EventPattern=pattern(2_049)) == (
        "LimitExceededException: The requested resource exceeds the maximum number allowed."
    )
    for number in range(300):
        events.put_rule(Name=str(number), EventBusName=bus, EventPattern=pattern(100))
    assert code_of(events.put_rule, Name="300", EventBusName=bus, EventPattern=pattern(100)).startswith("LimitExceeded")
    events.put_rule(Name="7", EventBusName=bus, EventPattern=pattern(200))
    events.put_rule(Name=unique("other"), EventPattern=pattern(100))
    targets = [{"Id": str(at), "Arn": f"arn:aws:sqs:eu-west-1:123456789012:q{at}"} for at in range(6)]
    events.put_targets(Rule="7", EventBusName=bus, Targets=targets[:5])
    assert code_of(events.put_targets, Rule="7", EventBusName=bus, Targets=targets[5:]).startswith("LimitExceeded")
    assert "'name' failed" in code_of(events.put_rule, Name="r" * 65, EventPattern=pattern(100))


def test_a_function_s_environment(account: LocalAccount, client: Callable[[str], Any]) -> None:
    functions = client("lambda")
    name, role = make_function(account.session())

    def variables(size: int) -> dict[str, Any]:
        return {"Variables": {"V": "x" * (size - len('{"V":""}'))}}

    functions.update_function_configuration(FunctionName=name, Environment=variables(4_096))
    text = "InvalidParameterValueException: Lambda was unable to configure your environment variables because"
    refused = code_of(functions.update_function_configuration, FunctionName=name, Environment=variables(4_097))
    assert refused.startswith(text)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "")
    made: dict[str, Any] = {
        "Role": role,
        "Runtime": "python3.13",
        "Handler": "main.handler",
        "Code": {"ZipFile": code.getvalue()},
    }
    refused = code_of(functions.create_function, FunctionName=unique("f"), Environment=variables(4_097), **made)
    assert refused.startswith(text)
    assert "'functionName' failed" in code_of(functions.create_function, FunctionName="f" * 65, **made)


def test_a_schedule_s_name(client: Callable[[str], Any]) -> None:
    scheduler = client("scheduler")
    target = {"Arn": "arn:aws:sqs:eu-west-1:123456789012:q", "RoleArn": "arn:aws:iam::123456789012:role/r"}
    schedule = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    scheduler.create_schedule(Name="s" * 64, **schedule)
    assert "less than or equal to 64" in code_of(scheduler.create_schedule, Name="s" * 65, **schedule)
    assert "less than or equal to 64" in code_of(scheduler.create_schedule_group, Name="s" * 65)


def test_an_item(client: Callable[[str], Any]) -> None:
    dynamodb, table = client("dynamodb"), unique("table")
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def item(size: int) -> dict[str, Any]:
        return {"pk": {"S": "k"}, "v": {"S": "x" * (size - len("pkkv"))}}

    dynamodb.put_item(TableName=table, Item=item(400 * 1024))
    refused = code_of(dynamodb.put_item, TableName=table, Item=item(400 * 1024 + 1))
    assert refused == "ValidationException: Item size has exceeded the maximum allowed size"
