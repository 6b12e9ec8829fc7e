"""Batch jobs: recommendations, or segments of users, from S3 to S3."""

from __future__ import annotations

import functools
from typing import ClassVar

from local.personalize.batch.files import Limits, Place, Transfer
from local.personalize.batch.inference import Inference
from local.personalize.batch.lines import answered
from local.personalize.batch.segments import BY_ATTRIBUTE, Segments
from local.personalize.errors import InvalidInputError
from local.personalize.filters import grammar
from local.personalize.kinds.base import Kind, Parent, Request
from local.personalize.models import Attributes, Path, Record
from local.personalize.quotas import Quota
from local.personalize.recipes import RELATED, SEGMENTS, Recipe, recipe_of
from local.personalize.serving import settings
from local.personalize.serving.query import Source
from local.personalize.work import Job
from local.personalize.world import World

_DEFAULT_RESULTS = 25
_BATCHES = ("aws-popularity-count",)
_NO_BATCH = ("POPULAR_ITEMS", "PERSONALIZED_ACTIONS", SEGMENTS)


class BatchJob(Kind):
    """What both kinds of jobs share. Nothing but their solution takes them away.

    Recorded: they go the way of all others, whatever their types' pages say (PENDING, IN PROGRESS).
    """

    name_member = "jobName"
    parents = (Parent("solutionVersionArn", "SolutionVersion", follows=True),)
    target: ClassVar[str]
    """What their filters are about."""
    most: ClassVar[int]
    """Results for a line."""

    def check(self, world: World, request: Request, recipe: Recipe) -> None:
        """Check what is not the same for both."""
        raise NotImplementedError

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check the recipe, the places, and the filter."""
        version = world.get("SolutionVersion", request["solutionVersionArn"])
        recipe = recipe_of(version.attributes["recipeArn"])
        self.check(world, request, recipe)
        if _source(request).folder == _destination(request).folder:
            raise InvalidInputError(
                f"Invalid S3 output path. The output location must be different from the input data: both are in "
                f"{_source(request).folder}."
            )
        count = request.get("numResults", _DEFAULT_RESULTS)
        if not 1 <= count <= self.most:
            raise InvalidInputError(f"numResults must be between 1 and {self.most}, and is {count}.")
        if "filterArn" in request:
            self._check_filter(world, request["filterArn"], version, recipe)
        return {**super().attributes(world, request), "numResults": count}

    def _check_filter(self, world: World, arn: str, version: Record, recipe: Recipe) -> None:
        record = world.active("Filter", arn)
        if record.attributes["datasetGroupArn"] != version.attributes["datasetGroupArn"]:
            raise InvalidInputError(f"{arn} is a filter of another dataset group than the solution version's.")
        expression = _expression(record)
        if expression.target != self.target:
            raise InvalidInputError(f"The filter {arn} is about {expression.target}, not about {self.target}.")
        if expression.needs_current_item and recipe.type != RELATED:
            raise InvalidInputError("A filter with CurrentItem can be used for related items only.")
        if recipe.name == BY_ATTRIBUTE and any(each.dataset in grammar.EVENTS for each in expression.clauses):
            raise InvalidInputError(f"Filters by interactions can't be used with {recipe.name}.")

    def transfer(self, world: World, record: Record, records: int) -> Transfer:
        """Return how a job's files are read and written."""
        return Transfer(
            objects=world.objects,
            role=record.attributes["roleArn"],
            source=_source(record.attributes),
            destination=_destination(record.attributes),
            limits=Limits(world.quotas["batch-input-files"], world.quotas["batch-input-bytes"], records),
        )


class BatchInferenceJob(BatchJob):
    """Recommendations for the users or items in a file."""

    name = "BatchInferenceJob"
    segment = "batch-inference-job"
    quotas = (Quota("pending-batch-inference-jobs", pending=True),)
    target = "itemid"
    most = 500

    def check(self, world: World, request: Request, recipe: Recipe) -> None:
        """Check that the recipe has batches, and is configured as it can be."""
        if recipe.type in _NO_BATCH and recipe.name not in _BATCHES:
            other = ": use a batch segment job" if recipe.type == SEGMENTS else ""
            raise InvalidInputError(f"You can't get batch recommendations with {recipe.name}{other}.")
        _check_mode(request, recipe)
        settings.check(recipe, request.get("batchInferenceJobConfig", {}), world.decisions)

    def attributes(self, world: World, request: Request) -> Attributes:
        """Add the mode."""
        return {"batchInferenceJobMode": "BATCH_INFERENCE", **super().attributes(world, request)}

    def job(self, world: World, record: Record, path: Path) -> Job | None:
        """Answer the lines."""
        answer = Inference(*_asked(world, record))
        transfer = self.transfer(world, record, world.quotas["batch-records"])
        return functools.partial(_run, transfer, answer)


class BatchSegmentJob(BatchJob):
    """Segments of users for the items, or their attributes, in a file."""

    name = "BatchSegmentJob"
    segment = "batch-segment-job"
    quotas = (Quota("pending-batch-segment-jobs", pending=True),)
    target = "userid"
    most = 5_000_000

    def check(self, world: World, request: Request, recipe: Recipe) -> None:
        """Check that the recipe makes segments."""
        if recipe.type != SEGMENTS:
            raise InvalidInputError(f"A batch segment job needs a recipe of the type {SEGMENTS}, not {recipe.name}.")

    def job(self, world: World, record: Record, path: Path) -> Job | None:
        """Answer the lines."""
        answer = Segments(*_asked(world, record))
        kind = "item-attribute-affinity" if answer.source.recipe.name == BY_ATTRIBUTE else "item-affinity"
        transfer = self.transfer(world, record, world.quotas[f"{kind}-queries"])
        return functools.partial(_run, transfer, answer)


def _run(transfer: Transfer, answer: Inference | Segments) -> None:
    transfer.run(lambda line: answered(line, answer, answer.nothing))


def _asked(world: World, record: Record) -> tuple[Source, str, grammar.Filter | None, int]:
    attributes = record.attributes
    version = world.get("SolutionVersion", attributes["solutionVersionArn"])
    expression = _expression(world.get("Filter", attributes["filterArn"])) if "filterArn" in attributes else None
    source = Source.of(world, version, attributes.get("batchInferenceJobConfig"))
    return source, version.arn, expression, attributes["numResults"]


def _expression(record: Record) -> grammar.Filter:
    return grammar.parse(record.attributes["filterExpression"])


def _source(request: Request) -> Place:
    return Place.of(request["jobInput"]["s3DataSource"]["path"], "jobInput.s3DataSource.path")


def _destination(request: Request) -> Place:
    return Place.of(request["jobOutput"]["s3DataDestination"]["path"], "jobOutput.s3DataDestination.path")


def _check_mode(request: Request, recipe: Recipe) -> None:
    """Themes are made by a generative model, which can't be stood in for.

    https://docs.aws.amazon.com/personalize/latest/dg/themed-batch-recommendations.html
    """
    themes = request.get("batchInferenceJobMode") == "THEME_GENERATION"
    if themes != ("themeGenerationConfig" in request):
        raise InvalidInputError("themeGenerationConfig and the mode THEME_GENERATION must be given together.")
    if themes and recipe.name != "aws-similar-items":
        raise InvalidInputError(f"THEME_GENERATION is for aws-similar-items, not for {recipe.name}.")
    if themes:
        raise InvalidInputError(
            "The local Personalize has no generative model, and makes no themes: use the mode BATCH_INFERENCE."
        )
