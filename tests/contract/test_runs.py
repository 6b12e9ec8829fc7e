"""The ledger's records of runs and their branches: DynamoDB and its twin behave the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.model import IMPORTS, Message, Request, dump_short, parse_short
from functions.ports import IN_VAIN, Mark
from functions.records import Branch, Run
from functions.times import written
from functions.timing import Shift
from tests.contract.account import TABLE, Account, client
from tests.contract.ledgers import Case
from tests.support.build import (
    NOW,
    RUN_ID,
    an_import,
    message,
    plan,
    run,
)

LATER = NOW + timedelta(minutes=7)


# ------------------------------------------------------------------ runs


def full_run(**changes: Any) -> Run:
    """Return a run with everything that a run can have."""
    fields: dict[str, Any] = {
        "request": Request("shop", "train", ("for-you", "similar"), "UPDATE", force=True),
        "plan": plan(imports={"items": an_import("items", expected=612.5)}),
        "started_at": written(NOW),
        "warnings": ("a file in a folder is not imported",),
        "branches": {
            IMPORTS: Branch(status="SUCCEEDED"),
            "for-you": Branch(
                7,
                "poll",
                "FAILED",
                "why: ü",
                dump_short(message("poll", "for-you", hop=7)),
                {"train": {"started_at": written(NOW), "finished_at": None, "arns": ["arn:v"]}},
            ),
        },
    }
    return run(**{**fields, **changes})


def test_a_run_is_read_as_written(case: Case) -> None:
    case.ledger.create_run(full_run())
    assert case.standing() == full_run()


def test_there_is_no_such_run(case: Case) -> None:
    case.ledger.create_run(run())
    assert case.ledger.run("shop", "other") is None
    assert case.ledger.run("books", RUN_ID) is None


def test_a_run_is_created_once(case: Case) -> None:
    case.ledger.create_run(run(status="QUEUED"))
    case.ledger.create_run(run(status="JOINED", joined="other"))
    assert case.standing() == run(status="QUEUED")


def test_a_run_begins_once(case: Case) -> None:
    case.ledger.create_run(run(status="QUEUED"))
    first = full_run()
    assert case.ledger.begin_run(first) == first
    assert case.ledger.begin_run(full_run(plan=plan(solutions={}))) == first
    assert case.standing() == first


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "JOINED"])
def test_only_a_queued_run_begins(case: Case, status: Any) -> None:
    case.ledger.create_run(run(status=status))
    assert case.ledger.begin_run(full_run()) == run(status=status)


def test_fields_of_a_run_are_set(case: Case) -> None:
    case.ledger.create_run(full_run())
    case.ledger.update_run("shop", RUN_ID, LATER, status="FAILED", reason="why", finished_at=written(LATER))
    assert case.standing() == replace(
        full_run(), status="FAILED", reason="why", finished_at=written(LATER), updated_at=written(LATER)
    )
    case.ledger.update_run("shop", RUN_ID, LATER, reason=None)
    assert case.standing().reason is None


def test_how_a_run_has_ended_is_never_rewritten(case: Case) -> None:
    case.ledger.create_run(run(status="QUEUED"))
    assert case.ledger.end_run("shop", RUN_ID, "FAILED", NOW, reason="first")
    assert not case.ledger.end_run("shop", RUN_ID, "SUCCEEDED", LATER)
    found = case.standing()
    assert (found.status, found.reason, found.finished_at) == ("FAILED", "first", written(NOW))


def test_a_sign_of_life_changes_nothing_else(case: Case) -> None:
    case.ledger.create_run(full_run())
    case.ledger.update_run("shop", RUN_ID, LATER)
    assert case.standing() == replace(full_run(), updated_at=written(LATER))


def test_a_run_that_is_not_there_is_not_made_by_an_update(case: Case) -> None:
    case.ledger.update_run("shop", "other", LATER, status="FAILED")
    case.ledger.advance(message("poll", hop=2), LATER, ())
    assert case.ledger.run("shop", "other") is None
    assert case.ledger.run("shop", RUN_ID) is None


# ------------------------------------------------------------------ branches

NAMES = [IMPORTS, "for-you", "for_you.2", "1st", "status", "a-b-c"]


@pytest.fixture(params=NAMES)
def branch(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def begun(case: Case) -> Case:
    case.ledger.create_run(run(branches={name: Branch() for name in NAMES}))
    return case


def going(step: str, branch: str, hop: int) -> list[Message]:
    """Return what was sent: the branch's own message among others."""
    other = next(name for name in NAMES if name != branch)
    return [message(step, other), message(step, branch, hop=hop)]


