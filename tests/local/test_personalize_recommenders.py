"""Recommenders: their life, what they need, and what they answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from local.personalize.errors import InUseError, InvalidInputError, LimitExceededError, NotFoundError
from local.personalize.kinds.recommenders import RETRAIN
from local.personalize.learning.models import Trained
from tests.local.personalize_account import BEGINNING, TASTES, Account, avro, taste_data, taste_of
from tests.local.test_personalize_models import NAMES

VOD, SHOP = "VIDEO_ON_DEMAND", "ECOMMERCE"
EVENTS: list[dict[str, Any]] = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_TYPE", "type": "string"},
]
FILMS: list[dict[str, Any]] = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRES", "type": "string", "categorical": True},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
]
NOW = int(BEGINNING.timestamp())
RECIPES = [
    ("aws-vod-because-you-watched-x", VOD, {"userId", "itemId"}),
    ("aws-vod-more-like-x", VOD, {"userId", "itemId"}),
    ("aws-vod-most-popular", VOD, {"userId"}),
    ("aws-vod-trending-now", VOD, set()),
    ("aws-vod-top-picks", VOD, {"userId"}),
    ("aws-ecomm-popular-items-by-views", SHOP, {"userId"}),
    ("aws-ecomm-popular-items-by-purchases", SHOP, {"userId"}),
    ("aws-ecomm-frequently-bought-together", SHOP, {"itemId"}),
    ("aws-ecomm-customers-who-viewed-x-also-viewed", SHOP, {"userId", "itemId"}),
    ("aws-ecomm-recommended-for-you", SHOP, {"userId"}),
]
TYPES = {VOD: ("Watch", "Click"), SHOP: ("Purchase", "View")}


def events(domain: str) -> pd.DataFrame:
    """Return interactions of users with tastes, half of them of each of the domain's types."""
    frame = taste_data()[["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"]]
    kinds = dict(zip(("watch", "like"), TYPES[domain], strict=True))
    return frame.assign(EVENT_TYPE=frame["EVENT_TYPE"].map(kinds))


class Domain:
    """A domain's dataset group with data."""

    def __init__(self, domain: str, rows: pd.DataFrame | None = None, **options: Any) -> None:
        self.account = Account(**options)
        self.domain = domain
        self.group = self.account.group(domain=domain)
        self.account.clock.advance(100)
        self.events = self.load("Interactions", EVENTS, events(domain) if rows is None else rows)
        if domain == VOD:
            films = pd.DataFrame({"ITEM_ID": [f"i{at}" for at in range(240)]})
            films["GENRES"] = [f"g{at % TASTES}" for at in range(240)]
            self.films = self.load("Items", FILMS, films.assign(CREATION_TIMESTAMP=NOW - 400 * 86_400))

    def load(self, kind: str, fields: list[dict[str, Any]], rows: pd.DataFrame) -> str:
        made = self.account("CreateSchema", name=kind, schema=avro(kind, fields), domain=self.domain)
        dataset = self.account(
            "CreateDataset", name=kind, datasetGroupArn=self.group, schemaArn=made["schemaArn"], datasetType=kind
        )["datasetArn"]
        self.account.clock.advance(100)
        job = self.account.start_import(dataset, self.account.put(f"b/{kind}.csv", rows), kind)
        self.account.clock.advance(100)
        assert self.account.status("DatasetImportJob", job) == "ACTIVE"
        return str(dataset)

    def recommender(self, recipe: str, name: str | None = None, **config: Any) -> str:
        more = {"recommenderConfig": config} if config else {}
        arn = f"arn:aws:personalize:::recipe/{recipe}"
        made = self.account("CreateRecommender", name=name or recipe, datasetGroupArn=self.group, recipeArn=arn, **more)
        return str(made["recommenderArn"])

    def shown(self, arn: str) -> dict[str, Any]:
        return dict(self.account("DescribeRecommender", recommenderArn=arn)["recommender"])

    def best(self, arn: str, **asked: Any) -> list[str]:
        answer = self.account.runtime("GetRecommendations", recommenderArn=arn, **asked)
        assert all("score" not in item for item in answer["itemList"]), "recommenders show no scores"
        return [item["itemId"] for item in answer["itemList"]]


@pytest.fixture(scope="module")
def domains() -> dict[str, Domain]:
    return {name: Domain(name, quotas={"recommenders": 20}) for name in (VOD, SHOP)}


