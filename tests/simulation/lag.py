"""Personalize's reads, which nothing promises to be consistent: they may be minutes behind a write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.personalize.errors import NotFoundError

if TYPE_CHECKING:
    from tests.simulation.cloud import Cloud

LONGEST = 240.0
"""Seconds that a read may be behind. Those who wait for one wait five minutes."""

MADE = {
    "CreateDatasetImportJob": "datasetImportJobArn",
    "CreateSolutionVersion": "solutionVersionArn",
    "CreateCampaign": "campaignArn",
    "CreateFilter": "filterArn",
}
"""What runs make, and what holds its ARN in the answer, and in every list."""

LISTED = {"ListDatasetImportJobs": "datasetImportJobs", "ListSolutionVersions": "solutionVersions"}


@dataclass
class Lagging:
    """Personalize, as it is called: what was just made may not be seen yet, and a campaign's update neither."""

    cloud: Cloud
    unseen: dict[str, float] = field(default_factory=dict)
    """ARN → until when no read tells of it."""
    outdated: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    """Campaign → until when it is described as it was before its update, and how."""

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation; raise a :class:`local.personalize.errors.ServiceError` if it is refused."""
        now, call = self.cloud.agenda.seconds, self.cloud.service.call
        if operation.startswith("Describe"):
            arn = str(next(iter(params.values())))
            if self.unseen.get(arn, 0.0) > now:
                raise NotFoundError(f"{arn} does not exist.")
            if self.outdated.get(arn, (0.0, {}))[0] > now:
                return self.outdated[arn][1]
        before = call("personalize", "DescribeCampaign", params) if operation == "UpdateCampaign" else {}
        answer = call("personalize", operation, params)
        if key := LISTED.get(operation):
            listed = [
                each for each in answer[key] if not any(self.unseen.get(str(v), 0.0) > now for v in each.values())
            ]
            return {**answer, key: listed}
        if operation in MADE and self._lags():
            self.unseen[answer[MADE[operation]]] = now + self._some()
        if before and self._lags():
            self.outdated[answer["campaignArn"]] = now + self._some(), before
        return answer

    def _lags(self) -> bool:
        return self.cloud.faults.strikes("reads lag behind a write")

    def _some(self) -> float:
        return self.cloud.faults.rng.uniform(1, LONGEST)
