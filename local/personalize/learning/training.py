"""Training: from a dataset's rows to a model with its metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from local.personalize.data.tables import Snapshot
from local.personalize.errors import JobFailedError
from local.personalize.learning.interactions import EventRule, Interactions
from local.personalize.learning.metrics import Split, evaluate, popular_lists, skips_known, split
from local.personalize.learning.models import Trained
from local.personalize.learning.rankers import Factors, Neighbours, Popular, Ranker, Trending

_ITERATIONS, _FINISHING_ITERATIONS = 15, 2
_FEWEST_FACTORS, _MOST_FACTORS = 8, 64
_DAY = 86_400.0
_TREND_WINDOWS = {"30 minutes": _DAY / 48, "1 hour": _DAY / 24, "3 hours": _DAY / 8, "1 day": _DAY}


@dataclass(frozen=True)
class Order:
    """What to train: on what, which way, with which parameters, and from what on."""

    recipe: str
    family: str
    data: Snapshot
    rules: tuple[EventRule, ...]
    parameters: Mapping[str, str]
    minimum_interactions: int
    minimum_users: int
    previous: Trained | None = None
    """The model that trainingMode UPDATE goes on from."""


def train(order: Order) -> Trained:
    """Train a model, and measure it on a part of the data that it did not see before the last touch."""
    began = time.perf_counter()
    interactions = Interactions.from_frame(order.data.frame(), order.rules)
    _check_minimum(interactions, order)
    parts = split(interactions)
    whole = interactions.matrix()
    ranker, metrics = _FAMILIES[order.family](order, interactions, parts, whole)
    return Trained(
        recipe=order.recipe,
        items=interactions.items,
        users=interactions.users,
        history=whole,
        ranker=ranker,
        popularity=Popular.fit(whole).scores,
        skip_known=skips_known(interactions),
        rules=order.rules,
        events_seen=order.data.seen,
        metrics=metrics,
        baseline=evaluate(popular_lists(parts), parts),
        hours=(time.perf_counter() - began) / 3600,
    )


def _check_minimum(interactions: Interactions, order: Order) -> None:
    if len(interactions) < order.minimum_interactions:
        raise JobFailedError(
            f"There are {len(interactions)} interactions to train on after filtering, and at least "
            f"{order.minimum_interactions} are needed."
        )
    users = int((interactions.counts >= 2).sum())
    if users < order.minimum_users:
        raise JobFailedError(
            f"There are {users} users with at least 2 interactions each, and at least {order.minimum_users} are needed."
        )


Fitted = tuple[Ranker, dict[str, float]]


def _factorise(order: Order, interactions: Interactions, parts: Split, whole: sp.csr_matrix) -> Fitted:
    """Factorise the known part, measure, and then go a little further on all the data."""
    factors = int(order.parameters.get("hidden_dimension", _fitting_factors(interactions)))
    previous = order.previous
    if previous is not None and isinstance(previous.ranker, Factors):
        start = _carried_over(previous, previous.ranker, interactions)
        # What the earlier model knew of the held-out part would make its metrics too good: they stay as they were.
        ranker = Factors.fit(
            whole, factors=previous.ranker.model.factors, iterations=_FINISHING_ITERATIONS, start=start
        )
        return ranker, previous.metrics
    known = Factors.fit(parts.train, factors=factors, iterations=_ITERATIONS)
    metrics = evaluate(known.lists(parts), parts)
    return Factors.fit(whole, factors=factors, iterations=_FINISHING_ITERATIONS, start=known), metrics


def _fitting_factors(interactions: Interactions) -> int:
    """Return how many factors so many interactions can fill without being learned by heart: 100,000 fill 32."""
    return int(np.clip(len(interactions) ** 0.5 / 10, _FEWEST_FACTORS, _MOST_FACTORS))


def _carried_over(previous: Trained, ranker: Factors, interactions: Interactions) -> Factors:
    """Return the earlier model's vectors in the order of the new users and items; new ones begin small."""
    random = np.random.default_rng(0)
    model = ranker.model
    start = replace(ranker)
    start.model = type(model)(factors=model.factors)
    for attribute, names, codes in (
        ("user_factors", interactions.users, previous.user_codes),
        ("item_factors", interactions.items, previous.item_codes),
    ):
        old = getattr(model, attribute)
        new = random.random((len(names), old.shape[1]), dtype=np.float32) * 0.01
        found = np.array([codes.get(name, -1) for name in names])
        new[found >= 0] = old[found[found >= 0]]
        setattr(start.model, attribute, new)
    return start


def _damped(order: Order, interactions: Interactions, parts: Split, whole: sp.csr_matrix) -> Fitted:
    return _neighbours(parts, whole, damped=True)


def _cosine(order: Order, interactions: Interactions, parts: Split, whole: sp.csr_matrix) -> Fitted:
    return _neighbours(parts, whole, damped=False)


def _neighbours(parts: Split, whole: sp.csr_matrix, *, damped: bool) -> Fitted:
    metrics = evaluate(Neighbours.fit(parts.train, damped=damped).lists(parts), parts)
    return Neighbours.fit(whole, damped=damped), metrics


def _count(order: Order, interactions: Interactions, parts: Split, whole: sp.csr_matrix) -> Fitted:
    return Popular.fit(whole), evaluate(popular_lists(parts), parts)


def _trend(order: Order, interactions: Interactions, parts: Split, whole: sp.csr_matrix) -> Fitted:
    window = _TREND_WINDOWS.get(order.parameters.get("trend_discovery_frequency", "1 day"), _DAY)
    trending = Trending.fit(interactions.item, interactions.time, len(interactions.items), window=window)
    return trending, evaluate(trending.lists(parts), parts)


_FAMILIES: Mapping[str, Callable[[Order, Interactions, Split, sp.csr_matrix], Fitted]] = {
    "factors": _factorise,
    "neighbours": _damped,
    "cosine": _cosine,
    "popular": _count,
    "trending": _trend,
}
