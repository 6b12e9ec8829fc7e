"""Filters made at random, written as text, and evaluated row by row in plain Python."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from local.personalize.data import schemas
from local.personalize.data.tables import from_rows
from local.personalize.filters.evaluation import Subject
from local.personalize.filters.grammar import (
    Anything,
    Both,
    Clause,
    Condition,
    CurrentItem,
    Either,
    Expression,
    Filter,
    Operand,
    Placeholder,
)
from tests.local.personalize_account import avro

Row = dict[str, Any]
_FIELDS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "Items": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRES", "type": ["null", "string"], "categorical": True},
        {"name": "PRICE", "type": ["null", "float"]},
        {"name": "year", "type": ["null", "int"]},
    ],
    "Interactions": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
    ],
    "Users": [
        {"name": "USER_ID", "type": "string"},
        {"name": "AGE", "type": ["null", "int"]},
        {"name": "TIER", "type": ["null", "string"], "categorical": True},
    ],
}
SCHEMAS = {kind.upper(): schemas.parse(avro(kind, fields)) for kind, fields in _FIELDS.items()}
ITEMS = [f"i{at}" for at in range(6)]
WORDS = ["a", "b", "B", 'q"t', "x y", "o'n", "b\\s", "ü"]
KINDS = ["watch", "Watch", "like", "buy"]
NUMBERS = [-1, 0, 1, 2, 2.5, 1e-7]
GIVEN = {"NUMBER": "2", "WORDS": '"a", B', "KINDS": "'WATCH'"}
"""The placeholder NONE never has a value."""
VALUES = {"NUMBER": ("2",), "WORDS": ("a", "B"), "KINDS": ("WATCH",)}

_words, _numbers = st.sampled_from(WORDS), st.sampled_from(NUMBERS)
_orders, _equal = st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(["=", "!="])


def _one(dataset: str, fields: Sequence[str], signs: st.SearchStrategy[str], operand: st.SearchStrategy[Operand],
         current: bool) -> st.SearchStrategy[Condition]:  # fmt: skip
    return st.builds(
        lambda field, sign, value: Condition(dataset, field, sign, (value,), current),
        st.sampled_from(fields), signs, operand,
    )  # fmt: skip


def _some(dataset: str, fields: Sequence[str], operand: st.SearchStrategy[Operand], placeholder: str,
          current: bool) -> st.SearchStrategy[Condition]:  # fmt: skip
    many = st.lists(operand, min_size=1, max_size=3).map(tuple)
    among = st.builds(
        lambda field, sign, values: Condition(dataset, field, sign, values, current),
        st.sampled_from(fields), st.sampled_from(["IN", "NOT IN"]), many,
    )  # fmt: skip
    given = st.builds(
        lambda field, name: Condition(dataset, field, "IN", (Placeholder(name),), current),
        st.sampled_from(fields), st.sampled_from([placeholder, "NONE"]),
    )  # fmt: skip
    return among | given


def _of(dataset: str, words: Sequence[str], numbers: Sequence[str], current: bool) -> st.SearchStrategy[Condition]:
    placeholder: st.SearchStrategy[Operand] = st.just(Placeholder("NUMBER"))
    theirs: st.SearchStrategy[Operand] = st.sampled_from([CurrentItem(name) for name in numbers])
    number = _numbers | placeholder | (st.nothing() if current else theirs)
    word = _words if current else _words | st.just(CurrentItem("GENRES"))
    return (
        _one(dataset, numbers, _orders | _equal, number, current)
        | _one(dataset, words, _equal, _words, current)
        | _some(dataset, words, word, "WORDS", current)
        | _some(dataset, numbers, _numbers, "NUMBER", current)
    )


_items = _of("ITEMS", ["GENRES"], ["PRICE", "YEAR"], current=False)
_kinds: st.SearchStrategy[Operand] = st.sampled_from(KINDS)
_events = _some("INTERACTIONS", ["EVENT_TYPE"], _kinds | st.just(Anything()), "KINDS", current=False)
_users = _of("USERS", ["TIER"], ["AGE"], current=True)


def _joined(conditions: st.SearchStrategy[Condition]) -> st.SearchStrategy[Expression]:
    def more(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.builds(Both, parts) | st.builds(Either, parts)

    return st.recursive(conditions, more, max_leaves=5)


_if = _users | st.builds(Both, st.lists(_users, min_size=2, max_size=2).map(tuple))
_clauses = st.builds(
    Clause,
    st.sampled_from(["INCLUDE", "EXCLUDE"]), st.just("itemid"), _joined(_items) | _joined(_events), st.none() | _if,
)  # fmt: skip
filters: st.SearchStrategy[Filter] = st.builds(Filter, st.lists(_clauses, min_size=1, max_size=3).map(tuple))


def written(expression: Filter) -> str:
    """Write a filter as its user would."""
    return " | ".join(map(_clause, expression.clauses))


def _clause(clause: Clause) -> str:
    tail = f" IF {_text(clause.only_if)}" if clause.only_if else ""
    return f"{clause.mode} {clause.target} WHERE {_text(clause.where)}{tail}"


def _text(expression: Expression) -> str:
    if isinstance(expression, Condition):
        place = "CurrentUser" if expression.current else expression.dataset
        values = ", ".join(map(_value, expression.operands))
        values = f"({values})" if "IN" in expression.operator else values
        return f"{place}.{expression.field} {expression.operator} {values}"
    word = " AND " if isinstance(expression, Both) else " OR "
    return word.join(_text(part) if isinstance(part, Condition) else f"({_text(part)})" for part in expression.parts)


def _value(operand: Operand) -> str:
    match operand:
        case Placeholder(name):
            return f"${name}"
        case Anything():
            return "*"
        case CurrentItem(field):
            return f"CurrentItem.{field}"
        case str():
            return '"' + operand.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case _:
            return repr(operand)


_null_word = st.none() | st.lists(_words, min_size=1, max_size=2).map("|".join)
_null_number = st.none() | _numbers
_item = st.fixed_dictionaries(
    {"GENRES": _null_word, "PRICE": _null_number, "year": st.none() | st.sampled_from([0, 1, 2])}
)
_event = st.fixed_dictionaries(
    {
        "USER_ID": st.just("u"),
        "ITEM_ID": st.sampled_from([*ITEMS, "gone"]),
        "TIMESTAMP": st.integers(0, 9),
        "EVENT_TYPE": st.none() | st.sampled_from(KINDS),
    }
)
_user = st.fixed_dictionaries(
    {"USER_ID": st.just("u"), "AGE": st.none() | st.sampled_from([1, 2, 3]), "TIER": _null_word}
)


class World:
    """Small tables: rows as they are, and as a filter's subject."""

    def __init__(self, items: list[Row], events: list[Row], user: Row | None, current: int) -> None:
        self.items, self.events, self.user, self.current = items, events, user, items[current]
        frame = from_rows(items, SCHEMAS["ITEMS"]).drop(columns="ITEM_ID").set_axis(ITEMS)
        users = from_rows([user] if user else [], SCHEMAS["USERS"])
        self.subject = Subject(
            items=frame,
            item_codes={name: at for at, name in enumerate(ITEMS)},
            interactions=from_rows(events, SCHEMAS["INTERACTIONS"]),
            user=users.set_index(users["USER_ID"].astype(object)).drop(columns="USER_ID"),
            current_item=frame.iloc[[current]],
        )

    def __repr__(self) -> str:
        return f"World({self.items}, {self.events}, {self.user}, {self.items.index(self.current)})"


