"""Recommenders: a use case of a domain, trained and served in one.

https://docs.aws.amazon.com/personalize/latest/dg/creating-recommenders.html
"""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import Any

from local.personalize.errors import InUseError, InvalidInputError
from local.personalize.kinds.base import Kind, Parent, Request
from local.personalize.kinds.orders import check_columns, check_data, order_of
from local.personalize.learning.interactions import EventRule
from local.personalize.learning.models import Trained
from local.personalize.learning.training import train
from local.personalize.lifecycle import UPDATE
from local.personalize.models import Appointment, Attributes, Path, Phase, Record
from local.personalize.quotas import Quota
from local.personalize.recipes import Recipe, recipe_of
from local.personalize.serving import settings
from local.personalize.work import Job
from local.personalize.world import World

STOP = Path("stop", (Phase("STOP PENDING"), Phase("STOP IN_PROGRESS")), "INACTIVE")
START = Path("start", (Phase("START PENDING"), Phase("START IN_PROGRESS")), "ACTIVE")
RETRAIN = Path("retrain", (Phase("ACTIVE", work=True),), "ACTIVE", "ACTIVE", unseen=True)
"""Nothing shows that a recommender is trained again: it serves the earlier model meanwhile, or if that fails."""
_EVERY = timedelta(days=7)
_DEFAULTS = {"minRecommendationRequestsPerSecond": 1}


class Recommender(Kind):
    """A recommender. It trains when it is made, every week, and when it is to learn from other columns."""

    name = "Recommender"
    segment = "recommender"
    unordered = True
    parents = (Parent("datasetGroupArn", "DatasetGroup"),)
    quotas = (Quota("recommenders", "dataset group"),)
    update = UPDATE
    update_member = "latestRecommenderUpdate"
    stop, start = STOP, START

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check that the recipe is of the group's domain, and that there is something to learn from."""
        recipe = recipe_of(request["recipeArn"])
        domain = world.get("DatasetGroup", request["datasetGroupArn"]).attributes.get("domain")
        if recipe.domain is None:
            raise InvalidInputError(f"{recipe.name} is a recipe for solutions: recommenders take those of a domain.")
        if recipe.domain != domain:
            raise InvalidInputError(
                f"{recipe.name} is a recipe of the domain {recipe.domain}, and the dataset group's domain is "
                f"{domain or 'none'}."
            )
        check_data(world, recipe, request["datasetGroupArn"])
        config = {**_DEFAULTS, **request.get("recommenderConfig", {})}
        _check_config(world, recipe, request["datasetGroupArn"], config)
        return {**super().attributes(world, request), "recommenderConfig": config}

    def updated(self, world: World, record: Record, request: Request) -> Attributes:
        """Check the new configuration; what it leaves out stays."""
        config = {**record.attributes["recommenderConfig"], **request["recommenderConfig"]}
        group = record.attributes["datasetGroupArn"]
        _check_config(world, recipe_of(record.attributes["recipeArn"]), group, config)
        return {"recommenderConfig": config}

    def job(self, world: World, record: Record, path: Path) -> Job | None:
        """Train, if that is called for."""
        config = record.attributes["recommenderConfig"]
        if path.name == "update" and record.update:
            before, config = config, record.update.attributes["recommenderConfig"]
            if before.get("trainingDataConfig") == config.get("trainingDataConfig"):
                return None
        elif path not in (self.create, RETRAIN):
            return None
        recipe = recipe_of(record.attributes["recipeArn"])
        rules = (EventRule(recipe.event),)
        return functools.partial(train, order_of(world, recipe, record.attributes["datasetGroupArn"], config, rules))

    def done(self, world: World, record: Record, path: Path, result: object) -> None:
        """Serve the new model."""
        if isinstance(result, Trained):
            world.state.trained[record.arn] = result

    def settled(self, world: World, record: Record, path: Path) -> None:
        """Arrange to train again in a week, for as long as it is not stopped."""
        if path in (self.create, START):
            world.engine.appoint(record, Appointment(world.engine.now() + _EVERY, RETRAIN.name))
        elif path == STOP:
            world.engine.appoint(record, None)

    def appointed(self, world: World, record: Record, appointment: Appointment) -> None:
        """Train again, unless there is something else to do."""
        world.engine.appoint(record, Appointment(appointment.due + _EVERY, RETRAIN.name))
        if record.status == "ACTIVE" and record.life.path is None and not record.updating:
            world.engine.begin(record, record.life, RETRAIN)

    def gone(self, world: World, record: Record) -> None:
        """Drop the model."""
        world.state.trained.pop(record.arn, None)

    def view(self, world: World, record: Record) -> Attributes:
        """Show how good the model is; and of a later training that failed, nothing."""
        trained = world.state.trained.get(record.arn)
        reason = record.life.failure_reason if trained is None else None
        return {"modelMetrics": trained.metrics if trained else None, "failureReason": reason}


def stop_recommender(world: World, request: Request) -> dict[str, Any]:
    """Stop serving; the model stays."""
    return _send(world, request, "ACTIVE", STOP)


def start_recommender(world: World, request: Request) -> dict[str, Any]:
    """Serve again."""
    return _send(world, request, "INACTIVE", START)


def _send(world: World, request: Request, wanted: str, path: Path) -> dict[str, Any]:
    record = world.get("Recommender", request["recommenderArn"])
    if record.status != wanted or record.updating:
        state = "being updated" if record.updating else record.status
        raise InUseError(f"{record.arn} is {state}; to {path.name} it, it must be {wanted}.")
    world.engine.begin(record, record.life, path)
    return {"recommenderArn": record.arn}


def _check_config(world: World, recipe: Recipe, group: str, config: Attributes) -> None:
    settings.check(recipe, config, world.decisions)
    check_columns(world, group, config)
