"""The step that trains."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.engine import carry_out
from functions.errors import AlreadyExists, InvalidInput
from functions.model import TrainingMode, Wait
from functions.outcomes import Await, Fail
from functions.steps.train import STEP
from tests.support.build import NOW, RUN_ID, SOLUTION, VERSION, message, plan, ports
from tests.support.scripted import Answer, Scripted

MESSAGE = message("train", "for-you", phase="train")
NAME = f"acme-{RUN_ID}-for-you"
THERE = AlreadyExists("ResourceAlreadyExistsException", "there", "CreateSolutionVersion")


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


@pytest.mark.parametrize("mode", ["FULL", "UPDATE"])
def test_a_version_named_for_the_run_with_exactly_these_parameters(mode: TrainingMode) -> None:
    personalize = scripted()
    asked = message("train", "for-you", phase="train", plan=plan(training_mode=mode))
    assert carry_out(STEP, asked, ports(personalize)) == Await((Wait("solution_version", VERSION, key="version"),))
    assert personalize.calls == [
        ("ListSolutionVersions", {"solutionArn": SOLUTION}),
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
    outcome = carry_out(STEP, MESSAGE, ports(scripted(*versions)))
    assert isinstance(outcome, Await)
    (wait,) = outcome.waits
    assert wait == Wait("solution_version", VERSION, expected, spread=wait.spread, key="version")
    assert (wait.spread is None) is (expected is None)


def test_the_version_of_an_earlier_delivery_is_found_by_its_name() -> None:
    def describe(params: dict[str, Any]) -> dict[str, Any]:
        arn = params["solutionVersionArn"]
        named = {"name": NAME} if arn == f"{SOLUTION}/v2" else {}
        return {"solutionVersion": {"solutionVersionArn": arn, **named}}

    personalize = scripted(version(1), version(2), version(3), create=THERE, DescribeSolutionVersion=describe)
    outcome = carry_out(STEP, MESSAGE, ports(personalize))
    assert isinstance(outcome, Await)
    spread = outcome.waits[0].spread
    assert outcome.waits == (Wait("solution_version", f"{SOLUTION}/v2", 2400, spread=spread, key="version"),)
    looked_at = [
        params["solutionVersionArn"] for name, params in personalize.calls if name == "DescribeSolutionVersion"
    ]
    assert looked_at == [f"{SOLUTION}/v3", f"{SOLUTION}/v2"]


def test_a_version_of_this_run_is_found_before_another_is_asked_for() -> None:
    """That a second version of one name is refused is not all that is relied on."""
    ours = {**version(1), "creationDateTime": NOW}
    named = {"solutionVersion": {"solutionVersionArn": ours["solutionVersionArn"], "name": NAME}}
    personalize = scripted(version(2), ours, DescribeSolutionVersion=named)
    outcome = carry_out(STEP, MESSAGE, ports(personalize))
    assert isinstance(outcome, Await)
    assert (outcome.waits[0].arn, outcome.waits[0].since) == (ours["solutionVersionArn"], NOW.isoformat())
    assert personalize.operations == ["ListSolutionVersions", "DescribeSolutionVersion"]


@pytest.mark.parametrize(
    ("status", "taken_over"), [("ACTIVE", True), ("CREATE PENDING", True), ("CREATE FAILED", False)]
)
def test_a_version_that_an_earlier_run_left_behind_is_taken_over(status: str, taken_over: bool) -> None:
    left = version(1, status=status)
    told = replace(MESSAGE, plan=plan(trained={"for-you": left["solutionVersionArn"]}))
    personalize = scripted(version(2), left)
    outcome = carry_out(STEP, told, ports(personalize))
    assert isinstance(outcome, Await)
    assert outcome.waits[0].arn == (left["solutionVersionArn"] if taken_over else VERSION)
    assert ("CreateSolutionVersion" in personalize.operations) is not taken_over


@pytest.mark.parametrize(("before", "found"), [(9, True), (11, False)])
def test_personalizes_clock_may_be_behind_ours(before: float, found: bool) -> None:
    ours = {**version(1), "creationDateTime": NOW - timedelta(minutes=before)}
    named = {"solutionVersion": {"solutionVersionArn": ours["solutionVersionArn"], "name": NAME}}
    personalize = scripted(ours, DescribeSolutionVersion=named)
    carry_out(STEP, MESSAGE, ports(personalize))
    assert ("CreateSolutionVersion" not in personalize.operations) is found


def test_a_name_that_is_taken_by_none_of_the_versions_fails() -> None:
    elsewhere = {"solutionVersion": {"solutionVersionArn": VERSION, "name": "other"}}
    personalize = scripted(version(1), create=THERE, DescribeSolutionVersion=elsewhere)
    outcome = carry_out(STEP, MESSAGE, ports(personalize))
    assert isinstance(outcome, Fail)
    assert f"no version is named {NAME}" in outcome.reason


def test_what_personalize_rejects_ends_the_branch_in_its_words() -> None:
    told = "There are not enough interactions"
    personalize = scripted(create=InvalidInput("InvalidInputException", told, "CreateSolutionVersion"))
    outcome = carry_out(STEP, MESSAGE, ports(personalize))
    assert outcome == Fail(f"CreateSolutionVersion: InvalidInputException: {told}")
