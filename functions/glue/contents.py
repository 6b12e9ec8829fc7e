"""What a dataset group holds: what of it is this deployment's, and what is somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from functions.errors import NotFound, PipelineError
from functions.glue.datasets import drop_schema
from functions.glue.solutions import stop_training
from functions.glue.things import Kind, Things, named
from functions.names import is_of_family
from functions.statuses import leaving

TYPES = ("interactions", "items", "users")

LISTS: tuple[tuple[str, str, str], ...] = (
    ("ListSolutions", "solutions", "solutionArn"),
    ("ListEventTrackers", "eventTrackers", "eventTrackerArn"),
    ("ListFilters", "Filters", "filterArn"),
    ("ListDatasets", "datasets", "datasetArn"),
    ("ListRecommenders", "recommenders", "recommenderArn"),
    ("ListMetricAttributions", "metricAttributions", "metricAttributionArn"),
)
"""How what is in a group is listed: by the group's ARN. Campaigns are listed by their solution's."""

ORDER: dict[str, Kind] = {
    "campaign": "Campaign",
    "solution": "Solution",
    "event-tracker": "EventTracker",
    "filter": "Filter",
    "dataset": "Dataset",
}
"""In what order it goes: https://docs.aws.amazon.com/personalize/latest/dg/API_DeleteDatasetGroup.html."""


class ForeignError(PipelineError):
    """A dataset group is to be deleted, and somebody else keeps something in it."""

    def __init__(self, group: str, foreign: list[str]) -> None:
        super().__init__(
            f"Dataset group {group} holds what is none of this deployment's: {', '.join(foreign)}. It was made by "
            "hand or by another program. Delete it, and then destroy again. Nothing was deleted."
        )


@dataclass(frozen=True)
class Thing:
    """Something in a group, by its ARN and its name."""

    arn: str
    name: str

    @property
    def kind(self) -> str:
        """What it is, as its ARN says."""
        return self.arn.rpartition(":")[2].partition("/")[0]


@dataclass(frozen=True)
class Contents:
    """What is in dataset groups. Names that begin with their group's are this deployment's."""

    things: Things

    def refuse_foreign(self, group: str, campaigns: frozenset[str], datasets: tuple[str, ...]) -> None:
        """Raise :class:`ForeignError` where the group holds more than what begins with its name.

        ``campaigns`` are declared under names of their own, ``datasets`` are the declared types: one that was taken
        over may have any name.
        """
        declared = {f"{each.upper()}" for each in datasets}
        foreign = [
            named(thing.arn)
            for thing in self._inside(group)
            if not _ours(thing, group)
            and not (thing.kind == "campaign" and thing.name in campaigns)
            and not (thing.kind == "dataset" and thing.arn.rpartition("/")[2] in declared)
        ]
        if foreign:
            raise ForeignError(named(group).partition(" ")[2], foreign)

    def clear(self, group: str) -> None:
        """Delete what interrupted applies have left in the group, once it is seen that it is all this deployment's."""
        self.refuse_foreign(group, frozenset(), ())
        found = list(self._inside(group))
        for kind, name in ORDER.items():
            for thing in found:
                if thing.kind == kind:
                    if kind == "solution":
                        stop_training(self.things, thing.arn)
                    self.things.remove(name, thing.arn)
        families = [f"{group.rpartition('/')[2]}-{kind}" for kind in TYPES]
        for schema in list(self.things.personalize.pages("ListSchemas", "schemas", {})):
            if any(is_of_family(schema["name"], family) for family in families):
                drop_schema(self.things, schema["schemaArn"])

    def _inside(self, group: str) -> Iterator[Thing]:
        """Yield all that is in the group and not on its way out, none where there is no group."""
        personalize = self.things.personalize
        for operation, key, arn in LISTS:
            try:
                found = list(personalize.pages(operation, key, {"datasetGroupArn": group}))
            except NotFound:
                return
            for each in found:
                if leaving(each["status"]):
                    continue
                yield Thing(each[arn], each["name"])
                if key == "solutions":
                    served = personalize.pages("ListCampaigns", "campaigns", {"solutionArn": each[arn]})
                    for campaign in list(served):
                        if not leaving(campaign["status"]):
                            yield Thing(campaign["campaignArn"], campaign["name"])


def _ours(thing: Thing, group: str) -> bool:
    """Whether a thing's name begins with its group's. Recommenders and attributions are made by nobody here."""
    name = group.rpartition("/")[2]
    if thing.kind == "event-tracker":
        return thing.name == name
    return thing.kind in ORDER and thing.name.startswith(f"{name}-")
