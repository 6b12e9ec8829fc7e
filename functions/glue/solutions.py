"""Solutions: made, changed where Personalize can, replaced beside the old one where it can't, and deleted.

A solution's name ends in a digest of what can't be changed. A changed recipe or hyperparameter so makes a new
solution; the campaign stays, keeps its ARN, and moves to the new solution's first version with the next run
(https://docs.aws.amazon.com/personalize/latest/dg/update-campaigns.html). Then the old one may go, with the next
change: at most one that serves stays behind, so that no number of changes uses up the quota of solutions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from functions import history
from functions.errors import AlreadyExists, InUse, NotFound, PipelineError
from functions.glue.patience import Patience
from functions.glue.request import Change, Wanted
from functions.glue.tags import create_tags, retag
from functions.names import digest, is_of_family, sibling_arn, solution_of
from functions.ports import Personalize
from functions.statuses import meaning

UNDER_WAY = ("CREATE PENDING", "CREATE IN_PROGRESS")
LEAVING = ("DELETE PENDING", "DELETE IN_PROGRESS")

FLAGS = ("performAutoTraining", "performIncrementalUpdate")
AUTO_TRAINING, EVENTS = "autoTrainingConfig", "eventsConfig"
"""What UpdateSolution can change: parameters of CreateSolution's own, and parts of its solutionConfig."""

WEEKLY = {"schedulingExpression": "rate(7 days)"}
"""When Personalize trains by itself, unless it is told otherwise.

https://docs.aws.amazon.com/personalize/latest/dg/API_AutoTrainingConfig.html
"""


class StillServedError(PipelineError):
    """Campaigns that are not the solution's own serve it, and it is to be deleted."""

    def __init__(self, solution: str, campaigns: list[str]) -> None:
        commands = "; ".join(f"aws personalize delete-campaign --campaign-arn {arn}" for arn in campaigns)
        super().__init__(
            f"Solution {solution} stays, for campaigns serve it that are not its own: they were made elsewhere, or are "
            f"declared for another solution now and have not been moved by a run yet. Let a run move them, or delete "
            f"them ({commands}), and then destroy again. Nothing was deleted."
        )


