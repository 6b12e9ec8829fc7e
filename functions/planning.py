"""What a run is to do, worked out once when it begins: which data has changed, which solutions train."""

from __future__ import annotations

from datetime import datetime, timedelta

from functions import history, names
from functions.inputs import fingerprint
from functions.model import Import, Pipeline, Plan, Request, Solution
from functions.ports import Personalize, Stored
from functions.records import Run
from functions.timing import estimate

REMEMBERED = 20
"""How many of the latest runs are asked for what they left behind."""

CLOCKS = timedelta(minutes=1)
"""How far our clock may be from Personalize's: a training begins within seconds of its run's imports."""


def plan_run(
    run_id: str,
    pipeline: Pipeline,
    request: Request,
    stored: dict[str, list[Stored]],
    jobs: dict[str, list[history.Entry]],
    now: datetime,
) -> Plan:
    """Return the pinned plan. ``stored`` and ``jobs`` hold each dataset's files and import jobs, newest first."""
    imports = {}
    for name, dataset in pipeline.datasets.items():
        if request.what == "train" or not stored[name]:
            continue
        mark = fingerprint(dataset, stored[name])
        done = history.completed(jobs[name])
        if done and names.fingerprint_of(done[0]["jobName"]) == mark and not request.force:
            continue
        expected = estimate(history.durations(jobs[name]))
        imports[name] = Import(
            dataset_arn=dataset.arn,
            location=dataset.location,
            job_name=names.import_job(pipeline.name, run_id, name, mark),
            expected=expected.typical if expected else None,
            spread=expected.spread if expected else None,
        )
    return Plan(
        name=pipeline.name,
        role_arn=pipeline.role_arn,
        begun_at=now.isoformat(),
        tags=pipeline.tags,
        imports=imports,
        solutions=pipeline.chosen(request),
        training_mode=request.training_mode,
        deadlines=pipeline.deadlines,
    )


def behind(
    solutions: dict[str, Solution], jobs: dict[str, list[history.Entry]], personalize: Personalize
) -> dict[str, Solution]:
    """Return the solutions without a version that was trained on the data as it is: since the newest import."""
    imports = history.completed(job for of_dataset in jobs.values() for job in of_dataset)
    since = max((job["lastUpdatedDateTime"] for job in imports), default=None)
    if since is None:
        return {}
    return {
        name: solution
        for name, solution in solutions.items()
        if not any(
            version["creationDateTime"] >= since
            for version in history.completed(history.versions(solution.arn, personalize))
        )
    }


def left_behind(plan: Plan, jobs: dict[str, list[history.Entry]], runs: list[Run]) -> dict[str, str]:
    """Return, by solution, the version that the last run trained in vain: it died, or could not deploy it.

    It is as good as a new one where it was trained the same way on the data as it is.
    """
    imports = history.completed(job for of_dataset in jobs.values() for job in of_dataset)
    since = max((job["lastUpdatedDateTime"] for job in imports), default=None)
    found = {}
    for name, solution in plan.solutions.items():
        last = next((run for run in runs if run.over and run.plan and name in run.branches), None)
        if last is None or last.plan is None or last.plan.training_mode != plan.training_mode:
            continue
        branch = last.branches[name]
        trained = branch.steps.get("train")
        if branch.status == "SUCCEEDED" or trained is None or not trained["arns"]:
            continue
        current = since is None or datetime.fromisoformat(trained["started_at"]) + CLOCKS >= since
        if current and trained["arns"][0].startswith(f"{solution.arn}/"):
            found[name] = trained["arns"][0]
    return found


def jobs_of(pipeline: Pipeline, personalize: Personalize) -> dict[str, list[history.Entry]]:
    """List the import jobs of every dataset, newest first."""
    return {name: history.import_jobs(dataset.arn, personalize) for name, dataset in pipeline.datasets.items()}
