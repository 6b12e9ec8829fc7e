"""Datasets: made, moved to a changed schema in place, and deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.errors import AlreadyExists, NotFound
from functions.glue.patience import Patience
from functions.glue.request import Change, Wanted
from functions.glue.tags import create_tags, retag
from functions.names import sibling_arn
from functions.ports import Personalize


@dataclass(frozen=True)
class Datasets:
    """The datasets of all pipelines."""

    personalize: Personalize
    patience: Patience

    def create(self, change: Change) -> dict[str, Any]:
        """Make the dataset; one that an interrupted apply has made is taken over."""
        wanted = change.wanted
        try:
            self.personalize.call("CreateDataset", {**wanted.request, **create_tags(wanted.tags)})
        except AlreadyExists:
            self._ready(wanted)
            return self.update(change)
        self._ready(wanted)
        return {"arn": arn_of(wanted)}

    def update(self, change: Change) -> dict[str, Any]:
        """Move the dataset to its declared schema, keeping its rows.

        https://docs.aws.amazon.com/personalize/latest/dg/updating-dataset-schema.html
        """
        wanted, arn = change.wanted, arn_of(change.wanted)
        schema = wanted.request["schemaArn"]
        if self._describe(wanted)["schemaArn"] != schema:
            self.patience.until_free(
                wanted.request["name"],
                lambda: self.personalize.call("UpdateDataset", {"datasetArn": arn, "schemaArn": schema}),
            )
            self.patience.until_ready(
                f"the new schema of {wanted.request['name']}", lambda: self._describe(wanted)["latestDatasetUpdate"]
            )
        retag(self.personalize, arn, change)
        return {"arn": arn}

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete the dataset and its data, once nothing is imported into it any more."""
        wanted, name = change.wanted, change.wanted.request["name"]
        wanted.refuse_deletion(f"dataset {name}, with its data,")
        try:
            self.patience.until_free(
                name, lambda: self.personalize.call("DeleteDataset", {"datasetArn": arn_of(wanted)})
            )
        except NotFound:
            return {}
        self.patience.until_gone(name, lambda: self._describe(wanted))
        return {}

    def _describe(self, wanted: Wanted) -> dict[str, Any]:
        dataset: dict[str, Any] = self.personalize.call("DescribeDataset", {"datasetArn": arn_of(wanted)})["dataset"]
        return dataset

    def _ready(self, wanted: Wanted) -> None:
        self.patience.until_ready(wanted.request["name"], lambda: self._describe(wanted))


def arn_of(wanted: Wanted) -> str:
    """Return a dataset's ARN: its group's name and its type in capitals make it."""
    group = wanted.request["datasetGroupArn"]
    return sibling_arn(group, "dataset", f"{group.rpartition('/')[2]}/{wanted.request['datasetType'].upper()}")
