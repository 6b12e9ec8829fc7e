"""Rankers: give every item a score, for a user or beside an item. All arrays are over the same item codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
import threadpoolctl
from implicit.cpu.als import AlternatingLeastSquares
from implicit.nearest_neighbours import ItemItemRecommender, bm25_weight, normalize
from numpy.typing import NDArray

from local.personalize.learning.metrics import DEPTH, Lists, Split, popular_lists, ranked_lists

Scores = NDArray[np.float32]

THREADS = 2
_CONFIDENCE = 10.0
_REGULARIZATION = 0.1
_NEIGHBOURS = 200
_BM25 = 1.2, 0.75
SEED = 20180522

# implicit has threads of its own; with BLAS' on top, both get slower.
threadpoolctl.threadpool_limits(1, "blas")


class Ranker(Protocol):
    """What recommends."""

    def lists(self, parts: Split) -> Lists:
        """Return lists for the users of a split, for measuring."""


@dataclass
class Factors:
    """Matrix factorisation: a vector for each user and each item."""

    model: AlternatingLeastSquares
    users: int

    @classmethod
    def fit(cls, matrix: sp.csr_matrix, *, factors: int, iterations: int, start: Factors | None = None) -> Factors:
        """Factorise a matrix of users by items; with a start of the same shape, go on from that."""
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=_REGULARIZATION,
            alpha=_CONFIDENCE,
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
        """Return lists for the users of a split."""
        ids, _ = self.model.recommend(
            parts.users,
            parts.train[parts.users],
            N=min(DEPTH, parts.train.shape[1]),
            filter_already_liked_items=parts.skip_known,
        )
        return _padded(ids)

    def for_user(self, user: int) -> Scores:
        """Score all items for a user that training has seen."""
        scores: Scores = self.model.item_factors @ self.model.user_factors[user]
        return scores

    def for_history(self, row: sp.csr_matrix) -> Scores:
        """Score all items for somebody with that history: the vector is calculated at once."""
        scores: Scores = self.model.item_factors @ self.model.recalculate_user(0, row)
        return scores


@dataclass
class Neighbours:
    """Item-item similarity: what those who take one item take besides."""

    similarity: sp.csr_matrix

    @classmethod
    def fit(cls, matrix: sp.csr_matrix, *, damped: bool) -> Neighbours:
        """Count who goes with whom; damped (BM25) or by the cosine alone."""
        weighted = bm25_weight(matrix.T, K1=_BM25[0], B=_BM25[1]).T if damped else normalize(matrix.T).T
        model = ItemItemRecommender(K=min(_NEIGHBOURS + 1, matrix.shape[1]), num_threads=THREADS)
        model.fit(weighted.tocsr(), show_progress=False)
        similarity = model.similarity.tocoo()
        others = similarity.row != similarity.col
        kept = (similarity.data[others], (similarity.row[others], similarity.col[others]))
        return cls(sp.csr_matrix(kept, shape=similarity.shape))

    def beside(self, item: int) -> Scores:
        """Score all items by how like they are to one."""
        return np.asarray(self.similarity[item].todense(), np.float32).ravel()

    def lists(self, parts: Split) -> Lists:
        """Return what is like the newest known item of each user of a split."""

        def ranking(row: int) -> NDArray[np.int64]:
            found = self.similarity[parts.last_item[row]]
            order = np.argsort(-found.data, kind="stable")
            return np.asarray(found.indices[order], np.int64)

        return ranked_lists(ranking, parts)


@dataclass
class Popular:
    """The same for everybody: what most take, now or more and more."""

    scores: Scores

    @classmethod
    def fit(cls, matrix: sp.csr_matrix) -> Popular:
        """Count the interactions with each item."""
        return cls(np.asarray(matrix.sum(axis=0), np.float32).ravel())

    def lists(self, parts: Split) -> Lists:
        """Return the popular items of a split's known part."""
        return popular_lists(parts)


@dataclass
class Trending:
    """The items whose share of the interactions grows most between the last two windows of time."""

    scores: Scores

    @classmethod
    def fit(cls, item: NDArray[np.int64], time: NDArray[np.int64], items: int, *, window: float) -> Trending:
        """Compare the newest window (in seconds) with the one before it."""
        end = int(time.max()) if len(time) else 0
        now = np.bincount(item[time > end - window], minlength=items)
        before = np.bincount(item[(time <= end - window) & (time > end - 2 * window)], minlength=items)
        # Plus ten: three interactions after one are no trend. Popularity decides between equals.
        growth = (now + 10) / (before + 10) + 1e-6 * np.bincount(item, minlength=items)
        return cls(growth.astype(np.float32))

    def lists(self, parts: Split) -> Lists:
        """Return the same ranking for all users of a split."""
        ranking = np.argsort(-self.scores, kind="stable").astype(np.int64)
        return ranked_lists(lambda _: ranking, parts)


def _padded(ids: NDArray[np.int32]) -> Lists:
    lists = np.full((len(ids), DEPTH), -1, np.int64)
    lists[:, : ids.shape[1]] = ids
    return lists
