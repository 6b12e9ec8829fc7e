"""The recipes that there are, and which family of models stands in for each.

https://docs.aws.amazon.com/personalize/latest/dg/working-with-predefined-recipes.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.personalize.arns import catalogue
from local.personalize.errors import InvalidInputError, NotFoundError
from local.personalize.models import Attributes

USER, RELATED, RANKING = "USER_PERSONALIZATION", "RELATED_ITEMS", "PERSONALIZED_RANKING"
POPULAR, SEGMENTS, ACTIONS = "POPULAR_ITEMS", "USER_SEGMENTATION", "PERSONALIZED_ACTIONS"
_BEGINNING = datetime(2019, 6, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Range:
    """The bounds of a number among the hyperparameters."""

    low: float
    high: float


_DIMENSION = {"hidden_dimension": Range(32, 256)}


@dataclass(frozen=True)
class Recipe:
    """A recipe. `family` is how the local Personalize trains it; None means: not yet."""

    name: str
    type: str
    description: str
    family: str | None = None
    domain: str | None = None
    hyperparameters: Mapping[str, Range] = field(default_factory=dict)
    scores: bool = False
    """Whether answers carry scores."""
    live: bool = False
    """Whether new events count at once."""
    updatable: bool = False
    """Whether trainingMode UPDATE is allowed."""

    @property
    def arn(self) -> str:
        """The recipe's ARN."""
        return catalogue("recipe", self.name)

    @property
    def deployable(self) -> bool:
        """Whether a campaign can serve it."""
        return self.type != SEGMENTS

    def describe(self) -> Attributes:
        """Return what DescribeRecipe and ListRecipes show."""
        return {
            "name": self.name,
            "recipeArn": self.arn,
            "algorithmArn": catalogue("algorithm", self.name),
            "featureTransformationArn": catalogue("feature-transformation", "JSON-percentile-filtering"),
            "status": "ACTIVE",
            "description": self.description,
            "recipeType": self.type,
            "domain": self.domain,
            "creationDateTime": _BEGINNING,
            "lastUpdatedDateTime": _BEGINNING,
        }

    def check_hyperparameters(self, values: Mapping[str, Any]) -> None:
        """Refuse a number that is out of its bounds."""
        for name, bounds in self.hyperparameters.items():
            if name not in values:
                continue
            try:
                fits = bounds.low <= float(values[name]) <= bounds.high
            except ValueError:
                fits = False
            if not fits:
                raise InvalidInputError(
                    f"The hyperparameter {name} of {self.name} must be between {bounds.low} and {bounds.high}, "
                    f"and is {values[name]!r}."
                )


_VOD, _SHOP = "VIDEO_ON_DEMAND", "ECOMMERCE"

RECIPES: Mapping[str, Recipe] = {
    recipe.arn: recipe
    for recipe in (
        Recipe("aws-user-personalization-v2", USER, "Predicts items a user will interact with, for large catalogues.",
               "factors", hyperparameters=_DIMENSION, scores=True, live=True),
        Recipe("aws-user-personalization", USER, "Predicts items a user will interact with, and explores new ones.",
               "factors", hyperparameters=_DIMENSION, scores=True, live=True, updatable=True),
        Recipe("aws-personalized-ranking-v2", RANKING, "Reranks a list of items for a user, for large catalogues.",
               "factors", hyperparameters=_DIMENSION, scores=True, live=True),
        Recipe("aws-personalized-ranking", RANKING, "Reranks a list of items for a user.",
               "factors", hyperparameters=_DIMENSION, scores=True, live=True),
        Recipe("aws-similar-items", RELATED, "Predicts items similar to a given one, from interactions and metadata.",
               "neighbours"),
        Recipe("aws-sims", RELATED, "Predicts items similar to a given one, from who interacts with both.", "cosine"),
        Recipe("aws-semantic-similarity", RELATED, "Predicts items similar to a given one, from their texts."),
        Recipe("aws-trending-now", POPULAR, "Recommends items whose popularity grows fastest.", "trending"),
        Recipe("aws-popularity-count", POPULAR, "Recommends the items with the most interactions.", "popular"),
        Recipe("aws-item-affinity", SEGMENTS, "Finds the users who are most likely to interact with an item."),
        Recipe("aws-item-attribute-affinity", SEGMENTS, "Finds users by their affinity to attributes of items."),
        Recipe("aws-next-best-action", ACTIONS, "Predicts the next best actions for a user."),
        Recipe("aws-vod-because-you-watched-x", RELATED, "Videos that users also watched.", domain=_VOD),
        Recipe("aws-vod-more-like-x", RELATED, "Videos like a given one.", domain=_VOD),
        Recipe("aws-vod-most-popular", POPULAR, "The most popular videos.", domain=_VOD),
        Recipe("aws-vod-trending-now", POPULAR, "Videos whose popularity grows fastest.", domain=_VOD),
        Recipe("aws-vod-top-picks", USER, "Videos for a user.", domain=_VOD),
        Recipe("aws-ecomm-popular-items-by-views", POPULAR, "Items with the most views.", domain=_SHOP),
        Recipe("aws-ecomm-popular-items-by-purchases", POPULAR, "Items with the most purchases.", domain=_SHOP),
        Recipe("aws-ecomm-frequently-bought-together", RELATED, "Items bought with a given one.", domain=_SHOP),
        Recipe("aws-ecomm-customers-who-viewed-x-also-viewed", RELATED, "Items viewed with a given one.", domain=_SHOP),
        Recipe("aws-ecomm-recommended-for-you", USER, "Items for a user.", domain=_SHOP),
    )
}  # fmt: skip


def recipe_of(arn: str) -> Recipe:
    """Return the recipe with an ARN; raises NotFoundError with the names that there are."""
    if arn not in RECIPES:
        names = ", ".join(recipe.name for recipe in RECIPES.values() if recipe.domain is None)
        raise NotFoundError(f"Resource Arn {arn} does not exist. The recipes for solutions are {names}.")
    return RECIPES[arn]
