"""Campaigns: runs make and move them, Terraform declares and deletes them; nobody else's is taken over unasked.

A run makes and moves what the ledger declares. A campaign that is taken out of the declaration is a resource that
Terraform destroys: it leaves the ledger, and then Personalize. Where that is refused, it stays in both, runs go on
moving it, and every apply is refused again until it is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.errors import NotFound, PipelineError
from functions.glue.patience import TookTooLongError
from functions.glue.request import Change, Wanted
from functions.glue.things import Things
from functions.names import stranger
from functions.ports import Declarations
from functions.statuses import leaving, status_of
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

    things: Things
    declarations: Declarations

    def bring(self, change: Change) -> dict[str, Any]:
        """Declare the campaign, which a run makes or moves; refuse a name that somebody else's campaign has."""
        wanted = change.wanted
        if serves := self._stranger(wanted):
            raise TakenError(_name(wanted), serves, wanted.name)
        self.declarations.declare(wanted.pipeline, wanted.solution, wanted.spec)
        if change.before and change.before.pipeline not in ("", wanted.pipeline):
            self.declarations.withdraw(change.before.pipeline, _name(wanted))
        return {"arn": wanted.request["campaignArn"]}

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete the campaign, once it is not being changed any more. One that is not ours stays as it is.

        A step that found it declared a moment ago may still make it, and what it has made goes as well.
        """
        wanted, name = change.wanted, _name(change.wanted)
        wanted.refuse_deletion(f"campaign {name}")
        self.declarations.withdraw(wanted.pipeline, name)
        if self.declarations.running(wanted.pipeline):
            self.things.patience.outlast_steps(f"campaign {name}")
        if serves := self._stranger(wanted):
            logger.warning("campaign %s serves %s, and is not ours to delete", name, serves)
            return {}
        self._remove(wanted.request["campaignArn"])
        return {}

    def _remove(self, arn: str) -> None:
        """Delete it, and wait for that as long as a Lambda can.

        Recordings show 16 to 18 minutes. It goes on by itself, and who deletes the solution waits for the rest.
        """
        try:
            self.things.remove("Campaign", arn)
        except TookTooLongError:
            found = self.things.find("Campaign", arn)
            if found and not leaving(status_of(found)):
                raise
            logger.info("%s is still being deleted", arn)

    def _stranger(self, wanted: Wanted) -> str | None:
        """Return the solution that the campaign serves where that is somebody else's, and it is not to be adopted."""
        if wanted.adopt:
            return None
        try:
            serves = self.things.describe("Campaign", wanted.request["campaignArn"])["solutionVersionArn"]
        except NotFound:
            return None
        return stranger(serves, wanted.name)


def _name(wanted: Wanted) -> str:
    return str(wanted.request["campaignArn"]).rpartition("/")[2]