def carried(step: str, branch: str, hop: int) -> str:
    return dump_short(message(step, branch, hop=hop))


def test_a_cursor_moves_on_its_own_branch(begun: Case, branch: str) -> None:
    begun.ledger.advance(message("poll", branch, hop=2), LATER, going("train", branch, 3))
    moved = begun.standing()
    after = Branch(3, "train", message=carried("train", branch, 3), moved_at=written(LATER))
    assert moved.branches == {name: Branch() for name in NAMES} | {branch: after}
    assert parse_short(after.message or "", plan()) == message("train", branch, hop=3)
    assert moved.updated_at == written(LATER)


def test_a_phase_that_is_told_again_keeps_its_beginning(begun: Case, branch: str) -> None:
    """The message that begins it may die before it is noted: each later one tells it again, and what came since."""
    began = Mark("train", ("arn:a",), since=written(NOW))
    begun.ledger.advance(message("poll", branch, hop=1), LATER, going("poll", branch, 2), began)
    phase = {"started_at": written(NOW), "finished_at": None, "arns": ["arn:a"]}
    assert begun.standing().branches[branch].steps == {"train": phase}

    again = Mark("train", ("arn:a", "arn:b"), since=written(NOW), finished=True)
    begun.ledger.advance(message("poll", branch, hop=2), LATER, going("deploy", branch, 3), again)
    both = phase | {"finished_at": written(LATER), "arns": ["arn:a", "arn:b"]}
    assert begun.standing().branches[branch].steps == {"train": both}


def test_marks_are_kept_on_their_branch(begun: Case, branch: str) -> None:
    begun.ledger.advance(
        message("train", branch, hop=0), NOW, going("poll", branch, 1), Mark("train", ("arn:a", "arn:b"))
    )
    phase = {"started_at": written(NOW), "finished_at": None, "arns": ["arn:a", "arn:b"]}
    assert begun.standing().branches[branch] == Branch(
        1, "poll", message=carried("poll", branch, 1), steps={"train": phase}, moved_at=written(NOW)
    )

    begun.ledger.advance(
        message("poll", branch, hop=1), LATER, going("deploy", branch, 2), Mark("train", finished=True)
    )
    phase["finished_at"] = written(LATER)
    assert begun.standing().branches[branch] == Branch(
        2, "deploy", message=carried("deploy", branch, 2), steps={"train": phase}, moved_at=written(LATER)
    )

    begun.ledger.advance(message("deploy", branch, hop=2), LATER, going("poll", branch, 3), Mark("deploy", ("arn:c",)))
    ended = Mark("deploy", finished=True, status="FAILED", reason="why")
    begun.ledger.advance(message("finish", branch, hop=3), LATER, (), ended)
    end = {"started_at": written(LATER), "finished_at": written(LATER), "arns": ["arn:c"]}
    assert begun.standing().branches[branch] == Branch(
        4, "finish", "FAILED", "why", steps={"train": phase, "deploy": end}, moved_at=written(LATER)
    )


def test_how_long_a_phase_took_by_personalizes_clock_is_kept(begun: Case, branch: str) -> None:
    begun.ledger.advance(message("train", branch, hop=0), NOW, (), Mark("train", ("arn:a",)))
    ended = Mark("train", finished=True, took=2210, shift=Shift(-0.69, 0.05, 2))
    begun.ledger.advance(message("poll", branch, hop=1), LATER, (), ended)
    begun_then = {"started_at": written(NOW), "finished_at": written(LATER), "arns": ["arn:a"]}
    phase = begun_then | {"took": 2210, "shift": {"by": -69, "spread": 5, "things": 2}}
    assert begun.standing().branches[branch].steps == {"train": phase}


def test_branches_that_end_with_another_one_are_skipped(begun: Case, branch: str) -> None:
    others = tuple(name for name in NAMES if name != branch)
    failed = Mark(status="FAILED", reason="why", skipped=others)
    begun.ledger.advance(message("finish", branch, hop=1), LATER, (), failed)
    standing = begun.standing().branches
    assert (standing[branch].status, standing[branch].reason) == ("FAILED", "why")
    assert [standing[name] for name in others] == [Branch(status="SKIPPED", reason=IN_VAIN)] * len(others)


