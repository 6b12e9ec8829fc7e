"""What a filter is asked about, taken from a dataset group's tables: as much as it asks for, since that takes time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from local.personalize.data.tables import Table
from local.personalize.filters.evaluation import Subject
from local.personalize.filters.grammar import EVENTS, Filter
from local.personalize.filters.rules import DATASETS

_NOTHING = pd.DataFrame()


def subject(
    expression: Filter,
    tables: Mapping[str, Table],
    names: pd.Index[Any],
    codes: Mapping[str, int],
    *,
    user: str | None = None,
    item: str | None = None,
) -> Subject:
    """Return what an expression asks about the items (or actions, or users) of those names.

    user: who asks. item: what related ones are asked for.
    """
    kind, events = (tables.get(each) for each in DATASETS[expression.target])
    users, items = tables.get("USERS"), tables.get("ITEMS")
    return Subject(
        items=kind.aligned(names) if kind else pd.DataFrame(index=names),
        item_codes=codes,
        interactions=_events(expression, events, user),
        user=_row(users, user) if users and any(clause.only_if for clause in expression.clauses) else _NOTHING,
        current_item=_row(items, item) if items and item is not None and expression.needs_current_item else None,
    )


def _events(expression: Filter, table: Table | None, user: str | None) -> pd.DataFrame:
    if table is None or not any(clause.dataset in EVENTS for clause in expression.clauses):
        return _NOTHING
    return table.snapshot().frame() if expression.target == "userid" else table.of_user(user or "")


def _row(table: Table, name: str | None) -> pd.DataFrame:
    rows = table.indexed()
    return rows.loc[[name]] if name in rows.index else rows.iloc[:0]
