"""Item-item similarity: what those who take one item take besides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from implicit.nearest_neighbours import ItemItemRecommender, bm25_weight
from numpy.typing import NDArray

from local.personalize.learning.families.contents import Contents, best_first
from local.personalize.learning.families.factors import THREADS
from local.personalize.learning.metrics import Lists, Split, evaluate, ranked_lists
from local.personalize.learning.order import Fitted, Material, Scores, Who

_NEIGHBOURS = 200
_BM25 = 1.2, 0.75
_COLD = 5
_METADATA_SHARE = 0.25


@dataclass
class Neighbours:
    """Who goes with whom and, where items have metadata, who is like whom.

    https://docs.aws.amazon.com/personalize/latest/dg/native-recipe-similar-items.html
    """

    similarity: sp.csr_matrix
    contents: Contents | None = None
    cold: NDArray[np.bool_] | None = None
    """Items with so few interactions that only their metadata say something."""

    @classmethod
    def fit(cls, matrix: sp.csr_matrix, contents: Contents | None = None) -> Neighbours:
        """Count who goes with whom, damped so that neither fame nor long histories count too much (BM25)."""
        if matrix.nnz:
            weighted = bm25_weight(matrix.T, K1=_BM25[0], B=_BM25[1]).T.tocsr()
            similarity = _nearest(weighted)
        else:
            similarity = sp.csr_matrix((matrix.shape[1], matrix.shape[1]), dtype=np.float64)
        cold = np.bincount(matrix.indices, minlength=matrix.shape[1]) < _COLD
        return cls(similarity, contents, cold if contents else None)

    def scores(self, who: Who, item: int | None) -> Scores | None:
        """Score all items by how well they go with one."""
        if item is None:
            return None
        row = np.asarray(self.similarity[item].todense(), np.float32).ravel()
        row /= max(row.max(initial=0), np.float32(1e-9))
        if self.contents is None or self.cold is None:
            return row if row.any() else None
        alike = self.contents.alike(item)
        scores: Scores = alike + _METADATA_SHARE * row if self.cold[item] else row + _METADATA_SHARE * alike
        return scores if scores.any() else None

    def lists(self, parts: Split) -> Lists:
        """Return what goes with the newest known item of each user of a split, for measuring."""
        nobody = Who(None, sp.csr_matrix((1, parts.train.shape[1])), fresh=False)

        def ranking(row: int) -> NDArray[np.int64]:
            item = int(parts.last_item[row])
            scores = self.scores(nobody, item)
            return np.empty(0, np.int64) if scores is None else best_first(scores, item)

        return ranked_lists(ranking, parts)


def fit(material: Material) -> Fitted:
    """Find items that go together and look alike."""
    contents = Contents.of(material)
    metrics = evaluate(Neighbours.fit(material.parts.train, contents).lists(material.parts), material.parts)
    return Fitted(metrics, Neighbours.fit(material.whole, contents))


def fit_cosine(material: Material) -> Fitted:
    """Find items that go together, by the hyperparameters of SIMS."""
    parameters = material.order.parameters
    discount = float(parameters.get("popularity_discount_factor", 0.5))
    least = int(float(parameters.get("min_cointeraction_count", 3)))
    metrics = evaluate(_discounted(material.parts.train, discount, least).lists(material.parts), material.parts)
    return Fitted(metrics, _discounted(material.whole, discount, least))


def _discounted(matrix: sp.csr_matrix, discount: float, least: int) -> Neighbours:
    """Divide how many take two items together by the fame of the other one; at one half, that is the cosine.

    https://docs.aws.amazon.com/personalize/latest/dg/native-recipe-sims.html
    """
    taken = sp.csr_matrix((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    together = sp.coo_matrix(taken.T @ taken)
    fame = np.maximum(1.0, np.asarray(taken.sum(axis=0)).ravel())
    kept = (together.row != together.col) & (together.data >= least)
    row, other = together.row[kept], together.col[kept]
    values = together.data[kept] / fame[other] ** discount
    return Neighbours(sp.csr_matrix((values, (row, other)), shape=together.shape))


def _nearest(weighted: sp.csr_matrix) -> sp.csr_matrix:
    model = ItemItemRecommender(K=min(_NEIGHBOURS + 1, weighted.shape[1]), num_threads=THREADS)
    model.fit(weighted, show_progress=False)
    similarity = model.similarity.tocoo()
    others = similarity.row != similarity.col
    kept = (similarity.data[others], (similarity.row[others], similarity.col[others]))
    return sp.csr_matrix(kept, shape=similarity.shape)
