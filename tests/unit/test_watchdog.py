"""Who looks after runs that have gone quiet, and what is done with them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.errors import NotLookedAfter, Unreadable
from functions.model import IMPORTS, Ending, Message, Request, Trigger, dump_short, parse
from functions.records import QUIET, SILENCE, Branch, Lease, Run, Turnstile
from functions.steps.start import give_up, handle
from functions.times import written
from functions.watchdog import WATCH, look_after, tell_untold
from tests.support.build import (
    CHOSEN,
    NOW,
    RUN_ID,
    UNSERVED,
    VERSION,
    holder,
    ledger_with,
    message,
    pipeline,
    plan,
    ports,
    record,
    run,
)
from tests.support.memory import MemoryBus, MemoryLedger, MemoryQueues

POLLING = message("poll", "for-you", hop=3, phase="train")
DONE = Branch(status="SUCCEEDED")


class Scene:
    """A run that holds the lease, and has not moved for a while."""

    def __init__(self, silent: timedelta = QUIET, **changes: Any) -> None:
        then = written(NOW - silent)
        fields = {"plan": plan(), "dispatched_at": then, "updated_at": then, **changes}
        asked = holder(RUN_ID, request=Request("shop", force=True), pinned=True)
        waiting = run("b", status="QUEUED")
        self.ledger = ledger_with(run(**fields), waiting, leases={"shop": Lease(active=asked, next=holder("b"))})
        self.queues, self.bus = MemoryQueues(), MemoryBus()

    def look_after(self, **but: Any) -> None:
        look_after("shop", ports(ledger=self.ledger, queues=self.queues, bus=self.bus), **but)

    @property
    def run(self) -> Run:
        return self.ledger.runs["shop", RUN_ID]

    @property
    def messages(self) -> list[Message]:
        return [parse(Message, body) for step, body, _ in self.queues.sent if step != "start"]

    @property
    def triggers(self) -> list[Trigger]:
        return [parse(Trigger, body) for step, body, _ in self.queues.sent if step == "start"]


@pytest.mark.parametrize(
    ("branches", "sent"),
    [
        pytest.param({IMPORTS: Branch(), "for-you": Branch()}, [message("import")], id="before its first step"),
        pytest.param(
            {IMPORTS: Branch(2, message=dump_short(message("poll", hop=2))), "for-you": Branch()},
            [message("poll", hop=2)],
            id="importing",
        ),
        pytest.param(
            {IMPORTS: DONE, "for-you": Branch()}, [message("train", "for-you", phase="train")], id="before it trains"
        ),
        pytest.param({IMPORTS: DONE, "for-you": Branch(3, message=dump_short(POLLING))}, [POLLING], id="training"),
    ],
)
def test_what_a_quiet_run_goes_on_by_is_sent_again(branches: dict[str, Branch], sent: list[Message]) -> None:
    scene = Scene(branches=branches)
    scene.look_after()
    assert scene.messages == sent
    assert scene.triggers == []
    assert scene.run.status == "RUNNING"


def test_every_branch_that_goes_on_is_put_back_and_no_other() -> None:
    both = plan(solutions={"a": plan().solutions["for-you"], "b": plan().solutions["for-you"]})
    going = replace(POLLING, branch="b", plan=both)
    scene = Scene(plan=both, branches={IMPORTS: DONE, "a": DONE, "b": Branch(3, message=dump_short(going))})
    scene.look_after()
    assert scene.messages == [going]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"status": "QUEUED", "plan": None, "branches": {}, "dispatched_at": None, "hop": 2}, id="queued"),
        pytest.param({"dispatched_at": None, "hop": 2}, id="begun, perhaps nothing sent"),
    ],
)
def test_a_run_that_has_not_begun_is_triggered_again(fields: dict[str, Any]) -> None:
    scene = Scene(**fields)
    scene.look_after()
    assert scene.triggers == [Trigger("schedule", RUN_ID, Request("shop", force=True), run_id=RUN_ID, hop=2)]
    assert scene.messages == []


def test_a_run_whose_end_was_lost_ends() -> None:
    scene = Scene(branches={IMPORTS: DONE, "for-you": DONE})
    scene.look_after()
    assert scene.run.status == "SUCCEEDED"
    assert [kind for kind, _ in scene.bus.events] == ["Personalize run succeeded"]
    assert [trigger.run_id for trigger in scene.triggers] == ["b"]


def test_a_run_that_ended_and_kept_the_lease_gives_it_up() -> None:
    scene = Scene(silent=timedelta(0), status="FAILED")
    scene.look_after()
    assert [kind for kind, _ in scene.bus.events] == ["Personalize run failed"]
    assert [trigger.run_id for trigger in scene.triggers] == ["b"]


def test_a_run_that_ended_and_was_told_is_not_told_again() -> None:
    scene = Scene(silent=timedelta(0), status="FAILED", told_at=written(NOW))
    scene.look_after()
    assert scene.bus.events == []
    assert [trigger.run_id for trigger in scene.triggers] == ["b"]


def test_a_run_is_not_lost_that_has_waited_for_its_turn_for_longer_than_a_lost_one_is_silent() -> None:
    """`finish` died between handing the lease on and sending the next run's trigger."""
    scene = Scene(status="QUEUED", plan=None, branches={}, dispatched_at=None, silent=SILENCE * 2)
    lease = scene.ledger.leases["shop"]
    assert lease.active
    turn = written(NOW - timedelta(minutes=5))
    scene.ledger.leases["shop"] = replace(lease, active=replace(lease.active, pinned=False, turn_at=turn))
    scene.look_after()
    assert scene.run.status == "QUEUED"
    assert scene.queues.sent == []
    turn = written(NOW - QUIET)
    scene.ledger.leases["shop"] = replace(lease, active=replace(lease.active, pinned=False, turn_at=turn))
    scene.look_after()
    assert [trigger.run_id for trigger in scene.triggers] == [RUN_ID]


