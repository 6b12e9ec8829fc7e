"""The rows of a dataset: bulk imports and, apart from them, what was streamed."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from local.personalize.data.schemas import Field, Schema

_FACTOR = np.int64(0x9E3779B97F4A7C1 | 1)

Row = Mapping[str, Any]
"""Column to value; columns that are absent are null."""


@dataclass(slots=True)
class Streamed:
    """A streamed row with its number: rows before it may be dropped, its number stays."""

    number: int
    row: Row
    session: str | None = None
    """Whose it is, where nobody had said which user that is."""


@dataclass
class Table:
    """A dataset's contents. It changes under the world's lock, and is read without it while it does.

    So frames are never changed in place, and lists only grow: who holds one has a snapshot. What drops rows puts new
    ones in their places; who reads takes each of them once, since the next look may find another.
    """

    schema: Schema
    bulk: pd.DataFrame | None = None
    streamed: list[Streamed] = field(default_factory=list)
    """By ascending numbers."""
    by_user: dict[str, list[Streamed]] = field(default_factory=dict)
    """User to the user's streamed rows."""
    given: int = 0
    """How many numbers were given: what is streamed next has this one."""
    event_ids: set[str] = field(default_factory=set)
    sessions: dict[str, str] = field(default_factory=dict)
    """Session to the user that an event has named for it."""
    version: int = 0
    """Changes whenever the contents do."""
    _frame: tuple[int, pd.DataFrame] | None = None
    _aligned: tuple[int, pd.Index[Any], pd.DataFrame] | None = None
    _rows: tuple[pd.DataFrame, UserRows] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Keep what is the table's, and not what is only remembered."""
        return {name: None if name.startswith("_") else value for name, value in vars(self).items()}

    @property
    def empty(self) -> bool:
        """Whether nothing has come in yet."""
        return self.bulk is None and not self.streamed

    def replace(self, frame: pd.DataFrame) -> None:
        """Put in new bulk rows for the old ones."""
        self.bulk = frame
        self.version += 1

    def knows(self, session: str, user: str) -> None:
        """Note whose a session is: what it did before is the user's from the next full training on.

        https://docs.aws.amazon.com/personalize/latest/dg/recording-anonymous-user-events.html
        """
        if self.sessions.get(session) != user:
            self.sessions = {**self.sessions, session: user}  # a snapshot keeps the one it has
            self.version += 1

    def stream(self, row: Row, session: str | None = None) -> None:
        """Add one record, of an anonymous session perhaps."""
        streamed = Streamed(self.given, row, session)
        self.given += 1
        self.streamed.append(streamed)
        user = row.get("USER_ID")
        if user is not None:
            self.by_user.setdefault(user, []).append(streamed)
        self.version += 1

    def since(self, seen: int) -> list[Row]:
        """Return the streamed rows that are new to who has seen all with numbers below ``seen``."""
        return _since(self.streamed, seen)

    def since_of(self, user: str, seen: int) -> list[Row]:
        """Return those of them that are a user's."""
        return _since(self.by_user.get(user, []), seen)

    def forget(self, users: Collection[str]) -> int:
        """Drop all rows of some users, and return how many there were. Snapshots keep what they have."""
        if "USER_ID" not in self.schema.by_name:
            return 0
        before = len(self.streamed) + (0 if self.bulk is None else len(self.bulk))
        if self.bulk is not None:
            bulk = self.bulk[~self.bulk["USER_ID"].isin(list(users))].reset_index(drop=True)
            strings = [each.name for each in self.schema.fields if each.type == "string"]
            self.bulk = bulk.assign(**{name: bulk[name].cat.remove_unused_categories() for name in strings})
        self.streamed = [each for each in self.streamed if each.row.get("USER_ID") not in users]
        self.by_user = {user: rows for user, rows in self.by_user.items() if user not in users}
        self.version += 1
        return before - len(self.streamed) - (0 if self.bulk is None else len(self.bulk))

    def indexed(self) -> pd.DataFrame:
        """Return the newest row of each key with the (one) key as the index; kept until something changes."""
        version = self.version
        if self._frame is None or self._frame[0] != version:
            frame = self.snapshot().frame(upsert=True)
            key = self.schema.keys[0]
            self._frame = version, frame.set_index(frame[key].astype(object)).drop(columns=key)
        return self._frame[1]

    def aligned(self, names: pd.Index[Any]) -> pd.DataFrame:
        """Return a row for each name, null where there is none; kept for who asks with the same index again."""
        version, kept = self.version, self._aligned
        if kept is None or kept[0] != version or kept[1] is not names:
            kept = self._aligned = version, names, self.indexed().reindex(names)
        return kept[2]

    def of_user(self, user: str) -> pd.DataFrame:
        """Return a user's rows, imported and streamed."""
        schema, bulk, rows = self.schema, self.bulk, self._rows
        streamed = self.since_of(user, 0)
        frames = [from_rows(streamed, schema)] if streamed else []
        if bulk is not None:
            if rows is None or rows[0] is not bulk:
                rows = self._rows = bulk, UserRows(bulk["USER_ID"])
            frames.insert(0, conform(bulk.iloc[rows[1].of(user)], schema))
        return stack(frames, schema)

    def snapshot(self) -> Snapshot:
        """Return the contents as they are now, at no cost."""
        streamed = self.streamed
        return Snapshot(self.schema, self.bulk, streamed, len(streamed), self.given, self.sessions)


