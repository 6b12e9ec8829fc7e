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
_MOST = 1 / 3
"""Of a list, where the weight is 1."""
_DAY = 86_400

Codes = NDArray[np.int64]


def explored(query: Query, catalogue: Catalogue, passing: Mask, best: Codes) -> Codes:
    """Return the items to explore, in the stead of as many of the best.

    Which they are changes when the user does something, and not from one request to the next.
    """
    exploration = query.source.settings.exploration
    if exploration is None:
        return np.empty(0, np.int64)
    places = int(_MOST * exploration.weight * len(best))
    new = query.source.model.until - catalogue.born <= exploration.days * _DAY
    candidates = np.flatnonzero(passing & new & (catalogue.takers < _FEW))
    candidates = np.setdiff1d(candidates, best[: len(best) - places])
    if not places or not len(candidates):
        return np.empty(0, np.int64)
    deeds = len(query.events) if query.source.recipe.live else 0
    chance = np.random.default_rng(zlib.crc32(f"{query.user}/{deeds}".encode()))
    return chance.choice(candidates, min(places, len(candidates)), replace=False).astype(np.int64)


def placed(scores: Scores, kept: Codes, new: Codes) -> Scores:
    """Return the scores with those of new items raised to be somewhere among the others'."""
    if not len(new):
        return scores
    raised = scores.copy()
    among = scores[kept] if len(kept) else np.zeros(1)
    chance = np.random.default_rng(zlib.crc32(new.tobytes()))
    raised[new] = chance.uniform(among.min(), among.max(), len(new))
    return raised
