"""Metric attributions: what they may report on, their updates, and what they hold up."""

from __future__ import annotations

from typing import Any

import pytest

from local.personalize.errors import (
    AlreadyExistsError,
    InUseError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
    ServiceError,
)
from tests.local.personalize_account import INTERACTIONS, ITEMS, ROLE, USERS, Account

OUTPUT = {"roleArn": ROLE, "s3DataDestination": {"path": "s3://b/metrics/"}}


def metric(name: str = "clicks", expression: str = "SAMPLECOUNT()", event: str = "click") -> dict[str, str]:
    return {"metricName": name, "eventType": event, "expression": expression}


class Measured:
    """A group whose recommendations are to be measured."""

    def __init__(self, **options: Any) -> None:
        self.account = Account(**options)
        self.group = self.account.group()
        self.datasets = [
            self.account.dataset(self.group, kind, fields)
            for kind, fields in (("Interactions", INTERACTIONS), ("Items", ITEMS), ("Users", USERS))
        ]

    def create(self, *metrics: dict[str, str], name: str = "impact", **more: Any) -> str:
        wanted = {"name": name, "datasetGroupArn": self.group, "metricsOutputConfig": OUTPUT, **more}
        return str(self.account("CreateMetricAttribution", metrics=list(metrics), **wanted)["metricAttributionArn"])

    def metrics(self, arn: str) -> list[str]:
        listed = self.account("ListMetricAttributionMetrics", metricAttributionArn=arn)["metrics"]
        return [each["metricName"] for each in listed]


