"""What the step that waits gives back, and what it does while somebody is in line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.engine import advance, carry_out
from functions.errors import NotFound
from functions.model import Message, Wait
from functions.outcomes import Fail, InLine, Pause
from functions.records import Turnstile
from functions.slots import token
from functions.steps import import_data
from functions.steps.poll import STEP
from functions.times import written
from tests.support.build import NOW, an_import, arn, ledger_with, message, plan, ports, run
from tests.support.line import AT, Scene, tokens, told
from tests.support.memory import MemoryLedger
from tests.support.scripted import Scripted

GONE = NotFound("ResourceNotFoundException", "gone", "Describe")
ASKED = NOW - timedelta(minutes=12)


def job(name: str, **changes: Any) -> Wait:
    fields = {"since": written(ASKED), "key": name, **changes}
    return Wait("dataset_import_job", arn("dataset-import-job", name), **fields)


A, B = job("a", look_at=written(NOW)), job("b")


def importing(*waits: Wait, in_line: tuple[str, ...] = ()) -> Message:
    datasets = [*(wait.key or "" for wait in waits), *in_line]
    return message("poll", hop=1, waits=waits, plan=plan(imports={key: an_import(key) for key in datasets}))


def status(status: str, minutes: float = 12) -> dict[str, Any]:
    return {"status": status, "creationDateTime": NOW - timedelta(minutes=minutes)}


def jobs(**told: dict[str, Any] | Exception) -> Scripted:
    """Import jobs by the last part of their ARN."""

    def describe(params: dict[str, Any]) -> dict[str, Any] | Exception:
        found = told[params["datasetImportJobArn"].rpartition("/")[2]]
        return found if isinstance(found, Exception) else {"datasetImportJob": found}

    return Scripted(DescribeDatasetImportJob=describe)


def holding(*keys: str, waiting: tuple[str, ...] = ("shop/other/*/items",)) -> MemoryLedger:
    """Return a ledger in which the run's imports have all slots, and another run may be in line."""
    held = [token(importing(), key) for key in keys] + [f"shop/{n}/*/items" for n in range(5 - len(keys))]
    stile = Turnstile(1, dict.fromkeys(held, written(NOW)), waiting)
    return ledger_with(run(), turnstiles={"import": stile})


def held(ledger: MemoryLedger) -> list[str]:
    mine = token(importing(), "")
    return [each.removeprefix(mine) for each in ledger.turnstile("import").holders if each.startswith(mine)]


@pytest.mark.parametrize(
    ("told", "left", "done"),
    [
        pytest.param({"a": status("CREATE PENDING"), "b": status("CREATE PENDING")}, ["a", "b"], [], id="none over"),
        pytest.param({"a": status("ACTIVE"), "b": status("CREATE PENDING")}, ["b"], ["a"], id="one done"),
        pytest.param({"a": status("CREATE PENDING"), "b": status("ACTIVE")}, ["a"], ["b"], id="the other one done"),
        pytest.param({"a": status("CREATE FAILED"), "b": status("CREATE PENDING")}, ["b"], [], id="one failed"),
        pytest.param({"a": GONE, "b": status("CREATE PENDING")}, ["b"], [], id="one deleted"),
        pytest.param({"a": status("ACTIVE"), "b": status("ACTIVE")}, [], [], id="all done"),
    ],
)
def test_what_is_over_gives_its_slot_back(told: dict[str, Any], left: list[str], done: list[str]) -> None:
    ledger = holding("a", "b")
    outcome = carry_out(STEP, importing(A, B), ports(jobs(**told), ledger))
    assert held(ledger) == left
    if isinstance(outcome, Pause):
        assert [wait.key for wait in outcome.waits or () if wait.done] == done
        assert outcome.waits
        assert not outcome.waits[0].done


def test_what_may_only_seem_deleted_keeps_its_slot() -> None:
    ledger = holding("a")
    carry_out(STEP, importing(replace(A, since=written(NOW))), ports(jobs(a=GONE), ledger))
    assert held(ledger) == ["a"]


def test_what_is_done_is_not_looked_at_again() -> None:
    personalize = jobs(b=status("CREATE PENDING"))
    waits = (replace(B, look_at=written(NOW)), replace(A, done=True))
    outcome = carry_out(STEP, importing(*waits), ports(personalize))
    assert isinstance(outcome, Pause)
    assert [wait.key for wait in outcome.waits or ()] == ["b", "a"]
    assert len(personalize.calls) == 1


