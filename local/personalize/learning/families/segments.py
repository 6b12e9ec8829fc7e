"""Segments: the users who are most likely to take an item, or items with an attribute.

https://docs.aws.amazon.com/personalize/latest/dg/user-segmentation-recipes.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from local.personalize.errors import JobFailedError
from local.personalize.learning.families.factors import Factors, dimension, factorise, finished
from local.personalize.learning.interactions import Codes
from local.personalize.learning.metrics import Split, split
from local.personalize.learning.order import Fitted, Material, Scores

_TEST_SHARE = 0.2
_TOP = 0.01
_MEASURED = 1000

Mask = NDArray[np.bool_]


@dataclass
class Affinities:
    """How much each user is drawn to each item."""

    factors: Factors
    fame: Scores

    def to_item(self, item: int) -> Scores:
        """Score all users by their affinity to an item."""
        scores: Scores = self.factors.model.user_factors @ self.factors.model.item_factors[item]
        return scores

    def to_items(self, items: Mask) -> Scores:
        """Score all users by their affinity to the items of a mask; the famous of them say most."""
        weight = self.fame[items]
        centre = weight @ self.factors.model.item_factors[items] / max(1e-9, float(weight.sum()))
        scores: Scores = self.factors.model.user_factors @ centre
        return scores


def fit(material: Material) -> Fitted:
    """Learn who is drawn to which item."""
    return _fitted(material, by_item=True)


def fit_attributes(material: Material) -> Fitted:
    """Learn who is drawn to which attribute of items."""
    schema = material.order.data["ITEMS"].schema
    reserved = (*schema.type.required, *schema.type.reserved)
    if all(each.textual or each.name in reserved for each in schema.fields):
        raise JobFailedError("The Items dataset has no column but textual and reserved ones, and so no attributes.")
    return _fitted(material, by_item=False)


@dataclass(frozen=True)
class _Task:
    """A segment to find: for which items, and who must be in it."""

    items: Codes
    actual: Codes


def _fitted(material: Material, *, by_item: bool) -> Fitted:
    """Measure on the newest fifth of each user's interactions, then go on with all."""
    parts = split(material.interactions, share=_TEST_SHARE)
    known = factorise(parts.train, dimension(material))
    model = Affinities(known, _fame(parts.train))
    metrics = _measured(material, model, parts, by_item=by_item)
    return Fitted(metrics, segments=Affinities(finished(material.whole, known), _fame(material.whole)))


def _measured(material: Material, model: Affinities, parts: Split, *, by_item: bool) -> dict[str, float]:
    """Return how many of the first hundredth of users are among those who did take such items later."""
    top = max(1, round(_TOP * parts.train.shape[0]))
    test = sp.csc_matrix(parts.held_out)
    hits: list[int] = []
    recalls: list[float] = []
    found: set[int] = set()
    for task in (_each_item if by_item else _each_attribute)(material, parts, test):
        mask = np.zeros(parts.train.shape[1], bool)
        mask[task.items] = True
        scores = model.to_item(int(task.items[0])) if by_item else model.to_items(mask)
        if by_item and parts.skip_known:
            scores = np.where(_takers(parts.train, int(task.items[0])), -np.inf, scores)
        best = np.argpartition(-scores, top)[:top] if top < len(scores) else np.arange(len(scores))
        hit = len(np.intersect1d(best, task.actual))
        found.update(int(user) for user in best)
        hits.append(hit)
        recalls.append(hit / min(len(task.actual), top))
    return {
        "coverage": len(found) / max(1, parts.train.shape[0]),
        "hits_at_1_percent": float(np.mean(hits)) if hits else 0.0,
        "recall_at_1_percent": float(np.mean(recalls)) if recalls else 0.0,
    }


def _each_item(material: Material, parts: Split, test: sp.csc_matrix) -> Iterator[_Task]:
    takers = np.diff(test.indptr)
    for item in np.argsort(-takers, kind="stable")[:_MEASURED]:
        if takers[item]:
            yield _Task(np.array([item]), parts.users[test.indices[test.indptr[item] : test.indptr[item + 1]]])


def _each_attribute(material: Material, parts: Split, test: sp.csc_matrix) -> Iterator[_Task]:
    frame = material.order.items()
    if frame is None:
        return
    names = pd.Index(material.interactions.items, dtype=object)
    rows = frame.set_index(frame["ITEM_ID"].astype(object)).reindex(names)
    for each in material.order.data["ITEMS"].schema.fields:
        if not each.categorical:
            continue
        values = rows[each.name].astype(object)
        parts_of = values.dropna().map(lambda value: str(value).split("|")).explode()
        for members in parts_of.groupby(parts_of).groups.values():
            items = names.get_indexer(members)
            actual = parts.users[np.unique(test[:, items].tocsr().nonzero()[0])]
            if len(actual):
                yield _Task(items.astype(np.int64), actual)


def _fame(matrix: sp.csr_matrix) -> Scores:
    return np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.float32)


def _takers(matrix: sp.csr_matrix, item: int) -> Mask:
    mask: Mask = np.asarray(matrix[:, [item]].todense()).ravel() > 0
    return mask
