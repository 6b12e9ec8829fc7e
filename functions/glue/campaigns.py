"""Campaigns: runs make and move them, Terraform deletes them; nobody else's is taken over unasked.

A campaign that is taken out of the declaration is a resource that Terraform destroys. Where that is refused, it stays
in the state, and is refused again by every apply until it is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.errors import NotFound, PipelineError
from functions.glue.patience import Patience
from functions.glue.request import Change, Wanted
from functions.names import stranger
from functions.ports import Personalize
from functions.telemetry import logger


class TakenError(PipelineError):
    """A campaign of the chosen name exists, and serves a solution that is none of this deployment's."""

    def __init__(self, campaign: str, serves: str, deployment: str) -> None:
        super().__init__(
            f"Campaign {campaign} exists, and serves {serves}, which is none of {deployment}'s solutions. "
            "Choose another campaign.name, or set campaign.adopt = true to let the pipeline move this one. "
            "Nothing was changed."
        )


@dataclass(frozen=True)
class Campaigns:
    """The campaigns of all pipelines."""

    personalize: Personalize
    patience: Patience

    def create(self, change: Change) -> dict[str, Any]:
        """Make nothing, since the first run does; but refuse a name that somebody else's campaign has."""
        wanted = change.wanted
        if serves := self._stranger(wanted):
            raise TakenError(_name(wanted), serves, wanted.name)
        return {"arn": wanted.request["campaignArn"]}

    def update(self, change: Change) -> dict[str, Any]:
        """Look again whose it is; what else is declared of it, the next run brings about."""
        return self.create(change)

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete the campaign, once it is not being changed any more. One that is not ours stays as it is."""
        wanted, name = change.wanted, _name(change.wanted)
        wanted.refuse_deletion(f"campaign {name}")
        if serves := self._stranger(wanted):
            logger.warning("campaign %s serves %s, and is not ours to delete", name, serves)
            return {}
        try:
            self.patience.until_free(name, lambda: self.personalize.call("DeleteCampaign", wanted.request))
        except NotFound:
            return {}
        self.patience.until_gone(name, lambda: self._describe(wanted))
        return {}

    def _stranger(self, wanted: Wanted) -> str | None:
        """Return the solution that the campaign serves where that is somebody else's, and it is not to be adopted."""
        if wanted.adopt:
            return None
        try:
            return stranger(self._describe(wanted)["solutionVersionArn"], wanted.name)
        except NotFound:
            return None

    def _describe(self, wanted: Wanted) -> dict[str, Any]:
        campaign: dict[str, Any] = self.personalize.call("DescribeCampaign", wanted.request)["campaign"]
        return campaign


def _name(wanted: Wanted) -> str:
    return str(wanted.request["campaignArn"]).rpartition("/")[2]
