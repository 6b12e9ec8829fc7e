"""Next best actions: who takes what is learned, and what a user gets."""

from __future__ import annotations

import datetime as dt
import functools
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from local.personalize.errors import InvalidInputError
from local.personalize.learning.models import Trained
from local.personalize.learning.order import Who
from tests.local.personalize_account import BEGINNING, TASTES, USERS, Account, taste_data, trained_group

ACTIONS: list[dict[str, Any]] = [
    {"name": "ACTION_ID", "type": "string"},
    {"name": "KIND", "type": ["null", "string"], "categorical": True},
    {"name": "VALUE", "type": ["null", "long"]},
    {"name": "EXPIRATION_TIMESTAMP", "type": ["null", "long"]},
    {"name": "REPEAT_FREQUENCY", "type": ["null", "long"]},
]
DEALINGS = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ACTION_ID", "type": "string"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
]
NOW = int(BEGINNING.timestamp())
_CATALOGUE = "ACTION_ID,KIND,VALUE,EXPIRATION_TIMESTAMP,REPEAT_FREQUENCY\n" + "".join(
    f"{row}\n"
    for row in (
        *(f"join-{taste},join,,,{7 if taste == 0 else ''}" for taste in range(TASTES)),
        "new-cheap,new,1,,",
        "new-dear,new,9,,",
        f"over,new,10,{NOW - 1},",
        f"not-yet-over,new,5,{NOW + 1000},",
    )
)


@functools.cache
def dealings(seed: int = 3) -> pd.DataFrame:
    """Return who took which action: nearly always that of the user's own taste, and hardly ever another."""
    random = np.random.default_rng(seed)
    rows = []
    for user in range(250):
        for taste in range(TASTES):
            for at in range(2):
                taken = random.random() < (0.85 if user % TASTES == taste else 0.15)
                kind = "TAKEN" if taken else ("NOT_TAKEN", "VIEWED")[at]
                rows.append((f"u{user}", f"join-{taste}", kind, NOW - 86_400 * 20 - 86_400 * 16 * at - user))
    return pd.DataFrame(rows, columns=["USER_ID", "ACTION_ID", "EVENT_TYPE", "TIMESTAMP"])


class Club:
    """Users with tastes, and actions that go with these."""

    def __init__(self, taken: pd.DataFrame | None) -> None:
        self.account = Account()
        self.group = trained_group(self.account)
        users = self.account.dataset(self.group, "Users", USERS)
        self.account.import_(users, self.account.put("b/u.csv", "USER_ID,AGE\nu1,20\nu2,50\n"), "users")
        actions = self.account.dataset(self.group, "Actions", ACTIONS)
        assert self.account.import_(actions, self.account.put("b/a.csv", _CATALOGUE), "a")["status"] == "ACTIVE"
        self.dealings = self.account.dataset(self.group, "Action_Interactions", DEALINGS)
        if taken is not None:
            job = self.account.import_(self.dealings, self.account.put("b/d.csv", taken), "d")
            assert job["status"] == "ACTIVE"
        self.version = self.account.version(self.account.solution(self.group, "aws-next-best-action"))
        self.campaign = self.account.campaign(self.version)
        self.tracking = self.account("CreateEventTracker", name="t", datasetGroupArn=self.group)["trackingId"]

    def best(self, user: str, **more: Any) -> dict[str, float]:
        answer = self.account.runtime("GetActionRecommendations", campaignArn=self.campaign, userId=user, **more)
        assert answer["recommendationId"]
        return {each["actionId"]: each["score"] for each in answer["actionList"]}

    def filter(self, name: str, expression: str) -> str:
        made = self.account("CreateFilter", name=name, datasetGroupArn=self.group, filterExpression=expression)
        return str(made["filterArn"])


@pytest.fixture(scope="module")
def club() -> Club:
    return Club(dealings())


def test_users_get_the_action_of_their_taste(club: Club, record_property: Callable[[str, object], None]) -> None:
    first = [next(iter(club.best(f"u{user}"))) for user in range(100)]
    hits = float(np.mean([action == f"join-{user % TASTES}" for user, action in enumerate(first)]))
    record_property(
        "figure", f"aws-next-best-action: {hits:.0%} get the action of their taste, {1 / TASTES:.0%} by chance"
    )
    assert hits > 2 / TASTES


def test_models_can_be_kept(club: Club) -> None:
    trained = club.account.service.world.state.trained[club.version]
    kept: Trained = pickle.loads(pickle.dumps(trained))  # noqa: S301 - made here
    who = Who(0, trained.history[[0]], fresh=False)
    assert kept.fitted.actions
    assert trained.fitted.actions
    assert np.array_equal(kept.fitted.actions.propensities(who), trained.fitted.actions.propensities(who))


