"""GetPersonalizedRanking."""

from __future__ import annotations

from typing import Any

from local.personalize.errors import InvalidInputError
from local.personalize.kinds.base import Request
from local.personalize.recipes import RANKING
from local.personalize.runtime import answers
from local.personalize.runtime.deployed import deployed
from local.personalize.serving.items import rank
from local.personalize.world import World


def get_personalized_ranking(world: World, request: Request) -> dict[str, Any]:
    """Return the given items in the order that fits a user; those that training has not seen come last."""
    asked = deployed(world, request)
    if asked.recipe.type != RANKING:
        raise InvalidInputError(f"The campaign serves {asked.recipe.name}: use GetRecommendations.")
    names, limit = list(dict.fromkeys(request["inputList"])), answers.most(asked)
    if not 1 <= len(names) <= limit:
        raise InvalidInputError(f"inputList must hold 1 to {limit} items, and holds {len(names)}.")
    ranking = answers.items(asked, rank(asked.query, names))
    return {"personalizedRanking": ranking, "recommendationId": answers.recommendation_id(asked)}
