"""What a run leaves to the next ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import reduce
from typing import Any

from functions.memory import ENDED, after, remember
from functions.model import IMPORTS, BranchStatus
from functions.records import Branch, Memory, Run, Trained
from functions.times import written
from functions.timing import LATEST
from tests.support.build import CAMPAIGN, IMPORT_JOB, NOW, OLD_VERSION, RUN_ID, VERSION, ledger_with, plan, ports, run

AT = NOW.isoformat()


def step(*arns: str, minutes: float | None = 10, **more: Any) -> dict[str, Any]:
    over = (NOW + timedelta(minutes=minutes)).isoformat() if minutes else None
    return {"started_at": AT, "finished_at": over, "arns": [*arns], **more}


def ended(run_id: str = RUN_ID, version: str = VERSION, status: BranchStatus = "SUCCEEDED", **changes: Any) -> Run:
    """Return a run that has imported, trained and deployed."""
    branches = {
        IMPORTS: Branch(status="SUCCEEDED", steps={"import": step(IMPORT_JOB)}),
        "for-you": Branch(status=status, steps={"train": step(version), "deploy": step(CAMPAIGN.arn, took=600)}),
    }
    fields: dict[str, Any] = {"status": status, "plan": plan(), "branches": branches, **changes}
    return run(run_id, **fields)


def test_a_run_leaves_what_it_has_imported_trained_and_moved() -> None:
    assert after(Memory(), ended()) == Memory(
        ended=(RUN_ID,),
        imports={"interactions": (IMPORT_JOB,)},
        trained={"for-you": (Trained(VERSION, "FULL", AT, deployed=True),)},
        moves={CAMPAIGN.arn: (600,)},
    )


def test_the_last_to_end_comes_first_whatever_the_ids_say() -> None:
    """Whoever sends a trigger says what time it is: this one was dated 2031, and the next one an hour ago."""
    left = after(after(Memory(), ended("20310101t000000-ffffff", OLD_VERSION)), ended())
    assert left.ended == (RUN_ID, "20310101t000000-ffffff")
    assert [each.version for each in left.trained["for-you"]] == [VERSION, OLD_VERSION]


def test_an_end_that_is_told_late_comes_after_the_newer_ones() -> None:
    """The bus was down, and its dead letter is sent again after so many others that it is known no more."""
    late = ended("late", OLD_VERSION, status="FAILED", finished_at=written(NOW))
    newer = [ended(f"{n}", f"{VERSION}-{n % 2}", finished_at=written(NOW + timedelta(hours=1 + n))) for n in range(21)]
    left = reduce(after, newer, Memory())
    told = after(left, late)
    assert told.trained["for-you"] == (*left.trained["for-you"], Trained(OLD_VERSION, "FULL", AT, deployed=False))
    assert told.ended_at == left.ended_at
    again = reduce(after, newer, after(Memory(), late))
    assert after(again, late).trained == again.trained


def test_runs_that_joined_another_push_nothing_out() -> None:
    left = after(Memory(), ended(status="FAILED"))
    for number in range(30):
        left = after(left, run(f"joined-{number}", status="JOINED", branches={}))
    assert left == after(Memory(), ended(status="FAILED"))
    assert left.trained["for-you"][0].deployed is False


def test_an_end_that_is_told_twice_is_remembered_once() -> None:
    once = after(Memory(), ended())
    assert after(once, ended()) == once
    between = after(once, ended("b", OLD_VERSION))
    assert after(between, ended()) == between


def test_so_many_are_remembered_and_no_more() -> None:
    left = Memory()
    for number in range(30):
        left = after(left, ended(f"run-{number}", f"{VERSION}-{number}"))
    assert len(left.ended) == ENDED
    for remembered in (left.imports["interactions"], left.trained["for-you"], left.moves[CAMPAIGN.arn]):
        assert len(remembered) == LATEST
    assert left.trained["for-you"][0].version == f"{VERSION}-29"


def test_a_version_that_was_taken_over_stands_once_as_it_ended_last() -> None:
    left = after(after(Memory(), ended("a", status="FAILED")), ended("b"))
    assert left.trained["for-you"] == (Trained(VERSION, "FULL", AT, deployed=True),)


def test_what_was_not_made_is_not_remembered() -> None:
    idle = {IMPORTS: Branch(status="FAILED", steps={"import": step()}), "for-you": Branch(status="SKIPPED")}
    assert after(Memory(), ended(branches=idle)) == Memory(ended=(RUN_ID,))


def test_an_import_that_nobody_noted_may_have_been_made() -> None:
    """The function died after the call: the job's name makes its ARN."""
    silent = {IMPORTS: Branch(), "for-you": Branch()}
    assert after(Memory(), ended(status="FAILED", branches=silent)).imports == {"interactions": (IMPORT_JOB,)}


def test_only_personalizes_own_time_counts() -> None:
    """Ours tells when a look has seen the end: the next look would be as late again, and later."""
    run = ended()
    moved = replace(run.branches["for-you"], steps={"deploy": step(CAMPAIGN.arn)})
    assert after(Memory(), replace(run, branches={**run.branches, "for-you": moved})).moves == {}


def test_a_move_that_failed_tells_not_how_long_one_takes() -> None:
    assert after(Memory(), ended(status="FAILED")).moves == {}


def test_others_that_write_at_once_come_first() -> None:
    ledger = ledger_with(memories={"shop": after(Memory(version=4), ended("b", OLD_VERSION))})
    remember(ended(), ports(ledger=ledger))
    remember(ended(), ports(ledger=ledger))
    assert (ledger.memory("shop").ended, ledger.memory("shop").version) == ((RUN_ID, "b"), 5)
