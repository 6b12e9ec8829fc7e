"""GetRecommendations."""

from __future__ import annotations

from typing import Any

from local.personalize.errors import InvalidInputError
from local.personalize.kinds.base import Request
from local.personalize.recipes import ACTIONS, RANKING
from local.personalize.runtime import answers
from local.personalize.runtime.deployed import deployed
from local.personalize.serving.items import recommend
from local.personalize.serving.promotions import promoted
from local.personalize.world import World

_DEFAULT_RESULTS = 25
_OTHERS = {RANKING: "GetPersonalizedRanking", ACTIONS: "GetActionRecommendations"}


def get_recommendations(world: World, request: Request) -> dict[str, Any]:
    """Return the best items for a user, or beside an item."""
    asked = deployed(world, request)
    if asked.recipe.type in _OTHERS:
        raise InvalidInputError(f"The campaign serves {asked.recipe.name}: use {_OTHERS[asked.recipe.type]}.")
    count = answers.counted(request.get("numResults", _DEFAULT_RESULTS), answers.most(asked))
    picks = promoted(asked.query, count, asked.promotion) if asked.promotion else recommend(asked.query, count)
    return {"itemList": answers.items(asked, picks), "recommendationId": answers.recommendation_id(asked)}
