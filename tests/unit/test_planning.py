"""What a run is to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.errors import NotFound, UnknownSolution
from functions.inputs import fingerprint
from functions.model import Pipeline, Request
from functions.planning import jobs_of, left_behind, plan_run
from functions.ports import Stored
from functions.records import Memory, Trained
from functions.times import written
from tests.support.build import CHOSEN, NOW, ROLE, RUN_ID, UNSERVED, VERSION, arn, dataset, pipeline, plan
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
    assert plan.begun_at == written(NOW)
    assert plan.solutions == {"for-you": CHOSEN, "similar": UNSERVED}
    (planned,) = plan.imports.values()
    assert (planned.dataset_arn, planned.location) == (
        arn("dataset", "acme-shop/INTERACTIONS"),
        "s3://data/shop/interactions/",
    )
    assert planned.expected == pytest.approx(60 * (10 * 20) ** 0.5, abs=0.1)
    assert planned.spread == pytest.approx(0.349, abs=0.001)


def test_failed_jobs_tell_nothing_of_how_long_an_import_takes() -> None:
    jobs = {"interactions": [job("x-1", "CREATE FAILED", minutes=1)]}
    plan = plan_run(RUN_ID, ONE, Request("shop"), FILES, jobs, NOW)
    assert (plan.imports["interactions"].expected, plan.imports["interactions"].spread) == (None, None)


def test_a_plan_for_a_solution_that_is_not_there() -> None:
    with pytest.raises(UnknownSolution):
        plan_run(RUN_ID, ONE, Request("shop", solutions=("gone",)), FILES, {"interactions": []}, NOW)


ENDED_AT = THIS["lastUpdatedDateTime"]


def trained(since: timedelta = timedelta(hours=1), version: str = VERSION, **changes: Any) -> Trained:
    """Return a version that was trained after the newest import, and never deployed."""
    made = Trained(version, "FULL", written(ENDED_AT + since), deployed=False)
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("versions", "taken_over"),
    [
        pytest.param([trained()], {"for-you": VERSION}, id="deployed in vain"),
        pytest.param([trained(deployed=True)], {}, id="deployed"),
        pytest.param([trained(-timedelta(minutes=2))], {}, id="the data has changed since"),
        pytest.param([trained(-timedelta(seconds=5))], {"for-you": VERSION}, id="our clock is late"),
        pytest.param([trained(training_mode="UPDATE")], {}, id="trained another way"),
        pytest.param(
            [trained(timedelta(hours=2), f"{VERSION}3", deployed=True), trained()], {}, id="a later run did better"
        ),
        pytest.param([trained(), trained(timedelta(hours=2), f"{VERSION}3", deployed=True)], {}, id="it was told late"),
        pytest.param([], {}, id="no earlier run"),
    ],
)
def test_a_version_that_was_trained_in_vain_is_taken_over(versions: list[Trained], taken_over: dict[str, str]) -> None:
    memory = Memory(trained={"for-you": tuple(versions)})
    assert left_behind(plan(imports={}), ONE, {"interactions": [THIS]}, memory) == taken_over


def test_a_version_of_a_predecessor_is_not_taken_over() -> None:
    successor = plan(
        imports={}, solutions={"for-you": replace(CHOSEN, arn=arn("solution", "acme-shop-for-you-ffffffff"))}
    )
    memory = Memory(trained={"for-you": (trained(),)})
    assert left_behind(successor, ONE, {"interactions": [THIS]}, memory) == {}


def test_what_may_have_been_streamed_since_is_newer_data() -> None:
    memory = Memory(trained={"for-you": (trained(),)})
    assert left_behind(plan(imports={}), replace(ONE, event_tracker=True), {"interactions": [THIS]}, memory) == {}


def test_jobs_are_listed_by_dataset_newest_first() -> None:
    personalize = Scripted(ListDatasetImportJobs={"datasetImportJobs": [job("x-1", ago=3), job("x-2", ago=1)]})
    jobs = jobs_of(ONE, Memory(), personalize)
    assert [each["jobName"] for each in jobs["interactions"]] == ["x-2", "x-1"]
    listed = {"datasetArn": arn("dataset", "acme-shop/INTERACTIONS"), "maxResults": 100}
    assert personalize.calls == [("ListDatasetImportJobs", listed)]


def test_what_is_remembered_is_looked_up_where_the_first_page_does_not_show_it() -> None:
    """A list promises no order: in this one, the oldest come first."""
    page = {"datasetImportJobs": [job("old", ago=9), job("seen", ago=2)], "nextToken": "more"}
    told = {arn("dataset-import-job", name): job(name, ago=ago) for name, ago in (("seen", 2), ("newest", 1))}

    def describe(params: dict[str, Any]) -> dict[str, Any]:
        found = told.get(params["datasetImportJobArn"])
        if found is None:
            raise NotFound("ResourceNotFoundException", "no such job", "DescribeDatasetImportJob")
        return {"datasetImportJob": found}

    personalize = Scripted(ListDatasetImportJobs=page, DescribeDatasetImportJob=describe)
    remembered = tuple(arn("dataset-import-job", name) for name in ("never-made", "newest", "seen"))
    jobs = jobs_of(ONE, Memory(imports={"interactions": remembered}), personalize)
    assert [each["jobName"] for each in jobs["interactions"]] == ["newest", "seen", "old"]
    assert personalize.operations == ["ListDatasetImportJobs", "DescribeDatasetImportJob", "DescribeDatasetImportJob"]
