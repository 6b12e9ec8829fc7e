"""Promotions: a part of a list goes to items that a filter of its own lets pass.

https://docs.aws.amazon.com/personalize/latest/dg/promoting-items.html
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from local.personalize.filters import grammar
from local.personalize.serving.items import recommend
from local.personalize.serving.query import Pick, Query


@dataclass(frozen=True)
class Promotion:
    """What to promote, and to how many hundredths of the list."""

    name: str
    percent: int
    filter: grammar.Filter | None
    filter_values: Mapping[str, str]


def promoted(query: Query, count: int, promotion: Promotion) -> list[Pick]:
    """Return at most that many items: the promoted anywhere among the others, each kind best first.

    The query's own filter is for the others only.
    """
    settings = replace(query.source.settings, exploration=None)
    source = replace(query.source, settings=settings)
    asked = replace(query, source=source, filter=promotion.filter, filter_values=promotion.filter_values)
    reason = "Promoted item" if query.source.recipe.reasons else None
    chosen = [
        replace(pick, promotion=promotion.name, reason=reason)
        for pick in recommend(asked, round(count * promotion.percent / 100))
    ]
    others = recommend(query, count - len(chosen), without=[pick.name for pick in chosen])
    places = sorted(random.sample(range(len(chosen) + len(others)), len(chosen)))
    for place, pick in zip(places, chosen, strict=True):
        others.insert(place, pick)
    return others
