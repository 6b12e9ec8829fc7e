"""The recipes that there are, how each is asked, and which family of models stands in for each.

https://docs.aws.amazon.com/personalize/latest/dg/working-with-predefined-recipes.html
https://docs.aws.amazon.com/personalize/latest/dg/VIDEO_ON_DEMAND-use-cases.html
https://docs.aws.amazon.com/personalize/latest/dg/ECOMMERCE-use-cases.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from local.personalize import hyperparameters
from local.personalize.arns import catalogue
from local.personalize.errors import InvalidInputError, NotFoundError
from local.personalize.hyperparameters import Choice, Hyperparameter, Number
from local.personalize.models import Attributes

USER, RELATED, RANKING = "USER_PERSONALIZATION", "RELATED_ITEMS", "PERSONALIZED_RANKING"
POPULAR, SEGMENTS, ACTIONS = "POPULAR_ITEMS", "USER_SEGMENTATION", "PERSONALIZED_ACTIONS"
VOD, SHOP = "VIDEO_ON_DEMAND", "ECOMMERCE"

_FOR_MILLIONS = ("_percentile", "_dimension", "_dim")

Asked = Literal["required", "optional", "unused"]
Exploration = Literal["configured", "automatic"]

_BEGINNING = datetime(2019, 6, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Recipe:
    """A recipe. `family` is how the local Personalize trains it."""

    name: str
    type: str
    description: str
    family: str
    domain: str | None = None
    hyperparameters: tuple[Hyperparameter, ...] = ()
    featurization: tuple[Hyperparameter, ...] = ()
    """What filters or cuts the data before training."""
    algorithm: str = ""
    """The algorithm's name where it is not the recipe's."""
    transformation: str = "JSON-percentile-filtering"
    datasets: tuple[str, ...] = ("INTERACTIONS",)
    """The types of datasets that it can't be trained without."""
    event: str | None = None
    """The only type of event that it learns from."""
    hides: str | None = None
    """Items with which the user has had an event of that type are never in an answer."""
    user: Asked = "optional"
    item: Asked = "unused"
    scores: bool = False
    """Whether answers carry scores."""
    live: bool = False
    """Whether new events count at once."""
    updatable: bool = False
    """Whether trainingMode UPDATE is allowed."""
    explores: Exploration | None = None
    promotes: bool = True
    """Whether a request can promote items."""
    reasons: bool = False
    """Whether answers say why an item is among them that would not be there by itself."""
    metadata: bool = False
    """Whether answers can show metadata without the campaign's saying so."""
    optimizes: bool = False
    """Whether a solution can aim at a column of the items besides."""
    influenced: bool = False
    """Whether a campaign can weigh popularity and freshness."""
    weighs: bool = False
    """Whether a solution can weigh types of events."""
    since: datetime = _BEGINNING
    """When it came; as recorded, where it was."""

    @property
    def arn(self) -> str:
        """The recipe's ARN."""
        return catalogue("recipe", self.name)

    @property
    def algorithm_arn(self) -> str:
        """The ARN of what trains it."""
        return catalogue("algorithm", self.algorithm or self.name)

    @property
    def transformation_arn(self) -> str:
        """The ARN of what prepares the data."""
        return catalogue("feature-transformation", self.transformation)

    @property
    def deployable(self) -> bool:
        """Whether a campaign can serve it."""
        return self.type != SEGMENTS

    def describe(self) -> Attributes:
        """Return what DescribeRecipe and ListRecipes show."""
        return {
            "name": self.name,
            "recipeArn": self.arn,
            "algorithmArn": self.algorithm_arn,
            "featureTransformationArn": self.transformation_arn,
            "status": "ACTIVE",
            "description": self.description,
            "recipeType": self.type,
            "domain": self.domain,
            "creationDateTime": self.since,
            "lastUpdatedDateTime": self.since,
        }

    def check_config(self, config: Mapping[str, Any]) -> None:
        """Refuse hyperparameters that the algorithm does not have, in the service's words, or out of their bounds.

        https://github.com/aws-samples/amazon-personalize-samples/issues/156
        """
        ranges = config.get("hpoConfig", {}).get("algorithmHyperParameterRanges", {}).values()
        named = {*config.get("algorithmHyperParameters", {}), *(each.get("name") for some in ranges for each in some)}
        unknown = named - {each.name for each in (*self.hyperparameters, *self.featurization)}
        if unknown:
            shown = ", ".join(sorted(map(str, unknown)))
            raise InvalidInputError(
                f"Provide a hyperparameter that is used in the algorithm: {self.algorithm_arn} ({shown} is not)"
            )
        hyperparameters.check(self.name, self.hyperparameters, config.get("algorithmHyperParameters", {}))
        # The documentation lists those that cut the data as hyperparameters; the API has a place of its own for them.
        for member in ("algorithmHyperParameters", "featureTransformationParameters"):
            hyperparameters.check(self.name, self.featurization, config.get(member, {}))

    def parameters(self, config: Mapping[str, Any]) -> dict[str, str]:
        """Return all hyperparameters: as configured, or the defaults.

        The default dimensions and percentiles are for catalogues of millions. What would learn a small one by heart,
        or leave its favourites out, counts only if it is asked for.
        """
        usual = hyperparameters.defaults((*self.hyperparameters, *self.featurization))
        return {
            **{name: value for name, value in usual.items() if not name.endswith(_FOR_MILLIONS)},
            **config.get("featureTransformationParameters", {}),
            **config.get("algorithmHyperParameters", {}),
        }


