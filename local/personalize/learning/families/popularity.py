"""The same for everybody: what most take, now or more and more."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from local.personalize.learning.interactions import Codes
from local.personalize.learning.metrics import DEPTH, evaluate, popular_lists, same_lists
from local.personalize.learning.order import Fitted, Material, Scores, Who

_DAY = 86_400
_WINDOWS = {
    "30 minutes": _DAY // 48,
    "1 hour": _DAY // 24,
    "2 hours": _DAY // 12,
    "3 hours": _DAY // 8,
    "1 day": _DAY,
}
_DEFAULT_WINDOW = "2 hours"


@dataclass
class Popular:
    """A ranking of all items."""

    ranking: Scores

    def scores(self, who: Who, item: int | None) -> Scores | None:
        """Score all items the same way for all."""
        return self.ranking


@dataclass
class Trending:
    """The items whose interactions grow most between the last two windows of time, as far as time has come."""

    item: Codes
    time: Codes
    items: int
    window: int

    def scores(self, who: Who, item: int | None) -> Scores | None:
        """Score all items the same way for all, by what training has seen."""
        return self.growth(int(self.time.max(initial=0)))

    def with_news(self, item: Codes, time: Codes) -> Trending:
        """Return the same with interactions that training has not seen."""
        return replace(self, item=np.concatenate((self.item, item)), time=np.concatenate((self.time, time)))

    def growth(self, end: int) -> Scores:
        """Score all items by how their interactions grow; without any in either window, by how many they have."""
        counts = np.bincount(self.item, minlength=self.items)
        before, now = (self.between(end - back * self.window) for back in (1, 0))
        if not before.any() and not now.any():
            return counts.astype(np.float32)
        # Plus ten: three interactions after one are no trend. Popularity decides between equals.
        growth = (now + 10) / (before + 10) + 1e-6 * counts / max(1, counts.max(initial=0))
        ranking: Scores = growth.astype(np.float32)
        return ranking

    def between(self, end: int) -> Codes:
        """Return how many interactions each item has in the window that ends at a moment."""
        within: NDArray[np.bool_] = (self.time <= end) & (self.time > end - self.window)
        return np.bincount(self.item[within], minlength=self.items).astype(np.int64)


def fit(material: Material) -> Fitted:
    """Count the users who have taken each item.

    https://docs.aws.amazon.com/personalize/latest/dg/native-recipe-popularity.html
    """
    metrics = evaluate(popular_lists(material.parts), material.parts)
    return Fitted(metrics, Popular(material.interactions.takers.astype(np.float32)))


def fit_counts(material: Material) -> Fitted:
    """Count the interactions with each item."""
    counts = np.bincount(material.interactions.item, minlength=len(material.interactions.items))
    known = np.asarray(material.parts.train.sum(axis=0)).ravel()
    ranking = np.argsort(-known, kind="stable").astype(np.int64)
    metrics = evaluate(same_lists(ranking, material.parts), material.parts)
    return Fitted(metrics, Popular(counts.astype(np.float32)))


def fit_trend(material: Material) -> Fitted:
    """Find the items whose interactions grow most between the last two windows of time.

    https://docs.aws.amazon.com/personalize/latest/dg/native-recipe-trending-now.html
    """
    interactions = material.interactions
    window = _WINDOWS[material.order.parameters.get("trend_discovery_frequency", _DEFAULT_WINDOW).lower()]
    trending = Trending(interactions.item, interactions.time, len(interactions.items), window)
    end = int(interactions.time.max(initial=0))
    ranking = np.argsort(-trending.growth(end), kind="stable").astype(np.int64)
    metrics = evaluate(same_lists(ranking, material.parts), material.parts)
    metrics["trend_prediction_accuracy"] = _accuracy(trending, end)
    return Fitted(metrics, trending)


def _accuracy(trending: Trending, end: int) -> float:
    """Return how much of the last window's growth those items have that the time before let expect.

    What they gained, as a share of what the 25 that gained most did.
    """
    expected = np.argsort(-trending.growth(end - trending.window), kind="stable")[:DEPTH]
    gained = trending.between(end) - trending.between(end - trending.window)
    most = np.sort(np.maximum(gained, 0))[::-1][:DEPTH].sum()
    return float(np.clip(gained[expected].sum() / most, 0, 1)) if most else 0.0
