"""Exploration: some places of a list go to new items that few have taken, so that it is learned who likes them.

https://docs.aws.amazon.com/personalize/latest/dg/use-case-recipe-features.html#about-exploration
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from local.personalize.serving.catalogue import Catalogue
from local.personalize.serving.query import Query
from local.personalize.serving.scoring import Mask, Scores

_FEW = 5
_SHARE = 0.115
"""Of the places of a list, where the weight is 1. With the default of 0.3, answers of the service that public notebooks
recorded have 0.86 such items in 25."""
_DAY = 86_400

Codes = NDArray[np.int64]


def explored(query: Query, catalogue: Catalogue, passing: Mask, count: int) -> dict[int, int]:
    """Return which places of a list go to which items.

    A place is drawn by itself, however long the list: a short one is the beginning of a long one. What is drawn changes
    when the user does something, and not from one request to the next.
    """
    exploration = query.source.settings.exploration
    if exploration is None:
        return {}
    new = query.source.model.until - catalogue.born <= exploration.days * _DAY
    candidates = np.flatnonzero(passing & new & (catalogue.takers < _FEW))
    if not len(candidates):
        return {}
    deeds = len(query.events) if query.source.recipe.live else 0
    chance = np.random.default_rng(zlib.crc32(f"{query.user}/{deeds}".encode())).random((count, 2))
    places = np.flatnonzero(chance[:, 0] < _SHARE * exploration.weight)
    drawn = candidates[(chance[places, 1] * len(candidates)).astype(np.int64)]
    return dict(zip(places.tolist(), drawn.tolist(), strict=True))


def merged(best: Codes, explored: dict[int, int]) -> tuple[Codes, set[int]]:
    """Put items in their places among the best, best first; return the list, as long as the best, and those put in.

    An item that the list has already is not put in again: the place is the best one's that is left.
    """
    order: list[int] = []
    put: set[int] = set()
    left = iter(best.tolist())
    listed: set[int] = set()
    for place in range(len(best)):
        code = explored.get(place)
        if code is None or code in listed:
            code = next(each for each in left if each not in put)
        else:
            put.add(code)
        listed.add(code)
        order.append(code)
    return np.array(order, np.int64), put


def between(scores: Scores, order: Codes, put: set[int]) -> Scores:
    """Return the scores with those of the items put in raised, or lowered, to lie between their neighbours'."""
    if not put:
        return scores
    is_put = np.isin(order, list(put))
    fitted = scores.copy()
    places = np.arange(len(order))
    kept = places[~is_put]
    fitted[order[is_put]] = np.interp(places[is_put], kept, scores[order[kept]]) if len(kept) else scores.max()
    return fitted
