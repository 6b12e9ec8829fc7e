"""Batch inference and batch segment jobs: lines of JSON in, lines of JSON out."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.personalize.batch.lines import answered
from local.personalize.errors import InUseError, InvalidInputError, LimitExceededError, NotFoundError
from local.personalize.ports import ObjectsError
from local.personalize.recipes import RECIPES, Recipe
from local.personalize.work import PoolWork
from tests.local.personalize_account import (
    INTERACTIONS,
    ITEMS,
    ROLE,
    USERS,
    Account,
    MemoryObjects,
    item_data,
    taste_data,
    taste_of,
    trained_group,
)
from tests.local.test_personalize_threads import HeldUp, eventually

GENRES: Mapping[str, set[str]] = {
    item: set(genres.split("|")) for item, genres in zip(item_data()["ITEM_ID"], item_data()["GENRES"], strict=True)
}
USER_DATA = pd.DataFrame({"USER_ID": [f"u{at}" for at in range(250)], "AGE": [20 + at % 60 for at in range(250)]})


class Shop:
    """A trained account with a solution version for each recipe, and jobs that run at once."""

    def __init__(self, **options: Any) -> None:
        self.account = Account(**options)
        self.group = trained_group(self.account)
        users = self.account.dataset(self.group, "Users", USERS)
        self.account.import_(users, self.account.put("b/u.csv", USER_DATA), "users")
        self.versions: dict[str, str] = {}
        self.jobs = 0

    def version(self, recipe: str) -> str:
        if recipe not in self.versions:
            self.versions[recipe] = self.account.version(self.account.solution(self.group, recipe))
        return self.versions[recipe]

    def filter(self, expression: str, group: str | None = None) -> str:
        name = f"f{len(self.account('ListFilters')['Filters'])}"
        made = self.account("CreateFilter", name=name, datasetGroupArn=group or self.group, filterExpression=expression)
        return str(made["filterArn"])

    def start(self, recipe: str, kind: str = "Inference", **more: Any) -> str:
        """Create a job from s3://in/x.json to s3://out/folder/."""
        self.jobs += 1
        params = {
            "jobName": f"j{self.jobs}",
            "solutionVersionArn": self.version(recipe),
            "jobInput": {"s3DataSource": {"path": "s3://in/x.json"}},
            "jobOutput": {"s3DataDestination": {"path": "s3://out/folder/"}},
            "roleArn": ROLE,
            **more,
        }
        member = f"batch{kind}JobArn"
        return str(self.account(f"CreateBatch{kind}Job", **params)[member])

    def describe(self, arn: str) -> dict[str, Any]:
        kind = "Inference" if "batch-inference-job" in arn else "Segment"
        answer = self.account(f"DescribeBatch{kind}Job", **{f"batch{kind}JobArn": arn})
        job: dict[str, Any] = answer[f"batch{kind}Job"]
        return job

    def run(self, recipe: str, lines: Iterable[Any], kind: str = "Inference", **more: Any) -> list[dict[str, Any]]:
        """Run a job over lines, and return its output, which must be as long."""
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        self.account.objects.contents = {"in/x.json": "\n".join(texts).encode()}
        job = self.describe(self.start(recipe, kind, **more))
        assert job["status"] == "ACTIVE", job.get("failureReason")
        assert set(self.account.objects.contents) == {"in/x.json", "out/folder/_CHECK", "out/folder/x.json.out"}
        output = self.account.objects.contents["out/folder/x.json.out"].decode()
        assert output.endswith("\n")
        found = [json.loads(line) for line in output.splitlines()]
        assert len(found) == len(texts)
        assert all(list(line) == ["input", "output", "error"] for line in found)
        return found

    def failure(self, recipe: str, kind: str = "Inference", **more: Any) -> str:
        """Run a job that fails, and return why."""
        job = self.describe(self.start(recipe, kind, **more))
        assert job["status"] == "CREATE FAILED"
        return str(job["failureReason"])


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop()


