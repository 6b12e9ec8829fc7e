"""Quotas of an account, which tests may set, and the minimum amounts of data.

https://docs.aws.amazon.com/personalize/latest/dg/limits.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_GB = 1024**3

REGION_QUOTAS: Mapping[str, int] = {
    "dataset-groups": 5,
    "schemas": 500,
    "pending-import-jobs": 5,
    "pending-export-jobs": 5,  # not documented: as imports
    "pending-solution-versions": 20,
    "pending-batch-inference-jobs": 5,
    "pending-batch-segment-jobs": 5,
}
GROUP_QUOTAS: Mapping[str, int] = {
    "active-solutions": 10,
    "campaigns": 5,
    "recommenders": 5,
    "filters": 30,
    "filter-fields": 10,
    "fields-of-all-filters": 20,
    "event-trackers": 1,
    "metric-attributions": 1,
    "data-deletion-jobs": 5,
}
AMOUNTS: Mapping[str, int] = {
    "minimum-imported-interactions": 1000,
    "minimum-interactions": 1000,
    "minimum-users": 25,
    "full-import-bytes": 100 * _GB,
    "incremental-import-bytes": 1 * _GB,
    "data-deletion-bytes": 100 * 1024**2,
    "batch-input-files": 1000,
    "batch-input-bytes": 1_000_000_000,
    "batch-records": 50_000_000,
    "item-affinity-queries": 500,
    "item-attribute-affinity-queries": 10,
}
QUOTAS: Mapping[str, int] = {**REGION_QUOTAS, **GROUP_QUOTAS, **AMOUNTS}


@dataclass(frozen=True)
class Quota:
    """At most so many resources of a kind: in the region or in a dataset group, all or only pending ones."""

    key: str
    scope: Literal["region", "dataset group"] = "region"
    pending: bool = False

    def message(self, limit: int) -> str:
        """Return the text of the refusal."""
        if self.pending:
            return f"More than {limit} resources with PENDING or IN_PROGRESS status."
        return f"More than {limit} {self.key.replace('-', ' ')} in a {self.scope}."
