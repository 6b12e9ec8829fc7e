"""What a filter lets pass: a mask over items, actions or users.

A null meets `NOT IN` and `!=`, which say that a value is not there, and no other condition.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from local.personalize.errors import InvalidInputError
from local.personalize.filters.grammar import (
    EVENTS,
    Anything,
    Both,
    Clause,
    Condition,
    CurrentItem,
    Expression,
    Filter,
    Operand,
    Placeholder,
    Value,
)
from local.personalize.filters.values import Given, read

Mask = NDArray[np.bool_]
_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
KEYS: Mapping[str, str] = {"itemid": "ITEM_ID", "userid": "USER_ID", "actionid": "ACTION_ID"}
_RECENT: Mapping[str, int | None] = {"itemid": 100, "actionid": 300, "userid": None}
"""How many of a user's newest interactions of each event type count; of a user asked about, any one does.
https://docs.aws.amazon.com/personalize/latest/dg/limits.html
"""


@dataclass(frozen=True)
class Subject:
    """What a filter is asked about: items (or actions, or users), and what is known of who asks."""

    items: pd.DataFrame
    """A row per item, in the model's order; null where the Items dataset does not know the item."""
    item_codes: Mapping[str, int]
    interactions: pd.DataFrame
    """The user's own; everybody's, if it is users that the filter is asked about."""
    user: pd.DataFrame
    """The user's row in the Users dataset, or none."""
    current_item: pd.DataFrame | None = None
    """The row in the Items dataset of the item that others are asked for (it may be null); None: no item is."""
    recent: int | None = None
    """How many interactions of each event type count, if not as many as by default."""


def passes(expression: Filter, subject: Subject, values: Mapping[str, str]) -> Mask:
    """Return which items may be recommended.

    Includes add up, and then excludes are taken away, in whatever order they stand.
    https://docs.aws.amazon.com/personalize/latest/dg/multiple-expression-example.html
    """
    if expression.needs_current_item and subject.current_item is None:
        raise InvalidInputError("A filter with CurrentItem can be used for related items only.")
    asked = _Asked(subject, KEYS[expression.target], read(expression, values))
    included: Mask | None = None
    excluded = np.zeros(len(subject.items), bool)
    for clause in expression.clauses:
        if not clause.placeholders <= set(values) or (clause.only_if and not asked.holds(clause.only_if)):
            continue  # as documented: that part of the expression is not used
        met = asked.met(clause)
        if clause.mode == "EXCLUDE":
            excluded |= met
        else:
            included = met if included is None else included | met
    return ~excluded if included is None else included & ~excluded


def matching(expression: Expression, items: pd.DataFrame) -> Mask:
    """Return which items meet an expression without placeholders."""
    return _Asked(Subject(items, {}, items, items), "ITEM_ID", {}).rows(expression, items)


@dataclass(frozen=True)
class _Asked:
    """A question: about what, and with which values."""

    subject: Subject
    key: str
    given: Given

    def met(self, clause: Clause) -> Mask:
        """Return which items meet a clause's WHERE."""
        if clause.dataset not in EVENTS:
            return self.rows(clause.where, self.subject.items)
        met = np.zeros(len(self.subject.items), bool)
        frame = self.subject.interactions
        if len(frame):
            rows = self.rows(clause.where, frame) & _newest(frame, self.subject.recent or _RECENT[clause.target])
            names, codes = frame[self.key].cat.categories, frame[self.key].cat.codes.to_numpy()
            found = [self.subject.item_codes.get(str(names[code]), -1) for code in np.unique(codes[rows]) if code >= 0]
            met[[code for code in found if code >= 0]] = True
        return met

    def holds(self, expression: Expression) -> bool:
        """Return whether the user who asks is known, and meets the expression."""
        user = self.subject.user
        return bool(len(user)) and bool(self.rows(expression, user)[0])

    def rows(self, expression: Expression, frame: pd.DataFrame) -> Mask:
        """Return which rows of a dataset meet the expression."""
        if isinstance(expression, Condition):
            return self._condition(expression, frame)
        masks = [self.rows(part, frame) for part in expression.parts]
        combined = np.logical_and if isinstance(expression, Both) else np.logical_or
        mask: Mask = combined.reduce(masks)
        return mask

    def _condition(self, condition: Condition, frame: pd.DataFrame) -> Mask:
        column = _column(frame, condition.field, "USER_ID" if condition.current else self.key)
        if column is None:
            return np.zeros(len(frame), bool)
        values = [value for operand in condition.operands for value in self._values(operand, condition)]
        if condition.operator in _SIGNS:
            return _compared(column, _SIGNS[condition.operator], values, condition)
        if condition.operator in ("=", "!="):
            _one(values, condition)
        among = _among(column, values, ignore_case=condition.dataset in EVENTS)
        return ~among if condition.operator in ("NOT IN", "!=") else among

    def _values(self, operand: Operand, condition: Condition) -> Sequence[Value | Anything]:
        if isinstance(operand, Placeholder):
            star = condition.dataset in EVENTS
            return [Anything() if star and value == "*" else value for value in self.given[operand.name]]
        if isinstance(operand, CurrentItem):
            return self._of_current_item(operand)
        return [operand]

    def _of_current_item(self, operand: CurrentItem) -> Sequence[Value]:
        item = self.subject.current_item
        column = None if item is None or not len(item) else _column(item, operand.field, "ITEM_ID")
        if column is None or pd.isna(column.iloc[0]):
            return []
        value = column.iloc[0]
        return value.split("|") if isinstance(value, str) else [float(value)]


