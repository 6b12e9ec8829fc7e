"""The life of every kind of resource, from its creation to its end: which statuses are seen on the way, and no others.

The tables are the documentation's: https://docs.aws.amazon.com/personalize/latest/dg/API_Types.html (`status` of each).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.model import ListShape, Shape, StructureShape

from local.personalize.errors import InUseError, InvalidInputError, NotFoundError, ServiceError
from local.personalize.service_models import CONTROL, output_members, service_model
from tests.local.personalize_prepared import MAKERS, REQUESTS, Prepared, member_of

CREATION = ("CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE")
DELETION = ("DELETE PENDING", "DELETE IN_PROGRESS")

# What is seen from the creation on, and from the deletion on, if there is one.
LIVES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...] | None]] = {
    "BatchInferenceJob": (CREATION, None),
    "BatchSegmentJob": (CREATION, None),
    "Campaign": (CREATION, DELETION),
    "DataDeletionJob": (("PENDING", "IN_PROGRESS", "COMPLETED"), None),
    "Dataset": (CREATION, DELETION),
    "DatasetExportJob": (CREATION, None),
    "DatasetGroup": (CREATION, ("DELETE PENDING",)),
    "DatasetImportJob": (CREATION, None),
    "EventTracker": (CREATION, DELETION),
    "Filter": (CREATION, DELETION),
    "MetricAttribution": (CREATION, DELETION),
    "Recommender": (CREATION, DELETION),
    "Solution": (CREATION, DELETION),
    "SolutionVersion": (CREATION, None),
}
RECORDED = ("BatchInferenceJob", "BatchSegmentJob")
"""Kinds that recordings of the service show on another way than the documentation does (PENDING, IN PROGRESS)."""
UPDATING = ("CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE", "CREATE FAILED")
# What is seen of an update, with its two ends. A dataset's own status shows its update's, the others' stay ACTIVE.
UPDATED: Mapping[str, tuple[str, str, str, str]] = {
    "Campaign": UPDATING,
    "Dataset": ("UPDATE PENDING", "UPDATE IN_PROGRESS", "ACTIVE", "UPDATE FAILED"),
    "Recommender": UPDATING,
    "Solution": UPDATING,
}
_STEP, _LONG = 0.5, 30.0


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return Prepared()


def described(prepared: Prepared, kind: str, arn: str) -> dict[str, Any]:
    member = member_of(kind)
    found: dict[str, Any] = prepared.account(f"Describe{kind}", **{f"{member}Arn": arn})[member]
    return found


def seen(prepared: Prepared, kind: str, arn: str, part: str = "") -> list[str]:
    """Return the statuses that somebody sees who looks all the time: the resource's own, or those of a part of it."""
    statuses: list[str] = []
    for _ in range(int(_LONG / _STEP)):
        try:
            shown = described(prepared, kind, arn)
        except NotFoundError:
            break
        status = (shown[part] if part else shown)["status"]
        if statuses[-1:] != [status]:
            statuses.append(status)
        prepared.account.clock.advance(_STEP)
    return statuses


def listed(prepared: Prepared, kind: str, arn: str) -> dict[str, Any] | None:
    operation = f"List{kind}s"
    member = next(name for name, shape in output_members(operation).items() if isinstance(shape, ListShape))
    return next((each for each in prepared.account(operation)[member] if each[f"{member_of(kind)}Arn"] == arn), None)


@contextmanager
def trouble(prepared: Prepared, kind: str) -> Iterator[None]:
    """Let all work on a kind of resource fail."""
    control = prepared.account.service.control
    for path in ("create", "update"):
        if path in prepared.account.service.world.kinds[kind].paths:
            control.fail_next(kind, "The disk is full.", path=path, times=None)
    try:
        yield
    finally:
        control.call_off()


def shape_of(kind: str) -> StructureShape:
    shape: Shape = output_members(f"Describe{kind}")[member_of(kind)]
    assert isinstance(shape, StructureShape)
    return shape


def test_every_kind_has_a_life() -> None:
    assert set(LIVES) == set(MAKERS) - {"Schema"}


@pytest.mark.parametrize("kind", LIVES)
def test_the_documentation_knows_the_statuses(kind: str) -> None:
    told = re.sub("<[^>]+>", " ", shape_of(kind).members["status"].documentation).replace("&gt;", ">")
    creation, deletion = LIVES[kind]
    known = set(re.split(r"\s{2,}|>|-or-", told))
    if "PENDING" in told and kind not in RECORDED:  # some are told nothing of
        assert {*creation, *(deletion or ())} <= {each.strip() for each in known}
    assert (f"Delete{kind}" in service_model(CONTROL).operation_names) == (deletion is not None)


@pytest.mark.parametrize("kind", LIVES)
def test_a_life(prepared: Prepared, kind: str) -> None:
    creation, deletion = LIVES[kind]
    born = prepared.account.clock.now
    arn = prepared.begin(kind)
    assert tuple(seen(prepared, kind, arn)) == creation
    shown = described(prepared, kind, arn)
    assert born <= shown["creationDateTime"]
    assert (shown["lastUpdatedDateTime"] - shown["creationDateTime"]).total_seconds() == 10
    assert "failureReason" not in shown
    summary = listed(prepared, kind, arn)
    assert summary is not None
    assert summary.items() <= shown.items()
    if deletion is not None:
        delete(prepared, kind, arn)
        with pytest.raises((InUseError, InvalidInputError)):
            delete(prepared, kind, arn)
        assert tuple(seen(prepared, kind, arn)) == deletion
        assert listed(prepared, kind, arn) is None
        with pytest.raises(NotFoundError):
            delete(prepared, kind, arn)


