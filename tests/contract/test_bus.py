"""The event bus: EventBridge and its twin behave the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

import pytest

from functions.adapters.bus import NotPut
from functions.ports import Bus
from tests.contract.account import Account, client
from tests.support.memory import MemoryBus


@dataclass
class Case:
    """A bus, and what came out of it: (detail-type, detail)."""

    bus: Bus
    events: Callable[[], list[tuple[str, dict[str, Any]]]]


def in_memory(_: Account) -> Case:
    bus = MemoryBus()
    return Case(bus, lambda: bus.events)


def received(url: str) -> Iterator[dict[str, Any]]:
    """Yield the events that a rule brought to a queue, whole."""
    while messages := client("sqs").receive_message(QueueUrl=url).get("Messages"):
        yield from (json.loads(each["Body"]) for each in messages)


def in_eventbridge(account: Account) -> Case:
    name = f"events-{uuid4()}"
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    client("events").put_rule(Name=name, EventPattern=json.dumps({"source": ["personalize-pipelines"]}))
    queue = f"arn:aws:sqs:eu-west-1:123456789012:{name}"
    client("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])
    return Case(account.bus(), lambda: [(each["detail-type"], each["detail"]) for each in received(url)])


@pytest.fixture(params=[in_memory, in_eventbridge], ids=["memory", "eventbridge"])
def case(request: pytest.FixtureRequest, account: Account) -> Case:
    return cast(Case, request.param(account))


def test_an_event_comes_out_as_it_went_in(case: Case) -> None:
    detail = {"run_id": "r", "reason": None, "branches": {"*": {"steps": {"import": {"arns": ["a", "ü"]}}}}}
    case.bus.put("Personalize run failed", detail)
    case.bus.put("Personalize run succeeded", {})
    assert case.events() == [("Personalize run failed", detail), ("Personalize run succeeded", {})]


def test_what_is_no_json_is_refused(case: Case) -> None:
    with pytest.raises(TypeError):
        case.bus.put("Personalize run failed", {"at": object()})
    assert case.events() == []


def test_an_event_that_eventbridge_refuses_is_an_error(account: Account) -> None:
    with pytest.raises(NotPut, match="EventBridge refused an event"):
        account.bus().put("", {})
