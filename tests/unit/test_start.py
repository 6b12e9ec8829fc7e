"""How runs begin: by which trigger, under which id, with which messages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.endings import fail
from functions.errors import InvalidMessage, InvalidRequest, Throttled, UnknownPipeline, UnknownSolution, Unreadable
from functions.inputs import fingerprint
from functions.model import IMPORTS, Ending, Message, Pipeline, Plan, Request, Trigger, TriggerKind, dump, parse
from functions.ports import Listing, Ports
from functions.records import SILENCE, Branch, Lease, Run
from functions.steps.finish import handler as finish_door
from functions.steps.poll import handler as poll_door
from functions.steps.start import branches, by_hand, cause_of, first_messages, give_up, handle, idle, start
from functions.steps.start import handler as start_door
from functions.times import written
from tests.support.build import CHOSEN, NOW, UNSERVED, VERSION, holder, ledger_with, pipeline, plan, ports, record, run
from tests.support.lambda_context import Context
from tests.support.memory import MemoryBus, MemoryLedger, MemoryObjects, MemoryQueues
from tests.support.scripted import Scripted

S3_RECORD = {"eventSource": "aws:s3", "s3": {"object": {"key": "a.csv"}}}
NO_JOBS: dict[str, Any] = {"datasetImportJobs": []}
BOTH = {"for-you": CHOSEN, "similar": UNSERVED}


def body(**changes: Any) -> str:
    fields = {"trigger": "schedule", "id": "nightly/1", "time": "2026-11-23T02:00:00Z", "request": {"pipeline": "shop"}}
    return json.dumps({**fields, **changes})


def cause(record: SQSRecord, ledger: MemoryLedger | None = None) -> tuple[Trigger, str]:
    """Return what a record asks for, and its run's id."""
    found = cause_of(record, ledger or ledger_with())
    assert found
    return found


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
    assert cause(record(sent)) == (trigger, trigger.run_id)


@pytest.mark.parametrize(
    ("event", "error", "told"),
    [
        ({"pipeline": "shoop"}, UnknownPipeline, r"There is no pipeline 'shoop'\. Declared pipelines: shop\."),
        (
            {"pipeline": "shop", "solutions": ["for-me"]},
            UnknownSolution,
            r"Pipeline 'shop' has no solution for-me\. Its solutions: for-you, similar\.",
        ),
        ({}, InvalidRequest, 'missing value for field "pipeline"'),
        ({"pipeline": ""}, InvalidRequest, "'pipeline' is empty"),
        (
            {"pipeline": "shop", "what": "retrain"},
            InvalidRequest,
            'field "what" is "retrain": it takes everything, import or',
        ),
        (
            {"pipeline": "shop", "training_mode": "UPDATE"},
            InvalidRequest,
            "aws-user-personalization only, not for for-you,",
        ),
        (None, InvalidRequest, "A request is a JSON object, not null"),
        (7, InvalidRequest, "A request is a JSON object, not 7"),
        ([{"pipeline": "shop"}], InvalidRequest, "A request is a JSON object, not a list"),
        ("shop", InvalidRequest, "Not a valid request"),
        ({"pipeline": "shop", "solutions": []}, InvalidRequest, "leave it out to train all"),
    ],
)
def test_a_wrong_direct_call_is_refused_and_nothing_is_queued(
    event: dict[str, Any], error: type[Exception], told: str
) -> None:
    queues = MemoryQueues()
    with pytest.raises(error, match=told):
        by_hand(event, ports(queues=queues), "request-1")
    assert queues.sent == []


def test_a_direct_call_that_lambda_makes_again_is_the_same_run() -> None:
    ledger, queues = ledger_with(), MemoryQueues()
    first, again, other = (
        by_hand({"pipeline": "shop"}, ports(ledger=ledger, queues=queues, now=NOW + timedelta(minutes=after)), cause)
        for after, cause in ((0, "request-1"), (3, "request-1"), (3, "request-2"))
    )
    assert first == again != other


