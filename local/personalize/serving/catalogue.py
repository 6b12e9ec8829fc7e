"""The items that can be in an answer: the model's and, where the recipe keeps itself up to date, those that came later.

https://docs.aws.amazon.com/personalize/latest/dg/use-case-recipe-features.html#automatic-updates
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from local.personalize.data.tables import Table
from local.personalize.learning.models import Trained
from local.personalize.serving.query import Source

_CREATED = "CREATION_TIMESTAMP"


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Items in the model's order, and after them those that it has not seen."""

    names: pd.Index[Any]
    codes: Mapping[str, int]
    takers: NDArray[np.float64]
    """How many users have taken each item."""
    born: NDArray[np.int64]
    """When each item came."""

    @property
    def share(self) -> NDArray[np.float64]:
        """Each item's popularity; they add up to 1."""
        return self.takers / max(1.0, float(self.takers.sum()))


_kept: weakref.WeakKeyDictionary[Trained, tuple[int, Catalogue]] = weakref.WeakKeyDictionary()


def catalogue_of(source: Source) -> Catalogue:
    """Return a source's catalogue: kept until its items change, since only then it does."""
    model, items = source.model, source.tables.get("ITEMS")
    grows = source.recipe.explores is not None and items is not None
    version = items.version if grows and items is not None else -1
    kept = _kept.get(model)
    if kept is None or kept[0] != version:
        kept = _kept[model] = version, _catalogue(model, items if grows else None)
    return kept[1]


def _catalogue(model: Trained, items: Table | None) -> Catalogue:
    takers = model.popularity.astype(np.float64)
    if items is None:
        return Catalogue(model.item_index, model.item_codes, takers, model.born)
    rows = items.indexed()
    new = rows[~rows.index.isin(model.item_index)]
    if new.empty:
        return Catalogue(model.item_index, model.item_codes, takers, model.born)
    names = model.item_index.append(pd.Index(new.index, dtype=object))
    born = np.full(len(new), model.until, np.int64)
    if _CREATED in new:
        told = new[_CREATED].notna().to_numpy(bool)
        born[told] = new[_CREATED][told].to_numpy(np.int64)
    return Catalogue(
        names=names,
        codes={name: code for code, name in enumerate(names)},
        takers=np.concatenate((takers, np.zeros(len(new)))),
        born=np.concatenate((model.born, born)),
    )
