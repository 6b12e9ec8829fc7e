"""The same chain while every SQS message that is sent arrives twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.deployment import Deployment, deployed


@pytest.fixture(scope="module")
def doubled() -> Iterator[Deployment]:
    # An update has no name that would make a second one fail: Personalize refuses it for as long as the first takes.
    with deployed("doubled", deliver_twice=True, durations="demo") as deployment:
        yield deployment


def test_every_message_twice_makes_what_one_makes(doubled: Deployment) -> None:
    doubled.two_runs()
    assert [run["status"] for run in doubled.trips()] == ["SUCCEEDED"] * 2
    assert doubled.made() == {"imports": 2, "versions": 4, "campaigns": 2}
    log = doubled.account.log.read_text()
    calls = {"CreateDatasetImportJob": 2, "CreateSolutionVersion": 4, "CreateCampaign": 2, "UpdateCampaign": 2}
    assert {operation: log.count(f'"message":"{operation} done"') for operation in calls} == calls
    assert not doubled.dead_letters()
