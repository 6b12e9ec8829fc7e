"""What training makes, and all that serving needs of it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from local.personalize.learning.interactions import EventRule
from local.personalize.learning.order import Fitted, Ranker, Scores


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained model. Nothing in it changes once it is made."""

    recipe: str
    items: NDArray[np.object_]
    users: NDArray[np.object_]
    history: sp.csr_matrix
    """Users by items, as trained on."""
    fitted: Fitted
    popularity: Scores
    """How many users have taken each item."""
    born: NDArray[np.int64]
    """When each item came into the catalogue."""
    until: int
    """The moment of the newest interaction."""
    skip_known: bool
    rules: tuple[EventRule, ...]
    seen: Mapping[str, int]
    """Up to which number the streamed rows of each type of dataset are in it: see `Table.since`."""
    baseline: dict[str, float] = field(default_factory=dict)
    hours: float = 0.0

    @property
    def events_seen(self) -> int:
        """Up to which number the streamed events are in it."""
        return self.seen.get("INTERACTIONS", 0)

    @property
    def ranker(self) -> Ranker | None:
        """What recommends items, if the recipe is about items."""
        return self.fitted.ranker

    @property
    def metrics(self) -> dict[str, float]:
        """How good it is, as the service shows it (recorded): by name, with four digits after the point."""
        return {name: round(value, 4) for name, value in sorted(self.fitted.metrics.items())}

    @functools.cached_property
    def item_index(self) -> pd.Index[Any]:
        """The items, to align tables with."""
        return pd.Index(self.items, dtype=object)

    @functools.cached_property
    def item_codes(self) -> dict[str, int]:
        """Position of each item."""
        return {name: code for code, name in enumerate(self.items)}

    @functools.cached_property
    def user_codes(self) -> dict[str, int]:
        """Position of each user."""
        return {name: code for code, name in enumerate(self.users)}
