"""Which items a query's filter lets pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from local.personalize.filters.evaluation import Subject, passes
from local.personalize.recipes import RELATED
from local.personalize.serving.query import Query

Mask = NDArray[np.bool_]


def filtered(query: Query) -> Mask:
    """Return which of the model's items pass."""
    model, tables = query.source.model, query.source.tables
    if query.filter is None:
        return np.ones(len(model.items), bool)
    names = model.item_index
    items, users, interactions = (tables.get(kind) for kind in ("ITEMS", "USERS", "INTERACTIONS"))
    subject = Subject(
        items=items.aligned(names) if items else pd.DataFrame(index=names),
        item_codes=model.item_codes,
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
