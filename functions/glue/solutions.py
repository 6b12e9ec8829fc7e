"""Solutions: made, changed where Personalize can, replaced beside the old one where it can't, and deleted.

A solution's name ends in a digest of what can't be changed. A changed recipe or hyperparameter so makes a new
solution; the campaign stays, keeps its ARN, and moves to the new solution's first version with the next run
(https://docs.aws.amazon.com/personalize/latest/dg/update-campaigns.html). Then the old one may go, with the next
change: at most one that serves stays behind, so that no number of changes uses up the quota of solutions.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from functions import history
from functions.errors import InUse, InvalidInput, NotFound, PipelineError
from functions.glue.request import Change, Wanted
from functions.glue.tags import create_tags, retag
from functions.glue.things import Things
from functions.names import digest, is_of_family, sibling_arn, solution_of
from functions.ports import Declarations
from functions.statuses import leaving, meaning, standing, under_way

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
            f"Solution {solution} stays, for campaigns serve it that were made elsewhere. Delete them ({commands}), "
            "and then apply again. Nothing was deleted."
        )


@dataclass(frozen=True)
class Solutions:
    """The solutions of all pipelines."""

    things: Things
    declarations: Declarations

    def bring(self, change: Change) -> dict[str, Any]:
        """Make the solution, or bring the one that is there to what is declared.

        Where that makes another beside it, what is needed no more goes first: it takes up a place.
        """
        wanted, arn = change.wanted, arn_of(change.wanted)
        if change.before and change.before.request and name_of(change.before) != name_of(wanted):
            self._clear(wanted)
        request = {"name": name_of(wanted), **wanted.request, **create_tags(wanted.tags)}
        if not self.things.make("Solution", arn, request):
            self._adjust(wanted, arn)
            retag(self.things.personalize, arn, change)
        return {"arn": arn, "name": name_of(wanted)}

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete the solution with all its versions, and its predecessors.

        Its campaign is gone by now, unless it is declared for another solution: while a run has not moved it there, it
        serves this one, which then is left behind until nothing serves it.
        """
        wanted = change.wanted
        siblings = self._siblings(wanted)
        serving = {campaign for arn in siblings for campaign in self._campaigns(arn)}
        declared = self.declarations.campaigns(wanted.pipeline) if serving else {}
        moving = {arn for arn in serving if arn.rpartition("/")[2] in declared}
        if foreign := sorted(serving - moving):
            wanted.refuse_deletion(f"solution {wanted.name}, with its versions,")
            raise StillServedError(wanted.name, foreign)
        if moving:
            self.declarations.leave_behind(wanted.pipeline, wanted.name)
            for arn in siblings:
                self._stop_automatic(arn)
            return {}
        wanted.refuse_deletion(f"solution {wanted.name}, with its versions,")
        for arn in siblings:
            self._delete(arn)
        return {}

    def tidy(self, group: str, pipeline: str, declared: set[str]) -> None:
        """Delete the solutions that were left behind because a campaign served them, where none does any more.

        ``declared`` are the names, without digest, of the solutions that there should be.
        """
        for name in self.declarations.left_behind(pipeline):
            siblings = self._siblings(Wanted("solution", name=name, request={"datasetGroupArn": group}))
            if name not in declared and any(self._campaigns(arn) for arn in siblings):
                continue
            if name not in declared:
                for arn in siblings:
                    self._delete(arn)
            self.declarations.forget(pipeline, name)

    # -------------------------------------------------------------- parts

    def _adjust(self, wanted: Wanted, arn: str) -> None:
        """Change what UpdateSolution can change, where it differs."""
        current = self._describe(arn)
        changes = updates(wanted.request, current)
        if not changes:
            return
        self._update(wanted.name, arn, changes)

    def _update(self, name: str, arn: str, changes: dict[str, Any]) -> None:
        patience, call = self.things.patience, self.things.personalize.call
        patience.until_free(name, lambda: call("UpdateSolution", {"solutionArn": arn, **changes}))
        patience.until_ready(f"the update of {name}", lambda: standing(self._describe(arn)))

    def _stop_automatic(self, arn: str) -> None:
        """Have a solution that is left behind not train by itself any more."""
        current = self.things.find("Solution", arn)
        if current and current.get("performAutoTraining"):
            self._update(arn, arn, {"performAutoTraining": False})

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
        return any(history.ready(each) for each in history.versions(arn, self.things.personalize))

    def _campaigns(self, arn: str) -> list[str]:
        """Return the ARNs of the campaigns on a solution, without those that are on their way out."""
        found = self.things.personalize.pages("ListCampaigns", "campaigns", {"solutionArn": arn})
        return [each["campaignArn"] for each in found if not leaving(each["status"])]

    def _delete_if_free(self, arn: str) -> None:
        try:
            self.things.personalize.call("DeleteSolution", {"solutionArn": arn})
        except (InUse, NotFound):
            return
        self.things.patience.until_gone(arn, lambda: self._describe(arn))

    def _delete(self, arn: str) -> None:
        stop_training(self.things, arn)
        self.things.remove("Solution", arn)

    def _served(self, wanted: Wanted) -> set[str]:
        """Return the ARNs of the solutions that the campaign serves a version of, or is being moved to."""
        if wanted.campaign_arn is None:
            return set()
        try:
            campaign = self.things.describe("Campaign", wanted.campaign_arn)
        except NotFound:
            return set()
        latest = standing(campaign)
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
            found = list(self.things.personalize.pages("ListSolutions", "solutions", {"datasetGroupArn": group}))
        except NotFound:
            return []
        found.sort(key=lambda each: each["creationDateTime"], reverse=True)
        return [each["solutionArn"] for each in found if is_of_family(each["name"], wanted.name)]

    def _describe(self, arn: str) -> dict[str, Any]:
        return self.things.describe("Solution", arn)


def stop_training(things: Things, arn: str) -> None:
    """Stop a solution's trainings under way: they would hold up its deletion, and go on costing."""
    with suppress(NotFound):
        for version in history.versions(arn, things.personalize):
            if under_way(version["status"]):
                with suppress(InUse, InvalidInput):  # it has ended meanwhile
                    version_arn = {"solutionVersionArn": version["solutionVersionArn"]}
                    things.personalize.call("StopSolutionVersionCreation", version_arn)


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
