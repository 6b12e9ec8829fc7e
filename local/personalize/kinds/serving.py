"""Campaigns, event trackers and filters."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from local.personalize.errors import InvalidInputError, JobFailedError, LimitExceededError
from local.personalize.filters import grammar, rules
from local.personalize.kinds.base import Kind, Parent, Request
from local.personalize.kinds.training import follow_latest, versions_of
from local.personalize.lifecycle import UPDATE
from local.personalize.models import Attributes, Path, Record
from local.personalize.quotas import Quota
from local.personalize.recipes import recipe_of
from local.personalize.serving import settings
from local.personalize.serving.query import tables_of
from local.personalize.world import World

LATEST = "/$LATEST"
_NO_DATA = "The filter names datasets that hold no data yet: {}. Import data first."
_DEPLOYED = ("solutionVersionArn", "minProvisionedTPS", "campaignConfig", "solutionArn")


class Campaign(Kind):
    """A deployed solution version."""

    name = "Campaign"
    segment = "campaign"
    unordered = True
    parents = (Parent("solutionVersionArn", "SolutionVersion"),)
    quotas = (Quota("campaigns", "dataset group"),)
    update = UPDATE
    update_member = "latestCampaignUpdate"
    updatable_from = ("ACTIVE", "CREATE FAILED")

    def resolve(self, world: World, request: Request) -> Request:
        """Put the newest ACTIVE version for $LATEST."""
        arn: str = request.get("solutionVersionArn", "")
        syncs = request.get("campaignConfig", {}).get("syncWithLatestSolutionVersion", False)
        if not arn.endswith(LATEST):
            if syncs and arn:
                raise InvalidInputError(
                    "syncWithLatestSolutionVersion needs a solutionVersionArn of solutionArn/$LATEST."
                )
            return request
        solution = world.get("Solution", arn.removesuffix(LATEST))
        active = [version for version in versions_of(world, solution.arn) if version.status == "ACTIVE"]
        if not active:
            raise InvalidInputError(f"{solution.arn} has no ACTIVE version.")
        return {**request, "solutionVersionArn": active[-1].arn}

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check that the version can be served."""
        version = world.get("SolutionVersion", request["solutionVersionArn"])
        recipe = recipe_of(version.attributes["recipeArn"])
        if not recipe.deployable:
            raise InvalidInputError(f"A campaign can't serve {recipe.name}: use a batch segment job.")
        settings.check(recipe, request.get("campaignConfig", {}), world.decisions)
        return {
            "minProvisionedTPS": 1,
            **super().attributes(world, request),
            "solutionArn": version.attributes["solutionArn"],
        }

    def updated(self, world: World, record: Record, request: Request) -> Attributes:
        """Return the campaign as it shall be."""
        if "solutionVersionArn" in request:
            world.active("SolutionVersion", request["solutionVersionArn"])
        wanted = {**record.attributes, **request}
        return {key: value for key, value in self.attributes(world, wanted).items() if key in _DEPLOYED}

    def settled(self, world: World, record: Record, path: Path) -> None:
        """Make a campaign ACTIVE whose creation had failed, and have it catch up with versions trained meanwhile."""
        if record.life.status != "ACTIVE":
            world.engine.settle(record.life, "ACTIVE")
        record.life.failure_reason = None
        follow_latest(world, record)


class EventTracker(Kind):
    """What events are sent to."""

    name = "EventTracker"
    segment = "event-tracker"
    parents = (Parent("datasetGroupArn", "DatasetGroup"),)
    quotas = (Quota("event-trackers", "dataset group"),)

    def attributes(self, world: World, request: Request) -> Attributes:
        """Give it a tracking ID."""
        return {
            **super().attributes(world, request),
            "trackingId": str(uuid.uuid4()),
            "accountId": world.arns.account,
        }

    def arn(self, world: World, request: Request, attributes: Attributes) -> str:
        """Name it by an ID."""
        return world.arns.of(self.segment, world.new_id())


class Filter(Kind):
    """A filter of recommendations."""

    name = "Filter"
    segment = "filter"
    unordered = True
    # Trackers, solutions and datasets have to go before a group; nothing says so of filters.
    # https://docs.aws.amazon.com/personalize/latest/dg/API_DeleteDatasetGroup.html
    parents = (Parent("datasetGroupArn", "DatasetGroup", follows=True),)
    quotas = (Quota("filters", "dataset group"),)

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check the expression and the fields that it names."""
        tables = {
            dataset.attributes["datasetType"]: world.state.tables[dataset.arn].schema
            for dataset in world.in_group("Dataset", request["datasetGroupArn"])
            if dataset.arn in world.state.tables
        }
        expression = grammar.parse(request["filterExpression"])
        rules.check(expression, tables)
        self._check_fields(world, request["datasetGroupArn"], expression)
        empty = _empty(world, request)
        if empty and world.decisions["filter-on-empty-data"] == "refuse":
            raise InvalidInputError(_NO_DATA.format(empty))
        return super().attributes(world, request)

    def done(self, world: World, record: Record, path: Path, result: object) -> None:
        """Fail if that is how a filter without data ends."""
        empty = path.name == "create" and _empty(world, record.attributes)
        if empty and world.decisions["filter-on-empty-data"] == "fail":
            raise JobFailedError(_NO_DATA.format(empty))

    def _check_fields(self, world: World, group: str, expression: grammar.Filter) -> None:
        """Refuse too many distinct fields, in the filter or in all of the group's."""
        others = (grammar.parse(each.attributes["filterExpression"]) for each in world.in_group(self.name, group))
        fields, most = rules.fields_of([expression]), world.quotas["filter-fields"]
        if len(fields) > most:
            raise LimitExceededError(f"More than {most} distinct dataset fields in a filter.")
        most = world.quotas["fields-of-all-filters"]
        if len(rules.fields_of(others) | fields) > most:
            raise LimitExceededError(f"More than {most} distinct dataset fields in all filters of a dataset group.")

    def blockers(self, world: World, record: Record) -> Iterator[Record]:
        """Add what serves and is being deleted, and the batch jobs under way: they may still use it."""
        yield from super().blockers(world, record)
        for kind in ("BatchInferenceJob", "BatchSegmentJob"):
            for job in world.of(kind):
                if job.busy and job.attributes.get("filterArn") == record.arn:
                    yield job
        for kind in ("Campaign", "Recommender"):
            for server in world.in_group(kind, record.attributes["datasetGroupArn"]):
                if (server.status or "").startswith("DELETE"):
                    yield server


def _empty(world: World, filtered: Request) -> str:
    """Name the datasets that a filter's expression names, and that hold nothing; "" if there are none."""
    named = {kind for kind, _ in rules.fields_of([grammar.parse(filtered["filterExpression"])])}
    tables = tables_of(world, filtered["datasetGroupArn"])
    return ", ".join(sorted(kind for kind in named if kind not in tables or tables[kind].empty))