def _since(streamed: Sequence[Streamed], seen: int) -> list[Row]:
    first = bisect.bisect_left(streamed, seen, key=attrgetter("number"))
    return [each.row for each in streamed[first:]]


class UserRows:
    """Finds the rows of a user in a frame."""

    def __init__(self, column: pd.Series[Any]) -> None:
        codes = column.cat.codes.to_numpy()
        self._order = np.argsort(codes, kind="stable")
        self._ends = np.cumsum(np.bincount(codes, minlength=len(column.cat.categories)))
        self._codes = {name: code for code, name in enumerate(column.cat.categories)}

    def of(self, user: str) -> NDArray[np.int64]:
        """Return the positions of a user's rows."""
        code = self._codes.get(user)
        if code is None:
            return np.empty(0, np.int64)
        begin = self._ends[code - 1] if code else 0
        return self._order[begin : self._ends[code]].astype(np.int64)


@dataclass(frozen=True)
class Snapshot:
    """A table at one moment: the list of streamed rows may grow, but the first `count` stay. See `Table.since`."""

    schema: Schema
    bulk: pd.DataFrame | None
    streamed: Sequence[Streamed]
    count: int
    seen: int
    sessions: Mapping[str, str] = field(default_factory=dict)

    def joined(self) -> Snapshot:
        """Return it with what anonymous sessions did as their users', as far as they are known by now."""
        streamed = [
            replace(each, row={**each.row, "USER_ID": user})
            if (user := self.sessions.get(each.session or ""))
            else each
            for each in self.streamed[: self.count]
        ]
        return replace(self, streamed=streamed)

    def frame(self, *, upsert: bool = False) -> pd.DataFrame:
        """Return all rows as one frame; with `upsert`, only the newest of each key."""
        frames = [] if self.bulk is None else [conform(self.bulk, self.schema)]
        if self.count:
            frames.append(from_rows([each.row for each in self.streamed[: self.count]], self.schema))
        whole = stack(frames, self.schema)
        if upsert:
            return merge(whole, self.schema.keys)
        return once(whole) if self.count else whole


def dtype(column: Field) -> str:
    """Return the pandas type of a column. Strings are categories: IDs and labels repeat a lot."""
    match column.type:
        case "string":
            return "category"
        case "boolean":
            return "boolean" if column.nullable else "bool"
        case "int" | "long":
            return "Int64" if column.nullable else "int64"
        case _:
            return "float64"


def from_rows(rows: Sequence[Row], schema: Schema) -> pd.DataFrame:
    """Return rows as a frame of the schema's columns; a missing value in a strict number is 0."""
    columns: dict[str, pd.Series[Any]] = {}
    for each in schema.fields:
        values: list[Any] = [row.get(each.name) for row in rows]
        if not each.nullable and each.type not in ("string", "float", "double"):
            values = [0 if value is None else value for value in values]
        columns[each.name] = _series(values, each)
    return pd.DataFrame(columns)


def _series(values: list[Any], column: Field) -> pd.Series[Any]:
    if column.type == "string":  # by way of str: without a value, pandas would have categories of no type
        return pd.Series(values, dtype="str").astype("category")
    series: pd.Series[Any] = pd.Series(values, dtype=cast(Any, dtype(column)))
    return series


def conform(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return a frame with exactly the schema's columns: those it lacks are null."""
    names = [each.name for each in schema.fields]
    if list(frame.columns) == names:
        return frame
    missing = {
        each.name: _series([None] * len(frame), each).set_axis(frame.index)
        for each in schema.fields
        if each.name not in frame.columns
    }
    return frame.assign(**missing)[names]


def stack(frames: Sequence[pd.DataFrame], schema: Schema) -> pd.DataFrame:
    """Put frames of one schema under each other; categories stay categories."""
    if not frames:
        return from_rows([], schema)
    if len(frames) == 1:
        return frames[0]
    columns: dict[str, Any] = {}
    for each in schema.fields:
        parts = [frame[each.name] for frame in frames]
        if each.type == "string":
            columns[each.name] = union_categoricals(parts)
        else:
            columns[each.name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns)


def once(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep one of the rows that are the same in all columns.

    "If you import two interactions with exactly the same timestamp and identical properties, Amazon Personalize keeps
    only one": https://docs.aws.amazon.com/personalize/latest/dg/import-data.html
    """
    suspected = pd.Series(_digests(frame)).duplicated(keep=False).to_numpy(bool)
    if not suspected.any():
        return frame
    kept = ~suspected
    kept[suspected] = ~frame[suspected].duplicated().to_numpy(bool)
    return frame[kept].reset_index(drop=True)


def _digests(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for each row: rows that are the same have the same one, and others seldom do."""
    digests = np.zeros(len(frame), np.int64)
    for _, column in frame.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            digests = digests * _FACTOR + column.cat.codes.to_numpy()
        elif column.dtype == np.int64:
            digests = digests * _FACTOR + column.to_numpy()
    return digests


def merge(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Keep the last of the rows that have the same key."""
    return frame.drop_duplicates(list(keys), keep="last", ignore_index=True)
