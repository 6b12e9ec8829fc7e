"""What to train, what there is to learn from, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from local.personalize.data.tables import Snapshot
from local.personalize.learning.interactions import EventRule, Interactions
from local.personalize.learning.metrics import Split

if TYPE_CHECKING:
    from local.personalize.learning.families.actions import Propensities
    from local.personalize.learning.families.segments import Affinities
    from local.personalize.learning.models import Trained

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Objective:
    """What else to aim at: items with high values in a column, and how much that matters."""

    column: str
    sensitivity: str


@dataclass(frozen=True)
class Order:
    """What to train: on what, which way, with which parameters, and from what on."""

    recipe: str
    family: str
    data: Mapping[str, Snapshot]
    """The group's tables by dataset type."""
    rules: tuple[EventRule, ...]
    parameters: Mapping[str, str]
    minimum_interactions: int
    minimum_users: int
    needs: tuple[str, ...] = ()
    """The types of datasets that there must be."""
    unused: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Columns that are not to be learned from, by dataset type."""
    objective: Objective | None = None
    previous: Trained | None = None
    """The model that trainingMode UPDATE goes on from."""

    def items(self) -> pd.DataFrame | None:
        """Return the newest row of each item, if the group has items."""
        snapshot = self.data.get("ITEMS")
        return snapshot.frame(upsert=True) if snapshot is not None else None


@dataclass(frozen=True)
class Material:
    """What a family learns from."""

    order: Order
    interactions: Interactions
    parts: Split
    whole: sp.csr_matrix
    """Users by items."""


@dataclass(frozen=True)
class Who:
    """Who asks: a user that training has seen (or None), and what the user did as a row over items."""

    user: int | None
    history: sp.csr_matrix
    fresh: bool
    """Whether there is something in the history that training has not seen."""


class Ranker(Protocol):
    """What recommends items. All scores are over the same item codes."""

    def scores(self, who: Who, item: int | None) -> Scores | None:
        """Score all items for a user or beside an item; None when nothing is known of either."""


@dataclass(frozen=True)
class Fitted:
    """What a family has made: what answers, and how good it is."""

    metrics: dict[str, float]
    ranker: Ranker | None = None
    segments: Affinities | None = None
    actions: Propensities | None = None
