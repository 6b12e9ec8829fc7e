"""What S3 tells of an object: ETags that are no digests, checksums, and when a multi-part upload was made."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import zlib
from typing import Any

import pytest
from botocore.config import Config

from local.account import LocalAccount
from local.shims.crc64 import crc64nvme
from tests.local.support import make_data_bucket, unique

PART = 5 * 1024 * 1024
KEYED = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:eu-west-1:123456789012:key/k"}
CONTENT = b"USER_ID,ITEM_ID\nu,i\n"


@pytest.fixture
def s3(account: LocalAccount) -> Any:
    return account.session().client("s3")


@pytest.fixture
def bucket(account: LocalAccount) -> str:
    return make_data_bucket(account.session())


@pytest.fixture
def plain(account: LocalAccount) -> Any:
    """Return a client that sends no checksum, as older SDKs do."""
    return account.session().client("s3", config=Config(request_checksum_calculation="when_required"))


def head(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    return dict(s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED"))


def test_under_a_key_an_etag_is_no_digest(s3: Any, bucket: str) -> None:
    digest = f'"{hashlib.md5(CONTENT).hexdigest()}"'  # noqa: S324 - S3's own
    assert s3.put_object(Bucket=bucket, Key="plain", Body=CONTENT)["ETag"] == digest
    first = s3.put_object(Bucket=bucket, Key="k", Body=CONTENT, **KEYED)["ETag"]
    assert head(s3, bucket, "k")["ETag"] == first
    second = s3.put_object(Bucket=bucket, Key="k", Body=CONTENT, **KEYED)["ETag"]
    assert len({digest, first, second}) == 3
    assert len(first) == len(digest)
    copied = s3.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "plain"}, **KEYED)
    assert copied["CopyObjectResult"]["ETag"] == head(s3, bucket, "c")["ETag"] != digest
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert {each["Key"]: each["ETag"] for each in listed}["k"] == second
    assert head(s3, bucket, "k")["ChecksumCRC32"] == head(s3, bucket, "plain")["ChecksumCRC32"]


def test_a_bucket_s_own_key_counts_too_and_events_tell_the_same(account: LocalAccount, s3: Any, bucket: str) -> None:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEYED["SSEKMSKeyId"]}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    sqs, events = account.session().client("sqs"), account.session().client("events")
    url = sqs.create_queue(QueueName=unique("q"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = unique("rule")
    events.put_rule(
        Name=rule, EventPattern=json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}})
    )
    events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": arn}])
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    etag = s3.put_object(Bucket=bucket, Key="k", Body=CONTENT)["ETag"].strip('"')
    assert etag != hashlib.md5(CONTENT).hexdigest()  # noqa: S324 - S3's own
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert json.loads(message["Body"])["detail"]["object"]["etag"] == etag


def test_every_object_has_a_checksum(s3: Any, plain: Any, bucket: str) -> None:
    plain.put_object(Bucket=bucket, Key="a b+c", Body=CONTENT)
    shown = head(s3, bucket, "a b+c")
    assert (shown["ChecksumCRC64NVME"], shown["ChecksumType"]) == (crc64nvme(CONTENT), "FULL_OBJECT")
    told = s3.get_object_attributes(Bucket=bucket, Key="a b+c", ObjectAttributes=["Checksum"])["Checksum"]
    assert told == {"ChecksumCRC64NVME": crc64nvme(CONTENT), "ChecksumType": "FULL_OBJECT"}
    s3.put_object(Bucket=bucket, Key="by-sdk", Body=CONTENT)
    crc32 = base64.b64encode(zlib.crc32(CONTENT).to_bytes(4, "big")).decode()
    assert head(s3, bucket, "by-sdk")["ChecksumCRC32"] == crc32
    listed = s3.list_objects_v2(Bucket=bucket, EncodingType="url")["Contents"]
    assert [(each["ChecksumAlgorithm"], each["ChecksumType"]) for each in listed] == [
        (["CRC64NVME"], "FULL_OBJECT"),
        (["CRC32"], "FULL_OBJECT"),
    ]


def noise(size: int) -> bytes:
    return bytes(at * 2654435761 >> 7 & 0xFF for at in range(size))


def upload(s3: Any, bucket: str, *parts: bytes, **more: Any) -> tuple[dict[str, Any], float]:
    """Upload in parts, the last of them late; return what HEAD tells, and when it had been begun."""
    at = {"Bucket": bucket, "Key": "big", **more}
    at = {"Bucket": bucket, "Key": "big", "UploadId": s3.create_multipart_upload(**at)["UploadId"]}
    begun = time.time()
    sent = [
        {"PartNumber": number, "ETag": s3.upload_part(**at, PartNumber=number, Body=part)["ETag"]}
        for number, part in enumerate(parts, 1)
    ]
    time.sleep(1.1)
    done = s3.complete_multipart_upload(**at, MultipartUpload={"Parts": sent})
    shown = head(s3, bucket, "big")
    assert done["ETag"] == shown["ETag"]
    return shown, begun


def test_an_upload_in_parts_is_of_when_it_was_begun(s3: Any, plain: Any, bucket: str) -> None:
    content = noise(PART + 1000)
    shown, begun = upload(plain, bucket, content[:PART], content[PART:])
    assert shown["LastModified"].timestamp() <= begun
    assert shown["ETag"].endswith('-2"')
    assert (shown["ChecksumCRC64NVME"], shown["ChecksumType"]) == (crc64nvme(content), "FULL_OBJECT")
    told = s3.get_object_attributes(Bucket=bucket, Key="big", ObjectAttributes=["Checksum"])["Checksum"]
    assert told["ChecksumType"] == "FULL_OBJECT"
    again, _ = upload(plain, bucket, content[:PART], content[PART:], **KEYED)
    assert again["ETag"] != shown["ETag"]
    assert again["ETag"].endswith('-2"')
    assert again["ChecksumCRC64NVME"] == shown["ChecksumCRC64NVME"]


@pytest.mark.parametrize("size", [0, 1, 9, 4095, 4096, 50_001])
def test_the_checksum_is_s3_s(size: int) -> None:
    content = noise(size)
    state = 0xFFFFFFFFFFFFFFFF
    for byte in content:  # bit by bit, as the standard has it
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x9A6C9329AC4BC9B5 if state & 1 else 0)
    assert crc64nvme(content) == base64.b64encode((state ^ 0xFFFFFFFFFFFFFFFF).to_bytes(8, "big")).decode()


def test_the_checksum_of_the_standard_s_example() -> None:
    assert crc64nvme(b"123456789") == base64.b64encode(bytes.fromhex("ae8b14860a799888")).decode()
