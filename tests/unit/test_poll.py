"""The step that waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.engine import carry_out
from functions.errors import InUse, NotFound, ServiceError, Throttled
from functions.model import Deadlines, Message, Wait
from functions.outcomes import Done, Fail, InLine, Outcome, Pause
from functions.records import Turnstile
from functions.slots import token
from functions.steps.poll import STEP
from tests.support.build import (
    CAMPAIGN,
    NOW,
    OLD_VERSION,
    VERSION,
    an_import,
    arn,
    ledger_with,
    message,
    plan,
    ports,
    run,
)
from tests.support.memory import MemoryLedger
from tests.support.scripted import Scripted

GONE = NotFound("ResourceNotFoundException", "gone", "Describe")


def job(name: str, expected: float | None = None) -> Wait:
    return Wait("dataset_import_job", arn("dataset-import-job", name), expected, key=name)


def importing(*waits: Wait, in_line: tuple[str, ...] = ()) -> Message:
    datasets = [*(wait.key or "" for wait in waits), *in_line]
    return message("poll", hop=1, waits=waits, plan=plan(imports={key: an_import(key) for key in datasets}))


TRAINING = message("poll", "for-you", phase="train", waits=(Wait("solution_version", VERSION, 2400),))
DEPLOYING = message(
    "poll", "for-you", phase="deploy", waits=(Wait("campaign", CAMPAIGN.arn, 720, VERSION),), solution_version=VERSION
)


def status(status: str, ago: float = 0, reason: str | None = None) -> dict[str, Any]:
    why = {"failureReason": reason} if reason else {}
    return {"status": status, "creationDateTime": NOW - timedelta(seconds=ago), **why}


def jobs(**told: dict[str, Any] | Exception) -> Scripted:
    """Import jobs by the last part of their ARN."""

    def describe(params: dict[str, Any]) -> dict[str, Any] | Exception:
        found = told[params["datasetImportJobArn"].rpartition("/")[2]]
        return found if isinstance(found, Exception) else {"datasetImportJob": found}

    return Scripted(DescribeDatasetImportJob=describe)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        pytest.param({"a": status("ACTIVE"), "b": status("ACTIVE")}, Done(), id="all ready"),
        pytest.param(
            {"a": status("ACTIVE"), "b": status("CREATE PENDING")}, Pause(20, "1 of 2 not ready"), id="one is not"
        ),
        pytest.param(
            {"a": status("CREATE IN_PROGRESS", ago=3000), "b": status("CREATE IN_PROGRESS", ago=1000)},
            Pause(40, "2 of 2 not ready"),
            id="none is: the shorter wait",
        ),
        pytest.param(
            {"a": status("CREATE FAILED", reason="bad CSV"), "b": status("CREATE IN_PROGRESS")},
            Pause(20, "1 of 2 not ready"),
            id="one failed: the other is waited for",
        ),
        pytest.param(
            {"a": status("CREATE FAILED", reason="bad CSV"), "b": status("ACTIVE")},
            Fail("import job a: bad CSV"),
            id="one failed, in Personalize's words",
        ),
        pytest.param(
            {"a": status("CREATE FAILED", reason="bad CSV"), "b": status("CREATE FAILED", reason="no access")},
            Fail("import job a: bad CSV; import job b: no access"),
            id="both failed: every reason",
        ),
        pytest.param(
            {"a": status("CREATE FAILED"), "b": status("ACTIVE")}, Fail("import job a: CREATE FAILED"), id="no reason"
        ),
        pytest.param({"a": GONE, "b": status("ACTIVE")}, Fail("import job a: it was deleted meanwhile"), id="deleted"),
        pytest.param(
            {"a": status("CREATE PENDING", ago=-5), "b": status("ACTIVE")},
            Pause(20, "1 of 2 not ready"),
            id="Personalize's clock is ahead of ours",
        ),
    ],
)
def test_import_jobs(told: dict[str, Any], outcome: Outcome) -> None:
    found = carry_out(STEP, importing(job("a"), job("b")), ports(jobs(**told)))
    assert (replace(found, waits=None) if isinstance(found, Pause) else found) == outcome


# ------------------------------------------------------------------ slots of the quota

A, B = job("a"), job("b")


def holding(*keys: str) -> MemoryLedger:
    """Return a ledger in which the run's imports have slots."""
    slots = {token(importing(), key): NOW.isoformat() for key in keys}
    return ledger_with(run(), turnstiles={"import": Turnstile(version=1, holders=slots)})


