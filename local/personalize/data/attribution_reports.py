"""Reports of a metric attribution on imported interactions.

https://docs.aws.amazon.com/personalize/latest/dg/metric-attribution-results.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from local.personalize.data.records import ESCAPE
from local.personalize.ports import Objects

_INTERVAL = 15 * 60
_UNDEFINED = "SOURCE_NAME_UNDEFINED"
_SOURCE = "EVENT_ATTRIBUTION_SOURCE"
_COLUMNS = ("METRIC_NAME", "EVENT_TYPE", "VALUE", "MATH_FUNCTION", _SOURCE, "TIMESTAMP")


@dataclass(frozen=True)
class Measure:
    """A metric: how many events of a type there were, or what a column of theirs, or of their items, adds up to."""

    name: str
    event_type: str
    dataset: str | None = None
    column: str | None = None


@dataclass(frozen=True)
class Reporting:
    """What is to be reported, where to, and as which role."""

    measures: tuple[Measure, ...]
    items: pd.DataFrame | None
    location: str
    role: str

    def publish(self, objects: Objects, frame: pd.DataFrame, method: str, moment: datetime) -> None:
        """Write the report on imported interactions; raises ObjectsError."""
        report = _report(self.measures, frame, self.items)
        bucket, _, folder = self.location.removeprefix("s3://").rstrip("/").partition("/")
        name = f"AggregatedAttributionMetrics - {method} - {int(moment.timestamp())}.csv"
        body = report.to_csv(index=False, doublequote=False, escapechar=ESCAPE)
        objects.write(bucket, f"{folder}/{name}".lstrip("/"), body.encode(), self.role)


def _report(measures: Iterable[Measure], frame: pd.DataFrame, items: pd.DataFrame | None) -> pd.DataFrame:
    """Add up each metric per source and quarter of an hour."""
    source = frame[_SOURCE].astype("str") if _SOURCE in frame else pd.Series(pd.NA, frame.index, dtype="str")
    kind = frame["EVENT_TYPE"].astype("str").str.upper()
    parts = []
    for measure in measures:
        rows = kind == measure.event_type
        part = pd.DataFrame(
            {
                "VALUE": _values(measure, frame[rows], items),
                _SOURCE: source[rows].fillna(_UNDEFINED),
                "TIMESTAMP": frame.loc[rows, "TIMESTAMP"] // _INTERVAL * _INTERVAL,
            }
        )
        summed = part.groupby([_SOURCE, "TIMESTAMP"], as_index=False)["VALUE"].sum()
        function = "sum" if measure.column else "samplecount"
        parts.append(
            summed.assign(METRIC_NAME=measure.name, EVENT_TYPE=measure.event_type, MATH_FUNCTION=function).sort_values(
                ["TIMESTAMP", _SOURCE], ascending=[False, True]
            )
        )
    report: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return report[list(_COLUMNS)]


def _values(measure: Measure, frame: pd.DataFrame, items: pd.DataFrame | None) -> pd.Series[float]:
    if measure.column is None:
        return pd.Series(1.0, frame.index)
    if measure.dataset == "INTERACTIONS":
        return frame[measure.column].astype("float64").fillna(0.0)
    if items is None:
        return pd.Series(0.0, frame.index)
    known = items[measure.column].astype("float64")
    return frame["ITEM_ID"].astype("object").map(known).astype("float64").fillna(0.0)
