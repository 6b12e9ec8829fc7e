"""A score for every item of a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from local.personalize.errors import InvalidInputError
from local.personalize.learning.families.popularity import Trending
from local.personalize.learning.interactions import weight
from local.personalize.learning.order import Who
from local.personalize.recipes import USER
from local.personalize.serving.catalogue import Catalogue
from local.personalize.serving.query import Query
from local.personalize.serving.trends import up_to_date

_SHARPNESS = 10.0
_LIVE_SHARE = 0.3

Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Scored:
    """A score for each item of the catalogue, and which items may be recommended at all."""

    scores: Scores
    allowed: Mask
    known: bool
    """Whether anything is known of who or what is asked about; otherwise, what is popular scores best."""


def scored(query: Query, catalogue: Catalogue) -> Scored:
    """Score the items of the catalogue."""
    model, recipe = query.source.model, query.source.recipe
    if model.ranker is None:
        raise InvalidInputError(f"{recipe.name} does not recommend items.")
    allowed = np.ones(len(catalogue.names), bool)
    item = model.item_codes.get(query.item or "") if recipe.item != "unused" else None
    if item is not None:
        allowed[item] = False
    who = somebody(query)
    if model.skip_known and recipe.type == USER and recipe.hides is None and not query.asks_for_taken:
        allowed[who.history.indices] = False
    ranker = model.ranker
    if isinstance(ranker, Trending):
        ranker = up_to_date(model, ranker, query.source.tables.get("INTERACTIONS"))
    found = ranker.scores(who, item)
    if found is None:
        return Scored(catalogue.share, allowed, known=False)
    scores = np.full(len(catalogue.names), found.min(initial=0), np.float64)
    scores[: len(found)] = found
    # Popularity decides between equals.
    return Scored(scores + 1e-6 * catalogue.share + _influence(query, catalogue), allowed, known=True)


def _influence(query: Query, catalogue: Catalogue) -> Scores:
    """Return what popularity and freshness add: each from 0 to 1, as much as the campaign says.

    https://docs.aws.amazon.com/personalize/latest/dg/native-recipe-semantic-similarity.html
    """
    settings, born = query.source.settings, catalogue.born.astype(np.float64)
    added = np.zeros(len(catalogue.names))
    if settings.popularity:
        added += settings.popularity * catalogue.takers / max(1.0, float(catalogue.takers.max(initial=0)))
    if settings.freshness and len(born):
        added += settings.freshness * (born - born.min()) / max(1.0, float(born.max() - born.min()))
    return added


def somebody(query: Query) -> Who:
    """Return what the model can know of the user who asks."""
    history, fresh = _history(query)
    return Who(query.source.model.user_codes.get(query.user or ""), history, fresh)


def softmax(scores: Scores) -> Scores:
    """Return scores that add up to 1, in the same order."""
    if not len(scores):
        return scores
    powers = np.exp(_SHARPNESS * (scores - scores.max()))
    shares: Scores = powers / powers.sum()
    return shares


def _history(query: Query) -> tuple[sp.csr_matrix, bool]:
    """Return what the user did as a row over items, and whether there is something that training has not seen.

    What is new counts for at least three tenths of the whole, however long the history: the last thing that
    somebody did says most about the next.
    """
    model = query.source.model
    code = model.user_codes.get(query.user or "")
    nothing = np.zeros((1, len(model.items)), np.float32)
    row = model.history[code] if code is not None else sp.csr_matrix(nothing)
    if not query.source.recipe.live:
        return row, False
    fresh = np.zeros(len(model.items), np.float32)
    for event in query.events:
        item = model.item_codes.get(event["ITEM_ID"])
        if item is not None:
            fresh[item] += weight(event, model.rules)
    if not fresh.any():
        return row, False
    boost = max(1.0, _LIVE_SHARE / (1 - _LIVE_SHARE) * float(row.sum()) / float(fresh.sum()))
    return (row + sp.csr_matrix(fresh * np.float32(boost))).tocsr(), True
