"""Matrix factorisation: a vector for each user and each item."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares

from local.personalize.learning.families.objective import Valued
from local.personalize.learning.interactions import Interactions
from local.personalize.learning.metrics import DEPTH, Lists, Split, evaluate, evaluate_weighted
from local.personalize.learning.models import Trained
from local.personalize.learning.order import Fitted, Material, Ranker, Scores, Who

THREADS = 2
SEED = 20180522
_RECENCY = ("recency_mask", "apply_recency_bias")
_REGULARIZATION = 0.1
ITERATIONS, FINISHING_ITERATIONS = 15, 2
_AT_ONCE = 200
_FEWEST_FACTORS, _MOST_FACTORS = 8, 64


@dataclass
class Factors:
    """A factorised matrix of users by items."""

    model: AlternatingLeastSquares
    users: int

    @classmethod
    def fit(cls, matrix: sp.csr_matrix, *, factors: int, iterations: int, start: Factors | None = None) -> Factors:
        """Factorise a matrix of users by items; with a start of the same shape, go on from that."""
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=_REGULARIZATION,
            iterations=iterations,
            num_threads=THREADS,
            random_state=SEED,
        )
        if start is not None:
            model.user_factors = start.model.user_factors.copy()
            model.item_factors = start.model.item_factors.copy()
        model.fit(matrix, show_progress=False)
        return cls(model, matrix.shape[0])

    def lists(self, parts: Split) -> Lists:
        """Return lists for the users of a split, for measuring: some at once, for little memory."""
        count = min(DEPTH, parts.train.shape[1])
        lists = np.full((len(parts.users), DEPTH), -1, np.int64)
        for begin in range(0, len(parts.users), _AT_ONCE):
            users = parts.users[begin : begin + _AT_ONCE]
            scores = self.model.user_factors[users] @ self.model.item_factors.T
            if parts.skip_known:
                scores[parts.train[users].nonzero()] = -np.inf
            best = np.argpartition(scores, -count, axis=1)[:, -count:]
            ordered = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
            found = np.take_along_axis(best, ordered, axis=1)
            skipped = np.isinf(np.take_along_axis(scores, found, axis=1))
            lists[begin : begin + _AT_ONCE, :count] = np.where(skipped, -1, found)
        return lists

    def scores(self, who: Who, item: int | None) -> Scores | None:
        """Score all items for a user; for one with news, the vector is calculated at once."""
        if who.history.nnz == 0:
            return None
        scores: Scores = self.model.item_factors @ self.vector(who)
        return scores

    def vector(self, who: Who) -> Scores:
        """Return where a user is among the items."""
        if who.user is None or who.fresh:
            found: Scores = self.model.recalculate_user(0, who.history)
            return found
        known: Scores = self.model.user_factors[who.user]
        return known


def fit(material: Material) -> Fitted:
    """Factorise the known part, measure, and then go a little further on all the data."""
    order, interactions = material.order, material.interactions
    whole, part = _matrices(material)
    previous, earlier = order.previous, _plain(order.previous)
    if previous is not None and earlier is not None:
        start = _carried_over(previous, earlier, interactions)
        # What the earlier model knew of the held-out part would make its metrics too good: they stay as they were.
        ranker = Factors.fit(whole, factors=earlier.model.factors, iterations=FINISHING_ITERATIONS, start=start)
        return Fitted(previous.metrics, _aimed(material, ranker))
    known = factorise(part, dimension(material))
    lists = known.lists(material.parts)
    metrics = evaluate(lists, material.parts)
    if len({rule.weight for rule in order.rules}) > 1:
        metrics |= evaluate_weighted(lists, material.parts)
    aimed = _aimed(material, known)
    if isinstance(aimed, Valued):
        metrics["average_rewards_at_k"] = aimed.rewards(material)
    return Fitted(metrics, _aimed(material, finished(whole, known)))


def dimension(material: Material) -> int:
    """Return how many factors to use: those configured, or as many as so many interactions can fill.

    More would be learned by heart: 100,000 interactions fill 32.
    """
    fitting = np.clip(len(material.interactions) ** 0.5 / 10, _FEWEST_FACTORS, _MOST_FACTORS)
    return int(material.order.parameters.get("hidden_dimension", fitting))


def finished(whole: sp.csr_matrix, known: Factors) -> Factors:
    """Take a model of the known part a little further on all the data."""
    return Factors.fit(whole, factors=known.model.factors, iterations=FINISHING_ITERATIONS, start=known)


def factorise(matrix: sp.csr_matrix, factors: int) -> Factors:
    """Factorise a matrix to the end."""
    return Factors.fit(matrix, factors=factors, iterations=ITERATIONS)


def _plain(previous: Trained | None) -> Factors | None:
    ranker = previous.ranker if previous else None
    ranker = ranker.ranker if isinstance(ranker, Valued) else ranker
    return ranker if isinstance(ranker, Factors) else None


def _aimed(material: Material, ranker: Factors) -> Ranker:
    objective = material.order.objective
    return Valued.of(material, objective, ranker) if objective else ranker


def _matrices(material: Material) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Return what to learn from, whole and without what is held out; the recent may count more."""
    if not any(material.order.parameters.get(name, "").lower() == "true" for name in _RECENCY):
        return material.whole, material.parts.train
    leaning = material.interactions.leaning()
    return leaning.whole, leaning.matrix(~material.parts.held)


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
