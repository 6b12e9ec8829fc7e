"""Similarity of items by what they are: the words of their texts and the values of their categories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from implicit.nearest_neighbours import normalize, tfidf_weight
from numpy.typing import NDArray

from local.personalize.data.schemas import Schema
from local.personalize.errors import JobFailedError
from local.personalize.learning.metrics import evaluate, ranked_lists
from local.personalize.learning.order import Fitted, Material, Scores, Who

_WORD = re.compile(r"\w\w+")


@dataclass
class Contents:
    """Items by terms, each item's weights of length 1: the product of two rows is how alike the items are."""

    terms: sp.csr_matrix

    @classmethod
    def of(cls, material: Material) -> Contents | None:
        """Read the items' metadata that may be learned from; None without any."""
        frame = material.order.items()
        if frame is None:
            return None
        schema = material.order.data["ITEMS"].schema
        unused = material.order.unused.get("ITEMS", frozenset())
        names = material.interactions.items
        rows = frame.set_index(frame["ITEM_ID"].astype(object)).reindex(pd.Index(names, dtype=object))
        pairs = list(_terms(rows, schema, unused))
        if not pairs:
            return None
        items = np.array([item for item, _ in pairs], np.int64)
        codes, vocabulary = pd.factorize(np.array([word for _, word in pairs], dtype=object))
        counts = sp.coo_matrix((np.ones(len(items)), (items, codes)), shape=(len(names), len(vocabulary))).tocsr()
        weighted = tfidf_weight(counts).tocsr()
        weighted.data = np.maximum(weighted.data, 0.0)  # a word that all items have says nothing
        weighted.eliminate_zeros()
        return cls(normalize(weighted).tocsr().astype(np.float32))

    def alike(self, item: int) -> Scores:
        """Return how like each item is to one: 0 to 1."""
        scores: Scores = np.asarray((self.terms @ self.terms[item].T).todense(), np.float32).ravel()
        return scores

    def scores(self, who: Who, item: int | None) -> Scores | None:
        """Score all items by how like they are to one."""
        if item is None:
            return None
        scores = self.alike(item)
        return scores if scores.any() else None


def fit(material: Material) -> Fitted:
    """Compare the items' texts; what users did is only needed to measure it.

    https://docs.aws.amazon.com/personalize/latest/dg/native-recipe-semantic-similarity.html
    """
    schema = material.order.data["ITEMS"].schema
    for what, there in (
        ("string field with textual set to true", any(each.textual for each in schema.fields)),
        ("string field with itemName set to true", any(each.title for each in schema.fields)),
    ):
        if not there:
            raise JobFailedError(
                f"The schema of the Items dataset has no {what}, and {material.order.recipe} needs one."
            )
    contents = Contents.of(material)
    if contents is None:
        raise JobFailedError("The items have no texts to compare.")
    parts = material.parts

    def ranking(row: int) -> NDArray[np.int64]:
        item = int(parts.last_item[row])
        return best_first(contents.alike(item), item)

    return Fitted(evaluate(ranked_lists(ranking, parts), parts), contents)


def best_first(scores: Scores, item: int) -> NDArray[np.int64]:
    """Return the items that have a score beside one, best first."""
    found = np.flatnonzero(scores).astype(np.int64)
    found = found[found != item]
    order: NDArray[np.int64] = found[np.argsort(-scores[found], kind="stable")]
    return order


def _terms(rows: pd.DataFrame, schema: Schema, unused: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Return pairs of item and term: a word, or a category's value."""
    for each in schema.fields:
        if each.name in unused or not (each.textual or each.title or each.categorical):
            continue
        values = rows[each.name]
        for at in np.flatnonzero(values.notna().to_numpy(bool)):
            value = str(values.iloc[at])
            if each.textual or each.title:
                yield from ((int(at), word) for word in _WORD.findall(value.lower()))
            else:
                yield from ((int(at), f"{each.name}={part}") for part in value.split("|"))
