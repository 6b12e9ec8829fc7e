"""What a filter lets pass: a mask over items."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from local.personalize.errors import InvalidInputError
from local.personalize.filters.grammar import (
    Anything,
    Both,
    Clause,
    Condition,
    Expression,
    Filter,
    Operand,
    Placeholder,
    Value,
)

Mask = NDArray[np.bool_]
_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Subject:
    """What a filter is asked about: items, and the rows of the user who asks."""

    items: pd.DataFrame
    """A row per item, in the model's order; null where the Items dataset does not know the item."""
    item_codes: Mapping[str, int]
    interactions: pd.DataFrame
    """The user's own."""
    user: pd.DataFrame
    """The user's row in the Users dataset, or none."""


def passes(expression: Filter, subject: Subject, values: Mapping[str, str]) -> Mask:
    """Return which items may be recommended.

    Includes add up, and then excludes are taken away, in whatever order they stand.
    """
    unknown = sorted(set(values) - expression.placeholders)
    if unknown:
        raise InvalidInputError(f"The filter has no parameters [{','.join(unknown)}].")
    included: Mask | None = None
    excluded = np.zeros(len(subject.items), bool)
    for clause in expression.clauses:
        missing = sorted(clause.placeholders - set(values))
        if missing and clause.mode == "INCLUDE":
            raise InvalidInputError(f"The filter needs values for the parameters [{','.join(missing)}].")
        if missing or (clause.only_if and not _holds(clause.only_if, subject, values)):
            continue  # as documented: that part of the expression is not used
        met = _met(clause, subject, values)
        if clause.mode == "EXCLUDE":
            excluded |= met
        else:
            included = met if included is None else included | met
    return ~excluded if included is None else included & ~excluded


def _met(clause: Clause, subject: Subject, values: Mapping[str, str]) -> Mask:
    if clause.dataset == "ITEMS":
        return _rows(clause.where, subject.items, values)
    met = np.zeros(len(subject.items), bool)
    if clause.dataset == "INTERACTIONS" and len(subject.interactions):
        rows = _rows(clause.where, subject.interactions, values)
        codes = [subject.item_codes.get(item, -1) for item in subject.interactions["ITEM_ID"][rows].astype(str)]
        met[[code for code in codes if code >= 0]] = True
    return met


def _holds(expression: Expression, subject: Subject, values: Mapping[str, str]) -> bool:
    return bool(len(subject.user)) and bool(_rows(expression, subject.user, values)[0])


def _rows(expression: Expression, frame: pd.DataFrame, values: Mapping[str, str]) -> Mask:
    if isinstance(expression, Condition):
        return _condition(expression, frame, values)
    masks = [_rows(part, frame, values) for part in expression.parts]
    combined = np.logical_and if isinstance(expression, Both) else np.logical_or
    mask: Mask = combined.reduce(masks)
    return mask


def _condition(condition: Condition, frame: pd.DataFrame, values: Mapping[str, str]) -> Mask:
    if condition.field not in frame:
        return np.zeros(len(frame), bool)
    column = frame[condition.field]
    operands = [value for operand in condition.operands for value in _values(operand, values)]
    if condition.operator in ("IN", "NOT IN"):
        among = _among(column, operands)
        return among if condition.operator == "IN" else ~among
    compare = _SIGNS[condition.operator]
    if isinstance(column.dtype, pd.CategoricalDtype):
        equal = _among(column, operands)
        return equal if condition.operator == "=" else ~equal
    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    found: Mask = compare(numbers, _number(operands[0])) & ~np.isnan(numbers)
    return found


def _among(column: pd.Series[Any], operands: list[Value | Anything]) -> Mask:
    known: Mask = column.notna().to_numpy(bool)
    if any(isinstance(each, Anything) for each in operands):
        return known
    if not isinstance(column.dtype, pd.CategoricalDtype):
        wanted = [_number(each) for each in operands]
        return np.isin(column.to_numpy(dtype=float, na_value=np.nan), wanted)
    texts = {each if isinstance(each, str) else f"{each:g}" for each in operands if not isinstance(each, Anything)}
    # A value may be several, with | between them.
    hit = np.array(
        [not texts.isdisjoint(str(each).split("|")) or each in texts for each in column.cat.categories], bool
    )
    codes = column.cat.codes.to_numpy()
    mask: Mask = known & np.append(hit, False)[codes]
    return mask


def _values(operand: Operand, values: Mapping[str, str]) -> list[Value | Anything]:
    if not isinstance(operand, Placeholder):
        return [operand]
    parts = [part.strip() for part in values[operand.name].split(",")]
    return [Anything() if part.strip("\"'") == "*" else part.strip("\"'") for part in parts]


def _number(value: Value | Anything) -> float:
    try:
        return float(value)  # type: ignore[arg-type] # Anything fails like any other value that is no number
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"{value!r} is compared with a number, and is none.") from error
