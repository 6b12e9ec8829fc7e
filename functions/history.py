"""What Personalize remembers of earlier runs: the jobs and versions that they made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from functions.ports import Personalize
from functions.statuses import meaning

Entry = dict[str, Any]


def import_jobs(dataset_arn: str, personalize: Personalize) -> list[Entry]:
    """List the import jobs of a dataset, newest first."""
    return _newest_first(personalize.pages("ListDatasetImportJobs", "datasetImportJobs", {"datasetArn": dataset_arn}))


def versions(solution_arn: str, personalize: Personalize) -> list[Entry]:
    """List the versions of a solution, newest first."""
    return _newest_first(personalize.pages("ListSolutionVersions", "solutionVersions", {"solutionArn": solution_arn}))


def completed(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that came to be what was asked for."""
    return [entry for entry in entries if meaning(entry["status"]) == "ready"]


def durations(entries: Iterable[Entry]) -> list[float]:
    """Return how many seconds each entry took that was completed."""
    return [(entry["lastUpdatedDateTime"] - entry["creationDateTime"]).total_seconds() for entry in completed(entries)]


def _newest_first(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry["creationDateTime"], reverse=True)
