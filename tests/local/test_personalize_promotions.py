"""What is in a list besides the best: promoted, new and popular items; scores, and contexts."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from local.personalize.errors import InvalidInputError
from tests.local.personalize_account import Account, item_data, taste_data, taste_of

EVENTS: list[dict[str, Any]] = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "DEVICE", "type": ["null", "string"], "categorical": True},
    {"name": "HOUR", "type": ["null", "int"]},
]
ITEMS: list[dict[str, Any]] = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRES", "type": ["null", "string"], "categorical": True},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
]
DAY = 86_400
LAST = int(taste_data()["TIMESTAMP"].max())
V1, V2 = "aws-user-personalization", "aws-user-personalization-v2"


class Shop:
    """A trained account whose items came long ago, but for twenty new ones that nobody has taken yet."""

    def __init__(self) -> None:
        self.account = Account()
        self.group = self.account.group()
        rows = taste_data().drop(columns="EVENT_VALUE").assign(DEVICE="phone", HOUR=7)
        events = self.account.dataset(self.group, "Interactions", EVENTS)
        assert self.account.import_(events, self.account.put("b/i.csv", rows), "i")["status"] == "ACTIVE"
        old = item_data()[["ITEM_ID", "GENRES"]].assign(CREATION_TIMESTAMP=LAST - 400 * DAY)
        new = pd.DataFrame({"ITEM_ID": [f"new{at}" for at in range(20)], "GENRES": "new"})
        # Half of them came within ten days, and half within a month.
        new["CREATION_TIMESTAMP"] = [LAST - (5 if at < 10 else 25) * DAY for at in range(20)]
        self.items = self.account.dataset(self.group, "Items", ITEMS)
        frame = pd.concat([old, new])
        assert self.account.import_(self.items, self.account.put("b/t.csv", frame), "t")["status"] == "ACTIVE"
        self.versions: dict[str, str] = {}
        self.filters = {
            name: self.account("CreateFilter", name=name, datasetGroupArn=self.group, filterExpression=expression)[
                "filterArn"
            ]
            for name, expression in (
                ("of", "INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)"),
                ("without", 'EXCLUDE ItemID WHERE Items.GENRES IN ("g0")'),
                ("users", "INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ('watch')"),
            )
        }

    def campaign(self, recipe: str, **config: Any) -> str:
        if recipe not in self.versions:
            self.versions[recipe] = self.account.version(self.account.solution(self.group, recipe))
        name = f"c{len(self.account('ListCampaigns')['campaigns'])}"
        return self.account.campaign(self.versions[recipe], name, campaignConfig=config)

    def answer(self, campaign: str, **asked: Any) -> list[dict[str, Any]]:
        asked = {"userId": "u2", **asked}
        return list(self.account.runtime("GetRecommendations", campaignArn=campaign, **asked)["itemList"])

    def promotion(self, percent: int = 40, genre: str = "g1") -> dict[str, Any]:
        values = {"GENRE": f'"{genre}"'}
        filter_arn = self.filters["of"]
        return {"name": "ours", "percentPromotedItems": percent, "filterArn": filter_arn, "filterValues": values}


@pytest.fixture(scope="module")
def shop() -> Shop:
    shop = Shop()
    shop.account.service.world.quotas["campaigns"] = 50
    return shop


def is_new(item: dict[str, Any]) -> bool:
    return str(item["itemId"]).startswith("new")


# Promotions


@pytest.mark.parametrize("recipe", [V1, V2, "aws-popularity-count", "aws-trending-now"])
def test_a_part_of_the_list_is_promoted(shop: Shop, recipe: str) -> None:
    campaign = shop.campaign(recipe)
    found = shop.answer(campaign, numResults=20, promotions=[shop.promotion()], filterArn=shop.filters["without"])
    ours = [item for item in found if "promotionName" in item]
    others = [item for item in found if "promotionName" not in item]
    assert (len(ours), len(others)) == (8, 12)
    assert len({item["itemId"] for item in found}) == 20
    assert {item["promotionName"] for item in ours} == {"ours"}
    assert all(taste_of(item["itemId"]) == 1 for item in ours)
    assert not any(not is_new(item) and taste_of(item["itemId"]) == 0 for item in others), (
        "the filter is for the others"
    )
    if recipe in (V1, V2):
        for part in (ours, others):
            scores = [item["score"] for item in part if "score" in item]
            assert scores == sorted(scores, reverse=True)
    assert all(item.get("reason") == (["Promoted item"] if recipe == V2 else None) for item in ours)


def test_a_filter_does_not_touch_the_promoted(shop: Shop) -> None:
    campaign = shop.campaign("aws-popularity-count")
    found = shop.answer(campaign, promotions=[shop.promotion(genre="g0")], filterArn=shop.filters["without"])
    assert sum(taste_of(item["itemId"]) == 0 for item in found) == 10
    assert all(("promotionName" in item) == (taste_of(item["itemId"]) == 0) for item in found)


def test_as_many_are_promoted_as_there_are(shop: Shop) -> None:
    campaign = shop.campaign("aws-popularity-count")
    found = shop.answer(campaign, promotions=[shop.promotion(100, "extra")], numResults=100)
    assert sum("promotionName" in item for item in found) == 24
    assert len(found) == 100
    assert not any("promotionName" in item for item in shop.answer(campaign, promotions=[shop.promotion(50, "none")]))


def test_new_items_can_be_promoted(shop: Shop) -> None:
    found = shop.answer(shop.campaign(V2), promotions=[shop.promotion(20, "new")])
    assert sum("promotionName" in item and is_new(item) for item in found) == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"filterArn": None}, "A promotion must have filterArn"),
        ({"percentPromotedItems": 0}, "greater than or equal to 1"),
        ({"filterValues": {"SIZE": "1"}}, "SIZE"),
    ],
)
def test_promotions_must_make_sense(shop: Shop, change: dict[str, Any], message: str) -> None:
    promotion = {key: value for key, value in {**shop.promotion(), **change}.items() if value is not None}
    with pytest.raises(InvalidInputError, match=message):
        shop.answer(shop.campaign("aws-popularity-count"), promotions=[promotion])
    users = {**shop.promotion(), "filterArn": shop.filters["users"]}
    with pytest.raises(InvalidInputError, match="is not about items"):
        shop.answer(shop.campaign("aws-popularity-count"), promotions=[users])


# Exploration


@pytest.mark.parametrize(
    ("config", "share", "youngest"),
    [
        ({}, 0.86, False),
        ({"explorationWeight": "0"}, 0, False),
        ({"explorationWeight": "1"}, 2.9, False),
        ({"explorationWeight": "1", "explorationItemAgeCutOff": "10"}, 2.9, True),
        ({"explorationWeight": "1", "explorationItemAgeCutOff": "1"}, 0, False),
    ],
)
def test_new_items_are_explored_as_configured(shop: Shop, config: dict[str, str], share: float, youngest: bool) -> None:
    campaign = shop.campaign(V1, itemExplorationConfig=config)
    answers = [shop.answer(campaign, userId=f"u{at}") for at in range(200)]
    new = [item["itemId"] for found in answers for item in found if is_new(item)]
    assert len(new) / len(answers) == pytest.approx(share, rel=0.2)
    if youngest:
        assert set(new) <= {f"new{at}" for at in range(10)}
    for found in answers:
        assert len({item["itemId"] for item in found}) == 25
        scores = [item["score"] for item in found]
        assert scores == sorted(scores, reverse=True)
        assert not any("reason" in item for item in found)
    assert answers[2] == shop.answer(campaign), "it changes when the user does something"
    assert not any(is_new(item) for item in shop.answer(campaign, userId="stranger"))


@pytest.mark.parametrize("weight", ["0.3", "1"])
def test_a_long_list_begins_as_a_short_one(shop: Shop, weight: str) -> None:
    campaign = shop.campaign(V1, itemExplorationConfig={"explorationWeight": weight})
    for user in range(40):
        short, usual, long = (
            [item["itemId"] for item in shop.answer(campaign, userId=f"u{user}", numResults=count)]
            for count in (10, 25, 500)
        )
        assert short == usual[:10] == long[:10]
        assert usual == long[:25]


def test_exploration_moves_the_others_down_and_loses_none(shop: Shop) -> None:
    explored = shop.campaign(V1, itemExplorationConfig={"explorationWeight": "1"})
    plain = shop.campaign(V1, itemExplorationConfig={"explorationWeight": "0"})
    for user in range(20):
        best, found = (
            [item["itemId"] for item in shop.answer(campaign, userId=f"u{user}", numResults=100)]
            for campaign in (plain, explored)
        )
        others = [item for item in found if not item.startswith("new")]
        assert others == [item for item in best if not item.startswith("new")][: len(others)]


def test_what_is_explored_differs_by_user(shop: Shop) -> None:
    campaign = shop.campaign(V1, itemExplorationConfig={"explorationWeight": "1"})
    lists = [{item["itemId"] for item in shop.answer(campaign, userId=f"u{at}") if is_new(item)} for at in range(100)]
    assert set().union(*lists) == {f"new{at}" for at in range(20)}
    assert len({frozenset(each) for each in lists}) > 10


def test_the_newest_recipe_says_what_it_explores(shop: Shop) -> None:
    campaign = shop.campaign(V2)
    answers = [shop.answer(campaign, userId=f"u{at}", numResults=60) for at in range(40)]
    new = [item.get("reason") for found in answers for item in found if is_new(item)]
    assert len(new) > 10
    assert all(reason == ["Exploration"] for reason in new)
    assert not any("reason" in item for found in answers for item in found if not is_new(item))
    with pytest.raises(InvalidInputError, match=f"itemExplorationConfig can't be given with {V2}"):
        shop.campaign(V2, itemExplorationConfig={"explorationWeight": "0.5"})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"explorationWeight": "1.1"}, "must be a number between 0 and 1"),
        ({"explorationWeight": "much"}, "must be a number between 0 and 1"),
        ({"explorationItemAgeCutOff": "0"}, "must be a number of at least 1"),
        ({"exploration_weight": "0.3"}, r"not \[exploration_weight\]"),
    ],
)
def test_exploration_has_bounds(shop: Shop, config: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        shop.campaign(V1, itemExplorationConfig=config)


def test_items_that_come_after_training_are_explored_too() -> None:
    shop = Shop()
    campaign = shop.campaign(V1, itemExplorationConfig={"explorationWeight": "1", "explorationItemAgeCutOff": "2"})
    related = shop.campaign("aws-similar-items")
    assert not any(is_new(item) for item in shop.answer(campaign))
    item = {"itemId": "new-today", "properties": f'{{"genres": "new", "creationTimestamp": {LAST}}}'}
    shop.account.events("PutItems", datasetArn=shop.items, items=[item])
    assert [item["itemId"] for item in shop.answer(campaign) if is_new(item)] == ["new-today"]
    known = {item["itemId"] for item in shop.answer(related, itemId="i30", numResults=500)}
    assert "new-today" not in known, "this recipe is not updated by itself"
    assert "new3" in known


# Fewer than were asked for


def test_popular_items_fill_up_what_a_filter_cuts_down(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.personalize.serving.items._RELEVANT", 30)
    filtered = {"filterArn": shop.filters["of"], "filterValues": {"GENRE": '"g1"'}}
    found = shop.answer(shop.campaign(V2), **filtered)
    assert len(found) == 25
    assert all(taste_of(item["itemId"]) == 1 for item in found)
    scored = [item for item in found if "score" in item]
    assert found[: len(scored)] == scored
    rest = found[len(scored) :]
    assert rest
    assert all(item["reason"] == ["Popular item"] for item in rest)
    counts = taste_data()["ITEM_ID"].value_counts()
    popular = [counts[item["itemId"]] for item in rest]
    assert popular == sorted(popular, reverse=True)
    assert not any("reason" in item for item in shop.answer(shop.campaign(V1), **filtered) if not is_new(item))


# Scores and rankings


def test_scores_of_all_items_add_up_to_one(shop: Shop) -> None:
    campaign = shop.campaign(V1, itemExplorationConfig={"explorationWeight": "0"})
    had = taste_data().query("USER_ID == 'u2'")["ITEM_ID"].nunique()
    found = shop.answer(campaign, numResults=500)
    assert len(found) == 240 + 20 - had
    assert 0.5 < sum(item["score"] for item in found) <= 1 + 1e-9


def test_a_ranking_scores_what_training_knows(shop: Shop) -> None:
    campaign = shop.campaign("aws-personalized-ranking-v2")
    given = ["strange", "new1", "i1", "i2", "i6"]
    answer = shop.account.runtime(
        "GetPersonalizedRanking",
        campaignArn=campaign,
        userId="u2",
        inputList=given,
        context={"DEVICE": "phone"},
        metadataColumns={"ITEMS": ["GENRES"]},
    )
    ranking = {item["itemId"]: item for item in answer["personalizedRanking"]}
    assert set(list(ranking)[:2]) == {"i2", "i6"}
    assert list(ranking)[2:] == ["i1", "new1", "strange"]
    assert sum(ranking[item]["score"] for item in ("i1", "i2", "i6")) == pytest.approx(1)
    assert "score" not in ranking["new1"], "nobody has taken it"
    assert ranking["strange"]["score"] == 0, "training has not seen it"
    assert ranking["i2"]["metadata"] == {"genres": "g2"}


@pytest.mark.parametrize(
    ("recipe", "context", "message"),
    [
        (V1, {"WEATHER": "rain"}, "The context has WEATHER"),
        (V1, {"USER_ID": "u1"}, "The context has USER_ID"),
        (V1, {"HOUR": "seven"}, "HOUR must be a number"),
        ("aws-popularity-count", {"DEVICE": "phone"}, "context can't be given with aws-popularity-count"),
    ],
)
def test_contexts_must_be_known(shop: Shop, recipe: str, context: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        shop.answer(shop.campaign(recipe), context=context)


def test_contexts_are_taken(shop: Shop) -> None:
    assert len(shop.answer(shop.campaign(V2), context={"DEVICE": "phone", "HOUR": "7"})) == 25


@pytest.mark.parametrize(
    ("recipe", "free"), [(V2, True), ("aws-personalized-ranking-v2", True), (V1, False), ("aws-sims", False)]
)
def test_metadata_come_with_the_newest_recipes_unasked(shop: Shop, recipe: str, free: bool) -> None:
    campaign = shop.campaign(recipe)
    operation, asked = "GetRecommendations", dict[str, Any](userId="u1", itemId="i30")
    if "ranking" in recipe:
        operation, asked = "GetPersonalizedRanking", {"userId": "u1", "inputList": ["i1", "i2"]}
    asked = {"campaignArn": campaign, "metadataColumns": {"ITEMS": ["GENRES"]}, **asked}
    if free:
        assert shop.account.runtime(operation, **asked)
        return
    with pytest.raises(InvalidInputError, match="needs enableMetadataWithRecommendations"):
        shop.account.runtime(operation, **asked)
