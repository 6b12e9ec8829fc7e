"""Personalize reads and writes S3 as the role of the job, if the role and the bucket's policy let it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local.account import LocalAccount
from tests.local.support import (
    allow,
    make_data_bucket,
    make_service_role,
    set_bucket_policy,
    trust,
    unique,
    wait,
)

READING, WRITING = ("s3:GetObject", "s3:ListBucket"), ("s3:PutObject", "s3:ListBucket")
ENDED = {"ACTIVE", "CREATE FAILED"}
PERSONALIZE = "personalize.amazonaws.com"
FIELDS = [{"name": "ITEM_ID", "type": "string"}, {"name": "GENRES", "type": "string", "categorical": True}]
SCHEMA = {"type": "record", "name": "Items", "namespace": "com.amazonaws.personalize.schema", "fields": FIELDS}
GUIDE = "https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-s3-access.html"


class Catalogue:
    """A dataset of items, and what is done with it."""

    def __init__(self, session: boto3.Session) -> None:
        self.session, self.client = session, session.client("personalize")
        name = unique("s3")
        self.group = self.client.create_dataset_group(name=name)["datasetGroupArn"]
        self.schema = self.client.create_schema(name=name, schema=json.dumps(SCHEMA))["schemaArn"]
        self.dataset = self.client.create_dataset(
            name=name, datasetGroupArn=self.group, datasetType="Items", schemaArn=self.schema
        )["datasetArn"]

    def put(self, bucket: str, key: str = "in/items.csv") -> str:
        self.session.client("s3").put_object(Bucket=bucket, Key=key, Body=b"ITEM_ID,GENRES\na,x|y\n")
        return f"s3://{bucket}/in/"

    def import_(self, bucket: str, role: str | None) -> str:
        """Import, and return why it was refused or failed; nothing if it was not."""
        named: dict[str, Any] = {"roleArn": role} if role else {}
        source: Any = {"dataLocation": f"s3://{bucket}/in/"}
        try:
            arn = self.client.create_dataset_import_job(
                jobName=unique("j"), datasetArn=self.dataset, dataSource=source, **named
            )["datasetImportJobArn"]
        except self.client.exceptions.InvalidInputException as error:
            return "at the call: " + error.response["Error"]["Message"]

        def ended() -> tuple[str, str] | None:
            job = self.client.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]
            return (job["status"], job.get("failureReason", "")) if job["status"] in ENDED else None

        status, reason = wait(ended)
        assert status == ("CREATE FAILED" if reason else "ACTIVE")
        return reason

    def export(self, bucket: str, role: str) -> str:
        """Export, and return how it failed; nothing if it did not."""
        arn = self.client.create_dataset_export_job(
            jobName=unique("j"),
            datasetArn=self.dataset,
            roleArn=role,
            ingestionMode="ALL",
            jobOutput={"s3DataDestination": {"path": f"s3://{bucket}/out/"}},
        )["datasetExportJobArn"]

        def ended() -> tuple[str, str] | None:
            job = self.client.describe_dataset_export_job(datasetExportJobArn=arn)["datasetExportJob"]
            return (job["status"], job.get("failureReason", "")) if job["status"] in ENDED else None

        status, reason = wait(ended)
        assert status == ("CREATE FAILED" if reason else "ACTIVE")
        return reason

    def remove(self) -> None:
        self.client.delete_dataset(datasetArn=self.dataset)
        self.client.delete_schema(schemaArn=self.schema)
        self.client.delete_dataset_group(datasetGroupArn=self.group)


@pytest.fixture(scope="module", params=["account", "guarded"])
def items(request: pytest.FixtureRequest) -> Iterator[Catalogue]:
    """Make a dataset of items: where everybody is root, and where IAM is enforced."""
    account: LocalAccount = request.getfixturevalue(request.param)
    made = Catalogue(account.session())
    yield made
    made.remove()


@pytest.fixture(scope="module")
def bucket(items: Catalogue) -> str:
    """Make a bucket with data that Personalize may read."""
    made = make_data_bucket(items.session, *READING)
    items.put(made)
    return made


def test_the_role_must_be_there_and_let_personalize_assume_it(items: Catalogue, bucket: str) -> None:
    for role in (
        None,
        "arn:aws:iam::123456789012:role/nobody",
        make_service_role(items.session, allow(*READING), trusts=trust("lambda.amazonaws.com")),
        make_service_role(
            items.session,
            allow(*READING),
            trusts=trust(PERSONALIZE, StringEquals={"aws:SourceAccount": "210987654321"}),
        ),
    ):
        reason = items.import_(bucket, role)
        text = f"Insufficient privileges for accessing data in S3. Please look at {GUIDE} and ensure your role"
        assert reason.startswith(f"at the call: {text} is configured correctly. "), role
        assert "names no role" in reason if role is None else f"let {PERSONALIZE} assume it" in reason


@pytest.mark.parametrize("missing", READING)
def test_the_role_must_be_allowed_to_read(items: Catalogue, bucket: str, missing: str) -> None:
    role = make_service_role(items.session, allow(*(action for action in READING if action != missing)))
    reason = items.import_(bucket, role)
    assert f"Fix the policies of role {role}: {missing} on " in reason


@pytest.mark.parametrize("missing", READING)
def test_the_bucket_must_let_personalize_read(items: Catalogue, missing: str) -> None:
    role = make_service_role(items.session, allow(*READING))
    bucket = make_data_bucket(items.session)
    items.put(bucket)
    assert f"Fix the bucket policy of {bucket}: " in items.import_(bucket, role)
    on = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    left = [action for action in READING if action != missing]
    set_bucket_policy(items.session, bucket, {**allow(*left, on=on), "Principal": {"Service": PERSONALIZE}})
    assert f"Fix the bucket policy of {bucket}: {missing} on " in items.import_(bucket, role)


def test_a_bucket_that_denies_the_role_is_not_read(items: Catalogue) -> None:
    role = make_service_role(items.session, allow(*READING))
    bucket = make_data_bucket(items.session)
    items.put(bucket)
    on = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    reading = {**allow(*READING, on=on), "Principal": {"Service": PERSONALIZE}}
    denied = {**allow("s3:GetObject", on=on), "Effect": "Deny", "Principal": {"AWS": role}}
    set_bucket_policy(items.session, bucket, reading, denied)
    assert f"Fix the bucket policy of {bucket}: s3:GetObject on arn:aws:s3:::{bucket}/in/" in items.import_(
        bucket, role
    )


def test_what_is_allowed_under_conditions_is_read(items: Catalogue) -> None:
    conditions = {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": "arn:aws:personalize:eu-west-1:123456789012:*"},
    }
    bucket = make_data_bucket(items.session)
    items.put(bucket)
    on = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    listing = {
        **allow("s3:ListBucket", on=on[0]),
        "Condition": {"StringLike": {"s3:prefix": "in/*"}},
    }
    role = make_service_role(
        items.session, listing, allow("s3:GetObject", on=f"{on[0]}/in/*"), trusts=trust(PERSONALIZE, **conditions)
    )
    reading = {**allow(*READING, on=on), "Principal": {"Service": PERSONALIZE}, "Condition": conditions}
    plain_http = {
        **allow("s3:*", on=on),
        "Effect": "Deny",
        "Principal": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    set_bucket_policy(items.session, bucket, reading, plain_http)  # Personalize itself speaks TLS
    assert items.import_(bucket, role) == ""


def test_a_bucket_that_is_not_there_is_said_so(items: Catalogue) -> None:
    role = make_service_role(items.session, allow(*READING))
    assert "does not exist" in items.import_(unique("nowhere"), role)


def test_an_export_needs_leave_to_write(items: Catalogue, bucket: str) -> None:
    reader = make_service_role(items.session, allow(*READING))
    assert items.import_(bucket, reader) == ""
    target = make_data_bucket(items.session, *WRITING)
    assert f"Fix the policies of role {reader}: s3:PutObject on arn:aws:s3:::{target}/out/" in items.export(
        target, reader
    )
    writer = make_service_role(items.session, allow(*WRITING))
    assert f"Fix the bucket policy of {bucket}: s3:PutObject on " in items.export(bucket, writer)
    assert items.export(target, writer) == ""
    s3 = items.session.client("s3")
    (written,) = s3.list_objects_v2(Bucket=target)["Contents"]
    body = s3.get_object(Bucket=target, Key=written["Key"])["Body"].read()
    assert body == b"ITEM_ID,GENRES\na,x|y\n"


def make_key(session: boto3.Session, *statements: Any) -> str:
    """Make a key that its account, and whom the statements name, may use; return its ARN."""
    root = {**allow("kms:*"), "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
    policy = {"Version": "2012-10-17", "Statement": [root, *statements]}
    return str(session.client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"])


VIA_S3 = {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}


def by_service(*actions: str, **condition: Any) -> dict[str, Any]:
    conditions = {"Condition": {"StringEquals": condition}} if condition else {}
    return {**allow(*actions), "Principal": {"Service": PERSONALIZE}, **conditions}


@pytest.mark.parametrize("default", [True, False], ids=["the bucket's key", "the object's own key"])
def test_a_key_must_let_the_role_and_the_service_decrypt(items: Catalogue, default: bool) -> None:
    s3, reader = items.session.client("s3"), make_service_role(items.session, allow(*READING))

    def imported(key: str, role: str) -> str:
        bucket = make_data_bucket(items.session, *READING)
        own: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
        if default:
            rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
            s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
            own = {}
        s3.put_object(Bucket=bucket, Key="in/items.csv", Body=b"ITEM_ID,GENRES\na,x|y\n", **own)
        return items.import_(bucket, role)

    key = make_key(items.session, by_service("kms:Decrypt"))
    assert f"kms:Decrypt is not allowed to role {reader}" in imported(key, reader)
    by_policy = make_service_role(items.session, allow(*READING), allow("kms:Decrypt", on=key))
    assert imported(key, by_policy) == ""
    named = {**allow("kms:Decrypt"), "Principal": {"AWS": reader}}
    assert imported(make_key(items.session, by_service("kms:Decrypt"), named), reader) == ""
    anybody_called = {
        **allow("kms:Decrypt"),
        "Principal": {"AWS": "*"},
        "Condition": {"ArnEquals": {"aws:PrincipalArn": reader}, "StringEquals": VIA_S3},
    }
    assert imported(make_key(items.session, by_service("kms:Decrypt"), anybody_called), reader) == ""
    through_s3 = {**allow("kms:Decrypt", on=key), "Condition": {"StringEquals": VIA_S3}}
    assert imported(key, make_service_role(items.session, allow(*READING), through_s3)) == ""
    everywhere = make_service_role(items.session, allow(*READING), allow("kms:Decrypt"))
    assert f"kms:Decrypt is not allowed to {PERSONALIZE}" in imported(make_key(items.session), everywhere)
    assert "at the call: Insufficient privileges for using the KMS key" in imported(key + "0", everywhere)


def test_whether_a_key_is_told_the_source_is_not_settled(account: LocalAccount) -> None:
    items = Catalogue(account.session())
    s3, bucket = items.session.client("s3"), make_data_bucket(items.session, *READING)
    key = make_key(items.session, by_service("kms:Decrypt", **{"aws:SourceAccount": "123456789012"}))
    s3.put_object(
        Bucket=bucket, Key="in/i.csv", Body=b"ITEM_ID,GENRES\na,x\n", ServerSideEncryption="aws:kms", SSEKMSKeyId=key
    )
    role = make_service_role(items.session, allow(*READING), allow("kms:Decrypt"))
    assert f"kms:Decrypt is not allowed to {PERSONALIZE}" in items.import_(bucket, role)
    account.control.decide(source_of_key_use="told")
    assert items.import_(bucket, role) == ""
    account.control.decide(source_of_key_use="untold")
    items.remove()


def test_a_dataset_group_s_key(account: LocalAccount) -> None:
    session = account.session()
    personalize = session.client("personalize")
    using = ("kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:ListGrants")
    role = make_service_role(session, allow(*using))

    def ended(key: str, role: str) -> str:
        arn = personalize.create_dataset_group(name=unique("g"), kmsKeyArn=key, roleArn=role)["datasetGroupArn"]

        def look() -> str | None:
            group = personalize.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
            return group.get("failureReason", group["status"]) if group["status"] in ENDED else None

        found = wait(look)
        personalize.delete_dataset_group(datasetGroupArn=arn)
        return found

    key = make_key(session, by_service(*using, "kms:CreateGrant"))
    assert ended(key, role) == "ACTIVE"
    assert f"kms:CreateGrant is not allowed to {PERSONALIZE}" in ended(make_key(session, by_service(*using)), role)
    weak = make_service_role(session, allow("kms:Decrypt"))
    assert "kms:GenerateDataKey, kms:DescribeKey, kms:ListGrants is not allowed to role" in ended(key, weak)
    assert "it does not exist" in ended(key, f"{role}-other")
    with pytest.raises(personalize.exceptions.ClientError, match="Cross-account pass role is not allowed"):
        ended(key, role.replace("123456789012", "210987654321"))


def test_a_role_that_was_just_made_is_not_known_yet() -> None:
    with LocalAccount(role_delay=4) as slow:
        items = Catalogue(slow.session())
        bucket = make_data_bucket(items.session, *READING)
        items.put(bucket)
        role = make_service_role(items.session, allow(*READING))
        assert "it does not exist" in items.import_(bucket, role)
        wait(lambda: items.import_(bucket, role) == "")
