"""The step that trains."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.engine import carry_out
from functions.errors import AlreadyExists, InvalidInput, LimitExceeded, Throttled
from functions.model import IMPORTS, Message, TrainingMode, Wait
from functions.outcomes import Await, Fail, Outcome, Pause
from functions.records import Branch, Memory, Trained
from functions.steps.train import STEP
from functions.times import written
from tests.support.build import NOW, RUN_ID, SOLUTION, VERSION, ledger_with, message, plan, ports, run
from tests.support.memory import MemoryLedger
from tests.support.scripted import Answer, Scripted

MESSAGE = message("train", "for-you", phase="train")
NAME = f"acme-{RUN_ID}-for-you"
THERE = AlreadyExists("ResourceAlreadyExistsException", "there", "CreateSolutionVersion")
LISTED = {"solutionArn": SOLUTION, "maxResults": 100}


def version(number: int, minutes: float = 40, status: str = "ACTIVE") -> dict[str, Any]:
    created = NOW - timedelta(days=10 - number)
    return {
        "solutionVersionArn": f"{SOLUTION}/v{number}",
        "status": status,
        "creationDateTime": created,
        "lastUpdatedDateTime": created + timedelta(minutes=minutes),
    }


def scripted(*versions: dict[str, Any], create: Answer | None = None, **answers: Any) -> Scripted:
    made = create or {"solutionVersionArn": VERSION}
    return Scripted(ListSolutionVersions={"solutionVersions": [*versions]}, CreateSolutionVersion=made, **answers)


class Scene:
    """A run that is to train, and what an earlier delivery has noted of that: how many seconds ago it began to."""

    def __init__(self, personalize: Scripted, making: float | None = None, memory: Memory | None = None) -> None:
        at = None if making is None else written(NOW - timedelta(seconds=making))
        branches = {IMPORTS: Branch(status="SUCCEEDED"), "for-you": Branch(making=at)}
        self.ledger = ledger_with(run(branches=branches, plan=plan()), memories={"shop": memory or Memory()})
        self.personalize = personalize

    def carry_out(self, told: Message = MESSAGE) -> Outcome:
        return carry_out(STEP, told, ports(self.personalize, self.ledger))

    @property
    def making(self) -> str | None:
        return self.ledger.runs["shop", RUN_ID].branches["for-you"].making


@pytest.mark.parametrize("mode", ["FULL", "UPDATE"])
def test_a_version_named_for_the_run_with_exactly_these_parameters(mode: TrainingMode) -> None:
    scene = Scene(scripted())
    asked = message("train", "for-you", phase="train", plan=plan(training_mode=mode))
    assert scene.carry_out(asked) == Await((Wait("solution_version", VERSION, key="version"),))
    assert scene.personalize.calls == [
        ("ListSolutionVersions", LISTED),
        (
            "CreateSolutionVersion",
            {
                "name": NAME,
                "solutionArn": SOLUTION,
                "trainingMode": mode,
                "tags": [{"tagKey": "team", "tagValue": "search"}],
            },
        ),
    ]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([], None),
        ([version(1, minutes=40)], 2400),
        ([version(1, minutes=40), version(2, minutes=60)], 2939.4),
        ([version(1, minutes=40), version(2, minutes=5, status="CREATE FAILED")], 2400),
        ([{**version(1, minutes=40), "trainingMode": "FULL"}, {**version(2), "trainingMode": "UPDATE"}], 2400),
        # The latest eight, in whatever order they are listed.
        ([version(n, minutes=100 if n < 2 else 10) for n in range(-6, 10)], 600),
    ],
)
def test_earlier_versions_tell_how_long_it_may_take(versions: list[dict[str, Any]], expected: float | None) -> None:
    outcome = Scene(scripted(*versions)).carry_out()
    assert isinstance(outcome, Await)
    (wait,) = outcome.waits
    assert wait == Wait("solution_version", VERSION, expected, spread=wait.spread, key="version")
    assert (wait.spread is None) is (expected is None)


def test_of_a_long_history_the_remembered_versions_tell_it() -> None:
    """The page of the list has the oldest ones, of 40 minutes."""
    told = {f"{SOLUTION}/v{number}": version(number, minutes=10) for number in range(1, 9)}

    def describe(params: dict[str, Any]) -> dict[str, Any]:
        return {"solutionVersion": told[params["solutionVersionArn"]]}

    remembered = tuple(Trained(arn, "FULL", written(NOW), deployed=True) for arn in told)
    personalize = scripted(version(-9), version(-8), DescribeSolutionVersion=describe)
    outcome = Scene(personalize, memory=Memory(trained={"for-you": remembered})).carry_out()
    assert isinstance(outcome, Await)
    assert outcome.waits[0].expected == 600


# ------------------------------------------------------------------ once


def named(name: str = NAME, **changes: Any) -> Any:
    """Describe versions: the one that is v2 has the name."""

    def describe(params: dict[str, Any]) -> dict[str, Any]:
        arn = params["solutionVersionArn"]
        return {
            "solutionVersion": {**changes, "solutionVersionArn": arn, "name": name if arn.endswith("v2") else "other"}
        }

    return describe


def test_it_is_noted_before_it_is_made() -> None:
    class Watching(Scripted):
        def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
            assert (scene.making is not None) is (operation == "CreateSolutionVersion")
            return super().call(operation, params)

    scene = Scene(
        Watching(ListSolutionVersions={"solutionVersions": []}, CreateSolutionVersion={"solutionVersionArn": VERSION})
    )
    assert isinstance(scene.carry_out(), Await)
    assert scene.making == written(NOW)


@pytest.mark.parametrize("making", [1, 590])
def test_a_version_of_an_earlier_delivery_is_found_before_another_is_asked_for(making: float) -> None:
    """That a second version of one name is refused is not all that is relied on."""
    ours = [{**version(number), "creationDateTime": NOW - timedelta(seconds=making)} for number in (1, 2, 3)]
    scene = Scene(scripted(version(-1), *ours, DescribeSolutionVersion=named()), making)
    outcome = scene.carry_out()
    assert isinstance(outcome, Await)
    assert (outcome.waits[0].arn, outcome.waits[0].since) == (f"{SOLUTION}/v2", written(ours[1]["creationDateTime"]))
    assert "CreateSolutionVersion" not in scene.personalize.operations
    assert scene.personalize.operations.count("DescribeSolutionVersion") == 2  # and no further


@pytest.mark.parametrize(("seconds", "waits"), [(0, True), (299, True), (301, False)])
def test_what_an_earlier_delivery_may_have_made_may_not_be_seen_yet(seconds: float, waits: bool) -> None:
    scene = Scene(scripted(version(1)), seconds)
    outcome = scene.carry_out()
    assert isinstance(outcome, Pause if waits else Await)
    assert ("CreateSolutionVersion" in scene.personalize.operations) is not waits


def test_of_two_deliveries_at_once_one_makes_it() -> None:
    class Meanwhile(MemoryLedger):
        def intend(self, message: Message, at: datetime | None, before: str | None) -> bool:
            super().intend(message, NOW - timedelta(seconds=1), before)
            return super().intend(message, at, before)

    scene = Scene(scripted())
    scene.ledger = Meanwhile(scene.ledger.declared, runs=scene.ledger.runs)
    assert isinstance(scene.carry_out(), Pause)
    assert scene.personalize.operations == ["ListSolutionVersions"]


def test_a_name_that_is_taken_by_none_that_is_to_be_seen_is_looked_for_again() -> None:
    scene = Scene(scripted(version(1), create=THERE))
    assert isinstance(scene.carry_out(), Pause)
    assert scene.making == written(NOW)


@pytest.mark.parametrize(
    "refusal",
    [
        Throttled("ThrottlingException", "Rate exceeded", "CreateSolutionVersion"),
        LimitExceeded(
            "LimitExceededException", "More than 20 resources in PENDING or IN_PROGRESS.", "CreateSolutionVersion"
        ),
    ],
)
def test_what_was_refused_was_not_made_and_need_not_be_looked_for(refusal: Exception) -> None:
    scene = Scene(scripted(create=refusal))
    assert isinstance(scene.carry_out(), Pause)
    assert scene.making is None


def test_what_was_not_answered_may_have_been_made() -> None:
    scene = Scene(scripted(create=ConnectionError()))
    with pytest.raises(ConnectionError):
        scene.carry_out()
    assert scene.making == written(NOW)


@pytest.mark.parametrize(("before", "found"), [(9, True), (11, False)])
def test_personalizes_clock_may_be_behind_ours(before: float, found: bool) -> None:
    ours = {**version(2), "creationDateTime": NOW - timedelta(minutes=before)}
    scene = Scene(scripted(ours, DescribeSolutionVersion=named()), 1200)
    scene.carry_out()
    assert ("CreateSolutionVersion" not in scene.personalize.operations) is found


# ------------------------------------------------------------------ what an earlier run left


@pytest.mark.parametrize(
    ("status", "age", "taken_over"),
    [
        ("ACTIVE", timedelta(hours=1), True),
        ("ACTIVE", timedelta(days=30), True),
        ("CREATE PENDING", timedelta(hours=1), True),
        ("CREATE IN_PROGRESS", timedelta(hours=71), True),
        ("CREATE IN_PROGRESS", timedelta(hours=71, minutes=46), False),  # it hangs, or as good as
        ("CREATE_IN_PROGRESS", timedelta(days=9), False),
        ("CREATE STOPPING", timedelta(hours=1), False),
        ("CREATE_STOPPING", timedelta(hours=1), False),
        ("CREATE STOPPED", timedelta(hours=1), False),
        ("CREATE FAILED", timedelta(hours=1), False),
    ],
)
def test_a_version_that_an_earlier_run_left_behind_is_taken_over(status: str, age: timedelta, taken_over: bool) -> None:
    left = {**version(1, status=status), "creationDateTime": NOW - age}
    told = replace(MESSAGE, plan=plan(trained={"for-you": left["solutionVersionArn"]}))
    scene = Scene(scripted(version(2), left, DescribeSolutionVersion={"solutionVersion": left}))
    outcome = scene.carry_out(told)
    assert isinstance(outcome, Await)
    assert outcome.waits[0].arn == (left["solutionVersionArn"] if taken_over else VERSION)
    assert ("CreateSolutionVersion" in scene.personalize.operations) is not taken_over


def test_what_personalize_rejects_ends_the_branch_in_its_words() -> None:
    told = "There are not enough interactions"
    scene = Scene(scripted(create=InvalidInput("InvalidInputException", told, "CreateSolutionVersion")))
    assert scene.carry_out() == Fail(f"CreateSolutionVersion: InvalidInputException: {told}")
