"""The gateway speaks Personalize's protocols as botocore's models say, and leaves the rest to ministack."""

from __future__ import annotations

import json
from typing import Any

import pytest
import urllib3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from local.account import LocalAccount
from tests.local.support import SCHEMA, signed, unique

EVENT = b'{"trackingId": "t", "sessionId": "s", "eventList": [{"eventType": "watch", %s}]}'
NESTED = b"[" * 900 + b"]" * 900


def error_of(raised: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_dataset_group_lives_and_dies(account: LocalAccount) -> None:
    personalize = account.session().client("personalize")
    name = unique("group")
    arn = personalize.create_dataset_group(name=name)["datasetGroupArn"]
    assert arn == f"arn:aws:personalize:eu-west-1:123456789012:dataset-group/{name}"
    group = personalize.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
    assert (group["name"], group["status"]) == (name, "ACTIVE")
    assert group["creationDateTime"].tzinfo is not None
    personalize.delete_dataset_group(datasetGroupArn=arn)
    with pytest.raises(personalize.exceptions.ResourceNotFoundException):
        personalize.describe_dataset_group(datasetGroupArn=arn)


def test_accounts_and_regions_are_apart(account: LocalAccount) -> None:
    name = unique("group")
    account.session().client("personalize").create_dataset_group(name=name)
    elsewhere = account.session().client("personalize", region_name="us-east-1").list_dataset_groups()
    assert name not in [group["name"] for group in elsewhere["datasetGroups"]]


def test_errors_are_the_services_own(account: LocalAccount) -> None:
    personalize = account.session().client("personalize")
    name = unique("schema")
    personalize.create_schema(name=name, schema=json.dumps(SCHEMA))
    with pytest.raises(ClientError) as raised:
        personalize.create_schema(name=name, schema=json.dumps(SCHEMA))
    assert error_of(raised) == ("ResourceAlreadyExistsException", 400)


def test_the_data_planes_answer_with_their_status(account: LocalAccount) -> None:
    session = account.session()
    campaign = "arn:aws:personalize:eu-west-1:123456789012:campaign/none"
    with pytest.raises(ClientError) as raised:
        session.client("personalize-runtime").get_recommendations(campaignArn=campaign, userId="1")
    assert error_of(raised) == ("ResourceNotFoundException", 404)
    with pytest.raises(ClientError) as raised:
        session.client("personalize-events").put_events(
            trackingId="none", sessionId="1", eventList=[{"eventType": "watch", "sentAt": "2026-11-23T00:00:00Z"}]
        )
    assert error_of(raised) in [("ResourceNotFoundException", 404), ("InvalidInputException", 400)]


@pytest.mark.parametrize(
    ("path", "target", "body", "code"),
    [
        ("/", "AmazonPersonalize.MakeCoffee", b"{}", "UnknownOperationException"),
        ("/nowhere", None, b"{}", "UnknownOperationException"),
        ("/", "AmazonPersonalize.ListSchemas", b"{", "SerializationException"),
        ("/", "AmazonPersonalize.ListSchemas", b"[]", "SerializationException"),
        ("/", "AmazonPersonalize.ListSchemas", b'{"maxResults": "many"}', "InvalidInputException"),
        ("/events", None, b'{"trackingId": 7}', "InvalidInputException"),
        ("/", "AmazonPersonalize.ListSchemas", b"[" * 100_000, "SerializationException"),
        (
            "/",
            "AmazonPersonalize.ListSchemas",
            b'{"nextToken": ' + b"[" * 900 + b"]" * 900 + b"}",
            "SerializationException",
        ),
        ("/", "AmazonPersonalize.ListSchemas", b'{"maxResults": NaN}', "SerializationException"),
        *(
            ("/events", None, EVENT % value, code)
            for value, code in (
                (b'"sentAt": 1764000000000', "InvalidInputException"),  # milliseconds
                (b'"sentAt": 1e300', "InvalidInputException"),
                (b'"sentAt": -1e12', "InvalidInputException"),
                (b'"sentAt": 1e999', "InvalidInputException"),
                (b'"sentAt": true', "InvalidInputException"),
                (b'"sentAt": NaN', "SerializationException"),
                (b'"sentAt": 1, "eventValue": 1e999', "InvalidInputException"),
                (b'"sentAt": 1, "eventValue": -Infinity', "SerializationException"),
            )
        ),
    ],
)
def test_what_cannot_be_understood_is_refused(
    account: LocalAccount, path: str, target: str | None, body: bytes, code: str
) -> None:
    answer = signed(account, "personalize", path, body, {"x-amz-target": target} if target else {})
    assert (answer.status, answer.json()["__type"]) == (400, code)
    if b'"sentAt": 1764' in body:
        assert answer.json()["message"] == (
            "1 validation error detected: Value '1764000000000' at 'eventList.1.member.sentAt' "
            "failed to satisfy constraint: Member must be of type timestamp"
        )


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("personalize", "list_dataset_groups", {}),
        ("personalize-runtime", "get_recommendations", {"campaignArn": "arn:aws:x", "userId": "1"}),
        ("personalize-runtime", "get_personalized_ranking", {"campaignArn": "a", "userId": "1", "inputList": ["1"]}),
        ("personalize-events", "put_users", {"datasetArn": "arn:aws:x", "users": [{"userId": "1"}]}),
    ],
)
def test_a_call_that_nobody_signed_is_refused(
    account: LocalAccount, service: Any, operation: str, params: dict[str, Any]
) -> None:
    client: Any = account.session().client(service, config=Config(signature_version=UNSIGNED))
    with pytest.raises(ClientError, match="Missing Authentication Token") as raised:
        getattr(client, operation)(**params)
    assert error_of(raised) == ("MissingAuthenticationTokenException", 403)


def test_what_is_no_signature_is_told(account: LocalAccount) -> None:
    headers = {"authorization": "Bearer me", "content-type": "application/json"}
    answer = urllib3.request("POST", f"{account.endpoint}/recommendations", headers=headers, body=b"{}")
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "IncompleteSignatureException")


def test_a_bucket_may_be_named_as_a_path_of_personalize(account: LocalAccount) -> None:
    s3 = account.session().client("s3")
    s3.create_bucket(Bucket="events", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    form = s3.generate_presigned_post("events", "a.txt")["fields"] | {"file": ("a.txt", b"text")}
    answer = urllib3.request("POST", f"{account.endpoint}/events", fields=form)
    assert answer.status == 204
    assert s3.get_object(Bucket="events", Key="a.txt")["Body"].read() == b"text"


def test_everything_else_is_ministacks(account: LocalAccount) -> None:
    session = account.session()
    bucket = unique("bucket")
    s3 = session.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="a/b c.csv", Body=b"x" * 100_000)
    assert s3.get_object(Bucket=bucket, Key="a/b c.csv")["Body"].read() == b"x" * 100_000
    assert session.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_only_loopback_listens(account: LocalAccount) -> None:
    port = f":{account.settings.port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: PTH123 - not a file on a disk
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    assert [address for address in listening if address.endswith(port)] == [f"0100007F{port}"]
