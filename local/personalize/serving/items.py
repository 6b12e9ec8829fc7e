"""The best items for a query, and given items in the order that fits a user."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from local.personalize.serving.catalogue import Catalogue, catalogue_of
from local.personalize.serving.exploring import between, explored, merged
from local.personalize.serving.filtering import Mask, filtered, shown
from local.personalize.serving.query import Pick, Query
from local.personalize.serving.scoring import Scores, scored, softmax

_RELEVANT = 500
"""The newest recipes score no more than these; a filter that lets too few of them pass gets popular items besides."""

Codes = NDArray[np.int64]


def recommend(query: Query, count: int, without: Sequence[str] = ()) -> list[Pick]:
    """Return at most that many items, best first, and none of those to be left out."""
    catalogue = catalogue_of(query.source)
    found = scored(query, catalogue)
    scores, allowed = found.scores, found.allowed & shown(query, catalogue)
    allowed[[catalogue.codes[name] for name in without if name in catalogue.codes]] = False
    passing = allowed & filtered(query, catalogue)
    relevant = _relevant(query, scores, allowed)
    chosen = _best(scores, passing & relevant, count)
    places = explored(query, catalogue, passing, len(chosen)) if found.known else {}
    order, new = merged(chosen, places)
    scores = between(scores, order, new)
    relevant[order] = True
    picks = _picks(query, catalogue, order, _shares(scores, relevant), new)
    return picks + _placeholders(query, catalogue, passing, order, count)


def rank(query: Query, names: Sequence[str]) -> list[Pick]:
    """Return given items in the order that fits a user.

    Items that nobody has taken come without a score after those, and then items that training has not seen, with 0.
    https://docs.aws.amazon.com/personalize/latest/dg/rankings.html
    """
    names = list(dict.fromkeys(names))
    catalogue = catalogue_of(query.source)
    passed = filtered(query, catalogue)
    codes = [catalogue.codes[name] for name in names if name in catalogue.codes and passed[catalogue.codes[name]]]
    taken = np.array([code for code in codes if catalogue.takers[code]], np.int64)
    scores = scored(query, catalogue).scores
    order = taken[np.argsort(-scores[taken], kind="stable")]
    ranked = [
        Pick(str(catalogue.names[code]), float(score))
        for code, score in zip(order, softmax(scores[order]), strict=True)
    ]
    ranked += [Pick(str(catalogue.names[code])) for code in codes if not catalogue.takers[code]]
    return ranked + [Pick(name, 0.0) for name in names if name not in catalogue.codes]


def _relevant(query: Query, scores: Scores, allowed: Mask) -> Mask:
    if not query.source.recipe.reasons:
        return allowed.copy()
    relevant = np.zeros(len(scores), bool)
    relevant[_best(scores, allowed, _RELEVANT)] = True
    return relevant


def _shares(scores: Scores, relevant: Mask) -> Scores:
    shares = np.zeros(len(scores))
    shares[relevant] = softmax(scores[relevant])
    return shares


def _picks(query: Query, catalogue: Catalogue, order: Codes, shares: Scores, new: set[int]) -> list[Pick]:
    recipe = query.source.recipe
    return [
        Pick(
            name=str(name),
            score=share if recipe.scores else None,
            reason="Exploration" if recipe.reasons and code in new else None,
        )
        for code, name, share in zip(
            order.tolist(), catalogue.names[order].tolist(), shares[order].tolist(), strict=True
        )
    ]


def _placeholders(query: Query, catalogue: Catalogue, passing: Mask, order: Codes, count: int) -> list[Pick]:
    """Return popular items to fill a list up that a filter has cut down."""
    if query.filter is None or not query.source.recipe.reasons or len(order) >= count:
        return []
    left = passing.copy()
    left[order] = False
    popular = _best(catalogue.takers, left, count - len(order))
    return [Pick(str(catalogue.names[code]), reason="Popular item") for code in popular]


def _best(scores: Scores, allowed: Mask, count: int) -> Codes:
    """Return the positions of the highest scores among those allowed, best first."""
    codes = np.flatnonzero(allowed)
    if count < len(codes):
        codes = codes[np.argpartition(-scores[codes], count)[:count]]
    return codes[np.lexsort((codes, -scores[codes]))].astype(np.int64)