def popular(count: int, among: Iterable[str] | None = None) -> list[str]:
    counts = taste_data()["ITEM_ID"].value_counts()
    kept = counts if among is None else counts[counts.index.isin(list(among))]
    return [str(item) for item in kept.head(count).index]


def counts_of(items: Iterable[str]) -> list[int]:
    return [int(each) for each in taste_data()["ITEM_ID"].value_counts()[list(items)]]


# Recommendations


def test_popularity_is_the_same_for_all_and_has_no_scores(shop: Shop) -> None:
    users = [{"userId": "u1"}, {"userId": "stranger"}]
    lines = shop.run("aws-popularity-count", users, numResults=5)
    assert [line["input"] for line in lines] == users
    assert [line["error"] for line in lines] == [None, None]
    assert lines[0]["output"] == lines[1]["output"]
    assert set(lines[0]["output"]) == {"recommendedItems"}
    assert counts_of(lines[0]["output"]["recommendedItems"]) == counts_of(popular(5))


@pytest.mark.parametrize("recipe", ["aws-user-personalization", "aws-user-personalization-v2"])
def test_users_get_what_a_campaign_would_give_them(shop: Shop, recipe: str) -> None:
    campaign = shop.account.campaign(shop.version(recipe), recipe)
    lines = shop.run(recipe, [{"userId": "u1"}, {"userId": "u2"}, {"userId": "stranger"}])
    for line in lines:
        asked = shop.account.runtime("GetRecommendations", campaignArn=campaign, userId=line["input"]["userId"])
        assert line["output"]["recommendedItems"] == [item["itemId"] for item in asked["itemList"]]
        assert line["output"]["scores"] == pytest.approx([item["score"] for item in asked["itemList"]], abs=1e-7)
    taste = np.mean([taste_of(item) == 2 for item in lines[1]["output"]["recommendedItems"][:10]])
    assert len(lines[1]["output"]["recommendedItems"]) == 25
    assert taste > 0.5


@pytest.mark.parametrize("recipe", ["aws-similar-items", "aws-sims"])
def test_items_get_related_ones(shop: Shop, recipe: str) -> None:
    campaign = shop.account.campaign(shop.version(recipe), recipe)
    (line,) = shop.run(recipe, [{"itemId": "i7"}], numResults=10)
    assert line["output"] == {"recommendedItems": shop.account.recommended(campaign, itemId="i7", numResults=10)}
    assert "i7" not in line["output"]["recommendedItems"]


@pytest.mark.parametrize("recipe", ["aws-personalized-ranking", "aws-personalized-ranking-v2"])
def test_given_items_are_ranked(shop: Shop, recipe: str) -> None:
    given = {"userId": "u2", "itemList": ["i0", "strange", "i1", "i2", "i3"]}
    (line,) = shop.run(recipe, [given], numResults=2)
    ranked, scores = line["output"]["recommendedItems"], line["output"]["scores"]
    assert sorted(ranked) == sorted(given["itemList"])
    assert (ranked[0], ranked[-1], scores[-1]) == ("i2", "strange", 0)
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1, abs=1e-6)


def test_what_came_after_training_does_not_count() -> None:
    shop = Shop()
    before = shop.run("aws-user-personalization", [{"userId": "u4"}])
    tracking = shop.account("CreateEventTracker", name="t", datasetGroupArn=shop.group)["trackingId"]
    events = [
        {"eventType": "watch", "itemId": f"i{at}", "sentAt": dt.datetime(2026, 11, 2, tzinfo=dt.UTC)} for at in (1, 5)
    ]
    shop.account.events("PutEvents", trackingId=tracking, userId="u4", sessionId="s", eventList=events)
    assert shop.run("aws-user-personalization", [{"userId": "u4"}]) == before