def delete(prepared: Prepared, kind: str, arn: str) -> None:
    prepared.account(f"Delete{kind}", **{f"{member_of(kind)}Arn": arn})


@pytest.mark.parametrize("kind", LIVES)
def test_a_creation_that_fails(prepared: Prepared, kind: str) -> None:
    creation, deletion = LIVES[kind]
    request = MAKERS[kind](prepared)
    with trouble(prepared, kind):
        arn = prepared.begin(kind, **request)
        failed = "FAILED" if kind == "DataDeletionJob" else "CREATE FAILED"
        assert tuple(seen(prepared, kind, arn)) == (*creation[:-1], failed)
    if "failureReason" in shape_of(kind).members:
        assert described(prepared, kind, arn)["failureReason"] == "The disk is full."
    # The name is taken until it is deleted, where that can be.
    with pytest.raises(ServiceError, match="already exists"):
        prepared.begin(kind, **request)
    if deletion is not None:
        delete(prepared, kind, arn)
        assert tuple(seen(prepared, kind, arn)) == deletion
        again = prepared.begin(kind, **request)
        assert tuple(seen(prepared, kind, again)) == creation


@pytest.mark.parametrize("kind", UPDATED)
def test_an_update(prepared: Prepared, kind: str) -> None:
    pending, working, done, failed = UPDATED[kind]
    request = REQUESTS[CONTROL, f"Update{kind}"](prepared)
    arn, latest = request[f"{member_of(kind)}Arn"], f"latest{kind}Update"
    prepared.settle()
    before = described(prepared, kind, arn)
    assert latest not in before
    with trouble(prepared, kind):
        prepared.account(f"Update{kind}", **request)
        assert seen(prepared, kind, arn, latest) == [pending, working, failed]
    after = described(prepared, kind, arn)
    assert after[latest]["failureReason"] == "The disk is full."
    assert after["status"] == (failed if kind == "Dataset" else "ACTIVE")
    assert plain(after, latest) == plain(before, latest)
    prepared.account(f"Update{kind}", **request)
    with pytest.raises(InUseError):
        prepared.account(f"Update{kind}", **request)
    with pytest.raises(InUseError):
        delete(prepared, kind, arn)
    assert plain(described(prepared, kind, arn), latest) == plain(before, latest)
    assert seen(prepared, kind, arn, latest) == [pending, working, done]
    after = described(prepared, kind, arn)
    assert after["status"] == "ACTIVE"
    assert after["creationDateTime"] == before["creationDateTime"] < after[latest]["creationDateTime"]
    assert "failureReason" not in after[latest]
    delete(prepared, kind, arn)
    assert tuple(seen(prepared, kind, arn)) == LIVES[kind][1]


def plain(shown: Mapping[str, Any], latest: str) -> dict[str, Any]:
    """Return what is shown but for its latest update, which moves the status and the time of change too."""
    return {key: value for key, value in shown.items() if key not in (latest, "status", "lastUpdatedDateTime")}


def test_a_metric_attribution_is_updated(prepared: Prepared) -> None:
    request = REQUESTS[CONTROL, "UpdateMetricAttribution"](prepared)
    arn = request["metricAttributionArn"]
    prepared.account("UpdateMetricAttribution", **request)
    prepared.settle()
    metrics = prepared.account("ListMetricAttributionMetrics", metricAttributionArn=arn)["metrics"]
    assert [each["metricName"].lower() for each in metrics] == ["liked"]
    assert described(prepared, "MetricAttribution", arn)["status"] == "ACTIVE"


def test_a_recommender_is_stopped_and_started(prepared: Prepared) -> None:
    account, arn = prepared.account, prepared.make("Recommender")
    asked = {"recommenderArn": arn, "userId": "u1", "numResults": 3}
    with pytest.raises((InUseError, InvalidInputError)):
        account("StartRecommender", recommenderArn=arn)
    assert len(account.runtime("GetRecommendations", **asked)["itemList"]) == 3
    account("StopRecommender", recommenderArn=arn)
    with pytest.raises(InUseError):
        account("DeleteRecommender", recommenderArn=arn)
    assert seen(prepared, "Recommender", arn) == ["STOP PENDING", "STOP IN_PROGRESS", "INACTIVE"]
    with pytest.raises((InUseError, InvalidInputError)):
        account("StopRecommender", recommenderArn=arn)
    with pytest.raises((NotFoundError, InvalidInputError)):
        account.runtime("GetRecommendations", **asked)
    account("StartRecommender", recommenderArn=arn)
    assert seen(prepared, "Recommender", arn) == ["START PENDING", "START IN_PROGRESS", "ACTIVE"]
    assert len(account.runtime("GetRecommendations", **asked)["itemList"]) == 3


def test_a_training_is_stopped(prepared: Prepared) -> None:
    waiting = prepared.begin("SolutionVersion")
    prepared.account("StopSolutionVersionCreation", solutionVersionArn=waiting)
    assert seen(prepared, "SolutionVersion", waiting) == ["CREATE STOPPED"]
    working = prepared.begin("SolutionVersion")
    prepared.account.clock.advance(5)
    assert described(prepared, "SolutionVersion", working)["status"] == "CREATE IN_PROGRESS"
    prepared.account("StopSolutionVersionCreation", solutionVersionArn=working)
    assert seen(prepared, "SolutionVersion", working) == ["CREATE STOPPING", "CREATE STOPPED"]


def test_a_schema_is_there_or_not(prepared: Prepared) -> None:
    arn = prepared.make("Schema")
    assert "status" not in described(prepared, "Schema", arn)
    delete(prepared, "Schema", arn)
    with pytest.raises(NotFoundError):
        described(prepared, "Schema", arn)
