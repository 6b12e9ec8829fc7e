"""The same chain under hard conditions: IAM enforced over TLS, and every SQS message delivered twice."""

from __future__ import annotations

from tests.e2e.deployment import Deployment


def two_runs(stack: Deployment) -> None:
    stack.upload_both()
    stack.wait_for_trips(1)
    stack.fire("nightly")
    stack.wait_for_trips(2)


def test_with_iam_enforced_the_whole_chain_passes(enforced: Deployment) -> None:
    two_runs(enforced)
    assert [run["status"] for run in enforced.trips()] == ["SUCCEEDED"] * 2
    assert enforced.made() == {"imports": 2, "versions": 4, "campaigns": 2}
    assert not enforced.dead_letters()


def test_every_message_twice_makes_what_one_makes(doubled: Deployment) -> None:
    two_runs(doubled)
    assert [run["status"] for run in doubled.trips()] == ["SUCCEEDED"] * 2
    assert doubled.made() == {"imports": 2, "versions": 4, "campaigns": 2}
    log = doubled.account.log.read_text()
    calls = {"CreateDatasetImportJob": 2, "CreateSolutionVersion": 4, "CreateCampaign": 2, "UpdateCampaign": 2}
    assert {operation: log.count(f'"message":"{operation} done"') for operation in calls} == calls
    assert not doubled.dead_letters()