def test_a_run_that_shows_no_sign_of_life_fails_and_the_next_begins() -> None:
    scene = Scene(silent=SILENCE)
    scene.look_after()
    assert (scene.run.status, scene.run.reason) == (
        "FAILED",
        "no sign of life for 3 hours: its messages are lost",
    )
    assert [trigger.run_id for trigger in scene.triggers] == ["b"]


def test_a_branch_whose_message_is_lost_is_found_while_another_one_moves() -> None:
    """It may have a slot that the other one waits for: that one comes by every quarter of an hour, for ever."""
    then, now = written(NOW - QUIET), written(NOW - timedelta(minutes=14))
    carried = {
        name: dump_short(message("poll" if name == "for-you" else "train", name, hop=3, phase="train"))
        for name in ("for-you", "similar")
    }
    scene = Scene(
        timedelta(minutes=14),
        plan=plan(solutions={"for-you": CHOSEN, "similar": UNSERVED}),
        dispatched_at=then,
        branches={
            IMPORTS: DONE,
            "for-you": Branch(3, message=carried["for-you"], moved_at=then),
            "similar": Branch(3, message=carried["similar"], moved_at=now),
        },
    )
    scene.look_after()
    assert [(each.step, each.branch) for each in scene.messages] == [("poll", "for-you")]


@pytest.mark.parametrize(("silent", "but"), [(QUIET - timedelta(seconds=1), None), (QUIET, RUN_ID), (SILENCE, RUN_ID)])
def test_a_run_that_moves_or_is_at_hand_is_left_alone(silent: timedelta, but: str | None) -> None:
    scene = Scene(silent=silent)
    before = scene.run
    scene.look_after(but=but)
    assert (scene.queues.sent, scene.run) == ([], before)


class Foreign(MemoryLedger):
    """A ledger whose runs another version has written."""

    written_at: str | None = None

    def run(self, pipeline: str, run_id: str) -> Run | None:
        if run_id == RUN_ID:
            raise Unreadable("a field is missing", self.written_at)
        return super().run(pipeline, run_id)

    def end_run(self, *args: Any, **fields: Any) -> bool:
        return MemoryLedger(runs=self.runs).end_run(*args, **fields)


def test_a_run_that_cannot_be_read_gives_way() -> None:
    scene = Scene(silent=timedelta(0))
    scene.ledger = Foreign(scene.ledger.declared, scene.ledger.leases, scene.ledger.runs)
    scene.look_after()
    assert [trigger.run_id for trigger in scene.triggers] == ["b"]
    assert (scene.run.status, scene.run.reason) == ("FAILED", "its record can't be read; a field is missing")
    assert [told["run_id"] for _, told in scene.bus.events] == [RUN_ID]


