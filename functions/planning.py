"""What a run is to do, worked out once when it begins: which data has changed, which solutions train."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions import names
from functions.model import Dataset, Import, Pipeline, Plan, Request
from functions.ports import Objects, Personalize, Stored
from functions.timing import expectation

LONGEST_SETTLING = 12
"""Uploads that go on for this many times the settling time are imported as they are; what comes later is next."""


def plan_run(
    run_id: str,
    pipeline: Pipeline,
    request: Request,
    stored: dict[str, list[Stored]],
    jobs: dict[str, list[dict[str, Any]]],
) -> Plan:
    """Return the pinned plan. ``stored`` and ``jobs`` hold each dataset's files and import jobs, newest first."""
    imports = {}
    for name, dataset in pipeline.datasets.items():
        if request.what == "train" or not stored[name]:
            continue
        mark = fingerprint(dataset, stored[name])
        done = [job for job in jobs[name] if job["status"] == "ACTIVE"]
        if done and names.fingerprint_of(done[0]["jobName"]) == mark and not request.force:
            continue
        imports[name] = Import(
            dataset_arn=dataset.arn,
            location=dataset.location,
            job_name=names.import_job(pipeline.name, run_id, name, mark),
            expected=expectation(_seconds(job) for job in done),
        )
    return Plan(
        name=pipeline.name,
        role_arn=pipeline.role_arn,
        tags=pipeline.tags,
        imports=imports,
        solutions=pipeline.chosen(request),
        training_mode=request.training_mode,
    )


def fingerprint(dataset: Dataset, files: list[Stored]) -> str:
    """Return what stands for the data of a dataset: its files and the schema they are read by."""
    return names.fingerprint([dataset.schema_arn, *(f"{file.key} {file.etag} {file.size}" for file in files)])


def files_of(pipeline: Pipeline, objects: Objects) -> dict[str, list[Stored]]:
    """List the files of every dataset."""
    return {name: objects.under(dataset.location) for name, dataset in pipeline.datasets.items()}


def jobs_of(pipeline: Pipeline, personalize: Personalize) -> dict[str, list[dict[str, Any]]]:
    """List the import jobs of every dataset, newest first."""
    return {
        name: sorted(
            personalize.pages("ListDatasetImportJobs", "datasetImportJobs", {"datasetArn": dataset.arn}),
            key=lambda job: job["creationDateTime"],
            reverse=True,
        )
        for name, dataset in pipeline.datasets.items()
    }


def unsettled(pipeline: Pipeline, stored: dict[str, list[Stored]], since: datetime, now: datetime) -> float:
    """Return how many seconds uploads have still to rest before they are taken for complete, 0 if they have.

    Uploads that never rest hold up the run that was queued ``since`` for so long only, not for ever.
    """
    latest = max((file.modified for files in stored.values() for file in files), default=None)
    if latest is None:
        return 0.0
    rested = pipeline.settle_seconds - (now - latest).total_seconds()
    patience = LONGEST_SETTLING * pipeline.settle_seconds - (now - since).total_seconds()
    return max(0.0, min(rested, patience))


def _seconds(job: dict[str, Any]) -> float:
    return float((job["lastUpdatedDateTime"] - job["creationDateTime"]).total_seconds())
