"""What Personalize's statuses mean."""

from __future__ import annotations

import pytest

from functions.statuses import Meaning, gone, meaning, standing, status_of, under_way


@pytest.mark.parametrize(
    ("status", "means"),
    [
        ("ACTIVE", "ready"),
        ("CREATE FAILED", "failed"),
        ("CREATE STOPPED", "failed"),
        ("UPDATE FAILED", "failed"),
        ("DELETE PENDING", "failed"),
        ("DELETE IN_PROGRESS", "failed"),
        ("CREATE_FAILED", "failed"),
        ("CREATE_STOPPED", "failed"),
        ("DELETE_IN_PROGRESS", "failed"),
        ("UPDATE_FAILED", "failed"),
        ("CREATE PENDING", "waiting"),
        ("CREATE_PENDING", "waiting"),
        ("CREATE_IN_PROGRESS", "waiting"),
        ("UPDATE PENDING", "waiting"),
        ("UPDATE IN_PROGRESS", "waiting"),
        ("UPDATE_IN_PROGRESS", "waiting"),
        ("CREATE IN_PROGRESS", "waiting"),
        ("CREATE STOPPING", "waiting"),
        # By equality only: these are not ACTIVE.
        ("INACTIVE", "waiting"),
        ("active", "waiting"),
        ("a status of next year", "waiting"),
    ],
)
def test_meaning(status: str, means: Meaning) -> None:
    assert meaning(status) == means


@pytest.mark.parametrize("status", ["CREATE FAILED", "CREATE_FAILED", "DELETE PENDING", "DELETE_IN_PROGRESS"])
def test_what_has_to_go_before_it_can_be_made_again(status: str) -> None:
    assert gone(status)


@pytest.mark.parametrize("status", ["ACTIVE", "CREATE PENDING", "UPDATE FAILED", "UPDATE_IN_PROGRESS"])
def test_what_is_there_to_be_taken_over(status: str) -> None:
    assert not gone(status)


def test_what_is_being_made() -> None:
    told = ["CREATE PENDING", "CREATE_IN_PROGRESS", "CREATE IN_PROGRESS", "CREATE STOPPING", "ACTIVE"]
    assert [under_way(status) for status in told] == [True, True, True, False, False]


@pytest.mark.parametrize("update", ["latestCampaignUpdate", "latestDatasetUpdate", "latestSolutionUpdate"])
def test_either_status_may_be_absent(update: str) -> None:
    made, changed = {"schemaArn": "old", "status": "ACTIVE"}, {"schemaArn": "new", "status": "UPDATE FAILED"}
    assert standing(made) == made
    assert standing({**made, update: changed}) == changed
    assert standing({**made, update: {"schemaArn": "new"}}) == {"schemaArn": "new", "status": "ACTIVE"}
    assert standing({"schemaArn": "old", update: changed}) == changed
    assert status_of({**made, update: changed}) == "ACTIVE"
    assert status_of({"schemaArn": "old", update: changed}) == "UPDATE FAILED"
    assert (status_of({}), meaning(status_of({}))) == ("", "waiting")
