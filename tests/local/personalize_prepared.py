"""An account that has what any operation needs, and a good request for every operation of the three services."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from local.personalize.service_models import CONTROL, EVENTS, RUNTIME
from tests.local.personalize_account import INTERACTIONS, ITEMS, ROLE, USERS, Account, avro, item_data, taste_data

Params = dict[str, Any]

TAGS = [{"tagKey": "team", "tagValue": "shop"}]
OUTPUT = {"s3DataDestination": {"path": "s3://b/out/"}}
METRIC = {"eventType": "watch", "metricName": "watched", "expression": "SAMPLECOUNT()"}
VOD_ITEMS: list[dict[str, Any]] = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRES", "type": "string", "categorical": True},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
]
ACTIONS: list[dict[str, Any]] = [
    {"name": "ACTION_ID", "type": "string"},
    {"name": "VALUE", "type": ["null", "long"]},
    {"name": "CHANNEL", "type": "string", "categorical": True},
]
ACTION_INTERACTIONS: list[dict[str, Any]] = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ACTION_ID", "type": "string"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
]
_SECONDS = 10.0


class Prepared:
    """An account where everything takes ten seconds, and things are made when they are first asked for."""

    def __init__(self) -> None:
        self.account = Account(durations={"*": {"*": _SECONDS}})
        quotas = self.account.service.world.quotas
        quotas.update({key: max(limit, 10_000) for key, limit in quotas.items() if not key.startswith("minimum")})
        self._numbers = itertools.count()

    def name(self, prefix: str = "a") -> str:
        """Return a name that nothing has yet."""
        return f"{prefix}-{next(self._numbers)}"

    def settle(self) -> None:
        """Let everything that is under way come to its end."""
        self.account.clock.advance(_SECONDS)

    def make(self, kind: str, **more: Any) -> str:
        """Make one more of a kind, and return its ARN when it is ready."""
        arn = self.begin(kind, **more)
        self.settle()
        member = member_of(kind)
        shown = self.account(f"Describe{kind}", **{f"{member}Arn": arn})[member]
        assert shown.get("status") in (None, "ACTIVE", "COMPLETED"), shown
        return arn

    def begin(self, kind: str, **more: Any) -> str:
        """Have one more of a kind made, and return its ARN."""
        answer = self.account(f"Create{kind}", **{**MAKERS[kind](self), **more})
        return str(answer[f"{member_of(kind)}Arn"])

    @functools.cache  # noqa: B019 - an account lives as long as its tests
    def one(self, kind: str) -> str:
        """Return the ARN of the first of a kind, which is never deleted."""
        return self.make(kind)

    def dataset(self, group: str, kind: str, fields: list[dict[str, Any]], frame: pd.DataFrame | None = None) -> str:
        """Make a dataset, and put rows in."""
        domain = self.account("DescribeDatasetGroup", datasetGroupArn=group)["datasetGroup"].get("domain")
        schema = self.make("Schema", schema=avro(kind, fields), domain=domain)
        arn = self.make("Dataset", datasetGroupArn=group, schemaArn=schema, datasetType=kind)
        if frame is not None:
            source = {"dataLocation": self.account.put(f"b/{self.name()}.csv", frame)}
            self.make("DatasetImportJob", datasetArn=arn, dataSource=source)
        return arn

    @functools.cached_property
    def group(self) -> str:
        """A dataset group with interactions, items and users."""
        arn = self.make("DatasetGroup")
        self.dataset(arn, "Interactions", INTERACTIONS, taste_data())
        self.dataset(arn, "Items", ITEMS, item_data())
        users = pd.DataFrame({"USER_ID": [f"u{at}" for at in range(250)], "AGE": range(250)})
        self.dataset(arn, "Users", USERS, users)
        return arn

    def of_type(self, group: str, kind: str) -> str:
        """Return a group's dataset of a type."""
        found = self.account("ListDatasets", datasetGroupArn=group)["datasets"]
        return str(next(each["datasetArn"] for each in found if each["datasetType"] == kind))

    @functools.cached_property
    def shop(self) -> str:
        """A dataset group of the domain VIDEO_ON_DEMAND."""
        arn = self.make("DatasetGroup", domain="VIDEO_ON_DEMAND")
        self.dataset(arn, "Interactions", INTERACTIONS, taste_data().assign(EVENT_TYPE="Watch"))
        items = item_data().assign(CREATION_TIMESTAMP=1_690_000_000).drop(columns="PRICE")
        self.dataset(arn, "Items", VOD_ITEMS, items)
        return arn

    @functools.cached_property
    def actions(self) -> str:
        """A dataset group with actions, and what users did with them."""
        arn = self.make("DatasetGroup")
        self.dataset(arn, "Interactions", INTERACTIONS, taste_data())
        offers = pd.DataFrame(
            {"ACTION_ID": [f"a{at}" for at in range(20)], "VALUE": [1 + at % 10 for at in range(20)], "CHANNEL": "mail"}
        )
        self.dataset(arn, "Actions", ACTIONS, offers)
        rows = [
            (f"u{user}", f"a{(user + step * step) % 20}", kind, 1_700_000_000 + 60 * step)
            for user in range(250)
            for step, kind in enumerate(("Viewed", "Taken", "Not Taken", "Viewed", "Taken", "Viewed"))
        ]
        taken = pd.DataFrame(rows, columns=[each["name"] for each in ACTION_INTERACTIONS])
        self.dataset(arn, "Action_Interactions", ACTION_INTERACTIONS, taken)
        return arn

    @functools.cache  # noqa: B019 - as above
    def version(self, recipe: str) -> str:
        """Return a trained version of a recipe."""
        group = self.actions if recipe == "aws-next-best-action" else self.group
        solution = self.make("Solution", recipeArn=f"arn:aws:personalize:::recipe/{recipe}", datasetGroupArn=group)
        return self.make("SolutionVersion", solutionArn=solution)

    @functools.cache  # noqa: B019 - as above
    def campaign(self, recipe: str) -> str:
        """Return a campaign of a recipe."""
        return self.make("Campaign", solutionVersionArn=self.version(recipe), campaignConfig={})

    def tracking(self, group: str) -> str:
        """Make an event tracker, and return what events are sent to."""
        arn = self.make("EventTracker", datasetGroupArn=group)
        return str(self.account("DescribeEventTracker", eventTrackerArn=arn)["eventTracker"]["trackingId"])

    def file(self, *lines: Mapping[str, str]) -> dict[str, Any]:
        """Put a file of JSON lines into S3, and return it as a job's input."""
        path = self.account.put(f"b/{self.name()}.json", "".join(json.dumps(line) + "\n" for line in lines))
        return {"s3DataSource": {"path": path}}


