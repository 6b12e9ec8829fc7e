"""What EventBridge Scheduler does when a schedule's time comes, so that nobody has to wait for it."""

from __future__ import annotations

import datetime as dt
import uuid

import boto3


def fill_in(text: str, schedule_arn: str, moment: dt.datetime) -> str:
    """Replace the context attributes in a target's input.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    attributes = {
        "schedule-arn": schedule_arn,
        "scheduled-time": moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    for name, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def fire(session: boto3.Session, group: str, name: str, moment: dt.datetime | None = None) -> str:
    """Send a schedule's input to its queue as if its time had come at that moment (now); return what was sent."""
    sqs = session.client("sqs")
    schedule = session.client("scheduler").get_schedule(GroupName=group, Name=name)
    target = schedule["Target"]
    text = fill_in(target["Input"], schedule["Arn"], moment or dt.datetime.now(dt.UTC))
    url = sqs.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=text)
    return text