def test_filters_take_their_values_from_the_line(shop: Shop) -> None:
    filtered = shop.filter("INCLUDE ItemID WHERE Items.GENRES IN ($G) AND Items.PRICE < $P")
    cheap = {item for item, price in zip(item_data()["ITEM_ID"], item_data()["PRICE"], strict=True) if price < 100}
    lines = shop.run(
        "aws-popularity-count",
        [
            {"userId": "u1", "filterValues": {"G": '"g1","extra"', "P": "100"}},
            {"userId": "u1", "filterValues": {"G": '"g2"', "P": "100"}},
            {"userId": "u1"},
            {"userId": "u1", "filterValues": {"G": '"g2', "P": "100"}},
            {"userId": "u1", "filterValues": {"G": "g2", "P": "100", "X": "1"}},
            {"userId": "u1", "filterValues": {"G": "g2", "P": "much"}},
            {"userId": "u1", "filterValues": {"G": "x" * 1001, "P": "1"}},
            {"userId": "u1", "filterValues": ["G"]},
        ],
        filterArn=filtered,
        numResults=500,
    )
    items = taste_data()["ITEM_ID"].unique()
    assert set(lines[0]["output"]["recommendedItems"]) == {i for i in items if GENRES[i] & {"g1", "extra"}} & cheap
    assert set(lines[1]["output"]["recommendedItems"]) == {i for i in items if "g2" in GENRES[i]} & cheap
    for line, message in zip(
        lines[2:],
        [
            "needs values for the parameters [G,P]",
            "value of the filter parameter G is not valid at position 1",
            "no parameters [X]",
            "compared with a number",
            "length less than or equal to 1000",
            "must be of type map",
        ],
        strict=True,
    ):
        assert message in line["error"]
        assert line["output"] == {"recommendedItems": []}


def test_a_filter_may_be_about_the_current_item(shop: Shop) -> None:
    filtered = shop.filter(
        "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRES IN CurrentItem.GENRES"
    )
    lines = shop.run("aws-sims", [{"itemId": "i21"}, {"itemId": "strange"}], filterArn=filtered, numResults=500)
    found = {f"i{at}" for at in range(21) if f"g{21 % 4}" in GENRES[f"i{at}"]} & set(taste_data()["ITEM_ID"])
    assert set(lines[0]["output"]["recommendedItems"]) == found
    assert lines[1]["output"]["recommendedItems"] == []
    with pytest.raises(InvalidInputError, match="CurrentItem can be used for related items only"):
        shop.start("aws-popularity-count", filterArn=filtered)


# Segments


def takers(item: str) -> list[str]:
    return [str(user) for user in taste_data().loc[taste_data()["ITEM_ID"] == item, "USER_ID"]]


def test_users_who_like_an_item(shop: Shop) -> None:
    lines = shop.run("aws-item-affinity", [{"itemId": "i101"}, {"itemId": "strange"}], "Segment", numResults=40)
    users = lines[0]["output"]["usersList"]
    assert lines[0]["output"]["recommendedUsers"] == users
    assert len(set(users)) == 40
    assert np.mean([int(user.removeprefix("u")) % 4 == 101 % 4 for user in users]) > 0.8
    assert not set(users) & set(takers("i101")), "nobody takes an item twice"
    assert lines[1]["output"]["usersList"] == []
    assert "The item strange was not there when the solution version was trained" in lines[1]["error"]


