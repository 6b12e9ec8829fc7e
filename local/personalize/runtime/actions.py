"""GetActionRecommendations."""

from __future__ import annotations

from typing import Any

from local.personalize.errors import InvalidInputError
from local.personalize.kinds.base import Request
from local.personalize.recipes import ACTIONS
from local.personalize.runtime import answers
from local.personalize.runtime.deployed import deployed
from local.personalize.serving.actions import recommend_actions
from local.personalize.world import World

_DEFAULT_RESULTS, _MAX_RESULTS = 5, 100


def get_action_recommendations(world: World, request: Request) -> dict[str, Any]:
    """Return the actions that a user will most likely take."""
    asked = deployed(world, request)
    if asked.recipe.type != ACTIONS:
        raise InvalidInputError(f"The campaign serves {asked.recipe.name}, which does not recommend actions.")
    count = answers.counted(request.get("numResults", _DEFAULT_RESULTS), _MAX_RESULTS)
    picks = recommend_actions(asked.query, count, int(world.clock().timestamp()))
    actions = [{"actionId": pick.name, "score": answers.score(pick)} for pick in picks]
    return {"actionList": actions, "recommendationId": answers.recommendation_id(asked)}
