"""What a request names: a campaign or a recommender, and the filter and columns that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.personalize.data.schemas import NUMBERS
from local.personalize.data.tables import Table
from local.personalize.errors import InvalidInputError, NotFoundError
from local.personalize.filters import grammar
from local.personalize.kinds.base import Request
from local.personalize.models import Record
from local.personalize.recipes import ACTIONS, RANKING, USER, Recipe
from local.personalize.serving.promotions import Promotion
from local.personalize.serving.query import Query, Source
from local.personalize.world import World

_MAX_COLUMNS = 10


@dataclass(frozen=True)
class Deployed:
    """A request's question to the model that a campaign or a recommender serves at this moment."""

    arn: str
    """What was asked: a campaign or a recommender."""
    query: Query
    metadata: tuple[str, ...]
    """The columns of Items that the answer shows."""
    promotion: Promotion | None

    @property
    def recipe(self) -> Recipe:
        """What the model was trained by."""
        return self.query.source.recipe


def deployed(world: World, request: Request) -> Deployed:
    """Find what a request names, and check what goes with it."""
    if ("campaignArn" in request) == ("recommenderArn" in request):
        raise InvalidInputError("Exactly one of campaignArn and recommenderArn must be given.")
    with world.lock:
        trained, config = _server(world, request)
        source = Source.of(world, trained, config)
        group = trained.attributes["datasetGroupArn"]
        _check_asked(source.recipe, request, "campaign" if "campaignArn" in request else "recommender")
        _check_context(source, request.get("context", {}))
        query = Query(
            source=source,
            user=request.get("userId"),
            item=request.get("itemId"),
            filter=_filter(world, request, group, source.recipe),
            filter_values=request.get("filterValues", {}),
        )
        return Deployed(
            arn=request.get("campaignArn") or request["recommenderArn"],
            query=query,
            metadata=_metadata(source.recipe, config, request, source.tables),
            promotion=_promotion(world, request, group, source.recipe),
        )


def _server(world: World, request: Request) -> tuple[Record, Mapping[str, Any]]:
    """Return what has the model of what is named, and the configuration of that."""
    if "recommenderArn" in request:
        record = _active(world, "Recommender", request["recommenderArn"])
        return record, record.attributes["recommenderConfig"]
    record = _active(world, "Campaign", request["campaignArn"])
    version = world.get("SolutionVersion", record.attributes["solutionVersionArn"])
    return version, record.attributes.get("campaignConfig", {})


def _active(world: World, kind: str, arn: str) -> Record:
    record = world.get(kind, arn)
    if record.status != "ACTIVE":
        raise NotFoundError(f"The {kind.lower()} {arn} is {record.status}, and must be ACTIVE.")
    return record


def _check_asked(recipe: Recipe, request: Request, server: str) -> None:
    for member, wanted in (("userId", recipe.user), ("itemId", recipe.item)):
        if wanted == "required" and not request.get(member):
            raise InvalidInputError(f"{member} must be given, since the {server} serves {recipe.name}.")


def _check_context(source: Source, context: Mapping[str, str]) -> None:
    """Refuse a context that the interactions have no columns for.

    https://docs.aws.amazon.com/personalize/latest/dg/interactions-datasets.html
    """
    if context and source.recipe.type not in (USER, RANKING):
        raise InvalidInputError(f"context can't be given with {source.recipe.name}.")
    table = source.tables.get("INTERACTIONS")
    for name, value in context.items():
        column = table.schema.find(name) if table else None
        if column is None or column.name in ("USER_ID", "ITEM_ID", "TIMESTAMP"):
            raise InvalidInputError(f"The context has {name}, and the Interactions dataset has no such metadata.")
        if column.type in NUMBERS and not _is_number(value):
            raise InvalidInputError(f"The context's {name} must be a number, and is {value!r}.")


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _filter(world: World, request: Mapping[str, Any], group: str, recipe: Recipe) -> grammar.Filter | None:
    if "filterArn" not in request:
        return None
    record = world.get("Filter", request["filterArn"])
    if record.attributes["datasetGroupArn"] != group:
        raise InvalidInputError(f"{record.arn} is a filter of another dataset group.")
    if record.status != "ACTIVE":
        raise InvalidInputError(f"The filter {record.arn} is {record.status}, and must be ACTIVE.")
    expression = grammar.parse(record.attributes["filterExpression"])
    target, things = ("actionid", "actions") if recipe.type == ACTIONS else ("itemid", "items")
    if any(clause.target != target for clause in expression.clauses):
        raise InvalidInputError(f"The filter {record.arn} is not about {things}.")
    return expression


def _promotion(world: World, request: Request, group: str, recipe: Recipe) -> Promotion | None:
    promotions = request.get("promotions", [])
    if not promotions:
        return None
    if not recipe.promotes:
        raise InvalidInputError(f"promotions can't be given with {recipe.name}.")
    given = promotions[0]
    missing = [member for member in ("name", "percentPromotedItems", "filterArn") if member not in given]
    if missing:
        raise InvalidInputError(f"A promotion must have {' and '.join(missing)}.")
    return Promotion(
        name=given["name"],
        percent=given["percentPromotedItems"],
        filter=_filter(world, given, group, recipe),
        filter_values=given.get("filterValues", {}),
    )


def _metadata(
    recipe: Recipe, config: Mapping[str, Any], request: Request, tables: Mapping[str, Table]
) -> tuple[str, ...]:
    asked = request.get("metadataColumns", {})
    if set(asked) - {"ITEMS"}:
        raise InvalidInputError(f"metadataColumns takes ITEMS, not [{','.join(sorted(set(asked) - {'ITEMS'}))}].")
    columns = asked.get("ITEMS", [])
    if columns and not recipe.metadata and not config.get("enableMetadataWithRecommendations"):
        raise InvalidInputError("metadataColumns needs enableMetadataWithRecommendations.")
    found = {name: tables["ITEMS"].schema.find(name) if "ITEMS" in tables else None for name in columns}
    unknown = [name for name, column in found.items() if column is None]
    if unknown or len(columns) > _MAX_COLUMNS:
        raise InvalidInputError(
            f"metadataColumns takes at most {_MAX_COLUMNS} columns of Items; unknown: [{','.join(unknown)}]."
        )
    return tuple(dict.fromkeys(column.name for column in found.values() if column))