@pytest.mark.parametrize(
    ("told", "held", "done"),
    [
        pytest.param({"a": status("CREATE PENDING"), "b": status("CREATE PENDING")}, ["a", "b"], None, id="none over"),
        pytest.param({"a": status("ACTIVE"), "b": status("CREATE PENDING")}, ["b"], ["a"], id="one done"),
        pytest.param({"a": status("CREATE FAILED"), "b": status("CREATE PENDING")}, ["b"], None, id="one failed"),
        pytest.param({"a": GONE, "b": status("CREATE PENDING")}, ["b"], None, id="one deleted"),
        pytest.param({"a": status("ACTIVE"), "b": status("ACTIVE")}, [], None, id="all done"),
    ],
)
def test_what_is_over_gives_its_slot_back(told: dict[str, Any], held: list[str], done: list[str] | None) -> None:
    ledger = holding("a", "b")
    outcome = carry_out(STEP, importing(A, B), ports(jobs(**told), ledger))
    assert list(ledger.turnstile("import").holders) == [token(importing(), key) for key in held]
    if isinstance(outcome, Pause):
        assert (outcome.waits and [wait.key for wait in outcome.waits if wait.done]) == done


def test_what_may_only_seem_deleted_keeps_its_slot() -> None:
    ledger = holding("a")
    carry_out(STEP, importing(replace(A, since=NOW.isoformat())), ports(jobs(a=GONE), ledger))
    assert ledger.turnstile("import").holders


def test_what_is_done_is_not_looked_at_again() -> None:
    personalize = jobs(b=status("CREATE PENDING"))
    assert carry_out(STEP, importing(replace(A, done=True), B), ports(personalize)) == Pause(20, "1 of 2 not ready")


def test_imports_whose_jobs_are_not_all_made_go_back_in_line() -> None:
    outcome = carry_out(STEP, importing(A, in_line=("b",)), ports(jobs(a=status("ACTIVE")), holding("a")))
    assert outcome == InLine("what there were slots for is done, the others are in line", (replace(A, done=True),))


def test_imports_of_which_one_failed_make_no_more_jobs() -> None:
    outcome = carry_out(STEP, importing(A, in_line=("b",)), ports(jobs(a=status("CREATE FAILED")), holding("a")))
    assert outcome == Fail("import job a: CREATE FAILED")


# ------------------------------------------------------------------ how long


def test_history_tells_when_to_look_again() -> None:
    personalize = jobs(a=status("CREATE IN_PROGRESS", ago=60))
    assert carry_out(STEP, importing(job("a", expected=600)), ports(personalize)) == Pause(510, "1 of 1 not ready")


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (status("ACTIVE"), Done()),
        (status("CREATE IN_PROGRESS", ago=2000), Pause(280, "1 of 1 not ready")),
        (status("CREATE STOPPING"), Pause(900, "1 of 1 not ready")),
        (status("CREATE STOPPED"), Fail(f"solution version {VERSION}: CREATE STOPPED")),
        (status("CREATE FAILED", reason="few rows"), Fail(f"solution version {VERSION}: few rows")),
    ],
)
def test_solution_versions(told: dict[str, Any], outcome: Outcome) -> None:
    personalize = Scripted(DescribeSolutionVersion={"solutionVersion": told})
    assert carry_out(STEP, TRAINING, ports(personalize)) == outcome
    assert personalize.calls == [("DescribeSolutionVersion", {"solutionVersionArn": VERSION})]


def serving(version: str, told: dict[str, Any]) -> dict[str, Any]:
    return {"solutionVersionArn": version, **told}


