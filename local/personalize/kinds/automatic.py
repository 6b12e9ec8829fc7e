"""Automatic training: when a solution trains by itself.

https://docs.aws.amazon.com/personalize/latest/dg/solution-config-auto-training.html
"""

from __future__ import annotations

import logging
import re
from datetime import timedelta

from local.personalize.errors import InvalidInputError, ServiceError
from local.personalize.models import Appointment, Attributes, Record
from local.personalize.recipes import ACTIONS, recipe_of
from local.personalize.world import World

logger = logging.getLogger(__name__)

FIRST = timedelta(hours=1)
"""AWS begins within the hour. At its end, we know whether a version was made by hand meanwhile: then it is skipped."""
_FIRST, _NEXT = "first training", "next training"
_NEWS = ("INTERACTIONS",)
_NEWS_OF_ACTIONS = ("INTERACTIONS", "ACTION_INTERACTIONS")
_DEFAULT = "rate(7 days)"
_RATE = re.compile(r"rate\((\d+) days?\)")


def check_schedule(config: Attributes) -> None:
    """Refuse a frequency that is not between one and thirty days."""
    period = _period(config)
    if not timedelta(days=1) <= period <= timedelta(days=30):
        raise InvalidInputError(
            f"schedulingExpression must be between rate(1 day) and rate(30 days), and is rate({period.days} days)."
        )


def arrange(world: World, solution: Record) -> None:
    """Make, move or call off a solution's appointment: it is new, or was updated."""
    if not solution.attributes["performAutoTraining"]:
        world.engine.appoint(solution, None)
    elif solution.appointment is None:
        world.engine.appoint(solution, Appointment(world.engine.now() + FIRST, _FIRST))
    elif solution.appointment.purpose == _NEXT and _is_rescheduled(solution):  # it counts from the last training
        last = _versions(world, solution)[-1:]
        began = last[0].life.created_at if last else world.engine.now()
        due = max(world.engine.now(), began + _frequency(solution))
        world.engine.appoint(solution, Appointment(due, _NEXT))


def train(world: World, solution: Record, appointment: Appointment) -> None:
    """Train if there is a reason to, and make the next appointment: it counts from when this training begins."""
    if solution.status != "ACTIVE":
        return
    versions, due = _versions(world, solution), appointment.due
    skips = appointment.purpose == _FIRST and versions and due - versions[-1].life.created_at <= FIRST
    began = versions[-1].life.created_at if skips else due
    world.engine.appoint(solution, Appointment(began + _frequency(solution), _NEXT))
    if skips or not _has_news(world, solution, versions):
        return
    try:
        arn = world.make("SolutionVersion", {"solutionArn": solution.arn})["solutionVersionArn"]
    except ServiceError as error:
        logger.info("%s does not train by itself: %s", solution.arn, error.message)
    else:
        world.get("SolutionVersion", arn).attributes["trainingType"] = "AUTOMATIC"


def _has_news(world: World, solution: Record, versions: list[Record]) -> bool:
    """Say whether interactions came in, in bulk or one by one, since the last training."""
    versions = [each for each in versions if each.life.under_way or each.status == "ACTIVE"]
    if not versions:
        return True
    last = versions[-1]
    if last.life.under_way:
        return False
    types = _NEWS_OF_ACTIONS if recipe_of(solution.attributes["recipeArn"]).type == ACTIONS else _NEWS
    return has_news(world, last, types)


def has_news(world: World, last: Record, types: tuple[str, ...]) -> bool:
    """Say whether records of these types came in since an ACTIVE version was trained."""
    for dataset in world.in_group("Dataset", last.attributes["datasetGroupArn"]):
        kind, table = dataset.attributes["datasetType"], world.state.tables.get(dataset.arn)
        if table is None or kind not in types:
            continue
        imports = (job for job in world.of("DatasetImportJob") if job.attributes["datasetArn"] == dataset.arn)
        if any(job.status == "ACTIVE" and _came_after(job, last) for job in imports):
            return True
        if table.since(world.state.trained[last.arn].seen.get(kind, 0)):
            return True
    return False


def _came_after(job: Record, version: Record) -> bool:
    """Say whether an import ended after a training began; what is made later has the higher serial number."""
    return job.serial > version.serial or job.life.updated_at > version.life.created_at


def _is_rescheduled(solution: Record) -> bool:
    changes = solution.update.attributes if solution.update else {}
    return "autoTrainingConfig" in changes.get("solutionUpdateConfig", {})


def _versions(world: World, solution: Record) -> list[Record]:
    return [each for each in world.of("SolutionVersion") if each.attributes["solutionArn"] == solution.arn]


def _frequency(solution: Record) -> timedelta:
    return _period(solution.attributes.get("solutionConfig", {}))


def _period(config: Attributes) -> timedelta:
    expression = config.get("autoTrainingConfig", {}).get("schedulingExpression", _DEFAULT)
    match = _RATE.fullmatch(expression)
    if match is None:
        raise InvalidInputError(f"schedulingExpression must be rate(value unit), and is {expression!r}.")
    return timedelta(days=int(match[1]))
