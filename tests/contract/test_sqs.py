"""What a consumer meets: SQS and its twin behave the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest

from tests.contract.account import Account, client
from tests.support.sqs import MemorySqs

RECEIVES = 3
VISIBILITY = 2


@dataclass(frozen=True)
class Received:
    """A message as a consumer gets it."""

    identifier: str
    body: str
    receives: int
    receipt: str


@dataclass
class Case:
    """A queue with dead letters, and time that passes."""

    send: Callable[[list[str], int], None]
    receive: Callable[[], list[Received]]
    delete: Callable[[str], None]
    dead: Callable[[], list[str]]
    passes: Callable[[float], None]


def in_memory(_: Account) -> Case:
    now = [datetime(2026, 1, 5, tzinfo=UTC)]
    sqs = MemorySqs(lambda: now[0], timedelta(seconds=VISIBILITY), RECEIVES)

    def passes(seconds: float) -> None:
        now[0] += timedelta(seconds=seconds)

    return Case(
        lambda bodies, delay: sqs.send("poll", bodies, delay),
        lambda: [Received(each.identifier, each.body, each.receives, each.receipt) for each in sqs.receive("poll")],
        lambda receipt: sqs.delete("poll", receipt),
        lambda: [letter.body for letter in sqs.dead["poll"]],
        passes,
    )


def in_sqs(_: Account) -> Case:
    sqs = client("sqs")
    name = f"poll-{uuid4()}"
    dead = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
    target = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = f'{{"deadLetterTargetArn": "{target}", "maxReceiveCount": {RECEIVES}}}'
    attributes = {"VisibilityTimeout": str(VISIBILITY), "RedrivePolicy": redrive}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def send(bodies: list[str], delay: int) -> None:
        for body in bodies:
            sqs.send_message(QueueUrl=url, MessageBody=body, DelaySeconds=delay)

    def received(at: str) -> list[dict[str, Any]]:
        answer = sqs.receive_message(
            QueueUrl=at, MaxNumberOfMessages=10, MessageSystemAttributeNames=["ApproximateReceiveCount"]
        )
        return cast(list[dict[str, Any]], answer.get("Messages", []))

    def receive() -> list[Received]:
        return [
            Received(
                each["MessageId"],
                each["Body"],
                int(each["Attributes"]["ApproximateReceiveCount"]),
                each["ReceiptHandle"],
            )
            for each in received(url)
        ]

    return Case(
        send,
        receive,
        lambda receipt: sqs.delete_message(QueueUrl=url, ReceiptHandle=receipt) and None,
        lambda: [each["Body"] for each in received(dead)],
        time.sleep,
    )


@pytest.fixture(params=[in_memory, in_sqs], ids=["memory", "sqs"])
def case(request: pytest.FixtureRequest, account: Account) -> Case:
    return cast(Case, request.param(account))


def test_what_is_deleted_does_not_come_again(case: Case) -> None:
    case.send(["a"], 0)
    (letter,) = case.receive()
    assert (letter.body, letter.receives) == ("a", 1)
    case.delete(letter.receipt)
    case.passes(VISIBILITY + 0.1)
    assert case.receive() == []


def test_what_is_not_deleted_comes_again_when_its_time_is_over_and_is_counted(case: Case) -> None:
    case.send(["a"], 0)
    (first,) = case.receive()
    assert case.receive() == []
    case.passes(VISIBILITY + 0.1)
    (again,) = case.receive()
    assert (again.identifier, again.body, again.receives) == (first.identifier, "a", 2)
    assert again.receipt != first.receipt


def test_at_most_ten_come_at_once(case: Case) -> None:
    bodies = [str(number) for number in range(12)]
    case.send(bodies, 0)
    first, second = case.receive(), case.receive()
    assert (len(first), len(second)) == (10, 2)
    assert sorted(each.body for each in first + second) == sorted(bodies)


def test_what_is_delayed_comes_later(case: Case) -> None:
    case.send(["a"], 1)
    assert case.receive() == []
    case.passes(1.1)
    assert [each.body for each in case.receive()] == ["a"]


def test_what_was_received_too_often_is_dead(case: Case) -> None:
    case.send(["a"], 0)
    for times in range(1, RECEIVES + 1):
        assert [each.receives for each in case.receive()] == [times]
        assert case.dead() == []
        case.passes(VISIBILITY + 0.1)
    assert case.receive() == []
    assert case.dead() == ["a"]


def test_dead_letters_come_back_as_new_ones() -> None:
    """In moto there is no StartMessageMoveTask: AWS's guide tells what it does."""
    now = datetime(2026, 1, 5, tzinfo=UTC)
    sqs = MemorySqs(lambda: now, timedelta(0), max_receives=1)
    sqs.send("poll", ["a"])
    (dead,) = sqs.receive("poll")
    assert sqs.receive("poll") == []
    assert sqs.redrive("poll") == 1
    (letter,) = sqs.receive("poll")
    assert (letter.body, letter.receives, sqs.dead["poll"]) == ("a", 1, [])
    assert letter.identifier != dead.identifier
