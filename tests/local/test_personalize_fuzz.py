"""Whatever comes: a filter is refused by a modelled error, and an import fails with a reason."""

from __future__ import annotations

import contextlib
import itertools
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.personalize.errors import InvalidInputError
from local.personalize.filters import grammar
from tests.local.personalize_account import INTERACTIONS, ITEMS, ROLE, Account

WORDS = ["INCLUDE", "EXCLUDE", "ItemID", "WHERE", "Items.GENRES", "Items.PRICE", "IN", "NOT", "AND", "OR", "IF"]
WORDS += ["CurrentUser.AGE", "(", ")", "|", "=", "<", "3", ",", "*", '"a"', "$X", '"', "Items.", "é", "'"]
CELLS = ["u1", "", "1700000000", "17000000000000", "1e400", "-1", "9" * 23, "nan", "inf", "None", "1.5", "true"]
CELLS += ['"', '"x', 'a""b', "é", "\0", "1,2", "\r", "\n", "x" * 300, "\\", '\\"', '"a\nb"', '"a,b"', "x" * 1001]
HEADER = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n"

ROWS = ["u1,i1,1700000000,watch,1.5", "u2,i2,1700000001,like,", '"u",i,1700000002,"a ""b""",', "u,i,1,x,nan", "", " "]
GENRES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)

cells = st.sampled_from(CELLS) | st.text(st.characters(codec="utf-8"), max_size=6)
tables = st.lists(st.lists(cells, min_size=3, max_size=6).map(",".join), max_size=4).map("\n".join)
good_rows = st.lists(st.sampled_from(ROWS), min_size=1, max_size=5).map("\n".join)
numbers = itertools.count()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=40))
def test_filters(text: str) -> None:
    with contextlib.suppress(InvalidInputError):
        assert grammar.parse(text).clauses


@pytest.fixture(scope="module")
def dataset() -> tuple[Account, str]:
    account = Account(quotas={"minimum-imported-interactions": 1})
    return account, account.dataset(account.group(), "Interactions", INTERACTIONS)


@pytest.fixture(scope="module")
def items() -> tuple[Account, str]:
    account = Account()
    return account, account.dataset(account.group(), "Items", ITEMS)


@settings(max_examples=400, deadline=None)
@given(
    content=tables.map(lambda rows: (HEADER + rows).encode())
    | st.binary(max_size=60)
    | st.tuples(good_rows, st.binary(max_size=8), good_rows).map(
        lambda parts: HEADER.encode() + parts[0].encode() + parts[1] + parts[2].encode()
    )
)
def test_imports(dataset: tuple[Account, str], content: bytes) -> None:
    account, arn = dataset
    job = account.import_(arn, account.put("b/x.csv", content), f"j{next(numbers)}")
    if job["status"] == "ACTIVE":
        return
    assert job["status"] == "CREATE FAILED"
    assert "internal error" not in job["failureReason"]
    assert re.search(
        r"s3://b/x\.csv(, line \d+| is empty|, and an import of | can't be read: .* in line \d+)", job["failureReason"]
    )


@settings(max_examples=100, deadline=None)
@given(names=st.lists(st.sampled_from([*HEADER.split(","), '"ITEM_ID"', "", "USERID", "é", " "]), max_size=7))
def test_headers(dataset: tuple[Account, str], names: list[str]) -> None:
    account, arn = dataset
    text = ",".join(names) + "\nu1,i1,1700000000,watch,1\n"
    job = account.import_(arn, account.put("b/x.csv", text), f"j{next(numbers)}")
    if job["status"] != "ACTIVE":
        assert re.search(r"s3://b/x\.csv.* line \d|Input CSV is missing", job["failureReason"]), job["failureReason"]


@settings(max_examples=100, deadline=None)
@given(values=st.lists(GENRES | st.none(), min_size=1, max_size=5))
def test_what_is_exported_is_what_was_imported(items: tuple[Account, str], values: list[str | None]) -> None:
    account, arn = items
    number = next(numbers)
    frame = pd.DataFrame({"ITEM_ID": [f"i{at}" for at in range(len(values))], "GENRES": values, "PRICE": 1.5})
    location = account.put("b/in.csv", frame.to_csv(index=False, doublequote=False, escapechar="\\"))
    job = account.import_(arn, location, f"j{number}")
    assert job["status"] == "ACTIVE", job
    imported = account.service.world.state.tables[arn].indexed()["GENRES"].astype(object)
    assert imported.where(imported.notna(), None).tolist() == [value or None for value in values]
    output = {"s3DataDestination": {"path": "s3://b/out"}}
    options = {"datasetArn": arn, "roleArn": ROLE, "jobOutput": output, "ingestionMode": "BULK"}
    made = account("CreateDatasetExportJob", jobName=f"j{number}", **options)
    assert account.status("DatasetExportJob", made["datasetExportJobArn"]) == "ACTIVE"
    assert account.objects.contents[f"b/out/j{number}.csv"] == account.objects.contents["b/in.csv"]
