"""Solutions and their versions."""

from __future__ import annotations

import functools
import math
from typing import Any

from local.personalize.arns import catalogue
from local.personalize.data.schemas import DATASET_TYPES
from local.personalize.errors import InUseError, InvalidInputError
from local.personalize.kinds import automatic
from local.personalize.kinds.base import Kind, Parent, Request
from local.personalize.kinds.orders import check_columns, check_data, check_objective, order_of
from local.personalize.learning.interactions import event_rules
from local.personalize.learning.models import Trained
from local.personalize.learning.training import train
from local.personalize.lifecycle import STOP_VERSION, UPDATE
from local.personalize.models import Appointment, Attributes, Path, Record
from local.personalize.quotas import Quota
from local.personalize.recipes import USER, Recipe, recipe_of
from local.personalize.work import Job
from local.personalize.world import World

_USUAL = catalogue("recipe", "aws-user-personalization")
_DEFAULTS = {
    "performHPO": False,
    "performAutoML": False,
    "performAutoTraining": True,
    "performIncrementalUpdate": False,
}
_TAKEN = (
    *("datasetGroupArn", "recipeArn", "eventType", "solutionConfig"),
    *("performHPO", "performAutoML", "performIncrementalUpdate"),
)
"""What a version has from its solution."""
_TUNING = {"maxNumberOfTrainingJobs": 40, "maxParallelTrainingJobs": 10}
"""The most that hyperparameter optimization may take."""


class Solution(Kind):
    """How to train: a recipe and its parameters."""

    name = "Solution"
    segment = "solution"
    unordered = True
    parents = (Parent("datasetGroupArn", "DatasetGroup"),)
    quotas = (Quota("active-solutions", "dataset group"),)
    update = UPDATE
    update_member = "latestSolutionUpdate"

    def resolve(self, world: World, request: Request) -> Request:
        """Choose the recipe, where that is left to the service."""
        if not request.get("performAutoML"):
            return request
        if "recipeArn" in request:
            raise InvalidInputError("recipeArn must not be given when performAutoML is true.")
        return {**request, "recipeArn": _best(request.get("solutionConfig", {}).get("autoMLConfig", {})).arn}

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check the recipe and its parameters."""
        if "recipeArn" not in request:
            raise InvalidInputError("recipeArn must be given unless performAutoML is true.")
        recipe = recipe_of(request["recipeArn"])
        if recipe.domain:
            raise InvalidInputError(f"{recipe.name} is a recipe for recommenders of the domain {recipe.domain}.")
        config = request.get("solutionConfig", {})
        recipe.check_config(config)
        check_columns(world, request["datasetGroupArn"], config)
        check_objective(world, recipe, request["datasetGroupArn"], config)
        _check_threshold(config)
        _check_tuning(config)
        if world.decisions["optimization-of-another-recipe"] == "refuse":
            _check_tunable(recipe, request)
        if world.decisions["setting-of-another-recipe"] == "refuse":
            _check_events(recipe, config)
        automatic.check_schedule(config)
        _check_incremental(recipe, request)
        return {**_DEFAULTS, **super().attributes(world, request)}

    def updated(self, world: World, record: Record, request: Request) -> Attributes:
        """Check the new schedule."""
        automatic.check_schedule(request.get("solutionUpdateConfig", {}))
        _check_incremental(recipe_of(record.attributes["recipeArn"]), request)
        return super().updated(world, record, request)

    def done(self, world: World, record: Record, path: Path, result: object) -> None:
        """Put an update's configuration where Describe shows it."""
        if path.name == "update" and record.update:
            config = record.update.attributes.get("solutionUpdateConfig", {})
            if config:
                record.attributes["solutionConfig"] = {**record.attributes.get("solutionConfig", {}), **config}

    def settled(self, world: World, record: Record, path: Path) -> None:
        """Arrange when it trains by itself."""
        automatic.arrange(world, record)

    def appointed(self, world: World, record: Record, appointment: Appointment) -> None:
        """Train by itself."""
        automatic.train(world, record, appointment)

    def view(self, world: World, record: Record) -> Attributes:
        """Show the newest version, and the recipe that was chosen."""
        versions, chosen = versions_of(world, record.arn), {}
        if record.attributes["performAutoML"]:
            chosen = {"autoMLResult": {"bestRecipeArn": record.attributes["recipeArn"]}}
        if not versions:
            return chosen
        newest = versions[-1]
        return {
            **chosen,
            "latestSolutionVersion": {
                **{
                    key: value
                    for key, value in newest.attributes.items()
                    if key in ("solutionVersionArn", "trainingMode", "trainingType")
                },
                "status": newest.life.status,
                "creationDateTime": newest.life.created_at,
                "lastUpdatedDateTime": newest.life.updated_at,
                **({"failureReason": newest.life.failure_reason} if newest.life.failure_reason else {}),
            },
        }


