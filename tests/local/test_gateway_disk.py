"""A disk that is full: what was answered is on it, and what is not on it was not answered."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.account import LocalAccount, LocalAccountError
from local.personalize.errors import ControlError
from tests.local.support import SCHEMA, wait

ONCE = Config(retries={"total_max_attempts": 1})


@dataclass(frozen=True)
class Disk:
    """A folder, what keeps an account from writing there, and what is asked first of one that can't."""

    folder: Path
    fill: Callable[[LocalAccount], None]
    free: Callable[[LocalAccount], None]
    first: str


@pytest.fixture(params=["full", "limited"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """Make a file system of 16 MB that can be filled; without root, limit the size of the process's files."""
    if request.param == "limited":

        def limit(size: int) -> Callable[[LocalAccount], None]:
            def set_limit(account: LocalAccount) -> None:
                with contextlib.suppress(LocalAccountError):  # it has been killed
                    resource.prlimit(account.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

            return set_limit

        yield Disk(tmp_path, limit(0), limit(resource.RLIM_INFINITY), "versions")
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(tmp_path)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("to mount a file system that can be filled, one must be root")
    filler = tmp_path / "filler"

    def fill(_: LocalAccount) -> None:
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(1 << 20)) == 1 << 20:  # the last one is written in part
                pass
            while file.write(bytes(1 << 12)):
                pass

    try:
        yield Disk(tmp_path, fill, lambda _: filler.unlink(missing_ok=True), "personalize")
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)  # noqa: S607 - where it is differs


def clients(account: LocalAccount) -> dict[str, Any]:
    session = account.session()
    return {name: session.client(name, config=ONCE) for name in ("personalize", "s3", "sqs", "iam", "dynamodb")}


def make(aws: dict[str, Any], name: str) -> dict[str, Callable[[], Any]]:
    """Return a call to each service that makes something of this name."""
    tags = [{"Key": f"k{i}", "Value": "v" * 200} for i in range(40)]
    schema = json.dumps({**SCHEMA, "doc": "x" * 5000})
    return {
        "personalize": lambda: aws["personalize"].create_schema(name=name, schema=schema),
        "s3": lambda: aws["s3"].put_object(Bucket="data", Key=f"{name}/{name}", Body=name.encode() * 10_000),
        "s3 again": lambda: aws["s3"].put_object(Bucket="data", Key="again", Body=name.encode() * 10_000),
        "versions": lambda: aws["s3"].put_object(Bucket="versions", Key="again", Body=name.encode() * 10_000),
        "sqs": lambda: aws["sqs"].send_message(QueueUrl=aws["url"], MessageBody=name + "x" * 5000),
        "iam": lambda: aws["iam"].create_user(UserName=name, Tags=tags),
    }


def there(aws: dict[str, Any]) -> dict[str, Any]:
    """Return all that was made, by the names that it has."""
    s3 = aws["s3"]
    objects = [each["Key"] for each in s3.list_objects_v2(Bucket="data").get("Contents", [])]
    versions = [each["VersionId"] for each in s3.list_object_versions(Bucket="versions").get("Versions", [])]
    messages = aws["sqs"].receive_message(QueueUrl=aws["url"], MaxNumberOfMessages=10, VisibilityTimeout=0)
    return {
        "personalize": sorted(each["name"] for each in aws["personalize"].list_schemas()["schemas"]),
        "s3": {key: s3.get_object(Bucket="data", Key=key)["Body"].read()[:6] for key in objects},
        "versions": [
            s3.get_object(Bucket="versions", Key="again", VersionId=each)["Body"].read()[:6] for each in versions
        ],
        "sqs": sorted(each["Body"][:6] for each in messages.get("Messages", [])),
        "iam": sorted(each["UserName"] for each in aws["iam"].list_users()["Users"]),
    }


def prepare(account: LocalAccount) -> dict[str, Any]:
    aws = clients(account)
    for bucket in ("data", "versions"):
        aws["s3"].create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws["s3"].put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    aws["url"] = aws["sqs"].create_queue(QueueName="q")["QueueUrl"]
    return aws


def kill(account: LocalAccount) -> None:
    os.kill(account.pid, signal.SIGKILL)
    account.stop()


def refused(call: Callable[[], Any], folder: Path) -> bool:
    with pytest.raises(ClientError) as raised:
        call()
    answer = raised.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert answer["Error"]["Code"] == "ServiceUnavailable"
    return f"The local AWS can't write its state: {folder}: " in answer["Error"]["Message"]


def test_what_was_answered_is_there_after_a_kill(disk: Disk) -> None:
    """At once: nothing is waited for."""
    state = disk.folder / "state"
    with LocalAccount(durations="instant", state=state) as account:
        aws = prepare(account)
        for call in make(aws, "before").values():
            call()
        before = there(aws)
        disk.fill(account)
        calls = make(aws, "during")
        assert refused(calls.pop(disk.first), state)
        for call in (*calls.values(), lambda: there(aws)):
            assert refused(call, state)
        with pytest.raises(ControlError, match="can't write its state"):
            account.control.advance(60)
        kill(account)
        disk.free(account)
    with LocalAccount(durations="instant", state=state) as account:
        assert there({**clients(account), "url": aws["url"]}) == before
        assert before["personalize"] == before["iam"] == ["before"]


def test_memory_and_disk_agree_once_there_is_room(disk: Disk) -> None:
    state = disk.folder / "state"
    with LocalAccount(durations="instant", state=state) as account:
        aws = prepare(account)
        for call in make(aws, "before").values():
            call()
        for call in make(aws, "during").values():
            disk.fill(account)
            assert refused(call, state)
            disk.free(account)
            wait(lambda: can(lambda: there(aws)))
        for call in make(aws, "after").values():
            call()
        told = there(aws)
        kill(account)
    with LocalAccount(durations="instant", state=state) as account:
        assert there({**clients(account), "url": aws["url"]}) == told
        assert {"after", "before"} <= set(told["personalize"])
        assert (told["s3"]["again"], len(told["versions"])) == (b"aftera", 3)


def can(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError:
        return False
    return True
