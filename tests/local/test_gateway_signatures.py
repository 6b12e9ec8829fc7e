"""With AUTH, a request of an IAM user is taken only with the signature that the user's key makes of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from unittest.mock import patch

import pytest
import urllib3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import get_current_datetime
from botocore.config import Config
from botocore.credentials import Credentials

from local import account
from local.account import LocalAccount
from tests.local.support import allow, unique, user_with

FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Call:
    """A request that a user who may do all may send."""

    service: str
    path: str = "/"
    body: str = "{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


def target(name: str, kind: str = "1.1") -> dict[str, str]:
    return {"x-amz-target": name, "content-type": f"application/x-amz-json-{kind}"}


CALLS = {
    "personalize": Call("personalize", headers=target("AmazonPersonalize.ListSchemas")),
    "personalize-events": Call("personalize", "/events", json.dumps({"trackingId": "t", "sessionId": "s"})),
    "personalize-runtime": Call("personalize", "/recommendations", json.dumps({"campaignArn": "arn", "userId": "u"})),
    "cloudcontrol": Call(
        "cloudcontrolapi",
        "/",
        '{"TypeName": "AWS::Personalize::Schema"}',
        target("CloudApiService.ListResources", "1.0"),
    ),
    "cloudformation": Call(
        "cloudformation",
        body="Action=DescribeType&Version=2010-05-15&Type=RESOURCE&TypeName=AWS%3A%3APersonalize%3A%3ASchema",
        headers=FORM,
    ),
    "cloudwatch": Call("monitoring", body="Action=DescribeAlarms&Version=2010-08-01", headers=FORM),
    "iam": Call("iam", body="Action=ListUsers&Version=2010-05-08", headers=FORM),
    "sqs": Call("sqs", headers=target("AmazonSQS.ListQueues", "1.0")),
    "dynamodb": Call("dynamodb", headers=target("DynamoDB_20120810.ListTables", "1.0")),
    "lambda": Call("lambda", "/2015-03-31/functions", "", method="GET"),
    "s3": Call("s3", "/", "", method="GET"),
}
REFUSALS = (
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)


@pytest.fixture(scope="module")
def user(guarded: LocalAccount) -> Credentials:
    """Make a user who may do all."""
    keys = user_with(guarded, allow("*")).get_credentials()
    assert keys
    return Credentials(keys.access_key, keys.secret_key)


def send(
    served: LocalAccount, call: Call, keys: Credentials, body: str | None = None, ago: float = 0
) -> tuple[int, str]:
    """Send a signed call, with another body than the one that is signed, or as signed some seconds ago."""
    url = served.endpoint + call.path
    request = AWSRequest(call.method, url, headers=dict(call.headers), data=call.body.encode())
    request.context["client_config"] = Config(s3={"payload_signing_enabled": True})  # over TLS, too
    moment = get_current_datetime() - dt.timedelta(seconds=ago)
    with patch("botocore.auth.get_current_datetime", lambda: moment):
        (S3SigV4Auth if call.service == "s3" else SigV4Auth)(keys, call.service, "eu-west-1").add_auth(request)
    assert served.settings.tls
    with urllib3.PoolManager(ca_certs=str(served.settings.tls.authority), retries=False) as pool:
        sent = (call.body if body is None else body).encode()
        answer = pool.request(call.method, url, headers=dict(request.headers), body=sent)
        return answer.status, answer.data.decode()


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_taken_only_with_its_own_signature(guarded: LocalAccount, user: Credentials, name: str) -> None:
    call = CALLS[name]
    right = send(guarded, call, user)
    assert not any(code in right[1] for code in REFUSALS), right
    assert right[0] < 500
    wrong = {
        "another secret": send(guarded, call, Credentials(user.access_key, "x" * 40)),
        "a key that was made up": send(guarded, call, Credentials("AKIA" + "A" * 16, "x" * 40)),
        "a token that was made up": send(guarded, call, Credentials("ASIA" + "A" * 16, "x" * 40, "token")),
        "an hour ago": send(guarded, call, user, ago=3600),
    }
    if call.method == "POST":
        wrong["another body"] = send(guarded, call, user, body=call.body + " ")
        hashed = replace(call, headers={**call.headers, "x-amz-content-sha256": sha256(call.body.encode()).hexdigest()})
        assert send(guarded, hashed, user)[0] == right[0]  # as the SDK for JavaScript sends it
        wrong["another body than its hash"] = send(guarded, hashed, user, body=call.body + " ")
    for what, (status, text) in wrong.items():
        assert status in (400, 403), (what, status, text)
        assert any(code in text for code in REFUSALS), (what, text)


def test_another_objects_content_is_not_stored(guarded: LocalAccount, user: Credentials) -> None:
    bucket = unique("bucket")
    s3 = guarded.session().client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    call = Call("s3", f"/{bucket}/a.csv", "mine", method="PUT")
    status, text = send(guarded, call, user, body="your")
    assert (status, "SignatureDoesNotMatch" in text or "XAmzContentSHA256Mismatch" in text) in (
        (400, True),
        (403, True),
    )
    assert send(guarded, call, user)[0] == 200
    assert s3.get_object(Bucket=bucket, Key="a.csv")["Body"].read() == b"mine"


@pytest.mark.parametrize("change", [("X-Amz-Signature=", "X-Amz-Signature=0"), ("a.csv", "b.csv"), ("900", "901")])
def test_a_presigned_url_is_as_it_was_signed(guarded: LocalAccount, user: Credentials, change: tuple[str, str]) -> None:
    bucket = unique("bucket")
    s3 = guarded.session().client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for key in ("a.csv", "b.csv"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"data")
    mine = guarded.session(account.Credentials(user.access_key, user.secret_key)).client(
        "s3", config=Config(signature_version="s3v4")
    )
    url = mine.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a.csv"}, ExpiresIn=900)
    assert guarded.settings.tls
    with urllib3.PoolManager(ca_certs=str(guarded.settings.tls.authority)) as pool:
        assert pool.request("GET", url).status == 200
        assert pool.request("GET", url.replace(*change)).status == 403


def test_roots_key_is_not_verified_as_the_readme_says(guarded: LocalAccount) -> None:
    status, _ = send(guarded, CALLS["iam"], Credentials(guarded.settings.account, "anything"))
    assert status == 200
