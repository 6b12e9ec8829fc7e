"""What a run is to do, worked out once when it begins: which data has changed, which solutions train."""

from __future__ import annotations

from datetime import datetime, timedelta

from functions import history, names
from functions.inputs import fingerprint
from functions.model import Filter, Import, Pipeline, Plan, Request, Solution
from functions.ports import Personalize, Stored
from functions.records import Memory, Trained
from functions.statuses import meaning
from functions.times import written
from functions.timing import estimate

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
        begun_at=written(now),
        tags=pipeline.tags,
        imports=imports,
        solutions=pipeline.chosen(request),
        training_mode=request.training_mode,
        deadlines=pipeline.deadlines,
        dataset_group_arn=pipeline.dataset_group_arn,
    )


def lacking_filters(pipeline: Pipeline, personalize: Personalize) -> dict[str, Filter]:
    """Return the declared filters that are not there, or failed: they are made once there is data for them."""
    if not pipeline.filters:
        return {}
    group = {"datasetGroupArn": pipeline.dataset_group_arn, "maxResults": history.PAGE}
    there = {
        each["filterArn"]
        for each in personalize.pages("ListFilters", "Filters", group)
        if meaning(each["status"]) != "failed"
    }
    return {name: each for name, each in pipeline.filters.items() if each.arn not in there}


def behind(
    solutions: dict[str, Solution], jobs: dict[str, list[history.Entry]], memory: Memory, personalize: Personalize
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
            for version in history.completed(
                history.latest_versions(solution.arn, versions_of(name, memory), personalize)
            )
        )
    }


def versions_of(solution: str, memory: Memory) -> list[str]:
    """Return the ARNs of the versions that are remembered of a solution, newest first."""
    return [each.version for each in memory.trained.get(solution, ())]


def left_behind(plan: Plan, pipeline: Pipeline, jobs: dict[str, list[history.Entry]], memory: Memory) -> dict[str, str]:
    """Return, by solution, the version that the last run trained in vain: it died, or could not deploy it.

    It is as good as a new one where it was trained the same way on the data as it is. What was streamed is data, too:
    where there is an event tracker, there may have been more since.
    """
    if pipeline.event_tracker:
        return {}
    imports = history.completed(job for of_dataset in jobs.values() for job in of_dataset)
    since = max((job["lastUpdatedDateTime"] for job in imports), default=None)
    found = {}
    for name, solution in plan.solutions.items():
        last = next(iter(memory.trained.get(name, ())), None)
        if last is None or last.deployed or last.training_mode != plan.training_mode:
            continue
        if any(each.deployed and _later(each, last) for each in memory.trained[name]):
            continue  # its end was told late, or that one's
        current = since is None or datetime.fromisoformat(last.started_at) + CLOCKS >= since
        if current and last.version.startswith(f"{solution.arn}/"):
            found[name] = last.version
    return found


def _later(one: Trained, other: Trained) -> bool:
    """Whether a version was begun after another, as far as clocks tell."""
    return datetime.fromisoformat(one.started_at) - CLOCKS > datetime.fromisoformat(other.started_at)


def jobs_of(pipeline: Pipeline, memory: Memory, personalize: Personalize) -> dict[str, list[history.Entry]]:
    """Return the latest import jobs of every dataset, newest first."""
    return {
        name: history.latest_import_jobs(dataset.arn, memory.imports.get(name, ()), personalize)
        for name, dataset in pipeline.datasets.items()
    }
