"""How picks are shown."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import pandas as pd

from local.personalize.errors import InvalidInputError
from local.personalize.runtime.deployed import Deployed
from local.personalize.serving.query import Pick

_MAX_RESULTS, _MAX_WITH_METADATA = 500, 50


def items(asked: Deployed, picks: Sequence[Pick]) -> list[dict[str, Any]]:
    """Return picks as the API has them, with the metadata that were asked for."""
    shown: list[dict[str, Any]] = [
        {
            "itemId": pick.name,
            "score": pick.score,
            "promotionName": pick.promotion,
            "reason": [pick.reason] if pick.reason else None,
        }
        for pick in picks
    ]
    if asked.metadata:
        rows = asked.query.source.tables["ITEMS"].indexed().reindex([pick.name for pick in picks])
        for each, values in zip(shown, rows[list(asked.metadata)].to_dict("records"), strict=True):
            each["metadata"] = {str(column): str(value) for column, value in values.items() if pd.notna(value)}
    return shown


def most(asked: Deployed) -> int:
    """Return how many items an answer may have."""
    return _MAX_WITH_METADATA if asked.metadata else _MAX_RESULTS


def counted(request_count: int, limit: int) -> int:
    """Check numResults."""
    if request_count > limit:
        raise InvalidInputError(f"numResults must be at most {limit}, and is {request_count}.")
    return request_count


def recommendation_id() -> str:
    """Return an ID that events can refer to."""
    return f"RID-{uuid.uuid4()}"