def _share(name: str, default: str) -> Number:
    return Number(name, default, 0.0, 1.0, whole=False)


_TRUTH = ("true", "false")
_DIMENSION = Number("hidden_dimension", "149", 32, 256, tunable=True)
_SEGMENT_DIMENSION = Number("hidden_dimension", "149", 32, 256)
_RECURRENT = (_DIMENSION, Number("bptt", "32", 2, 32, tunable=True), Choice("recency_mask", "true", _TRUTH, True))
_TRANSFORMER = (Choice("apply_recency_bias", "true", _TRUTH),)
_HISTORIES = (_share("min_user_history_length_percentile", "0.0"), _share("max_user_history_length_percentile", "0.99"))
_SIMILAR = (
    Number("item_id_hidden_dim", "100", 30, 200, tunable=True),
    Number("item_metadata_hidden_dim", "100", 30, 200, tunable=True),
)
_SIMS = (
    Number("popularity_discount_factor", "0.5", 0.0, 1.0, tunable=True, whole=False),
    Number("min_cointeraction_count", "3", 0, 10, tunable=True),
)
_SIMS_HISTORIES = (
    _share("min_user_history_length_percentile", "0.005"),
    _share("max_user_history_length_percentile", "0.995"),
    _share("min_item_interaction_count_percentile", "0.01"),
    _share("max_item_interaction_count_percentile", "0.9"),
)
_TREND = (Choice("trend_discovery_frequency", "2 hours", ("30 minutes", "1 hour", "2 hours", "3 hours", "1 day")),)
_PERIOD = (Number("action_optimization_period", "14", 7, 28),)
_ITEMS = ("INTERACTIONS", "ITEMS")

