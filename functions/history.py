"""What Personalize knows of earlier import jobs and versions.

It keeps all of them for ever, and promises no order: of long lists one page is read, and what the ledger remembers is
looked up by its ARN where that page does not have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from functions.errors import NotFound
from functions.ports import Personalize
from functions.statuses import meaning

Entry = dict[str, Any]

PAGE = 100
"""What a page of a list has at most. https://docs.aws.amazon.com/personalize/latest/dg/API_ListDatasetImportJobs.html"""

FIRST_LOOK = 20 * PAGE
"""How much of a list is read where the ledger remembers nothing: a dataset group that somebody else has worked with."""


@dataclass(frozen=True)
class _Kind:
    """How things are listed, and one of them is described."""

    listed: str
    members: str
    parent: str
    described: str
    member: str
    arn: str


_JOBS = _Kind(
    "ListDatasetImportJobs",
    "datasetImportJobs",
    "datasetArn",
    "DescribeDatasetImportJob",
    "datasetImportJob",
    "datasetImportJobArn",
)
_VERSIONS = _Kind(
    "ListSolutionVersions",
    "solutionVersions",
    "solutionArn",
    "DescribeSolutionVersion",
    "solutionVersion",
    "solutionVersionArn",
)


def latest_import_jobs(dataset_arn: str, remembered: Sequence[str], personalize: Personalize) -> list[Entry]:
    """Return the latest import jobs of a dataset, newest first: those that are remembered, and what others made."""
    return _latest(_JOBS, dataset_arn, remembered, personalize)


def latest_versions(solution_arn: str, remembered: Sequence[str], personalize: Personalize) -> list[Entry]:
    """Return the latest versions of a solution, newest first: those that are remembered, and what others made."""
    return _latest(_VERSIONS, solution_arn, remembered, personalize)


def version(arn: str, personalize: Personalize) -> Entry | None:
    """Return a version, None if there is none of this ARN."""
    return _described(_VERSIONS, arn, personalize)


def import_jobs(dataset_arn: str, personalize: Personalize) -> Iterator[Entry]:
    """Yield all import jobs of a dataset in whatever order they are listed; pages are read as they are needed."""
    return _listed(_JOBS, dataset_arn, personalize)


def versions(solution_arn: str, personalize: Personalize) -> Iterator[Entry]:
    """Yield all versions of a solution in whatever order they are listed; pages are read as they are needed."""
    return _listed(_VERSIONS, solution_arn, personalize)


def _listed(kind: _Kind, parent: str, personalize: Personalize) -> Iterator[Entry]:
    return personalize.pages(kind.listed, kind.members, {kind.parent: parent, "maxResults": PAGE})


def _latest(kind: _Kind, parent: str, remembered: Sequence[str], personalize: Personalize) -> list[Entry]:
    entries = list(islice(_listed(kind, parent, personalize), PAGE if remembered else FIRST_LOOK))
    shown = {entry.get(kind.arn) for entry in entries}
    others = (_described(kind, arn, personalize) for arn in remembered if arn not in shown)
    return _newest_first([*entries, *(each for each in others if each and each.get(kind.parent, parent) == parent)])


def _described(kind: _Kind, arn: str, personalize: Personalize) -> Entry | None:
    try:
        found: Entry = personalize.call(kind.described, {kind.arn: arn})[kind.member]
    except NotFound:  # it was never made, or went with what it belonged to
        return None
    return found


def ready(entry: Entry) -> bool:
    """Whether an entry came to be what was asked for."""
    return meaning(entry["status"]) == "ready"


def completed(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that came to be what was asked for."""
    return [entry for entry in entries if ready(entry)]


def durations(entries: Iterable[Entry]) -> list[float]:
    """Return how many seconds each entry took that was completed."""
    return [(entry["lastUpdatedDateTime"] - entry["creationDateTime"]).total_seconds() for entry in completed(entries)]


def _newest_first(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry["creationDateTime"], reverse=True)
