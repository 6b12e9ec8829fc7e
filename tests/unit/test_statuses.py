"""What Personalize's statuses mean."""

from __future__ import annotations

import pytest

from functions.statuses import Meaning, meaning


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
