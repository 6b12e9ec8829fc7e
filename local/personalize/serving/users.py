"""Users by how much they are likely to take items: what a segment is made from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from local.personalize.errors import InvalidInputError
from local.personalize.learning.models import Trained


def interested(model: Trained, items: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a score for each of a model's users: the greater, the more likely they are to take one of the items.

    Who has an item already comes last, where nobody takes an item twice.
    """
    segments = model.fitted.segments
    if segments is None:
        raise InvalidInputError(f"{model.recipe} does not make segments of users.")
    if len(items) != 1:
        mask = np.zeros(len(model.items), bool)
        mask[items] = True
        return segments.to_items(mask).astype(np.float64)
    scores = segments.to_item(int(items[0])).astype(np.float64)
    if model.skip_known and model.recipe == "aws-item-affinity":
        takers = model.history[:, items].nonzero()[0]
        scores[takers] += scores.min(initial=0) - scores.max(initial=0) - 1
    return scores
