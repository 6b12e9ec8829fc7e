"""Statuses over (virtual) time: their moments, what they forbid, and what follows from them."""

from __future__ import annotations

import pytest

from local.personalize.errors import InUseError, InvalidInputError, NotFoundError
from tests.local.personalize_account import INTERACTIONS, Account, taste_data, trained_group

# Each path takes 100 seconds: 20 pending, 80 at work.
DURATIONS = {"*": {"*": 100.0}}


def slow(**options: object) -> Account:
    return Account(durations=DURATIONS, **options)


def ready(account: Account, arn: str) -> str:
    account.clock.advance(100)
    return arn


def dataset(account: Account) -> str:
    return account.dataset(ready(account, account.group()), "Interactions", INTERACTIONS)


def good_import(account: Account) -> str:
    return account.start_import(ready(account, dataset(account)), account.put("b/x.csv", taste_data()), "j")


def solution(account: Account) -> str:
    ready(account, good_import(account))
    return account.solution(account("ListDatasetGroups")["datasetGroups"][0]["datasetGroupArn"], "aws-sims")


def version(account: Account) -> str:
    return account.version(ready(account, solution(account)))


def campaign(account: Account) -> str:
    return account.campaign(ready(account, version(account)))


def test_a_jump_in_time_leaves_the_moments_when_things_happened() -> None:
    account = slow()
    arn = account.group()
    born = account.clock.now
    for seconds, status in ((19, "CREATE PENDING"), (1, "CREATE IN_PROGRESS"), (79, "CREATE IN_PROGRESS")):
        account.clock.advance(seconds)
        assert account.status("DatasetGroup", arn) == status
    account.clock.advance(10_000)
    shown = account("DescribeDatasetGroup", datasetGroupArn=arn)["datasetGroup"]
    assert shown["status"] == "ACTIVE"
    assert (shown["lastUpdatedDateTime"] - born).total_seconds() == 100


def test_what_is_not_active_cannot_be_built_upon() -> None:
    account = slow()
    arn = account.group()
    with pytest.raises(InUseError, match="is CREATE PENDING, and must be ACTIVE"):
        account.dataset(arn, "Interactions", INTERACTIONS)
    with pytest.raises(InUseError, match="can't be deleted while it is CREATE PENDING"):
        account("DeleteDatasetGroup", datasetGroupArn=arn)


def test_a_version_is_ordered_while_its_solution_is_still_being_made() -> None:
    account = slow()
    base = solution(account)
    assert account.status("Solution", base) == "CREATE PENDING"
    assert account.status("SolutionVersion", account.version(base)) == "CREATE PENDING"
    account.service.control.fail_next("Solution", "No.")
    failed = ready(
        account,
        account.solution(account("ListDatasetGroups")["datasetGroups"][0]["datasetGroupArn"], "aws-sims", "failed"),
    )
    with pytest.raises(InvalidInputError, match="is CREATE FAILED, and must be ACTIVE"):
        account.version(failed)


def test_a_training_is_stopped_at_once_or_by_and_by() -> None:
    account = slow()
    base = ready(account, solution(account))
    waiting, working = account.version(base), account.version(base)
    account("StopSolutionVersionCreation", solutionVersionArn=waiting)
    assert account.status("SolutionVersion", waiting) == "CREATE STOPPED"
    account.clock.advance(20)
    account("StopSolutionVersionCreation", solutionVersionArn=working)
    assert account.status("SolutionVersion", working) == "CREATE STOPPING"
    account.clock.advance(100)
    assert account.status("SolutionVersion", working) == "CREATE STOPPED"
    with pytest.raises(InUseError, match="only a training under way"):
        account("StopSolutionVersionCreation", solutionVersionArn=working)
    with pytest.raises(InvalidInputError, match="CREATE STOPPED"):
        account("GetSolutionMetrics", solutionVersionArn=working)