def test_users_who_like_attributes(shop: Shop) -> None:
    lines = shop.run(
        "aws-item-attribute-affinity",
        [
            {"itemAttributes": 'ITEMS.genres = "g2"'},
            {"itemAttributes": 'ITEMS.genres = "g2" AND ITEMS.GENRES = "extra"'},
            {"itemAttributes": "ITEMS.PRICE = 7"},
            {"itemAttributes": 'ITEMS.genres = "g2" OR ITEMS.genres = "g1"'},
            {"itemAttributes": 'ITEMS.genres IN ("g2")'},
            {"itemAttributes": "ITEMS.price > 7"},
            {"itemAttributes": 'ITEMS.genres = "none"'},
            {"itemAttributes": 'ITEMS.size = "g2"'},
            {"itemAttributes": 'USERS.AGE = "g2"'},
            {"itemId": "i5"},
        ],
        "Segment",
        numResults=30,
    )
    for line, taste in zip(lines[:3], (2, 2, 3), strict=True):
        users = line["output"]["usersList"]
        assert len(users) == 30
        assert np.mean([int(user.removeprefix("u")) % 4 == taste for user in users]) > 0.8
    errors = [
        ">>>OR ITEMS.genres",
        "compares GENRES with a value by = only",
        "compares PRICE with a value by = only",
        'No item that the solution version was trained on has ITEMS.genres = "none"',
        "ITEMS.SIZE, and the schema has no such field",
        "takes fields of ITEMS only, not of USERS",
        "The record must have itemAttributes",
    ]
    for line, message in zip(lines[3:], errors, strict=True):
        assert message in line["error"]
        assert line["output"]["usersList"] == []


def test_segments_are_filtered_by_users_and_what_they_did(shop: Shop) -> None:
    young = shop.filter("INCLUDE UserID WHERE Users.AGE < $AGE | EXCLUDE UserID WHERE Users.USER_ID IN ($NOT)")
    everybody = shop.run(
        "aws-item-affinity",
        [{"itemId": "i5", "filterValues": {"AGE": "25"}}, {"itemId": "i5", "filterValues": {"AGE": "25", "NOT": "u1"}}],
        "Segment",
        filterArn=young,
        numResults=500,
    )
    expected = set(USER_DATA.loc[USER_DATA["AGE"] < 25, "USER_ID"])
    assert set(everybody[0]["output"]["usersList"]) == expected
    assert set(everybody[1]["output"]["usersList"]) == expected - {"u1"}
    nobody = shop.filter('EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("WATCH")')
    (line,) = shop.run("aws-item-affinity", [{"itemId": "i5"}], "Segment", filterArn=nobody)
    assert (line["output"]["usersList"], line["error"]) == ([], None)
    with pytest.raises(InvalidInputError, match="Filters by interactions can't be used"):
        shop.start("aws-item-attribute-affinity", "Segment", filterArn=nobody)


class Everything(Shop):
    """A shop whose items have texts, and which has actions: all recipes can be trained on it."""

    def __init__(self) -> None:
        self.account = account = Account(quotas={"active-solutions": 100})
        self.group, self.versions, self.jobs = account.group(), {}, 0
        described = item_data().assign(
            TITLE=item_data()["ITEM_ID"],
            DESCRIPTION=[
                f"{['red', 'blue', 'green', 'gray'][taste_of(item)]} thing" for item in item_data()["ITEM_ID"]
            ],
        )
        texts: list[dict[str, Any]] = [
            {"name": "TITLE", "type": "string", "itemName": True},
            {"name": "DESCRIPTION", "type": ["null", "string"], "textual": True},
        ]
        kind = {"name": "KIND", "type": "string", "categorical": True}
        actions: list[dict[str, Any]] = [{"name": "ACTION_ID", "type": "string"}, kind]
        datasets: Sequence[tuple[str, list[dict[str, Any]], pd.DataFrame]] = (
            ("Interactions", INTERACTIONS, taste_data()),
            ("Items", [*ITEMS, *texts], described),
            ("Actions", actions, pd.DataFrame({"ACTION_ID": ["a1", "a2"], "KIND": ["x", "y"]})),
        )
        for name, fields, data in datasets:
            dataset = account.dataset(self.group, name, fields)
            job = account.import_(dataset, account.put(f"b/{name}.csv", data), name)
            assert job["status"] == "ACTIVE", job