def test_imports_whose_jobs_are_not_all_made_go_back_in_line() -> None:
    outcome = carry_out(STEP, importing(A, in_line=("b",)), ports(jobs(a=status("ACTIVE")), holding("a")))
    assert outcome == InLine("what there were slots for is done, the others are in line", (replace(A, done=True),))


def test_imports_of_which_one_failed_make_no_more_jobs() -> None:
    outcome = carry_out(STEP, importing(A, in_line=("b",)), ports(jobs(a=status("CREATE FAILED")), holding("a")))
    assert outcome == Fail("import job a: CREATE FAILED")


# ------------------------------------------------------------------ how often


@pytest.mark.parametrize(("waiting", "looked_at"), [((), ["a"]), (("shop/other/*/items",), ["a", "b"])])
def test_while_somebody_is_in_line_every_job_is_looked_at(waiting: tuple[str, ...], looked_at: list[str]) -> None:
    personalize = jobs(a=status("CREATE PENDING"), b=status("CREATE PENDING"))
    carry_out(STEP, importing(A, B), ports(personalize, holding("a", "b", waiting=waiting)))
    assert [params["datasetImportJobArn"].rpartition("/")[2] for _, params in personalize.calls] == looked_at


def test_while_somebody_is_in_line_looks_are_closer_together() -> None:
    pauses = []
    for waiting in ((), ("shop/other/*/items",)):
        ledger = holding("a", waiting=waiting)
        outcome = carry_out(STEP, importing(A), ports(jobs(a=status("CREATE PENDING")), ledger))
        assert isinstance(outcome, Pause)
        pauses.append(outcome.seconds)
    alone, crowded = pauses
    assert crowded < 0.7 * alone


def test_while_somebody_is_in_line_the_first_look_is_when_the_quickest_may_be_over() -> None:
    """And else when all may be."""
    told = [job(name, expected=each, spread=0.05, since=written(NOW)) for name, each in (("a", 600), ("b", 880))]
    pauses = []
    for waiting in ((), ("shop/other/*/items",)):
        outcome = carry_out(STEP, importing(*told), ports(Scripted(), holding("a", "b", waiting=waiting)))
        assert isinstance(outcome, Pause)
        pauses.append(outcome.seconds)
    assert 650 < pauses[0] < 880
    assert 300 < pauses[1] < 600


# ------------------------------------------------------------------ who comes into line later


def hour_long(key: str, expected: float) -> Wait:
    since = written(NOW - timedelta(minutes=30))
    return Wait("dataset_import_job", f"arn:{key}", expected=expected, spread=0.05, since=since, key=key)


def described(params: dict[str, Any]) -> dict[str, Any]:
    status = "ACTIVE" if params["datasetImportJobArn"] == "arn:items" else "CREATE IN_PROGRESS"
    return {"datasetImportJob": {"status": status, "creationDateTime": NOW - timedelta(minutes=30)}}


@pytest.mark.parametrize("crowded", [True, False])
def test_slots_of_what_is_over_are_given_back_though_the_look_is_appointed_for_the_slowest(crowded: bool) -> None:
    slow = replace(hour_long("interactions", 7200.0), look_at=written(NOW + timedelta(hours=1)))
    carried = told("a", "poll", hop=3, waits=(slow, hour_long("items", 300.0)), since=AT)
    scene = Scene(*tokens("a", "interactions", "items"), waiting=tokens("b", "items") if crowded else ())
    scene.add("a", carried)
    scene.add("b", told("b", hop=1))
    scene.personalize = Scripted(DescribeDatasetImportJob=described)
    advance(STEP, carried, scene.ports)
    assert bool(scene.personalize.calls) == crowded
    assert (tokens("b", "items")[0] in scene.stile.holders) == crowded


def test_the_look_at_what_was_made_before_is_not_the_one_at_what_comes_with_a_later_slot() -> None:
    slow = replace(hour_long("interactions", 7200.0), look_at=written(NOW + timedelta(hours=1)))
    scene = Scene(*tokens("a", "interactions"))
    scene.add("a", told("a", hop=3, waits=(slow,)))
    advance(import_data.STEP, told("a", hop=3, waits=(slow,), since=AT), scene.ports)
    ((step, next_one, _),) = scene.sent
    assert (step, [wait.look_at for wait in next_one.waits]) == ("poll", [None, None])
