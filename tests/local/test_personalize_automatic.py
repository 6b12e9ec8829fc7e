"""Solutions that train by themselves: when, why, and what follows."""

from __future__ import annotations

import datetime as dt

import pytest

from local.personalize.errors import InvalidInputError
from tests.local.personalize_account import Account, taste_data, trained_group
from tests.local.personalize_prepared import ACTION_INTERACTIONS, ACTIONS

HOUR, DAY = 3600.0, 86_400.0
ACTION_CSV = "ACTION_ID,VALUE,CHANNEL\na1,1,mail\na2,2,mail\n"


def versions(account: Account, solution: str) -> list[dict[str, object]]:
    return list(account("ListSolutionVersions", solutionArn=solution)["solutionVersions"])


def tracker(account: Account, group: str) -> str:
    return str(account("CreateEventTracker", name="t", datasetGroupArn=group)["trackingId"])


def event(account: Account, tracking: str) -> None:
    sent = {"eventType": "watch", "itemId": "i1", "sentAt": account.clock.now}
    account.events("PutEvents", trackingId=tracking, sessionId="s", userId="u1", eventList=[sent])


def test_a_solution_trains_within_an_hour_and_then_every_week_if_events_came_in() -> None:
    account = Account(durations={"SolutionVersion": {"create": 600}})
    group = trained_group(account, items=False)
    tracking = tracker(account, group)
    born = account.clock.now
    solution = account.solution(group, "aws-popularity-count", performAutoTraining=True)
    account.clock.advance(HOUR - 1)
    assert versions(account, solution) == []
    account.clock.advance(601)
    (first,) = versions(account, solution)
    assert first["creationDateTime"] == born + dt.timedelta(hours=1)
    assert (first["trainingType"], first["trainingMode"], first["status"]) == ("AUTOMATIC", "FULL", "ACTIVE")
    account.clock.advance(7 * DAY)
    assert len(versions(account, solution)) == 1, "nothing is new"
    event(account, tracking)
    account.clock.advance(7 * DAY)
    _, second = versions(account, solution)
    assert second["creationDateTime"] == born + dt.timedelta(days=14, hours=1)
    account.clock.advance(70 * DAY)
    assert len(versions(account, solution)) == 2


def test_imports_are_news_too_and_the_schedule_counts_from_the_beginning_of_a_training() -> None:
    account = Account(durations={"SolutionVersion": {"create": 600}})
    group = trained_group(account, items=False)
    config = {"autoTrainingConfig": {"schedulingExpression": "rate(1 day)"}}
    solution = account.solution(group, "aws-popularity-count", performAutoTraining=True, solutionConfig=config)
    account.clock.advance(HOUR)
    assert len(versions(account, solution)) == 1
    (dataset,) = account("ListDatasets", datasetGroupArn=group)["datasets"]
    account.import_(dataset["datasetArn"], account.put("b/2.csv", taste_data()), "again")
    account.clock.advance(DAY - 1)
    assert len(versions(account, solution)) == 1
    account.clock.advance(1)
    assert len(versions(account, solution)) == 2


def test_a_version_by_hand_within_the_hour_stands_for_the_first_training() -> None:
    account = Account()
    group = trained_group(account, items=False)
    tracking = tracker(account, group)
    solution = account.solution(group, "aws-popularity-count", performAutoTraining=True)
    account.clock.advance(HOUR / 2)
    account.version(solution)
    event(account, tracking)
    account.clock.advance(7 * DAY - 1)
    assert [each["trainingType"] for each in versions(account, solution)] == ["MANUAL"]
    account.clock.advance(1)
    assert [each["trainingType"] for each in versions(account, solution)] == ["MANUAL", "AUTOMATIC"]


def test_an_update_turns_it_on_and_off_and_changes_how_often() -> None:
    account = Account(durations={"Solution": {"update": 100}})
    group = trained_group(account, items=False)
    tracking = tracker(account, group)
    solution = account.solution(group, "aws-popularity-count")
    account.clock.advance(30 * DAY)
    assert versions(account, solution) == []
    account("UpdateSolution", solutionArn=solution, performAutoTraining=True)
    account.clock.advance(100 + HOUR)
    assert len(versions(account, solution)) == 1
    event(account, tracking)
    config = {"autoTrainingConfig": {"schedulingExpression": "rate(2 days)"}}
    account("UpdateSolution", solutionArn=solution, solutionUpdateConfig=config)
    account.clock.advance(2 * DAY)
    assert len(versions(account, solution)) == 2
    event(account, tracking)
    account("UpdateSolution", solutionArn=solution, performAutoTraining=False)
    account.clock.advance(90 * DAY)
    assert len(versions(account, solution)) == 2


