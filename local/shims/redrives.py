"""Dead letters are put back: StartMessageMoveTask and its siblings, which ministack lacks.

A task is over when its call is answered: here no queue is so long that anybody would see it at work.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

_LISTED = 10
"""The most recent tasks of a queue that are listed: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html"""

Queue = dict[str, Any]


def redrive_dead_letters() -> None:
    """Give ministack's SQS the three operations."""
    from ministack.services import sqs

    sqs._HANDLERS.update(
        StartMessageMoveTask=_start,
        ListMessageMoveTasks=_list,
        CancelMessageMoveTask=_cancel,
    )


def _start(asked: Mapping[str, Any], _: str) -> dict[str, Any]:
    from ministack.services import sqs

    source = _dead_letters(str(asked.get("SourceArn", "")))
    destination = asked.get("DestinationArn")
    if destination:
        _queue(str(destination), "DestinationArn")
    task = {
        "TaskHandle": str(uuid.uuid4()),
        "Status": "COMPLETED",
        "SourceArn": source["attributes"]["QueueArn"],
        "StartedTimestamp": int(time.time() * 1000),
        "ApproximateNumberOfMessagesMoved": 0,
        **{key: asked[key] for key in ("DestinationArn", "MaxNumberOfMessagesPerSecond") if key in asked},
    }
    sqs._refresh_counts(source)
    visible = [message for message in source["messages"] if message["visible_at"] <= time.time()]
    task["ApproximateNumberOfMessagesToMove"] = len(visible)
    for message in visible:
        to = sqs._queue_by_arn(str(destination or (message.get("sys") or {}).get("DeadLetterQueueSourceArn", "")))
        if to is None:
            task |= {"Status": "FAILED", "FailureReason": "CouldNotDetermineMessageSource"}
            break
        _send(message, to)
        source["messages"].remove(message)
        task["ApproximateNumberOfMessagesMoved"] += 1
    source["move_tasks"] = [task, *source.get("move_tasks", [])][:_LISTED]
    return {"TaskHandle": task["TaskHandle"]}


def _send(message: Mapping[str, Any], queue: Queue) -> None:
    """Send what a dead letter says. It is a new message, with an id, a time and a count of receipts of its own."""
    from ministack.services import sqs

    trace = (message.get("sys") or {}).get("AWSTraceHeader")
    body = {
        "MessageBody": message["body"],
        "MessageAttributes": message.get("message_attributes"),
        "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}} if trace else {},
    }
    if queue["is_fifo"]:
        body |= {"MessageGroupId": message["group_id"], "MessageDeduplicationId": str(uuid.uuid4())}
    sqs._act_send_message(body, sqs._queue_url(queue["name"]))


def _list(asked: Mapping[str, Any], _: str) -> dict[str, Any]:
    queue = _queue(str(asked.get("SourceArn", "")), "SourceArn")
    most = int(asked.get("MaxResults") or 1)
    # Only a task that is RUNNING has a handle.
    return {
        "Results": [
            {key: value for key, value in task.items() if key != "TaskHandle"}
            for task in queue.get("move_tasks", [])[:most]
        ]
    }


def _cancel(asked: Mapping[str, Any], _: str) -> dict[str, Any]:
    from ministack.services import sqs

    raise sqs._Err("ResourceNotFoundException", f"No task of the handle {asked.get('TaskHandle')} is running.", 404)


def _dead_letters(arn: str) -> Queue:
    """Return the queue, whose messages must be another queue's dead letters."""
    from ministack.services import sqs

    queue: Queue = _queue(arn, "SourceArn")
    targets = [_target(each) for _, each in sqs._queues.items()]
    if arn not in targets:
        raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    return queue


def _target(queue: Mapping[str, Any]) -> str | None:
    policy = json.loads(queue["attributes"].get("RedrivePolicy") or "{}")
    target: str | None = policy.get("deadLetterTargetArn")
    return target


def _queue(arn: str, parameter: str) -> Queue:
    from ministack.services import sqs

    queue: Queue | None = sqs._queue_by_arn(arn)
    if queue is None:
        text = f"The resource that you specified for the {parameter} parameter doesn't exist."
        raise sqs._Err("ResourceNotFoundException", text, 404)
    return queue
