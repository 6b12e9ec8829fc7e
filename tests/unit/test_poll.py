"""The step that waits."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.adapters.personalize import translate_error
from functions.engine import after_refusal, carry_out, in_time
from functions.errors import InUse, NotFound, ServiceError, Throttled
from functions.model import IMPORTS, Deadlines, Kind, Message, Phase, Wait, dump_short
from functions.outcomes import Done, Fail, Outcome, Overdue, Pause
from functions.records import Branch
from functions.steps.poll import STEP
from functions.times import written
from tests.support.build import CAMPAIGN, FLOOR, NOW, OLD_VERSION, VERSION, arn, ledger_with, message, plan, ports, run
from tests.support.memory import MemoryLedger
from tests.support.scripted import Scripted

GONE = NotFound("ResourceNotFoundException", "gone", "Describe")


ASKED = NOW - timedelta(minutes=10)


def job(name: str, expected: float | None = None, spread: float | None = None) -> Wait:
    return Wait("dataset_import_job", arn("dataset-import-job", name), expected, since=written(ASKED), spread=spread)


def importing(*waits: Wait) -> Message:
    return message("poll", hop=1, waits=waits)


def due(waiting: Message, at: datetime = NOW) -> Message:
    """Return the message with the time of its look."""
    return replace(waiting, waits=(replace(waiting.waits[0], look_at=written(at)), *waiting.waits[1:]))


TRAINING = message("poll", "for-you", phase="train", waits=(Wait("solution_version", VERSION, 2400, spread=0.05),))
DEPLOYING = message(
    "poll",
    "for-you",
    phase="deploy",
    waits=(Wait("campaign", CAMPAIGN.arn, 720, VERSION, spread=0.05),),
    solution_version=VERSION,
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


def waited_for(outcome: Outcome) -> list[str]:
    """Return the names of what a pause is for still."""
    assert isinstance(outcome, Pause)
    assert outcome.waits
    return [wait.arn.rpartition("/")[2] for wait in outcome.waits if not wait.done]


def names(personalize: Scripted) -> list[str]:
    return [params["datasetImportJobArn"].rpartition("/")[2] for _, params in personalize.calls]


UNDER_WAY = status("CREATE IN_PROGRESS", ago=600)


# ------------------------------------------------------------------ before the first look


def test_the_first_message_works_out_when_to_look_and_does_not_look() -> None:
    personalize = Scripted()
    outcome = carry_out(STEP, importing(job("a", 600, 0.05), job("b", 1200, 0.05)), ports(personalize))
    assert isinstance(outcome, Pause)
    assert waited_for(outcome) == ["b", "a"]  # what should take longest is looked at first
    assert outcome.waits
    assert outcome.waits[0].look_at == written(NOW + timedelta(seconds=outcome.seconds))
    assert 0.8 * 1200 < 600 + outcome.seconds < 1200
    assert outcome.waits[1].look_at is None


def test_without_history_the_settings_tell_and_where_they_are_silent_experience_does() -> None:
    first = importing(replace(job("a"), since=written(NOW)))
    assert pause(first, Scripted()) < 10  # what was never seen here may be over in no time
    usual, told = (pause(due(importing(job("a"))), jobs(a=UNDER_WAY), typical) for typical in ({}, {JOB: 600.0}))
    assert 30 < usual < 90
    assert told < 0.8 * usual


JOB: Kind = "dataset_import_job"


def pause(waiting: Message, personalize: Scripted, typical: dict[Kind, float] | None = None) -> float:
    quick = replace(ports().settings, poll_floor=1.0, typical=typical or {})
    outcome = carry_out(STEP, waiting, replace(ports(personalize), settings=quick))
    assert isinstance(outcome, Pause)
    return outcome.seconds


def test_a_message_that_wakes_before_its_time_goes_on_waiting_without_a_look() -> None:
    look_at = NOW + timedelta(seconds=1000)
    waiting = due(importing(job("a"), job("b")), look_at)
    outcome = carry_out(STEP, waiting, ports(Scripted()))
    assert outcome == Pause(900, "nothing should be ready yet", waiting.waits)
    assert carry_out(STEP, waiting, ports(Scripted(), now=look_at - timedelta(seconds=100))) == replace(
        outcome, seconds=100
    )


def test_a_look_may_be_a_second_early() -> None:
    personalize = jobs(a=status("ACTIVE"))
    waiting = due(importing(job("a")), NOW + timedelta(seconds=0.9))
    assert carry_out(STEP, waiting, ports(personalize)) == Done()


def test_what_was_made_long_ago_is_looked_at_at_once() -> None:
    """A version that an earlier run has left behind."""
    left = replace(TRAINING, waits=(replace(TRAINING.waits[0], since=written(NOW - timedelta(days=1))),))
    personalize = Scripted(DescribeSolutionVersion={"solutionVersion": status("ACTIVE", ago=86_400)})
    assert carry_out(STEP, left, ports(personalize)) == Done()


def test_a_history_of_one_that_hung_does_not_put_off_the_look_until_nothing_could_follow() -> None:
    hung = plan(deadlines=Deadlines(import_hours=1))
    waiting = due(message("poll", plan=hung, waits=(job("a", 10_000 * 3600.0, 0.05),), since=written(NOW)))
    outcome = carry_out(STEP, waiting, ports(jobs(a=status("CREATE IN_PROGRESS", ago=7200))))
    assert isinstance(outcome, Pause)
    assert outcome.waits
    assert outcome.waits[0].look_at == written(NOW + timedelta(minutes=30))


def test_the_last_look_is_at_the_deadline() -> None:
    short = plan(deadlines=Deadlines(import_hours=0.5))
    waiting = due(replace(importing(job("a", 10_000 * 3600.0, 0.05)), plan=short, since=written(ASKED)))
    outcome = carry_out(STEP, waiting, ports(jobs(a=status("CREATE IN_PROGRESS", ago=7200))))
    assert isinstance(outcome, Pause)
    assert outcome.waits
    assert outcome.waits[0].look_at == written(ASKED + timedelta(minutes=30))


# ------------------------------------------------------------------ looks


@pytest.mark.parametrize(
    ("told", "seen", "outcome"),
    [
        pytest.param({"a": status("ACTIVE"), "b": status("ACTIVE")}, "ab", Done(), id="all ready"),
        pytest.param({"a": status("ACTIVE"), "b": UNDER_WAY}, "ab", ["b"], id="what is ready needs no other look"),
        pytest.param({"a": UNDER_WAY, "b": UNDER_WAY}, "a", ["a", "b"], id="one under way: the others can wait"),
        pytest.param(
            {"a": status("CREATE FAILED", reason="bad CSV"), "b": UNDER_WAY},
            "ab",
            ["b", "a"],
            id="one failed: the other is waited for",
        ),
        pytest.param(
            {"a": status("CREATE FAILED", reason="bad CSV"), "b": status("ACTIVE")},
            "ab",
            Fail("import job a: bad CSV"),
            id="one failed, in Personalize's words",
        ),
        pytest.param(
            {"a": status("CREATE FAILED", reason="bad CSV"), "b": status("CREATE FAILED", reason="no access")},
            "ab",
            Fail("import job a: bad CSV; import job b: no access"),
            id="both failed: every reason",
        ),
        pytest.param(
            {"a": status("CREATE FAILED"), "b": status("ACTIVE")},
            "ab",
            Fail("import job a: CREATE FAILED"),
            id="no reason",
        ),
        pytest.param(
            {"a": GONE, "b": status("ACTIVE")}, "ab", Fail("import job a: it was deleted meanwhile"), id="deleted"
        ),
        pytest.param(
            {"a": status("CREATE PENDING", ago=-5), "b": status("ACTIVE")},
            "a",
            ["a", "b"],
            id="Personalize's clock is ahead of ours",
        ),
    ],
)
def test_import_jobs(told: dict[str, Any], seen: str, outcome: Outcome | list[str]) -> None:
    personalize = jobs(**told)
    found = carry_out(STEP, due(importing(job("a"), job("b"))), ports(personalize))
    assert (waited_for(found) if isinstance(outcome, list) else found) == outcome
    assert names(personalize) == [*seen]


def ended(seconds: float, ago: float = 900) -> dict[str, Any]:
    told = status("ACTIVE", ago)
    return {**told, "lastUpdatedDateTime": told["creationDateTime"] + timedelta(seconds=seconds)}


def took(waiting: Message, personalize: Scripted) -> int | None:
    outcome = carry_out(STEP, due(waiting), ports(personalize))
    assert isinstance(outcome, Done)
    assert (outcome.shift is None) == (outcome.took is None)
    return outcome.took


def test_how_long_something_took_is_what_personalize_says_and_not_when_a_look_saw_it() -> None:
    assert took(importing(job("a")), jobs(a=ended(3.4))) == 3
    assert took(importing(job("a")), jobs(a=ended(0.2))) == 1
    assert took(importing(job("a")), jobs(a=ended(0))) is None
    update = {"solutionVersionArn": VERSION, **ended(185, ago=200)}
    campaign = {**OLD, "lastUpdatedDateTime": NOW, "latestCampaignUpdate": update}
    assert took(DEPLOYING, Scripted(DescribeCampaign={"campaign": campaign})) == 185


def test_a_phase_took_as_long_as_the_slowest_of_its_things_whichever_was_seen_first() -> None:
    first = carry_out(STEP, due(importing(job("a"), job("b"))), ports(jobs(a=ended(800), b=UNDER_WAY)))
    assert isinstance(first, Pause)
    assert first.waits
    assert [wait.took for wait in first.waits] == [None, 800]
    assert took(importing(*first.waits), jobs(b=ended(700))) == 800


def test_how_far_things_were_off_is_the_median_of_them() -> None:
    waits = [replace(job(name, 600.0, 0.06), took=None) for name in "abc"]
    outcome = carry_out(STEP, due(importing(*waits)), ports(jobs(a=ended(900), b=ended(6000, 9000), c=ended(840))))
    assert isinstance(outcome, Done)
    assert outcome.shift
    assert outcome.shift.by == pytest.approx(math.log(900 / 600))
    assert outcome.shift.spread == pytest.approx(0.06 * 1.2 / math.sqrt(3))


@pytest.mark.parametrize("factor", [0.1, 0.5, 2.0])
def test_what_the_imports_have_shown_tells_when_the_training_may_be_over(factor: float) -> None:
    noted = {"by": round(100 * math.log(factor)), "spread": 4, "things": 3}
    imports = Branch(status="SUCCEEDED", steps={"import": {"shift": noted}})
    fresh = replace(TRAINING, waits=(replace(TRAINING.waits[0], since=written(NOW)),))
    looks = []
    for branch in (imports, Branch(status="SUCCEEDED")):
        ledger = ledger_with(run(branches={IMPORTS: branch, "for-you": Branch()}))
        outcome = carry_out(STEP, due(fresh, NOW), ports(training_begun(), ledger))
        assert isinstance(outcome, Pause)
        assert outcome.waits
        looks.append((datetime.fromisoformat(outcome.waits[0].look_at or "") - NOW).total_seconds())
    shifted, usual = looks
    assert shifted < 0.95 * factor * 2400
    assert shifted < 0.7 * usual if factor < 1 else shifted > usual / 2


def training_begun() -> Scripted:
    return Scripted(DescribeSolutionVersion={"solutionVersion": status("CREATE PENDING")})


def test_the_gap_to_the_next_look_is_that_of_its_history() -> None:
    known, unknown = (
        carry_out(STEP, due(importing(wait)), ports(jobs(a=UNDER_WAY))) for wait in (job("a", 600, 0.05), job("a"))
    )
    assert isinstance(known, Pause)
    assert isinstance(unknown, Pause)
    assert known.why == unknown.why == "import job a is CREATE IN_PROGRESS"
    assert FLOOR <= known.seconds < unknown.seconds < 120


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (status("ACTIVE"), Done()),
        (status("CREATE STOPPED"), Fail(f"solution version {VERSION}: CREATE STOPPED")),
        (status("CREATE FAILED", reason="few rows"), Fail(f"solution version {VERSION}: few rows")),
        (status("CREATE IN_PROGRESS", ago=2000), None),
        (status("CREATE STOPPING"), None),
    ],
)
def test_solution_versions(told: dict[str, Any], outcome: Outcome | None) -> None:
    personalize = Scripted(DescribeSolutionVersion={"solutionVersion": told})
    found = carry_out(STEP, due(TRAINING), ports(personalize))
    assert found == outcome if outcome else isinstance(found, Pause)
    assert personalize.calls == [("DescribeSolutionVersion", {"solutionVersionArn": VERSION})]


def under_way(**phases: str) -> MemoryLedger:
    """Return a ledger whose run has these branches, each half through a phase; one that is over has none."""
    branches = {
        name: Branch(
            status="RUNNING" if phase else "SUCCEEDED",
            steps={each: {} for each in phase.split()},
            message=half_through("deploy" if "deploy" in phase else "train") if phase else None,
        )
        for name, phase in phases.items()
    }
    return ledger_with(run(branches={IMPORTS: Branch(status="SUCCEEDED"), **branches}))


def half_through(phase: Phase) -> str:
    waiting = TRAINING if phase == "train" else DEPLOYING
    since = NOW - timedelta(seconds=(waiting.waits[0].expected or 0) / 2)
    return dump_short(replace(waiting, waits=(replace(waiting.waits[0], since=written(since)),)))


@pytest.mark.parametrize(
    ("waiting", "other", "last"),
    [
        (TRAINING, "train", False),
        (TRAINING, "train deploy", True),
        (TRAINING, "", True),
        (DEPLOYING, "train", False),
        (DEPLOYING, "train deploy", False),
        (DEPLOYING, "", True),
    ],
)
def test_a_branch_that_the_run_does_not_wait_for_is_looked_at_less_often(
    waiting: Message, other: str, last: bool
) -> None:
    told = status("CREATE IN_PROGRESS", ago=waiting.waits[0].expected or 0)
    quick = replace(ports().settings, poll_floor=1.0)
    personalize = Scripted(
        DescribeSolutionVersion={"solutionVersion": told}, DescribeCampaign={"campaign": serving(VERSION, told)}
    )
    mine = "train" if waiting.phase == "train" else "train deploy"
    gaps = [
        outcome.seconds
        for ledger in (under_way(similar=other, **{"for-you": mine}), under_way(**{"for-you": mine}))
        if isinstance(
            outcome := carry_out(STEP, due(waiting), replace(ports(personalize, ledger), settings=quick)), Pause
        )
    ]
    assert gaps[0] == pytest.approx(gaps[1], rel=0.1) if last else gaps[0] > 1.3 * gaps[1]


def serving(version: str, told: dict[str, Any]) -> dict[str, Any]:
    return {"solutionVersionArn": version, **told}


OLD = serving(OLD_VERSION, status("ACTIVE", ago=90_000))


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        pytest.param(serving(VERSION, status("CREATE IN_PROGRESS", ago=84)), None, id="created"),
        pytest.param(serving(VERSION, status("ACTIVE")), Done(), id="created, ready"),
        pytest.param(
            serving(VERSION, status("CREATE FAILED", reason="why")),
            Fail("campaign acme-shop-for-you: why"),
            id="creation failed",
        ),
        pytest.param(
            {**OLD, "latestCampaignUpdate": serving(VERSION, status("CREATE IN_PROGRESS", ago=84))},
            None,
            id="updated: since the update began",
        ),
        pytest.param({**OLD, "latestCampaignUpdate": serving(VERSION, status("ACTIVE"))}, Done(), id="updated, ready"),
        pytest.param(
            {**OLD, "latestCampaignUpdate": serving(VERSION, status("CREATE FAILED", reason="why"))},
            Fail("campaign acme-shop-for-you: why"),
            id="update failed, the old version serves",
        ),
        pytest.param(
            {**OLD, "latestCampaignUpdate": {k: v for k, v in serving(VERSION, status("")).items() if k != "status"}},
            Done(),
            id="updated, ready, told by the campaign's own status",
        ),
        pytest.param(
            {**OLD, **status("UPDATE IN_PROGRESS", ago=84)}, None, id="being updated, and no update to be seen"
        ),
        pytest.param(
            {**OLD, "latestCampaignUpdate": serving(f"{VERSION}3", status("ACTIVE"))},
            Fail(f"campaign acme-shop-for-you: it was moved to {VERSION}3 by someone else meanwhile"),
            id="moved by others",
        ),
    ],
)
def test_campaigns(told: dict[str, Any], outcome: Outcome | None) -> None:
    personalize = Scripted(DescribeCampaign={"campaign": told})
    found = carry_out(STEP, due(DEPLOYING), ports(personalize))
    if outcome:
        assert found == outcome
    else:
        assert isinstance(found, Pause)
        assert 400 < found.seconds < 720 - 84
    assert personalize.calls == [("DescribeCampaign", {"campaignArn": CAMPAIGN.arn})]


def test_a_deleted_campaign_fails() -> None:
    outcome = carry_out(STEP, due(DEPLOYING), ports(Scripted(DescribeCampaign=GONE)))
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


@pytest.mark.parametrize("code", ["ResourceInUseException", "LimitExceededException", "ThrottlingException"])
def test_what_refuses_to_be_stopped_does_not_hide_the_deadline(code: str) -> None:
    refusal = translate_error(code, "no", "StopSolutionVersionCreation")
    since = written(NOW - timedelta(hours=73))
    late = replace(TRAINING, since=since, plan=plan(deadlines=Deadlines(stop_training=True)))
    outcome = in_time(
        STEP, late, Pause(5, "it is CREATE IN_PROGRESS"), ports(Scripted(StopSolutionVersionCreation=refusal))
    )
    assert outcome == Overdue(
        "the train phase was not over within its deadline of 72 hours: it is CREATE IN_PROGRESS; "
        f"it could not be stopped ({refusal})"
    )


@pytest.mark.parametrize(("minutes", "believed"), [(1, False), (6, True)])
def test_a_failure_that_was_there_before_is_not_this_runs(minutes: float, believed: bool) -> None:
    """The campaign was asked for again, and what shows still may be the earlier run's failure."""
    before = {**OLD, "solutionVersionArn": VERSION, "status": "CREATE FAILED", "failureReason": "no capacity"}
    since = written(NOW - timedelta(minutes=minutes))
    wait = replace(DEPLOYING.waits[0], since=since, instead_of=written(before["creationDateTime"]))
    asked = due(replace(DEPLOYING, waits=(wait,)))
    outcome = carry_out(STEP, asked, ports(Scripted(DescribeCampaign={"campaign": before})))
    assert isinstance(outcome, Fail if believed else Pause)
    after = {**before, "creationDateTime": NOW}
    own = carry_out(STEP, asked, ports(Scripted(DescribeCampaign={"campaign": after})))
    assert own == Fail("campaign acme-shop-for-you: no capacity")