def test_a_direct_call_may_ask_for_updates_where_the_recipe_has_them() -> None:
    ledger = MemoryLedger({"shop": pipeline(solutions={"for-you": replace(CHOSEN, updates=True), "similar": UNSERVED})})
    asked = {"pipeline": "shop", "training_mode": "UPDATE", "solutions": ["for-you"]}
    assert by_hand(asked, ports(ledger=ledger), "request-1")["pipeline"] == "shop"
    assert by_hand({"pipeline": "shop", "what": "import", "training_mode": "UPDATE"}, ports(), "request-2")


@pytest.mark.parametrize(
    "event", [None, 7, [], "shop", {"Records": None}, {"Records": []}, {"Records": [1]}, {"Records": [S3_RECORD]}, {}]
)
@pytest.mark.parametrize("door", [start_door, finish_door, poll_door])
def test_every_door_answers_nonsense_with_a_sentence(door: Any, event: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.steps.start.live_ports", ports)
    with pytest.raises(InvalidRequest) as caught:
        door(event, Context())
    assert len(str(caught.value).split()) >= 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            body(request={"pipeline": "shop", "what": "all"}),
            'field "request.what" is "all": it takes everything, import or train.',
        ),
        (body(request={"pipeline": "shop", "modell": 1}), 'there is no field "modell"'),
        (body(time="yesterday"), "its time is none: 'yesterday'"),
        (body(trigger="webhook"), 'field "trigger" is "webhook": it takes schedule, upload, event or manual.'),
        (json.dumps({"pipeline": "shop"}), "there is no field"),
    ],
)
def test_what_cannot_be_understood_and_names_a_pipeline_is_a_failed_run_at_once(text: str, told: str) -> None:
    scene = Scene()
    for _ in range(2):  # it is received again, until it lies among the dead letters
        with pytest.raises(InvalidMessage):
            handle(record(text), scene.ports)
    ((_, run),) = scene.ledger.runs.items()
    assert run.status == "FAILED"
    assert told in str(run.reason)
    assert [(kind, detail["run_id"]) for kind, detail in scene.bus.events] == [("Personalize run failed", run.run_id)]
    assert scene.ledger.lease("shop").active is None


def test_what_cannot_be_understood_fails_though_a_delivery_died_before_it_could_say_so() -> None:
    scene = Scene()
    end_run = scene.ledger.end_run

    def die(*_: Any, **__: Any) -> bool:
        raise ConnectionError

    scene.ledger.end_run = die  # type: ignore[method-assign] # DynamoDB fails
    text = record(body(request={"pipeline": "shop", "what": "all"}))
    with pytest.raises(ConnectionError):
        handle(text, scene.ports)
    scene.ledger.end_run = end_run  # type: ignore[method-assign] # it works again
    with pytest.raises(InvalidMessage):
        handle(text, scene.ports)
    ((_, run),) = scene.ledger.runs.items()
    assert run.status == "FAILED"
    assert len(scene.bus.events) == 1


def test_its_run_has_the_id_that_the_trigger_gives_it() -> None:
    scene = Scene()
    with pytest.raises(InvalidMessage):
        handle(record(body(request={"pipeline": "shop", "force": "yes"})), scene.ports)
    assert [run_id for _, run_id in scene.ledger.runs] == [cause(record(body(request={"pipeline": "shop"})))[1]]


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", body(request={"pipeline": "none", "x": 1}), body(request=7)])
def test_what_names_no_pipeline_has_no_run_to_fail(text: str) -> None:
    scene = Scene()
    with pytest.raises(InvalidMessage):
        handle(record(text), scene.ports)
    assert (scene.ledger.runs, scene.bus.events) == ({}, [])


def test_a_wrong_pipeline_is_told_where_there_is_none() -> None:
    with pytest.raises(UnknownPipeline, match=r"Declared pipelines: none\."):
        by_hand({"pipeline": "shop"}, ports(ledger=MemoryLedger()), "request-1")