@pytest.mark.parametrize(("recipe", "domain", "needed"), RECIPES, ids=[recipe for recipe, _, _ in RECIPES])
def test_every_use_case_answers(domains: dict[str, Domain], recipe: str, domain: str, needed: set[str]) -> None:
    group = domains[domain]
    arn = group.recommender(recipe)
    shown = group.shown(arn)
    assert shown["status"] == "ACTIVE", shown.get("failureReason")
    assert set(shown["modelMetrics"]) >= NAMES
    assert shown["recommenderConfig"] == {"minRecommendationRequestsPerSecond": 1}
    asked = {"userId": "u2", "itemId": "i30"}
    assert len(group.best(arn, **{name: asked[name] for name in needed})) == 25
    for name in needed:
        left = {each: asked[each] for each in needed - {name}}
        with pytest.raises(InvalidInputError, match=f"{name} must be given, since the recommender serves {recipe}"):
            group.best(arn, **left)


@pytest.mark.parametrize(
    ("recipe", "hides"),
    [
        ("aws-vod-because-you-watched-x", "Watch"),
        ("aws-vod-more-like-x", "Watch"),
        ("aws-vod-top-picks", "Watch"),
        ("aws-ecomm-customers-who-viewed-x-also-viewed", "Purchase"),
        ("aws-ecomm-recommended-for-you", "Purchase"),
    ],
)
def test_what_a_user_has_had_is_hidden(domains: dict[str, Domain], recipe: str, hides: str) -> None:
    group = domains[VOD if hides == "Watch" else SHOP]
    arn = group.recommender(recipe, f"hiding-{recipe}"[:63])
    rows = events(group.domain).query("USER_ID == 'u2'")
    had = set(rows.query(f"EVENT_TYPE == '{hides}'")["ITEM_ID"])
    others = set(rows["ITEM_ID"]) - had
    found = set(group.best(arn, userId="u2", itemId="i30", numResults=500))
    assert had
    assert not had & found
    assert others & found, "other events hide nothing"
    again = group.account(
        "CreateFilter",
        name=f"again-{recipe}"[:63],
        datasetGroupArn=group.group,
        filterExpression=f'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("{hides}")',
    )["filterArn"]
    group.account.clock.advance(1000)
    assert group.best(arn, userId="u2", itemId="i30", filterArn=again) == [], "a filter comes after that"


def test_recommendations_are_personal(domains: dict[str, Domain]) -> None:
    for domain, recipe in ((VOD, "aws-vod-top-picks"), (SHOP, "aws-ecomm-recommended-for-you")):
        group = domains[domain]
        arn = group.recommender(recipe, f"personal-{domain}")
        found = [taste_of(item) == 2 for item in group.best(arn, userId="u2", numResults=10)]
        assert np.mean(found) > 2 / TASTES


def test_popularity_counts_the_events_of_its_use_case() -> None:
    rows = events(SHOP)
    viewed = pd.DataFrame([("u1", "i200", NOW + at, "View") for at in range(400)], columns=rows.columns)
    group = Domain(SHOP, pd.concat([rows, viewed]))
    views = group.recommender("aws-ecomm-popular-items-by-views")
    purchases = group.recommender("aws-ecomm-popular-items-by-purchases")
    assert group.best(views, userId="u1", numResults=1) == ["i200"]
    assert group.best(purchases, userId="u1", numResults=1) != ["i200"]


def test_a_use_case_needs_enough_of_its_events() -> None:
    rows = events(VOD)
    clicks = rows.assign(EVENT_TYPE="Click")
    group = Domain(VOD, pd.concat([clicks, rows.head(500).assign(EVENT_TYPE="Watch")]))
    shown = group.shown(group.recommender("aws-vod-most-popular"))
    assert shown["status"] == "CREATE FAILED"
    assert "There are 500 interactions" in shown["failureReason"]
    assert "at least 1000 of the type Watch are needed" in shown["failureReason"]
    assert group.shown(group.recommender("aws-vod-trending-now"))["status"] == "ACTIVE"


