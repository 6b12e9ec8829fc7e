"""An objective besides relevance: items that are worth more, by a column of theirs, come earlier.

https://docs.aws.amazon.com/personalize/latest/dg/optimizing-solution-for-objective.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from local.personalize.learning.metrics import DEPTH
from local.personalize.learning.order import Material, Objective, Ranker, Scores, Who

_SHARES: Mapping[str, float] = {"LOW": 0.25, "MEDIUM": 0.5, "HIGH": 0.75}
_RECOMMENDED = 100


@dataclass
class Valued:
    """A ranker with an eye on what items are worth: from 0 to 1."""

    ranker: Ranker
    worth: Scores
    share: float

    @classmethod
    def of(cls, material: Material, objective: Objective, ranker: Ranker) -> Valued:
        """Read what the items are worth."""
        worth = np.zeros(len(material.interactions.items), np.float32)
        frame = material.order.items()
        if frame is not None:
            values = frame.set_index(frame["ITEM_ID"].astype(object))[objective.column]
            told = values.reindex(pd.Index(material.interactions.items, dtype=object))
            worth = _unit(told.to_numpy(dtype=np.float32, na_value=np.nan))
        return cls(ranker, worth, _SHARES[objective.sensitivity])

    def scores(self, who: Who, item: int | None) -> Scores | None:
        """Score all items for a user, by relevance and worth."""
        relevance = self.ranker.scores(who, item)
        if relevance is None:
            return None
        scores: Scores = (1 - self.share) * _unit(relevance) + self.share * self.worth
        return scores

    def rewards(self, material: Material) -> float:
        """Return which part of what users' finds are worth lies in the dearest 25 of their recommendations."""
        parts, found = material.parts, []
        for row, user in enumerate(parts.users):
            scores = self.scores(Who(int(user), parts.train[[user]], fresh=False), None)
            if scores is None:
                continue
            known = parts.train[[user]].indices
            ranking = np.argsort(-scores, kind="stable")[: _RECOMMENDED + len(known)]
            ranking = ranking[~np.isin(ranking, known)][:_RECOMMENDED] if parts.skip_known else ranking[:_RECOMMENDED]
            dearest = ranking[np.argsort(-self.worth[ranking], kind="stable")[:DEPTH]]
            hits = np.intersect1d(ranking, parts.held_out[[row]].indices)
            total = float(self.worth[hits].sum())
            if total:
                found.append(float(self.worth[np.intersect1d(hits, dearest)].sum()) / total)
        return float(np.mean(found)) if found else 0.0


def _unit(values: Scores) -> Scores:
    """Return values moved to where they lie between the least and the greatest; what is missing is the least."""
    if not len(values) or np.isnan(values).all():
        return np.zeros(len(values), np.float32)
    low, high = np.nanmin(values), np.nanmax(values)
    unit: Scores = np.nan_to_num((values - low) / (high - low if high > low else 1), nan=0.0).astype(np.float32)
    return unit
