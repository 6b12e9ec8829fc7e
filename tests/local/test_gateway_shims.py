"""What ministack lacks and the gateway adds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import create_parser

from local.account import LocalAccount
from local.personalize.service_models import operation_model
from local.schedules import fire
from tests.local.support import signed, unique, wait


def test_an_alarm_is_described_whole(account: LocalAccount) -> None:
    cloudwatch = account.session().client("cloudwatch")
    name = unique("alarm")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmDescription="dead letters & more",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "q"}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    # Terraform's provider asks in the Query protocol, boto3 in another: so the request is made by hand.
    answer = signed(account, "monitoring", "/", f"Action=DescribeAlarms&AlarmNames.member.1={name}".encode())
    shape = operation_model("cloudwatch", "DescribeAlarms").output_shape
    assert shape
    parsed = create_parser("query").parse(
        {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.data}, shape
    )
    (alarm,) = parsed["MetricAlarms"]
    assert (alarm["AlarmDescription"], alarm["Period"], alarm["Statistic"]) == ("dead letters & more", 60, "Maximum")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "q"}]
    assert (alarm["TreatMissingData"], alarm["ActionsEnabled"]) == ("notBreaching", True)


def test_a_schedule_fires_with_its_attributes_filled_in(account: LocalAccount) -> None:
    session = account.session()
    sqs, name = session.client("sqs"), unique("schedule")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    text = '{"id":"s/<aws.scheduler.scheduled-time>","try":"<aws.scheduler.attempt-number>","other":"<b>"}'
    session.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": "arn:aws:iam::123456789012:role/r", "Input": text},
    )
    fire(session, "default", name, datetime(2026, 11, 23, 21, 44, 20, tzinfo=UTC))
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2)["Messages"]
    assert json.loads(message["Body"]) == {"id": "s/2026-11-23T21:44:20Z", "try": "1", "other": "<b>"}


@pytest.fixture(scope="module")
def twice() -> Iterator[LocalAccount]:
    with LocalAccount(deliver_twice=True) as running:
        yield running


def test_every_message_arrives_twice_if_asked(twice: LocalAccount) -> None:
    session = twice.session()
    sqs, events = session.client("sqs"), session.client("events")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    sqs.send_message_batch(
        QueueUrl=url,
        Entries=[{"Id": "1", "MessageBody": "two"}, {"Id": "2", "MessageBody": "three"}],
    )
    events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["test"]}))
    events.put_targets(Rule="rule", Targets=[{"Id": "q", "Arn": arn, "Input": "four"}])
    events.put_events(Entries=[{"Source": "test", "DetailType": "t", "Detail": "{}"}])

    bodies: list[str] = []

    def receive() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        bodies.extend(message["Body"] for message in answer.get("Messages", []))
        return len(bodies) >= 8

    wait(receive)
    assert sorted(bodies) == sorted(["one", "two", "three", "four"] * 2)


def test_dead_letters_are_put_back_where_they_came_from(account: LocalAccount) -> None:
    sqs: Any = account.session().client("sqs")
    dead, other = (sqs.create_queue(QueueName=unique(name))["QueueUrl"] for name in ("dead", "other"))
    policy = json.dumps({"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 1})
    attributes = {"RedrivePolicy": policy, "VisibilityTimeout": "0"}
    url = sqs.create_queue(QueueName=unique("source"), Attributes=attributes)["QueueUrl"]
    told = {"kind": {"DataType": "String", "StringValue": "news"}}
    sqs.send_message(QueueUrl=url, MessageBody="m", MessageAttributes=told)
    (first,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url), "it is dead by now"

    sqs.start_message_move_task(SourceArn=arn_of(sqs, dead))
    (again,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"])["Messages"]
    assert (again["Body"], again["MessageAttributes"]) == ("m", told)
    assert again["Attributes"]["ApproximateReceiveCount"] == "1"
    assert again["MessageId"] != first["MessageId"]
    (task,) = sqs.list_message_move_tasks(SourceArn=arn_of(sqs, dead))["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)

    assert "Messages" not in sqs.receive_message(QueueUrl=url), "dead a second time"
    sqs.start_message_move_task(SourceArn=arn_of(sqs, dead), DestinationArn=arn_of(sqs, other))
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=other)["Messages"]] == ["m"]

    sqs.send_message(QueueUrl=dead, MessageBody="from nowhere")
    sqs.start_message_move_task(SourceArn=arn_of(sqs, dead))
    latest, *_ = sqs.list_message_move_tasks(SourceArn=arn_of(sqs, dead), MaxResults=10)["Results"]
    assert (latest["Status"], latest["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")


def test_what_holds_no_dead_letters_is_not_put_back(account: LocalAccount) -> None:
    sqs = account.session().client("sqs")
    url = sqs.create_queue(QueueName=unique("source"))["QueueUrl"]
    with pytest.raises(ClientError, match="must be configured as a Dead Letter Queue"):
        sqs.start_message_move_task(SourceArn=arn_of(sqs, url))
    with pytest.raises(sqs.exceptions.ResourceNotFoundException, match="SourceArn"):
        sqs.start_message_move_task(SourceArn=f"{arn_of(sqs, url)}-gone")


def arn_of(sqs: Any, url: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
