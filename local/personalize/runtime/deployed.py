"""What a request names: a campaign, and the filter and columns that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local.personalize.data.tables import Table
from local.personalize.errors import InvalidInputError, NotFoundError
from local.personalize.filters import grammar
from local.personalize.kinds.base import Request
from local.personalize.models import Record
from local.personalize.recipes import Recipe
from local.personalize.serving.query import Query, Source
from local.personalize.world import World


@dataclass(frozen=True)
class Deployed:
    """A request's question to the model that a campaign serves at this moment."""

    query: Query
    metadata: tuple[str, ...]
    """The columns of Items that the answer shows."""

    @property
    def recipe(self) -> Recipe:
        """What the model was trained by."""
        return self.query.source.recipe


def deployed(world: World, request: Request) -> Deployed:
    """Find what a request names."""
    if "campaignArn" not in request:
        what = "recommenders yet" if "recommenderArn" in request else "requests without a campaignArn"
        raise InvalidInputError(f"The local Personalize does not serve {what}.")
    with world.lock:
        campaign = world.get("Campaign", request["campaignArn"])
        if campaign.status != "ACTIVE":
            raise NotFoundError(f"The campaign {campaign.arn} is {campaign.status}, and must be ACTIVE.")
        version = world.get("SolutionVersion", campaign.attributes["solutionVersionArn"])
        source = Source.of(world, version)
        query = Query(
            source=source,
            user=request.get("userId"),
            item=request.get("itemId"),
            filter=_filter(world, request, version.attributes["datasetGroupArn"]),
            filter_values=request.get("filterValues", {}),
        )
        return Deployed(query, _metadata(campaign, request, source.tables))


def _filter(world: World, request: Request, group: str) -> grammar.Filter | None:
    if "filterArn" not in request:
        return None
    record = world.get("Filter", request["filterArn"])
    if record.attributes["datasetGroupArn"] != group:
        raise InvalidInputError(f"{record.arn} is a filter of another dataset group than the campaign's.")
    if record.status != "ACTIVE":
        raise InvalidInputError(f"The filter {record.arn} is {record.status}, and must be ACTIVE.")
    expression = grammar.parse(record.attributes["filterExpression"])
    if any(clause.target != "itemid" for clause in expression.clauses):
        raise InvalidInputError(f"The filter {record.arn} is not about items.")
    return expression


def _metadata(campaign: Record, request: Request, tables: Mapping[str, Table]) -> tuple[str, ...]:
    columns = request.get("metadataColumns", {}).get("ITEMS", [])
    if columns and not campaign.attributes.get("campaignConfig", {}).get("enableMetadataWithRecommendations"):
        raise InvalidInputError("metadataColumns needs a campaign with enableMetadataWithRecommendations.")
    known = tables["ITEMS"].schema.by_name if "ITEMS" in tables else {}
    unknown = [column for column in columns if column not in known]
    if unknown or len(columns) > 10:
        raise InvalidInputError(f"metadataColumns takes at most 10 columns of Items; unknown: [{','.join(unknown)}].")
    return tuple(columns)
