"""From Terraform's call to the resource that it is about."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Protocol

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.glue.campaigns import Campaigns
from functions.glue.contents import Contents
from functions.glue.dataset_groups import DatasetGroups
from functions.glue.datasets import Datasets
from functions.glue.event_trackers import EventTrackers
from functions.glue.filters import Filters
from functions.glue.granted import Granted
from functions.glue.guards import Guards
from functions.glue.patience import Patience
from functions.glue.request import Change, Kind, Wanted, read
from functions.glue.solutions import Solutions
from functions.glue.things import Things
from functions.model import parse
from functions.ports import Buckets, Declarations, Personalize
from functions.shell import Event, entry
from functions.telemetry import logger, metrics


class Resource(Protocol):
    """What Terraform does to a kind of resource; the answers reach the module's outputs."""

    def bring(self, change: Change) -> dict[str, Any]:
        """Bring it to what is declared: make it, take it over, or change it."""
        ...

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete it."""
        ...


@dataclass(frozen=True)
class Ready:
    """All of a pipeline's resources once more, in their order.

    The provider keeps the new input of an update that failed, so a next plan would find nothing to do:
    https://github.com/hashicorp/terraform-provider-aws/issues/43447. This call, made whenever one of the inputs changes
    and made again after it failed, asks for the same; where all is well, there is nothing to do.
    """

    resources: dict[Kind, Resource]
    solutions: Solutions
    filters: Filters

    def bring(self, change: Change) -> dict[str, Any]:
        """Bring all to what is declared; answer what each answers, under its key.

        Nothing waits for filters: those that are not there are made by the next run, which tells why one is refused.
        """
        wanted = {key: parse(Wanted, each) for key, each in change.wanted.resources.items()}
        filters = {
            key: {"arn": self.filters.stands_for(each)} for key, each in wanted.items() if each.resource == "filter"
        }
        order: list[Kind] = list(self.resources)
        ordered = sorted(wanted.keys() - filters.keys(), key=lambda key: (order.index(wanted[key].resource), key))
        made = {key: self.resources[wanted[key].resource].bring(Change("create", wanted[key])) for key in ordered}
        answers = filters | made
        solutions = {each.name for each in wanted.values() if each.resource == "solution"}
        self.solutions.tidy(change.wanted.arn, change.wanted.pipeline, solutions)
        return answers

    def delete(self, change: Change) -> dict[str, Any]:
        """Nothing to delete: each resource is one of its own, too."""
        return {}


@dataclass(frozen=True)
class Outside:
    """What glue reaches besides Personalize: the declarations in the ledger, and the data bucket."""

    declarations: Declarations
    buckets: Buckets


def apply(event: Event, personalize: Personalize, patience: Patience, outside: Outside) -> dict[str, Any]:
    """Do what Terraform asks; whatever goes wrong is raised, and Terraform shows its message."""
    change = read(event)
    things = Things(Granted(personalize, patience), patience)
    contents = Contents(things)
    solutions = Solutions(things, outside.declarations)
    filters = Filters(things, outside.declarations)
    resources: dict[Kind, Resource] = {
        "dataset_group": DatasetGroups(things, contents),
        "dataset": Datasets(things),
        "event_tracker": EventTrackers(things),
        "filter": filters,
        "solution": solutions,
        "campaign": Campaigns(things, outside.declarations),
    }
    resources |= {
        "ready": Ready(resources, solutions, filters),
        "guard": Guards(contents, outside.declarations, outside.buckets),
    }
    resource = resources[change.wanted.resource]
    metrics.add_metric("GlueCalls", "Count", 1)
    logger.info("%s %s", change.action, change.wanted.resource, extra={"request": change.wanted.request})
    return resource.delete(change) if change.action == "delete" else resource.bring(change)


def _handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    from functions.adapters.buckets import S3Buckets  # here, since these import boto3
    from functions.adapters.clients import lazily
    from functions.adapters.declarations import DynamoDeclarations
    from functions.adapters.personalize import AmazonPersonalize

    patience = Patience(
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
        between_looks=min(5.0, float(os.environ.get("POLL_FLOOR_SECONDS", "20"))),
    )
    declarations = DynamoDeclarations(lazily("dynamodb"), os.environ.get("LEDGER_TABLE", ""))
    outside = Outside(declarations, S3Buckets(lazily("s3")))
    return apply(event, AmazonPersonalize(lazily("personalize")), patience, outside)


handler = entry(_handler)
