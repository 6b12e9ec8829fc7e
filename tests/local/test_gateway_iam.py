"""With AUTH, IAM decides who may call Personalize, in the words and with the resources of the real one."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.account import Credentials, LocalAccount
from local.gateway.authorization import Check, checks
from local.gateway.ministack import Caller
from local.gateway.protocol import Route
from local.personalize.service_models import CONTROL, SERVICES, service_model
from tests.local.support import SCHEMA, allow, make_function, set_policy, unique, user_with, wait

PERSONALIZE = "arn:aws:personalize:eu-west-1:123456789012"
CALLER = Caller("123456789012", "eu-west-1", "AKIA")


def asked(operation: str, params: dict[str, Any], service: str = "personalize") -> list[Check]:
    return list(checks(CALLER, Route(service, operation), params))


def denied(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**params)
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
    return str(raised.value.response["Error"]["Message"])


def test_what_is_asked_of_iam() -> None:
    role = "arn:aws:iam::123456789012:role/r"
    job = {"jobName": "j", "datasetArn": "d", "roleArn": role, "tags": [{"tagKey": "team", "tagValue": "a"}]}
    tags: dict[str, str | list[str]] = {"aws:RequestTag/team": "a", "aws:TagKeys": ["team"]}
    assert asked("CreateDatasetImportJob", job) == [
        Check("personalize:CreateDatasetImportJob", f"{PERSONALIZE}:dataset-import-job/j", tags),
        Check("personalize:CreateDatasetImportJob", "d", tags),
        Check("personalize:TagResource", f"{PERSONALIZE}:dataset-import-job/j", tags),
        Check("iam:PassRole", role, {"iam:PassedToService": "personalize.amazonaws.com"}),
    ]
    group = f"{PERSONALIZE}:dataset-group/g"
    assert asked("CreateDataset", {"datasetGroupArn": group, "datasetType": "Items", "schemaArn": "s"}) == [
        Check("personalize:CreateDataset", f"{PERSONALIZE}:dataset/g/ITEMS"),
        Check("personalize:CreateDataset", group),
        Check("personalize:CreateDataset", "s"),
    ]
    assert asked("UpdateCampaign", {"campaignArn": "c", "minProvisionedTPS": 1}) == [
        Check("personalize:UpdateCampaign", "c")
    ]
    assert asked("ListSolutionVersions", {"solutionArn": "s"}) == [Check("personalize:ListSolutionVersions", "*")]
    assert asked("PutEvents", {"trackingId": "t"}, "personalize-events") == [Check("personalize:PutEvents", "*")]


def test_every_operation_on_something_is_checked_on_it() -> None:
    for service in SERVICES:
        for operation in service_model(service).operation_names:
            shape = service_model(service).operation_model(operation).input_shape
            params = {name: f"the {name}" for name in shape.members} if shape else {}
            resource = asked(operation, {**params, "tags": []}, service)[0].resource
            by_tracker = "trackingId" in params
            untargeted = by_tracker or (operation.startswith("List") and operation != "ListTagsForResource")
            assert (resource == "*") == untargeted, operation


NO_RESOURCE = {"filterArn", "kmsKeyArn"}
"""What no action is documented on: a filter is its job's affair, and a key the passed role's."""


def test_every_arn_in_a_request_that_changes_something_is_asked_about() -> None:
    model = service_model(CONTROL)
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        named = {name: f"the {name}" for name in shape.members if name.endswith("Arn")} if shape else {}
        if not operation.startswith("List"):
            resources = {check.resource for check in asked(operation, named)}
            assert {name for name, arn in named.items() if arn not in resources} <= NO_RESOURCE, operation


def test_what_a_request_names_must_be_allowed_as_well(guarded: LocalAccount) -> None:
    arns = [f"{PERSONALIZE}:{each}" for each in ("dataset/none/ITEMS", "dataset-group/none", "schema/none")]
    wanted: dict[str, Any] = {"name": "none", "datasetType": "Items", "datasetGroupArn": arns[1], "schemaArn": arns[2]}
    for missing in arns:
        others = allow("personalize:CreateDataset", on=[arn for arn in arns if arn != missing])
        personalize = user_with(guarded, others).client("personalize")
        assert f"personalize:CreateDataset on resource: {missing} " in denied(personalize.create_dataset, **wanted)
    personalize = user_with(guarded, allow("personalize:CreateDataset", on=arns)).client("personalize")
    with pytest.raises(personalize.exceptions.ResourceNotFoundException):
        personalize.create_dataset(**wanted)


def test_a_user_may_do_what_the_policy_says_and_no_more(guarded: LocalAccount) -> None:
    prefix = unique("mine")
    personalize = user_with(
        guarded,
        allow("personalize:CreateSchema", "personalize:DescribeSchema", on=f"{PERSONALIZE}:schema/{prefix}-*"),
    ).client("personalize")
    arn = personalize.create_schema(name=f"{prefix}-1", schema=json.dumps(SCHEMA))["schemaArn"]
    assert personalize.describe_schema(schemaArn=arn)["schema"]["name"] == f"{prefix}-1"

    message = denied(personalize.create_schema, name="other", schema=json.dumps(SCHEMA))
    assert message.endswith(
        f"is not authorized to perform: personalize:CreateSchema on resource: {PERSONALIZE}:schema/other because "
        "no identity-based policy allows the personalize:CreateSchema action"
    )
    denied(personalize.delete_schema, schemaArn=arn)
    denied(personalize.list_schemas)


def test_tags_need_their_own_permission(guarded: LocalAccount) -> None:
    personalize = user_with(guarded, allow("personalize:CreateDatasetGroup")).client("personalize")
    tags = [{"tagKey": "team", "tagValue": "a"}]
    assert "personalize:TagResource" in denied(personalize.create_dataset_group, name=unique("g"), tags=tags)
    personalize.create_dataset_group(name=unique("g"))


def test_a_role_must_be_passed_to_personalize(guarded: LocalAccount) -> None:
    role = "arn:aws:iam::123456789012:role/reader"
    pass_role = allow("iam:PassRole", on=role)
    wrong = {**pass_role, "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}
    right = {**pass_role, "Condition": {"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}}}
    job: dict[str, Any] = {
        "jobName": unique("job"),
        "datasetArn": f"{PERSONALIZE}:dataset/none/ITEMS",
        "dataSource": {"dataLocation": "s3://none/"},
        "roleArn": role,
    }
    may_import = allow("personalize:CreateDatasetImportJob")
    for statements in ([], [wrong]):
        personalize = user_with(guarded, may_import, *statements).client("personalize")
        assert "iam:PassRole" in denied(personalize.create_dataset_import_job, **job)
    personalize = user_with(guarded, may_import, right).client("personalize")
    with pytest.raises(personalize.exceptions.ResourceNotFoundException):
        personalize.create_dataset_import_job(**job)


def test_a_wrong_signature_is_nobody(guarded: LocalAccount) -> None:
    personalize = guarded.session(Credentials("AKIAIOSFODNN7EXAMPLE", "wrong")).client("personalize")
    with pytest.raises(ClientError) as raised:
        personalize.list_schemas()
    assert raised.value.response["Error"]["Code"] == "UnrecognizedClientException"


def invoke(session: boto3.Session, function: str, event: dict[str, Any]) -> dict[str, Any]:
    answer = session.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    return result


def test_a_function_runs_as_its_role_through_the_gateway(guarded: LocalAccount) -> None:
    session = guarded.session()
    function, _ = make_function(session)
    group = unique("group")
    refused = invoke(session, function, {"name": group})
    assert "personalize:CreateDatasetGroup" in refused["errorMessage"]
    assert f"assumed-role/{function}" in refused["errorMessage"]
    set_policy(session, function, allow("personalize:CreateDatasetGroup", on=f"{PERSONALIZE}:dataset-group/{group}"))
    made = invoke(session, function, {"name": group})
    assert made["arn"] == f"{PERSONALIZE}:dataset-group/{group}"
    assert f":assumed-role/{function}/" in made["who"]


def test_who_may_send_may_send_batches(guarded: LocalAccount) -> None:
    url = guarded.session().client("sqs").create_queue(QueueName=unique("q"))["QueueUrl"]
    sqs = user_with(guarded, allow("sqs:SendMessage")).client("sqs")
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "m"}])
    with pytest.raises(ClientError, match="sqs:DeleteMessage "):
        sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": "r"}])


def test_who_may_put_dead_letters_back_may_by_their_queue(guarded: LocalAccount) -> None:
    guarded.session().client("sqs").create_queue(QueueName=(name := unique("q")))
    arn = f"arn:aws:sqs:eu-west-1:123456789012:{name}"
    sqs = user_with(guarded, allow("sqs:StartMessageMoveTask", on=arn)).client("sqs")
    with pytest.raises(ClientError, match="must be configured as a Dead Letter Queue"):
        sqs.start_message_move_task(SourceArn=arn)
    with pytest.raises(ClientError, match="not authorized to perform: sqs:StartMessageMoveTask"):
        sqs.start_message_move_task(SourceArn=f"{arn}-other")


def conditioned(statement: dict[str, Any], operator: str, key: str, value: str) -> dict[str, Any]:
    return {**statement, "Condition": {operator: {key: value}}}


def test_a_mapping_is_made_only_for_the_functions_that_a_policy_names(guarded: LocalAccount) -> None:
    session = guarded.session()
    function, _ = make_function(session)
    url = session.client("sqs").create_queue(QueueName=unique("q"))["QueueUrl"]
    queue = f"arn:aws:sqs:eu-west-1:123456789012:{url.rpartition('/')[2]}"
    mapping = allow("lambda:CreateEventSourceMapping", "lambda:GetEventSourceMapping")
    of, prefix = "lambda:FunctionArn", "arn:aws:lambda:eu-west-1:123456789012:function:"
    other = user_with(guarded, conditioned(mapping, "ArnLike", of, f"{prefix}other-*")).client("lambda")
    own = user_with(guarded, conditioned(mapping, "ArnLike", of, f"{prefix}{function}")).client("lambda")
    denied(other.create_event_source_mapping, EventSourceArn=queue, FunctionName=function, Enabled=False)
    made = own.create_event_source_mapping(EventSourceArn=queue, FunctionName=function, Enabled=False)["UUID"]
    assert own.get_event_source_mapping(UUID=made)["UUID"] == made
    denied(other.get_event_source_mapping, UUID=made)


def test_a_role_must_be_passed_to_lambda_and_to_the_scheduler(guarded: LocalAccount) -> None:
    function, role = make_function(guarded.session())
    for service in ("lambda.amazonaws.com", "scheduler.amazonaws.com"):
        may = allow("lambda:UpdateFunctionConfiguration", "scheduler:CreateSchedule")
        passing = conditioned(allow("iam:PassRole", on=role), "StringEquals", "iam:PassedToService", service)
        session = user_with(guarded, may, passing)

        def configure(session: boto3.Session = session) -> None:
            session.client("lambda").update_function_configuration(FunctionName=function, Role=role)

        def schedule(session: boto3.Session = session) -> None:
            session.client("scheduler").create_schedule(
                Name=unique("s"),
                ScheduleExpression="rate(1 day)",
                FlexibleTimeWindow={"Mode": "OFF"},
                State="DISABLED",
                Target={"Arn": "arn:aws:sqs:eu-west-1:123456789012:q", "RoleArn": role},
            )

        passed, refused = (configure, schedule) if service.startswith("lambda") else (schedule, configure)
        passed()
        denied(refused)


def test_a_key_is_told_by_the_alias_that_it_was_asked_by(guarded: LocalAccount) -> None:
    root = guarded.session().client("kms")
    key, alias = root.create_key()["KeyMetadata"]["KeyId"], f"alias/{unique('k')}"
    root.create_alias(AliasName=alias, TargetKeyId=key)
    describe = allow("kms:DescribeKey", on="arn:aws:kms:eu-west-1:123456789012:key/*")
    kms = user_with(guarded, conditioned(describe, "StringEquals", "kms:RequestAlias", alias)).client("kms")
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == key
    denied(kms.describe_key, KeyId=key)


POLLING = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


def test_a_mapping_polls_only_as_its_role_may(guarded: LocalAccount) -> None:
    session = guarded.session()
    sqs = session.client("sqs")
    function, _ = make_function(session)
    url = sqs.create_queue(QueueName=unique("q"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def left() -> str:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return f"{attributes['ApproximateNumberOfMessages']}+{attributes['ApproximateNumberOfMessagesNotVisible']}"

    set_policy(session, function, allow(*POLLING, on=f"{arn}-other"))
    session.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=function)
    sqs.send_message(QueueUrl=url, MessageBody="m")
    for missing in POLLING:
        set_policy(session, function, allow(*(POLLING - {missing}), on=arn))
        time.sleep(1.1)  # longer than the poller sleeps
        assert left() == "1+0"
    set_policy(session, function, allow(*POLLING, on=arn))
    wait(lambda: left() == "0+0")


def test_a_rule_sends_only_where_the_queue_lets_it(guarded: LocalAccount) -> None:
    session = guarded.session()
    sqs, events = session.client("sqs"), session.client("events")
    url = sqs.create_queue(QueueName=unique("q"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    name = unique("rule")
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])

    def arrives(source: str | None) -> bool:
        statement = {
            **allow("sqs:SendMessage", on=arn),
            "Principal": {"Service": "events.amazonaws.com"},
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}) if source else ""
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        events.put_events(Entries=[{"Source": name, "DetailType": "t", "Detail": "{}"}])
        return "Messages" in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)

    assert [arrives(source) for source in (None, f"{rule}-other", rule)] == [False, False, True]


def test_a_log_is_written_only_if_the_role_may(guarded: LocalAccount) -> None:
    session = guarded.session()
    logs = session.client("logs")
    function, _ = make_function(session)
    group = f"/aws/lambda/{function}"
    logs.create_log_group(logGroupName=group)
    writing = allow(
        "logs:CreateLogStream", "logs:PutLogEvents", on=f"arn:aws:logs:eu-west-1:123456789012:log-group:{group}:*"
    )
    seen = []
    for statements in ([allow("logs:PutLogEvents")], [writing]):
        set_policy(session, function, *statements)
        invoke(session, function, {"Records": []})
        seen.append(len(logs.describe_log_streams(logGroupName=group)["logStreams"]))
    assert seen == [0, 1]


def test_lambda_calls_are_checked_as_the_actions_they_are(guarded: LocalAccount) -> None:
    function, _ = make_function(guarded.session())
    others = ["lambda:GetFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"]
    with pytest.raises(ClientError, match="lambda:PutFunctionRecursionConfig "):
        user_with(guarded, allow(*others)).client("lambda").put_function_recursion_config(
            FunctionName=function, RecursiveLoop="Allow"
        )
    functions = user_with(guarded, allow("lambda:PutFunctionRecursionConfig")).client("lambda")
    functions.put_function_recursion_config(FunctionName=function, RecursiveLoop="Allow")
    with pytest.raises(ClientError, match="lambda:InvokeFunction "):
        functions.invoke(FunctionName=function)