def member_of(kind: str) -> str:
    """Return a kind's name as a member."""
    return kind[0].lower() + kind[1:]


# A kind's creation: a good request for one more of it.
MAKERS: Mapping[str, Callable[[Prepared], Params]] = {
    "BatchInferenceJob": lambda at: {
        "jobName": at.name(),
        "solutionVersionArn": at.version("aws-user-personalization"),
        "jobInput": at.file({"userId": "u1"}, {"userId": "u2"}),
        "jobOutput": OUTPUT,
        "roleArn": ROLE,
        "tags": TAGS,
    },
    "BatchSegmentJob": lambda at: {
        "jobName": at.name(),
        "solutionVersionArn": at.version("aws-item-affinity"),
        "jobInput": at.file({"itemId": "i1"}, {"itemId": "i2"}),
        "jobOutput": OUTPUT,
        "roleArn": ROLE,
        "tags": TAGS,
    },
    "Campaign": lambda at: {
        "name": at.name(),
        "solutionVersionArn": at.version("aws-user-personalization"),
        "minProvisionedTPS": 1,
        "campaignConfig": {"itemExplorationConfig": {"explorationWeight": "0.3"}},
        "tags": TAGS,
    },
    "DataDeletionJob": lambda at: {
        "jobName": at.name(),
        "datasetGroupArn": at.group,
        "dataSource": {"dataLocation": at.account.put("b/delete.csv", "USER_ID\nu249\n")},
        "roleArn": ROLE,
        "tags": TAGS,
    },
    "Dataset": lambda at: {
        "name": at.name(),
        "schemaArn": at.make("Schema"),
        "datasetGroupArn": at.make("DatasetGroup"),
        "datasetType": "Interactions",
        "tags": TAGS,
    },
    "DatasetExportJob": lambda at: {
        "jobName": at.name(),
        "datasetArn": at.of_type(at.group, "INTERACTIONS"),
        "ingestionMode": "ALL",
        "roleArn": ROLE,
        "jobOutput": OUTPUT,
        "tags": TAGS,
    },
    "DatasetGroup": lambda at: {"name": at.name(), "tags": TAGS},
    "DatasetImportJob": lambda at: {
        "jobName": at.name(),
        "datasetArn": at.make("Dataset"),
        "dataSource": {"dataLocation": at.account.put("b/again.csv", taste_data())},
        "roleArn": ROLE,
        "importMode": "FULL",
        "tags": TAGS,
    },
    "EventTracker": lambda at: {"name": at.name(), "datasetGroupArn": at.make("DatasetGroup"), "tags": TAGS},
    "Filter": lambda at: {
        "name": at.name(),
        "datasetGroupArn": at.group,
        "filterExpression": "EXCLUDE ItemID WHERE Items.GENRES IN ($GENRE)",
        "tags": TAGS,
    },
    "MetricAttribution": lambda at: {
        "name": at.name(),
        "datasetGroupArn": _with_interactions(at),
        "metrics": [METRIC],
        "metricsOutputConfig": {"roleArn": ROLE, **OUTPUT},
    },
    "Recommender": lambda at: {
        "name": at.name(),
        "datasetGroupArn": at.shop,
        "recipeArn": "arn:aws:personalize:::recipe/aws-vod-most-popular",
        "recommenderConfig": {"minRecommendationRequestsPerSecond": 1},
        "tags": TAGS,
    },
    "Schema": lambda at: {"name": at.name(), "schema": avro("Interactions", INTERACTIONS)},
    "Solution": lambda at: {
        "name": at.name(),
        "datasetGroupArn": at.group,
        "recipeArn": "arn:aws:personalize:::recipe/aws-popularity-count",
        "performAutoTraining": False,
        "tags": TAGS,
    },
    "SolutionVersion": lambda at: {"name": at.name(), "solutionArn": at.one("Solution"), "tags": TAGS},
}


