"""Every family of models learns what is in the data: figures beside chance or popularity, in the tests' output."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from local.personalize.errors import InvalidInputError
from local.personalize.learning.families.popularity import Trending
from local.personalize.learning.models import Trained
from local.personalize.learning.order import Who
from local.personalize.recipes import RECIPES, SEGMENTS
from local.personalize.serving.users import interested
from scripts.sample_data import SampleData, generate
from tests.local.personalize_account import BEGINNING, INTERACTIONS, Account, taste_data

Record = Callable[[str, object], None]
NDCG = "normalized_discounted_cumulative_gain_at_10"
ITEMS: list[dict[str, Any]] = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TITLE", "type": "string", "itemName": True},
    {"name": "GENRES", "type": "string", "categorical": True},
    {"name": "DESCRIPTION", "type": ["null", "string"], "textual": True},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
    {"name": "PRICE", "type": "float"},
]
EVENTS = [each for each in INTERACTIONS if each["name"] != "EVENT_VALUE"]
_VOICES = {"Comedy": "laugh funny jokes", "Horror": "blood scream dark", "Romance": "love heart kiss"}


class Cinema:
    """Sample data of viewers and films, imported; films are described in words that go with their genres."""

    def __init__(self) -> None:
        self.data: SampleData = generate(users=400, items=500, interactions=25_000)
        self.account = Account(quotas={"active-solutions": 30, "campaigns": 30})
        self.group = self.account.group()
        events = self.account.dataset(self.group, "Interactions", EVENTS)
        self.account.import_(events, self.account.put("b/i.csv", self.data.interactions), "i")
        films = self.account.dataset(self.group, "Items", ITEMS)
        described = self.data.items.assign(
            DESCRIPTION=[_described(each) for each in self.data.items["GENRES"]],
            PRICE=[at % 50 for at in range(len(self.data.items))],
        )
        assert self.account.import_(films, self.account.put("b/f.csv", described), "f")["status"] == "ACTIVE"
        self.versions: dict[str, str] = {}

    @property
    def first_genres(self) -> dict[str, str]:
        return {item: genres.split("|")[0] for item, genres in self.data.genres.items()}

    def version(self, recipe: str) -> str:
        if recipe not in self.versions:
            self.versions[recipe] = self.account.version(self.account.solution(self.group, recipe))
        return self.versions[recipe]

    def trained(self, version: str) -> Trained:
        assert self.account.status("SolutionVersion", version) == "ACTIVE"
        return self.account.service.world.state.trained[version]

    def metrics(self, recipe: str) -> dict[str, float]:
        answer = self.account("GetSolutionMetrics", solutionVersionArn=self.version(recipe))
        return dict(answer["metrics"])


def _described(genres: str) -> str:
    return ". ".join(
        f"A {each.lower()} film of {_VOICES.get(each, f'{each.lower()}ness')}" for each in genres.split("|")
    )


@pytest.fixture(scope="module")
def cinema() -> Cinema:
    return Cinema()


@pytest.mark.parametrize(
    "recipe",
    [
        "aws-user-personalization",
        "aws-user-personalization-v2",
        "aws-personalized-ranking",
        "aws-personalized-ranking-v2",
        "aws-similar-items",
        "aws-sims",
    ],
)
def test_training_beats_popularity_on_the_sample_data(cinema: Cinema, recipe: str, record_property: Record) -> None:
    metrics = cinema.metrics(recipe)
    baseline = cinema.account.service.popularity_baseline(cinema.version(recipe))
    for name in (NDCG, "mean_reciprocal_rank_at_25", "coverage"):
        record_property("figure", f"{recipe}: {name} {metrics[name]:.4f}, of popularity {baseline[name]:.4f}")
        assert metrics[name] > 1.5 * baseline[name], name


@pytest.mark.parametrize("recipe", ["aws-similar-items", "aws-sims", "aws-semantic-similarity"])
def test_similar_items_share_a_genre(cinema: Cinema, recipe: str, record_property: Record) -> None:
    campaign = cinema.account.campaign(cinema.version(recipe), recipe)
    genres = cinema.first_genres
    shares = [
        np.mean([genres[other] == genres[item] for other in _similar(cinema.account, campaign, item)])
        for item in list(genres)[:60]
    ]
    chance = float((pd.Series(genres).value_counts(normalize=True) ** 2).sum())
    record_property(
        "figure", f"{recipe}: {np.mean(shares):.0%} of ten similar items share a genre, {chance:.0%} by chance"
    )
    assert np.mean(shares) > 5 * chance


def _similar(account: Account, campaign: str, item: str) -> list[str]:
    return account.recommended(campaign, itemId=item, numResults=10)


@pytest.mark.parametrize("recipe", ["aws-item-affinity", "aws-item-attribute-affinity"])
def test_segments_hold_who_took_such_items_later(cinema: Cinema, recipe: str, record_property: Record) -> None:
    metrics = cinema.metrics(recipe)
    assert set(metrics) == {"coverage", "hits_at_1_percent", "recall_at_1_percent"}
    record_property("figure", f"{recipe}: recall_at_1_percent {metrics['recall_at_1_percent']:.3f}, 0.010 by chance")
    assert metrics["recall_at_1_percent"] > 0.05
    assert 0 < metrics["hits_at_1_percent"] <= 4
    assert 0 < metrics["coverage"] <= 1


@pytest.mark.parametrize("recipe", ["aws-item-affinity", "aws-item-attribute-affinity"])
def test_segments_hold_the_lovers_of_a_genre(cinema: Cinema, recipe: str, record_property: Record) -> None:
    model = cinema.trained(cinema.version(recipe))
    genres = pd.Series(cinema.first_genres)
    taken = cinema.data.interactions.assign(genre=cinema.data.interactions["ITEM_ID"].map(genres))
    loved = taken.groupby("USER_ID")["genre"].agg(lambda each: each.value_counts().index[0])
    hits, chance = [], []
    for genre in genres.unique():
        items = [model.item_codes[item] for item in genres[genres == genre].index if item in model.item_codes]
        items = items if recipe == "aws-item-attribute-affinity" else items[:1]
        best = np.argsort(-interested(model, np.array(items)))[:20]
        hits.append(np.mean([loved[user] == genre for user in model.users[best]]))
        chance.append((loved == genre).mean())
    record_property(
        "figure", f"{recipe}: {np.mean(hits):.0%} of a segment love the genre, {np.mean(chance):.0%} by chance"
    )
    assert np.mean(hits) > 3 * np.mean(chance)


def test_other_recipes_make_no_segments(cinema: Cinema) -> None:
    model = cinema.trained(cinema.version("aws-sims"))
    with pytest.raises(InvalidInputError, match="aws-sims does not make segments"):
        interested(model, np.array([0]))


def test_trends_are_measured_by_what_comes_of_them(record_property: Record) -> None:
    account = Account()
    group = account.group()
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    last = int(taste_data()["TIMESTAMP"].max())
    # One item gains in every two hours.
    rise = [
        (f"u{at % 250}", "i200", last + 7200 * window + at, "watch", 1)
        for window in range(1, 5)
        for at in range(30 * window)
    ]
    frame = pd.concat([taste_data(), pd.DataFrame(rise, columns=taste_data().columns)])
    account.import_(dataset, account.put("b/x.csv", frame), "j")
    version = account.version(account.solution(group, "aws-trending-now"))
    metrics = account("GetSolutionMetrics", solutionVersionArn=version)["metrics"]
    record_property("figure", f"aws-trending-now: trend_prediction_accuracy {metrics['trend_prediction_accuracy']:.2f}")
    assert metrics["trend_prediction_accuracy"] > 0.9
    assert account.recommended(account.campaign(version), numResults=1) == ["i200"]


def test_trends_follow_events_without_another_training() -> None:
    account = Account()
    group = account.group()
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    account.import_(dataset, account.put("b/x.csv", taste_data()), "j")
    campaign = account.campaign(account.version(account.solution(group, "aws-trending-now")))
    tracking = account("CreateEventTracker", name="t", datasetGroupArn=group)["trackingId"]
    assert account.recommended(campaign, numResults=1) != ["i222"]
    for second in range(30):
        sent = BEGINNING + dt.timedelta(seconds=second)
        event = {"eventType": "watch", "itemId": "i222", "sentAt": sent}
        account.events("PutEvents", trackingId=tracking, userId=f"u{second}", sessionId="s", eventList=[event])
    assert account.recommended(campaign, numResults=1) == ["i222"]


def test_a_trend_is_looked_for_in_one_of_five_windows() -> None:
    account = Account()
    group = account.group()
    for frequency in ("30 minutes", "1 hour", "2 hours", "3 hours", "1 day"):
        config = {"featureTransformationParameters": {"trend_discovery_frequency": frequency}}
        account.solution(group, "aws-trending-now", frequency.replace(" ", "-"), solutionConfig=config)
    config = {"featureTransformationParameters": {"trend_discovery_frequency": "5 minutes"}}
    with pytest.raises(InvalidInputError, match=r"must be one of \[30 minutes, 1 hour"):
        account.solution(group, "aws-trending-now", "other", solutionConfig=config)


def test_where_nothing_happens_what_is_popular_trends() -> None:
    trending = Trending(item=np.array([0, 1, 1]), time=np.array([10, 20, 30]), items=3, window=100)
    assert trending.growth(1000).tolist() == [1, 2, 0]


def test_texts_are_compared_without_any_interactions(cinema: Cinema) -> None:
    account = Account()
    group = account.group()
    solution = account.solution(group, "aws-semantic-similarity")
    with pytest.raises(InvalidInputError, match="no Items dataset with data"):
        account.version(solution)
    films = account.dataset(group, "Items", ITEMS)
    rows = "ITEM_ID,TITLE,GENRES,DESCRIPTION,CREATION_TIMESTAMP,PRICE\n"
    rows += "a,Space war,SciFi,Ships fight among the stars,1700000000,1\n"
    rows += "b,Star ships,SciFi,Ships fly to distant stars,1600000000,1\n"
    rows += "c,Kitchen,Food,Cooks make soup and bread,1650000000,1\n"
    rows += "d,Bakery,Food,Bakers make bread,1500000000,1\n"
    assert account.import_(films, account.put("b/f.csv", rows), "f")["status"] == "ACTIVE"
    version = account.version(solution)
    campaign = account.campaign(version)
    assert account.recommended(campaign, itemId="a", numResults=1) == ["b"]
    assert account.recommended(campaign, itemId="d", numResults=1) == ["c"]
    # The newest comes first where freshness counts most.
    fresh = account.campaign(version, "fresh", campaignConfig={"rankingInfluence": {"FRESHNESS": 1.0}})
    assert account.recommended(fresh, itemId="d", numResults=1) == ["a"]


def test_texts_need_their_columns() -> None:
    account = Account()
    group = account.group()
    films = account.dataset(group, "Items", [each for each in ITEMS if each["name"] != "DESCRIPTION"])
    account.import_(
        films, account.put("b/f.csv", "ITEM_ID,TITLE,GENRES,CREATION_TIMESTAMP,PRICE\na,A,b,1700000000,1\n"), "f"
    )
    version = account.version(account.solution(group, "aws-semantic-similarity"))
    shown = account("DescribeSolutionVersion", solutionVersionArn=version)["solutionVersion"]
    assert shown["status"] == "CREATE FAILED"
    assert "no string field with textual set to true" in shown["failureReason"]


def test_popularity_weighs_on_similar_texts(cinema: Cinema) -> None:
    version = cinema.version("aws-semantic-similarity")
    config = {"rankingInfluence": {"POPULARITY": 1.0}}
    famous = cinema.account.campaign(version, "famous", campaignConfig=config)
    plain = cinema.account.campaign(version, "plain")
    takers = cinema.data.interactions["ITEM_ID"].value_counts()

    def fame(campaign: str) -> float:
        return float(takers.reindex(_similar(cinema.account, campaign, "item-0001")).fillna(0).mean())

    assert fame(famous) > fame(plain)
    other = cinema.version("aws-similar-items")
    with pytest.raises(InvalidInputError, match="rankingInfluence can't be given with aws-similar-items"):
        cinema.account.campaign(other, "other", campaignConfig=config)


def test_columns_can_be_left_out_of_training(cinema: Cinema) -> None:
    account, group = cinema.account, cinema.group
    config = {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["GENRES", "DESCRIPTION", "TITLE"]}}}
    version = account.version(account.solution(group, "aws-semantic-similarity", "blind", solutionConfig=config))
    shown = account("DescribeSolutionVersion", solutionVersionArn=version)["solutionVersion"]
    assert "no texts to compare" in shown["failureReason"]
    for columns, message in ((["SIZE"], r"that ITEMS has not: \[SIZE\]"), (["ITEM_ID"], r"needs these .*\[ITEM_ID\]")):
        config = {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": columns}}}
        with pytest.raises(InvalidInputError, match=message):
            account.solution(group, "aws-similar-items", "other", solutionConfig=config)


@pytest.mark.parametrize(
    ("recipe", "name", "good", "bad"),
    [
        ("aws-user-personalization", "hidden_dimension", "64", "31"),
        ("aws-user-personalization", "bptt", "2", "33"),
        ("aws-user-personalization", "recency_mask", "false", "maybe"),
        ("aws-user-personalization", "min_user_history_length_percentile", "0.05", "1.5"),
        ("aws-user-personalization-v2", "apply_recency_bias", "True", "1"),
        ("aws-sims", "popularity_discount_factor", "0.7", "-0.1"),
        ("aws-sims", "min_cointeraction_count", "3", "2.5"),
        ("aws-similar-items", "item_id_hidden_dim", "30", "201"),
        ("aws-item-affinity", "hidden_dimension", "256", "x"),
        ("aws-next-best-action", "action_optimization_period", "28", "29"),
    ],
)
def test_hyperparameters_have_bounds(recipe: str, name: str, good: str, bad: str) -> None:
    account = Account()
    group = account.group()
    account.solution(group, recipe, "good", solutionConfig={"algorithmHyperParameters": {name: good}})
    with pytest.raises(InvalidInputError, match=f"The hyperparameter {name} of {recipe} must be"):
        account.solution(group, recipe, "bad", solutionConfig={"algorithmHyperParameters": {name: bad}})


@pytest.mark.parametrize(
    "config",
    [
        {"algorithmHyperParameters": {"bptt": "8"}},
        {
            "hpoConfig": {
                "algorithmHyperParameterRanges": {
                    "integerHyperParameterRanges": [{"name": "model.id_embedding_dim", "minValue": 30, "maxValue": 200}]
                }
            }
        },
    ],
)
def test_hyperparameters_are_those_of_the_algorithm(config: dict[str, Any]) -> None:
    account = Account()
    algorithm = "arn:aws:personalize:::algorithm/aws-similar-items"
    with pytest.raises(InvalidInputError, match=f"Provide a hyperparameter that is used in the algorithm: {algorithm}"):
        account.solution(account.group(), "aws-similar-items", "bad", solutionConfig=config)


def test_hyperparameters_change_what_is_learned(cinema: Cinema) -> None:
    def fame(name: str, discount: str) -> float:
        config = {"algorithmHyperParameters": {"popularity_discount_factor": discount}}
        version = cinema.account.version(cinema.account.solution(cinema.group, "aws-sims", name, solutionConfig=config))
        campaign = cinema.account.campaign(version, name)
        takers = cinema.data.interactions["ITEM_ID"].value_counts()
        return float(takers.reindex(_similar(cinema.account, campaign, "item-0002")).mean())

    assert fame("undiscounted", "0") > fame("discounted", "1")


def test_an_objective_brings_dear_items_forward(cinema: Cinema, record_property: Record) -> None:
    account, prices = cinema.account, {f"item-{at + 1:04d}": at % 50 for at in range(500)}

    def trained(sensitivity: str) -> tuple[float, dict[str, float]]:
        config = {"optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": sensitivity}}
        recipe, name = "aws-user-personalization", f"objective-{sensitivity}"
        version = account.version(account.solution(cinema.group, recipe, name, solutionConfig=config))
        campaign = account.campaign(version, name)
        lists = [account.recommended(campaign, userId=f"user-{at:04d}", numResults=10) for at in range(1, 40)]
        metrics = account("GetSolutionMetrics", solutionVersionArn=version)["metrics"]
        return float(np.mean([prices[item] for each in lists for item in each])), metrics

    found = {sensitivity: trained(sensitivity) for sensitivity in ("OFF", "LOW", "MEDIUM", "HIGH")}
    means = [mean for mean, _ in found.values()]
    shown = ", ".join(f"{mean:.0f} with {sensitivity}" for sensitivity, (mean, _) in found.items())
    record_property("figure", f"optimizationObjective: the mean price of a list is {shown}")
    assert means == sorted(means)
    assert means[-1] > means[0] + 10
    assert "average_rewards_at_k" not in found["OFF"][1]
    assert 0 < found["HIGH"][1]["average_rewards_at_k"] <= 1


@pytest.mark.parametrize(
    ("recipe", "column", "message"),
    [
        ("aws-user-personalization-v2", "PRICE", "can't be given with aws-user-personalization-v2"),
        ("aws-user-personalization", "SIZE", "has no column SIZE"),
        ("aws-personalized-ranking", "GENRES", "must be a number that can't be null"),
    ],
)
def test_objectives_are_columns_of_numbers(cinema: Cinema, recipe: str, column: str, message: str) -> None:
    config = {"optimizationObjective": {"itemAttribute": column, "objectiveSensitivity": "LOW"}}
    with pytest.raises(InvalidInputError, match=message):
        cinema.account.solution(cinema.group, recipe, "refused", solutionConfig=config)


def test_weights_of_events_are_measured(cinema: Cinema) -> None:
    events = [{"eventType": "like", "weight": 1.0}, {"eventType": "view", "weight": 0.2}]
    config = {"eventsConfig": {"eventParametersList": events}}
    solution = cinema.account.solution(cinema.group, "aws-user-personalization-v2", "weighted", solutionConfig=config)
    metrics = cinema.account("GetSolutionMetrics", solutionVersionArn=cinema.account.version(solution))["metrics"]
    name = "normalized_discounted_cumulative_gain_with_event_weights_at"
    assert 0 < metrics[f"{name}_5"] <= 1
    assert metrics[f"{name}_10"] != metrics[NDCG]


def test_users_and_items_with_extreme_histories_can_be_cut(cinema: Cinema) -> None:
    config = {"featureTransformationParameters": {"max_user_history_length_percentile": "0.5"}}
    account = cinema.account
    version = account.version(account.solution(cinema.group, "aws-user-personalization", "cut", solutionConfig=config))
    cut = cinema.trained(version)
    whole = cinema.trained(cinema.version("aws-user-personalization"))
    assert cut.history.nnz < whole.history.nnz
    assert np.diff(cut.history.indptr).max() < np.diff(whole.history.indptr).max()


@pytest.mark.parametrize(
    "recipe", [each.name for each in RECIPES.values() if each.domain is None and each.family != "actions"]
)
def test_models_can_be_kept(cinema: Cinema, recipe: str) -> None:
    trained = cinema.trained(cinema.version(recipe))
    kept: Trained = pickle.loads(pickle.dumps(trained))  # noqa: S301 - made here
    assert kept.metrics == trained.metrics
    who = Who(0, trained.history[[0]], fresh=False)
    if trained.ranker and kept.ranker:
        before, after = trained.ranker.scores(who, 0), kept.ranker.scores(who, 0)
        assert before is not None
        assert after is not None
        assert np.array_equal(before, after)
    if trained.fitted.segments and kept.fitted.segments:
        assert np.array_equal(kept.fitted.segments.to_item(0), trained.fitted.segments.to_item(0))


def test_algorithms_and_transformations_are_described() -> None:
    account = Account()
    for recipe in RECIPES.values():
        shown = account("DescribeRecipe", recipeArn=recipe.arn)["recipe"]
        algorithm = account("DescribeAlgorithm", algorithmArn=shown["algorithmArn"])["algorithm"]
        assert set(algorithm["defaultHyperParameters"]) == {each.name for each in recipe.hyperparameters}
        arn = shown["featureTransformationArn"]
        made = account("DescribeFeatureTransformation", featureTransformationArn=arn)["featureTransformation"]
        assert made["status"] == "ACTIVE"
        assert {each.name for each in recipe.featurization} <= set(
            made["defaultParameters"]
        ) or not recipe.featurization
    arn = "arn:aws:personalize:::algorithm/aws-user-personalization"
    ranges = account("DescribeAlgorithm", algorithmArn=arn)["algorithm"]["defaultHyperParameterRanges"]
    assert {"name": "bptt", "isTunable": True, "minValue": 2, "maxValue": 32} in ranges["integerHyperParameterRanges"]


def test_the_pages_of_recipes_hold_all() -> None:
    account = Account()
    names: list[str] = []
    token = None
    while token or not names:
        page = account("ListRecipes", maxResults=5, recipeProvider="SERVICE", **({"nextToken": token} if token else {}))
        assert len(page["recipes"]) <= 5
        names += [each["name"] for each in page["recipes"]]
        token = page.get("nextToken")
    assert sorted(names) == sorted(recipe.name for recipe in RECIPES.values())
    assert {each.type for each in RECIPES.values()} >= {SEGMENTS}
