"""Queues: SQS and its twin behave the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

import pytest

from functions.adapters.queues import NotSent, SqsQueues
from functions.ports import Queues
from tests.contract.account import Account, client
from tests.support.memory import MemoryQueues


@dataclass
class Case:
    """Queues, what can be read from one now, and how much of it waits."""

    queues: Queues
    bodies: Callable[[str], list[str]]
    delayed: Callable[[str], int]


def in_memory(_: Account) -> Case:
    queues = MemoryQueues()
    return Case(
        queues,
        lambda step: [body for to, body, delay in queues.sent if to == step and not delay],
        lambda step: sum(1 for to, _, delay in queues.sent if to == step and delay),
    )


def in_sqs(_: Account) -> Case:
    urls = {step: client("sqs").create_queue(QueueName=f"{step}-{uuid4()}")["QueueUrl"] for step in ("train", "poll")}

    def bodies(step: str) -> list[str]:
        found: list[str] = []
        while messages := client("sqs").receive_message(QueueUrl=urls[step], MaxNumberOfMessages=10).get("Messages"):
            found += [each["Body"] for each in messages]
        return found

    def delayed(step: str) -> int:
        name = "ApproximateNumberOfMessagesDelayed"
        told = client("sqs").get_queue_attributes(QueueUrl=urls[step], AttributeNames=[name])
        return int(told["Attributes"][name])

    return Case(SqsQueues(lambda: client("sqs"), urls), bodies, delayed)


@pytest.fixture(params=[in_memory, in_sqs], ids=["memory", "sqs"])
def case(request: pytest.FixtureRequest, account: Account) -> Case:
    return cast(Case, request.param(account))


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_every_body_arrives_however_many(case: Case, count: int) -> None:
    bodies = [f'{{"text": "ü {number}"}}' for number in range(count)]
    case.queues.send("train", bodies)
    assert sorted(case.bodies("train")) == sorted(bodies)
    assert case.bodies("poll") == []


@pytest.mark.parametrize("delay", [0.6, 1, 312.4, 900, 900.0])
def test_a_delayed_body_is_not_seen_yet(case: Case, delay: float) -> None:
    case.queues.send("poll", ["later", "later too"], delay)
    assert case.delayed("poll") == 2
    assert case.bodies("poll") == []


@pytest.mark.parametrize("delay", [901, 5000.5])
def test_a_delay_that_sqs_does_not_know_is_refused(case: Case, delay: float) -> None:
    with pytest.raises(Exception, match=r"DelaySeconds|delays a message"):
        case.queues.send("poll", ["never"], delay)
    assert case.bodies("poll") == []


def test_an_unknown_queue_is_an_error(account: Account) -> None:
    with pytest.raises(KeyError):
        account.queues.send("elsewhere", ["x"])


def test_a_body_that_sqs_refuses_is_an_error(account: Account) -> None:
    with pytest.raises(Exception, match="longer than"):
        account.queues.send("poll", ["x" * (1024 * 1024 + 1)])


class Counting:
    """SQS, which notes how many bytes each batch has: moto takes any."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def send_message_batch(self, **asked: Any) -> dict[str, Any]:
        self.batches.append([each["MessageBody"] for each in asked["Entries"]])
        return {}


def test_bodies_that_are_too_large_together_are_sent_apart() -> None:
    """As the first messages of ten solutions are, where thirty long filters are lacking."""
    bodies = [f"{number}{'ü' * 60_000}" for number in range(10)]
    sqs = Counting()
    SqsQueues(lambda: cast(Any, sqs), {"train": "https://sqs/train"}).send("train", bodies)
    assert [len(batch) for batch in sqs.batches] == [8, 2]
    assert [body for batch in sqs.batches for body in batch] == bodies


class Half:
    """SQS on a bad day: of a batch it takes the first."""

    def send_message_batch(self, **asked: Any) -> dict[str, Any]:
        _, *refused = asked["Entries"]
        return {"Failed": [{"Id": each["Id"], "Message": "try again"} for each in refused]}


def test_a_batch_that_sqs_takes_by_half_is_an_error() -> None:
    queues = SqsQueues(lambda: cast(Any, Half()), {"poll": "https://sqs/poll"})
    with pytest.raises(NotSent, match="SQS refused 2 messages to poll: try again"):
        queues.send("poll", ["a", "b", "c"])
