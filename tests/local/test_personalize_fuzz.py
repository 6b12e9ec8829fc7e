"""Whatever comes: a filter is refused by a modelled error, and an import fails with a reason."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.personalize.errors import InvalidInputError
from local.personalize.filters import grammar
from tests.local.personalize_account import INTERACTIONS, Account

WORDS = ["INCLUDE", "EXCLUDE", "ItemID", "WHERE", "Items.GENRES", "Items.PRICE", "IN", "NOT", "AND", "OR", "IF"]
WORDS += ["CurrentUser.AGE", "(", ")", "|", "=", "<", "3", ",", "*", '"a"', "$X", '"', "Items.", "é", "'"]
CELLS = ["u1", "", "1700000000", "17000000000000", "1e400", "-1", "9" * 23, "nan", "inf", "None", "1.5", "true"]
CELLS += ['"', '"x', 'a""b', "é", "\0", "1,2", "\r", "\n", "x" * 300]
HEADER = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n"

cells = st.sampled_from(CELLS) | st.text(st.characters(codec="utf-8"), max_size=6)
tables = st.lists(st.lists(cells, min_size=3, max_size=6).map(",".join), max_size=4).map("\n".join)
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


@settings(max_examples=200, deadline=None)
@given(content=tables.map(lambda rows: (HEADER + rows).encode()) | st.binary(max_size=60))
def test_imports(dataset: tuple[Account, str], content: bytes) -> None:
    account, arn = dataset
    job = account.import_(arn, account.put("b/x.csv", content), f"j{next(numbers)}")
    if job["status"] != "ACTIVE":
        assert "internal error" not in job["failureReason"]
        assert "s3://b/x.csv" in job["failureReason"]
