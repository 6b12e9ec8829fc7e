"""What a campaign, a recommender or a batch job sets: exploration, and what influences the ranking.

https://docs.aws.amazon.com/personalize/latest/dg/use-case-recipe-features.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from local.personalize import hyperparameters
from local.personalize.errors import InvalidInputError
from local.personalize.hyperparameters import Number
from local.personalize.recipes import Recipe
from local.personalize.undecided import Decisions

_WEIGHT = Number("explorationWeight", "0.3", 0.0, 1.0, whole=False)
_CUT_OFF = Number("explorationItemAgeCutOff", "30", 1.0, inf, whole=False)
_AUTOMATIC_WEIGHT = 0.1


@dataclass(frozen=True)
class Exploration:
    """The share of a list that is given to new items, and how many days an item is new."""

    weight: float
    days: float


@dataclass(frozen=True)
class Settings:
    """All that is set."""

    exploration: Exploration | None = None
    popularity: float = 0.0
    freshness: float = 0.0

    @classmethod
    def of(cls, recipe: Recipe, config: Mapping[str, Any]) -> Settings:
        """Read a configuration; what is not set has its default."""
        influence = config.get("rankingInfluence", {}) if recipe.influenced else {}
        return cls(
            exploration=_exploration(recipe, config.get("itemExplorationConfig", {})),
            popularity=influence.get("POPULARITY", 0.0),
            freshness=influence.get("FRESHNESS", 0.0),
        )


def check(recipe: Recipe, config: Mapping[str, Any], decisions: Decisions) -> None:
    """Refuse what the recipe can't do."""
    foreign = {
        "itemExplorationConfig": recipe.explores != "configured",
        "rankingInfluence": not recipe.influenced,
    }
    for name in (each for each, is_foreign in foreign.items() if is_foreign and config.get(each)):
        if decisions["setting-of-another-recipe"] == "refuse":
            raise InvalidInputError(f"{name} can't be given with {recipe.name}.")
    explored = config.get("itemExplorationConfig", {})
    known = (_WEIGHT, _CUT_OFF)
    unknown = sorted(set(explored) - {each.name for each in known})
    if unknown:
        names = " and ".join(each.name for each in known)
        raise InvalidInputError(f"itemExplorationConfig takes {names}, not [{','.join(unknown)}].")
    hyperparameters.check(recipe.name, known, explored)


def _exploration(recipe: Recipe, config: Mapping[str, str]) -> Exploration | None:
    if recipe.explores is None:
        return None
    weight = config.get(_WEIGHT.name, _WEIGHT.default) if recipe.explores == "configured" else _AUTOMATIC_WEIGHT
    return Exploration(float(weight), float(config.get(_CUT_OFF.name, _CUT_OFF.default)))
