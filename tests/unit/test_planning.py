"""What a run is to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.errors import UnknownSolution
from functions.inputs import fingerprint
from functions.model import BranchStatus, Pipeline, Request
from functions.planning import jobs_of, left_behind, plan_run
from functions.ports import Stored
from functions.records import Branch, Run
from tests.support.build import CHOSEN, NOW, ROLE, RUN_ID, UNSERVED, VERSION, arn, dataset, pipeline, plan, run
from tests.support.scripted import Scripted

ONE = pipeline(datasets={"interactions": dataset("interactions")})
FILE = Stored("shop/interactions/part-1.csv", "e1", 100, NOW)
FILES = {"interactions": [FILE]}
MARK = fingerprint(ONE.datasets["interactions"], [FILE])


def job(name: str, status: str = "ACTIVE", minutes: float = 10, ago: int = 1) -> dict[str, Any]:
    created = NOW - timedelta(days=ago)
    return {
        "datasetImportJobArn": arn("dataset-import-job", name),
        "jobName": name,
        "status": status,
        "creationDateTime": created,
        "lastUpdatedDateTime": created + timedelta(minutes=minutes),
    }


THIS = job(f"acme-20261122t020000-aaaaaa-interactions-{MARK}")
OTHER = job("acme-20261122t020000-aaaaaa-interactions-00000000")


def imports(
    jobs: list[dict[str, Any]],
    files: list[Stored] = FILES["interactions"],
    declared: Pipeline = ONE,
    **request: Any,
) -> list[str]:
    stored = {"interactions": files}
    plan = plan_run(RUN_ID, declared, Request("shop", **request), stored, {"interactions": jobs}, NOW)
    return [each.job_name for each in plan.imports.values()]


NEW_JOB = f"acme-{RUN_ID}-interactions-{MARK}"


@pytest.mark.parametrize(
    ("jobs", "request_", "made"),
    [
        pytest.param([], {}, [NEW_JOB], id="first import"),
        pytest.param([THIS], {}, [], id="unchanged"),
        pytest.param([OTHER], {}, [NEW_JOB], id="changed"),
        pytest.param([THIS], {"force": True}, [NEW_JOB], id="unchanged, forced"),
        pytest.param([OTHER], {"what": "import"}, [NEW_JOB], id="changed, import only"),
        pytest.param([OTHER], {"what": "train"}, [], id="changed, train only"),
        pytest.param([OTHER], {"what": "train", "force": True}, [], id="train only, forced"),
        pytest.param([job("by-hand")], {}, [NEW_JOB], id="the last job was made by hand"),
        pytest.param([job("byhand")], {}, [NEW_JOB], id="by hand, without a dash"),
        pytest.param([OTHER, THIS], {}, [NEW_JOB], id="what was imported before the last does not count"),
        pytest.param([job(THIS["jobName"], "CREATE FAILED")], {}, [NEW_JOB], id="the last import failed"),
        pytest.param([job("x-1", "CREATE FAILED"), THIS], {}, [], id="a failed job changed nothing"),
        pytest.param([job(THIS["jobName"], "CREATE IN_PROGRESS")], {}, [NEW_JOB], id="not yet imported"),
    ],
)
def test_only_what_has_changed_is_imported(
    jobs: list[dict[str, Any]], request_: dict[str, Any], made: list[str]
) -> None:
    assert imports(jobs, **request_) == made


def test_a_dataset_without_files_is_not_imported() -> None:
    assert imports([], files=[], force=True) == []


def test_a_changed_schema_is_imported_again() -> None:
    moved = replace(ONE.datasets["interactions"], schema_arn=arn("schema", "acme-shop-interactions-22222222"))
    declared = replace(ONE, datasets={"interactions": moved})
    assert len(imports([THIS], declared=declared)) == 1


@pytest.mark.parametrize(
    ("files", "same"),
    [
        ([replace(FILE, modified=NOW + timedelta(days=1))], True),
        ([replace(FILE, etag="e2")], False),
        ([replace(FILE, size=101)], False),
        ([replace(FILE, key="shop/interactions/part-2.csv")], False),
        ([FILE, replace(FILE, key="shop/interactions/part-2.csv")], False),
    ],
)
def test_the_files_make_the_fingerprint(files: list[Stored], same: bool) -> None:
    assert (imports([THIS], files=files) == []) is same


def test_the_order_of_files_does_not_count() -> None:
    other = replace(FILE, key="shop/interactions/part-2.csv")
    assert fingerprint(ONE.datasets["interactions"], [FILE, other]) == fingerprint(
        ONE.datasets["interactions"], [other, FILE]
    )


def test_the_plan_pins_what_is_declared() -> None:
    plan = plan_run(
        RUN_ID,
        ONE,
        Request("shop", training_mode="UPDATE"),
        FILES,
        {"interactions": [job("x-1"), job("x-2", minutes=20)]},
        NOW,
    )
    assert (plan.name, plan.role_arn, plan.tags, plan.training_mode) == ("acme", ROLE, {"team": "search"}, "UPDATE")
    assert plan.begun_at == NOW.isoformat()
    assert plan.solutions == {"for-you": CHOSEN, "similar": UNSERVED}
    (planned,) = plan.imports.values()
    assert (planned.dataset_arn, planned.location) == (
        arn("dataset", "acme-shop/INTERACTIONS"),
        "s3://data/shop/interactions/",
    )
    assert planned.expected == pytest.approx(60 * (10 * 20) ** 0.5, abs=0.1)
    assert planned.spread == pytest.approx(0.305, abs=0.001)


def test_failed_jobs_tell_nothing_of_how_long_an_import_takes() -> None:
    jobs = {"interactions": [job("x-1", "CREATE FAILED", minutes=1)]}
    plan = plan_run(RUN_ID, ONE, Request("shop"), FILES, jobs, NOW)
    assert (plan.imports["interactions"].expected, plan.imports["interactions"].spread) == (None, None)


def test_a_plan_for_a_solution_that_is_not_there() -> None:
    with pytest.raises(UnknownSolution):
        plan_run(RUN_ID, ONE, Request("shop", solutions=("gone",)), FILES, {"interactions": []}, NOW)


ENDED_AT = THIS["lastUpdatedDateTime"]


def died(branch: BranchStatus = "FAILED", trained: timedelta = timedelta(hours=1), **changes: Any) -> Run:
    """Return a run that trained a version after the newest import, and ended otherwise than well."""
    step = {"started_at": (ENDED_AT + trained).isoformat(), "finished_at": None, "arns": [VERSION]}
    branches = {"for-you": Branch(status=branch, steps=changes.pop("steps", {"train": step}))}
    return run("a", **{"status": "FAILED", "plan": plan(), "branches": branches, **changes})


@pytest.mark.parametrize(
    ("runs", "taken_over"),
    [
        pytest.param([died()], {"for-you": VERSION}, id="deployed in vain"),
        pytest.param([died("RUNNING")], {"for-you": VERSION}, id="died while it trained"),
        pytest.param([died("SUCCEEDED")], {}, id="deployed"),
        pytest.param([died(steps={})], {}, id="never trained"),
        pytest.param([died(trained=-timedelta(minutes=2))], {}, id="the data has changed since"),
        pytest.param([died(trained=-timedelta(seconds=5))], {"for-you": VERSION}, id="our clock is late"),
        pytest.param([died(plan=plan(training_mode="UPDATE"))], {}, id="trained another way"),
        pytest.param([died("SUCCEEDED"), died()], {}, id="a later run did better"),
        pytest.param([run("b", status="JOINED", branches={}), died()], {"for-you": VERSION}, id="others joined"),
        pytest.param([died(status="RUNNING")], {}, id="still under way"),
        pytest.param([], {}, id="no earlier run"),
    ],
)
def test_a_version_that_was_trained_in_vain_is_taken_over(runs: list[Run], taken_over: dict[str, str]) -> None:
    assert left_behind(plan(imports={}), {"interactions": [THIS]}, runs) == taken_over


def test_a_version_of_a_predecessor_is_not_taken_over() -> None:
    successor = replace(CHOSEN, arn=arn("solution", "acme-shop-for-you-ffffffff"))
    assert left_behind(plan(imports={}, solutions={"for-you": successor}), {"interactions": [THIS]}, [died()]) == {}


def test_jobs_are_listed_by_dataset_newest_first() -> None:
    personalize = Scripted(ListDatasetImportJobs={"datasetImportJobs": [job("x-1", ago=3), job("x-2", ago=1)]})
    jobs = jobs_of(ONE, personalize)
    assert [each["jobName"] for each in jobs["interactions"]] == ["x-2", "x-1"]
    assert personalize.calls == [("ListDatasetImportJobs", {"datasetArn": arn("dataset", "acme-shop/INTERACTIONS")})]