def _with_interactions(at: Prepared) -> str:
    group = at.make("DatasetGroup")
    at.dataset(group, "Interactions", INTERACTIONS)
    return group


def _wider_items(at: Prepared) -> Params:
    dataset = at.dataset(at.make("DatasetGroup"), "Items", ITEMS)
    schema = at.make("Schema", schema=avro("Items", [*ITEMS, {"name": "STUDIO", "type": ["null", "string"]}]))
    return {"datasetArn": dataset, "schemaArn": schema}


def _of_action_interactions(at: Prepared) -> str:
    """Return the tracking ID of a dataset of action interactions: it has one of its own."""
    arn = at.of_type(at.actions, "ACTION_INTERACTIONS")
    return str(at.account("DescribeDataset", datasetArn=arn)["dataset"]["trackingId"])


def _stopped(at: Prepared) -> str:
    arn = at.make("Recommender")
    at.account("StopRecommender", recommenderArn=arn)
    at.settle()
    return arn


def _of_recipe(kind: str) -> Callable[[Prepared], Params]:
    def request(at: Prepared) -> Params:
        recipe = at.account("DescribeRecipe", recipeArn=at.account("ListRecipes")["recipes"][0]["recipeArn"])["recipe"]
        return {f"{kind}Arn": recipe[f"{kind}Arn"]}

    return request


_SENT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)

