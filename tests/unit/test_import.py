"""The step that imports."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from functions.engine import after_refusal, carry_out
from functions.errors import AlreadyExists, InvalidInput, LimitExceeded
from functions.model import Wait
from functions.outcomes import Await, Fail, Pause
from functions.steps.import_data import STEP
from functions.times import written
from tests.support.build import FLOOR, NOW, ROLE, RUN_ID, an_import, arn, message, plan, ports
from tests.support.scripted import Scripted

IMPORTS = {"interactions": an_import("interactions", expected=600.0), "items": an_import("items", "22222222")}
MESSAGE = message("import", plan=plan(imports=IMPORTS))
JOBS = [
    arn("dataset-import-job", f"acme-{RUN_ID}-interactions-11111111"),
    arn("dataset-import-job", f"acme-{RUN_ID}-items-22222222"),
]
BOTH = Await(
    (
        Wait("dataset_import_job", JOBS[0], 600.0, key="interactions"),
        Wait("dataset_import_job", JOBS[1], None, key="items"),
    )
)
MADE = [{"datasetImportJobArn": job} for job in JOBS]
THERE = AlreadyExists("ResourceAlreadyExistsException", "there", "CreateDatasetImportJob")
BUSY = LimitExceeded(
    "LimitExceededException", "More than 5 resources with PENDING or IN_PROGRESS status.", "CreateDatasetImportJob"
)


def test_a_job_per_dataset_with_exactly_these_parameters() -> None:
    personalize = Scripted(CreateDatasetImportJob=[*MADE])
    assert carry_out(STEP, MESSAGE, ports(personalize)) == BOTH
    assert personalize.calls == [
        (
            "CreateDatasetImportJob",
            {
                "jobName": f"acme-{RUN_ID}-interactions-11111111",
                "datasetArn": arn("dataset", "acme-shop/INTERACTIONS"),
                "dataSource": {"dataLocation": "s3://data/shop/interactions/"},
                "roleArn": ROLE,
                "importMode": "FULL",
                "tags": [{"tagKey": "team", "tagValue": "search"}],
            },
        ),
        (
            "CreateDatasetImportJob",
            {
                "jobName": f"acme-{RUN_ID}-items-22222222",
                "datasetArn": arn("dataset", "acme-shop/ITEMS"),
                "dataSource": {"dataLocation": "s3://data/shop/items/"},
                "roleArn": ROLE,
                "importMode": "FULL",
                "tags": [{"tagKey": "team", "tagValue": "search"}],
            },
        ),
    ]


def test_what_can_not_be_imported_stops_all_before_anything_is_paid_for() -> None:
    personalize = Scripted()
    imports = {**IMPORTS, "items": replace(IMPORTS["items"], problem="items (s3://data/shop/items/): Empty: a.csv.")}
    outcome = carry_out(STEP, message("import", plan=plan(imports=imports)), ports(personalize))
    assert outcome == Fail("nothing was imported. items (s3://data/shop/items/): Empty: a.csv.")
    assert personalize.calls == []


def test_no_tags_are_no_parameter() -> None:
    personalize = Scripted(CreateDatasetImportJob=[*MADE])
    carry_out(STEP, message("import", plan=plan(imports=IMPORTS, tags={})), ports(personalize))
    assert all("tags" not in params for _, params in personalize.calls)


def test_jobs_of_an_earlier_delivery_are_waited_for() -> None:
    personalize = Scripted(CreateDatasetImportJob=THERE)
    assert carry_out(STEP, MESSAGE, ports(personalize)) == BOTH


def test_a_delivery_that_died_between_two_jobs_goes_on() -> None:
    personalize = Scripted(CreateDatasetImportJob=[THERE, MADE[1]])
    assert carry_out(STEP, MESSAGE, ports(personalize)) == BOTH


def test_a_full_quota_is_waited_for() -> None:
    personalize = Scripted(CreateDatasetImportJob=[BUSY, BUSY])
    assert carry_out(STEP, MESSAGE, ports(personalize)) == Pause(after_refusal(MESSAGE, NOW, FLOOR), str(BUSY))


def test_what_is_refused_does_not_hold_up_what_is_made() -> None:
    """What others in the region leave no quota for is asked for again later; the rest is looked at meanwhile."""
    personalize = Scripted(CreateDatasetImportJob=[MADE[0], BUSY])
    outcome = carry_out(STEP, MESSAGE, ports(personalize))
    assert isinstance(outcome, Await)
    assert [wait.key for wait in outcome.waits] == [next(iter(MESSAGE.plan.imports))]
    assert outcome.again == written(NOW + timedelta(seconds=after_refusal(MESSAGE, NOW, FLOOR)))


def test_what_personalize_rejects_ends_the_branch_in_its_words() -> None:
    error = InvalidInput("InvalidInputException", "The S3 path does not exist", "CreateDatasetImportJob")
    personalize = Scripted(CreateDatasetImportJob=error)
    assert carry_out(STEP, MESSAGE, ports(personalize)) == Fail(
        "CreateDatasetImportJob: InvalidInputException: The S3 path does not exist"
    )