# ------------------------------------------------------------------ the run's id


def test_a_run_is_named_for_the_time_of_its_schedule() -> None:
    _, run_id = cause(record(body()))
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
    first = cause(record(body(**scheduler), "m-1", NOW))
    assert cause(record(body(**scheduler), "m-1", NOW)) == first


def test_what_eventbridge_sends_twice_is_one_cause() -> None:
    assert cause(record(body(), "m-1", NOW)) == cause(record(body(), "m-2", NOW + timedelta(seconds=9)))


def test_a_scheduler_that_replaces_nothing_makes_a_run_per_message() -> None:
    left = body(id="nightly/<aws.scheduler.scheduled-time>", time="<aws.scheduler.scheduled-time>")
    _, one = cause(record(left, "m-1", NOW))
    _, other = cause(record(left, "m-2", NOW))
    assert one != other
    assert one.startswith(f"{NOW:%Y%m%dt%H%M%S}-")


@pytest.mark.parametrize(
    "other", [{"id": "nightly/2"}, {"request": {"pipeline": "books"}}, {"time": "2026-11-24T02:00:00Z"}]
)
def test_another_cause_is_another_run(other: dict[str, Any]) -> None:
    assert cause(record(body()))[1] != cause(record(body(**other)))[1]


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[]", "{}", body(request={}), body(trigger="webhook"), body(request={"pipeline": "p", "x": 1})],
)
def test_what_is_no_trigger_is_refused(text: str) -> None:
    with pytest.raises(InvalidMessage):
        cause(record(text))


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="its time is none"):
        cause(record(body(time="yesterday")))


# ------------------------------------------------------------------ uploads, as EventBridge tells them


def uploaded(key: str, bucket: str = "data", **changes: Any) -> str:
    told = {"trigger": "upload", "id": "event-1", "time": "2026-11-23T21:44:10Z"}
    return json.dumps({**told, "upload": {"bucket": bucket, "key": key}, **changes})


def test_an_upload_is_for_the_pipeline_of_its_folder() -> None:
    trigger, run_id = cause(record(uploaded("shop/items/part 1+2.csv")))
    assert trigger == Trigger("upload", "event-1", Request("shop"), time="2026-11-23T21:44:10Z")
    assert run_id == cause(record(body(trigger="upload", id="event-1", time="2026-11-23T21:44:10Z")))[1]


@pytest.mark.parametrize(
    ("key", "bucket"),
    [
        pytest.param("shop/items/dt=2026-01-01/part-1.csv", "data", id="below the first level"),
        pytest.param("shop/users/part-1.csv", "data", id="of no dataset"),
        pytest.param("shop/items.csv", "data", id="beside a prefix"),
        pytest.param("shop/items/part-1.csv", "other", id="another bucket"),
    ],
)
def test_an_upload_elsewhere_starts_nothing_and_is_taken(key: str, bucket: str) -> None:
    scene = Scene()
    handle(record(uploaded(key, bucket)), scene.ports)
    give_up(record(uploaded(key, bucket)), "it went wrong", scene.ports)
    assert (scene.ledger.runs, scene.queues.sent, scene.bus.events) == ({}, [], [])


def test_an_upload_below_the_first_level_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    handle(record(uploaded("shop/items/2026/a.csv")), Scene().ports)
    assert "s3://data/shop/items/2026/a.csv is below the first level of s3://data/shop/items/" in caplog.text


@pytest.mark.parametrize(
    "text", [uploaded("a", trigger="schedule"), uploaded("a", time=None), uploaded("a", upload={})]
)
def test_what_is_no_upload_is_refused(text: str) -> None:
    with pytest.raises(InvalidMessage):
        cause(record(text))


