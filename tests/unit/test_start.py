"""How runs begin: by which trigger, under which id, with which messages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.errors import InvalidMessage, UnknownPipeline, UnknownSolution
from functions.model import IMPORTS, Ending, Message, Plan, Request, Trigger, TriggerKind, parse
from functions.ports import Stored
from functions.records import SILENCE, Branch, Lease, Run
from functions.steps.start import branches, by_hand, cause_of, first_messages, idle, start
from tests.support.build import CHOSEN, NOW, UNSERVED, holder, ledger_with, plan, ports, record, run
from tests.support.memory import MemoryLedger, MemoryObjects, MemoryQueues
from tests.support.scripted import Scripted

NO_JOBS: dict[str, Any] = {"datasetImportJobs": []}
BOTH = {"for-you": CHOSEN, "similar": UNSERVED}


def body(**changes: Any) -> str:
    fields = {"trigger": "schedule", "id": "nightly/1", "time": "2026-11-23T02:00:00Z", "request": {"pipeline": "shop"}}
    return json.dumps({**fields, **changes})


# ------------------------------------------------------------------ by hand


def test_a_direct_call_is_queued_and_told_its_run_id() -> None:
    queues = MemoryQueues()
    told = by_hand({"pipeline": "shop", "what": "train", "solutions": ["similar"]}, ports(queues=queues), "request-1")

    ((step, sent, delay),) = queues.sent
    trigger = parse(Trigger, sent)
    assert told == {"run_id": trigger.run_id, "pipeline": "shop"}
    assert trigger == Trigger(
        "manual", str(told["run_id"]), Request("shop", "train", ("similar",)), run_id=str(told["run_id"])
    )
    assert (step, delay) == ("start", 0)
    assert cause_of(record(sent)) == (trigger, trigger.run_id)


@pytest.mark.parametrize(
    ("event", "error", "told"),
    [
        ({"pipeline": "shoop"}, UnknownPipeline, r"There is no pipeline 'shoop'\. Declared pipelines: shop\."),
        (
            {"pipeline": "shop", "solutions": ["for-me"]},
            UnknownSolution,
            r"Pipeline 'shop' has no solution for-me\. Its solutions: for-you, similar\.",
        ),
        ({}, InvalidMessage, 'missing value for field "pipeline"'),
        ({"pipeline": "shop", "what": "retrain"}, InvalidMessage, 'field "what"'),
        ({"pipeline": "shop", "solutions": []}, InvalidMessage, "leave it out to train all"),
    ],
)
def test_a_wrong_direct_call_is_refused_and_nothing_is_queued(
    event: dict[str, Any], error: type[Exception], told: str
) -> None:
    queues = MemoryQueues()
    with pytest.raises(error, match=told):
        by_hand(event, ports(queues=queues), "request-1")
    assert queues.sent == []


def test_a_wrong_pipeline_is_told_where_there_is_none() -> None:
    with pytest.raises(UnknownPipeline, match=r"Declared pipelines: none\."):
        by_hand({"pipeline": "shop"}, ports(ledger=MemoryLedger()), "request-1")


# ------------------------------------------------------------------ the run's id


def test_a_run_is_named_for_the_time_of_its_schedule() -> None:
    _, run_id = cause_of(record(body()))
    assert run_id.startswith("20261123t020000-")


@pytest.mark.parametrize(
    "scheduler",
    [
        pytest.param(
            {"id": "nightly/2026-11-23T02:00:00Z", "time": "2026-11-23T02:00:00Z"}, id="placeholders replaced"
        ),
        pytest.param(
            {"id": "nightly/<aws.scheduler.scheduled-time>", "time": "<aws.scheduler.scheduled-time>"},
            id="placeholders left",
        ),
        pytest.param({"time": None}, id="no time"),
    ],
)
def test_a_second_delivery_has_the_first_ones_id(scheduler: dict[str, Any]) -> None:
    first = cause_of(record(body(**scheduler), "m-1", NOW))
    assert cause_of(record(body(**scheduler), "m-1", NOW)) == first


def test_what_eventbridge_sends_twice_is_one_cause() -> None:
    assert cause_of(record(body(), "m-1", NOW)) == cause_of(record(body(), "m-2", NOW + timedelta(seconds=9)))


def test_a_scheduler_that_replaces_nothing_makes_a_run_per_message() -> None:
    left = body(id="nightly/<aws.scheduler.scheduled-time>", time="<aws.scheduler.scheduled-time>")
    _, one = cause_of(record(left, "m-1", NOW))
    _, other = cause_of(record(left, "m-2", NOW))
    assert one != other
    assert one.startswith(f"{NOW:%Y%m%dt%H%M%S}-")


@pytest.mark.parametrize(
    "other", [{"id": "nightly/2"}, {"request": {"pipeline": "books"}}, {"time": "2026-11-24T02:00:00Z"}]
)
def test_another_cause_is_another_run(other: dict[str, Any]) -> None:
    assert cause_of(record(body()))[1] != cause_of(record(body(**other)))[1]


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[]", "{}", body(request={}), body(trigger="webhook"), body(request={"pipeline": "p", "x": 1})],
)
def test_what_is_no_trigger_is_refused(text: str) -> None:
    with pytest.raises(InvalidMessage):
        cause_of(record(text))


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="isoformat"):
        cause_of(record(body(time="yesterday")))


# ------------------------------------------------------------------ what a run begins with


@pytest.mark.parametrize(
    ("imports", "solutions", "trigger", "nothing_to_do"),
    [
        (True, True, "schedule", False),
        (True, False, "schedule", False),
        (False, True, "schedule", False),
        (False, True, "manual", False),
        (False, True, "event", False),
        (False, False, "schedule", True),
        (True, True, "upload", False),
        (False, True, "upload", True),
        (False, False, "upload", True),
    ],
)
def test_idle(imports: bool, solutions: bool, trigger: TriggerKind, nothing_to_do: bool) -> None:
    carried = plan(**({} if imports else {"imports": {}}), **({} if solutions else {"solutions": {}}))
    assert idle(carried, trigger) is nothing_to_do


@pytest.mark.parametrize(
    ("carried", "trigger", "begun"),
    [
        (plan(), "schedule", {IMPORTS: Branch(), "for-you": Branch()}),
        (plan(imports={}), "schedule", {IMPORTS: Branch(status="SUCCEEDED"), "for-you": Branch()}),
        (plan(solutions={}), "schedule", {IMPORTS: Branch()}),
        (plan(imports={}), "upload", {IMPORTS: Branch()}),
        (plan(imports={}, solutions={}), "schedule", {IMPORTS: Branch()}),
    ],
)
def test_branches(carried: Plan, trigger: TriggerKind, begun: dict[str, Branch]) -> None:
    assert branches(carried, trigger) == begun


@pytest.mark.parametrize(
    ("begun", "first"),
    [
        pytest.param(run(plan=plan(solutions=BOTH)), [("import", IMPORTS, None)], id="import"),
        pytest.param(
            run(plan=plan(imports={}, solutions=BOTH)),
            [("train", "for-you", None), ("train", "similar", None)],
            id="train",
        ),
        pytest.param(
            run(plan=plan(imports={}), trigger="upload"),
            [("finish", IMPORTS, Ending("SKIPPED", "the data has not changed since its last import"))],
            id="an upload that changed nothing",
        ),
        pytest.param(
            run(plan=plan(imports={}, solutions={}), reason="there is no such solution"),
            [("finish", IMPORTS, Ending("FAILED", "there is no such solution"))],
            id="a plan that could not be made",
        ),
    ],
)
def test_first_messages(begun: Run, first: list[tuple[str, str, Ending | None]]) -> None:
    assert [(each.step, each.branch, each.ending) for each in first_messages(begun)] == first


# ------------------------------------------------------------------ from trigger to message


class Scene:
    """`start` with its ports, called as its queue would."""

    def __init__(self, ledger: MemoryLedger | None = None, uploaded: timedelta = timedelta(hours=1)) -> None:
        self.ledger = ledger or ledger_with()
        self.queues = MemoryQueues()
        self.objects: MemoryObjects = MemoryObjects(lambda: NOW - uploaded)
        self.objects.put("s3://data/shop/interactions/part-1.csv", b"USER_ID")
        self.personalize = Scripted(ListDatasetImportJobs=NO_JOBS)

    def trigger(self, run_id: str = "a", kind: TriggerKind = "schedule", **request: Any) -> None:
        trigger = Trigger(kind, run_id, Request("shop", **request))
        start(trigger, run_id, ports(self.personalize, self.ledger, self.queues, self.objects))

    def run(self, run_id: str) -> Run:
        found = self.ledger.run("shop", run_id)
        assert found
        return found

    @property
    def lease(self) -> Lease:
        return self.ledger.lease("shop")

    @property
    def messages(self) -> list[Message]:
        return [parse(Message, sent) for step, sent, _ in self.queues.sent if step != "start"]


def test_the_first_trigger_begins_a_run() -> None:
    scene = Scene()
    scene.trigger()
    (first,) = scene.messages
    assert (first.step, first.run_id, list(first.plan.imports)) == ("import", "a", ["interactions"])
    begun = scene.run("a")
    assert (begun.status, begun.plan, begun.dispatched_at) == ("RUNNING", first.plan, NOW.isoformat())
    assert scene.lease.active == holder("a", pinned=True)


def test_a_trigger_that_comes_again_begins_nothing_more() -> None:
    scene = Scene()
    scene.trigger()
    scene.trigger()
    assert len(scene.messages) == 1


def test_a_start_that_died_before_it_noted_its_sending_sends_the_same_plan_again() -> None:
    scene = Scene()
    scene.trigger()
    scene.ledger.runs["shop", "a"] = replace(scene.run("a"), dispatched_at=None)
    scene.objects.put("s3://data/shop/items/part-1.csv", b"ITEM_ID")
    scene.trigger()
    one, other = scene.messages
    assert one == other


def test_triggers_during_a_run_are_remembered_as_one() -> None:
    scene = Scene()
    scene.trigger("a")
    scene.trigger("b", solutions=("similar",))
    scene.trigger("c", solutions=("for-you",))
    scene.trigger("c", solutions=("for-you",))
    assert len(scene.messages) == 1
    assert scene.lease.next == holder("b", request=Request("shop", solutions=("for-you", "similar")))
    assert scene.run("b").status == "QUEUED"
    assert (scene.run("c").status, scene.run("c").joined) == ("JOINED", "b")


def test_an_upload_rests_before_it_is_imported() -> None:
    scene = Scene(uploaded=timedelta(seconds=100))
    scene.trigger(kind="upload")
    ((step, sent, delay),) = scene.queues.sent
    assert (step, delay) == ("start", 201)
    assert cause_of(record(sent))[1] == "a"
    assert scene.run("a").status == "QUEUED"
    assert scene.lease.active
    assert not scene.lease.active.pinned


def test_other_triggers_do_not_wait_for_uploads_to_rest() -> None:
    scene = Scene(uploaded=timedelta(seconds=100))
    scene.trigger()
    assert [each.step for each in scene.messages] == ["import"]


def test_a_silent_run_gives_way() -> None:
    silent = run("a", updated_at=(NOW - SILENCE).isoformat())
    ledger = ledger_with(silent, leases={"shop": Lease(active=holder("a", pinned=True), next=holder("b"))})
    scene = Scene(ledger)
    scene.trigger("c")
    assert (scene.run("a").status, scene.run("a").reason) == ("FAILED", "no sign of life")
    assert (scene.lease.active, scene.lease.next) == (holder("c", pinned=True), None)
    assert [each.run_id for each in scene.messages] == ["c"]


class Slow(MemoryObjects):
    """A bucket that takes so long to list that another run takes the lease meanwhile."""

    ledger: MemoryLedger

    def under(self, location: str) -> list[Stored]:
        self.ledger.leases["shop"] = Lease(version=7, active=holder("b"))
        return super().under(location)


def test_a_run_that_is_taken_over_meanwhile_does_not_begin() -> None:
    scene = Scene()
    scene.objects = Slow(lambda: NOW)
    scene.objects.ledger = scene.ledger
    scene.trigger("a")
    assert scene.messages == []
    assert scene.run("a").status == "QUEUED"
    assert scene.lease.active == holder("b")


@pytest.mark.parametrize("known", [True, False], ids=["with a record", "without a record"])
def test_a_run_that_never_began_does_not_block_its_pipeline(known: bool) -> None:
    long_ago = (NOW - SILENCE).isoformat()
    queued = [run("a", status="QUEUED", updated_at=long_ago)] if known else []
    asked = holder("a", request=Request("shop", force=True))
    scene = Scene(ledger_with(*queued, leases={"shop": Lease(active=asked)}))
    scene.trigger("b")
    assert scene.lease.active == holder("b", request=Request("shop", force=True), pinned=True)
    assert [each.run_id for each in scene.messages] == ["b"]
    assert not known or (scene.run("a").status, scene.run("a").joined) == ("JOINED", "b")


def test_a_record_stands_before_the_lease_is_taken() -> None:
    scene = Scene()

    def refuse(pipeline: str, lease: Lease) -> None:
        raise ConnectionError

    scene.ledger.save_lease = refuse  # type: ignore[method-assign] # DynamoDB fails
    with pytest.raises(ConnectionError):
        scene.trigger("a")
    assert scene.run("a").status == "QUEUED"


def test_a_wrong_solution_spoils_no_other_run() -> None:
    scene = Scene(uploaded=timedelta(seconds=1))
    scene.trigger("a", kind="upload")
    with pytest.raises(UnknownSolution, match="for-me"):
        scene.trigger("b", kind="event", solutions=("for-me",))
    assert scene.lease.active == holder("a", trigger="upload")
    assert scene.ledger.run("shop", "b") is None


def test_a_solution_that_was_removed_while_its_trigger_waited_fails_that_run() -> None:
    asked = holder("b", request=Request("shop", solutions=("gone",)), after="a")
    ledger = ledger_with(run("b", status="QUEUED", request=asked.request), leases={"shop": Lease(active=asked)})
    scene = Scene(ledger)
    scene.trigger("b", solutions=("gone",))
    (only,) = scene.messages
    assert (only.step, only.ending) == (
        "finish",
        Ending("FAILED", "Pipeline 'shop' has no solution gone. Its solutions: for-you, similar."),
    )