def test_the_recipe_must_be_of_the_groups_domain(domains: dict[str, Domain]) -> None:
    with pytest.raises(InvalidInputError, match="domain VIDEO_ON_DEMAND, and the dataset group's domain is ECOMMERCE"):
        domains[SHOP].recommender("aws-vod-top-picks")
    with pytest.raises(InvalidInputError, match="aws-sims is a recipe for solutions"):
        domains[SHOP].recommender("aws-sims")
    with pytest.raises(InvalidInputError, match="itemExplorationConfig can't be given with aws-vod-most-popular"):
        domains[VOD].recommender("aws-vod-most-popular", "x", itemExplorationConfig={"explorationWeight": "0.5"})
    with pytest.raises(InvalidInputError, match="explorationWeight of aws-vod-top-picks must be a number between 0"):
        domains[VOD].recommender("aws-vod-top-picks", "x", itemExplorationConfig={"explorationWeight": "2"})
    account = Account()
    plain = account.group()
    with pytest.raises(InvalidInputError, match="the dataset group's domain is none"):
        account(
            "CreateRecommender",
            name="x",
            datasetGroupArn=plain,
            recipeArn="arn:aws:personalize:::recipe/aws-vod-top-picks",
        )


def test_there_are_five_to_a_group() -> None:
    group = Domain(VOD)
    for at in range(5):
        group.recommender("aws-vod-trending-now", f"r{at}")
    with pytest.raises(LimitExceededError, match="More than 5 recommenders in a dataset group"):
        group.recommender("aws-vod-trending-now", "r5")
    listed = group.account("ListRecommenders", datasetGroupArn=group.group)["recommenders"]
    assert {each["name"] for each in listed} == {f"r{at}" for at in range(5)}
    group.account("DeleteRecommender", recommenderArn=listed[0]["recommenderArn"])
    group.recommender("aws-vod-trending-now", "r5")


def test_a_life_from_creation_to_deletion() -> None:
    group = Domain(VOD, durations={"*": {"*": 100}})
    account = group.account

    def pass_by(arn: str, *path: str) -> list[str]:
        seen = []
        for seconds in (0, 20, 80):
            account.clock.advance(seconds)
            seen.append(group.shown(arn)["status"])
        assert seen == list(path)
        return seen

    arn = group.recommender("aws-vod-top-picks")
    with pytest.raises(InUseError, match="must be ACTIVE"):
        account("StopRecommender", recommenderArn=arn)
    with pytest.raises(InUseError, match="in use by"):
        account("DeleteDataset", datasetArn=group.events)
    pass_by(arn, "CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE")
    before = group.best(arn, userId="u1")
    with pytest.raises(InUseError, match="must be INACTIVE"):
        account("StartRecommender", recommenderArn=arn)
    assert account("StopRecommender", recommenderArn=arn) == {"recommenderArn": arn}
    pass_by(arn, "STOP PENDING", "STOP IN_PROGRESS", "INACTIVE")
    with pytest.raises(NotFoundError, match="is INACTIVE, and must be ACTIVE"):
        group.best(arn, userId="u1")
    with pytest.raises(InUseError, match="to be updated it must be ACTIVE"):
        account("UpdateRecommender", recommenderArn=arn, recommenderConfig={"minRecommendationRequestsPerSecond": 2})
    assert account("StartRecommender", recommenderArn=arn) == {"recommenderArn": arn}
    pass_by(arn, "START PENDING", "START IN_PROGRESS", "ACTIVE")
    assert group.best(arn, userId="u1") == before, "starting trains nothing"
    with pytest.raises(InUseError, match="in use by"):
        account("DeleteDatasetGroup", datasetGroupArn=group.group)
    account("DeleteRecommender", recommenderArn=arn)
    for status in ("DELETE PENDING", "DELETE IN_PROGRESS"):
        assert group.shown(arn)["status"] == status
        account.clock.advance(20)
    account.clock.advance(80)
    with pytest.raises(NotFoundError):
        group.shown(arn)
    account("DeleteDataset", datasetArn=group.events)
    account.clock.advance(100)
    assert arn not in account.service.world.state.trained


