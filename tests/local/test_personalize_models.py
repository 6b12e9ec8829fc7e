"""Training: metrics above popularity, what may be trained, and what is learned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from local.personalize.errors import InvalidInputError
from local.personalize.learning.metrics import popularity_baseline
from tests.local.personalize_account import (
    INTERACTIONS,
    TASTES,
    Account,
    taste_data,
    taste_of,
    trained_group,
)

NAMES = {"coverage", "mean_reciprocal_rank_at_25"} | {
    f"{name}_at_{depth}" for name in ("precision", "normalized_discounted_cumulative_gain") for depth in (5, 10, 25)
}
PERSONALISED = [
    "aws-user-personalization",
    "aws-user-personalization-v2",
    "aws-personalized-ranking",
    "aws-personalized-ranking-v2",
]


@pytest.mark.parametrize("recipe", PERSONALISED)
def test_a_personalised_solution_beats_popularity(recipe: str) -> None:
    account = Account()
    version = account.version(account.solution(trained_group(account, items=False), recipe))
    metrics = account("GetSolutionMetrics", solutionVersionArn=version)["metrics"]
    baseline = account.service.popularity_baseline(version)
    assert set(metrics) == set(baseline) == NAMES
    assert all(0 <= value <= 1 for value in metrics.values())
    for name in ("precision_at_10", "normalized_discounted_cumulative_gain_at_10", "mean_reciprocal_rank_at_25"):
        assert metrics[name] > 1.3 * baseline[name], name
    shown = account("DescribeSolutionVersion", solutionVersionArn=version)["solutionVersion"]
    assert shown["trainingHours"] > 0
    assert shown["trainingMode"] == "FULL"


def test_the_popularity_baseline_is_the_same_from_files_and_as_a_recipe() -> None:
    account = Account()
    version = account.version(account.solution(trained_group(account, items=False), "aws-popularity-count"))
    metrics = account("GetSolutionMetrics", solutionVersionArn=version)["metrics"]
    baseline = account.service.popularity_baseline(version)
    assert metrics == {name: round(value, 4) for name, value in sorted(baseline.items())}
    assert baseline == popularity_baseline(taste_data())


def test_training_twice_gives_the_same() -> None:
    account = Account()
    solution = account.solution(trained_group(account, items=False), "aws-user-personalization")
    first, second = account.version(solution), account.version(solution)
    assert (
        account("GetSolutionMetrics", solutionVersionArn=first)["metrics"]
        == (account("GetSolutionMetrics", solutionVersionArn=second)["metrics"])
    )


@pytest.mark.parametrize("recipe", ["aws-similar-items", "aws-sims"])
def test_similar_items_share_a_taste(recipe: str) -> None:
    account = Account()
    campaign = account.campaign(account.version(account.solution(trained_group(account, items=False), recipe)))
    same = [
        np.mean(
            [taste_of(other) == taste_of(item) for other in account.recommended(campaign, itemId=item, numResults=5)]
        )
        for item in (f"i{at}" for at in range(40))
    ]
    assert np.mean(same) > 2 / TASTES


def test_trending_items_are_those_of_the_last_day() -> None:
    account = Account()
    group = account.group()
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    last = int(taste_data()["TIMESTAMP"].max())
    burst = [(f"u{at}", "i111", last + 90_000 + at, "watch", 1) for at in range(100)]
    burst += [(f"u{at}", "i0", last + 1000 + at, "watch", 1) for at in range(100)]
    frame = pd.concat([taste_data(), pd.DataFrame(burst, columns=taste_data().columns)])
    account.import_(dataset, account.put("b/x.csv", frame), "j")
    trending, popular = (
        account.campaign(account.version(account.solution(group, recipe)), recipe)
        for recipe in ("aws-trending-now", "aws-popularity-count")
    )
    assert account.recommended(trending, userId="u1")[0] == "i111"
    assert account.recommended(popular, userId="u1")[0] != "i111"


@pytest.mark.parametrize(
    ("rows", "users", "event_type", "reason"),
    [
        (1200, 250, "like", "There are 600 interactions to train on after filtering, and at least 1000"),
        (1200, 24, None, "There are 24 users with at least 2 interactions each, and at least 25"),
    ],
)
def test_training_needs_enough_data(rows: int, users: int, event_type: str | None, reason: str) -> None:
    account = Account()
    group = account.group()
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    frame = taste_data().head(rows).assign(USER_ID=[f"u{at % users}" for at in range(rows)])
    account.import_(dataset, account.put("b/x.csv", frame), "j")
    version = account.version(account.solution(group, "aws-user-personalization", eventType=event_type))
    shown = account("DescribeSolutionVersion", solutionVersionArn=version)["solutionVersion"]
    assert shown["status"] == "CREATE FAILED"
    assert reason in shown["failureReason"]
    with pytest.raises(InvalidInputError, match="CREATE FAILED"):
        account.campaign(version)


def test_training_needs_interactions() -> None:
    account = Account()
    with pytest.raises(InvalidInputError, match="no Interactions dataset with data"):
        account.version(account.solution(account.group(), "aws-sims"))


def test_only_the_events_that_the_solution_names_count() -> None:
    account = Account()
    group = trained_group(account, items=False)
    events = [
        {"eventType": "like", "eventValueThreshold": 1.0, "weight": 1.0},
        {"eventType": "watch", "weight": 0.5},
    ]
    config = {"eventsConfig": {"eventParametersList": events}}
    account.service.control.decide(setting_of_another_recipe="ignore")  # this recipe's counts are simple to check
    version = account.version(account.solution(group, "aws-popularity-count", solutionConfig=config))
    assert account.status("SolutionVersion", version) == "ACTIVE"
    trained = account.service.world.state.trained[version]
    data = taste_data()
    likes = data[(data["EVENT_TYPE"] == "like") & (data["EVENT_VALUE"] >= 1)]
    watches = data[data["EVENT_TYPE"] == "watch"]
    assert trained.history.sum() == pytest.approx(len(likes) + 0.5 * len(watches))


def test_update_goes_on_from_a_full_training() -> None:
    account = Account()
    group = trained_group(account, items=False)
    solution = account.solution(group, "aws-user-personalization")
    with pytest.raises(InvalidInputError, match="needs an ACTIVE version"):
        account.version(solution, trainingMode="UPDATE")
    full = account.version(solution)
    with pytest.raises(InvalidInputError, match="There should be updates to at least one dataset after last active"):
        account.version(solution, trainingMode="UPDATE")
    other = account.solution(group, "aws-user-personalization-v2")
    account.version(other)
    with pytest.raises(InvalidInputError, match="for aws-user-personalization only"):
        account.version(other, trainingMode="UPDATE")
    new = pd.DataFrame(
        [(f"u{at}", "brand-new", 1_800_000_000, "watch", 1) for at in range(0, 100, TASTES)],
        columns=taste_data().columns,
    )
    dataset = account("ListDatasets")["datasets"][0]["datasetArn"]
    account.import_(dataset, account.put("b/x.csv", pd.concat([taste_data(), new])), "more")
    update = account.version(solution, trainingMode="UPDATE")
    shown = account("DescribeSolutionVersion", solutionVersionArn=update)["solutionVersion"]
    assert (shown["status"], shown["trainingMode"]) == ("ACTIVE", "UPDATE")
    assert account("GetSolutionMetrics", solutionVersionArn=update) == {
        **account("GetSolutionMetrics", solutionVersionArn=full),
        "solutionVersionArn": update,
    }
    campaign = account.campaign(update)
    lists = {user: account.recommended(campaign, userId=user, numResults=40) for user in ("u200", "u201")}
    assert "brand-new" in lists["u200"]
    assert "brand-new" not in lists["u201"]