def test_a_campaign_serves_the_old_version_until_its_update_is_done() -> None:
    account = slow()
    arn = ready(account, campaign(account))
    first = account("DescribeCampaign", campaignArn=arn)["campaign"]
    assert "latestCampaignUpdate" not in first
    second = account.version(first["solutionVersionArn"].rpartition("/")[0])
    with pytest.raises(InUseError, match="must be ACTIVE"):
        account("UpdateCampaign", campaignArn=arn, solutionVersionArn=second)
    account.clock.advance(100)
    account("UpdateCampaign", campaignArn=arn, solutionVersionArn=second)
    for seconds, status in ((0, "CREATE PENDING"), (20, "CREATE IN_PROGRESS"), (79, "CREATE IN_PROGRESS")):
        account.clock.advance(seconds)
        shown = account("DescribeCampaign", campaignArn=arn)["campaign"]
        assert shown["status"] == "ACTIVE"
        assert shown["solutionVersionArn"] == first["solutionVersionArn"]
        assert shown["latestCampaignUpdate"]["status"] == status
        assert shown["latestCampaignUpdate"]["solutionVersionArn"] == second
        assert account.recommended(arn, itemId="i1", numResults=3)
        with pytest.raises(InUseError, match="another update is in progress"):
            account("UpdateCampaign", campaignArn=arn, minProvisionedTPS=2)
        with pytest.raises(InUseError, match="being updated"):
            account("DeleteCampaign", campaignArn=arn)
    account.clock.advance(1)
    shown = account("DescribeCampaign", campaignArn=arn)["campaign"]
    assert shown["solutionVersionArn"] == second
    assert shown["latestCampaignUpdate"]["status"] == "ACTIVE"
    assert shown["lastUpdatedDateTime"] == shown["latestCampaignUpdate"]["lastUpdatedDateTime"]


def test_nothing_is_built_on_what_is_going() -> None:
    account = slow()
    arn = ready(account, version(account))
    account("DeleteSolution", solutionArn=arn.rpartition("/")[0])
    with pytest.raises(InUseError, match="is DELETE PENDING, and must be ACTIVE"):
        account.campaign(arn)


def test_a_solution_is_updated() -> None:
    account = slow()
    arn = ready(account, solution(account))
    config = {"autoTrainingConfig": {"schedulingExpression": "rate(3 days)"}}
    account("UpdateSolution", solutionArn=arn, performAutoTraining=True, solutionUpdateConfig=config)
    shown = account("DescribeSolution", solutionArn=arn)["solution"]
    assert shown["performAutoTraining"] is False
    assert shown["latestSolutionUpdate"]["status"] == "CREATE PENDING"
    account.clock.advance(100)
    shown = account("DescribeSolution", solutionArn=arn)["solution"]
    assert shown["performAutoTraining"] is True
    assert shown["solutionConfig"] == config


def test_an_update_that_fails_leaves_the_campaign_as_it_was() -> None:
    account = slow()
    arn = ready(account, campaign(account))
    first = account("DescribeCampaign", campaignArn=arn)["campaign"]
    second = ready(account, account.version(first["solutionVersionArn"].rpartition("/")[0]))
    account.service.control.fail_next("Campaign", "No capacity.", path="update")
    account("UpdateCampaign", campaignArn=arn, solutionVersionArn=second, minProvisionedTPS=9)
    account.clock.advance(100)
    shown = account("DescribeCampaign", campaignArn=arn)["campaign"]
    assert (shown["status"], shown["solutionVersionArn"]) == ("ACTIVE", first["solutionVersionArn"])
    assert shown["minProvisionedTPS"] == 1
    assert "failureReason" not in shown
    assert shown["latestCampaignUpdate"]["status"] == "CREATE FAILED"
    assert shown["latestCampaignUpdate"]["failureReason"] == "No capacity."
    assert shown["latestCampaignUpdate"]["solutionVersionArn"] == second
    assert account.recommended(arn, itemId="i1", numResults=3)
    account("UpdateCampaign", campaignArn=arn, solutionVersionArn=second)
    account.clock.advance(100)
    assert account("DescribeCampaign", campaignArn=arn)["campaign"]["solutionVersionArn"] == second


def test_a_campaign_that_could_not_be_made_is_mended_by_an_update() -> None:
    account = slow()
    account.service.control.fail_next("Campaign", "No capacity.")
    arn = ready(account, campaign(account))
    assert account.status("Campaign", arn) == "CREATE FAILED"
    with pytest.raises(NotFoundError, match="CREATE FAILED"):
        account.recommended(arn, itemId="i1")
    account("UpdateCampaign", campaignArn=arn, minProvisionedTPS=2)
    account.clock.advance(100)
    shown = account("DescribeCampaign", campaignArn=arn)["campaign"]
    assert shown["status"] == "ACTIVE"
    assert "failureReason" not in shown
    assert account.recommended(arn, itemId="i1", numResults=3)


