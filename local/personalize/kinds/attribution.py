"""Metric attributions: what is to be reported on the recommendations that users followed.

https://docs.aws.amazon.com/personalize/latest/dg/creating-metric-attribution.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from local.personalize.data.attribution_reports import Measure, Reporting
from local.personalize.data.schemas import MEASURED, NUMBERS, Schema
from local.personalize.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from local.personalize.kinds.base import Kind, Parent, Request
from local.personalize.lifecycle import UPDATE
from local.personalize.models import Attributes, Record
from local.personalize.quotas import Quota
from local.personalize.world import World

Metric = Mapping[str, str]

_EXPRESSION = re.compile(r"SAMPLECOUNT\(\s*\)|SUM\(\s*(?P<dataset>\w+)\.(?P<column>\w+)\s*\)", re.IGNORECASE)
_MOST = 10


class MetricAttribution(Kind):
    """The one metric attribution that a dataset group may have."""

    name = "MetricAttribution"
    segment = "metric-attribution"
    parents = (Parent("datasetGroupArn", "DatasetGroup"),)
    quotas = (Quota("metric-attributions", "dataset group"),)
    update = UPDATE

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check that the metrics can be computed from the group's datasets."""
        return {
            **super().attributes(world, request),
            "metrics": _checked(world, request["datasetGroupArn"], [], request["metrics"]),
            "metricsOutputConfig": _output(request["metricsOutputConfig"]),
        }

    def updated(self, world: World, record: Record, request: Request) -> Attributes:
        """Take metrics away, then add others; the output is replaced as a whole."""
        removed = request.get("removeMetrics", [])
        names = [metric["metricName"] for metric in record.attributes["metrics"]]
        for name in removed:
            if name.upper() not in names:
                raise NotFoundError(f"{record.arn} has no metric {name}.")
        gone = {name.upper() for name in removed}
        left = [metric for metric in record.attributes["metrics"] if metric["metricName"] not in gone]
        group = record.attributes["datasetGroupArn"]
        changes: Attributes = {"metrics": _checked(world, group, left, request.get("addMetrics", []))}
        if "metricsOutputConfig" in request:
            changes["metricsOutputConfig"] = _output(request["metricsOutputConfig"])
        return changes

    def view(self, world: World, record: Record) -> Attributes:
        """Show the status of an update as its own: Describe has no other place for it."""
        update = record.update
        return {"status": update.life.status} if update and update.life.under_way else {}


def reporting(world: World, group: str) -> Reporting | None:
    """Return how imports into a group are to be reported on, if a metric attribution says where to."""
    attribution = next(world.in_group("MetricAttribution", group), None)
    if attribution is None or "s3DataDestination" not in attribution.attributes["metricsOutputConfig"]:
        return None
    output = attribution.attributes["metricsOutputConfig"]
    items = next((each for each in world.in_group("Dataset", group) if each.attributes["datasetType"] == "ITEMS"), None)
    table = world.state.tables.get(items.arn) if items else None
    return Reporting(
        tuple(map(_measure, attribution.attributes["metrics"])),
        table.indexed() if table else None,
        output["s3DataDestination"]["path"],
        output["roleArn"],
    )


def _measure(metric: Metric) -> Measure:
    found = _EXPRESSION.fullmatch(metric["expression"].strip())
    dataset, column = (found["dataset"], found["column"]) if found else (None, None)
    return Measure(metric["metricName"], metric["eventType"], dataset and dataset.upper(), column and column.upper())


def _checked(world: World, group: str, old: Iterable[Metric], new: Iterable[Metric]) -> list[dict[str, str]]:
    """Return old and new metrics together. Names and event types are kept in upper case, as reports show them."""
    schemas = {
        dataset.attributes["datasetType"]: world.state.tables[dataset.arn].schema
        for dataset in world.in_group("Dataset", group)
        if dataset.arn in world.state.tables
    }
    if "EVENT_TYPE" not in getattr(schemas.get("INTERACTIONS"), "by_name", {}):
        raise InvalidInputError("A metric attribution needs an Interactions dataset with an EVENT_TYPE column.")
    metrics = [dict(metric) for metric in old]
    for metric in new:
        name = metric["metricName"].upper()
        if any(name == other["metricName"] for other in metrics):
            raise AlreadyExistsError(f"There is a metric with the name {name} already.")
        _check_expression(metric["expression"], schemas)
        metrics.append({**metric, "metricName": name, "eventType": metric["eventType"].upper()})
    if len(metrics) > _MOST:
        raise InvalidInputError(f"A metric attribution can have at most {_MOST} metrics.")
    return metrics


def _check_expression(expression: str, schemas: Mapping[str, Schema]) -> None:
    found = _EXPRESSION.fullmatch(expression.strip())
    if found is None:
        raise InvalidInputError(
            f"The expression {expression!r} is not valid: it must be SUM(DatasetType.COLUMN_NAME) or SAMPLECOUNT()."
        )
    if found["dataset"] is None:
        return
    kind, column = found["dataset"].upper(), found["column"].upper()
    if kind not in MEASURED:
        raise InvalidInputError(f"{expression}: SUM() takes a column of Items or Interactions, not of {kind}.")
    if kind not in schemas:
        raise InvalidInputError(f"{expression}: the dataset group has no {kind} dataset.")
    declared = schemas[kind].by_name.get(column)
    if declared is None:
        raise InvalidInputError(f"{expression}: the {kind} dataset has no column {column}.")
    if declared.type not in NUMBERS:
        raise InvalidInputError(f"{expression}: the column {column} is of type {declared.type}, and must be numeric.")


def _output(config: Mapping[str, Any]) -> Mapping[str, Any]:
    path = config.get("s3DataDestination", {}).get("path", "s3://")
    if not path.startswith("s3://"):
        raise InvalidInputError(f"Invalid S3 output path: {path}")
    return config