REFUSED = {
    "aws-trending-now": "can't get batch recommendations with aws-trending-now",
    "aws-next-best-action": "can't get batch recommendations with aws-next-best-action",
    "aws-item-affinity": "use a batch segment job",
    "aws-item-attribute-affinity": "use a batch segment job",
}
LINES: Mapping[str, dict[str, Any]] = {
    "USER_PERSONALIZATION": {"userId": "u3"},
    "POPULAR_ITEMS": {"userId": "u3"},
    "RELATED_ITEMS": {"itemId": "i3"},
    "PERSONALIZED_RANKING": {"userId": "u3", "itemList": ["i0", "i1", "i2", "i3"]},
}


@pytest.fixture(scope="module")
def everything() -> Everything:
    return Everything()


@pytest.mark.parametrize(
    "recipe", [recipe for recipe in RECIPES.values() if recipe.domain is None], ids=lambda r: r.name
)
def test_every_recipe_has_batches_or_says_that_it_has_none(everything: Everything, recipe: Recipe) -> None:
    if recipe.name in REFUSED:
        with pytest.raises(InvalidInputError, match=REFUSED[recipe.name]):
            everything.start(recipe.name)
    else:
        (line,) = everything.run(recipe.name, [LINES[recipe.type]], numResults=4)
        assert line["error"] is None
        assert len(line["output"]["recommendedItems"]) == 4
        assert ("scores" in line["output"]) == (recipe.type in ("USER_PERSONALIZATION", "PERSONALIZED_RANKING"))
    if recipe.type == "USER_SEGMENTATION":
        asked = {"itemId": "i103"} if recipe.name == "aws-item-affinity" else {"itemAttributes": 'ITEMS.GENRES = "g3"'}
        (line,) = everything.run(recipe.name, [asked], "Segment", numResults=4)
        assert [int(user.removeprefix("u")) % 4 for user in line["output"]["usersList"]] == [3] * 4
    else:
        with pytest.raises(InvalidInputError, match="needs a recipe of the type USER_SEGMENTATION"):
            everything.start(recipe.name, "Segment")


def test_segments_can_not_be_made_by_texts(everything: Everything) -> None:
    asked = {"itemAttributes": 'ITEMS.DESCRIPTION = "red thing"'}
    (line,) = everything.run("aws-item-attribute-affinity", [asked], "Segment")
    assert "ITEMS.DESCRIPTION is textual" in line["error"]


# Lines


def test_a_broken_line_spoils_only_itself(shop: Shop) -> None:
    good = {"userId": "u1"}
    readable = ["[]", "null", '"u1"', '{"user": "u1"}', '{"userId": ""}', '{"userId": 1}']
    readable += ['{"userId": "u1", "context": 3}', json.dumps({"userId": "x" * 257})]
    unreadable = ["{", '{"userId": NaN}', "[" * 3000, "\\ud800"]
    broken = [*readable, *unreadable]
    lines = shop.run("aws-popularity-count", [good, *broken, good], numResults=3)
    assert lines[0] == lines[-1]
    assert lines[0]["error"] is None
    for text, line in zip(broken, lines[1:-1], strict=True):
        assert line["error"], text
        assert line["output"] == {"recommendedItems": []}
        assert line["input"] == (json.loads(text) if text in readable and text.startswith("{") else text)


def test_lines_that_can_have_scores_have_none_with_an_error(shop: Shop) -> None:
    lines = shop.run("aws-personalized-ranking", [{"userId": "u1"}, {"userId": "u1", "itemList": ["i1", 2]}])
    assert [line["output"] for line in lines] == [{"recommendedItems": [], "scores": []}] * 2
    assert "must have itemList" in lines[0]["error"]
    assert "inputList.2.member" in lines[1]["error"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: json.dumps({"userId": text}).encode()))
def test_whatever_the_line_is_it_is_answered(raw: bytes) -> None:
    line = json.loads(answered(raw, lambda line: {"echo": line}, {}))
    assert (line["error"] is None) == (line["output"] != {})


# Files