class SolutionVersion(Kind):
    """A trained model."""

    name = "SolutionVersion"
    segment = "solution"
    parents = (Parent("solutionArn", "Solution", follows=True, early=True),)  # recorded: accepted at once
    quotas = (Quota("pending-solution-versions", pending=True),)
    stop = STOP_VERSION

    def attributes(self, world: World, request: Request) -> Attributes:
        """Take over the solution's configuration; check the mode, and that there is something to learn from."""
        solution = world.get("Solution", request["solutionArn"]).attributes
        recipe = recipe_of(solution["recipeArn"])
        mode = request.get("trainingMode", "FULL")
        if mode == "UPDATE":
            _check_updatable(world, request["solutionArn"], recipe)
        check_data(world, recipe, solution["datasetGroupArn"])
        return {
            **{key: solution[key] for key in _TAKEN if key in solution},
            **super().attributes(world, request),
            "trainingMode": mode,
            "trainingType": "MANUAL",
        }

    def arn(self, world: World, request: Request, attributes: Attributes) -> str:
        """Name the version by its solution and an ID."""
        return f"{request['solutionArn']}/{world.new_id()}"

    def namesake(self, world: World, request: Request, arn: str) -> Record | None:
        """Names are unique within a solution."""
        named = (v for v in versions_of(world, request["solutionArn"]) if v.name and v.name == request.get("name"))
        return world.state.records.get(arn) or next(named, None)

    def view(self, world: World, record: Record) -> Attributes:
        """Show a name where none was given: recorded are the solution's name and the ID."""
        return {"name": record.name or record.arn.partition(":solution/")[2]}

    def job(self, world: World, record: Record, path: Path) -> Job | None:
        """Train."""
        if path.name != "create":
            return None
        recipe = recipe_of(record.attributes["recipeArn"])
        previous = None
        if record.attributes["trainingMode"] == "UPDATE":
            full = _full_versions(world, record.attributes["solutionArn"])
            previous = world.state.trained.get(full[-1].arn) if full else None
        config = record.attributes.get("solutionConfig", {})
        rules = event_rules(record.attributes)
        order = order_of(world, recipe, record.attributes["datasetGroupArn"], config, rules, previous)
        return functools.partial(train, order)

    def done(self, world: World, record: Record, path: Path, result: object) -> None:
        """Keep the model."""
        if path.name == "create" and isinstance(result, Trained):
            world.state.trained[record.arn] = result
            record.attributes["trainingHours"] = result.hours

    def settled(self, world: World, record: Record, path: Path) -> None:
        """Let the campaigns have it that follow the latest version."""
        for campaign in list(world.of("Campaign")):
            if path.name == "create" and campaign.attributes["solutionArn"] == record.attributes["solutionArn"]:
                follow_latest(world, campaign)

    def gone(self, world: World, record: Record) -> None:
        """Drop the model."""
        world.state.trained.pop(record.arn, None)


def stop_version(world: World, request: Request) -> dict[str, Any]:
    """Stop a training: at once if it has not begun."""
    record = world.get("SolutionVersion", request["solutionVersionArn"])
    if record.status == "CREATE PENDING":
        world.engine.settle(record.life, "CREATE STOPPED")
    elif record.status == "CREATE IN_PROGRESS":
        world.engine.begin(record, record.life, STOP_VERSION)
    else:
        raise InUseError(f"{record.arn} is {record.status}: only a training under way can be stopped.")
    return {}


def get_metrics(world: World, request: Request) -> dict[str, Any]:
    """Show how good a version is."""
    record = world.active("SolutionVersion", request["solutionVersionArn"])
    return {"solutionVersionArn": record.arn, "metrics": world.state.trained[record.arn].metrics}


def follow_latest(world: World, campaign: Record) -> None:
    """Begin to update a campaign that is to sync with the latest version, and does not serve it."""
    syncs = campaign.attributes.get("campaignConfig", {}).get("syncWithLatestSolutionVersion")
    active = [v for v in versions_of(world, campaign.attributes["solutionArn"]) if v.status == "ACTIVE"]
    if not syncs or campaign.busy or campaign.status != "ACTIVE" or not active:
        return
    if campaign.attributes["solutionVersionArn"] != active[-1].arn:
        world.engine.update(campaign, {**campaign.attributes, "solutionVersionArn": active[-1].arn}, UPDATE)