def test_all_is_deleted_in_the_order_that_the_service_wants() -> None:
    account = slow()
    arn = ready(account, campaign(account))
    shown = account("DescribeCampaign", campaignArn=arn)["campaign"]
    version_arn = shown["solutionVersionArn"]
    base = version_arn.rpartition("/")[0]
    described = account("DescribeSolution", solutionArn=base)["solution"]
    group_arn = described["datasetGroupArn"]
    (held,) = account("ListDatasets", datasetGroupArn=group_arn)["datasets"]
    schema = account("DescribeDataset", datasetArn=held["datasetArn"])["dataset"]["schemaArn"]
    tracker_arn = account("CreateEventTracker", name="t", datasetGroupArn=group_arn)["eventTrackerArn"]
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'
    made = account("CreateFilter", name="f", datasetGroupArn=group_arn, filterExpression=expression)
    filter_arn = ready(account, made["filterArn"])
    training = account.version(base)

    def refused(operation: str, blocker: str, **params: str) -> None:
        with pytest.raises(InUseError, match=blocker):
            account(operation, **params)

    refused("DeleteSolution", arn, solutionArn=base)
    refused("DeleteDataset", "CREATE PENDING", datasetArn=held["datasetArn"])
    refused("DeleteSchema", held["datasetArn"], schemaArn=schema)
    refused("DeleteDatasetGroup", held["datasetArn"], datasetGroupArn=group_arn)
    account("DeleteCampaign", campaignArn=arn)
    refused("DeleteCampaign", "DELETE PENDING", campaignArn=arn)
    refused("DeleteFilter", "DELETE PENDING", filterArn=filter_arn)
    refused("DeleteSolution", "DELETE PENDING", solutionArn=base)
    account.clock.advance(50)  # neither the campaign nor the training is through
    refused("DeleteSolution", "DELETE IN_PROGRESS", solutionArn=base)
    account.clock.advance(51)
    assert account.status("SolutionVersion", training) == "ACTIVE"
    account("DeleteSolution", solutionArn=base)
    refused("DeleteDatasetGroup", "event-tracker|solution", datasetGroupArn=group_arn)
    account("DeleteEventTracker", eventTrackerArn=tracker_arn)
    account("DeleteFilter", filterArn=filter_arn)
    account.clock.advance(101)
    with pytest.raises(NotFoundError):
        account("DescribeSolutionVersion", solutionVersionArn=version_arn)
    refused("DeleteSchema", "in use", schemaArn=schema)
    account("DeleteDataset", datasetArn=held["datasetArn"])
    refused("DeleteDatasetGroup", "DELETE PENDING", datasetGroupArn=group_arn)
    account.clock.advance(101)
    account("DeleteSchema", schemaArn=schema)
    account("DeleteDatasetGroup", datasetGroupArn=group_arn)
    with pytest.raises(InUseError, match="DELETE PENDING"):
        account("CreateEventTracker", name="t", datasetGroupArn=group_arn)
    account.clock.advance(101)
    assert account("ListDatasetGroups")["datasetGroups"] == []


def test_a_campaign_follows_the_latest_version_by_name() -> None:
    account = Account(durations={"Campaign": {"update": 100}})
    base = account.solution(trained_group(account, items=False), "aws-popularity-count")
    with pytest.raises(InvalidInputError, match="no ACTIVE version"):
        account.campaign(f"{base}/$LATEST")
    version_arn = account.version(base)
    config = {"syncWithLatestSolutionVersion": True}
    with pytest.raises(InvalidInputError, match="LATEST"):
        account.campaign(version_arn, campaignConfig=config)
    arn = account.campaign(f"{base}/$LATEST", campaignConfig=config)
    assert account("DescribeCampaign", campaignArn=arn)["campaign"]["solutionVersionArn"] == version_arn
    newer, newest = account.version(base), account.version(base)
    shown = account("DescribeCampaign", campaignArn=arn)["campaign"]
    assert shown["solutionVersionArn"] == version_arn
    assert shown["latestCampaignUpdate"]["solutionVersionArn"] == newer
    account.clock.advance(100)
    assert account("DescribeCampaign", campaignArn=arn)["campaign"]["solutionVersionArn"] == newer
    account.clock.advance(100)
    assert account("DescribeCampaign", campaignArn=arn)["campaign"]["solutionVersionArn"] == newest
