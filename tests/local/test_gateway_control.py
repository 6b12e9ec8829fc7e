"""Steering Personalize over HTTP: the same as in process, for any client, without credentials."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.account import LocalAccount
from local.gateway.control import ControlSurface
from local.gateway.http import Request, Response
from local.gateway.keeper import Keeper
from local.gateway.personalize import Service
from local.personalize import Personalize
from local.personalize.control import Control
from local.personalize.errors import ControlError
from tests.local.support import unique

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def steered() -> Iterator[LocalAccount]:
    """Run an account of this file's own: its clock is moved."""
    with LocalAccount(durations='{"DatasetGroup": {"create": 600}}') as running:
        yield running


@pytest.fixture
def control(steered: LocalAccount) -> Control:
    """Steer the account, as new."""
    steered.control.reset()
    steered.control.run()
    return steered.control


def get(account: LocalAccount, path: str) -> tuple[int, Any]:
    answer = urllib3.request("GET", account.endpoint + path)
    return answer.status, answer.json()


def test_the_clock_moves_for_all_accounts_and_regions(steered: LocalAccount, control: Control) -> None:
    control.freeze()
    clients = [steered.session().client("personalize", region_name=region) for region in ("eu-west-1", "us-east-1")]
    arns = [each.create_dataset_group(name=unique("group"))["datasetGroupArn"] for each in clients]
    control.advance(300)
    for client, arn in zip(clients, arns, strict=True):
        shown = client.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
        assert shown["status"] == "CREATE IN_PROGRESS"
        assert (control.now() - shown["creationDateTime"]).total_seconds() == pytest.approx(300, abs=0.01)
    control.advance(300)
    for client, arn in zip(clients, arns, strict=True):
        assert client.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]["status"] == "ACTIVE"


def test_lives_run_by_themselves_after_the_clock_was_frozen(steered: LocalAccount, control: Control) -> None:
    control.freeze()
    arn = steered.session().client("personalize").create_dataset_group(name="thawed")["datasetGroupArn"]
    control.advance(599.5)
    assert control.timeline(arn)[-1] == "CREATE IN_PROGRESS"
    frozen = control.now()
    time.sleep(0.6)
    assert control.timeline(arn)[-1] == "CREATE IN_PROGRESS"
    control.run()
    time.sleep(0.6)
    (shown,) = control.resources(matching="thawed")
    assert shown["status"] == "ACTIVE"
    last = dt.datetime.fromisoformat(shown["timeline"][-1]["time"])
    assert last - frozen == dt.timedelta(seconds=0.5)


def test_calls_fail_as_ordered_and_sdks_try_again(steered: LocalAccount, control: Control) -> None:
    control.refuse_next("CreateSchema", "InternalServerException", "Sorry.")
    control.refuse_next("ListSchemas")
    client = steered.session().client("personalize")
    assert client.list_schemas()["ResponseMetadata"]["RetryAttempts"] == 1
    outcomes = [each["outcome"] for each in control.calls("ListSchemas")]
    assert outcomes == ["ThrottlingException", "OK"]
    with pytest.raises(ClientError) as raised:
        steered.session().client("personalize", config=ONCE).create_schema(name="s", schema="{}")
    assert raised.value.response["Error"] == {"Code": "InternalServerException", "Message": "Sorry."}
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("personalize", "list_recipes", {}),
        ("personalize-runtime", "get_recommendations", {"campaignArn": "arn:aws:personalize:::x", "userId": "1"}),
        (
            "personalize-events",
            "put_items",
            {"datasetArn": "arn:aws:personalize:::x", "items": [{"itemId": "1"}]},
        ),
    ],
)
def test_all_three_services_throttle(
    steered: LocalAccount, control: Control, service: Any, operation: str, params: dict[str, Any]
) -> None:
    control.freeze()
    control.set_rates({"*": 1})
    client = steered.session().client(service, config=ONCE)
    codes = []
    for _ in range(2):
        try:
            getattr(client, operation)(**params)
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    assert codes[-1] == "ThrottlingException"
    assert status == 400