def test_a_stale_failure_skips_nothing(begun: Case) -> None:
    begun.ledger.advance(message("poll", "for-you", hop=3), NOW, ())
    failed = Mark(status="FAILED", reason="why", skipped=(NAMES[0],))
    begun.ledger.advance(message("finish", "for-you", hop=1), LATER, (), failed)
    assert {branch.status for branch in begun.standing().branches.values()} == {"RUNNING"}


@pytest.mark.parametrize("hop", [0, 4])
def test_a_cursor_never_goes_back(begun: Case, hop: int) -> None:
    begun.ledger.advance(message("poll", "for-you", hop=4), NOW, going("deploy", "for-you", 5))
    before = begun.standing()
    stale = Mark("train", ("arn:a",), status="FAILED", reason="stale")
    begun.ledger.advance(message("train", "for-you", hop=hop), LATER, (), stale)
    assert begun.standing() == before


def test_a_phase_that_did_not_begin_does_not_end(begun: Case) -> None:
    begun.ledger.advance(message("deploy", "for-you", hop=2), LATER, (), Mark("deploy", finished=True))
    assert begun.standing().branches["for-you"] == Branch(3, "deploy", moved_at=written(LATER))


def test_an_end_that_was_cut_off_is_noted_by_the_next_delivery(begun: Case) -> None:
    """The cursor has moved, the phase's end was not written: the message comes again."""
    begun.ledger.advance(message("train", "for-you", hop=0), NOW, (), Mark("train", ("arn:a",)))
    begun.ledger.advance(message("poll", "for-you", hop=1), NOW, ())
    begun.ledger.advance(message("poll", "for-you", hop=1), LATER, (), Mark("train", finished=True))
    assert begun.standing().branches["for-you"].steps["train"]["finished_at"] == written(LATER)


def test_a_phase_of_which_more_begins_has_begun_when_its_first_did(begun: Case) -> None:
    begun.ledger.advance(message("import", hop=0), NOW, (), Mark("import", ("arn:a",)))
    more = Mark("import", ("arn:a", "arn:b"), since=written(NOW))
    begun.ledger.advance(message("import", hop=1), LATER, (), more)
    phase = {"started_at": written(NOW), "finished_at": None, "arns": ["arn:a", "arn:b"]}
    assert begun.standing().branches[IMPORTS].steps == {"import": phase}


# ------------------------------------------------------------------ what is about to be made


@pytest.mark.parametrize("branch", [IMPORTS, "for-you"])
def test_one_of_two_deliveries_is_the_first_that_is_about_to_make_something(begun: Case, branch: str) -> None:
    told = message("train", branch)
    assert begun.ledger.intend(told, NOW, None)
    assert begun.standing().branches[branch].making == written(NOW)
    assert not begun.ledger.intend(told, LATER, None)
    assert begun.standing().branches[branch].making == written(NOW)
    assert begun.ledger.intend(told, LATER, written(NOW))
    assert begun.ledger.intend(told, None, written(LATER))
    assert begun.standing().branches[branch].making is None
    assert begun.ledger.intend(told, NOW, None)


def test_a_branch_that_another_version_began_has_no_note_yet(account: Account) -> None:
    account.ledger.create_run(run(branches={"for-you": Branch()}))
    client("dynamodb").update_item(
        TableName=TABLE,
        Key={"pk": {"S": "run#shop"}, "sk": {"S": RUN_ID}},
        UpdateExpression="REMOVE branches.#b.making",
        ExpressionAttributeNames={"#b": "for-you"},
    )
    assert account.ledger.intend(message("train", "for-you"), NOW, None)
    assert not account.ledger.intend(message("train", "for-you"), LATER, None)


def test_how_a_branch_has_ended_is_never_rewritten(begun: Case) -> None:
    """Two deliveries of `finish` at the same time: one that gives the branch up, and the branch's own."""
    failed = Mark(phase="train", status="FAILED", reason="given up")
    begun.ledger.advance(message("finish", "for-you", hop=4, phase="train"), NOW, (), failed)
    succeeded = Mark(phase="train", finished=True, status="SUCCEEDED")
    begun.ledger.advance(message("finish", "for-you", hop=5, phase="train"), LATER, (), succeeded)
    found = begun.standing().branches["for-you"]
    assert (found.status, found.reason, found.hop) == ("FAILED", "given up", 5)


def test_for_a_run_that_is_not_there_nothing_is_made(case: Case) -> None:
    assert not case.ledger.intend(message("train", "for-you"), NOW, None)