def test_metrics_are_the_services_own(club: Club, record_property: Callable[[str, object], None]) -> None:
    metrics = club.account("GetSolutionMetrics", solutionVersionArn=club.version)["metrics"]
    assert set(metrics) == {"coverage", "precision", "recall", "area_under_curve"}
    record_property(
        "figure", f"aws-next-best-action: area under the curve {metrics['area_under_curve']:.2f}, 0.50 by chance"
    )
    assert metrics["area_under_curve"] > 0.6
    assert metrics["coverage"] == TASTES / 8


def test_scores_are_chances_and_unknown_actions_come_last_the_valuable_first(club: Club) -> None:
    found = club.best("u1", numResults=100)
    scores = list(found.values())
    assert scores == sorted(scores, reverse=True)
    assert all(0 < found[f"join-{taste}"] < 1 for taste in range(TASTES))
    assert list(found)[TASTES:] == ["new-dear", "not-yet-over", "new-cheap"]
    assert scores[TASTES:] == [0.0] * 3
    assert len(club.best("u1")) == 5
    assert club.best("u1", numResults=0) == {}


def test_strangers_get_what_is_taken_most(club: Club) -> None:
    stranger = club.best("stranger")
    assert all(0 < stranger[f"join-{taste}"] < 1 for taste in range(TASTES))
    assert stranger == club.best("somebody else")


def test_filters_are_about_actions(club: Club) -> None:
    only_new = club.filter("new", 'INCLUDE ActionID WHERE Actions.KIND IN ("new")')
    assert set(club.best("u1", numResults=100, filterArn=only_new)) == {"new-dear", "not-yet-over", "new-cheap"}
    untaken = club.filter("untaken", 'EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("TAKEN")')
    taken = set(dealings().query("USER_ID == 'u1' and EVENT_TYPE == 'TAKEN'")["ACTION_ID"])
    assert taken
    assert not taken & set(club.best("u1", numResults=100, filterArn=untaken))
    items = club.filter("items", 'INCLUDE ItemID WHERE Items.GENRES IN ("g1")')
    with pytest.raises(InvalidInputError, match="is not about actions"):
        club.best("u1", filterArn=items)


@pytest.mark.parametrize(
    ("params", "message"),
    [({"userId": None}, "userId must be given"), ({"userId": "u1", "numResults": 101}, "at most 100")],
)
def test_bad_requests(club: Club, params: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        club.account.runtime("GetActionRecommendations", campaignArn=club.campaign, **params)


def test_each_operation_has_its_recipes(club: Club) -> None:
    with pytest.raises(InvalidInputError, match="use GetActionRecommendations"):
        club.account.recommended(club.campaign, userId="u1")
    version = club.account.version(club.account.solution(club.group, "aws-popularity-count"))
    popular = club.account.campaign(version, "popular")
    with pytest.raises(InvalidInputError, match="aws-popularity-count, which does not recommend actions"):
        club.account.runtime("GetActionRecommendations", campaignArn=popular, userId="u1")


def test_an_action_rests_after_it_was_dealt_with() -> None:
    club = Club(dealings())
    assert "join-0" in club.best("u1")
    event = {
        "actionId": "join-0",
        "userId": "u1",
        "sessionId": "s",
        "timestamp": BEGINNING,
        "eventType": "VIEWED",
    }
    tracking = club.account("DescribeDataset", datasetArn=club.dealings)["dataset"]["trackingId"]
    club.account.events("PutActionInteractions", trackingId=tracking, actionInteractions=[event])
    assert "join-0" not in club.best("u1", numResults=100)
    assert "join-0" in club.best("u2", numResults=100)
    club.account.clock.advance(7 * 86_400)
    assert "join-0" in club.best("u1", numResults=100)
    assert "not-yet-over" not in club.best("u1", numResults=100), "it is over by now"


def test_what_a_user_does_counts_at_once() -> None:
    club = Club(dealings())
    before = club.best("newcomer")
    items = [item for item in taste_data()["ITEM_ID"].unique() if int(item.removeprefix("i")) % TASTES == 3][:6]
    sent = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
    events = [{"eventType": "watch", "itemId": item, "sentAt": sent} for item in items]
    club.account.events("PutEvents", trackingId=club.tracking, userId="newcomer", sessionId="s", eventList=events)
    after = club.best("newcomer")
    assert after["join-3"] > before["join-3"]
    assert next(iter(after)) == "join-3"


def test_without_action_interactions_all_scores_are_nothing() -> None:
    club = Club(None)
    found = club.best("u1", numResults=100)
    assert set(found.values()) == {0.0}
    assert next(iter(found)) == "new-dear"


def test_actions_and_interactions_are_needed() -> None:
    account = Account()
    group = trained_group(account)
    with pytest.raises(InvalidInputError, match="no Actions dataset with data"):
        account.version(account.solution(group, "aws-next-best-action"))
