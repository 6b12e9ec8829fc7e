"""Families of models: one table. A recipe names its family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import threadpoolctl

from local.personalize.learning.families import actions, contents, factors, neighbours, popularity, segments
from local.personalize.learning.order import Fitted, Material

# implicit has threads of its own; with BLAS' on top, both get slower.
threadpoolctl.threadpool_limits(1, "blas")


@dataclass(frozen=True)
class Family:
    """How to fit, and whether items that nobody has taken yet are to be learned, too."""

    fit: Callable[[Material], Fitted]
    catalogue: bool = False


FAMILIES: Mapping[str, Family] = {
    "factors": Family(factors.fit, catalogue=True),
    "neighbours": Family(neighbours.fit, catalogue=True),
    "cosine": Family(neighbours.fit_cosine),
    "contents": Family(contents.fit, catalogue=True),
    "popular": Family(popularity.fit),
    "counted": Family(popularity.fit_counts),
    "trending": Family(popularity.fit_trend),
    "item-affinity": Family(segments.fit),
    "attribute-affinity": Family(segments.fit_attributes),
    "actions": Family(actions.fit),
}