def test_an_upload_in_parts_rests_from_its_end_not_from_its_beginning() -> None:
    """S3 dates it from when it was begun; its event tells when it was there."""
    scene = Scene(uploaded=timedelta(hours=1))
    handle(record(uploaded("shop/interactions/part-1.csv")), scene.ports)
    assert [(step, delay) for step, _, delay in scene.queues.sent] == [("start", 291)]
    assert scene.lease.active
    assert scene.lease.active.uploaded_at == "2026-11-23T21:44:10.000+00:00"


def test_an_upload_that_joins_one_that_rests_has_it_rest_longer() -> None:
    scene = Scene(uploaded=timedelta(hours=1))
    handle(record(uploaded("shop/interactions/part-1.csv")), scene.ports)
    ((_, sent, _),) = scene.queues.sent
    late = uploaded("shop/items/part-1.csv", id="event-2", time="2026-11-23T21:44:15Z")
    handle(record(late), scene.ports)
    handle(record(sent), scene.ports)
    assert [delay for _, _, delay in scene.queues.sent] == [291, 296]


# ------------------------------------------------------------------ what lies in the bucket


def test_what_personalize_leaves_out_is_told_in_the_runs_record_and_event() -> None:
    scene = Scene()
    scene.objects.put("s3://data/shop/items/dt=2026-01-01/part-1.csv", b"ITEM_ID")
    scene.trigger()
    (warning,) = scene.run("a").warnings
    assert warning.startswith(
        "items: Personalize imports nothing from folders below s3://data/shop/items/, such as dt="
    )
    fail("shop", "a", "whatever", scene.ports)
    ((_, detail),) = scene.bus.events
    assert detail["warnings"] == [warning]


def test_what_stops_an_import_is_pinned_in_the_plan() -> None:
    scene = Scene()
    scene.objects.put("s3://data/shop/interactions/_SUCCESS", b"")
    scene.trigger()
    (first,) = scene.messages
    assert "No CSV file by its name: _SUCCESS." in str(first.plan.imports["interactions"].problem)


def test_no_file_is_read_for_a_run_that_only_trains() -> None:
    scene = Scene()
    scene.objects.beginnings = scene.objects.with_checksums = None  # type: ignore[assignment,method-assign]
    scene.trigger(what="train")
    assert {each.step for each in scene.messages} == {"train"}


# ------------------------------------------------------------------ what a run begins with


@pytest.mark.parametrize(
    ("imports", "solutions", "nothing_to_do"),
    [(True, True, False), (True, False, False), (False, True, False), (False, False, True)],
)
def test_idle(imports: bool, solutions: bool, nothing_to_do: bool) -> None:
    carried = plan(**({} if imports else {"imports": {}}), **({} if solutions else {"solutions": {}}))
    assert idle(carried) is nothing_to_do


@pytest.mark.parametrize(
    ("carried", "begun"),
    [
        (plan(), {IMPORTS: Branch(), "for-you": Branch()}),
        (plan(imports={}), {IMPORTS: Branch(status="SUCCEEDED"), "for-you": Branch()}),
        (plan(solutions={}), {IMPORTS: Branch()}),
        (plan(imports={}, solutions={}), {IMPORTS: Branch()}),
    ],
)
def test_branches(carried: Plan, begun: dict[str, Branch]) -> None:
    assert branches(carried) == begun


@pytest.mark.parametrize(
    ("carried", "first"),
    [
        pytest.param(plan(solutions=BOTH), [("import", IMPORTS, None)], id="import"),
        pytest.param(
            plan(imports={}, solutions=BOTH),
            [("train", "for-you", None), ("train", "similar", None)],
            id="train",
        ),
        pytest.param(
            plan(imports={}, solutions={}),
            [("finish", IMPORTS, Ending("SKIPPED", "the data has not changed since its last import"))],
            id="nothing to do",
        ),
    ],
)
def test_first_messages(carried: Plan, first: list[tuple[str, str, Ending | None]]) -> None:
    assert [(each.step, each.branch, each.ending) for each in first_messages("a", "shop", carried)] == first


