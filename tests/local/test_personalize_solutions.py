"""Solutions: what is checked when one is made, and what its versions have from it."""

from __future__ import annotations

from typing import Any

import pytest

from local.personalize.arns import catalogue
from local.personalize.errors import InvalidInputError
from tests.local.personalize_account import Account, trained_group

V2, USUAL = catalogue("recipe", "aws-user-personalization-v2"), catalogue("recipe", "aws-user-personalization")

SIMS = catalogue("recipe", "aws-sims")


def made(account: Account, **request: Any) -> str:
    arn: str = account(
        "CreateSolution", datasetGroupArn=trained_group(account), performAutoTraining=False, **{"name": "s", **request}
    )["solutionArn"]
    return arn


@pytest.mark.parametrize(
    ("config", "chosen"),
    [
        ({}, USUAL),
        ({"autoMLConfig": {"metricName": "precision_at_25", "recipeList": [V2, USUAL]}}, USUAL),
        ({"autoMLConfig": {"recipeList": [V2]}}, V2),
    ],
)
def test_automl_chooses_the_recipe(config: dict[str, Any], chosen: str) -> None:
    account = Account()
    arn = made(account, performAutoML=True, solutionConfig=config)
    shown = account("DescribeSolution", solutionArn=arn)["solution"]
    assert (shown["performAutoML"], shown["autoMLResult"]) == (True, {"bestRecipeArn": chosen})
    version = account.version(arn)
    shown = account("DescribeSolutionVersion", solutionVersionArn=version)["solutionVersion"]
    assert (shown["performAutoML"], shown["recipeArn"]) == (True, chosen)
    assert account.recommended(account.campaign(version), userId="u1")


def test_without_automl_there_is_no_result_of_it() -> None:
    account = Account()
    shown = account("DescribeSolution", solutionArn=made(account, recipeArn=V2))["solution"]
    assert "autoMLResult" not in shown


@pytest.mark.parametrize("incremental", [True, False])
def test_a_version_says_whether_it_is_updated_incrementally(incremental: bool) -> None:
    account = Account()
    semantic = catalogue("recipe", "aws-semantic-similarity")
    arn = made(account, recipeArn=semantic, performIncrementalUpdate=incremental)
    shown = account("DescribeSolutionVersion", solutionVersionArn=account.version(arn))["solutionVersion"]
    assert shown["performIncrementalUpdate"] is incremental


def tuned(**bounds: str) -> dict[str, Any]:
    return {"hpoConfig": {"hpoResourceConfig": bounds}}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "recipeArn must be given"),
        ({"performAutoML": True, "recipeArn": USUAL}, "recipeArn must not be given"),
        (
            {
                "performAutoML": True,
                "solutionConfig": {"autoMLConfig": {"recipeList": [SIMS]}},
            },
            r"USER_PERSONALIZATION only, not \[aws-sims\]",
        ),
        *(
            (
                {"recipeArn": USUAL, "solutionConfig": {"eventValueThreshold": value}},
                f"eventValueThreshold must be a number, and is '{value}'",
            )
            for value in ("nan", "inf", "-Infinity", "1e999", "much")
        ),
        *(
            (
                {"recipeArn": USUAL, "performHPO": True, "solutionConfig": tuned(**{member: value})},
                f"{member} must be a whole number between 1 and {most}, and is '{value}'",
            )
            for member, most in (("maxNumberOfTrainingJobs", 40), ("maxParallelTrainingJobs", 10))
            for value in ("x", "0", "41", "1.5", "nan", "")
        ),
        (
            {"recipeArn": USUAL, "solutionConfig": {"hpoConfig": {"hpoObjective": {"type": "Best"}}}},
            "must be Maximize or Minimize, and is 'Best'",
        ),
    ],
)
def test_bad_solutions(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        made(Account(), **request_)


def test_bounds_of_tuning_are_taken() -> None:
    account = Account()
    config = {
        **tuned(maxNumberOfTrainingJobs="40", maxParallelTrainingJobs="10"),
        "eventValueThreshold": "0.5",
    }
    arn = made(account, recipeArn=USUAL, performHPO=True, solutionConfig=config)
    assert account("DescribeSolution", solutionArn=arn)["solution"]["solutionConfig"] == config
