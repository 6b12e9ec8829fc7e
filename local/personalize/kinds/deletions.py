"""Jobs that delete users, and all that is known of them, from a dataset group.

https://docs.aws.amazon.com/personalize/latest/dg/delete-records.html
"""

from __future__ import annotations

from local.personalize.data import csv_files
from local.personalize.data.schemas import DATASET_TYPES, Field, Schema
from local.personalize.errors import InvalidInputError
from local.personalize.kinds.base import Kind, Parent, Request
from local.personalize.models import Attributes, Path, Phase, Record
from local.personalize.quotas import Quota
from local.personalize.work import Job
from local.personalize.world import World

DELETION = Path("create", (Phase("PENDING"), Phase("IN_PROGRESS", work=True)), "COMPLETED", "FAILED")
_ID = "USER_ID"
_USERS = Schema(DATASET_TYPES["USERS"], (Field(_ID, "string"),))
"""What the files with the users to delete look like: one column."""


class DataDeletionJob(Kind):
    """A deletion of users."""

    name = "DataDeletionJob"
    segment = "data-deletion-job"
    name_member = "jobName"
    parents = (Parent("datasetGroupArn", "DatasetGroup", follows=True),)
    quotas = (Quota("data-deletion-jobs", "dataset group", pending=True),)
    create = DELETION
    newest_first = True

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check that there is a place to read from."""
        if "dataLocation" not in request["dataSource"]:
            raise InvalidInputError("dataSource.dataLocation must be given.")
        return super().attributes(world, request)

    def job(self, world: World, record: Record, path: Path) -> Job | None:
        """Read who is to be deleted."""
        if path != DELETION:  # unequal, for a path that was kept is another object
            return None
        attributes = record.attributes
        files = csv_files.Files(
            world.objects,
            attributes["dataSource"]["dataLocation"],
            attributes["roleArn"],
            world.quotas["data-deletion-bytes"],
            dict(world.decisions),
            chosen=_is_csv,
            deep=True,  # https://docs.aws.amazon.com/personalize/latest/dg/API_DataSource.html
        )

        def read() -> frozenset[str]:
            frame = csv_files.read(files, _USERS)
            return frozenset(frame[_ID].astype(str))

        return read

    def done(self, world: World, record: Record, path: Path, result: object) -> None:
        """Delete them from all datasets of the group."""
        if not isinstance(result, frozenset):
            return
        datasets = world.in_group("Dataset", record.attributes["datasetGroupArn"])
        tables = [world.state.tables[dataset.arn] for dataset in datasets if dataset.arn in world.state.tables]
        record.attributes["numDeleted"] = sum(table.forget(result) for table in tables)


def _is_csv(key: str) -> bool:
    return key.endswith(".csv")  # in a folder, all else is left alone