worlds = st.builds(
    World,
    st.lists(_item, min_size=len(ITEMS), max_size=len(ITEMS)), st.lists(_event, max_size=5), st.none() | _user,
    st.integers(0, len(ITEMS) - 1),
)  # fmt: skip


def passing(expression: Filter, world: World) -> list[bool]:
    """Return which items pass, found out one by one."""
    return [_passes(expression, world, at) for at in range(len(ITEMS))]


def _passes(expression: Filter, world: World, at: int) -> bool:
    included: list[bool] = []
    excluded = False
    for clause in expression.clauses:
        if "NONE" in clause.placeholders:
            continue
        if clause.only_if and (world.user is None or not _meets(clause.only_if, world.user, world)):
            continue
        if clause.dataset == "ITEMS":
            met = _meets(clause.where, world.items[at], world)
        else:
            met = any(e["ITEM_ID"] == ITEMS[at] and _meets(clause.where, e, world) for e in world.events)
        if clause.mode == "INCLUDE":
            included.append(met)
        else:
            excluded |= met
    return (any(included) or not included) and not excluded


def _meets(expression: Expression, row: Mapping[str, Any], world: World) -> bool:
    if isinstance(expression, Condition):
        return _condition(expression, row, world)
    met = [_meets(part, row, world) for part in expression.parts]
    return all(met) if isinstance(expression, Both) else any(met)


def _condition(condition: Condition, row: Mapping[str, Any], world: World) -> bool:
    have = _get(row, condition.field)
    wanted = [value for operand in condition.operands for value in _wanted(operand, world)]
    if condition.operator in ("<", "<=", ">", ">="):
        compare = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}[condition.operator]
        return have is not None and bool(wanted) and bool(compare(float(have), float(wanted[0])))
    negative = condition.operator in ("NOT IN", "!=")
    if have is None:
        return negative
    if any(isinstance(value, Anything) for value in wanted):
        return not negative
    if isinstance(have, str):
        fold = str.casefold if condition.dataset == "INTERACTIONS" else str
        found = bool({fold(have), *fold(have).split("|")} & {fold(str(value)) for value in wanted})
    else:
        found = any(float(have) == float(value) for value in wanted)
    return found != negative


def _wanted(operand: Operand, world: World) -> Sequence[Any]:
    if isinstance(operand, Placeholder):
        return VALUES[operand.name]
    if isinstance(operand, CurrentItem):
        value = _get(world.current, operand.field)
        return [] if value is None else str(value).split("|") if isinstance(value, str) else [value]
    return [operand]


def _get(row: Mapping[str, Any], field: str) -> Any:
    value = next((value for name, value in row.items() if name.upper() == field), None)
    return None if value is None or pd.isna(value) else value