def test_what_is_made_is_shown() -> None:
    made = Measured()
    arn = made.create(
        metric(), metric("revenue", "sum( Items.price )", "buy"), metric("value", "SUM(Interactions.EVENT_VALUE)")
    )
    shown = made.account("DescribeMetricAttribution", metricAttributionArn=arn)["metricAttribution"]
    assert (shown["status"], shown["metricsOutputConfig"], shown["datasetGroupArn"]) == ("ACTIVE", OUTPUT, made.group)
    listed = made.account("ListMetricAttributionMetrics", metricAttributionArn=arn, maxResults=1)
    # Reports show names and event types in upper case.
    assert listed["metrics"] == [{"metricName": "CLICKS", "eventType": "CLICK", "expression": "SAMPLECOUNT()"}]
    rest = made.account("ListMetricAttributionMetrics", metricAttributionArn=arn, nextToken=listed["nextToken"])
    assert [each["metricName"] for each in rest["metrics"]] == ["REVENUE", "VALUE"]
    summaries = made.account("ListMetricAttributions", datasetGroupArn=made.group)["metricAttributions"]
    assert [each["metricAttributionArn"] for each in summaries] == [arn]
    with pytest.raises(InvalidInputError, match="metricAttributionArn must be given"):
        made.account("ListMetricAttributionMetrics")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("AVG(Items.PRICE)", r"must be SUM\(DatasetType.COLUMN_NAME\) or SAMPLECOUNT\(\)"),
        ("SUM(PRICE)", r"must be SUM\(DatasetType.COLUMN_NAME\)"),
        ("SAMPLECOUNT(Items.PRICE)", r"must be SUM\(DatasetType.COLUMN_NAME\)"),
        ("SUM(Users.AGE)", "Items or Interactions, not of USERS"),
        ("SUM(Items.LENGTH)", "the ITEMS dataset has no column LENGTH"),
        ("SUM(Items.GENRES)", "GENRES is of type string, and must be numeric"),
    ],
)
def test_bad_expressions(expression: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Measured().create(metric(expression=expression))


def test_what_there_must_be() -> None:
    account = Account()
    group = account.group()
    wanted = {"name": "m", "datasetGroupArn": group, "metricsOutputConfig": OUTPUT}
    with pytest.raises(InvalidInputError, match="needs an Interactions dataset with an EVENT_TYPE column"):
        account("CreateMetricAttribution", metrics=[metric()], **wanted)
    account.dataset(group, "Interactions", INTERACTIONS)
    with pytest.raises(InvalidInputError, match="has no ITEMS dataset"):
        account("CreateMetricAttribution", metrics=[metric(expression="SUM(Items.PRICE)")], **wanted)
    with pytest.raises(AlreadyExistsError, match="name CLICKS"):
        account("CreateMetricAttribution", metrics=[metric(), metric("Clicks")], **wanted)
    output = {"roleArn": ROLE, "s3DataDestination": {"path": "http://b/x"}}
    with pytest.raises(InvalidInputError, match="Invalid S3 output path"):
        account("CreateMetricAttribution", metrics=[metric()], **{**wanted, "metricsOutputConfig": output})


def test_a_group_has_one_and_it_goes_before_the_datasets() -> None:
    made = Measured()
    arn = made.create(metric())
    with pytest.raises(LimitExceededError, match="More than 1 metric attributions in a dataset group"):
        made.create(metric(), name="other")
    interactions, items, users = made.datasets
    for dataset in (interactions, items):
        with pytest.raises(InUseError, match=arn):
            made.account("DeleteDataset", datasetArn=dataset)
    made.account("DeleteDataset", datasetArn=users)
    made.account("DeleteMetricAttribution", metricAttributionArn=arn)
    for dataset in (interactions, items):
        made.account("DeleteDataset", datasetArn=dataset)
    made.account("DeleteDatasetGroup", datasetGroupArn=made.group)


def test_an_update_takes_away_and_adds() -> None:
    made = Measured(durations={"MetricAttribution": {"update": 100}})
    arn = made.create(metric(), metric("views"))
    refusals: list[tuple[dict[str, Any], type[ServiceError], str]] = [
        ({"removeMetrics": ["none"]}, NotFoundError, "has no metric none"),
        ({"addMetrics": [metric("VIEWS")]}, AlreadyExistsError, "name VIEWS"),
        ({"addMetrics": [metric(f"m{at}") for at in range(9)]}, InvalidInputError, "at most 10 metrics"),
    ]
    for changes, error, message in refusals:
        with pytest.raises(error, match=message):
            made.account("UpdateMetricAttribution", metricAttributionArn=arn, **changes)
    with pytest.raises(InvalidInputError, match="metricAttributionArn must be given"):
        made.account("UpdateMetricAttribution", removeMetrics=["views"])
    other = {"roleArn": ROLE}
    made.account(
        "UpdateMetricAttribution",
        metricAttributionArn=arn,
        removeMetrics=["views", "clicks"],
        addMetrics=[metric("views", "SUM(Items.PRICE)")],
        metricsOutputConfig=other,
    )
    assert made.metrics(arn) == ["CLICKS", "VIEWS"]
    assert made.account.status("MetricAttribution", arn) == "CREATE PENDING"
    with pytest.raises(InUseError, match="another update is in progress"):
        made.account("UpdateMetricAttribution", metricAttributionArn=arn, removeMetrics=["views"])
    made.account.clock.advance(100)
    assert made.metrics(arn) == ["VIEWS"]
    shown = made.account("DescribeMetricAttribution", metricAttributionArn=arn)["metricAttribution"]
    assert (shown["status"], shown["metricsOutputConfig"]) == ("ACTIVE", other)


def test_imports_are_reported_on_in_s3() -> None:
    made = Measured(quotas={"minimum-imported-interactions": 1})
    account, (interactions, items, _) = made.account, made.datasets
    account.import_(items, account.put("b/items.csv", "ITEM_ID,GENRES,PRICE\na,x,2.5\nb,x,\n"), "items")
    made.create(
        metric(),
        metric("revenue", "SUM(Items.PRICE)", "Buy"),
        metric("value", "SUM(Interactions.EVENT_VALUE)"),
    )
    begin = 1_700_000_100  # a quarter of an hour begins here
    rows = [
        (0, "a", "click", 1),
        (899, "b", "Click", 2),
        (900, "a", "CLICK", ""),
        (5, "a", "buy", ""),
        (6, "a", "buy", ""),
    ]
    text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n" + "".join(
        f"u,{item},{begin + at},{event},{value}\n" for at, item, event, value in rows
    )
    location = account.put("b/in.csv", text)
    account.import_(interactions, location, "quiet")
    assert not [key for key in account.objects.contents if "Aggregated" in key]
    account.import_(interactions, location, "told", publishAttributionMetricsToS3=True)
    moment = int(account.clock().timestamp())
    report = account.objects.contents[f"b/metrics/AggregatedAttributionMetrics - FULL - {moment}.csv"].decode()
    assert report.splitlines() == [
        "METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP",
        f"CLICKS,CLICK,1.0,samplecount,SOURCE_NAME_UNDEFINED,{begin + 900}",
        f"CLICKS,CLICK,2.0,samplecount,SOURCE_NAME_UNDEFINED,{begin}",
        f"REVENUE,BUY,5.0,sum,SOURCE_NAME_UNDEFINED,{begin}",
        f"VALUE,CLICK,0.0,sum,SOURCE_NAME_UNDEFINED,{begin + 900}",
        f"VALUE,CLICK,3.0,sum,SOURCE_NAME_UNDEFINED,{begin}",
    ]


def test_a_report_tells_the_source_of_events_and_may_fail() -> None:
    account = Account(quotas={"minimum-imported-interactions": 1})
    group = account.group()
    fields = [*INTERACTIONS[:4], {"name": "EVENT_ATTRIBUTION_SOURCE", "type": ["null", "string"]}]
    dataset = account.dataset(group, "Interactions", fields)
    wanted = {"name": "m", "datasetGroupArn": group, "metrics": [metric()]}
    arn = account("CreateMetricAttribution", metricsOutputConfig=OUTPUT, **wanted)["metricAttributionArn"]
    text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_ATTRIBUTION_SOURCE\nu,a,900,click,mail\nu,a,901,click,\n"
    location = account.put("b/in.csv", text)
    account.import_(dataset, location, "told", publishAttributionMetricsToS3=True)
    (report,) = [body for key, body in account.objects.contents.items() if "Aggregated" in key]
    assert [line.split(",")[4] for line in report.decode().splitlines()[1:]] == ["SOURCE_NAME_UNDEFINED", "mail"]
    output = {**OUTPUT, "s3DataDestination": {"path": "s3://forbidden/x"}}
    account("UpdateMetricAttribution", metricAttributionArn=arn, metricsOutputConfig=output)
    job = account.import_(dataset, location, "refused", publishAttributionMetricsToS3=True)
    assert job["failureReason"] == "Could not publish attribution metrics to s3://forbidden/x: Access Denied"