def test_a_prefix_is_all_files_that_begin_with_it_and_a_name_is_one() -> None:
    shop = Shop()
    line = b'{"userId": "u1"}'
    contents = {"in/a/x.json": line, "in/a/b/y.json": line + b"\r\n\r\n" + line, "in/ax.json": line, "in/a/": b"",
                "in/a/x.json.old": line}  # fmt: skip
    shop.account.objects.contents = dict(contents)
    cases = {
        "s3://in/a": {"a/x.json": 1, "a/b/y.json": 2, "ax.json": 1, "a/x.json.old": 1},
        "s3://in/a/": {"x.json": 1, "b/y.json": 2, "x.json.old": 1},
        "s3://in/a/x.json": {"x.json": 1},
        "s3://in": {"a/x.json": 1, "a/b/y.json": 2, "ax.json": 1, "a/x.json.old": 1},
    }
    for at, (source, expected) in enumerate(cases.items()):
        place = [f"s3://out{at}", f"s3://out{at}/", f"s3://out{at}/to", f"s3://out{at}/to/"][at]
        job = shop.start(
            "aws-popularity-count",
            jobInput={"s3DataSource": {"path": source}},
            jobOutput={"s3DataDestination": {"path": place}},
        )
        assert shop.describe(job)["status"] == "ACTIVE"
        root = place.removeprefix("s3://").rstrip("/") + "/"
        written = {key.removeprefix(root): value for key, value in shop.account.objects.contents.items() if
                   key.startswith(root)}  # fmt: skip
        assert {key: value.count(b"\n") for key, value in written.items()} == {
            "_CHECK": 0,
            **{f"{k}.out": n for k, n in expected.items()},
        }


class ReadOnly(MemoryObjects):
    """S3 that lets a job read, and not write."""

    def write(self, bucket: str, key: str, body: bytes, role: str = "") -> None:
        raise ObjectsError(f"Access Denied for {role} on s3://{bucket}/{key}")


@pytest.mark.parametrize(
    ("quotas", "content", "message"),
    [
        ({}, {}, "There is no data at s3://in/x"),
        ({"batch-input-files": 1}, {"in/x1": b"{}", "in/x2": b"{}"}, "There are 2 input files, and at most 1"),
        ({"batch-input-bytes": 3}, {"in/x1": b"{}", "in/x2": b"{}"}, "The input has 4 bytes, and at most 3"),
        ({"batch-records": 1}, {"in/x": b"{}\n{}"}, "There are 2 records in s3://in/x, and at most 1"),
        (
            {},
            {"in/x": b"{}"},
            f"Could not read s3://in/x or write to s3://out/: Access Denied for {ROLE} on s3://out/_CHECK",
        ),
    ],
)
def test_jobs_that_fail_say_why(quotas: dict[str, int], content: dict[str, bytes], message: str) -> None:
    shop = Shop(quotas=quotas)
    shop.account.service.world.objects = objects = ReadOnly() if "Denied" in message else MemoryObjects()
    objects.contents = dict(content)
    source, destination = {"s3DataSource": {"path": "s3://in/x"}}, {"s3DataDestination": {"path": "s3://out/"}}
    assert message in shop.failure("aws-popularity-count", jobInput=source, jobOutput=destination)


@pytest.mark.parametrize(("recipe", "most"), [("aws-item-affinity", 500), ("aws-item-attribute-affinity", 10)])
def test_there_are_only_so_many_queries_for_segments(shop: Shop, recipe: str, most: int) -> None:
    shop.account.objects.contents = {"in/x.json": b"{}\n" * (most + 1)}
    assert f"at most {most} are allowed in a file" in shop.failure(recipe, "Segment")


# Requests