def _column(frame: pd.DataFrame, field: str, key: str) -> pd.Series[Any] | None:
    """Return a column, whatever its name's case; the key's values are the frame's index."""
    if field in frame:
        return frame[field]
    if field == key:
        return pd.Series(frame.index, dtype=object)
    name = next((name for name in frame if str(name).upper() == field), None)
    return None if name is None else frame[name]


def _newest(frame: pd.DataFrame, limit: int | None) -> Mask:
    """Return which interactions are among the newest of their event type."""
    newest = np.ones(len(frame), bool)
    if limit is None or len(frame) <= limit or "EVENT_TYPE" not in frame:
        return newest
    kinds = frame["EVENT_TYPE"].cat.codes.to_numpy()
    order = np.lexsort((-frame["TIMESTAMP"].to_numpy(np.int64), kinds))
    first = np.searchsorted(kinds[order], kinds[order], side="left")
    newest[order] = np.arange(len(frame)) - first < limit
    return newest


def _compared(
    column: pd.Series[Any], compare: Callable[[Any, Any], Any], values: Sequence[Value | Anything], condition: Condition
) -> Mask:
    _one(values, condition)
    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    if not values:
        return np.zeros(len(numbers), bool)
    found: Mask = compare(numbers, _number(values[0])) & ~np.isnan(numbers)
    return found


def _one(values: Sequence[Value | Anything], condition: Condition) -> None:
    several = len(values) > 1 and not any(isinstance(each, CurrentItem) for each in condition.operands)
    if several:
        raise InvalidInputError(f"{condition.operator} takes one value for {condition.field}, and {len(values)} came.")


def _among(column: pd.Series[Any], values: Sequence[Value | Anything], *, ignore_case: bool) -> Mask:
    if any(isinstance(each, Anything) for each in values):
        known: Mask = column.notna().to_numpy(bool)
        return known
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.isin(column.to_numpy(dtype=float, na_value=np.nan), [_number(each) for each in values])
    texts = [str(each) for each in values]
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column.isin(texts).to_numpy(bool)
    categories = _Categories(column.cat.categories, ignore_case)
    hit = np.zeros(len(categories.names) + 1, bool)  # the last stands for null, whose code is -1
    for text in texts:
        hit[_positions(categories).get(text.casefold() if ignore_case else text, [])] = True
    mask: Mask = hit[column.cat.codes.to_numpy()]
    return mask


@dataclass(frozen=True, eq=False)
class _Categories:
    """A column's categories, told from others by identity: they never change."""

    names: pd.Index[Any]
    ignore_case: bool

    def __hash__(self) -> int:
        return hash((id(self.names), self.ignore_case))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Categories) and other.names is self.names and other.ignore_case == self.ignore_case


@functools.lru_cache(maxsize=32)
def _positions(categories: _Categories) -> Mapping[str, list[int]]:
    """Return where a value is found: a category may be several values, with | between them."""
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(categories.names):
        text = str(name).casefold() if categories.ignore_case else str(name)
        for value in {text, *text.split("|")}:
            positions.setdefault(value, []).append(position)
    return positions


def _number(value: Value | Anything) -> float:
    try:
        return float(value)  # type: ignore[arg-type] # Anything fails like any other value that is no number
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInputError(f"{value!r} is compared with a number, and is none.") from error
