"""What is remembered of earlier runs: by Personalize the jobs and versions that they made, by the ledger the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from functions.ports import Personalize
from functions.records import Run
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


def deployments(runs: Iterable[Run], solution: str, campaign_arn: str) -> list[float]:
    """Return how many seconds it took Personalize to move a campaign in these runs: it knows the latest time only.

    Our own times are no substitute: they tell of looks, and the next one would be as late again, and later.
    """
    steps = [
        branch.steps["deploy"]
        for run in runs
        if (branch := run.branches.get(solution)) and branch.status == "SUCCEEDED" and "deploy" in branch.steps
    ]
    return [float(step["took"]) for step in steps if step.get("took") and step["arns"] == [campaign_arn]]


def _newest_first(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry["creationDateTime"], reverse=True)