RECIPES: Mapping[str, Recipe] = {
    recipe.arn: recipe
    for recipe in (
        Recipe("aws-user-personalization-v2", USER, "Predicts items a user will interact with, for large catalogues.",
               "factors", hyperparameters=_TRANSFORMER, user="required", scores=True, live=True,
               explores="automatic", reasons=True, metadata=True, weighs=True, since=datetime(2024, 1, 1, tzinfo=UTC)),
        Recipe("aws-user-personalization", USER, "Predicts items a user will interact with, and explores new ones.",
               "factors", hyperparameters=_RECURRENT, featurization=_HISTORIES, user="required", scores=True,
               live=True, updatable=True, explores="configured", optimizes=True),
        Recipe("aws-personalized-ranking-v2", RANKING, "Reranks a list of items for a user, for large catalogues.",
               "factors", hyperparameters=_TRANSFORMER, user="required", scores=True, live=True, metadata=True,
               weighs=True, since=datetime(2024, 1, 1, tzinfo=UTC)),
        Recipe("aws-personalized-ranking", RANKING, "Reranks a list of items for a user.",
               "factors", hyperparameters=_RECURRENT, featurization=_HISTORIES, user="required", scores=True,
               live=True, optimizes=True),
        Recipe("aws-similar-items", RELATED, "Predicts items similar to a given one, from interactions and metadata.",
               "neighbours", hyperparameters=_SIMILAR, item="required"),
        Recipe("aws-sims", RELATED, "Predicts items similar to a given one, from who interacts with both.", "cosine",
               hyperparameters=_SIMS, featurization=_SIMS_HISTORIES, transformation="sims", item="required"),
        Recipe("aws-semantic-similarity", RELATED, "Predicts items similar to a given one, from their texts.",
               "contents", transformation="aws-semantic-similarity", datasets=("ITEMS",), item="required",
               promotes=False, metadata=True, influenced=True),
        Recipe("aws-trending-now", POPULAR, "Recommends items whose popularity grows fastest.", "trending",
               featurization=_TREND, algorithm="aws-trending-now-custom", since=datetime(2022, 10, 1, tzinfo=UTC)),
        Recipe("aws-popularity-count", POPULAR, "Recommends the items with the most interactions.", "popular",
               transformation="sims"),
        Recipe("aws-item-affinity", SEGMENTS, "Finds the users who are most likely to interact with an item.",
               "item-affinity", hyperparameters=(_SEGMENT_DIMENSION,), transformation="item-affinity",
               since=datetime(2021, 7, 15, tzinfo=UTC)),
        Recipe("aws-item-attribute-affinity", SEGMENTS, "Finds users by their affinity to attributes of items.",
               "attribute-affinity", hyperparameters=(_SEGMENT_DIMENSION,), transformation="item-attribute-affinity",
               datasets=_ITEMS, since=datetime(2021, 8, 25, tzinfo=UTC)),
        Recipe("aws-next-best-action", ACTIONS, "Predicts the next best actions for a user.", "actions",
               featurization=_PERIOD, datasets=("INTERACTIONS", "ACTIONS"), user="required", scores=True, live=True,
               since=datetime(2023, 8, 11, tzinfo=UTC)),
        Recipe("aws-vod-because-you-watched-x", RELATED, "Videos that users also watched.", "neighbours", VOD,
               event="Watch", hides="Watch", user="required", item="required"),
        Recipe("aws-vod-more-like-x", RELATED, "Videos like a given one.", "neighbours", VOD, datasets=_ITEMS,
               hides="Watch", user="required", item="required"),
        Recipe("aws-vod-most-popular", POPULAR, "The most popular videos.", "popular", VOD, event="Watch",
               user="required"),
        Recipe("aws-vod-trending-now", POPULAR, "Videos whose popularity grows fastest.", "trending", VOD),
        Recipe("aws-vod-top-picks", USER, "Videos for a user.", "factors", VOD, hides="Watch", user="required",
               live=True, explores="configured"),
        Recipe("aws-ecomm-popular-items-by-views", POPULAR, "Items with the most views.", "counted", SHOP,
               event="View", user="required"),
        Recipe("aws-ecomm-popular-items-by-purchases", POPULAR, "Items with the most purchases.", "counted", SHOP,
               event="Purchase", user="required"),
        Recipe("aws-ecomm-frequently-bought-together", RELATED, "Items bought with a given one.", "neighbours", SHOP,
               event="Purchase", item="required"),
        Recipe("aws-ecomm-customers-who-viewed-x-also-viewed", RELATED, "Items viewed with a given one.",
               "neighbours", SHOP, event="View", hides="Purchase", user="required", item="required"),
        Recipe("aws-ecomm-recommended-for-you", USER, "Items for a user.", "factors", SHOP, hides="Purchase",
               user="required", live=True, explores="configured"),
    )
}  # fmt: skip


def recipe_of(arn: str) -> Recipe:
    """Return the recipe with an ARN; raises NotFoundError with the names that there are."""
    if arn not in RECIPES:
        names = ", ".join(recipe.name for recipe in RECIPES.values() if recipe.domain is None)
        raise NotFoundError(f"{NotFoundError.of('Recipe', arn).message}. The recipes for solutions are {names}.")
    return RECIPES[arn]


def algorithm(arn: str) -> Attributes:
    """Return what DescribeAlgorithm shows."""
    recipe = next((each for each in RECIPES.values() if each.algorithm_arn == arn), None)
    if recipe is None:
        raise NotFoundError.of("Algorithm", arn)
    return {
        "name": recipe.algorithm or recipe.name,
        "algorithmArn": arn,
        "defaultHyperParameters": hyperparameters.defaults(recipe.hyperparameters),
        "defaultHyperParameterRanges": hyperparameters.ranges(recipe.hyperparameters),
        "trainingInputMode": "File",
        "creationDateTime": _BEGINNING,
        "lastUpdatedDateTime": _BEGINNING,
    }


def feature_transformation(arn: str) -> Attributes:
    """Return what DescribeFeatureTransformation shows."""
    recipes = [each for each in RECIPES.values() if each.transformation_arn == arn]
    if not recipes:
        raise NotFoundError.of("FeatureTransformation", arn)
    known = {each.name: each.default for recipe in reversed(recipes) for each in recipe.featurization}
    return {
        "name": recipes[0].transformation,
        "featureTransformationArn": arn,
        "defaultParameters": known,
        "status": "ACTIVE",
        "creationDateTime": _BEGINNING,
        "lastUpdatedDateTime": _BEGINNING,
    }
