"""GetRecommendations."""

from __future__ import annotations

from typing import Any

from local.personalize.errors import InvalidInputError
from local.personalize.kinds.base import Request
from local.personalize.recipes import ACTIONS, RANKING, RELATED, USER
from local.personalize.runtime import answers
from local.personalize.runtime.deployed import deployed
from local.personalize.serving.items import recommend
from local.personalize.world import World

_DEFAULT_RESULTS = 25


def get_recommendations(world: World, request: Request) -> dict[str, Any]:
    """Return the best items for a user, or beside an item."""
    asked = deployed(world, request)
    recipe = asked.recipe
    if recipe.type in (RANKING, ACTIONS):
        other = "GetPersonalizedRanking" if recipe.type == RANKING else "GetActionRecommendations"
        raise InvalidInputError(f"The campaign serves {recipe.name}: use {other}.")
    if recipe.type == USER and asked.query.user is None:
        raise InvalidInputError(f"userId must be given, since the campaign serves {recipe.name}.")
    if recipe.type == RELATED and asked.query.item is None:
        raise InvalidInputError(f"itemId must be given, since the campaign serves {recipe.name}.")
    if "promotions" in request:
        raise InvalidInputError("The local Personalize does not serve promotions yet.")
    count = answers.counted(request.get("numResults", _DEFAULT_RESULTS), answers.most(asked))
    picks = recommend(asked.query, count)
    return {"itemList": answers.items(asked, picks), "recommendationId": answers.recommendation_id()}
