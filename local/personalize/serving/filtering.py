"""Which items, or actions, a query lets pass: by its filter, and by what the recipe itself hides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from local.personalize.filters.evaluation import Subject, passes
from local.personalize.recipes import RELATED
from local.personalize.serving.catalogue import Catalogue
from local.personalize.serving.query import Query

Mask = NDArray[np.bool_]
_CONSIDERED = 100
"""Of a user's newest events of a type, as many hide their items."""


def filtered(query: Query, catalogue: Catalogue) -> Mask:
    """Return which items of a catalogue pass the query's filter."""
    return _passed(query, "ITEMS", "INTERACTIONS", catalogue.names, catalogue.codes)


def filtered_actions(query: Query, names: pd.Index[Any]) -> Mask:
    """Return which actions pass the query's filter."""
    codes = {name: code for code, name in enumerate(names)}
    return _passed(query, "ACTIONS", "ACTION_INTERACTIONS", names, codes)


def shown(query: Query, catalogue: Catalogue) -> Mask:
    """Return which items the recipe does not hide from the user: what a user has watched or bought is hidden.

    https://docs.aws.amazon.com/personalize/latest/dg/VIDEO_ON_DEMAND-use-cases.html
    """
    mask = np.ones(len(catalogue.names), bool)
    hides, table = query.source.recipe.hides, query.source.tables.get("INTERACTIONS")
    if hides is None or table is None or query.user is None:
        return mask
    rows = table.of_user(query.user)
    rows = rows[(rows["EVENT_TYPE"] == hides).to_numpy(bool)].sort_values("TIMESTAMP").tail(_CONSIDERED)
    codes = [catalogue.codes.get(item, -1) for item in rows["ITEM_ID"].astype(str)]
    mask[[code for code in codes if code >= 0]] = False
    return mask


def _passed(query: Query, kind: str, events: str, names: pd.Index[Any], codes: Mapping[str, int]) -> Mask:
    if query.filter is None:
        return np.ones(len(names), bool)
    rows, users, interactions = (query.source.tables.get(each) for each in (kind, "USERS", events))
    subject = Subject(
        items=rows.aligned(names) if rows else pd.DataFrame(index=names),
        item_codes=codes,
        interactions=interactions.of_user(query.user or "") if interactions else pd.DataFrame(),
        current_item=_current_item(query),
        user=users.indexed().reindex([query.user]).dropna(how="all") if users else pd.DataFrame(),
    )
    return passes(query.filter, subject, query.filter_values)


def _current_item(query: Query) -> pd.DataFrame | None:
    """Return what is known of the item that others are asked for, if that is what the recipe is about."""
    items = query.source.tables.get("ITEMS")
    if query.source.recipe.type != RELATED or items is None:
        return None
    return items.indexed().reindex([query.item])
