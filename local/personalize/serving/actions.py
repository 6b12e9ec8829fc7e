"""The best actions for a user.

https://docs.aws.amazon.com/personalize/latest/dg/get-action-recommendations.html
https://docs.aws.amazon.com/personalize/latest/dg/actions-datasets.html
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from local.personalize.errors import InvalidInputError
from local.personalize.serving.filtering import Mask, filtered_actions
from local.personalize.serving.query import Pick, Query
from local.personalize.serving.scoring import somebody

_DAY = 86_400
_EXPIRATIONS = ("EXPIRATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP")


def recommend_actions(query: Query, count: int, now: int) -> list[Pick]:
    """Return at most that many actions (at a moment in epoch seconds), the most likely first.

    Actions of which too little is known come last, with the score 0. Between equals, the more valuable is first.
    """
    model = query.source.model.fitted.actions
    table = query.source.tables.get("ACTIONS")
    if model is None or table is None:
        raise InvalidInputError(f"{query.source.recipe.name} does not recommend actions.")
    rows = table.indexed()
    names = pd.Index(rows.index, dtype=object)
    chances = dict(zip(model.names, model.propensities(somebody(query)), strict=True))
    scores = np.array([chances.get(name, 0.0) for name in names])
    passing = filtered_actions(query, names) & ~_expired(rows, now) & ~_resting(query, rows, now)
    codes = np.flatnonzero(passing)
    order = codes[np.lexsort((codes, -_values(rows)[codes], -scores[codes]))][:count]
    return [Pick(str(names[code]), float(scores[code])) for code in order]


def _expired(rows: pd.DataFrame, now: int) -> Mask:
    mask = np.zeros(len(rows), bool)
    for name in _EXPIRATIONS:
        mask |= _numbers(rows, name, np.inf) <= now
    return mask


def _resting(query: Query, rows: pd.DataFrame, now: int) -> Mask:
    """Return the actions with which the user has dealt, not long enough ago to be asked again."""
    mask = np.zeros(len(rows), bool)
    table = query.source.tables.get("ACTION_INTERACTIONS")
    pauses = _numbers(rows, "REPEAT_FREQUENCY", 0.0) * _DAY
    if table is None or query.user is None or not pauses.any():
        return mask
    dealt = table.of_user(query.user)
    last = dealt.groupby(dealt["ACTION_ID"].astype(str))["TIMESTAMP"].max().reindex(rows.index.astype(str))
    since = now - last.to_numpy(np.float64, na_value=-np.inf)
    resting: Mask = since < pauses
    return resting


def _values(rows: pd.DataFrame) -> NDArray[np.float64]:
    return _numbers(rows, "VALUE", 0.0)


def _numbers(rows: pd.DataFrame, name: str, missing: float) -> NDArray[np.float64]:
    if name not in rows:
        return np.full(len(rows), missing)
    return rows[name].to_numpy(dtype=np.float64, na_value=missing)
