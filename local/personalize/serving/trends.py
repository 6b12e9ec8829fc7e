"""Trends follow what happens, without another training.

https://docs.aws.amazon.com/personalize/latest/dg/native-recipe-trending-now.html
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import numpy as np

from local.personalize.data.tables import Row, Table
from local.personalize.learning.families.popularity import Trending
from local.personalize.learning.interactions import weight
from local.personalize.learning.models import Trained

_kept: weakref.WeakKeyDictionary[Trained, tuple[int, Trending]] = weakref.WeakKeyDictionary()


def up_to_date(model: Trained, ranker: Trending, table: Table | None) -> Trending:
    """Return a model's trends with the events that came since: kept until there are more."""
    if table is None:
        return ranker
    kept, version = _kept.get(model), table.version
    if kept is None or kept[0] != version:
        came = table.since(model.events_seen)
        kept = _kept[model] = version, _with_news(model, ranker, came) if came else ranker
    return kept[1]


def _with_news(model: Trained, ranker: Trending, came: Sequence[Row]) -> Trending:
    news = [
        (model.item_codes[row["ITEM_ID"]], row["TIMESTAMP"])
        for row in came
        if row["ITEM_ID"] in model.item_codes and weight(row, model.rules)
    ]
    items, times = zip(*news, strict=True) if news else ((), ())
    return ranker.with_news(np.array(items, np.int64), np.array(times, np.int64))
