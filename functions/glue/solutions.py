"""Solutions: made, changed where Personalize can, replaced beside the old one where it can't, and deleted.

A solution's name ends in a digest of what can't be changed. A changed recipe or hyperparameter so makes a new
solution; the campaign stays, keeps its ARN, and moves to the new solution's first version with the next run
(https://docs.aws.amazon.com/personalize/latest/dg/update-campaigns.html). Then the old one may go.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from functions.errors import AlreadyExists, NotFound
from functions.glue.patience import Patience
from functions.glue.request import Change, Wanted
from functions.glue.tags import create_tags, retag
from functions.names import digest, sibling_arn
from functions.ports import Personalize
from functions.statuses import meaning

UNDER_WAY = ("CREATE PENDING", "CREATE IN_PROGRESS")


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
        """Bring the solution to what is declared, and clear away what no campaign serves any more."""
        wanted, before = change.wanted, change.before
        if before and before.campaign_arn and before.campaign_arn != wanted.campaign_arn:
            wanted.refuse_deletion(f"campaign {before.campaign_arn}")
            self._delete_campaign(before.campaign_arn)
        answer = self.create(change)
        if not self._trained(answer["arn"]):
            return answer  # until it is, its predecessors are all there is to serve and to go back to
        needed = {answer["arn"], *self._served(wanted.campaign_arn)}
        for arn in self._siblings(wanted):
            if arn not in needed:
                self._delete_solution(arn)
        return answer

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete the campaign, then the solution with all its versions, and its predecessors."""
        wanted = change.wanted
        wanted.refuse_deletion(f"solution {wanted.name}, with its versions and its campaign,")
        if wanted.campaign_arn:
            self._delete_campaign(wanted.campaign_arn)
        for arn in self._siblings(wanted):
            self._delete_solution(arn)
        return {}

    # -------------------------------------------------------------- parts

    def _adjust(self, wanted: Wanted, arn: str) -> None:
        """Change what UpdateSolution can change, where it differs."""
        current, changes = self._describe(arn), updatable(wanted.request)
        config = changes.get("solutionUpdateConfig", {})
        same = all(current.get(key) == value for key, value in changes.items() if key != "solutionUpdateConfig")
        if same and all(current.get("solutionConfig", {}).get(key) == value for key, value in config.items()):
            return
        self.patience.until_free(
            wanted.name, lambda: self.personalize.call("UpdateSolution", {"solutionArn": arn, **changes})
        )
        self.patience.until_ready(
            f"the update of {wanted.name}",
            lambda: self._describe(arn).get("latestSolutionUpdate") or self._describe(arn),
        )

    def _trained(self, arn: str) -> bool:
        versions = self.personalize.pages("ListSolutionVersions", "solutionVersions", {"solutionArn": arn})
        return any(meaning(version["status"]) == "ready" for version in versions)

    def _delete_campaign(self, arn: str) -> None:
        def describe() -> object:
            return self.personalize.call("DescribeCampaign", {"campaignArn": arn})

        try:
            self.patience.until_free(arn, lambda: self.personalize.call("DeleteCampaign", {"campaignArn": arn}))
        except NotFound:
            return
        self.patience.until_gone(arn, describe)

    def _delete_solution(self, arn: str) -> None:
        try:
            self._stop_training(arn)
            self.patience.until_free(arn, lambda: self.personalize.call("DeleteSolution", {"solutionArn": arn}))
        except NotFound:
            return
        self.patience.until_gone(arn, lambda: self._describe(arn))

    def _stop_training(self, arn: str) -> None:
        """Stop what would hold up the deletion, and go on costing."""
        for version in self.personalize.pages("ListSolutionVersions", "solutionVersions", {"solutionArn": arn}):
            if version["status"] in UNDER_WAY:
                version_arn = {"solutionVersionArn": version["solutionVersionArn"]}
                self.personalize.call("StopSolutionVersionCreation", version_arn)

    def _served(self, campaign_arn: str | None) -> set[str]:
        """Return the ARNs of the solutions that the campaign serves a version of, or is being moved to."""
        if campaign_arn is None:
            return set()
        try:
            campaign = self.personalize.call("DescribeCampaign", {"campaignArn": campaign_arn})["campaign"]
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
        return {str(state["solutionVersionArn"]).rpartition("/")[0] for state in states}

    def _siblings(self, wanted: Wanted) -> list[str]:
        """Return the ARNs of the declared solution and all that went before it under its name."""
        group = wanted.request["datasetGroupArn"]
        try:
            found = list(self.personalize.pages("ListSolutions", "solutions", {"datasetGroupArn": group}))
        except NotFound:
            return []
        ours = re.compile(rf"{re.escape(wanted.name)}-[0-9a-f]{{8}}")
        return [each["solutionArn"] for each in found if ours.fullmatch(each["name"])]

    def _describe(self, arn: str) -> dict[str, Any]:
        solution: dict[str, Any] = self.personalize.call("DescribeSolution", {"solutionArn": arn})["solution"]
        return solution

    def _ready(self, name: str, arn: str) -> None:
        self.patience.until_ready(name, lambda: self._describe(arn))


def updatable(request: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of UpdateSolution for what is declared.

    https://docs.aws.amazon.com/personalize/latest/dg/API_UpdateSolution.html
    """
    config = request.get("solutionConfig", {})
    updates = {key: config[key] for key in ("autoTrainingConfig", "eventsConfig") if key in config}
    flags = {key: request[key] for key in ("performAutoTraining", "performIncrementalUpdate") if key in request}
    return flags | ({"solutionUpdateConfig": updates} if updates else {})


def name_of(wanted: Wanted) -> str:
    """Return the solution's name: as declared, with a digest of what can't be changed."""
    changeable = updatable(wanted.request)
    config = {
        key: value
        for key, value in wanted.request.get("solutionConfig", {}).items()
        if key not in changeable.get("solutionUpdateConfig", {})
    }
    fixed = {key: value for key, value in wanted.request.items() if key not in changeable} | {"solutionConfig": config}
    return f"{wanted.name}-{digest(json.dumps(fixed, sort_keys=True), 8)}"


def arn_of(wanted: Wanted) -> str:
    """Return the solution's ARN, which its name makes."""
    return sibling_arn(wanted.request["datasetGroupArn"], "solution", name_of(wanted))
