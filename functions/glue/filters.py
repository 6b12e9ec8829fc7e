"""Filters: made beside their predecessors, once there is data for them.

A filter cannot be changed, and its name ends in a digest of its expression. A changed one is another filter, made while
the old one serves on, which stays until the next change: whoever still calls with its ARN sees no gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions import history
from functions.errors import InvalidInput, NotFound
from functions.glue.patience import BroughtToNothingError, TookTooLongError
from functions.glue.request import Change, Wanted
from functions.glue.tags import create_tags, retag
from functions.glue.things import Things
from functions.names import bears, sibling_arn
from functions.ports import Declarations
from functions.statuses import gone, meaning, status_of
from functions.telemetry import logger


@dataclass(frozen=True)
class Filters:
    """The filters of all pipelines."""

    things: Things
    declarations: Declarations

    def bring(self, change: Change) -> dict[str, Any]:
        """Make the filter where its group has data; else it is declared only, and a run makes it after its imports.

        AWS says that filters "require data to be present": https://github.com/aws-solutions/maintaining-personalized-
        experiences-with-machine-learning. One of the name without digest and the same expression was made by hand: it
        is taken over under its own name.
        """
        wanted, arn = change.wanted, self.stands_for(change.wanted)
        if arn == arn_of(wanted) and self._left_to_a_run(wanted, arn):
            return {"arn": arn}
        retag(self.things.personalize, arn, change)
        if change.before and change.before.request and arn_of(change.before) != arn_of(wanted):
            self._clear(wanted, arn)
        return {"arn": arn}

    def stands_for(self, wanted: Wanted) -> str:
        """Return the ARN of the declared filter, whether it is there or not: its own, or that of one made by hand."""
        return self._by_hand(wanted) or arn_of(wanted)

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete the filter with its predecessors, once no campaign holds them any more.

        No run that begins now makes it again. One that was asked for it before may, and what it has made goes as well.
        Recordings show that a campaign takes longer to go than a Lambda lives: of a pipeline that goes as a whole, the
        dataset group, which goes last, takes its filters along.
        """
        wanted = change.wanted
        self.declarations.withdraw_filter(wanted.pipeline, wanted.name)
        try:
            if self.declarations.running(wanted.pipeline):
                self.things.patience.outlast_steps(f"filter {wanted.name}")
            self._remove(wanted)
        except TookTooLongError:
            if self.declarations.is_declared(wanted.pipeline):
                raise
            logger.info("filter %s is left to the deletion of its dataset group", wanted.name)
        return {}

    # -------------------------------------------------------------- parts

    def _left_to_a_run(self, wanted: Wanted, arn: str) -> bool:
        """Make the filter, and see it there; return True where there is no data for it yet, which a run brings."""
        if self.things.find("Filter", arn) is None and not self._has_data(wanted):
            return True
        try:
            self.things.make("Filter", arn, {**wanted.request, **create_tags(wanted.tags)})
        except (InvalidInput, BroughtToNothingError) as refusal:
            if all(self._imported(dataset) for dataset in self._datasets(wanted)):
                raise
            logger.warning("filter %s is left to the next run, for a dataset is empty: %s", wanted.name, refusal)
            if isinstance(refusal, BroughtToNothingError):
                self.things.remove("Filter", arn)
            return True
        return False

    def _has_data(self, wanted: Wanted) -> bool:
        """Whether data was imported into any dataset of the group, or may have been sent to its event tracker."""
        group = {"datasetGroupArn": wanted.request["datasetGroupArn"]}
        return any(self._imported(dataset) for dataset in self._datasets(wanted)) or any(
            self.things.personalize.pages("ListEventTrackers", "eventTrackers", group)
        )

    def _datasets(self, wanted: Wanted) -> list[str]:
        group = {"datasetGroupArn": wanted.request["datasetGroupArn"]}
        return [each["datasetArn"] for each in self.things.personalize.pages("ListDatasets", "datasets", group)]

    def _imported(self, dataset: str) -> bool:
        return any(history.ready(each) for each in history.import_jobs(dataset, self.things.personalize))

    def _by_hand(self, wanted: Wanted) -> str | None:
        """Return the ARN of a filter of the declared name that a person has given this very expression."""
        arn = sibling_arn(wanted.request["datasetGroupArn"], "filter", wanted.name)
        found = self.things.find("Filter", arn)
        if found is None or gone(status_of(found)):
            return None
        same = all(found[key] == wanted.request[key] for key in ("datasetGroupArn", "filterExpression"))
        return arn if same else None

    def _clear(self, wanted: Wanted, arn: str) -> None:
        """With a changed filter that is there, delete all that went before, but for the newest that can be used.

        The one declared before may never have been made: what counts is which of them serves.
        """
        others = [each for each in self._siblings(wanted) if each["filterArn"] != arn]
        serving = [each for each in others if meaning(each["status"]) == "ready"]
        newest = max(serving, key=lambda each: each["creationDateTime"], default=None)
        for each in others:
            if each is not newest:
                self.things.remove("Filter", each["filterArn"])

    def _remove(self, wanted: Wanted) -> None:
        for each in self._siblings(wanted):
            self.things.remove("Filter", each["filterArn"])

    def _siblings(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Return the filters of the declared name, with or without a digest."""
        group = {"datasetGroupArn": wanted.request["datasetGroupArn"]}
        try:
            found = list(self.things.personalize.pages("ListFilters", "Filters", group))
        except NotFound:
            return []
        return [each for each in found if bears(each["name"], wanted.name)]


def arn_of(wanted: Wanted) -> str:
    """Return the filter's ARN, which its name makes."""
    return sibling_arn(wanted.request["datasetGroupArn"], "filter", wanted.request["name"])
