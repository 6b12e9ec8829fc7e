"""Datasets: made, moved to a changed schema in place, and deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.errors import AlreadyExists, InvalidInput, NotFound, PipelineError
from functions.glue.patience import Patience
from functions.glue.request import Change, Wanted
from functions.glue.tags import create_tags, retag
from functions.names import sibling_arn
from functions.ports import Personalize
from functions.statuses import meaning


class SchemaRefusedError(PipelineError):
    """Personalize does not take the changed schema; the dataset is as it was.

    https://docs.aws.amazon.com/personalize/latest/dg/updating-dataset-schema.html
    """

    def __init__(self, name: str, refusal: InvalidInput) -> None:
        super().__init__(
            f"Personalize refuses the new schema of {name}: {refusal.message} The dataset and its data are as they "
            "were. Schemas of items and users can gain columns that allow null, and nothing else; that of interactions "
            "can't change. Take the schema back, or make a pipeline beside this one and move over to it."
        )


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
        """Move the dataset to its declared schema, keeping its rows."""
        wanted, arn = change.wanted, arn_of(change.wanted)
        self._move(wanted, arn)
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

    def _move(self, wanted: Wanted, arn: str) -> None:
        """Move the dataset to its schema, unless it has it or an interrupted apply has set it on its way."""
        name, schema = wanted.request["name"], wanted.request["schemaArn"]
        dataset = self._describe(wanted)
        if dataset["schemaArn"] == schema:
            return
        latest = dataset.get("latestDatasetUpdate") or {}
        if latest.get("schemaArn") != schema or meaning(latest["status"]) == "failed":
            try:
                self.patience.until_free(
                    name, lambda: self.personalize.call("UpdateDataset", {"datasetArn": arn, "schemaArn": schema})
                )
            except InvalidInput as refusal:
                raise SchemaRefusedError(name, refusal) from refusal
        self.patience.until_ready(f"the new schema of {name}", lambda: self._describe(wanted)["latestDatasetUpdate"])

    def _describe(self, wanted: Wanted) -> dict[str, Any]:
        dataset: dict[str, Any] = self.personalize.call("DescribeDataset", {"datasetArn": arn_of(wanted)})["dataset"]
        return dataset

    def _ready(self, wanted: Wanted) -> None:
        self.patience.until_ready(wanted.request["name"], lambda: self._describe(wanted))


def arn_of(wanted: Wanted) -> str:
    """Return a dataset's ARN: its group's name and its type in capitals make it."""
    group = wanted.request["datasetGroupArn"]
    return sibling_arn(group, "dataset", f"{group.rpartition('/')[2]}/{wanted.request['datasetType'].upper()}")
