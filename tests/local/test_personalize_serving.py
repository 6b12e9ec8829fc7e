"""Recommendations, rankings, filters, and events that count at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from local.personalize.errors import InvalidInputError, NotFoundError, ServiceError
from local.personalize.filters import grammar
from tests.local.personalize_account import TASTES, USERS, Account, item_data, taste_data, taste_of, trained_group


class Shop:
    """A trained account with one campaign per recipe."""

    def __init__(self) -> None:
        self.account = Account()
        self.group = trained_group(self.account)
        users = self.account.dataset(self.group, "Users", USERS)
        self.account.import_(users, self.account.put("b/u.csv", "USER_ID,AGE\nu1,20\nu2,50\nu3,\n"), "users")
        made = self.account("CreateEventTracker", name="t", datasetGroupArn=self.group)
        self.tracking = made["trackingId"]
        self.campaigns: dict[str, str] = {}

    def campaign(self, recipe: str, **more: Any) -> str:
        if recipe not in self.campaigns:
            version = self.account.version(self.account.solution(self.group, recipe))
            self.campaigns[recipe] = self.account.campaign(version, recipe, **more)
        return self.campaigns[recipe]

    def filter(self, expression: str) -> str:
        name = f"f{abs(hash(expression))}"
        for known in self.account("ListFilters")["Filters"]:
            if known["name"] == name:
                return str(known["filterArn"])
        made = self.account("CreateFilter", name=name, datasetGroupArn=self.group, filterExpression=expression)
        return str(made["filterArn"])

    def watch(self, user: str, *items: str) -> None:
        now = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
        events = [{"eventType": "watch", "itemId": item, "sentAt": now} for item in items]
        self.account.events("PutEvents", trackingId=self.tracking, userId=user, sessionId="s", eventList=events)


@pytest.fixture(scope="module")
def shop() -> Shop:
    shop = Shop()
    shop.campaign("aws-user-personalization", campaignConfig={"enableMetadataWithRecommendations": True})
    return shop


def share_of(taste: int, items: list[str]) -> float:
    return float(np.mean([taste_of(item) == taste for item in items]))


def had_by(user: str) -> set[str]:
    return set(taste_data().loc[taste_data()["USER_ID"] == user, "ITEM_ID"])


def test_users_get_their_taste_and_nothing_twice(shop: Shop) -> None:
    campaign = shop.campaign("aws-user-personalization")
    answer = shop.account.runtime("GetRecommendations", campaignArn=campaign, userId="u2")
    items = [item["itemId"] for item in answer["itemList"]]
    scores = [item["score"] for item in answer["itemList"]]
    assert len(items) == len(set(items)) == 25
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) < 1
    assert answer["recommendationId"]
    assert share_of(2, items[:10]) > 2 / TASTES
    assert not set(items) & had_by("u2")


def test_strangers_get_what_is_popular(shop: Shop) -> None:
    popular = shop.account.recommended(shop.campaign("aws-popularity-count"), userId="stranger", numResults=10)
    counts = taste_data()["ITEM_ID"].value_counts()
    assert counts[popular].tolist() == counts.head(10).tolist()
    for campaign in (shop.campaign("aws-user-personalization"), shop.campaign("aws-similar-items")):
        found = shop.account.recommended(campaign, userId="stranger", itemId="strange", numResults=10)
        assert counts[found].tolist() == counts.head(10).tolist()


def test_an_item_is_not_like_itself_and_has_no_scores(shop: Shop) -> None:
    campaign = shop.campaign("aws-similar-items")
    answer = shop.account.runtime("GetRecommendations", campaignArn=campaign, itemId="i7", numResults=500)
    assert len(answer["itemList"]) == len(item_data()) - 1
    assert all(set(item) == {"itemId"} and item["itemId"] != "i7" for item in answer["itemList"])


def test_a_ranking_keeps_all_and_puts_unknown_items_last(shop: Shop) -> None:
    campaign = shop.campaign("aws-personalized-ranking")
    given = ["strange", "i0", "i1", "i2", "i3", "odd"]
    answer = shop.account.runtime("GetPersonalizedRanking", campaignArn=campaign, userId="u2", inputList=given)
    ranked = [item["itemId"] for item in answer["personalizedRanking"]]
    assert sorted(ranked) == sorted(given)
    assert ranked[0] == "i2"
    assert ranked[-2:] == ["strange", "odd"]
    with pytest.raises(InvalidInputError, match="use GetPersonalizedRanking"):
        shop.account.recommended(campaign, userId="u2")


@pytest.mark.parametrize(
    ("recipe", "params", "message"),
    [
        ("aws-user-personalization", {}, "userId must be given"),
        ("aws-similar-items", {"userId": "u1"}, "itemId must be given"),
        ("aws-user-personalization", {"userId": "u1", "numResults": 501}, "numResults must be at most 500"),
        ("aws-user-personalization", {"userId": "u1", "numResults": -1}, "greater than or equal to 0"),
        ("aws-similar-items", {"itemId": "i1", "metadataColumns": {"ITEMS": ["GENRES"]}}, "enableMetadata"),
        ("aws-user-personalization", {"userId": "u1", "metadataColumns": {"ITEMS": ["SIZE"]}}, r"unknown: \[SIZE\]"),
    ],
)
def test_bad_requests(shop: Shop, recipe: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        shop.account.runtime("GetRecommendations", campaignArn=shop.campaign(recipe), **params)


def test_metadata_come_with_the_items(shop: Shop) -> None:
    answer = shop.account.runtime(
        "GetRecommendations",
        campaignArn=shop.campaign("aws-user-personalization"),
        userId="u1",
        metadataColumns={"ITEMS": ["GENRES", "PRICE"]},
    )
    genres = dict(zip(item_data()["ITEM_ID"], item_data()["GENRES"], strict=True))
    assert all(item["metadata"]["genres"] == genres[item["itemId"]] for item in answer["itemList"])


def test_campaigns_are_listed_by_the_solution_that_they_serve() -> None:
    account = Account()
    group = trained_group(account)
    one, other = (account.solution(group, "aws-popularity-count", name) for name in ("one", "other"))
    campaign = account.campaign(account.version(one))

    def listed(solution: str) -> list[str]:
        return [each["campaignArn"] for each in account("ListCampaigns", solutionArn=solution)["campaigns"]]

    assert (listed(one), listed(other)) == ([campaign], [])
    account("UpdateCampaign", campaignArn=campaign, solutionVersionArn=account.version(other))
    assert (listed(one), listed(other)) == ([], [campaign])


def test_a_campaign_answers_once_it_is_active() -> None:
    account = Account(durations={"Campaign": {"*": 60}})
    version = account.version(account.solution(trained_group(account), "aws-popularity-count"))
    campaign = account.campaign(version)
    with pytest.raises(NotFoundError, match="is CREATE PENDING, and must be ACTIVE"):
        account.recommended(campaign, userId="u1")
    account.clock.advance(60)
    assert account.recommended(campaign, userId="u1", numResults=3)
    assert account.recommended(campaign, userId="u1", numResults=0) == []


GENRE = dict(zip(item_data()["ITEM_ID"], item_data()["GENRES"], strict=True))
PRICE = dict(zip(item_data()["ITEM_ID"], item_data()["PRICE"], strict=True))
ALL = set(taste_data()["ITEM_ID"])


def seen(kind: str) -> set[str]:
    data = taste_data()
    return set(data.loc[(data["USER_ID"] == "u1") & (data["EVENT_TYPE"] == kind), "ITEM_ID"])


def of_genre(*genres: str) -> set[str]:
    return {item for item in ALL if set(GENRE[item].split("|")) & set(genres)}


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        ('INCLUDE ItemID WHERE Items.GENRES IN ("g1", "extra")', {}, of_genre("g1", "extra")),
        ('EXCLUDE ItemID WHERE Items.GENRES IN ("g1")', {}, ALL - of_genre("g1")),
        ('INCLUDE ItemID WHERE Items.GENRES NOT IN ("g1", "g2")', {}, ALL - of_genre("g1", "g2")),
        ("include itemid where item.genres in ($G)", {"G": '"g1","g2"'}, of_genre("g1", "g2")),
        ("INCLUDE ItemID WHERE Items.GENRES IN ($G)", {"G": "g3"}, of_genre("g3")),
        ("EXCLUDE ItemID WHERE Items.GENRES IN ($G)", {}, ALL),
        ('EXCLUDE ItemID WHERE Interactions.event_type IN ("watch")', {}, ALL - seen("watch")),
        ('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', {}, ALL - seen("watch") - seen("like")),
        ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")', {}, seen("watch")),
        ("INCLUDE ItemID WHERE Items.PRICE >= 10 AND Items.PRICE < 20", {}, {f"i{at}" for at in range(10, 20)}),
        ("INCLUDE ItemID WHERE Items.PRICE != 10 AND Items.PRICE <= 11", {}, {f"i{at}" for at in (*range(10), 11)}),
        ("INCLUDE ItemID WHERE Items.PRICE = $P", {"P": "7"}, {"i7"}),
        (
            'INCLUDE ItemID WHERE (Items.PRICE < 5 OR Items.PRICE > 100) AND Items.GENRES IN ("g1")',
            {},
            {item for item in of_genre("g1") if PRICE[item] < 5 or PRICE[item] > 100},
        ),
        (
            'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("like") | INCLUDE ItemID WHERE Items.GENRES IN ("g1")',
            {},
            of_genre("g1") - seen("like"),
        ),
        (
            'INCLUDE ItemID WHERE Items.PRICE < 5 | INCLUDE ItemID WHERE Items.GENRES IN ("g2")',
            {},
            of_genre("g2") | {f"i{at}" for at in range(5)},
        ),
        ('INCLUDE ItemID WHERE Items.GENRES IN ("g1") IF CurrentUser.AGE < 30', {}, of_genre("g1")),
        ('INCLUDE ItemID WHERE Items.GENRES IN ("g1") IF CurrentUser.AGE > 30', {}, ALL),
    ],
)
def test_filters(shop: Shop, expression: str, values: dict[str, str], expected: set[str]) -> None:
    found = shop.account.recommended(
        shop.campaign("aws-popularity-count"),
        userId="u1",
        numResults=500,
        filterArn=shop.filter(expression),
        filterValues=values,
    )
    assert set(found) == expected & ALL


@pytest.mark.parametrize(
    ("values", "message"),
    [({}, r"needs values for the parameters \[G\]"), ({"G": "x", "H": "y"}, r"no parameters \[H\]")],
)
def test_filter_values_must_fit(shop: Shop, values: dict[str, str], message: str) -> None:
    made = shop.filter("INCLUDE ItemID WHERE Items.GENRES IN ($G)")
    with pytest.raises(InvalidInputError, match=message):
        shop.account.recommended(
            shop.campaign("aws-popularity-count"), userId="u1", filterArn=made, filterValues=values
        )


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("EXCLUDE", "not valid at position 8: EXCLUDE>>>"),
        ('EXCLUDE ItemID WHERE Items.GENRES IN ("a"', "not valid at position 42"),
        ('DROP ItemID WHERE Items.GENRES IN ("a")', "not valid at position 1: >>>DROP"),
        ("EXCLUDE ItemID WHERE Items.GENRES IN ()", "not valid at position 39"),
        ("EXCLUDE ItemID WHERE Items.GENRES ? 4", "not valid at position 35"),
        ('EXCLUDE ItemID WHERE Items.SIZE IN ("a")', "Items has no|ITEMS.SIZE, and the schema has no such field"),
        ('EXCLUDE ItemID WHERE Weather.SIZE IN ("a")', r">>>Weather.SIZE .* \(Weather is no dataset\)"),
        ('EXCLUDE ItemID WHERE Actions.SIZE IN ("a")', "ItemID can be filtered by ITEMS or INTERACTIONS only"),
        ("EXCLUDE ItemID WHERE Items.GENRES > 4", "GENRES is not a number"),
        ('EXCLUDE ItemID WHERE Items.PRICE > 4 AND Interactions.EVENT_TYPE IN ("a")', "one dataset only"),
        ("EXCLUDE ItemID WHERE Items.PRICE > 4 IF Items.PRICE < 9", "IF takes conditions on CurrentUser only"),
        (
            "EXCLUDE ItemID WHERE Items.PRICE > 4 | EXCLUDE UserID WHERE Users.AGE > 4",
            "must be about the same",
        ),
    ],
)
def test_bad_filters(shop: Shop, expression: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        shop.filter(expression)


def test_expressions_are_read_into_plain_data() -> None:
    read = grammar.parse('EXCLUDE ItemID WHERE Interactions.event_type NOT IN ("a", $B) IF CurrentUser.AGE = 3')
    condition = grammar.Condition("INTERACTIONS", "EVENT_TYPE", "NOT IN", ("a", grammar.Placeholder("B")))
    current = grammar.Condition("USERS", "AGE", "=", (3.0,), current=True)
    assert read.clauses == (grammar.Clause("EXCLUDE", "itemid", condition, current),)
    assert read.placeholders == {"B"}


def test_a_filter_of_another_group_is_refused(shop: Shop) -> None:
    other = _with_items(shop.account, shop.account.group("other"))
    shop.account.service.control.decide(filter_on_empty_data="take")
    made = shop.account(
        "CreateFilter",
        name="other",
        datasetGroupArn=other,
        filterExpression='EXCLUDE ItemID WHERE Items.GENRES IN ("a")',
    )
    with pytest.raises(ServiceError, match="another dataset group"):
        shop.account.recommended(shop.campaign("aws-popularity-count"), userId="u1", filterArn=made["filterArn"])


def _with_items(account: Account, group: str) -> str:
    schema = next(each["schemaArn"] for each in account("ListSchemas")["schemas"] if each["name"] == "Items")
    account("CreateDataset", name="other", datasetGroupArn=group, schemaArn=schema, datasetType="Items")
    return group


def test_events_change_at_once_what_a_user_gets() -> None:
    shop = Shop()
    campaign = shop.campaign("aws-user-personalization")
    before = shop.account.recommended(campaign, userId="u4")
    assert share_of(0, before[:10]) > 2 / TASTES
    fresh = [f"i{at}" for at in range(1, 240, TASTES) if f"i{at}" not in had_by("u4")][:6]
    shop.watch("u4", *fresh)
    after = shop.account.recommended(campaign, userId="u4")
    assert not set(after) & set(fresh)
    assert share_of(1, after[:10]) > share_of(1, before[:10])
    # Others' lists stay as they are, and somebody new is known from the first event on.
    popular = shop.account.recommended(campaign, userId="newcomer", numResults=10)
    shop.watch("newcomer", "i3", "i7", "i11")
    assert shop.account.recommended(campaign, userId="newcomer", numResults=10) != popular
    assert share_of(3, shop.account.recommended(campaign, userId="newcomer", numResults=10)) > 2 / TASTES
    # Filters see the events, and so does the next training, which then needs no help.
    made = shop.filter('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")')
    popularity = shop.campaign("aws-popularity-count")
    assert set(shop.account.recommended(popularity, userId="newcomer", filterArn=made)) == {"i3", "i7", "i11"}
    again = shop.account.version(shop.account("ListSolutions")["solutions"][0]["solutionArn"])
    assert shop.account.status("SolutionVersion", again) == "ACTIVE"
    assert "newcomer" in shop.account.service.world.state.trained[again].user_codes


def test_an_event_without_a_user_counts_for_its_session() -> None:
    shop = Shop()
    campaign = shop.campaign("aws-user-personalization-v2")
    events = [{"eventType": "watch", "itemId": f"i{at}", "sentAt": dt.datetime.now(dt.UTC)} for at in (2, 6, 10)]
    shop.account.events("PutEvents", trackingId=shop.tracking, sessionId="visit", eventList=events)
    assert share_of(2, shop.account.recommended(campaign, userId="visit", numResults=10)) > 2 / TASTES
