"""Names: within Personalize's limits, and the same for the same cause."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import names
from tests.support.build import NOW, RUN_ID, arn

LEGAL = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,62}")
LONGEST_NAME = "n" * 18
LONGEST_KEY = "s" * 63


@pytest.mark.parametrize("dataset", ["interactions", "items", "users"])
def test_the_longest_import_job_fits(dataset: str) -> None:
    name = names.import_job(LONGEST_NAME, names.run_id(NOW, "cause"), dataset, names.fingerprint(["x"]))
    assert LEGAL.fullmatch(name)
    assert len(name) <= names.LONGEST


def test_an_import_job_tells_its_run_its_dataset_and_its_data() -> None:
    assert names.import_job("acme", RUN_ID, "items", "deadbeef") == f"acme-{RUN_ID}-items-deadbeef"


@pytest.mark.parametrize(
    ("job_name", "fingerprint"),
    [
        (f"acme-{RUN_ID}-items-deadbeef", "deadbeef"),
        ("by-hand", "hand"),
        ("byhand", "byhand"),
    ],
)
def test_a_job_name_ends_in_its_fingerprint(job_name: str, fingerprint: str) -> None:
    assert names.fingerprint_of(job_name) == fingerprint


@pytest.mark.parametrize("length", [1, 20, 21, 22, 63])
def test_solution_versions_fit_and_differ(length: int) -> None:
    one = names.solution_version(LONGEST_NAME, RUN_ID, "s" * (length - 1) + "a")
    other = names.solution_version(LONGEST_NAME, RUN_ID, "s" * (length - 1) + "b")
    assert LEGAL.fullmatch(one)
    assert one != other
    assert one.startswith(f"{LONGEST_NAME}-{RUN_ID}-")


def test_a_solution_version_that_fits_is_not_cut() -> None:
    assert names.solution_version("acme", RUN_ID, "for-you") == f"acme-{RUN_ID}-for-you"
    exact = "s" * (names.LONGEST - len(f"acme-{RUN_ID}-"))
    assert names.solution_version("acme", RUN_ID, exact) == f"acme-{RUN_ID}-{exact}"


@pytest.mark.parametrize(
    ("solution", "ours"),
    [
        (arn("solution", "acme-shop-for-you-0a1b2c3d"), True),
        (arn("solution", "acme-shop-for-you-by-hand"), False),
        (arn("solution", "acme-shop-for-you-0a1b2c3d-too"), False),
        (arn("solution", "acme-shop-for-you-and-me-0a1b2c3d"), False),
        (arn("solution", "acme-shop-for-you"), False),
        (arn("solution", "acme-shop-forXyou-0a1b2c3d"), False),
        (arn("solution", "acme-shop-for-you-0A1B2C3D"), False),
    ],
)
def test_a_family_is_a_name_with_any_digest(solution: str, ours: bool) -> None:
    assert names.is_of_family(solution, arn("solution", "acme-shop-for-you")) is ours


@pytest.mark.parametrize(
    ("solution", "strange"),
    [("acme-shop-for-you-0a1b2c3d", False), ("acme-books", False), ("acme", True), ("acme2-shop", True), ("x", True)],
)
def test_a_solution_of_another_deployment_is_a_stranger(solution: str, strange: bool) -> None:
    found = names.stranger(f"{arn('solution', solution)}/v1", "acme")
    assert found == (arn("solution", solution) if strange else None)


def test_a_version_is_of_its_solution() -> None:
    solution = arn("solution", "acme-shop-for-you-0a1b2c3d")
    assert names.solution_of(f"{solution}/1a2b3c4d") == solution


@given(st.from_regex(r"[a-z]([a-z0-9-]{0,16}[a-z0-9])?", fullmatch=True), st.from_regex(LEGAL, fullmatch=True))
def test_every_legal_name_makes_legal_names(name: str, key: str) -> None:
    assert LEGAL.fullmatch(names.solution_version(name, RUN_ID, key))
    assert names.solution_version(name, RUN_ID, key) == names.solution_version(name, RUN_ID, key)


def test_a_run_id_is_of_its_time_and_cause() -> None:
    assert re.fullmatch(r"20261123t214420-[0-9a-f]{6}", names.run_id(NOW, "shop/nightly"))
    assert names.run_id(NOW, "shop/nightly") == names.run_id(NOW, "shop/nightly")
    assert names.run_id(NOW, "shop/nightly") != names.run_id(NOW, "books/nightly")


def test_run_ids_sort_by_time() -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert names.run_id(NOW, "z") < names.run_id(later, "a")


def test_a_fingerprint_is_of_the_parts_not_of_their_order() -> None:
    assert names.fingerprint(["a", "b"]) == names.fingerprint(["b", "a"])
    assert names.fingerprint(["a", "b"]) != names.fingerprint(["a"])
    assert re.fullmatch(r"[0-9a-f]{8}", names.fingerprint([]))


def test_a_sibling_keeps_partition_region_and_account() -> None:
    group = "arn:aws-cn:personalize:cn-north-1:1:dataset-group/acme-shop"
    assert names.sibling_arn(group, "solution", "x") == "arn:aws-cn:personalize:cn-north-1:1:solution/x"
    assert names.sibling_arn(arn("dataset", "acme-shop/ITEMS"), "campaign", "c") == arn("campaign", "c")