def versions_of(world: World, solution: str) -> list[Record]:
    """Return a solution's versions, oldest first."""
    return [each for each in world.of("SolutionVersion") if each.attributes["solutionArn"] == solution]


def _full_versions(world: World, solution: str) -> list[Record]:
    return [
        version
        for version in versions_of(world, solution)
        if version.status == "ACTIVE" and version.attributes["trainingMode"] == "FULL"
    ]


def _check_updatable(world: World, solution: str, recipe: Recipe) -> None:
    if not recipe.updatable:
        raise InvalidInputError(f"trainingMode UPDATE is for aws-user-personalization only, not for {recipe.name}.")
    full = _full_versions(world, solution)
    if not full:
        raise InvalidInputError(
            f"trainingMode UPDATE needs an ACTIVE version of {solution} that was trained with trainingMode FULL."
        )
    if not automatic.has_news(world, full[-1], tuple(DATASET_TYPES)):
        # Quoted by https://github.com/aws-solutions/maintaining-personalized-experiences-with-machine-learning
        raise InvalidInputError(
            "There should be updates to at least one dataset after last active solution version with training mode "
            "set to FULL"
        )


def _check_incremental(recipe: Recipe, request: Request) -> None:
    if request.get("performIncrementalUpdate") and recipe.name != "aws-semantic-similarity":
        raise InvalidInputError(
            f"performIncrementalUpdate is supported only for aws-semantic-similarity, not for {recipe.name}."
        )


def _best(config: Attributes) -> Recipe:
    """Return the recipe that AutoML is said to find best: User-Personalization, if it is among the candidates.

    The service compares recipes of that type; the list is of those that it may take.
    """
    candidates = [recipe_of(arn) for arn in config.get("recipeList", [])] or [recipe_of(_USUAL)]
    others = [each.name for each in candidates if each.type != USER or each.domain]
    if others:
        raise InvalidInputError(f"recipeList takes recipes of the type {USER} only, not [{', '.join(others)}].")
    return next((each for each in candidates if each.arn == _USUAL), candidates[0])


def _check_threshold(config: Attributes) -> None:
    threshold = config.get("eventValueThreshold")
    if threshold and not _is_number(threshold):
        raise InvalidInputError(f"eventValueThreshold must be a number, and is {threshold!r}.")


def _check_tuning(config: Attributes) -> None:
    """Refuse bounds of hyperparameter optimization that are none.

    https://docs.aws.amazon.com/personalize/latest/dg/API_HPOResourceConfig.html
    """
    tuning = config.get("hpoConfig", {})
    for member, most in _TUNING.items():
        value = tuning.get("hpoResourceConfig", {}).get(member)
        if value is not None and not (_is_number(value) and float(value) in range(1, most + 1)):
            raise InvalidInputError(f"{member} must be a whole number between 1 and {most}, and is {value!r}.")
    kind = tuning.get("hpoObjective", {}).get("type")
    if kind is not None and kind not in ("Maximize", "Minimize"):
        raise InvalidInputError(f"The type of hpoObjective must be Maximize or Minimize, and is {kind!r}.")


def _check_tunable(recipe: Recipe, request: Request) -> None:
    """Refuse what is documented as not supported.

    https://docs.aws.amazon.com/personalize/latest/dg/customizing-solution-config-hpo.html
    https://docs.aws.amazon.com/personalize/latest/dg/API_HPOConfig.html
    """
    parameters = recipe.hyperparameters
    if request.get("performHPO") and parameters and not any(each.tunable for each in parameters):
        raise InvalidInputError(f"performHPO is not supported for {recipe.name}.")
    if request.get("solutionConfig", {}).get("hpoConfig", {}).get("hpoObjective"):
        raise InvalidInputError("hpoObjective is not supported.")


def _check_events(recipe: Recipe, config: Attributes) -> None:
    """Refuse weights of events for recipes of which the guide does not say that they have them.

    https://docs.aws.amazon.com/personalize/latest/dg/optimizing-solution-events-config.html
    """
    if config.get("eventsConfig") and not recipe.weighs:
        raise InvalidInputError(f"eventsConfig can't be given with {recipe.name}.")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