# ------------------------------------------------------------------ from trigger to message


class Scene:
    """`start` with its ports, called as its queue would."""

    def __init__(self, ledger: MemoryLedger | None = None, uploaded: timedelta = timedelta(hours=1)) -> None:
        self.ledger = ledger or ledger_with()
        self.queues = MemoryQueues()
        self.objects: MemoryObjects = MemoryObjects(lambda: NOW - uploaded)
        self.objects.put("s3://data/shop/interactions/part-1.csv", b"USER_ID")
        self.personalize = Scripted(ListDatasetImportJobs=NO_JOBS)
        self.bus = MemoryBus()

    def trigger(self, run_id: str = "a", kind: TriggerKind = "schedule", hop: int = 0, **request: Any) -> None:
        trigger = Trigger(kind, run_id, Request("shop", **request), hop=hop)
        start(trigger, run_id, self.ports)

    @property
    def ports(self) -> Ports:
        return ports(self.personalize, self.ledger, self.queues, self.objects, self.bus)

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
    assert (begun.status, begun.plan, begun.dispatched_at) == ("RUNNING", first.plan, written(NOW))
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
    assert scene.lease.next == holder("b", request=Request("shop", solutions=("for-you", "similar")), joined=("c",))
    assert scene.run("b").status == "QUEUED"
    assert (scene.run("c").status, scene.run("c").joined) == ("JOINED", "b")


def test_a_second_delivery_that_found_a_place_for_a_run_that_has_joined_gives_it_back() -> None:
    """It was slower than the whole run that its trigger has become part of."""
    ledger = ledger_with(run("a", status="JOINED"), leases={"shop": Lease(active=holder("a"))})
    scene = Scene(ledger)
    scene.trigger("a")
    assert scene.lease.active is None
    assert scene.messages == []


def test_a_run_that_personalize_throttles_begins_later() -> None:
    scene = Scene()
    throttled = Throttled("ThrottlingException", "Rate exceeded", "ListDatasetImportJobs")
    scene.personalize = Scripted(ListDatasetImportJobs=[throttled, NO_JOBS])
    scene.trigger()
    ((step, body, delay),) = scene.queues.sent
    later = parse(Trigger, body)
    assert (step, later.run_id, later.hop, scene.run("a").hop) == ("start", "a", 1, 1)
    assert 0 < delay <= 75
    assert scene.run("a").status == "QUEUED"
    scene.queues.sent.clear()
    scene.trigger(hop=later.hop)
    assert [each.step for each in scene.messages] == ["import"]
    assert scene.run("a").status == "RUNNING"


def test_an_upload_rests_before_it_is_imported() -> None:
    scene = Scene(uploaded=timedelta(seconds=100))
    scene.trigger(kind="upload")
    ((step, sent, delay),) = scene.queues.sent
    assert (step, delay) == ("start", 201)
    assert cause(record(sent))[1] == "a"
    assert scene.run("a").status == "QUEUED"
    assert scene.lease.active
    assert not scene.lease.active.pinned


def test_other_triggers_do_not_wait_for_uploads_to_rest() -> None:
    scene = Scene(uploaded=timedelta(seconds=100))
    scene.trigger()
    assert [each.step for each in scene.messages] == ["import"]


@pytest.mark.parametrize("hop", [0, 1])
def test_an_upload_that_waits_and_comes_twice_waits_once(hop: int) -> None:
    scene = Scene(uploaded=timedelta(seconds=100))
    for _ in range(2):
        scene.trigger(kind="upload", hop=hop)
    ((_, sent, _),) = scene.queues.sent
    assert (parse(Trigger, sent).hop, scene.run("a").hop) == (hop + 1, hop + 1)