def test_other_updates_leave_the_schedule_as_it_is() -> None:
    account = Account()
    group = trained_group(account, items=False)
    tracking = tracker(account, group)
    solution = account.solution(group, "aws-popularity-count", performAutoTraining=True)
    account.clock.advance(HOUR + 10 * DAY)
    event(account, tracking)
    account("UpdateSolution", solutionArn=solution, performAutoTraining=True)
    account.clock.advance(4 * DAY - 1)
    assert len(versions(account, solution)) == 1
    account.clock.advance(1)
    assert len(versions(account, solution)) == 2


def test_a_campaign_follows_what_a_solution_trains_by_itself() -> None:
    account = Account(durations={"SolutionVersion": {"create": 600}, "Campaign": {"update": 100}})
    group = trained_group(account, items=False)
    tracking = tracker(account, group)
    solution = account.solution(group, "aws-popularity-count", performAutoTraining=True)
    account.clock.advance(HOUR + 600)
    campaign = account.campaign(f"{solution}/$LATEST", campaignConfig={"syncWithLatestSolutionVersion": True})
    event(account, tracking)
    account.clock.advance(30 * DAY)
    newest = versions(account, solution)[-1]
    shown = account("DescribeCampaign", campaignArn=campaign)["campaign"]
    assert shown["solutionVersionArn"] == newest["solutionVersionArn"]
    began = shown["latestCampaignUpdate"]["creationDateTime"]
    assert began == newest["lastUpdatedDateTime"], "it began when the version was done, whenever somebody looks"


def test_a_failed_training_is_tried_again_and_one_without_data_is_not_begun() -> None:
    account = Account()
    empty = account.group("empty")
    idle = account.solution(empty, "aws-popularity-count", "idle", performAutoTraining=True)
    solution = account.solution(trained_group(account, items=False), "aws-popularity-count", performAutoTraining=True)
    account.service.control.fail_next("SolutionVersion", "No capacity.")
    account.clock.advance(HOUR)
    assert [each["status"] for each in versions(account, solution)] == ["CREATE FAILED"]
    account.clock.advance(7 * DAY)
    assert [each["status"] for each in versions(account, solution)] == ["CREATE FAILED", "ACTIVE"]
    assert versions(account, idle) == []


def test_action_interactions_are_news_for_next_best_action() -> None:
    account = Account()
    group = trained_group(account, items=False)
    account.import_(account.dataset(group, "Actions", ACTIONS), account.put("b/a.csv", ACTION_CSV), "a")
    taken = account.dataset(group, "Action_Interactions", ACTION_INTERACTIONS)
    popular = account.solution(group, "aws-popularity-count", performAutoTraining=True)
    actions = account.solution(group, "aws-next-best-action", performAutoTraining=True)
    account.clock.advance(HOUR)
    assert [len(versions(account, each)) for each in (popular, actions)] == [1, 1]
    tracking = account("DescribeDataset", datasetArn=taken)["dataset"]["trackingId"]
    event = {"actionId": "a1", "userId": "u1", "sessionId": "s", "eventType": "Taken", "timestamp": account.clock.now}
    account.events("PutActionInteractions", trackingId=tracking, actionInteractions=[event])
    account.clock.advance(7 * DAY)
    assert [len(versions(account, each)) for each in (popular, actions)] == [1, 2]


def test_a_deleted_solution_trains_no_more() -> None:
    account = Account()
    solution = account.solution(trained_group(account, items=False), "aws-popularity-count", performAutoTraining=True)
    account("DeleteSolution", solutionArn=solution)
    account.clock.advance(DAY)
    assert account("ListSolutionVersions")["solutionVersions"] == []


@pytest.mark.parametrize("days", ["0 days", "31 days"])
def test_a_frequency_is_one_to_thirty_days(days: str) -> None:
    account = Account()
    config = {"autoTrainingConfig": {"schedulingExpression": f"rate({days})"}}
    with pytest.raises(InvalidInputError, match=r"between rate\(1 day\) and rate\(30 days\)"):
        account.solution(account.group(), "aws-sims", solutionConfig=config)
    solution = account.solution(account("ListDatasetGroups")["datasetGroups"][0]["datasetGroupArn"], "aws-sims")
    with pytest.raises(InvalidInputError, match="between"):
        account("UpdateSolution", solutionArn=solution, solutionUpdateConfig=config)


def test_incremental_updates_are_for_semantic_similarity() -> None:
    account = Account()
    group = account.group()
    with pytest.raises(InvalidInputError, match="only for aws-semantic-similarity"):
        account.solution(group, "aws-user-personalization-v2", performIncrementalUpdate=True)
    solution = account.solution(group, "aws-semantic-similarity", performIncrementalUpdate=True)
    assert account("DescribeSolution", solutionArn=solution)["solution"]["performIncrementalUpdate"] is True
    account("UpdateSolution", solutionArn=solution, performIncrementalUpdate=False)
    assert account("DescribeSolution", solutionArn=solution)["solution"]["performIncrementalUpdate"] is False