def test_what_cannot_be_read_or_told_is_told_by_who_can_read_it() -> None:
    class Deaf(MemoryBus):
        def put(self, detail_type: str, detail: dict[str, Any]) -> None:
            raise ConnectionError

    scene = Scene(silent=timedelta(0))
    scene.ledger = Foreign(scene.ledger.declared, scene.ledger.leases, scene.ledger.runs)
    scene.bus = Deaf()
    with pytest.raises(ConnectionError):
        scene.look_after()
    assert scene.ledger.lease("shop").untold == (RUN_ID,)
    assert [trigger.run_id for trigger in scene.triggers] == ["b"]


def test_one_that_has_ended_and_cannot_be_read_is_told_by_who_can_read_it() -> None:
    """Who ended it may have died before its event was put, or have heard nothing of having ended it."""
    scene = Scene(silent=timedelta(0))
    scene.ledger = Foreign(scene.ledger.declared, scene.ledger.leases, scene.ledger.runs)
    assert scene.ledger.end_run("shop", RUN_ID, "FAILED", NOW, reason="out of luck")
    scene.look_after()
    assert (scene.bus.events, scene.ledger.lease("shop").untold) == ([], (RUN_ID,))
    assert [trigger.run_id for trigger in scene.triggers] == ["b"]
    scene.ledger = MemoryLedger(scene.ledger.declared, scene.ledger.leases, scene.ledger.runs)
    tell_untold("shop", ports(ledger=scene.ledger, bus=scene.bus))
    assert [(told["run_id"], told["reason"]) for _, told in scene.bus.events] == [(RUN_ID, "out of luck")]


@pytest.mark.parametrize(("quiet", "gives_way"), [(QUIET - timedelta(seconds=1), False), (QUIET, True)])
def test_a_run_that_another_version_is_at_is_left_to_it(quiet: timedelta, gives_way: bool) -> None:
    """During an apply, or while the code is rolled back, both are at work."""
    scene = Scene(silent=timedelta(0))
    scene.ledger = Foreign(scene.ledger.declared, scene.ledger.leases, scene.ledger.runs)
    scene.ledger.written_at = written(NOW - quiet)
    scene.look_after()
    assert (scene.run.status == "FAILED") is gives_way


def test_what_goes_wrong_with_one_pipeline_holds_up_no_other() -> None:
    """Whatever it is: another version's lease, a permission, a throttled table."""
    scene = Scene()

    class Broken(MemoryLedger):
        def lease(self, pipeline: str) -> Lease:
            if pipeline == "books":
                raise ConnectionError("books is out of order")
            return super().lease(pipeline)

        def turnstile(self, kind: str) -> Turnstile:
            swept.append(kind)
            return super().turnstile(kind)

    swept: list[str] = []
    scene.ledger = Broken(scene.ledger.declared, scene.ledger.leases, scene.ledger.runs)
    scene.ledger.declared["books"] = pipeline(pipeline="books")
    with pytest.raises(NotLookedAfter, match="pipeline books: ConnectionError: books is out of order"):
        handle(record(WATCH), ports(ledger=scene.ledger, queues=scene.queues, bus=scene.bus))
    assert [each.run_id for each in scene.messages] == [RUN_ID]
    assert swept == ["import", "train"]


def test_a_bus_that_takes_nothing_does_not_keep_a_lost_run() -> None:
    class Refusing(MemoryBus):
        def put(self, detail_type: str, detail: dict[str, Any]) -> None:
            raise ConnectionError

    scene = Scene(silent=SILENCE)
    scene.bus = Refusing()
    with pytest.raises(ConnectionError):  # for the log, and for the message that is tried again
        scene.look_after()
    assert scene.run.status == "FAILED"
    assert [trigger.run_id for trigger in scene.triggers] == ["b"]


def test_an_end_that_the_bus_took_none_of_is_told_by_the_next_watch() -> None:
    class Down(MemoryBus):
        down = True

        def put(self, detail_type: str, detail: dict[str, Any]) -> None:
            if self.down:
                raise ConnectionError
            super().put(detail_type, detail)

    scene = Scene(silent=SILENCE)
    scene.bus = bus = Down()
    outside = ports(ledger=scene.ledger, queues=scene.queues, bus=bus)
    for _ in range(2):
        with pytest.raises(NotLookedAfter):
            handle(record(WATCH), outside)
        assert scene.ledger.lease("shop").untold == (RUN_ID,)
    bus.down = False
    handle(record(WATCH), outside)
    assert [told["run_id"] for _, told in bus.events] == [RUN_ID]
    assert scene.ledger.lease("shop").untold == ()
    handle(record(WATCH), outside)
    assert len(bus.events) == 1