def test_a_remembered_upload_rests_from_its_turn_on() -> None:
    """It may have waited behind another run for longer than it would have waited for files."""
    asked = holder("b", trigger="upload", after="a", turn_at=written(NOW))
    queued = {"status": "QUEUED", "trigger": "upload", "created_at": written(NOW - timedelta(hours=9))}
    ledger = ledger_with(run("b", **queued), leases={"shop": Lease(active=asked)})
    scene = Scene(ledger, uploaded=timedelta(seconds=100))
    scene.trigger("b", kind="upload")
    ((step, _, delay),) = scene.queues.sent
    assert (step, delay) == ("start", 201)


LOST = "no sign of life for 3 hours: its messages are lost"
LONG_AGO = written(NOW - SILENCE)


def told(scene: Scene) -> list[tuple[str, Any, Any]]:
    return [(kind, detail["run_id"], detail["reason"]) for kind, detail in scene.bus.events]


def test_a_silent_run_is_ended_and_told_and_what_waits_behind_it_begins() -> None:
    silent = run("a", updated_at=LONG_AGO)
    waiting = run("b", status="QUEUED", updated_at=LONG_AGO)
    ledger = ledger_with(silent, waiting, leases={"shop": Lease(active=holder("a", pinned=True), next=holder("b"))})
    scene = Scene(ledger)
    scene.trigger("c", force=True)
    assert (scene.run("a").status, scene.run("a").reason) == ("FAILED", LOST)
    assert told(scene) == [("Personalize run failed", "a", LOST)]
    ((step, sent, _),) = scene.queues.sent
    assert (step, parse(Trigger, sent).run_id) == ("start", "b")
    assert (scene.run("c").status, scene.run("c").joined) == ("JOINED", "b")
    heir = holder("b", after="a", request=Request("shop", force=True), joined=("c",), turn_at=written(NOW))
    assert scene.lease.active == heir


def test_a_trigger_begins_in_the_place_of_a_silent_run() -> None:
    scene = Scene(ledger_with(run("a", updated_at=LONG_AGO), leases={"shop": Lease(active=holder("a", pinned=True))}))
    scene.trigger("c")
    assert [each.run_id for each in scene.messages] == ["c"]


@pytest.mark.parametrize("known", [True, False], ids=["with a record", "without a record"])
def test_a_run_that_never_began_does_not_block_its_pipeline(known: bool) -> None:
    queued = [run("a", status="QUEUED", updated_at=LONG_AGO)] if known else []
    scene = Scene(ledger_with(*queued, leases={"shop": Lease(active=holder("a"))}))
    scene.trigger("b")
    assert scene.lease.active == holder("b", pinned=True)
    assert [each.run_id for each in scene.messages] == ["b"]
    assert told(scene) == ([("Personalize run failed", "a", LOST)] if known else [])


def test_a_trigger_that_was_dead_for_days_begins_its_own_run() -> None:
    queued = run("a", status="QUEUED", updated_at=LONG_AGO)
    scene = Scene(ledger_with(queued, leases={"shop": Lease(active=holder("a"))}))
    scene.trigger("a")
    assert [each.run_id for each in scene.messages] == ["a"]


class Slow(MemoryObjects):
    """A bucket that takes so long to list that another run takes the lease meanwhile."""

    ledger: MemoryLedger

    def under(self, location: str) -> Listing:
        self.ledger.leases["shop"] = Lease(version=7, active=holder("b"))
        return super().under(location)


def test_a_delivery_that_is_slower_than_its_runs_end_keeps_no_lease() -> None:
    """Another one has begun the run, which had nothing to do; this one finds it a place afterwards."""

    class Quicker(MemoryLedger):
        def begin_run(self, begun: Run) -> Run:
            self.runs["shop", begun.run_id] = replace(begun, status="SKIPPED", finished_at=written(NOW))
            return self.runs["shop", begun.run_id]

    scene = Scene(Quicker({"shop": pipeline()}))
    scene.trigger("a")
    assert scene.messages == []
    assert scene.ledger.lease("shop").active is None