def test_each_region_is_steered_by_itself(steered: LocalAccount, control: Control) -> None:
    elsewhere = steered.control_of(region="us-west-2")
    elsewhere.set_quotas({"dataset-groups": 0})
    steered.session().client("personalize").create_dataset_group(name=unique("group"))
    client = steered.session().client("personalize", region_name="us-west-2")
    with pytest.raises(client.exceptions.LimitExceededException):
        client.create_dataset_group(name=unique("group"))


def test_any_http_client_can_look(steered: LocalAccount, control: Control) -> None:
    status, commands = get(steered, "/_personalize/")
    assert status == 200
    assert commands["clock"]["method"] == "POST"
    assert commands["clock"]["arguments"] == {"advance": "float", "frozen": "bool | None"}
    steered.session().client("personalize").create_dataset_group(name="seen")
    status, found = get(steered, "/_personalize/resources?kind=DatasetGroup&matching=s*")
    assert [each["name"] for each in found] == ["seen"]
    assert get(steered, "/_personalize/calls?operation=CreateDatasetGroup")[1][0]["parameters"] == {"name": "seen"}
    assert get(steered, "/_personalize/calls?region=eu-north-1")[1] == []


def test_a_wrong_order_is_said(steered: LocalAccount, control: Control) -> None:
    assert get(steered, "/_personalize/explode")[0] == 404
    assert get(steered, "/_personalize/reset") == (405, {"message": "reset takes POST"})
    with pytest.raises(ControlError, match="no kind 'Campain'"):
        control.hang_next("Campain")
    url = f"{steered.endpoint}/_personalize/reset"
    for body, content_type in (
        (b"{}", "text/plain"),
        (b"{}", "text/plain; charset=json"),  # a page in a browser sends these three unasked
        (b"{}", "text/plain;application/json"),
        (b"{}", "application/x-www-form-urlencoded; json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"[" * 100_000, "application/json"),
    ):
        answer = urllib3.request("POST", url, body=body, headers={"content-type": content_type})
        assert (answer.status, list(answer.json())) == (400, ["message"])


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_taken_whatever_its_parameters(steered: LocalAccount, control: Control, content_type: str) -> None:
    url = f"{steered.endpoint}/_personalize/call-off"
    assert urllib3.request("POST", url, body=b"{}", headers={"content-type": content_type}).status == 200


@pytest.mark.parametrize(
    "whose",
    [
        {"account": "../../../outside", "region": "x"},
        {"account": "123456789012", "region": "/../../../../outside"},
        {"account": "123456789012", "region": ".."},
        {"account": "12345678901"},
        {"account": "\u0661" * 12},
        {"region": "eu-west-1\n"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_an_account_and_a_region_say_whose(tmp_path: Path, whose: dict[str, str], method: str) -> None:
    keeper = Keeper(tmp_path / "a" / "b" / "state", 4566)
    made = []

    def make(account: str, region: str) -> Service:
        made.append((account, region))
        service = Personalize(account=account, region=region)
        keeper.keep(account, region, service)
        return service

    answer = asked(ControlSurface(make, "123456789012", "eu-west-1"), method, "settings", whose)
    keeper.close()
    assert (answer.status, made) == (400, [])
    assert not list(tmp_path.rglob("outside*"))


def asked(surface: ControlSurface, method: str, command: str, query: dict[str, str]) -> Response:
    scope = {
        "type": "http",
        "method": method,
        "path": f"/_personalize/{command}",
        "query_string": urlencode(query).encode(),
        "headers": [(b"content-type", b"application/json")],
    }
    return asyncio.run(surface(Request(scope, b"{}")))


def test_it_is_open_where_iam_is_enforced(guarded: LocalAccount) -> None:
    assert guarded.control.settings()["clock"]["frozen"] is False