def test_a_branch_whose_message_cannot_be_read_holds_up_no_other() -> None:
    newer = json.dumps(
        {**json.loads(dump_short(message("poll", "similar", hop=3, phase="train"))), "waits": "of a newer version"}
    )
    both = plan(solutions={"for-you": CHOSEN, "similar": UNSERVED})
    branches = {IMPORTS: DONE, "similar": Branch(3, message=newer), "for-you": Branch(3, message=dump_short(POLLING))}
    scene = Scene(plan=both, branches=branches)
    scene.look_after()
    assert [(each.branch, each.step) for each in scene.messages] == [("for-you", "poll")]


def test_the_schedules_message_has_all_pipelines_looked_after() -> None:
    scene = Scene()
    books = pipeline(pipeline="books")
    scene.ledger.declared["books"] = books
    scene.ledger.runs["books", "x"] = replace(scene.run, pipeline="books", run_id="x")
    scene.ledger.leases["books"] = Lease(active=holder("x", pinned=True))
    outside = ports(ledger=scene.ledger, queues=scene.queues)
    handle(record(WATCH), outside)
    assert [(each.pipeline, each.run_id) for each in scene.messages] == [("books", "x"), ("shop", RUN_ID)]
    give_up(record(WATCH), "why", outside)
    assert scene.run.status == "RUNNING"


def test_a_version_is_waited_for_again_where_it_was() -> None:
    """What is sent again is the message itself, with all that it waits for."""
    told = message("deploy", "for-you", hop=5, phase="deploy", solution_version=VERSION, ending=Ending("SUCCEEDED"))
    scene = Scene(branches={IMPORTS: DONE, "for-you": Branch(5, message=dump_short(told))})
    scene.look_after()
    assert scene.messages == [told]


def test_a_lease_that_cannot_be_read_is_made_anew_from_the_runs_that_have_not_ended() -> None:
    scene = Scene(silent=timedelta(minutes=5))
    fresh = written(NOW)

    class Broken(MemoryLedger):
        broken = True

        def lease(self, pipeline: str) -> Lease:
            if self.broken:
                raise Unreadable("of version 9")
            return super().lease(pipeline)

        def save_lease(self, pipeline: str, lease: Lease) -> None:
            self.broken = False
            super().save_lease(pipeline, lease)

    runs = scene.ledger.runs | {
        ("shop", "c"): run("c", status="QUEUED", created_at=fresh, updated_at=fresh),
        ("shop", "ended"): run("ended", status="FAILED", told_at=fresh),
        ("shop", "untold"): run("untold", status="FAILED", finished_at=fresh),
        ("shop", "waits"): run("waits", status="QUEUED", updated_at=written(NOW - SILENCE)),
        ("shop", "asks"): run("asks", status="JOINED", joined="waits", request=Request("shop", force=True)),
        ("books", "elsewhere"): run("elsewhere", status="QUEUED", updated_at=fresh),
    }
    runs["shop", "b"] = replace(runs["shop", "b"], updated_at=fresh)
    scene.ledger = Broken(scene.ledger.declared, {"shop": Lease(version=7)}, runs)
    scene.look_after()
    lease = scene.ledger.lease("shop")
    assert lease.version == 8
    assert lease.active
    assert (lease.active.run_id, lease.active.pinned) == (RUN_ID, True)
    assert lease.next
    assert (lease.next.run_id, lease.next.joined) == ("b", ("waits", "asks", "c"))
    assert lease.next.request.force, "what has joined one that waits is asked of it still"
    assert lease.untold == ("untold",)
    assert {key: (each.status, each.joined) for (_, key), each in scene.ledger.runs.items()} == {
        RUN_ID: ("RUNNING", None),
        "b": ("QUEUED", None),
        "c": ("JOINED", "b"),
        "ended": ("FAILED", None),
        "untold": ("FAILED", None),
        "waits": ("JOINED", "b"),
        "asks": ("JOINED", "waits"),
        "elsewhere": ("QUEUED", None),
    }
