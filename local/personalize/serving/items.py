"""The best items for a query, and given items in the order that fits a user."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from local.personalize.serving.filtering import filtered
from local.personalize.serving.query import Pick, Query
from local.personalize.serving.scoring import Scores, scored, softmax


def recommend(query: Query, count: int) -> list[Pick]:
    """Return at most that many items, best first."""
    scores, allowed = scored(query)
    allowed = allowed & filtered(query)
    chosen = _best(np.where(allowed, scores, -np.inf), min(count, int(allowed.sum())))
    shown = softmax(scores)[chosen] if query.source.recipe.scores else None
    return _picks(query, chosen, shown)


def rank(query: Query, names: Sequence[str]) -> list[Pick]:
    """Return given items in the order that fits a user; those that training has not seen come last."""
    names = list(dict.fromkeys(names))
    codes = query.source.model.item_codes
    passed = filtered(query)
    known = np.array([codes[name] for name in names if name in codes and passed[codes[name]]], np.int64)
    scores, _ = scored(query)
    order = known[np.argsort(-scores[known], kind="stable")]
    unknown = [Pick(name, 0.0) for name in names if name not in codes]
    return _picks(query, order, softmax(scores[order])) + unknown


def _picks(query: Query, chosen: NDArray[np.int64], scores: Scores | None) -> list[Pick]:
    names = [str(query.source.model.items[code]) for code in chosen]
    if scores is None:
        return [Pick(name) for name in names]
    return [Pick(name, float(score)) for name, score in zip(names, scores, strict=True)]


def _best(scores: Scores, count: int) -> NDArray[np.int64]:
    """Return the positions of the highest scores, best first."""
    top = np.argpartition(-scores, count)[:count] if count < len(scores) else np.arange(len(scores))
    return top[np.lexsort((top, -scores[top]))]
