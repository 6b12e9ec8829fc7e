"""The data bucket: S3 and its twin behave the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from functions.ports import Objects
from tests.contract.account import Account
from tests.support.memory import MemoryObjects


@dataclass
class Case:
    """A bucket named "data", and how files are put into it."""

    objects: Objects
    put: Callable[[str, bytes], None]

    def keys(self, location: str) -> list[str]:
        return [each.key for each in self.objects.under(location)]


def in_memory(_: Account) -> Case:
    objects = MemoryObjects(lambda: datetime.now(UTC))
    return Case(objects, lambda key, body: objects.put(f"s3://data/{key}", body))


def in_s3(account: Account) -> Case:
    return Case(account.objects, account.upload)


@pytest.fixture(params=[in_memory, in_s3], ids=["memory", "s3"])
def case(request: pytest.FixtureRequest, account: Account) -> Case:
    return cast(Case, request.param(account))


def test_the_files_of_a_prefix_are_listed_in_order(case: Case) -> None:
    for key in ("shop/items/b.csv", "shop/items/a.csv", "shop/items/2026/c.csv", "shop/users/d.csv", "shop/items.csv"):
        case.put(key, b"ITEM_ID")
    assert case.keys("s3://data/shop/items/") == ["shop/items/2026/c.csv", "shop/items/a.csv", "shop/items/b.csv"]


def test_a_file_can_be_a_location(case: Case) -> None:
    case.put("shop/items/a.csv", b"ITEM_ID")
    assert case.keys("s3://data/shop/items/a.csv") == ["shop/items/a.csv"]


def test_nothing_is_there(case: Case) -> None:
    assert case.keys("s3://data/shop/items/") == []


def test_a_folder_marker_is_no_file(case: Case) -> None:
    case.put("shop/items/", b"")
    case.put("shop/items/a.csv", b"ITEM_ID")
    assert case.keys("s3://data/shop/items/") == ["shop/items/a.csv"]


def test_a_file_is_told_by_what_is_in_it(case: Case) -> None:
    case.put("shop/items/a.csv", b"ITEM_ID\ni1\n")
    (before,) = case.objects.under("s3://data/shop/items/")
    assert (before.key, before.size) == ("shop/items/a.csv", 11)
    assert before.etag == hashlib.md5(b"ITEM_ID\ni1\n").hexdigest()  # noqa: S324 # as S3 does
    assert abs(before.modified - datetime.now(UTC)) < timedelta(minutes=1)

    case.put("shop/items/a.csv", b"ITEM_ID\ni2\n")
    (after,) = case.objects.under("s3://data/shop/items/")
    assert after.etag != before.etag

    case.put("shop/items/a.csv", b"ITEM_ID\ni1\n")
    (again,) = case.objects.under("s3://data/shop/items/")
    assert again.etag == before.etag


def test_more_than_a_page_is_listed(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")  # a page of S3 has 1000
    for number in range(5):
        account.upload(f"shop/items/{number}.csv")
    assert len(account.objects.under("s3://data/shop/items/")) == 5
