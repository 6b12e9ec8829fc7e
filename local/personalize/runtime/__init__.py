"""The operations of personalize-runtime.

What a request needs is taken under the lock, and it is then answered without it.
"""

from local.personalize.runtime.actions import get_action_recommendations
from local.personalize.runtime.ranking import get_personalized_ranking
from local.personalize.runtime.recommendations import get_recommendations

__all__ = ["get_action_recommendations", "get_personalized_ranking", "get_recommendations"]
