"""Which items, or actions, a query lets pass: by its filter, and by what the recipe itself hides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from local.personalize.filters.evaluation import passes
from local.personalize.filters.subjects import subject
from local.personalize.recipes import RELATED
from local.personalize.serving.catalogue import Catalogue
from local.personalize.serving.query import Query

Mask = NDArray[np.bool_]
_CONSIDERED = 100
"""Of a user's newest events of a type, as many hide their items."""


def filtered(query: Query, catalogue: Catalogue) -> Mask:
    """Return which items of a catalogue pass the query's filter."""
    return _passed(query, catalogue.names, catalogue.codes)


def filtered_actions(query: Query, names: pd.Index[Any]) -> Mask:
    """Return which actions pass the query's filter."""
    codes = {name: code for code, name in enumerate(names)}
    return _passed(query, names, codes)


def shown(query: Query, catalogue: Catalogue) -> Mask:
    """Return which items the recipe does not hide from the user: what a user has watched or bought is hidden.

    "If you apply your own filter, your filter is applied after the videos the user watched are filtered out."

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


def _passed(query: Query, names: pd.Index[Any], codes: Mapping[str, int]) -> Mask:
    if query.filter is None:
        return np.ones(len(names), bool)
    item = query.item if query.source.recipe.type == RELATED else None
    asked = subject(query.filter, query.source.tables, names, codes, user=query.user, item=item)
    return passes(query.filter, asked, query.filter_values)
