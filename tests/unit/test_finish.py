"""How branches and runs end, and who comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from functions.endings import verdict
from functions.errors import Unreadable
from functions.model import IMPORTS, BranchStatus, Ending, Message, Request, Trigger, Wait, dump
from functions.ports import IN_VAIN, Mark
from functions.records import Branch, Lease, Memory, Run, Trained
from functions.steps.finish import finish, give_up
from functions.times import written
from tests.support.build import (
    CHOSEN,
    NOW,
    RUN_ID,
    UNSERVED,
    VERSION,
    holder,
    ledger_with,
    message,
    plan,
    ports,
    record,
    run,
)
from tests.support.memory import MemoryBus, MemoryLedger, MemoryQueues


def ended(status: BranchStatus, reason: str | None = None) -> Branch:
    return Branch(hop=3, step="finish", status=status, reason=reason)


RUNNING, SUCCEEDED = Branch(), ended("SUCCEEDED")
DONE = Ending("SUCCEEDED")


@pytest.mark.parametrize(
    ("branches", "ending"),
    [
        pytest.param({IMPORTS: RUNNING}, None, id="importing"),
        pytest.param({IMPORTS: SUCCEEDED}, Ending("SUCCEEDED"), id="imported, nothing to train"),
        pytest.param({IMPORTS: ended("SKIPPED", "same")}, Ending("SKIPPED", "same"), id="nothing to do"),
        pytest.param({IMPORTS: ended("FAILED", "csv")}, Ending("FAILED", "csv"), id="import failed"),
        pytest.param({IMPORTS: RUNNING, "x": RUNNING}, None, id="importing before training"),
        pytest.param({IMPORTS: ended("FAILED", "csv"), "x": RUNNING}, Ending("FAILED", "csv"), id="never trained"),
        pytest.param({IMPORTS: SUCCEEDED, "x": SUCCEEDED, "y": RUNNING}, None, id="one of two"),
        pytest.param({IMPORTS: SUCCEEDED, "x": ended("FAILED", "r"), "y": RUNNING}, None, id="a failure waits"),
        pytest.param({IMPORTS: SUCCEEDED, "x": SUCCEEDED, "y": SUCCEEDED}, Ending("SUCCEEDED"), id="all"),
        pytest.param(
            {IMPORTS: SUCCEEDED, "x": ended("FAILED", "few rows"), "y": SUCCEEDED},
            Ending("FAILED", "x: few rows"),
            id="one failed",
        ),
        pytest.param(
            {IMPORTS: SUCCEEDED, "x": ended("FAILED", "few rows"), "y": ended("FAILED", "quota")},
            Ending("FAILED", "x: few rows; y: quota"),
            id="both failed",
        ),
        pytest.param(
            {IMPORTS: SUCCEEDED, "x": ended("SKIPPED", "nothing new")},
            Ending("SKIPPED", "x: nothing new"),
            id="no news",
        ),
        pytest.param(
            {IMPORTS: replace(SUCCEEDED, steps={"import": {}}), "x": ended("SKIPPED", "nothing new")},
            Ending("SUCCEEDED"),
            id="no news, but imports",
        ),
        pytest.param(
            {IMPORTS: SUCCEEDED, "x": SUCCEEDED, "y": ended("SKIPPED", "nothing new")},
            Ending("SUCCEEDED"),
            id="news for one",
        ),
        # Its own note comes after the solutions' messages: it must not hold the run up.
        pytest.param({IMPORTS: RUNNING, "x": SUCCEEDED}, Ending("SUCCEEDED"), id="late note of the imports"),
    ],
)
def test_verdict(branches: dict[str, Branch], ending: Ending | None) -> None:
    assert verdict(branches) == ending


class Scene:
    """A run of one or two solutions, and `finish`."""

    def __init__(self, **branches: Branch) -> None:
        self.ledger = ledger_with(run(branches={IMPORTS: SUCCEEDED, **branches}))
        self.ledger.leases["shop"] = Lease(active=holder(RUN_ID, pinned=True))
        self.bus = MemoryBus()
        self.queues = MemoryQueues()

    def finish(self, branch: str, ending: Ending | None = None, **changes: Any) -> None:
        told = message("finish", branch, hop=4, ending=ending or Ending("SUCCEEDED"), **changes)
        finish(told, ports(ledger=self.ledger, bus=self.bus, queues=self.queues))

    @property
    def run(self) -> Run:
        return self.ledger.runs["shop", RUN_ID]


def test_the_last_branch_ends_the_run() -> None:
    scene = Scene(x=RUNNING, y=RUNNING)
    scene.finish("x")
    assert scene.run.status == "RUNNING"
    assert scene.bus.events == []
    scene.finish("y")
    assert (scene.run.status, scene.run.finished_at, scene.run.reason) == ("SUCCEEDED", written(NOW), None)
    ((kind, told),) = scene.bus.events
    assert kind == "Personalize run succeeded"
    assert {key: told[key] for key in ("run_id", "pipeline", "trigger", "status", "reason", "finished_at")} == {
        "run_id": RUN_ID,
        "pipeline": "shop",
        "trigger": "schedule",
        "status": "SUCCEEDED",
        "reason": None,
        "finished_at": written(NOW),
    }
    assert scene.ledger.lease("shop").active is None
    assert scene.queues.sent == []


def test_a_failed_branch_fails_the_run_with_its_reason_but_not_the_others() -> None:
    scene = Scene(x=RUNNING, y=RUNNING)
    scene.finish("x", Ending("FAILED", "too few interactions"), phase="train")
    scene.finish("y")
    assert (scene.run.status, scene.run.reason) == ("FAILED", "x: too few interactions")
    assert {name: branch.status for name, branch in scene.run.branches.items()} == {
        IMPORTS: "SUCCEEDED",
        "x": "FAILED",
        "y": "SUCCEEDED",
    }
    assert [kind for kind, _ in scene.bus.events] == ["Personalize run failed"]


def test_imports_that_are_given_up_skip_the_solutions() -> None:
    scene = Scene(x=RUNNING, y=RUNNING)
    scene.ledger.runs["shop", RUN_ID] = replace(scene.run, branches={IMPORTS: RUNNING, "x": RUNNING, "y": RUNNING})
    scene.finish(IMPORTS, Ending("FAILED", "5 tries"))
    assert {name: branch.status for name, branch in scene.run.branches.items()} == {
        IMPORTS: "FAILED",
        "x": "SKIPPED",
        "y": "SKIPPED",
    }
    assert (scene.run.status, scene.run.reason) == ("FAILED", "5 tries")


def test_imports_fail_and_their_solutions_are_skipped_in_one_write() -> None:
    """Else a run could end of which a solution is said to go on, or one go on whose solutions are skipped."""
    scene = Scene(x=RUNNING, y=RUNNING)
    begun = replace(scene.run, branches={IMPORTS: RUNNING, "x": RUNNING, "y": RUNNING})
    told: list[Mark | None] = []

    class Noting(MemoryLedger):
        def advance(self, message: Message, at: datetime, sent: Any, mark: Mark | None = None) -> None:
            told.append(mark)
            super().advance(message, at, sent, mark)

    scene.ledger = Noting({}, scene.ledger.leases, {("shop", RUN_ID): begun})
    scene.finish(IMPORTS, Ending("FAILED", "csv"))
    (mark,) = told
    assert mark
    assert (mark.status, mark.skipped) == ("FAILED", ("x", "y"))
    assert {name: (branch.status, branch.reason) for name, branch in scene.run.branches.items()} == {
        IMPORTS: ("FAILED", "csv"),
        "x": ("SKIPPED", IN_VAIN),
        "y": ("SKIPPED", IN_VAIN),
    }


def test_imports_that_are_given_up_once_a_solution_is_on_its_way_fail_nothing() -> None:
    """A delivery that sent the solutions on their way, died, and came again in vain has nothing to tell."""
    scene = Scene(x=RUNNING, y=RUNNING)
    on_its_way = {IMPORTS: RUNNING, "x": replace(RUNNING, hop=1), "y": RUNNING}
    scene.ledger.runs["shop", RUN_ID] = replace(scene.run, branches=on_its_way)
    scene.finish(IMPORTS, Ending("FAILED", "5 tries"))
    assert scene.run.status == "RUNNING"
    assert {name: branch.status for name, branch in scene.run.branches.items()} == {
        IMPORTS: "SUCCEEDED",
        "x": "RUNNING",
        "y": "RUNNING",
    }


def test_a_duplicate_of_the_imports_that_is_given_up_fails_nothing() -> None:
    scene = Scene(x=RUNNING)
    scene.ledger.runs["shop", RUN_ID] = replace(scene.run, branches={IMPORTS: replace(RUNNING, hop=5), "x": RUNNING})
    scene.finish(IMPORTS, Ending("FAILED", "5 tries"))
    assert scene.run.status == "RUNNING"
    assert {branch.status for branch in scene.run.branches.values()} == {"RUNNING"}


class Refusing(MemoryBus):
    """A bus that takes nothing."""

    def put(self, detail_type: str, detail: dict[str, Any]) -> None:
        raise ConnectionError


def test_a_run_whose_event_nobody_takes_ends_at_last_and_the_next_begins() -> None:
    """Its message would go to the dead letters, and the run would go on for ever."""
    scene = Scene(x=RUNNING)
    remembered(scene)
    told = message("finish", "x", hop=4, ending=Ending("SUCCEEDED"))
    outside = ports(ledger=scene.ledger, bus=Refusing(), queues=scene.queues)
    with pytest.raises(ConnectionError):
        finish(told, outside)
    assert scene.queues.sent == []
    with pytest.raises(ConnectionError):
        give_up(record(dump(told)), "ConnectionError", outside)
    assert scene.run.finished_at
    assert [step for step, _, _ in scene.queues.sent] == ["start"]
    bus = MemoryBus()  # and tells, redriven from the dead letters
    finish(told, ports(ledger=scene.ledger, bus=bus, queues=scene.queues))
    assert [kind for kind, _ in bus.events] == ["Personalize run succeeded"]


def test_the_next_run_does_not_begin_before_it_can_know_what_this_one_leaves() -> None:
    class Forgetful(MemoryLedger):
        def save_memory(self, pipeline: str, memory: Memory) -> None:
            raise ConnectionError

    scene = Scene(x=RUNNING)
    remembered(scene)
    told = message("finish", "x", hop=4, ending=Ending("SUCCEEDED"))
    scene.ledger.runs["shop", RUN_ID] = replace(scene.run, plan=plan(imports={}, solutions={}))
    ledger = Forgetful(scene.ledger.declared, scene.ledger.leases, scene.ledger.runs)
    outside = ports(ledger=ledger, queues=scene.queues)
    with pytest.raises(ConnectionError):
        finish(told, outside)
    with pytest.raises(ConnectionError):
        give_up(record(dump(told)), "ConnectionError", outside)
    assert scene.queues.sent == []


def test_a_branch_that_was_skipped_does_not_fail_any_more() -> None:
    """Its first message was sent before the imports were given up, and is given up itself."""
    scene = Scene(x=ended("SKIPPED", IN_VAIN), y=RUNNING)
    scene.finish("x", Ending("FAILED", "5 tries"))
    assert scene.run.branches["x"] == ended("SKIPPED", IN_VAIN)


def test_a_branch_that_failed_does_not_succeed_any_more() -> None:
    """Its message was given up, and the end that an earlier delivery of it had sent comes after that."""
    both = plan(solutions={"for-you": CHOSEN, "similar": UNSERVED})
    poll = message("poll", "for-you", hop=5, phase="deploy", plan=both)
    branches = {IMPORTS: SUCCEEDED, "for-you": Branch(hop=5), "similar": Branch(hop=2)}
    outside = ports(ledger=ledger_with(run(plan=both, branches=branches)))
    for each in (replace(poll, step="finish", ending=Ending("FAILED", "5 tries")), poll.to("finish", ending=DONE)):
        finish(each, outside)
    found = outside.ledger.run("shop", RUN_ID)
    assert found
    assert (found.branches["for-you"].status, found.branches["for-you"].reason) == ("FAILED", "5 tries")


def test_a_branch_whose_end_nobody_could_note_ends_when_it_is_given_up() -> None:
    scene = Scene(x=RUNNING)
    scene.ledger.runs["shop", RUN_ID] = replace(scene.run, branches={IMPORTS: RUNNING, "x": RUNNING})
    told = message("finish", IMPORTS, hop=4, ending=Ending("FAILED", "csv"))
    give_up(record(dump(told)), "ConnectionError", ports(ledger=scene.ledger, bus=scene.bus, queues=scene.queues))
    assert (scene.run.status, scene.run.reason) == ("FAILED", "csv")
    assert [branch.status for branch in scene.run.branches.values()] == ["FAILED", "SKIPPED"]


def test_an_end_tells_the_phase_that_nobody_could_note() -> None:
    """The version was ACTIVE already, and the one that found that died before it could note it."""
    scene = Scene(x=RUNNING)
    made = Wait("solution_version", VERSION, since="2026-11-23T20:00:00+00:00")
    scene.finish("x", phase="train", waits=(made,))
    phase = {"started_at": made.since, "finished_at": written(NOW), "arns": [VERSION]}
    assert scene.run.branches["x"].steps == {"train": phase}


def test_an_end_in_success_leaves_its_phase_as_the_poll_noted_it() -> None:
    over = {"deploy": {"started_at": "then", "finished_at": "later", "arns": ["c"]}}
    scene = Scene(x=replace(RUNNING, steps=over))
    scene.finish("x", phase="deploy")
    assert scene.run.branches["x"].steps == over


def test_a_failed_phase_is_noted_as_ended() -> None:
    begun = {"train": {"started_at": "then", "finished_at": None, "arns": ["v"]}}
    scene = Scene(x=replace(RUNNING, steps=begun))
    scene.finish("x", Ending("FAILED", "why"), phase="train")
    assert scene.run.branches["x"].steps["train"]["finished_at"] == written(NOW)


def test_failed_imports_end_the_run_and_skip_its_solutions() -> None:
    scene = Scene(x=RUNNING, y=RUNNING)
    scene.ledger.runs["shop", RUN_ID] = replace(scene.run, branches={**scene.run.branches, IMPORTS: RUNNING})
    scene.finish(IMPORTS, Ending("FAILED", "Input CSV is missing the following columns:[ITEM_ID]"))
    assert (scene.run.status, scene.run.reason) == (
        "FAILED",
        "Input CSV is missing the following columns:[ITEM_ID]",
    )
    assert {name: branch.status for name, branch in scene.run.branches.items()} == {
        IMPORTS: "FAILED",
        "x": "SKIPPED",
        "y": "SKIPPED",
    }
    ((_, told),) = scene.bus.events
    assert told["branches"]["x"]["status"] == "SKIPPED"


def test_a_run_with_nothing_to_do_is_skipped_without_an_event() -> None:
    scene = Scene()
    scene.ledger.runs["shop", RUN_ID] = replace(scene.run, branches={IMPORTS: RUNNING})
    scene.finish(IMPORTS, Ending("SKIPPED", "the data has not changed"))
    assert (scene.run.status, scene.run.reason) == ("SKIPPED", "the data has not changed")
    assert scene.bus.events == []
    assert scene.ledger.lease("shop").active is None


def test_an_ending_that_comes_twice_ends_once() -> None:
    scene = Scene(x=RUNNING)
    scene.finish("x")
    before = scene.run
    scene.finish("x")
    assert scene.run == before
    assert len(scene.bus.events) == 1


def test_a_run_that_is_gone_is_left_alone() -> None:
    bus = MemoryBus()
    finish(message("finish", "x"), ports(ledger=MemoryLedger(), bus=bus))
    assert bus.events == []


# ------------------------------------------------------------------ the remembered trigger


def remembered(scene: Scene, **changes: Any) -> None:
    heir = holder("b", trigger="upload", request=Request("shop", force=True), **changes)
    scene.ledger.leases["shop"] = Lease(active=holder(RUN_ID, pinned=True), next=heir)
    long_ago = run("b", status="QUEUED", updated_at="2026-11-20T00:00:00+00:00")
    scene.ledger.runs["shop", "b"] = long_ago


def test_the_remembered_trigger_begins() -> None:
    scene = Scene(x=RUNNING)
    remembered(scene)
    scene.finish("x")
    trigger = Trigger("upload", "b", Request("shop", force=True), run_id="b")
    assert scene.queues.sent == [("start", dump(trigger), 0)]
    active = scene.ledger.leases["shop"].active
    assert active
    assert active.turn_at == written(NOW)


def test_a_finish_that_died_before_it_sent_sends_when_it_comes_again() -> None:
    scene = Scene(x=RUNNING)
    remembered(scene)
    scene.finish("x")
    scene.finish("x")
    assert [step for step, _, _ in scene.queues.sent] == ["start", "start"]


def test_a_run_that_has_begun_is_not_sent_again() -> None:
    scene = Scene(x=RUNNING)
    remembered(scene)
    scene.finish("x")
    active = scene.ledger.leases["shop"].active
    assert active
    scene.ledger.leases["shop"] = Lease(version=9, active=replace(active, pinned=True))
    scene.finish("x")
    assert len(scene.queues.sent) == 1


def test_another_runs_end_starts_nobody() -> None:
    scene = Scene(x=RUNNING)
    lease = Lease(active=holder("other", after="another"), next=holder("b"))
    scene.ledger.leases["shop"] = lease
    scene.finish("x")
    assert scene.queues.sent == []
    assert scene.ledger.lease("shop") == lease


def test_an_event_that_nobody_took_comes_with_the_next_delivery() -> None:
    scene = Scene(x=RUNNING)
    scene.bus = Refusing()
    told: Message = message("finish", "x", hop=4, ending=Ending("SUCCEEDED"))
    with pytest.raises(ConnectionError):
        finish(told, ports(ledger=scene.ledger, bus=scene.bus, queues=scene.queues))
    assert (scene.run.status, scene.run.told_at) == ("SUCCEEDED", None)
    scene.bus = MemoryBus()
    scene.finish("x")
    scene.finish("x")
    assert scene.run.told_at == written(NOW)
    assert len(scene.bus.events) == 1


def test_the_event_tells_how_the_run_has_ended_and_no_other_end() -> None:
    """The watchdog took the run for lost while its last branch was being ended."""
    scene = Scene(x=RUNNING)

    class Meanwhile(MemoryLedger):
        def end_run(self, *args: Any, **fields: Any) -> bool:
            self.runs["shop", RUN_ID] = replace(self.runs["shop", RUN_ID], status="FAILED", reason="no sign of life")
            return super().end_run(*args, **fields)

    scene.ledger = Meanwhile(scene.ledger.declared, scene.ledger.leases, scene.ledger.runs)
    scene.finish("x")
    assert (scene.run.status, scene.run.reason) == ("FAILED", "no sign of life")
    assert [(kind, told["reason"]) for kind, told in scene.bus.events] == [
        ("Personalize run failed", "no sign of life")
    ]


def test_what_a_run_leaves_behind_is_written_before_the_next_one_begins() -> None:
    trained = {"train": {"started_at": "then", "finished_at": "later", "arns": [VERSION]}}
    scene = Scene(**{"for-you": Branch(hop=4, steps=trained)})
    scene.ledger.runs["shop", RUN_ID] = replace(scene.run, plan=plan())
    remembered(scene)

    class InOrder(MemoryQueues):
        def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
            assert scene.ledger.memory("shop").trained["for-you"] == (Trained(VERSION, "FULL", "then", True),)
            super().send(step, bodies, delay)

    scene.queues = InOrder()
    scene.finish("for-you")
    assert [step for step, _, _ in scene.queues.sent] == ["start"]
    assert scene.ledger.memory("shop").ended == (RUN_ID,)


def test_a_run_whose_record_cannot_be_read_ends_and_holds_up_nobody() -> None:
    scene = Scene(x=RUNNING)
    remembered(scene)

    class Foreign(MemoryLedger):
        def run(self, pipeline: str, run_id: str) -> Run | None:
            raise Unreadable("a field is missing")

        def end_run(self, *args: Any, **fields: Any) -> bool:
            return MemoryLedger(runs=self.runs).end_run(*args, **fields)

    scene.ledger = Foreign(scene.ledger.declared, scene.ledger.leases, scene.ledger.runs)
    told = record(dump(message("finish", "x", hop=4, ending=Ending("SUCCEEDED"))))
    give_up(told, "it can't be read", ports(ledger=scene.ledger, bus=scene.bus, queues=scene.queues))
    assert (scene.run.status, scene.run.reason) == ("FAILED", "it can't be read; a field is missing")
    assert [told["run_id"] for _, told in scene.bus.events] == [RUN_ID]
    assert [step for step, _, _ in scene.queues.sent] == ["start"]
