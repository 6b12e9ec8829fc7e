"""What lies in the data bucket for a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.inputs import LOOKED_AT, below, checked, contents_of, files_of, fingerprint, unsettled
from functions.model import Plan
from functions.ports import Listing, Stored
from tests.support.build import NOW, an_import, dataset, pipeline, plan
from tests.support.memory import MemoryObjects

INTERACTIONS = replace(
    dataset("interactions"), columns={"USER_ID": ("string",), "ITEM_ID": ("string",), "TIMESTAMP": ("long",)}
)
ONE = pipeline(datasets={"interactions": INTERACTIONS})
FILE = Stored("shop/interactions/part-1.csv", "e1", 100, NOW)
GOOD = b"USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1\n"


def bucket(**files: Any) -> MemoryObjects:
    """Return a bucket with these files of the interactions, by the part of their name before ``.csv``."""
    objects = MemoryObjects(lambda: NOW)
    for name, body in files.items():
        objects.put(f"s3://data/shop/interactions/{name}.csv", body)
    return objects


# ------------------------------------------------------------------ which files


def test_files_are_those_of_the_first_level_under_each_datasets_prefix() -> None:
    objects = MemoryObjects(lambda: NOW)
    for key in ("shop/interactions/a.csv", "shop/interactions/dt=2026-01-01/b.csv", "shop/items/c.csv", "else/d.csv"):
        objects.put(f"s3://data/{key}", b"x")
    found = files_of(pipeline(), objects)
    assert {kind: [file.key for file in listing.files] for kind, listing in found.items()} == {
        "interactions": ["shop/interactions/a.csv"],
        "items": ["shop/items/c.csv"],
    }


def test_folders_below_the_first_level_are_warned_of_and_a_thousand_make_one_sentence() -> None:
    folders = tuple(f"shop/interactions/dt={number}/" for number in range(1000))
    (warning,) = below(ONE, {"interactions": Listing((FILE,), folders)})
    assert warning == (
        "interactions: Personalize imports nothing from folders below s3://data/shop/interactions/, such as "
        "dt=0/, dt=1/, dt=2/, dt=3/, dt=4/ and 995 more. "
        "Put the files directly under the prefix, or move what is no data of this dataset elsewhere."
    )
    assert below(ONE, {"interactions": Listing((FILE,))}) == ()


# ------------------------------------------------------------------ what stands for their content


@pytest.mark.parametrize("encrypted", [False, True], ids=["an ETag that is a digest", "SSE-KMS"])
def test_the_same_file_uploaded_again_is_the_same_data(encrypted: bool) -> None:
    marks = []
    objects = MemoryObjects(lambda: NOW, encrypted=encrypted)
    for body in (GOOD, GOOD, GOOD + b"u2,i2,2\n"):
        objects.put("s3://data/shop/interactions/a.csv", body)
        files = contents_of(ONE, files_of(ONE, objects), objects)["interactions"]
        marks.append(fingerprint(INTERACTIONS, files))
    assert marks[0] == marks[1] != marks[2]


def test_of_very_many_files_the_etags_stand_for_the_content() -> None:
    most, more = (bucket(**{f"part-{number}": GOOD for number in range(LOOKED_AT + extra)}) for extra in (0, 1))
    with_, without = (contents_of(ONE, files_of(ONE, each), each)["interactions"] for each in (most, more))
    assert all(file.checksum for file in with_)
    assert len(without) == LOOKED_AT + 1
    assert not any(file.checksum for file in without)


# ------------------------------------------------------------------ do they rest


@pytest.mark.parametrize(
    ("ages", "uploaded", "left"),
    [
        ([], None, 0),
        ([10], None, 290),
        ([3000, 10], None, 290),
        ([299], None, 1),
        ([300], None, 0),
        ([3000], None, 0),
        pytest.param([-60], None, 300, id="a clock that is ahead"),
        pytest.param([3000], 10, 290, id="an upload in parts, which took long"),
        pytest.param([10], 3000, 290, id="another file since its event"),
        pytest.param([3000], -(10**8), 300, id="an event from the future"),
        pytest.param([], 10, 0, id="what was uploaded has gone"),
    ],
)
def test_uploads_rest_for_a_while_from_when_they_were_complete(
    ages: list[float], uploaded: float | None, left: float
) -> None:
    found = {f"d{n}": Listing((replace(FILE, modified=NOW - timedelta(seconds=age)),)) for n, age in enumerate(ages)}
    event = None if uploaded is None else (NOW - timedelta(seconds=uploaded)).isoformat()
    assert unsettled(ONE, found, event, NOW, NOW) == left


def test_uploads_that_never_rest_hold_a_run_up_for_so_long_only() -> None:
    found = {"interactions": Listing((replace(FILE, modified=NOW),))}
    assert unsettled(ONE, found, None, NOW - timedelta(minutes=58), NOW) == 120
    assert unsettled(ONE, found, None, NOW - timedelta(minutes=61), NOW) == 0


# ------------------------------------------------------------------ can they be imported


def check(objects: MemoryObjects) -> tuple[Plan, tuple[str, ...]]:
    return checked(plan(), ONE, files_of(ONE, objects), objects)


def test_good_files_leave_the_plan_as_it_is() -> None:
    assert check(bucket(a=GOOD, b=GOOD)) == (plan(), ())


def test_what_stops_an_import_is_told_with_the_dataset_the_file_and_what_to_do() -> None:
    stopped, warnings = check(bucket(a=GOOD, b=b"u1,i1,1\nu2,i2,2\n"))
    assert warnings == ()
    assert stopped.imports["interactions"] == replace(
        an_import("interactions"),
        problem="interactions (s3://data/shop/interactions/): Its first line names none of the columns: b.csv. "
        "Every file needs the line with the column names.",
    )


def test_files_that_are_no_csv_by_name_are_not_read() -> None:
    objects = bucket(a=GOOD)
    objects.put("s3://data/shop/interactions/_SUCCESS", b"")
    objects.beginnings = None  # type: ignore[assignment,method-assign] # nobody may ask
    stopped, _ = check(objects)
    assert "No CSV file by its name: _SUCCESS." in str(stopped.imports["interactions"].problem)


def test_only_so_many_files_are_looked_into() -> None:
    good = {f"part-{number:03}": GOOD for number in range(LOOKED_AT)}
    assert check(bucket(**good, z=b"nonsense"))[0] == plan()


def test_a_file_that_has_gone_meanwhile_is_nobodys_fault() -> None:
    objects = bucket(a=GOOD, b=GOOD)
    found = files_of(ONE, objects)
    del objects.files["data", "shop/interactions/b.csv"]
    assert checked(plan(), ONE, found, objects) == (plan(), ())


def test_a_warning_stops_nothing() -> None:
    same, (warning,) = check(bucket(a=GOOD.lower()))
    assert same == plan()
    assert "another way than the schema: a.csv" in warning