@pytest.mark.parametrize(
    ("recipe", "kind", "params", "message"),
    [
        ("aws-trending-now", "Inference", {}, "can't get batch recommendations with aws-trending-now"),
        ("aws-item-affinity", "Inference", {}, "aws-item-affinity: use a batch segment job"),
        ("aws-sims", "Segment", {}, "needs a recipe of the type USER_SEGMENTATION, not aws-sims"),
        ("aws-sims", "Inference", {"numResults": 501}, "numResults must be between 1 and 500, and is 501"),
        ("aws-sims", "Inference", {"numResults": 0}, "numResults must be between 1 and 500"),
        ("aws-item-affinity", "Segment", {"numResults": 5_000_001}, "between 1 and 5000000"),
        (
            "aws-sims",
            "Inference",
            {"jobInput": {"s3DataSource": {"path": "https://x/y"}}},
            "jobInput.s3DataSource.path must be of the form s3://bucket/path",
        ),
        (
            "aws-sims",
            "Inference",
            {"jobOutput": {"s3DataDestination": {"path": "s3://in/"}}},
            "Invalid S3 output path. The output location must be different from the input data",
        ),
        (
            "aws-sims",
            "Inference",
            {"jobOutput": {"s3DataDestination": {"path": "s3:///y"}}},
            "jobOutput.s3DataDestination.path must be of the form",
        ),
        ("aws-sims", "Inference", {"batchInferenceJobMode": "THEME_GENERATION"}, "must be given together"),
        (
            "aws-sims",
            "Inference",
            {
                "batchInferenceJobMode": "THEME_GENERATION",
                "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "T"}},
            },
            "THEME_GENERATION is for aws-similar-items, not for aws-sims",
        ),
        (
            "aws-similar-items",
            "Inference",
            {
                "batchInferenceJobMode": "THEME_GENERATION",
                "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "T"}},
            },
            "has no generative model, and makes no themes",
        ),
        (
            "aws-sims",
            "Inference",
            {"batchInferenceJobConfig": {"itemExplorationConfig": {"explorationWeight": "0.3"}}},
            "itemExplorationConfig can't be given with aws-sims",
        ),
        (
            "aws-sims",
            "Inference",
            {"batchInferenceJobConfig": {"rankingInfluence": {"POPULARITY": 0.3}}},
            "rankingInfluence can't be given with aws-sims",
        ),
        (
            "aws-user-personalization",
            "Inference",
            {"batchInferenceJobConfig": {"itemExplorationConfig": {"explorationWeight": "2"}}},
            "explorationWeight of aws-user-personalization",
        ),
        (
            "aws-user-personalization",
            "Inference",
            {"batchInferenceJobConfig": {"itemExplorationConfig": {"weight": "1"}}},
            r"takes explorationWeight and explorationItemAgeCutOff, not \[weight\]",
        ),
    ],
)
def test_bad_requests(shop: Shop, recipe: str, kind: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        shop.start(recipe, kind, **params)


def test_a_job_needs_a_trained_version_and_a_fitting_filter(shop: Shop) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        shop.start("aws-sims", solutionVersionArn=shop.version("aws-sims") + "x")
    users = shop.filter("INCLUDE UserID WHERE Users.AGE < 25")
    with pytest.raises(InvalidInputError, match="is about userid, not about itemid"):
        shop.start("aws-sims", filterArn=users)
    with pytest.raises(InvalidInputError, match="is about itemid, not about userid"):
        shop.start("aws-item-affinity", "Segment", filterArn=shop.filter("INCLUDE ItemID WHERE Items.PRICE < 25"))
    other = shop.account.group("other")
    schema = next(each["schemaArn"] for each in shop.account("ListSchemas")["schemas"] if each["name"] == "Items")
    shop.account("CreateDataset", name="other", datasetGroupArn=other, schemaArn=schema, datasetType="Items")
    shop.account.service.control.decide(filter_on_empty_data="take")
    theirs = shop.filter("INCLUDE ItemID WHERE Items.PRICE < 25", other)
    with pytest.raises(InvalidInputError, match="is a filter of another dataset group"):
        shop.start("aws-sims", filterArn=theirs)


def test_a_job_is_shown_and_listed(shop: Shop) -> None:
    config = {"itemExplorationConfig": {"explorationWeight": "0.3", "explorationItemAgeCutOff": "30"}}
    arn = shop.start("aws-user-personalization", jobName="shown", batchInferenceJobConfig=config)
    job = shop.describe(arn)
    assert arn == "arn:aws:personalize:eu-west-1:123456789012:batch-inference-job/shown"
    assert (job["numResults"], job["batchInferenceJobMode"], job["batchInferenceJobConfig"], job["roleArn"]) == (
        25, "BATCH_INFERENCE", config, ROLE,
    )  # fmt: skip
    version = shop.version("aws-user-personalization")
    listed = shop.account("ListBatchInferenceJobs", solutionVersionArn=version)["batchInferenceJobs"]
    assert arn in [each["batchInferenceJobArn"] for each in listed]
    assert {each["solutionVersionArn"] for each in listed} == {version}
    assert shop.account("ListBatchSegmentJobs", solutionVersionArn=version)["batchSegmentJobs"] == []


# Life


@pytest.mark.parametrize(("kind", "recipe"), [("Inference", "aws-sims"), ("Segment", "aws-item-affinity")])
def test_the_life_of_a_job(kind: str, recipe: str) -> None:
    shop = Shop(durations={f"Batch{kind}Job": {"*": 100}})
    clock, objects = shop.account.clock, shop.account.objects
    objects.contents = {"in/x.json": b'{"itemId": "i1"}'}
    target = "ItemID WHERE Items.PRICE" if kind == "Inference" else "UserID WHERE Users.AGE"
    used = shop.filter(f"EXCLUDE {target} < 3")
    arn = shop.start(recipe, kind, filterArn=used)
    solution = shop.version(recipe).rpartition("/")[0]
    seen = []
    for _ in range(12):
        status = shop.describe(arn)["status"]
        if status not in seen:
            seen.append(status)
        if status in ("CREATE PENDING", "CREATE IN_PROGRESS"):
            with pytest.raises(InUseError, match="can't be deleted while it is in use"):
                shop.account("DeleteFilter", filterArn=used)
            with pytest.raises(InUseError, match="can't be deleted while it is in use"):
                shop.account("DeleteSolution", solutionArn=solution)
        clock.advance(10)
    assert seen == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
    shop.account("DeleteFilter", filterArn=used)
    assert shop.describe(arn)["status"] == "ACTIVE"
    shop.account("DeleteSolution", solutionArn=solution)
    with pytest.raises(NotFoundError):
        shop.describe(arn)


@pytest.mark.parametrize(("kind", "recipe"), [("Inference", "aws-sims"), ("Segment", "aws-item-affinity")])
def test_only_so_many_jobs_at_once(kind: str, recipe: str) -> None:
    shop = Shop(durations={f"Batch{kind}Job": {"*": 100}})
    for _ in range(5):
        shop.start(recipe, kind)
    with pytest.raises(LimitExceededError, match="More than 5 resources with PENDING or IN_PROGRESS status"):
        shop.start(recipe, kind)
    shop.account.clock.advance(100)
    shop.start(recipe, kind)


def test_a_job_runs_in_the_pool_and_holds_up_nobody() -> None:
    shop = Shop()
    version, state = shop.version("aws-popularity-count"), shop.account.service.world.state
    shop.account.service.advance()
    objects = HeldUp()
    objects.contents = {"in/x.json": b'{"userId": "u1"}\n' * 50}
    later = Account(state=state, objects=objects, work=PoolWork(2), clock=lambda: dt.datetime.now(dt.UTC))
    shop.account, shop.versions = later, {"aws-popularity-count": version}
    arn = shop.start("aws-popularity-count")
    assert objects.asked.wait(5)
    assert shop.describe(arn)["status"] == "CREATE IN_PROGRESS"
    objects.open.set()
    eventually(lambda: shop.describe(arn)["status"] == "ACTIVE")
    assert objects.contents["out/folder/x.json.out"].count(b"\n") == 50
    later.service.close()
