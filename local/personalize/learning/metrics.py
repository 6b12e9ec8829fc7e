"""How good a model is, measured on interactions that it has not seen.

Of a sample of users the most recent tenth of the interactions is held out. The split depends on nothing but the
data, so models of several recipes (and the popularity baseline) are measured on the same.

https://docs.aws.amazon.com/personalize/latest/dg/working-with-training-metrics.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from local.personalize.learning.interactions import Codes, Interactions

DEPTH = 25
_SHARE, _MAX_USERS, _SEED = 0.1, 2000, 20180522
_REPEAT_CONSUMPTION = 0.1

Lists = NDArray[np.int64]
"""A row of item codes per user, best first; -1 where there are no more."""


@dataclass(frozen=True)
class Split:
    """What is known, and what must be guessed."""

    train: sp.csr_matrix
    users: Codes
    held_out: sp.csr_matrix
    """A row per user in `users`."""
    last_item: Codes
    """The newest known item of each user in `users`."""
    held: NDArray[np.bool_]
    """Which of all interactions are held out."""
    skip_known: bool
    """Whether items that a user has are left out of lists: nobody comes back to items in these data."""


def skips_known(interactions: Interactions) -> bool:
    """Whether users take items but once, so that recommending what they have makes no sense."""
    return interactions.repeats < _REPEAT_CONSUMPTION


def split(interactions: Interactions, share: float = _SHARE) -> Split:
    """Hold out the most recent tenth (at least one) of the interactions of at most 2,000 users."""
    counts = interactions.counts
    candidates = np.flatnonzero(counts >= 2)
    random = np.random.default_rng(_SEED)
    users = np.sort(random.permutation(candidates)[:_MAX_USERS])
    held = np.zeros(len(counts), np.int64)
    held[users] = np.maximum(1, (counts[users] * share).astype(np.int64))
    starts = np.cumsum(counts) - counts
    position = np.arange(len(interactions)) - starts[interactions.user]
    mask = position >= (counts - held)[interactions.user]
    last = interactions.item[starts[users] + (counts - held)[users] - 1]
    return Split(
        train=interactions.matrix(~mask),
        users=users,
        held_out=interactions.matrix(mask)[users],
        last_item=last,
        held=mask,
        skip_known=skips_known(interactions),
    )


def evaluate(lists: Lists, parts: Split) -> dict[str, float]:
    """Return Personalize's metrics for lists of 25 items, one per user of the split."""
    wanted = np.diff(parts.held_out.indptr)
    width = parts.held_out.shape[1] + 1  # a place more, for what is no item
    rows = np.arange(len(lists))
    relevant = np.isin(
        rows[:, np.newaxis] * width + np.where(lists < 0, width - 1, lists),
        np.repeat(rows, wanted) * width + parts.held_out.indices,
    )
    discount = 1 / np.log2(np.arange(2, DEPTH + 2))
    ideal = np.concatenate(([0.0], np.cumsum(discount)))
    first = relevant.argmax(axis=1)
    metrics = {
        "coverage": len(np.unique(lists[lists >= 0])) / max(1, parts.train.shape[1]),
        "mean_reciprocal_rank_at_25": _mean(np.where(relevant.any(axis=1), 1 / (first + 1), 0.0)),
    }
    for depth in (5, 10, DEPTH):
        gain = (relevant[:, :depth] * discount[:depth]).sum(axis=1)
        best = ideal[np.minimum(wanted, depth)]
        metrics[f"normalized_discounted_cumulative_gain_at_{depth}"] = _mean(gain / np.maximum(best, 1e-12))
        metrics[f"precision_at_{depth}"] = _mean(relevant[:, :depth].sum(axis=1) / depth)
    return metrics


def evaluate_weighted(lists: Lists, parts: Split) -> dict[str, float]:
    """Return the gain where finding an interaction counts as much as its event does, as the solution says."""
    held = parts.held_out
    discount = 1 / np.log2(np.arange(2, DEPTH + 2))
    gains: dict[int, list[float]] = {5: [], 10: [], DEPTH: []}
    for row in range(len(lists)):
        weights = dict(zip(held[[row]].indices.tolist(), held[[row]].data.tolist(), strict=True))
        found = np.array([weights.get(int(item), 0.0) for item in lists[row]])
        ideal = np.sort(np.array(list(weights.values())))[::-1]
        for depth, each in gains.items():
            best = float((ideal[:depth] * discount[: len(ideal[:depth])]).sum())
            each.append(float((found[:depth] * discount[:depth]).sum()) / best if best else 0.0)
    name = "normalized_discounted_cumulative_gain_with_event_weights_at"
    return {f"{name}_{depth}": _mean(np.array(each)) for depth, each in gains.items()}


def popular_lists(parts: Split) -> Lists:
    """Return for each user the items that most users have taken, less what the user has where that is skipped."""
    popularity = np.bincount(parts.train.indices, minlength=parts.train.shape[1])
    return same_lists(np.argsort(-popularity, kind="stable"), parts)


def same_lists(ranking: NDArray[np.int64], parts: Split) -> Lists:
    """Return the first 25 of one ranking of all items for each user, less what is to be skipped.

    For all users at once: the item at place p of a user's list is at place p + k of the ranking, if k of the items
    before it are skipped. A skipped item moves the places on from its own, less the skipped ones before it.
    """
    counts = np.zeros((len(parts.users), DEPTH), np.int64)
    if parts.skip_known:
        known = parts.train[parts.users]
        places = np.empty(len(ranking), np.int64)
        places[ranking] = np.arange(len(ranking))
        row = np.repeat(np.arange(len(parts.users)), np.diff(known.indptr))
        place = places[known.indices]
        order = np.lexsort((place, row))
        moved = place[order] - (np.arange(len(order)) - known.indptr[row[order]])
        near = moved < DEPTH
        np.add.at(counts, (row[order][near], moved[near]), 1)
    found = np.arange(DEPTH) + counts.cumsum(axis=1)
    lists: Lists = np.append(ranking, -1)[np.minimum(found, len(ranking))]
    return lists


def ranked_lists(ranking: Callable[[int], NDArray[np.int64]], parts: Split) -> Lists:
    """Return the first 25 of each user's ranking (given the user's row), less what is to be skipped."""
    lists = np.full((len(parts.users), DEPTH), -1, np.int64)
    train = parts.train
    for row, user in enumerate(parts.users):
        known = train.indices[train.indptr[user] : train.indptr[user + 1]]
        best = ranking(row)
        if parts.skip_known:
            best = best[: DEPTH + len(known)]
            best = best[~np.isin(best, known)]
        lists[row, : len(best[:DEPTH])] = best[:DEPTH]
    return lists


def popularity_baseline(interactions: Interactions | pd.DataFrame) -> dict[str, float]:
    """Return the metrics of recommending the same popular items to all, on the split that models are measured on.

    Takes a dataset's rows too: USER_ID, ITEM_ID and TIMESTAMP, as a CSV has them.
    """
    if isinstance(interactions, pd.DataFrame):
        frame = interactions.assign(
            USER_ID=interactions["USER_ID"].astype(str).astype("category"),
            ITEM_ID=interactions["ITEM_ID"].astype(str).astype("category"),
        )
        interactions = Interactions.from_frame(frame)
    parts = split(interactions)
    return evaluate(popular_lists(parts), parts)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