def test_an_update_shows_while_the_old_configuration_serves() -> None:
    group = Domain(VOD, durations={"Recommender": {"*": 100}})
    account = group.account
    arn = group.recommender("aws-vod-top-picks")
    account.clock.advance(100)
    assert group.shown(arn)["status"] == "ACTIVE"
    first = account.service.world.state.trained[arn]
    assert "latestRecommenderUpdate" not in group.shown(arn)
    account("UpdateRecommender", recommenderArn=arn, recommenderConfig={"enableMetadataWithRecommendations": True})
    for seconds, status in ((0, "CREATE PENDING"), (20, "CREATE IN_PROGRESS")):
        account.clock.advance(seconds)
        shown = group.shown(arn)
        assert (shown["status"], shown["latestRecommenderUpdate"]["status"]) == ("ACTIVE", status)
        assert shown["recommenderConfig"] == {"minRecommendationRequestsPerSecond": 1}
        with pytest.raises(InUseError, match="being updated"):
            account("StopRecommender", recommenderArn=arn)
        with pytest.raises(InvalidInputError, match="needs enableMetadataWithRecommendations"):
            group.best(arn, userId="u1", metadataColumns={"ITEMS": ["GENRES"]})
    account.clock.advance(80)
    shown = group.shown(arn)
    assert shown["latestRecommenderUpdate"]["status"] == "ACTIVE"
    assert shown["recommenderConfig"]["enableMetadataWithRecommendations"] is True
    assert account.service.world.state.trained[arn] is first, "nothing to learn anew"
    answer = account.runtime(
        "GetRecommendations", recommenderArn=arn, userId="u1", metadataColumns={"ITEMS": ["GENRES"]}
    )
    assert all(item["metadata"]["genres"] == f"g{taste_of(item['itemId'])}" for item in answer["itemList"])
    columns = {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["GENRES"]}}}
    account("UpdateRecommender", recommenderArn=arn, recommenderConfig=columns)
    account.clock.advance(100)
    assert group.shown(arn)["latestRecommenderUpdate"]["status"] == "ACTIVE"
    assert account.service.world.state.trained[arn] is not first, "other columns are learned from"


def test_it_trains_again_every_week_unless_it_is_stopped() -> None:
    group = Domain(VOD)
    account, day = group.account, 86_400
    arn = group.recommender("aws-vod-most-popular")

    def after(days: float) -> Trained:
        account.clock.advance(days * day)
        assert group.shown(arn)["status"] in ("ACTIVE", "INACTIVE")
        return account.service.world.state.trained[arn]

    first = after(0)
    assert after(6.9) is first
    rows = events(VOD)
    viral = pd.DataFrame([(f"u{at}", "i200", NOW, "Watch") for at in range(240)], columns=rows.columns)
    account.import_(group.events, account.put("b/viral.csv", pd.concat([rows, viral])), "viral")
    assert group.best(arn, userId="stranger", numResults=1) != ["i200"]
    second = after(0.2)
    assert second is not first
    assert group.best(arn, userId="stranger", numResults=1) == ["i200"]
    assert "latestRecommenderUpdate" not in group.shown(arn)
    account("StopRecommender", recommenderArn=arn)
    assert after(20) is second
    account("StartRecommender", recommenderArn=arn)
    assert after(6.9) is second
    third = after(0.2)
    assert third is not second
    # A training that fails changes nothing.
    account("DeleteDataset", datasetArn=group.events)
    assert after(7) is third
    shown = group.shown(arn)
    assert (shown["status"], shown.get("failureReason")) == ("ACTIVE", None)


def test_a_training_that_nobody_sees_holds_up_no_deletion() -> None:
    group = Domain(VOD, durations={"Recommender": {"retrain": 1000, "*": 0}})
    account = group.account
    arn = group.recommender("aws-vod-most-popular")
    assert group.shown(arn)["status"] == "ACTIVE"
    account.clock.advance(7 * 86_400)
    assert group.shown(arn)["status"] == "ACTIVE"
    assert account.service.world.state.records[arn].life.path == RETRAIN
    account("DeleteDataset", datasetArn=group.events)
    account("DeleteRecommender", recommenderArn=arn)
    with pytest.raises(NotFoundError):
        group.shown(arn)
    account.clock.advance(8 * 86_400)
    assert account("ListRecommenders")["recommenders"] == []
    assert arn not in account.service.world.state.trained


def test_a_request_names_a_campaign_or_a_recommender(domains: dict[str, Domain]) -> None:
    group = domains[VOD]
    arn = group.recommender("aws-vod-trending-now", "named")
    with pytest.raises(InvalidInputError, match="Exactly one of campaignArn and recommenderArn"):
        group.account.runtime("GetRecommendations", userId="u1")
    with pytest.raises(InvalidInputError, match="Exactly one of campaignArn and recommenderArn"):
        group.best(arn, campaignArn=arn, userId="u1")