@dataclass(frozen=True)
class Solutions:
    """The solutions of all pipelines."""

    personalize: Personalize
    patience: Patience

    def create(self, change: Change) -> dict[str, Any]:
        """Make the solution; one that an interrupted apply has made is taken over."""
        wanted, arn = change.wanted, arn_of(change.wanted)
        name = name_of(wanted)
        try:
            self.personalize.call("CreateSolution", {"name": name, **wanted.request, **create_tags(wanted.tags)})
        except AlreadyExists:
            self._ready(name, arn)
            self._adjust(wanted, arn)
            retag(self.personalize, arn, change)
        else:
            self._ready(name, arn)
        return {"arn": arn, "name": name}

    def update(self, change: Change) -> dict[str, Any]:
        """Bring the solution to what is declared.

        Where that makes another beside it, what is needed no more goes first: it takes up a place.
        """
        if change.before and name_of(change.before) != name_of(change.wanted):
            self._clear(change.wanted)
        return self.create(change)

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete the solution with all its versions, and its predecessors. The campaign is gone by now."""
        wanted = change.wanted
        wanted.refuse_deletion(f"solution {wanted.name}, with its versions,")
        siblings = self._siblings(wanted)
        if campaigns := [campaign for arn in siblings for campaign in self._campaigns(arn)]:
            raise StillServedError(wanted.name, campaigns)
        for arn in siblings:
            self._delete(arn)
        return {}

    # -------------------------------------------------------------- parts

    def _adjust(self, wanted: Wanted, arn: str) -> None:
        """Change what UpdateSolution can change, where it differs."""
        current = self._describe(arn)
        changes = updates(wanted.request, current)
        if not changes:
            return
        self.patience.until_free(
            wanted.name, lambda: self.personalize.call("UpdateSolution", {"solutionArn": arn, **changes})
        )
        self.patience.until_ready(
            f"the update of {wanted.name}",
            lambda: self._describe(arn).get("latestSolutionUpdate") or self._describe(arn),
        )

    def _clear(self, wanted: Wanted) -> None:
        """Delete what went before, but not what serves, or is all that is trained.

        What is in use is left for a later change: a run that began before this one trains it, and may end as it began;
        or somebody else's campaign serves it. A run that has not come to training it yet finds it gone, and says so.
        https://docs.aws.amazon.com/personalize/latest/dg/API_DeleteSolution.html
        """
        siblings = self._siblings(wanted)
        needed = {arn_of(wanted)} | (self._served(wanted) & set(siblings) or self._newest_trained(wanted, siblings))
        for arn in siblings:
            if arn not in needed:
                self._delete_if_free(arn)

    def _newest_trained(self, wanted: Wanted, siblings: list[str]) -> set[str]:
        """Return the solution to go back to while none serves: the declared one, or the newest that is trained."""
        for arn in sorted(siblings, key=lambda arn: arn != arn_of(wanted)):  # the declared one first
            if self._trained(arn):
                return {arn}
        return set()

    def _trained(self, arn: str) -> bool:
        return bool(history.completed(history.versions(arn, self.personalize)))

    def _campaigns(self, arn: str) -> list[str]:
        """Return the ARNs of the campaigns on a solution, without those that are on their way out."""
        found = self.personalize.pages("ListCampaigns", "campaigns", {"solutionArn": arn})
        return [each["campaignArn"] for each in found if each["status"] not in LEAVING]

    def _delete_if_free(self, arn: str) -> None:
        try:
            self.personalize.call("DeleteSolution", {"solutionArn": arn})
        except (InUse, NotFound):
            return
        self._gone(arn)

    def _delete(self, arn: str) -> None:
        try:
            self._stop_training(arn)
            self.patience.until_free(arn, lambda: self.personalize.call("DeleteSolution", {"solutionArn": arn}))
        except NotFound:
            return
        self._gone(arn)

    def _stop_training(self, arn: str) -> None:
        """Stop what would hold up the deletion, and go on costing."""
        for version in history.versions(arn, self.personalize):
            if version["status"] in UNDER_WAY:
                version_arn = {"solutionVersionArn": version["solutionVersionArn"]}
                self.personalize.call("StopSolutionVersionCreation", version_arn)

    def _served(self, wanted: Wanted) -> set[str]:
        """Return the ARNs of the solutions that the campaign serves a version of, or is being moved to."""
        if wanted.campaign_arn is None:
            return set()
        try:
            campaign = self.personalize.call("DescribeCampaign", {"campaignArn": wanted.campaign_arn})["campaign"]
        except NotFound:
            return set()
        latest = campaign.get("latestCampaignUpdate") or campaign
        match meaning(latest["status"]):
            case "ready":
                states = [latest]
            case "waiting":
                states = [campaign, latest]
            case "failed":
                states = [campaign]
        return {solution_of(state["solutionVersionArn"]) for state in states}

    def _siblings(self, wanted: Wanted) -> list[str]:
        """Return the ARNs of the declared solution and all that went before it under its name, newest first."""
        group = wanted.request["datasetGroupArn"]
        try:
            found = list(self.personalize.pages("ListSolutions", "solutions", {"datasetGroupArn": group}))
        except NotFound:
            return []
        found.sort(key=lambda each: each["creationDateTime"], reverse=True)
        return [each["solutionArn"] for each in found if is_of_family(each["name"], wanted.name)]

    def _describe(self, arn: str) -> dict[str, Any]:
        solution: dict[str, Any] = self.personalize.call("DescribeSolution", {"solutionArn": arn})["solution"]
        return solution

    def _ready(self, name: str, arn: str) -> None:
        self.patience.until_ready(name, lambda: self._describe(arn))

    def _gone(self, arn: str) -> None:
        self.patience.until_gone(arn, lambda: self._describe(arn))


def updates(request: dict[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of UpdateSolution that bring a solution to what is declared, none where it is like that.

    What is not declared (any more) goes back to Personalize's own default. performIncrementalUpdate is not even named
    where it is neither declared nor on: only one recipe takes it.
    https://docs.aws.amazon.com/personalize/latest/dg/API_UpdateSolution.html
    """
    flags = {key: request[key] for key in FLAGS if key in request}
    if current.get("performIncrementalUpdate"):
        flags.setdefault("performIncrementalUpdate", False)
    declared = request.get("solutionConfig", {})
    config = {key: declared[key] for key in (AUTO_TRAINING, EVENTS) if key in declared}
    if request.get("performAutoTraining"):
        config.setdefault(AUTO_TRAINING, WEEKLY)
    found = {AUTO_TRAINING: WEEKLY, **current.get("solutionConfig", {})}
    same = all(current.get(key, False) == value for key, value in flags.items())
    if same and all(found.get(key) == value for key, value in config.items()):
        return {}
    return flags | ({"solutionUpdateConfig": config} if config else {})


def name_of(wanted: Wanted) -> str:
    """Return the solution's name: as declared, with a digest of what can't be changed.

    A configuration of events can be changed but not taken away again: that there is one counts, not what it holds.
    """
    config = {key: value for key, value in wanted.request.get("solutionConfig", {}).items() if key != AUTO_TRAINING}
    if EVENTS in config:
        config[EVENTS] = "declared"
    fixed = {key: value for key, value in wanted.request.items() if key not in FLAGS} | {"solutionConfig": config}
    return f"{wanted.name}-{digest(json.dumps(fixed, sort_keys=True), 8)}"


def arn_of(wanted: Wanted) -> str:
    """Return the solution's ARN, which its name makes."""
    return sibling_arn(wanted.request["datasetGroupArn"], "solution", name_of(wanted))
