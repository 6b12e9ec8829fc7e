"""Users by how much they are likely to take items."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from local.personalize.learning.models import Trained
from local.personalize.learning.rankers import Factors


def interested(model: Trained, items: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a score for each user of a model."""
    if not isinstance(model.ranker, Factors):
        return np.zeros(len(model.users))
    factors = model.ranker.model
    return np.asarray(factors.user_factors @ factors.item_factors[items].mean(axis=0), np.float64)
