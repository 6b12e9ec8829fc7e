"""The data bucket: S3 and its twin behave the same."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.adapters.s3 import S3Objects
from functions.errors import NotReadable
from functions.ports import Objects, Stored
from tests.contract.account import BUCKET, Account, client
from tests.support.memory import MemoryObjects

ITEMS = "s3://data/shop/items/"


@dataclass
class Case:
    """A bucket named "data", and how files are put into it."""

    objects: Objects
    put: Callable[[str, bytes], None]

    def keys(self, location: str) -> list[str]:
        return [each.key for each in self.objects.under(location).files]

    def the_file(self) -> Stored:
        """Return the only file of the items, with its checksum."""
        (file,) = self.objects.with_checksums(ITEMS, self.objects.under(ITEMS).files)
        return file


def in_memory(_: Account) -> Case:
    objects = MemoryObjects(lambda: datetime.now(UTC))
    return Case(objects, lambda key, body: objects.put(f"s3://data/{key}", body))


def in_s3(account: Account) -> Case:
    return Case(account.objects, account.upload)


@pytest.fixture(params=[in_memory, in_s3], ids=["memory", "s3"])
def case(request: pytest.FixtureRequest, account: Account) -> Case:
    return cast(Case, request.param(account))


def test_the_first_level_of_a_prefix_is_listed_in_order_and_what_is_below_are_folders(case: Case) -> None:
    for key in ("b.csv", "a.csv", "2026/01/c.csv", "2026/d.csv", "2027/e.csv"):
        case.put(f"shop/items/{key}", b"ITEM_ID")
    for key in ("shop/users/d.csv", "shop/items.csv"):
        case.put(key, b"ITEM_ID")
    assert case.keys(ITEMS) == ["shop/items/a.csv", "shop/items/b.csv"]
    assert case.objects.under(ITEMS).folders == ("shop/items/2026/", "shop/items/2027/")


def test_nothing_is_there(case: Case) -> None:
    assert case.keys(ITEMS) == []


def test_a_folder_marker_is_no_file(case: Case) -> None:
    case.put("shop/items/", b"")
    case.put("shop/items/a.csv", b"ITEM_ID")
    assert case.keys(ITEMS) == ["shop/items/a.csv"]


def test_a_file_is_told_by_what_is_in_it(case: Case) -> None:
    case.put("shop/items/a.csv", b"ITEM_ID\ni1\n")
    before = case.the_file()
    assert (before.key, before.size) == ("shop/items/a.csv", 11)
    assert before.etag == hashlib.md5(b"ITEM_ID\ni1\n").hexdigest()  # noqa: S324 # as S3 does
    assert before.checksum
    assert abs(before.modified - datetime.now(UTC)) < timedelta(minutes=1)

    case.put("shop/items/a.csv", b"ITEM_ID\ni2\n")
    after = case.the_file()
    assert after.etag != before.etag
    assert after.content != before.content

    case.put("shop/items/a.csv", b"ITEM_ID\ni1\n")
    again = case.the_file()
    assert again.etag == before.etag
    assert again.content == before.content


def test_no_checksum_is_asked_for_by_a_listing(case: Case) -> None:
    case.put("shop/items/a.csv", b"ITEM_ID\n")
    (listed,) = case.objects.under(ITEMS).files
    assert listed.checksum is None
    assert listed.content == f"{listed.etag} 8"


def test_the_beginnings_of_files_are_read(case: Case) -> None:
    for name, body in {"a.csv": b"ITEM_ID\ni1\n", "b.csv": b"x", "empty.csv": b""}.items():
        case.put(f"shop/items/{name}", body)
    files = case.objects.under(ITEMS).files
    assert case.objects.beginnings(ITEMS, files, 4) == {
        "shop/items/a.csv": b"ITEM",
        "shop/items/b.csv": b"x",
        "shop/items/empty.csv": b"",
    }


def test_what_has_gone_since_it_was_listed_is_left_out(case: Case) -> None:
    gone = Stored("shop/items/gone.csv", "e1", 9, datetime.now(UTC))
    assert case.objects.beginnings(ITEMS, [gone], 4) == {}
    assert case.objects.with_checksums(ITEMS, [gone]) == [gone]
    assert case.objects.with_checksums(ITEMS, []) == []


def test_more_than_a_page_is_listed(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")  # a page of S3 has 1000
    for number in range(5):
        account.upload(f"shop/items/{number}.csv")
        account.upload(f"shop/items/{number}/deep.csv")
    listing = account.objects.under(ITEMS)
    assert (len(listing.files), len(listing.folders)) == (5, 5)


CRC = b64encode(zlib.crc32(b"ITEM_ID").to_bytes(4)).decode()


@pytest.mark.parametrize(
    ("sent", "checksum"),
    [
        pytest.param({"ChecksumAlgorithm": "CRC32"}, f"crc32:{CRC}", id="its own"),
        pytest.param({"ChecksumAlgorithm": "SHA256"}, "sha256:", id="a stronger one"),
    ],
)
def test_the_checksum_of_an_upload_stands_for_its_content(
    account: Account, sent: dict[str, str], checksum: str
) -> None:
    client("s3").put_object(Bucket=BUCKET, Key="shop/items/a.csv", Body=b"ITEM_ID", **sent)
    (file,) = account.objects.with_checksums(ITEMS, account.objects.under(ITEMS).files)
    assert str(file.checksum).startswith(checksum)


def test_an_sdk_need_not_know_the_algorithm() -> None:
    headers = {"etag": "x", "x-amz-checksum-type": "FULL_OBJECT", "x-amz-checksum-xxhash9": "abc="}

    def head_object(**_: str) -> dict[str, Any]:
        return {"ETag": "x", "ResponseMetadata": {"HTTPHeaders": headers}}

    objects = S3Objects(lambda: cast(Any, SimpleNamespace(head_object=head_object)))
    file = Stored("shop/items/a.csv", "e1", 9, datetime.now(UTC))
    assert objects.with_checksums(ITEMS, [file]) == [replace(file, checksum="xxhash9:abc=")]
    del headers["x-amz-checksum-xxhash9"]
    assert objects.with_checksums(ITEMS, [file]) == [file]


@pytest.mark.parametrize("code", ["403", "AccessDenied"])
def test_a_file_that_may_not_be_read_is_told_with_what_to_do(code: str) -> None:
    def denied(**_: str) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "Forbidden"}}, "HeadObject")

    objects = S3Objects(lambda: cast(Any, SimpleNamespace(head_object=denied, get_object=denied)))
    file = Stored("shop/items/a.csv", "e1", 9, datetime.now(UTC))
    for ask in (lambda: objects.with_checksums(ITEMS, [file]), lambda: objects.beginnings(ITEMS, [file], 4)):
        with pytest.raises(NotReadable, match=r"s3://data/shop/items/a\.csv may not be read: .* data_kms_key_arns"):
            ask()
