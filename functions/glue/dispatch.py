"""From Terraform's call to the resource that it is about."""

from __future__ import annotations

import os
from typing import Any, Protocol

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.glue.campaigns import Campaigns
from functions.glue.datasets import Datasets
from functions.glue.granted import Granted
from functions.glue.patience import Patience
from functions.glue.request import Change, read
from functions.glue.solutions import Solutions
from functions.ports import Personalize
from functions.shell import Event, entry
from functions.telemetry import logger, metrics


class Resource(Protocol):
    """What Terraform does to a kind of resource; the answers reach the module's outputs."""

    def create(self, change: Change) -> dict[str, Any]:
        """Make it."""
        ...

    def update(self, change: Change) -> dict[str, Any]:
        """Bring it to what is declared."""
        ...

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete it."""
        ...


class Guard:
    """It depends on everything, so Terraform deletes it first: a protected destroy stops before it begins."""

    def create(self, change: Change) -> dict[str, Any]:
        """Nothing to make."""
        return {}

    def update(self, change: Change) -> dict[str, Any]:
        """Nothing to change: Terraform keeps the flag."""
        return {}

    def delete(self, change: Change) -> dict[str, Any]:
        """Refuse where deletion protection is on."""
        change.wanted.refuse_deletion(change.wanted.name)
        return {}


def apply(event: Event, personalize: Personalize, patience: Patience) -> dict[str, Any]:
    """Do what Terraform asks; whatever goes wrong is raised, and Terraform shows its message."""
    change = read(event)
    granted = Granted(personalize, patience)
    resources: dict[str, Resource] = {
        "dataset": Datasets(granted, patience),
        "solution": Solutions(granted, patience),
        "campaign": Campaigns(granted, patience),
        "guard": Guard(),
    }
    resource = resources[change.wanted.resource]
    metrics.add_metric("GlueCalls", "Count", 1)
    logger.info("%s %s", change.action, change.wanted.resource, extra={"request": change.wanted.request})
    actions = {"create": resource.create, "update": resource.update, "delete": resource.delete}
    return actions[change.action](change)


def _handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    from functions.adapters.clients import lazily  # here, since it imports boto3
    from functions.adapters.personalize import AmazonPersonalize

    patience = Patience(
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
        between_looks=min(5.0, float(os.environ.get("POLL_FLOOR_SECONDS", "20"))),
    )
    return apply(event, AmazonPersonalize(lazily("personalize")), patience)


handler = entry(_handler)
