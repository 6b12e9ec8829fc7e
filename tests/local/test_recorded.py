"""What the real service was seen to answer: the local one answers the same.

The facts are from recordings: the notebooks that AWS keeps in public, whose output cells hold what Amazon Personalize
answered from 2018 to 2024, in all versions of their history:
https://github.com/aws-samples/amazon-personalize-samples
https://github.com/aws-samples/amazon-personalize-immersion-day

The ways through statuses are in test_personalize_lives.py, permissions in test_gateway_s3.py, the spellings of events
in test_personalize_events.py, durations in test_personalize_steering.py.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from local.personalize.durations import PROFILES
from local.personalize.errors import AccessDeniedError, InvalidInputError, NotFoundError, ServiceError
from tests.local.personalize_account import (
    INTERACTIONS,
    ITEMS,
    Account,
    avro,
    column,
    item_data,
    taste_data,
    trained_group,
)
from tests.local.personalize_prepared import MAKERS, Prepared, member_of
from tests.local.test_personalize_data import GOOD, HEADER

_HERE = r"arn:aws:personalize:eu-west-1:123456789012"
KINDS: Mapping[str, Callable[[Any], object]] = {
    "name": lambda value: re.fullmatch(r"[\w-]+", value),
    "recipe": lambda value: re.fullmatch(r"arn:aws:personalize:::recipe/aws-[a-z0-9-]+", value),
    "named": lambda value: re.fullmatch(rf"{_HERE}:[a-z-]+/[\w-]+", value),
    "named for its group and type": lambda value: re.fullmatch(rf"{_HERE}:dataset/[\w-]+/[A-Z_]+", value),
    "numbered": lambda value: re.fullmatch(rf"{_HERE}:event-tracker/[0-9a-f]{{8}}", value),
    "numbered below its solution": lambda value: re.fullmatch(rf"{_HERE}:solution/[\w-]+/[0-9a-f]{{8}}", value),
    "solution and number": lambda value: re.fullmatch(r"[\w-]+/[0-9a-f]{8}", value),
    "UUID": lambda value: re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value),
    "answer and server": lambda value: re.fullmatch(
        r"RID-[0-9a-f]{2}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}-CID-[0-9a-f]{6}", value
    ),
    "moment": lambda value: isinstance(value, dt.datetime) and value.tzinfo,
    "text": lambda value: isinstance(value, str) and value,
    "type in capitals": lambda value: re.fullmatch("[A-Z_]+", value),
    "hours": lambda value: isinstance(value, float) and value >= 0,
    "false": lambda value: value is False,
    "ACTIVE": lambda value: value == "ACTIVE",
    "FULL": lambda value: value == "FULL",
    "four digits": lambda value: value == round(value, 4),
    "seven digits": lambda value: value == round(value, 7),
}
LIFE = {"status": "ACTIVE", "creationDateTime": "moment", "lastUpdatedDateTime": "moment"}
SOLUTION = {"performHPO": "false", "performAutoML": "false", "recipeArn": "recipe", "datasetGroupArn": "named", **LIFE}
UPDATE = {"schemaArn": "named", **LIFE}

CREATED: Mapping[str, Mapping[str, str]] = {
    "BatchInferenceJob": {"batchInferenceJobArn": "named"},
    "BatchSegmentJob": {"batchSegmentJobArn": "named"},
    "Campaign": {"campaignArn": "named"},
    "Dataset": {"datasetArn": "named for its group and type"},
    "DatasetGroup": {"datasetGroupArn": "named"},
    "DatasetImportJob": {"datasetImportJobArn": "named"},
    "EventTracker": {"eventTrackerArn": "numbered", "trackingId": "UUID"},
    "Filter": {"filterArn": "named"},
    "Recommender": {"recommenderArn": "named"},
    "Schema": {"schemaArn": "named"},
    "Solution": {"solutionArn": "named"},
    "SolutionVersion": {"solutionVersionArn": "numbered below its solution"},
}
"""What the answer to a creation holds, and nothing else."""

DESCRIBED: Mapping[str, Mapping[str, str]] = {
    "Dataset": {
        "name": "name",
        "datasetArn": "named for its group and type",
        "datasetGroupArn": "named",
        "datasetType": "type in capitals",
        "schemaArn": "named",
        **LIFE,
    },
    "Schema": {
        "name": "name",
        "schemaArn": "named",
        "schema": "text",
        "creationDateTime": "moment",
        "lastUpdatedDateTime": "moment",
    },
    "Solution": {"name": "name", "solutionArn": "named", **SOLUTION},
    "SolutionVersion": {
        "name": "solution and number",
        "solutionVersionArn": "numbered below its solution",
        "solutionArn": "named",
        "trainingHours": "hours",
        "trainingMode": "FULL",
        **SOLUTION,
    },
}
"""What is shown of a resource, among what came to the service since."""

METRICS = (
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "precision_at_10",
    "precision_at_25",
    "precision_at_5",
)
"""In this order."""

SINCE = {
    "aws-item-affinity": (2021, 7, 15),
    "aws-item-attribute-affinity": (2021, 8, 25),
    "aws-next-best-action": (2023, 8, 11),
    "aws-personalized-ranking-v2": (2024, 1, 1),
    "aws-trending-now": (2022, 10, 1),
    "aws-user-personalization-v2": (2024, 1, 1),
}
"""When a recipe came; the others did in 2019, on 10 June."""
FIRST_PAGE = ("aws-ecomm-customers-who-viewed-x-also-viewed", "aws-ecomm-frequently-bought-together",
              "aws-ecomm-popular-items-by-purchases", "aws-ecomm-popular-items-by-views",
              "aws-ecomm-recommended-for-you", "aws-item-affinity", "aws-item-attribute-affinity")  # fmt: skip


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return Prepared()


def check(recorded: Mapping[str, str], shown: Mapping[str, Any]) -> None:
    for member, kind in recorded.items():
        assert member in shown, member
        assert KINDS[kind](shown[member]), f"{member} is {shown[member]!r}, and was recorded as: {kind}"


@pytest.mark.parametrize("kind", CREATED)
def test_answers_to_creations(prepared: Prepared, kind: str) -> None:
    answer = prepared.account(f"Create{kind}", **MAKERS[kind](prepared))
    check(CREATED[kind], answer)
    assert set(answer) == set(CREATED[kind])


def test_a_group_of_a_domain_is_answered_with_it(prepared: Prepared) -> None:
    answer = prepared.account("CreateDatasetGroup", name=prepared.name(), domain="ECOMMERCE")
    assert {**answer, "datasetGroupArn": ""} == {"datasetGroupArn": "", "domain": "ECOMMERCE"}


@pytest.mark.parametrize("kind", DESCRIBED)
def test_descriptions(prepared: Prepared, kind: str) -> None:
    account, arn = prepared.account, f"{member_of(kind)}Arn"
    nameless = {
        key: value for key, value in MAKERS[kind](prepared).items() if kind != "SolutionVersion" or key != "name"
    }
    made = account(f"Create{kind}", **nameless)[arn]
    prepared.settle()
    shown = account(f"Describe{kind}", **{arn: made})[member_of(kind)]
    check(DESCRIBED[kind], shown)
    if kind == "Schema":
        assert shown["creationDateTime"] == shown["lastUpdatedDateTime"]
        assert shown["schema"] == nameless["schema"], "to the letter"


def test_metrics(prepared: Prepared) -> None:
    version = prepared.version("aws-user-personalization")
    answer = prepared.account("GetSolutionMetrics", solutionVersionArn=version)
    recommender = prepared.account("DescribeRecommender", recommenderArn=prepared.one("Recommender"))["recommender"]
    for metrics in (answer["metrics"], recommender["modelMetrics"]):
        assert tuple(metrics) == METRICS
        check(dict.fromkeys(METRICS, "four digits"), metrics)
    assert set(answer) == {"metrics", "solutionVersionArn"}


def test_the_update_of_a_dataset(prepared: Prepared) -> None:
    account = prepared.account
    dataset = prepared.dataset(prepared.make("DatasetGroup"), "Items", ITEMS)
    before = account("DescribeDataset", datasetArn=dataset)["dataset"]
    wider = prepared.make("Schema", schema=avro("Items", [*ITEMS, column("STUDIO", ["null", "string"])]))
    assert account("UpdateDataset", datasetArn=dataset, schemaArn=wider) == {"datasetArn": dataset}
    prepared.settle()
    shown = account("DescribeDataset", datasetArn=dataset)["dataset"]
    check(DESCRIBED["Dataset"], shown)
    check(UPDATE, shown["latestDatasetUpdate"])
    assert (
        before["lastUpdatedDateTime"] < shown["latestDatasetUpdate"]["creationDateTime"] < shown["lastUpdatedDateTime"]
    )
    assert shown["lastUpdatedDateTime"] >= shown["latestDatasetUpdate"]["lastUpdatedDateTime"]


# Recipes


def test_recipes_come_by_name_and_eleven_at_a_time() -> None:
    account = Account()
    first = account("ListRecipes")
    names = [each["name"] for each in first["recipes"]]
    assert tuple(names[:7]) == FIRST_PAGE
    assert len(names) == 11
    rest = account("ListRecipes", nextToken=first["nextToken"])
    names += [each["name"] for each in rest["recipes"]]
    assert names == sorted(names)
    for each in [*first["recipes"], *rest["recipes"]]:
        assert set(each) - {"domain"} == {"name", "recipeArn", *LIFE}
        since = dt.datetime(*SINCE.get(each["name"], (2019, 6, 10)), tzinfo=dt.UTC)
        assert each["creationDateTime"] == since or each["name"] == "aws-semantic-similarity"


@pytest.mark.parametrize(("domain", "on_the_first"), [("ECOMMERCE", 5), ("VIDEO_ON_DEMAND", 0)])
def test_a_domain_is_looked_at_page_by_page(domain: str, on_the_first: int) -> None:
    account = Account()
    first = account("ListRecipes", domain=domain)
    assert len(first["recipes"]) == on_the_first
    rest = account("ListRecipes", domain=domain, nextToken=first["nextToken"])
    assert len(first["recipes"] + rest["recipes"]) == 5


# What serves


def test_recommendations_of_a_campaign(prepared: Prepared) -> None:
    campaign = prepared.campaign("aws-user-personalization")
    answers = [
        prepared.account.runtime("GetRecommendations", campaignArn=campaign, userId=user) for user in ("u1", "u2")
    ]
    for answer in answers:
        check({"recommendationId": "answer and server"}, answer)
        for item in answer["itemList"]:
            check({"score": "seven digits"}, item)
    first, second = (answer["recommendationId"] for answer in answers)
    assert first != second
    assert first.partition("CID")[2] == second.partition("CID")[2]
    other = prepared.account.runtime("GetRecommendations", campaignArn=prepared.make("Campaign"), userId="u1")
    assert other["recommendationId"].partition("CID")[2] != first.partition("CID")[2]


def test_rankings(prepared: Prepared) -> None:
    answer = prepared.account.runtime(
        "GetPersonalizedRanking",
        campaignArn=prepared.campaign("aws-personalized-ranking"),
        userId="u1",
        inputList=["i1", "i2", "i3"],
    )
    check({"recommendationId": "answer and server"}, answer)
    for item in answer["personalizedRanking"]:
        check({"score": "seven digits"}, item)


@pytest.mark.parametrize("recipe", ["aws-vod-top-picks", "aws-vod-more-like-x"])
def test_recommenders_show_no_scores(prepared: Prepared, recipe: str) -> None:
    recommender = prepared.make("Recommender", recipeArn=f"arn:aws:personalize:::recipe/{recipe}")
    answer = prepared.account.runtime("GetRecommendations", recommenderArn=recommender, userId="u1", itemId="i1")
    check({"recommendationId": "answer and server"}, answer)
    assert all(set(item) == {"itemId"} for item in answer["itemList"])


@pytest.mark.parametrize("asked", [["GENRES", "PRICE"], ["genres", "price"], ["Genres", "price"]])
def test_metadata_are_asked_in_any_case_and_come_in_lower_case(asked: list[str]) -> None:
    account = Account()
    group = trained_group(account)
    version = account.version(account.solution(group, "aws-user-personalization"))
    campaign = account.campaign(version, campaignConfig={"enableMetadataWithRecommendations": True})
    answer = account.runtime("GetRecommendations", campaignArn=campaign, userId="u1", metadataColumns={"ITEMS": asked})
    prices = dict(zip(item_data()["ITEM_ID"], item_data()["PRICE"], strict=True))
    assert all(set(item["metadata"]) == {"genres", "price"} for item in answer["itemList"])
    assert all(item["metadata"]["price"] == str(float(prices[item["itemId"]])) for item in answer["itemList"])


def test_columns_and_context_are_told_from_others_by_their_letters_alone() -> None:
    account = Account()
    group = account.group()
    dataset = account.dataset(group, "Interactions", [*INTERACTIONS, column("device_type", categorical=True)])
    account.import_(dataset, account.put("b/i.csv", taste_data().assign(device_type="phone")), "i")
    campaign = account.campaign(account.version(account.solution(group, "aws-user-personalization")))
    for name in ("device_type", "DEVICE_TYPE", "deviceType"):
        assert account.recommended(campaign, userId="u1", context={name: "phone"})
    with pytest.raises(InvalidInputError, match="The context has device, and"):
        account.recommended(campaign, userId="u1", context={"device": "phone"})


# Requests that were taken


class Newspaper:
    """A campaign on items with a time, a year and a text, and a filter by a section and a time."""

    def __init__(self) -> None:
        self.account = Account()
        self.group = trained_group(self.account, items=False)
        columns = [column("YEAR", ["null", "int"]), column("CREATION_TIMESTAMP", "long")]
        texts = column("TRAINING_TEXT", ["null", "string"], textual=True)
        dataset = self.account.dataset(self.group, "Items", [*ITEMS, *columns, texts])
        frame = item_data().assign(TRAINING_TEXT="Words.")
        frame = frame.assign(YEAR=1970 + frame.index % 40, CREATION_TIMESTAMP=1_480_000_000 + frame.index)
        self.account.import_(dataset, self.account.put("b/items.csv", frame), "items")
        version = self.account.version(self.account.solution(self.group, "aws-user-personalization"))
        self.campaign = self.account.campaign(version, campaignConfig={"enableMetadataWithRecommendations": True})
        self.sections = self.filter(
            "INCLUDE ItemID WHERE Items.GENRES IN ($SECTIONS) AND Items.CREATION_TIMESTAMP > $SINCE"
            ' | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
        )

    def filter(self, expression: str) -> str:
        name = f"f{len(self.account('ListFilters')['Filters'])}"
        made = self.account("CreateFilter", name=name, datasetGroupArn=self.group, filterExpression=expression)
        return str(made["filterArn"])

    def asked(self, **more: Any) -> list[dict[str, Any]]:
        answer = self.account.runtime(
            "GetRecommendations", campaignArn=self.campaign, userId="u1", numResults=5, **more
        )
        found: list[dict[str, Any]] = answer["itemList"]
        return found


@pytest.fixture(scope="module")
def newspaper() -> Newspaper:
    return Newspaper()


@pytest.mark.parametrize("since", ["0", '"0"', "1465413032", '"1465413032"'])
def test_a_number_for_a_placeholder_may_stand_in_quotation_marks(newspaper: Newspaper, since: str) -> None:
    values = {"SECTIONS": '"g1","g2","never used"', "SINCE": since}
    assert len(newspaper.asked(filterArn=newspaper.sections, filterValues=values)) == 5


def test_a_filter_and_a_promotion_with_values_of_their_own(newspaper: Newspaper) -> None:
    promotion = {
        "name": "new",
        "percentPromotedItems": 60,
        "filterArn": newspaper.sections,
        "filterValues": {"SECTIONS": '"g2"', "SINCE": '"0"'},
    }
    items = newspaper.asked(
        filterArn=newspaper.sections,
        filterValues={"SECTIONS": '"g1"', "SINCE": "0"},
        promotions=[promotion],
        metadataColumns={"ITEMS": ["training_text"]},
    )
    assert [item.get("promotionName") for item in items].count("new") == 3
    assert all(set(item) - {"promotionName"} == {"itemId", "score", "metadata"} for item in items)
    assert all(item["metadata"] == {"training_text": "Words."} for item in items)


@pytest.mark.parametrize(
    "expression",
    [
        'EXCLUDE itemId WHERE INTERACTIONS.event_type in ("Purchase")',
        'INCLUDE ItemID WHERE Interactions.event_type IN ("watch")',
        "INCLUDE ItemID WHERE Items.YEAR >= 1970 AND Items.YEAR < 1980",
    ],
)
def test_filters_in_whatever_case(newspaper: Newspaper, expression: str) -> None:
    assert newspaper.asked(filterArn=newspaper.filter(expression))


def test_what_was_just_watched_passes_a_filter_for_it_in_a_ranking(prepared: Prepared) -> None:
    account, group = prepared.account, prepared.group
    filters = {
        word: prepared.make("Filter", filterExpression=f'{word} ItemID WHERE Interactions.event_type IN ("seen")')
        for word in ("INCLUDE", "EXCLUDE")
    }
    given = [f"i{number}" for number in range(15)]

    def ranked(word: str) -> set[str]:
        answer = account.runtime(
            "GetPersonalizedRanking",
            campaignArn=prepared.campaign("aws-personalized-ranking"),
            userId="u9",
            inputList=given,
            filterArn=filters[word],
        )
        return {item["itemId"] for item in answer["personalizedRanking"]}

    assert (ranked("INCLUDE"), ranked("EXCLUDE")) == (set(), set(given))
    event = {"eventType": "seen", "sentAt": account.clock.now}
    events = [{**event, "itemId": item} for item in given[:4]]
    account.events("PutEvents", trackingId=prepared.tracking(group), userId="u9", sessionId="s", eventList=events)
    assert (ranked("INCLUDE"), ranked("EXCLUDE")) == (set(given[:4]), set(given[4:]))


def test_an_item_may_be_given_where_none_is_needed(newspaper: Newspaper) -> None:
    assert newspaper.asked(itemId="i1") == newspaper.asked()


def test_a_context_is_taken_by_recommenders_for_a_user_too(prepared: Prepared) -> None:
    recommender = prepared.make("Recommender", recipeArn="arn:aws:personalize:::recipe/aws-vod-top-picks")
    context = {"EVENT_VALUE": "1"}
    answer = prepared.account.runtime("GetRecommendations", recommenderArn=recommender, userId="u1", context=context)
    assert answer["itemList"]


# Batch jobs


def test_a_batch_job_leaves_a_file_beside_its_output(prepared: Prepared) -> None:
    account = prepared.account
    job = prepared.make("BatchInferenceJob", jobOutput={"s3DataDestination": {"path": "s3://recorded/to/"}})
    made = account("DescribeBatchInferenceJob", batchInferenceJobArn=job)["batchInferenceJob"]
    name = made["jobInput"]["s3DataSource"]["path"].rpartition("/")[2]
    written = {key for key in account.objects.contents if key.startswith("recorded/")}
    assert written == {"recorded/to/_CHECK", f"recorded/to/{name}.out"}


# Order of steps


def test_a_version_is_made_right_after_its_solution() -> None:
    account = Account(durations={"Solution": {"create": 60}, "SolutionVersion": {"create": 60}})
    solution = account.solution(trained_group(account), "aws-popularity-count")
    assert account.status("Solution", solution) == "CREATE PENDING"
    version = account.version(solution)
    assert account.status("SolutionVersion", version) == "CREATE PENDING"
    account.clock.advance(60)
    assert account.status("SolutionVersion", version) == "ACTIVE"


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_solution_is_active_at_once(profile: str) -> None:
    account = Account(durations=profile)
    group = account.group()
    account.clock.advance(3600)
    assert account.status("Solution", account.solution(group, "aws-popularity-count")) == "ACTIVE"


def test_filters_hold_up_no_group_and_go_with_it() -> None:
    account = Account()
    group = trained_group(account)
    made = account(
        "CreateFilter", name="f", datasetGroupArn=group, filterExpression="EXCLUDE ItemID WHERE Items.PRICE < 3"
    )
    for dataset in account("ListDatasets", datasetGroupArn=group)["datasets"]:
        account("DeleteDataset", datasetArn=dataset["datasetArn"])
    account("DeleteDatasetGroup", datasetGroupArn=group)
    for kind, arn in (("DatasetGroup", group), ("Filter", made["filterArn"])):
        with pytest.raises(NotFoundError):
            account.status(kind, arn)


def test_lists_say_nothing_of_age_unless_somebody_decides_so() -> None:
    account = Account()
    group = account.group()
    made = [account.solution(group, "aws-popularity-count", f"s{number}") for number in range(8)]

    def listed(**page: Any) -> list[str]:
        return [each["solutionArn"] for each in account("ListSolutions", datasetGroupArn=group, **page)["solutions"]]

    scattered = listed()
    assert sorted(scattered) == sorted(made)
    assert scattered not in (made, made[::-1])
    assert listed() == scattered
    token = account("ListSolutions", datasetGroupArn=group, maxResults=3)["nextToken"]
    assert listed(maxResults=3) + listed(nextToken=token) == scattered
    account.service.control.decide(order_of_lists="age")
    assert listed() == made


# Refusals

THEIRS = "arn:aws:iam::210987654321:role/personalize"
_NONE = "arn:aws:personalize:eu-west-1:123456789012"
REFUSED: tuple[tuple[str, Mapping[str, Any], type[ServiceError], str], ...] = (
    ("CreateDatasetGroup", {"name": "g", "roleArn": THEIRS, "kmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1"},
     AccessDeniedError, "Cross-account pass role is not allowed."),
    ("DescribeSolution", {"solutionArn": f"{_NONE}:solution/x"},
     NotFoundError, f"The given solution does not exist: {_NONE}:solution/x"),
    ("DeleteDatasetGroup", {"datasetGroupArn": f"{_NONE}:dataset-group/x"},
     NotFoundError, f"The given dataset group does not exist: {_NONE}:dataset-group/x"),
)  # fmt: skip


@pytest.mark.parametrize(("operation", "params", "error", "text"), REFUSED)
def test_refusals(operation: str, params: Mapping[str, Any], error: type[ServiceError], text: str) -> None:
    with pytest.raises(error) as told:
        Account()(operation, **params)
    assert told.value.message == text


# Only suspected: refused, unless somebody decides otherwise


def test_events_may_come_before_their_tracker_is_there() -> None:
    account = Account(durations={"EventTracker": {"create": 60, "delete": 60}})
    group = account.group()
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    made = account("CreateEventTracker", name="t", datasetGroupArn=group)
    event = {"eventType": "watch", "itemId": "i", "sentAt": account.clock.now}
    events = {"trackingId": made["trackingId"], "sessionId": "s", "userId": "u", "eventList": [event]}
    with pytest.raises(InvalidInputError, match="is CREATE PENDING, and must be ACTIVE"):
        account.events("PutEvents", **events)
    account.service.control.decide(events_before_tracker="take")
    account.events("PutEvents", **events)
    assert len(account.service.world.state.tables[dataset].since(0)) == 1
    account.clock.advance(60)
    account("DeleteEventTracker", eventTrackerArn=made["eventTrackerArn"])
    with pytest.raises(InvalidInputError, match="is DELETE PENDING, and must be ACTIVE"):
        account.events("PutEvents", **events)


@pytest.mark.parametrize("path", ["s3://b/p", "s3://b/p/"])
def test_a_folder_may_be_named_without_its_slash(path: str) -> None:
    account = Account()
    dataset = account.dataset(account.group(), "Interactions", INTERACTIONS)
    account.put("b/p/1.csv", HEADER + GOOD)
    account.put("b/pq/2.csv", "of somebody else\n")
    strict = account.import_(dataset, path, "strict")
    assert (strict["status"] == "ACTIVE") == path.endswith("/")
    assert path.endswith("/") or "a prefix must end in /" in strict["failureReason"]
    account.service.control.decide(prefix_without_slash="read")
    assert account.import_(dataset, path, "kind")["status"] == "ACTIVE"
