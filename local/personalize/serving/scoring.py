"""A score for every item of a model."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from local.personalize.data.tables import Row
from local.personalize.errors import InvalidInputError
from local.personalize.learning.interactions import EventRule
from local.personalize.learning.order import Who
from local.personalize.recipes import USER
from local.personalize.serving.query import Query

_SHARPNESS = 10.0
_LIVE_SHARE = 0.3

Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]


def scored(query: Query) -> tuple[Scores, Mask]:
    """Return a score for each item, and which items may be recommended at all."""
    model, recipe = query.source.model, query.source.recipe
    if model.ranker is None:
        raise InvalidInputError(f"{recipe.name} does not recommend items.")
    allowed = np.ones(len(model.items), bool)
    item = model.item_codes.get(query.item or "") if recipe.item != "unused" else None
    if item is not None:
        allowed[item] = False
    who = somebody(query)
    if model.skip_known and recipe.type == USER:
        allowed[who.history.indices] = False
    popularity = model.popularity.astype(np.float64)
    popularity /= max(1.0, popularity.sum())
    scores = model.ranker.scores(who, item)
    if scores is None:  # nothing is known of who or what is asked about: what is popular
        return popularity, allowed
    # Popularity decides between equals.
    return scores.astype(np.float64) + 1e-6 * popularity, allowed


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
            fresh[item] += _weight(event, model.rules)
    if not fresh.any():
        return row, False
    boost = max(1.0, _LIVE_SHARE / (1 - _LIVE_SHARE) * float(row.sum()) / float(fresh.sum()))
    return (row + sp.csr_matrix(fresh * np.float32(boost))).tocsr(), True


def _weight(event: Row, rules: tuple[EventRule, ...]) -> float:
    weights = [
        rule.weight
        for rule in rules
        if rule.type in (None, event.get("EVENT_TYPE"))
        and (rule.threshold is None or (event.get("EVENT_VALUE") or 0.0) >= rule.threshold)
    ]
    return max(weights, default=0.0)