_OTHERS: Mapping[tuple[str, str], Callable[[Prepared], Params]] = {
    (CONTROL, "DescribeAlgorithm"): _of_recipe("algorithm"),
    (CONTROL, "DescribeFeatureTransformation"): _of_recipe("featureTransformation"),
    (CONTROL, "DescribeRecipe"): _of_recipe("recipe"),
    (CONTROL, "GetSolutionMetrics"): lambda at: {"solutionVersionArn": at.version("aws-user-personalization")},
    (CONTROL, "ListMetricAttributionMetrics"): lambda at: {"metricAttributionArn": at.one("MetricAttribution")},
    (CONTROL, "ListRecipes"): lambda at: {"recipeProvider": "SERVICE", "domain": "ECOMMERCE"},
    (CONTROL, "ListTagsForResource"): lambda at: {"resourceArn": at.one("DatasetGroup")},
    (CONTROL, "StartRecommender"): lambda at: {"recommenderArn": _stopped(at)},
    (CONTROL, "StopRecommender"): lambda at: {"recommenderArn": at.make("Recommender")},
    (CONTROL, "StopSolutionVersionCreation"): lambda at: {"solutionVersionArn": at.begin("SolutionVersion")},
    (CONTROL, "TagResource"): lambda at: {"resourceArn": at.one("DatasetGroup"), "tags": TAGS},
    (CONTROL, "UntagResource"): lambda at: {"resourceArn": at.make("DatasetGroup"), "tagKeys": ["team"]},
    (CONTROL, "UpdateCampaign"): lambda at: {"campaignArn": at.make("Campaign"), "minProvisionedTPS": 2},
    (CONTROL, "UpdateDataset"): _wider_items,
    (CONTROL, "UpdateMetricAttribution"): lambda at: {
        "metricAttributionArn": at.make("MetricAttribution"),
        "addMetrics": [{**METRIC, "metricName": "liked", "eventType": "like"}],
        "removeMetrics": ["watched"],
        "metricsOutputConfig": {"roleArn": ROLE},
    },
    (CONTROL, "UpdateRecommender"): lambda at: {
        "recommenderArn": at.make("Recommender"),
        "recommenderConfig": {"minRecommendationRequestsPerSecond": 2},
    },
    (CONTROL, "UpdateSolution"): lambda at: {
        "solutionArn": at.make("Solution"),
        "performAutoTraining": False,
        "solutionUpdateConfig": {"autoTrainingConfig": {"schedulingExpression": "rate(3 days)"}},
    },
    (EVENTS, "PutActionInteractions"): lambda at: {
        "trackingId": _of_action_interactions(at),
        "actionInteractions": [
            {
                "actionId": "a1",
                "userId": "u1",
                "sessionId": "s",
                "timestamp": _SENT,
                "eventType": "Taken",
                "impression": ["a1", "a2"],
            }
        ],
    },
    (EVENTS, "PutActions"): lambda at: {
        "datasetArn": at.of_type(at.actions, "ACTIONS"),
        "actions": [{"actionId": "new", "properties": json.dumps({"value": 3, "channel": "mail"})}],
    },
    (EVENTS, "PutEvents"): lambda at: {
        "trackingId": at.tracking(at.group),
        "userId": "u1",
        "sessionId": "s",
        "eventList": [
            {
                "eventType": "watch",
                "itemId": "i1",
                "sentAt": _SENT,
                "eventId": "e",
                "eventValue": 1.5,
                "impression": ["i1", "i2"],
            }
        ],
    },
    (EVENTS, "PutItems"): lambda at: {
        "datasetArn": at.of_type(at.group, "ITEMS"),
        "items": [{"itemId": "new", "properties": json.dumps({"genres": "g1", "price": 2})}],
    },
    (EVENTS, "PutUsers"): lambda at: {
        "datasetArn": at.of_type(at.group, "USERS"),
        "users": [{"userId": "new", "properties": json.dumps({"age": 30})}],
    },
    (RUNTIME, "GetActionRecommendations"): lambda at: {
        "campaignArn": at.campaign("aws-next-best-action"),
        "userId": "u1",
        "numResults": 3,
    },
    (RUNTIME, "GetPersonalizedRanking"): lambda at: {
        "campaignArn": at.campaign("aws-personalized-ranking"),
        "inputList": ["i1", "i2", "unknown"],
        "userId": "u1",
    },
    (RUNTIME, "GetRecommendations"): lambda at: {
        "campaignArn": at.campaign("aws-user-personalization"),
        "userId": "u1",
        "numResults": 5,
        "filterArn": at.one("Filter"),
        "filterValues": {"GENRE": '"g1"'},
    },
}


def _made(kind: str) -> Callable[[Prepared], Params]:
    return lambda at: {f"{member_of(kind)}Arn": at.make(kind)}


def _shown(kind: str) -> Callable[[Prepared], Params]:
    return lambda at: {f"{member_of(kind)}Arn": at.one(kind)}


def _listed(kind: str) -> Callable[[Prepared], Params]:
    def request(at: Prepared) -> Params:
        at.one(kind)
        return {"maxResults": 1}

    return request


REQUESTS: Mapping[tuple[str, str], Callable[[Prepared], Params]] = {
    **{(CONTROL, f"Create{kind}"): maker for kind, maker in MAKERS.items()},
    **{(CONTROL, f"Describe{kind}"): _shown(kind) for kind in MAKERS},
    **{(CONTROL, f"List{kind}s"): _listed(kind) for kind in MAKERS},
    **{(CONTROL, f"Delete{kind}"): _made(kind) for kind in MAKERS},
    **_OTHERS,
}
"""How to make a good request, for every operation (and some that there are not: no kind of job can be deleted)."""
