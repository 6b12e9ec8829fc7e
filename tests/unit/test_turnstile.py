"""Who is woken when a slot is free, and what becomes of slots that nobody gives back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from functions import slots, turnstile
from functions.endings import fail
from functions.engine import advance
from functions.errors import Conflict, Unreadable
from functions.guarded import ATTEMPTS
from functions.model import IMPORTS, Ending, Wait, dump_short
from functions.records import SILENCE, Branch, Holder, Lease, Run, Turnstile
from functions.slots import SWEPT_EVERY
from functions.steps import import_data, train
from functions.steps.finish import finish
from functions.times import written
from functions.watchdog import watch
from tests.support.build import (
    CHOSEN,
    IMPORT_JOB,
    NOW,
    UNSERVED,
    VERSION,
    holder,
    message,
    plan,
)
from tests.support.line import AT, SETS, THREE, Scene, tokens, told
from tests.support.memory import MemoryLedger
from tests.support.scripted import Scripted

# ------------------------------------------------------------------ asking


def test_imports_begin_with_the_slots_that_there_are() -> None:
    scene = Scene()
    scene.add("a")
    advance(import_data.STEP, told("a"), scene.ports)
    assert scene.personalize.operations == ["CreateDatasetImportJob"] * 2
    ((step, next_one, delay),) = scene.sent
    assert (step, delay, [wait.key for wait in next_one.waits]) == ("poll", 0, ["interactions", "items"])
    assert (tuple(scene.stile.holders), scene.stile.waiting) == (tokens("a", *SETS[:2]), tokens("a", "users"))


def test_who_has_no_slot_waits_for_the_longest_and_asks_personalize_nothing() -> None:
    scene = Scene("x", "y")
    scene.add("a")
    scene.add("x")
    advance(import_data.STEP, told("a", since=AT), scene.ports)
    assert scene.personalize.calls == []
    ((step, next_one, delay),) = scene.sent
    assert (step, delay, next_one.hop, next_one.since) == ("import", 900, 1, None)
    assert scene.stile.waiting == tokens("a", *SETS)


def test_a_message_that_comes_twice_holds_one_place() -> None:
    scene = Scene("x", "y")
    scene.add("a")
    for hop in (0, 1, 1):
        advance(import_data.STEP, told("a", hop=hop), scene.ports)
    assert scene.stile.waiting == tokens("a", *SETS)


def test_a_training_has_one_slot() -> None:
    scene = Scene("x", kind="train")
    scene.add("a", branches={name: Branch() for name in (IMPORTS, "for-you", "similar")})
    both = plan(solutions={"for-you": CHOSEN, "similar": UNSERVED})
    for name in both.solutions:
        asked = message("train", name, plan=both, phase="train")
        advance(train.STEP, replace(asked, run_id="a"), scene.ports)
    assert scene.personalize.operations.count("CreateSolutionVersion") == 1
    assert [(step, delay) for step, _, delay in scene.sent] == [("poll", 0), ("train", 900)]
    assert scene.stile.waiting == ("shop/a/similar/version",)


def test_what_was_made_before_needs_no_slot() -> None:
    scene = Scene("x", "y", kind="train")
    scene.add("a", branches={IMPORTS: Branch(), "for-you": Branch(making=written(NOW))})
    listed = {"solutionVersionArn": VERSION, "status": "CREATE PENDING", "creationDateTime": NOW}
    named = {"solutionVersion": {**listed, "name": "acme-a-for-you"}}
    scene.personalize = Scripted(
        ListSolutionVersions={"solutionVersions": [listed | {"lastUpdatedDateTime": NOW}]},
        DescribeSolutionVersion=named,
    )
    advance(train.STEP, replace(message("train", "for-you", phase="train"), run_id="a"), scene.ports)
    assert [step for step, _, _ in scene.sent] == ["poll"]
    assert scene.stile.waiting == ()


def test_a_turn_that_came_while_the_message_was_put_away_is_not_missed() -> None:
    """Who gave the slot saw the message before, which is stale by now."""
    scene = Scene("x", "y")
    scene.add("a")

    class Meanwhile(MemoryLedger):
        def advance(self, *args: Any, **kwargs: Any) -> None:
            super().advance(*args, **kwargs)
            stile = slots.leave(self.turnstile("import"), ["x"], 2, NOW)
            self.turnstiles["import"] = stile

    scene.ledger = Meanwhile(scene.ledger.declared, runs=scene.ledger.runs, turnstiles=scene.ledger.turnstiles)
    advance(import_data.STEP, told("a"), scene.ports)
    assert [(step, each.hop, delay) for step, each, delay in scene.sent] == [("import", 1, 900), ("import", 1, 0)]


# ------------------------------------------------------------------ handing on


def test_the_longest_waiting_is_woken_by_its_own_message_at_once() -> None:
    scene = Scene(*tokens("a", *SETS[:2]), waiting=(*tokens("b", *SETS), *tokens("c", *SETS)))
    scene.add("b", told("b", hop=4))
    scene.add("c", told("c", hop=7))
    turnstile.give_back(told("a", waits=()), ["interactions"], scene.ports)
    assert scene.sent == [("import", told("b", hop=4), 0)]
    assert tuple(scene.stile.holders) == (*tokens("a", "items"), *tokens("b", "interactions"))


def test_two_slots_for_one_run_are_one_message() -> None:
    scene = Scene(*tokens("a", *SETS[:2]), waiting=tokens("b", *SETS))
    scene.add("b", told("b"))
    turnstile.leave("shop", "a", scene.ports)
    assert [step for step, _, _ in scene.sent] == ["import"]
    assert tuple(scene.stile.holders) == tokens("b", *SETS[:2])


def test_a_run_that_polls_its_other_jobs_is_called_back_to_make_more() -> None:
    scene = Scene(*tokens("a", "users"), *tokens("b", "interactions"), waiting=tokens("b", "items"))
    two = replace(THREE, imports={name: THREE.imports[name] for name in SETS[:2]})
    wait = Wait("dataset_import_job", IMPORT_JOB, key="interactions")
    polling = replace(told("b", "poll", hop=3, waits=(wait,)), plan=two)
    scene.add("b", polling, plan=two)
    turnstile.give_back(told("a", waits=()), ["users"], scene.ports)
    assert scene.sent == [("import", replace(polling, step="import"), 0)]


def test_what_gives_back_is_not_woken_itself() -> None:
    """It is at hand, and looks for its turn when its next message is away."""
    scene = Scene(*tokens("a", *SETS[:2]), waiting=tokens("a", "users"))
    scene.add("a", told("a", "poll", hop=2))
    wait = Wait("dataset_import_job", IMPORT_JOB, key="interactions")
    turnstile.give_back(told("a", "poll", hop=2, waits=(wait,)), ["interactions"], scene.ports)
    assert tuple(scene.stile.holders) == (*tokens("a", "items"), *tokens("a", "users"))
    assert scene.sent == []
    turnstile.call_up(told("a", "poll", hop=3, waits=(wait,)), scene.ports)
    assert [(step, each.hop) for step, each, _ in scene.sent] == [("import", 3)]


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param({"status": "FAILED"}, id="its run is over"),
        pytest.param({"plan": None}, id="it never began"),
        pytest.param({"branches": {IMPORTS: Branch(status="FAILED")}}, id="its branch has ended"),
        pytest.param({"branches": {"for-you": Branch()}}, id="there is no such branch"),
        pytest.param({"branches": {IMPORTS: Branch(message=dump_short(told("b", "finish")))}}, id="it is ending"),
        pytest.param(
            {"branches": {IMPORTS: Branch(message=dump_short(told("b", "deploy", phase="deploy")))}}, id="it is beyond"
        ),
    ],
)
def test_who_does_not_need_a_slot_any_more_passes_it_on(gone: dict[str, Any]) -> None:
    scene = Scene(*tokens("a", *SETS[:2]), waiting=(*tokens("b", *SETS), *tokens("c", *SETS)))
    scene.add("b", told("b"), **gone)
    scene.add("c", told("c"))
    turnstile.give_back(told("a", waits=()), ["interactions"], scene.ports)
    assert [each.run_id for _, each, _ in scene.sent] == ["c"]
    assert tuple(scene.stile.holders) == (*tokens("a", "items"), *tokens("c", "interactions"))


def test_a_run_whose_first_message_is_being_worked_keeps_the_slot() -> None:
    scene = Scene(*tokens("a", *SETS[:2]), waiting=tokens("b", *SETS))
    scene.add("b")
    turnstile.give_back(told("a", waits=()), ["interactions"], scene.ports)
    assert scene.sent == []
    assert tokens("b", "interactions")[0] in scene.stile.holders


def test_giving_back_twice_wakes_nobody_twice() -> None:
    scene = Scene(*tokens("a", *SETS[:2]), waiting=tokens("b", *SETS))
    scene.add("b", told("b"))
    for _ in range(2):
        turnstile.give_back(told("a", waits=()), ["interactions"], scene.ports)
    assert len(scene.sent) == 1


# ------------------------------------------------------------------ ends


@pytest.mark.parametrize("status", ["FAILED", "SKIPPED"])
def test_a_branch_that_fails_or_is_skipped_gives_all_back_and_leaves_the_line(
    status: Literal["FAILED", "SKIPPED"],
) -> None:
    scene = Scene(*tokens("a", *SETS[:2]), waiting=(*tokens("a", "users"), *tokens("b", *SETS)))
    scene.add("a", told("a"))
    scene.add("b", told("b"))
    finish(told("a", "finish", hop=3, ending=Ending(status, "why")), scene.ports)
    assert (tuple(scene.stile.holders), scene.stile.waiting) == (tokens("b", *SETS[:2]), tokens("b", "users"))
    assert [(step, each.run_id) for step, each, _ in scene.sent] == [("import", "b")]


def test_a_run_that_is_ended_from_outside_gives_all_back() -> None:
    scene = Scene("shop/a/for-you/version", waiting=("shop/a/similar/version",), kind="train")
    scene.add("a")
    fail("shop", "a", "lost", scene.ports)
    assert (scene.stile.holders, scene.stile.waiting) == ({}, ())


def test_the_next_run_begins_though_the_slots_cannot_be_given_back() -> None:
    scene = Scene(*tokens("a", *SETS[:2]))
    scene.add("a")
    scene.add("heir", status="QUEUED", plan=None)

    class Stuck(MemoryLedger):
        def save_turnstile(self, kind: str, turnstile: Turnstile) -> None:
            raise Conflict(kind)

    lease = Lease(active=holder("a", pinned=True), next=holder("heir"))
    scene.ledger = Stuck(scene.ledger.declared, {"shop": lease}, scene.ledger.runs, scene.ledger.turnstiles)
    with pytest.raises(Conflict):
        fail("shop", "a", "lost", scene.ports)
    assert [step for step, _, _ in scene.queues.sent] == ["start"]
    assert isinstance(scene.ledger.lease("shop").active, Holder)


# ------------------------------------------------------------------ what nobody gives back


def test_the_watchdog_takes_slots_back_from_runs_that_are_over() -> None:
    kept = tokens("b", "items")
    scene = Scene(*tokens("a", "items"), *kept, waiting=tokens("b", "users"))
    scene.add("a", status="SUCCEEDED")
    scene.add("b", told("b"))
    watch(scene.ports)
    assert tuple(scene.stile.holders) == (*kept, *tokens("b", "users"))
    assert [each.run_id for _, each, _ in scene.sent] == ["b"]


def test_who_finds_all_taken_looks_now_and_then_whether_the_holders_are_there() -> None:
    scene = Scene(*tokens("a", "items", "users"))
    scene.add("b")
    ahead = replace(scene.ports, clock=lambda: NOW + SWEPT_EVERY)
    assert turnstile.take(told("b"), ["items"], scene.ports) == []
    assert turnstile.take(told("b"), ["items"], ahead) == ["items"]
    assert scene.stile.swept_at == written(NOW + SWEPT_EVERY)


def test_a_slot_for_a_job_that_is_done_is_taken_back() -> None:
    """A duplicate that was slower than the job itself took it."""
    wait = Wait("dataset_import_job", IMPORT_JOB, key="items", done=True)
    scene = Scene(*tokens("a", "items", "users"))
    scene.add("a", told("a", "poll", waits=(wait,)))
    turnstile.sweep("import", scene.ports)
    assert tuple(scene.stile.holders) == tokens("a", "users")


def test_a_record_that_cannot_be_read_holds_no_slot() -> None:
    scene = Scene(*tokens("a", "items"))

    class Foreign(MemoryLedger):
        def run(self, pipeline: str, run_id: str) -> Run | None:
            raise Unreadable("a field is missing")

    scene.ledger = Foreign(turnstiles=scene.ledger.turnstiles)
    turnstile.sweep("import", scene.ports)
    assert scene.stile.holders == {}


def test_a_turnstile_that_nobody_uses_is_not_written() -> None:
    scene = Scene()
    before = scene.stile
    turnstile.sweep("import", scene.ports)
    turnstile.leave("shop", "a", scene.ports)
    assert scene.stile is before


# ------------------------------------------------------------------ many at once


def test_writers_that_meet_rest_longer_and_longer() -> None:
    scene = Scene()
    rests: list[int] = []

    class Contended(MemoryLedger):
        times = 3

        def save_turnstile(self, kind: str, turnstile: Turnstile) -> None:
            self.times -= 1
            if self.times >= 0:
                raise Conflict(kind)
            super().save_turnstile(kind, turnstile)

    scene.ledger = ledger = Contended()
    resting = replace(scene.ports, rest=rests.append)
    assert turnstile.take(told("a"), ["items"], resting) == ["items"]
    assert rests == [0, 1, 2]
    ledger.times = ATTEMPTS
    with pytest.raises(Conflict, match="The turnstile of import changed 20 times in a row"):
        turnstile.take(told("b"), ["items"], resting)


# ------------------------------------------------------------------ what goes wrong beside it


def test_a_stale_failure_takes_no_slots_of_a_branch_that_has_come_on() -> None:
    waits = tuple(Wait("dataset_import_job", f"arn:{key}", since=AT, key=key) for key in SETS[:2])
    live = told("a", "poll", hop=6, waits=waits)
    scene = Scene(*tokens("a", *SETS[:2]), waiting=(*tokens("a", "users"), *tokens("other", "items")))
    scene.add("a", live)
    finish(told("a", "finish", hop=1, ending=Ending("FAILED", "step import: 5 tries")), scene.ports)
    assert scene.ledger.runs["shop", "a"].branches[IMPORTS].status == "RUNNING"
    assert tuple(scene.stile.holders) == tokens("a", *SETS[:2])
    assert scene.stile.waiting == (*tokens("a", "users"), *tokens("other", "items"))


def test_a_message_that_can_not_be_read_holds_up_nobody_else() -> None:
    scene = Scene(*tokens("a", "interactions"), *tokens("b", "items"))
    scene.add("a", told("a", "poll", hop=1))
    standing = scene.ledger.runs["shop", "a"]
    strange = dump_short(told("a", "poll", hop=1)).replace('"version":1', '"version":99')
    assert "99" in strange
    broken = {IMPORTS: replace(standing.branches[IMPORTS], message=strange)}
    scene.ledger.runs["shop", "a"] = replace(standing, branches=broken)
    scene.ledger.turnstiles["import"] = replace(scene.stile, swept_at=None)
    scene.add("c")
    advance(import_data.STEP, told("c"), scene.ports)
    assert tokens("a", "interactions")[0] in scene.stile.holders
    assert [step for step, _, _ in scene.sent] == ["poll"], "b's slot was free, since there is no such run"


def test_a_run_that_nobody_looks_after_any_more_gives_way() -> None:
    """Its pipeline is declared no longer, and its message is lost: only its silence tells."""
    scene = Scene(*tokens("a", "items"))
    scene.add("a", told("a", "poll", hop=1), updated_at=written(NOW - SILENCE))
    scene.ledger.declared.clear()
    watch(scene.ports)
    assert not scene.stile.holders


def test_whose_turn_came_with_a_write_that_was_answered_late_is_woken() -> None:
    """The SDK writes a second time, and is told that another one was quicker: it was itself."""
    own = told("a", "poll", hop=2, waits=(Wait("dataset_import_job", "arn:i", since=AT, key="interactions"),))
    scene = Scene(*tokens("a", "interactions"), "shop/x/*/y", waiting=tokens("b", "items"))
    scene.add("a", own)
    scene.add("b", told("b", hop=1))

    class Late(MemoryLedger):
        late = True

        def save_turnstile(self, kind: str, turnstile: Turnstile) -> None:
            super().save_turnstile(kind, turnstile)
            if self.late:
                self.late = False
                raise Conflict(kind)

    scene.ledger = Late(scene.ledger.declared, runs=scene.ledger.runs, turnstiles=scene.ledger.turnstiles)
    turnstile.give_back(own, ["interactions"], scene.ports)
    assert [(step, each.run_id) for step, each, _ in scene.sent] == [("import", "b")]
