"""The operations of personalize-runtime.

What a request names is looked up under the lock: model, settings, filters, and the tables of the group. It is then
answered without it, from those tables as they are when they are looked at: see `Table`.
"""

from local.personalize.runtime.actions import get_action_recommendations
from local.personalize.runtime.ranking import get_personalized_ranking
from local.personalize.runtime.recommendations import get_recommendations

__all__ = ["get_action_recommendations", "get_personalized_ranking", "get_recommendations"]
