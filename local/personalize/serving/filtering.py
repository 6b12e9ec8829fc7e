"""Which items a query's filter lets pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from local.personalize.filters.evaluation import passes
from local.personalize.filters.subjects import subject
from local.personalize.recipes import RELATED
from local.personalize.serving.query import Query

Mask = NDArray[np.bool_]


def filtered(query: Query) -> Mask:
    """Return which of the model's items pass."""
    model, tables = query.source.model, query.source.tables
    if query.filter is None:
        return np.ones(len(model.items), bool)
    item = query.item if query.source.recipe.type == RELATED else None
    asked = subject(query.filter, tables, model.item_index, model.item_codes, user=query.user, item=item)
    return passes(query.filter, asked, query.filter_values)
