"""Actions and action interactions: schemas, imports, and records put one by one."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from local.personalize.errors import InUseError, InvalidInputError, NotFoundError
from tests.local.personalize_account import INTERACTIONS, Account

ACTIONS: list[dict[str, Any]] = [
    {"name": "ACTION_ID", "type": "string"},
    {"name": "VALUE", "type": ["null", "long"]},
    {"name": "MEMBERSHIP_LEVEL", "type": ["null", "string"], "categorical": True},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
    {"name": "REPEAT_FREQUENCY", "type": ["long", "null"]},
]
ACTION_INTERACTIONS: list[dict[str, Any]] = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ACTION_ID", "type": "string"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "NUMBER_OF_ACTIONS", "type": ["null", "int"]},
]
HEADER = "ACTION_ID,VALUE,MEMBERSHIP_LEVEL,CREATION_TIMESTAMP,REPEAT_FREQUENCY\n"
EVENTS = "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP,NUMBER_OF_ACTIONS\n"
NOW = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


class Actions:
    """A dataset group with both datasets."""

    def __init__(self) -> None:
        self.account = Account()
        self.group = self.account.group()
        self.actions = self.account.dataset(self.group, "Actions", ACTIONS)
        self.schema = self.account.schema("ActionInteractions", ACTION_INTERACTIONS)
        self.events = str(
            self.account(
                "CreateDataset",
                name="events",
                datasetGroupArn=self.group,
                schemaArn=self.schema,
                datasetType="Action_Interactions",
            )["datasetArn"]
        )

    @property
    def tracking(self) -> str:
        return str(self.account("DescribeDataset", datasetArn=self.events)["dataset"]["trackingId"])

    def record(self, **event: Any) -> None:
        given = {"actionId": "1", "userId": "u", "sessionId": "s", "timestamp": NOW, "eventType": "Viewed", **event}
        wanted = {key: value for key, value in given.items() if value is not None}
        self.account.events("PutActionInteractions", trackingId=self.tracking, actionInteractions=[wanted])

    def rows(self, dataset: str) -> Any:
        return self.account.service.world.state.tables[dataset].snapshot().frame()


@pytest.fixture
def made() -> Actions:
    return Actions()


def test_both_are_imported(made: Actions) -> None:
    text = HEADER + "1,10,Deluxe|Premium,1510003267,7\n2,,,1580003267,\n1,5,Basic,1510003267,7\n"
    assert made.account.import_(made.actions, made.account.put("b/a.csv", text), "a")["status"] == "ACTIVE"
    frame = made.rows(made.actions).set_index("ACTION_ID")
    assert frame["VALUE"].fillna(0).to_dict() == {"2": 0, "1": 5}  # an action has one record, the last
    assert frame.loc["2", ["MEMBERSHIP_LEVEL", "REPEAT_FREQUENCY"]].isna().all()
    text = EVENTS + "35,73,Viewed,1586731606,\n35,73,Viewed,1586731606,\n54,35,Not taken,1586731609,2\n9,1,TAKEN,1,3\n"
    assert made.account.import_(made.events, made.account.put("b/e.csv", text), "e")["status"] == "ACTIVE"
    assert len(made.rows(made.events)) == 3  # rows that are the same are one, and there is no least number


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,11,Basic,1510003267,7", "line 2, column VALUE: '11' must be between 1 and 10"),
        ("1,5,Basic,1510003267,31", "line 2, column REPEAT_FREQUENCY: '31' must be between 0 and 30"),
        ("1,5,Basic,1510003267000,3", "column CREATION_TIMESTAMP: '1510003267000' is in milliseconds"),
        (f"{'1' * 257},5,Basic,1510003267,3", "Length cannot be more than 256 characters for ACTION_ID"),
        (f"1,5,{'x' * 1001},1510003267,3", "Length cannot be more than 1000 characters for MEMBERSHIP_LEVEL"),
    ],
)
def test_bad_actions(made: Actions, row: str, reason: str) -> None:
    job = made.account.import_(made.actions, made.account.put("b/a.csv", HEADER + row + "\n"), "a")
    assert job["status"] == "CREATE FAILED"
    assert reason in job["failureReason"]


def test_an_action_is_taken_or_not_or_viewed(made: Actions) -> None:
    text = EVENTS + "1,1,Taken,1586731606,\n1,1,Clicked,1586731606,\n"
    job = made.account.import_(made.events, made.account.put("b/e.csv", text), "e")
    assert "line 3, column EVENT_TYPE: 'Clicked' must be one of Taken, Not Taken, Viewed" in job["failureReason"]
    with pytest.raises(InvalidInputError, match="EVENT_TYPE must be one of Taken, Not Taken, Viewed"):
        made.record(eventType="Clicked")


def test_actions_are_put_one_by_one(made: Actions) -> None:
    location = made.account.put("b/a.csv", HEADER + "1,10,Deluxe,1510003267,7\n")
    made.account.import_(made.actions, location, "a1")
    properties = json.dumps({"value": "3", "membershipLevel": "Basic|Deluxe", "creationTimestamp": 1580003267})
    put = {"actionId": "1", "properties": properties}
    made.account.events("PutActions", datasetArn=made.actions, actions=[put, {**put, "actionId": "2"}])
    table = made.account.service.world.state.tables[made.actions]
    assert table.indexed()["VALUE"].to_dict() == {"1": 3, "2": 3}
    made.account.import_(made.actions, location, "a2")  # bulk data is apart: what was put is newer still
    assert table.indexed().loc["1", "MEMBERSHIP_LEVEL"] == "Basic|Deluxe"


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"value": 11, "creationTimestamp": 1}, "VALUE must be between 1 and 10"),
        ({"value": "high", "creationTimestamp": 1}, "VALUE must be of type long, and is 'high'"),
        ({"value": 10**30, "creationTimestamp": 1}, "VALUE must be of type long"),
        ({"value": 1}, "CREATION_TIMESTAMP must be given"),
        ({"membershipLevel": "x" * 1001, "creationTimestamp": 1}, "more than 1000 characters for MEMBERSHIP_LEVEL"),
    ],
)
def test_bad_actions_put_one_by_one(made: Actions, properties: dict[str, Any], message: str) -> None:
    action = {"actionId": "1", "properties": json.dumps(properties)}
    with pytest.raises(InvalidInputError, match=message):
        made.account.events("PutActions", datasetArn=made.actions, actions=[action])
    assert made.account.service.world.state.tables[made.actions].empty


def test_action_interactions_are_put_one_by_one(made: Actions) -> None:
    for _ in range(2):
        made.record(eventId="once", eventType="NOT_TAKEN", properties=json.dumps({"numberOfActions": "12"}))
    made.record(userId=None)
    frame = made.rows(made.events)
    assert frame["EVENT_TYPE"].tolist() == ["NOT_TAKEN", "Viewed"]
    assert frame["USER_ID"].tolist() == ["u", "s"]
    assert frame["NUMBER_OF_ACTIONS"].iloc[0] == 12
    assert frame["TIMESTAMP"].tolist() == [int(NOW.timestamp())] * 2


def test_action_interactions_need_the_datasets_own_tracker(made: Actions) -> None:
    made.account.dataset(made.group, "Interactions", INTERACTIONS)
    tracker = made.account("CreateEventTracker", name="t", datasetGroupArn=made.group)["trackingId"]
    event = {"actionId": "1", "sessionId": "s", "timestamp": NOW, "eventType": "Viewed"}
    with pytest.raises(NotFoundError, match="no Action interactions dataset with the tracking ID"):
        made.account.events("PutActionInteractions", trackingId=tracker, actionInteractions=[event])
    with pytest.raises(InvalidInputError, match="can't hold UserId"):
        made.record(properties='{"UserId": "x"}')
    with pytest.raises(InvalidInputError, match="holds ACTIONS, not ITEMS"):
        made.account.events("PutItems", datasetArn=made.actions, items=[{"itemId": "1"}])


def test_a_dataset_that_is_still_made_takes_no_events() -> None:
    account = Account(durations={"Dataset": {"create": 100}})
    schema = account.schema("ActionInteractions", ACTION_INTERACTIONS)
    wanted = {"name": "d", "datasetGroupArn": account.group(), "schemaArn": schema}
    arn = account("CreateDataset", datasetType="Action_Interactions", **wanted)["datasetArn"]
    tracking = account("DescribeDataset", datasetArn=arn)["dataset"]["trackingId"]
    event = {"actionId": "1", "sessionId": "s", "timestamp": NOW, "eventType": "Viewed"}
    with pytest.raises(InUseError, match="is CREATE PENDING, and must be ACTIVE"):
        account.events("PutActionInteractions", trackingId=tracking, actionInteractions=[event])


def test_next_best_action_is_not_for_domains(made: Actions) -> None:
    with pytest.raises(InvalidInputError, match="a Domain dataset group can't have ACTIONS datasets"):
        made.account.schema("Actions-2", ACTIONS, domain="ECOMMERCE")
    shop = made.account.group("shop", domain="ECOMMERCE")
    with pytest.raises(InvalidInputError, match=r"domain \(none\) is not the dataset group's \(ECOMMERCE\)"):
        made.account(
            "CreateDataset",
            name="d",
            datasetGroupArn=shop,
            schemaArn=made.schema,
            datasetType="Action_Interactions",
        )
    for dataset in (made.actions, made.events):
        output = {"s3DataDestination": {"path": "s3://b/out/"}}
        role = "arn:aws:iam::123456789012:role/r"
        with pytest.raises(InvalidInputError, match="can't be exported"):
            made.account("CreateDatasetExportJob", jobName="x", datasetArn=dataset, roleArn=role, jobOutput=output)
