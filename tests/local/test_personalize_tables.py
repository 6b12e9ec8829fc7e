"""A dataset's rows are read without the lock while they change: what is read is of one moment, and of one user."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pandas as pd
import pytest

from local.personalize.data import schemas, tables
from local.personalize.data.tables import Table, UserRows
from tests.local.personalize_account import INTERACTIONS, avro

SCHEMA = schemas.parse(avro("Interactions", INTERACTIONS))
USERS = tuple(f"u{number}" for number in range(5))


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads take turns as often as can be."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def row(user: str, at: int) -> dict[str, object]:
    return {"USER_ID": user, "ITEM_ID": f"of-{user}", "TIMESTAMP": at, "EVENT_TYPE": "watch"}


def frame(*users: str) -> pd.DataFrame:
    return tables.from_rows([row(user, at) for at, user in enumerate(users)], SCHEMA)


def items_of(table: Table, user: str) -> set[str]:
    return set(table.of_user(user)["ITEM_ID"])


def test_an_import_that_ends_meanwhile_gives_no_other_users_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(SCHEMA)
    table.replace(frame(*["a"] * 3, *["b"] * 3))

    class Slow(UserRows):
        def __init__(self, column: pd.Series[str]) -> None:
            super().__init__(column)
            monkeypatch.setattr(tables, "UserRows", UserRows)
            table.replace(frame("b"))

    monkeypatch.setattr(tables, "UserRows", Slow)
    assert items_of(table, "a") == {"of-a"}
    assert items_of(table, "a") == set()
    assert items_of(table, "b") == {"of-b"}


def test_a_schema_that_comes_meanwhile_gives_its_columns() -> None:
    table = Table(SCHEMA)
    table.replace(frame("a"))
    table.stream(row("a", 9))
    table.schema = schemas.parse(avro("Interactions", [*INTERACTIONS, {"name": "DEVICE", "type": ["null", "string"]}]))
    found = table.of_user("a")  # the rows have not got them yet
    assert found["TIMESTAMP"].tolist() == [0, 9]
    assert found["DEVICE"].isna().all()


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(lambda table, user: table.of_user(user)["ITEM_ID"].tolist(), id="of_user"),
        pytest.param(lambda table, user: [each["ITEM_ID"] for each in table.since_of(user, 0)], id="since_of"),
    ],
)
def test_what_is_put_and_deleted_meanwhile_mixes_no_users(hasty: None, look: Callable[[Table, str], list[str]]) -> None:
    table = Table(SCHEMA)
    over = threading.Event()
    problems: list[object] = []

    def read(user: str) -> None:
        while not over.is_set():
            try:
                found = set(look(table, user))
            except Exception as error:
                problems.append(error)
                return
            if found - {f"of-{user}"}:
                problems.append((user, found))
                return

    readers = [threading.Thread(target=read, args=(user,)) for user in USERS[1:]]
    for each in readers:
        each.start()
    for at in range(300):
        for user in USERS:
            table.stream(row(user, at))
        table.forget([USERS[0]])
        if at % 20 == 0:
            table.forget(USERS)
    over.set()
    for each in readers:
        each.join()
    assert not problems
    assert len(table.streamed) == sum(map(len, table.by_user.values()))


def test_numbers_stay_when_rows_before_are_dropped() -> None:
    table = Table(SCHEMA)
    for at, user in enumerate(("a", "b", "a", "b")):
        table.stream(row(user, at))
    seen = table.given
    assert table.forget(["a"]) == 2
    assert (table.since(seen), [each["TIMESTAMP"] for each in table.since(2)]) == ([], [3])
    table.stream(row("b", 4))
    assert [each["TIMESTAMP"] for each in table.since(seen)] == [4]
    assert [each["TIMESTAMP"] for each in table.since_of("b", 2)] == [3, 4]
    assert table.since_of("a", 0) == []
    assert table.snapshot().frame()["TIMESTAMP"].tolist() == [1, 3, 4]