OLD = serving(OLD_VERSION, status("ACTIVE", ago=90_000))


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        pytest.param(
            serving(VERSION, status("CREATE IN_PROGRESS", ago=84)), Pause(600, "1 of 1 not ready"), id="created"
        ),
        pytest.param(serving(VERSION, status("ACTIVE")), Done(), id="created, ready"),
        pytest.param(
            serving(VERSION, status("CREATE FAILED", reason="why")),
            Fail("campaign acme-shop-for-you: why"),
            id="creation failed",
        ),
        pytest.param(
            {**OLD, "latestCampaignUpdate": serving(VERSION, status("CREATE IN_PROGRESS", ago=84))},
            Pause(600, "1 of 1 not ready"),
            id="updated: since the update began",
        ),
        pytest.param({**OLD, "latestCampaignUpdate": serving(VERSION, status("ACTIVE"))}, Done(), id="updated, ready"),
        pytest.param(
            {**OLD, "latestCampaignUpdate": serving(VERSION, status("CREATE FAILED", reason="why"))},
            Fail("campaign acme-shop-for-you: why"),
            id="update failed, the old version serves",
        ),
        pytest.param(
            {**OLD, "latestCampaignUpdate": serving(f"{VERSION}3", status("ACTIVE"))},
            Fail(f"campaign acme-shop-for-you: it was moved to {VERSION}3 by someone else meanwhile"),
            id="moved by others",
        ),
    ],
)
def test_campaigns(told: dict[str, Any], outcome: Outcome) -> None:
    personalize = Scripted(DescribeCampaign={"campaign": told})
    assert carry_out(STEP, DEPLOYING, ports(personalize)) == outcome
    assert personalize.calls == [("DescribeCampaign", {"campaignArn": CAMPAIGN.arn})]


def test_a_deleted_campaign_fails() -> None:
    outcome = carry_out(STEP, DEPLOYING, ports(Scripted(DescribeCampaign=GONE)))
    assert outcome == Fail("campaign acme-shop-for-you: it was deleted meanwhile")


@pytest.mark.parametrize("asked", [True, False])
def test_a_training_beyond_its_deadline_is_stopped_if_that_is_asked_for(asked: bool) -> None:
    personalize = Scripted(StopSolutionVersionCreation={})
    STEP.give_up(replace(TRAINING, plan=plan(deadlines=Deadlines(stop_training=asked))), personalize)
    assert personalize.calls == ([("StopSolutionVersionCreation", {"solutionVersionArn": VERSION})] if asked else [])


def test_a_training_that_ended_just_then_need_not_be_stopped() -> None:
    ended = InUse("ResourceInUseException", "ACTIVE", "StopSolutionVersionCreation")
    late = replace(TRAINING, plan=plan(deadlines=Deadlines(stop_training=True)))
    STEP.give_up(late, Scripted(StopSolutionVersionCreation=ended))


def test_what_is_no_training_is_not_stopped() -> None:
    STEP.give_up(replace(DEPLOYING, plan=plan(deadlines=Deadlines(stop_training=True))), Scripted())


@pytest.mark.parametrize(
    ("waiting", "told"),
    [
        pytest.param(TRAINING, {"DescribeSolutionVersion": GONE}, id="not to be seen yet"),
        pytest.param(DEPLOYING, {"DescribeCampaign": {"campaign": OLD}}, id="the update is not to be seen yet"),
    ],
)
@pytest.mark.parametrize(("ago", "believed"), [(10, False), (299, False), (301, True)])
def test_what_was_just_asked_for_may_not_be_seen_yet(
    waiting: Message, told: dict[str, Any], ago: float, believed: bool
) -> None:
    since = (NOW - timedelta(seconds=ago)).isoformat()
    just_now = replace(waiting, waits=tuple(replace(wait, since=since) for wait in waiting.waits))
    outcome = carry_out(STEP, just_now, ports(Scripted(**told)))
    assert isinstance(outcome, Fail) if believed else outcome == Pause(20, "1 of 1 not ready")


def test_throttling_is_waited_out() -> None:
    error = Throttled("ThrottlingException", "Rate exceeded", "DescribeCampaign")
    assert carry_out(STEP, DEPLOYING, ports(Scripted(DescribeCampaign=error))) == Pause(60, str(error))


def test_what_is_unforeseen_is_raised_for_the_queue_to_try_again() -> None:
    error = ServiceError("AccessDeniedException", "no", "DescribeCampaign")
    with pytest.raises(ServiceError, match="AccessDenied"):
        carry_out(STEP, DEPLOYING, ports(Scripted(DescribeCampaign=error)))
