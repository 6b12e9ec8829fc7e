"""Steering Personalize over HTTP: the same as in process, for any client, without credentials."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.account import LocalAccount
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
    for body, content_type in ((b"{}", "text/plain"), (b"{", "application/json"), (b"[]", "application/json")):
        answer = urllib3.request("POST", url, body=body, headers={"content-type": content_type})
        assert (answer.status, list(answer.json())) == (400, ["message"])


def test_it_is_open_where_iam_is_enforced(guarded: LocalAccount) -> None:
    assert guarded.control.settings()["clock"]["frozen"] is False
