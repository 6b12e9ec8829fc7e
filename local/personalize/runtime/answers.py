"""How picks are shown."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

import pandas as pd

from local.personalize.errors import InvalidInputError
from local.personalize.runtime.deployed import Deployed
from local.personalize.serving.query import SCORE_DIGITS, Pick

_MAX_RESULTS, _MAX_WITH_METADATA = 500, 50


def items(asked: Deployed, picks: Sequence[Pick]) -> list[dict[str, Any]]:
    """Return picks as the API has them, with the metadata that were asked for."""
    shown: list[dict[str, Any]] = [
        {
            "itemId": pick.name,
            "score": score(pick),
            "promotionName": pick.promotion,
            "reason": [pick.reason] if pick.reason else None,
        }
        for pick in picks
    ]
    if asked.metadata:
        rows = asked.query.source.tables["ITEMS"].indexed().reindex([pick.name for pick in picks])
        for each, values in zip(shown, rows[list(asked.metadata)].to_dict("records"), strict=True):
            # Recorded: in lower case, whatever was asked, and whatever the schema has.
            each["metadata"] = {str(name).lower(): str(value) for name, value in values.items() if pd.notna(value)}
    return shown


def score(pick: Pick) -> float | None:
    """Return a pick's score as it is shown."""
    return None if pick.score is None else round(pick.score, SCORE_DIGITS)


def most(asked: Deployed) -> int:
    """Return how many items an answer may have."""
    return _MAX_WITH_METADATA if asked.metadata else _MAX_RESULTS


def counted(request_count: int, limit: int) -> int:
    """Check numResults."""
    if request_count > limit:
        raise InvalidInputError(f"numResults must be at most {limit}, and is {request_count}.")
    return request_count


def recommendation_id(asked: Deployed) -> str:
    """Return an ID that events can refer to: of the answer and, as recorded, of the campaign or recommender."""
    server = hashlib.sha256(asked.arn.encode()).hexdigest()
    return f"RID-{str(uuid.uuid4())[11:]}-CID-{server[:6]}"
