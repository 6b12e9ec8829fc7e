"""Events and records that are put one by one, in all the spellings that the service takes."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

import pytest

from tests.local.personalize_account import INTERACTIONS, ITEMS, Account, column, taste_data

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
CONTEXT = [
    *INTERACTIONS,
    column("device_type", ["null", "string"], categorical=True),
    column("SESSION_ID", ["null", "string"]),
]


class Shop:
    """An account with an event tracker."""

    def __init__(self, fields: list[dict[str, Any]] | None = None) -> None:
        self.account = Account()
        self.group = self.account.group()
        self.dataset = self.account.dataset(self.group, "Interactions", fields or CONTEXT)
        self.tracking = self.account("CreateEventTracker", name="t", datasetGroupArn=self.group)["trackingId"]

    def put(self, user: str | None = "u", session: str = "s", **event: Any) -> None:
        properties = event.pop("properties", None)
        told = {"eventType": "watch", "sentAt": NOW, **event}
        told |= {"properties": json.dumps(properties)} if properties is not None else {}
        known = {"userId": user} if user else {}
        self.account.events("PutEvents", trackingId=self.tracking, sessionId=session, **known, eventList=[told])

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self.account.service.world.state.tables[self.dataset].since(0)]


@pytest.mark.parametrize(
    "name", ["device_type", "deviceType", "DEVICE_TYPE", "DeviceType", "DEVICETYPE", "device type"]
)
def test_a_property_is_told_from_others_by_its_letters_alone(name: str) -> None:
    shop = Shop()
    shop.put(itemId="i", properties={name: "phone"})
    assert [row["device_type"] for row in shop.rows] == ["phone"]


@pytest.mark.parametrize(
    ("event", "item", "value"),
    [
        ({"properties": {"itemId": "i1", "eventValue": "4.5"}}, "i1", 4.5),
        ({"properties": {"ITEM_ID": "i1", "event_value": 4}}, "i1", 4.0),
        ({"itemId": "i2", "eventValue": 1.0, "properties": {"itemId": "i1", "eventValue": 3}}, "i2", 1.0),
        ({"itemId": "i2", "properties": {"eventValue": "2"}}, "i2", 2.0),
        ({"itemId": "i2"}, "i2", None),
    ],
)
def test_item_and_value_may_stand_among_the_properties(event: dict[str, Any], item: str, value: float | None) -> None:
    shop = Shop()
    shop.put(**event)
    (row,) = shop.rows
    assert (row["ITEM_ID"], row.get("EVENT_VALUE")) == (item, value)


def test_the_session_fills_a_column_of_its_name() -> None:
    shop = Shop()
    shop.put(session="visit", itemId="i")
    assert [row["SESSION_ID"] for row in shop.rows] == ["visit"]


def test_what_matches_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    shop = Shop()
    with caplog.at_level(logging.WARNING):
        shop.put(itemId="i", properties={"colour": "red", "deviceType": "phone", "size": None})
        shop.put(properties={"deviceType": "phone"})
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "the schema of INTERACTIONS has no columns for COLOUR: not kept",
        "an event of the type watch names no item, and is not kept",
    ]
    assert len(shop.rows) == 1


def test_properties_of_items_are_read_by_the_same_rule(caplog: pytest.LogCaptureFixture) -> None:
    account = Account()
    dataset = account.dataset(account.group(), "Items", ITEMS)
    with caplog.at_level(logging.WARNING):
        properties = json.dumps({"Genres": "x", "price": 1, "shelf": 3})
        account.events("PutItems", datasetArn=dataset, items=[{"itemId": "i", "properties": properties}])
    (row,) = account.service.world.state.tables[dataset].since(0)
    assert row == {"ITEM_ID": "i", "GENRES": "x", "PRICE": 1.0}
    assert [record.getMessage() for record in caplog.records] == [
        "the schema of ITEMS has no columns for SHELF: not kept"
    ]


def test_events_that_are_the_same_in_all_count_once() -> None:
    shop = Shop()
    for _ in range(3):
        shop.put(itemId="i", properties={"deviceType": "phone"})
    shop.put(itemId="i", properties={"deviceType": "tv"})
    frame = shop.account.service.world.state.tables[shop.dataset].snapshot().frame()
    assert sorted(frame["device_type"]) == ["phone", "tv"]


def test_a_session_and_its_user_come_together_at_the_next_full_training() -> None:
    shop = Shop(INTERACTIONS)
    data = shop.account.put("b/i.csv", taste_data())
    assert shop.account.import_(shop.dataset, data, "i")["status"] == "ACTIVE"
    for item in ("i1", "i3"):
        shop.put(None, "visit", itemId=item)
    shop.put(None, "another", itemId="i5")
    solution = shop.account.solution(shop.group, "aws-user-personalization")

    def trained() -> set[str]:
        version = shop.account.version(solution)
        assert shop.account.status("SolutionVersion", version) == "ACTIVE"
        return {str(each) for each in shop.account.service.world.state.trained[version].users}

    assert {"visit", "another"} <= trained()
    table = shop.account.service.world.state.tables[shop.dataset]
    shop.put("u9", "visit", itemId="i7")
    joined = table.snapshot().joined().frame()
    assert "visit" not in set(joined["USER_ID"])
    assert "another" in set(joined["USER_ID"])
    assert {"i1", "i3", "i7"} <= set(joined[joined["USER_ID"] == "u9"]["ITEM_ID"])
    assert "visit" in set(table.snapshot().frame()["USER_ID"]), "what was sent stays as it was sent"
    assert {"visit", "another", "u9"} & trained() == {"another", "u9"}