def test_a_run_that_is_taken_over_meanwhile_does_not_begin() -> None:
    scene = Scene()
    scene.objects = Slow(lambda: NOW - timedelta(hours=1))
    scene.objects.put("s3://data/shop/interactions/part-1.csv", b"USER_ID")
    scene.objects.ledger = scene.ledger
    scene.trigger("a", "upload")
    assert scene.messages == []
    assert scene.run("a").status == "QUEUED"
    assert scene.lease.active == holder("b")


class Late(MemoryObjects):
    """A bucket to which a file comes just after it was listed, with its trigger."""

    scene: Scene

    def under(self, location: str) -> Listing:
        found = super().under(location)
        if "items" in location and not found.files:
            self.put(f"{location}late.csv", b"ITEM_ID")
            self.scene.trigger("b", "upload")
        return found


def test_an_upload_that_joins_a_run_about_to_begin_is_imported_by_it() -> None:
    scene = Scene()
    scene.objects = objects = Late(scene.objects.clock, scene.objects.files)
    objects.scene = scene
    scene.trigger("a", "upload")
    assert (scene.run("b").status, scene.run("b").joined) == ("JOINED", "a")
    begun = scene.run("a").plan
    assert begun
    assert set(begun.imports) == {"interactions", "items"}


def test_what_is_uploaded_until_a_run_is_pinned_is_imported_by_it() -> None:
    scene = Scene()
    save = scene.ledger.save_lease

    def upload_first(pipeline: str, lease: Lease) -> None:
        if lease.active and lease.active.pinned:  # up to here another upload's trigger may join
            scene.objects.put("s3://data/shop/items/part-1.csv", b"ITEM_ID")
        save(pipeline, lease)

    scene.ledger.save_lease = upload_first  # type: ignore[method-assign] # somebody uploads just then
    scene.trigger("a")
    begun = scene.run("a").plan
    assert begun
    assert set(begun.imports) == {"interactions", "items"}


def test_a_record_stands_before_the_lease_is_taken() -> None:
    scene = Scene()

    def refuse(pipeline: str, lease: Lease) -> None:
        raise ConnectionError

    scene.ledger.save_lease = refuse  # type: ignore[method-assign] # DynamoDB fails
    with pytest.raises(ConnectionError):
        scene.trigger("a")
    assert scene.run("a").status == "QUEUED"


NO_SUCH = "Pipeline 'shop' has no solution for-me. Its solutions: for-you, similar."


def test_a_wrong_solution_is_told_and_spoils_no_other_run() -> None:
    scene = Scene(uploaded=timedelta(seconds=1))
    scene.trigger("a", kind="upload")
    scene.trigger("b", kind="event", solutions=("for-me",))
    assert scene.lease.active == holder("a", trigger="upload")
    assert (scene.run("b").status, scene.run("b").reason) == ("FAILED", NO_SUCH)
    assert told(scene) == [("Personalize run failed", "b", NO_SUCH)]


@pytest.mark.parametrize("joined", [("for-me",), ("for-me", "for-you")], ids=["its own", "what joined it"])
def test_a_solution_that_was_removed_while_its_trigger_waited_fails_that_run(joined: tuple[str, ...]) -> None:
    asked = holder("b", request=Request("shop", solutions=joined), after="a")
    ledger = ledger_with(run("b", status="QUEUED", request=asked.request), leases={"shop": Lease(active=asked)})
    scene = Scene(ledger)
    scene.trigger("b", solutions=joined[-1:])
    assert scene.messages == []
    assert scene.lease.active is None
    assert told(scene) == [("Personalize run failed", "b", NO_SUCH)]


# ------------------------------------------------------------------ uploads and what has been trained