@pytest.mark.parametrize(("minutes", "believed"), [(1, False), (6, True)])
def test_what_a_campaign_was_before_its_update_is_not_the_updates_end(minutes: float, believed: bool) -> None:
    """Of settings alone: the version is the same before and after."""
    before = {**OLD, "solutionVersionArn": VERSION, "status": "ACTIVE"}
    since = written(NOW - timedelta(minutes=minutes))
    wait = replace(DEPLOYING.waits[0], since=since, instead_of=written(before["creationDateTime"]))
    asked = due(replace(DEPLOYING, waits=(wait,)))
    outcome = carry_out(STEP, asked, ports(Scripted(DescribeCampaign={"campaign": before})))
    assert isinstance(outcome, Done if believed else Pause)
    updated = {**before, "latestCampaignUpdate": {**before, "creationDateTime": NOW}}
    own = carry_out(STEP, asked, ports(Scripted(DescribeCampaign={"campaign": updated})))
    assert isinstance(own, Done)


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
    since = written(NOW - timedelta(seconds=ago))
    just_now = due(replace(waiting, waits=tuple(replace(wait, since=since) for wait in waiting.waits)))
    outcome = carry_out(STEP, just_now, ports(Scripted(**told)))
    if believed:
        assert isinstance(outcome, Fail)
    else:
        assert isinstance(outcome, Pause)
        assert outcome.seconds == FLOOR


def test_throttling_is_waited_out() -> None:
    error = Throttled("ThrottlingException", "Rate exceeded", "DescribeCampaign")
    assert carry_out(STEP, due(DEPLOYING), ports(Scripted(DescribeCampaign=error))) == Pause(
        after_refusal(due(DEPLOYING), NOW, FLOOR), str(error)
    )


def test_what_is_unforeseen_is_raised_for_the_queue_to_try_again() -> None:
    error = ServiceError("AccessDeniedException", "no", "DescribeCampaign")
    with pytest.raises(ServiceError, match="AccessDenied"):
        carry_out(STEP, due(DEPLOYING), ports(Scripted(DescribeCampaign=error)))
