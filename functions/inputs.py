"""What lies in the data bucket for a run: which files, whether they have settled, and whether they can be imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from functions import names
from functions.files import BEGINNING, File, Findings, foreign, look, some
from functions.model import Dataset, Pipeline, Plan
from functions.ports import Listing, Objects, Stored

LOOKED_AT = 200
"""So many files of a dataset are asked for their checksums and looked into: as many as Spark writes by default.

Where there are more, their ETags stand for the content, and the first ones are looked into. The 1,200 calls for three
such datasets, ten at a time, take some five of the 45 seconds that a message has.
"""

LONGEST_SETTLING = 12
"""Uploads that go on for this many times the settling time are imported as they are; what comes later is next."""


def files_of(pipeline: Pipeline, objects: Objects) -> dict[str, Listing]:
    """List what lies under the prefix of every dataset."""
    return {name: objects.under(dataset.location) for name, dataset in pipeline.datasets.items()}


def contents_of(pipeline: Pipeline, found: Mapping[str, Listing], objects: Objects) -> dict[str, list[Stored]]:
    """Return the files of every dataset with what stands for their content, whatever the bucket is encrypted with."""
    return {
        name: objects.with_checksums(pipeline.datasets[name].location, listing.files)
        if len(listing.files) <= LOOKED_AT
        else list(listing.files)
        for name, listing in found.items()
    }


def fingerprint(dataset: Dataset, files: list[Stored]) -> str:
    """Return what stands for the data of a dataset: its files and the schema they are read by."""
    return names.fingerprint([dataset.schema_arn, *(f"{file.key} {file.content}" for file in files)])


def unsettled(
    pipeline: Pipeline, found: Mapping[str, Listing], uploaded_at: str | None, since: datetime, now: datetime
) -> float:
    """Return how many seconds uploads have still to rest before they are taken for complete, 0 if they have.

    They rest from when the latest was complete: S3 dates an upload in parts from its beginning, its event from its end.
    Uploads that never rest hold up a run whose turn it is ``since`` then for so long only, not for ever.
    """
    moments = [file.modified for listing in found.values() for file in listing.files]
    if not moments:
        return 0.0
    latest = min(max(moments + ([datetime.fromisoformat(uploaded_at)] if uploaded_at else [])), now)
    rested = pipeline.settle_seconds - (now - latest).total_seconds()
    patience = LONGEST_SETTLING * pipeline.settle_seconds - (now - since).total_seconds()
    return max(0.0, min(rested, patience))


def below(pipeline: Pipeline, found: Mapping[str, Listing]) -> tuple[str, ...]:
    """Return a warning for each dataset with folders below its prefix: nothing is imported from those."""
    return tuple(
        f"{name}: Personalize imports nothing from folders below {pipeline.datasets[name].location}, such as "
        f"{some([folder.rstrip('/').rpartition('/')[2] + '/' for folder in listing.folders])}. "
        "Put the files directly under the prefix, or move what is no data of this dataset elsewhere."
        for name, listing in found.items()
        if listing.folders
    )


def checked(
    plan: Plan, pipeline: Pipeline, found: Mapping[str, Listing], objects: Objects
) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan, with what stops an import told where something does, and warnings about the files."""
    imports, warnings = dict(plan.imports), list[str]()
    for name, job in plan.imports.items():
        findings = _look(pipeline.datasets[name], found[name], objects)
        if findings.problems:
            imports[name] = replace(job, problem=f"{name} ({job.location}): {' '.join(findings.problems)}")
        warnings += [f"{name} ({job.location}): {warning}" for warning in findings.warnings]
    return replace(plan, imports=imports), tuple(warnings)


def _look(dataset: Dataset, listing: Listing, objects: Objects) -> Findings:
    by_name = foreign(_name(file) for file in listing.files)
    if by_name.problems:
        return by_name
    files = listing.files[:LOOKED_AT]
    beginnings = objects.beginnings(dataset.location, files, BEGINNING)
    there = [file for file in files if file.key in beginnings]
    return look([File(_name(file), beginnings[file.key], file.size, tuple(dataset.columns)) for file in there])


def _name(file: Stored) -> str:
    return file.key.rpartition("/")[2]