def a_job(ended: timedelta) -> dict[str, Any]:
    """Return the import job of the file that lies in the bucket."""
    objects, location = Scene().objects, "s3://data/shop/interactions/"
    files = objects.with_checksums(location, objects.under(location).files)
    mark = fingerprint(pipeline().datasets["interactions"], files)
    return {
        "jobName": f"acme-x-interactions-{mark}",
        "status": "ACTIVE",
        "creationDateTime": NOW - ended - timedelta(minutes=10),
        "lastUpdatedDateTime": NOW - ended,
    }


def a_version(ago: timedelta, status: str = "ACTIVE") -> dict[str, Any]:
    return {
        "solutionVersionArn": VERSION,
        "status": status,
        "creationDateTime": NOW - ago,
        "lastUpdatedDateTime": NOW - ago + timedelta(minutes=30),
    }


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("versions", "trained"),
    [
        pytest.param([a_version(HOUR)], [], id="since the import"),
        pytest.param([a_version(2 * HOUR)], [], id="at the moment of the import's end"),
        pytest.param([a_version(3 * HOUR)], ["for-you", "similar"], id="before the import"),
        pytest.param([], ["for-you", "similar"], id="never"),
        pytest.param([a_version(HOUR, "CREATE FAILED")], ["for-you", "similar"], id="in vain"),
    ],
)
def test_an_upload_trains_what_has_not_seen_the_data_though_another_run_imported_it(
    versions: list[dict[str, Any]], trained: list[str]
) -> None:
    scene = Scene()
    jobs = {"datasetImportJobs": [a_job(2 * HOUR)]}
    scene.personalize = Scripted(ListDatasetImportJobs=jobs, ListSolutionVersions={"solutionVersions": versions})
    scene.trigger(kind="upload")
    assert [each.branch for each in scene.messages if each.step == "train"] == trained
    assert [each.ending.status for each in scene.messages if each.ending] == ([] if trained else ["SKIPPED"])


# ------------------------------------------------------------------ giving up


def test_a_trigger_that_is_given_up_fails_its_run_and_lets_the_next_begin() -> None:
    ledger = ledger_with(run("a", status="QUEUED"), run("b", status="QUEUED"))
    ledger.leases["shop"] = Lease(active=holder("a", pinned=True), next=holder("b"))
    scene = Scene(ledger)
    give_up(record(dump(Trigger("manual", "a", Request("shop"), run_id="a"))), "AccessDenied", scene.ports)
    assert told(scene) == [("Personalize run failed", "a", "AccessDenied")]
    ((_, sent, _),) = scene.queues.sent
    assert parse(Trigger, sent).run_id == "b"


def test_a_trigger_that_is_given_up_before_it_was_written_down_is_a_failed_run_too() -> None:
    """Its pipeline's declaration is another version's, and can't be read."""

    class Foreign(MemoryLedger):
        def pipeline(self, name: str) -> Pipeline:
            raise Unreadable("of version 2")

    ledger, bus = Foreign(declared={"shop": pipeline()}), MemoryBus()
    outside = ports(ledger=ledger, bus=bus)
    with pytest.raises(Unreadable):
        handle(record(body()), outside)
    give_up(record(body()), "5 tries", outside)
    (run_id,) = (run_id for _, run_id in ledger.runs)
    assert (ledger.runs["shop", run_id].status, ledger.runs["shop", run_id].reason) == ("FAILED", "5 tries")
    assert [told["run_id"] for _, told in bus.events] == [run_id]


def test_what_is_wrong_with_the_run_under_way_keeps_no_trigger_from_its_place() -> None:
    class Broken(MemoryLedger):
        def run(self, pipeline: str, run_id: str) -> Run | None:
            if run_id == "a":
                raise ConnectionError("out of order")
            return super().run(pipeline, run_id)

    asked = holder("a", pinned=True)
    ledger = Broken({"shop": pipeline()}, {"shop": Lease(active=asked)}, {("shop", "a"): run("a")})
    handle(record(body()), ports(ledger=ledger))
    waiting = ledger.lease("shop").next
    assert waiting
    assert ledger.runs["shop", waiting.run_id].status == "QUEUED"
