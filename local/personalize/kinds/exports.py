"""Exports of datasets to S3.

https://docs.aws.amazon.com/personalize/latest/dg/export-data.html
"""

from __future__ import annotations

import dataclasses

import pandas as pd

from local.personalize.data.records import ESCAPE
from local.personalize.data.tables import Snapshot
from local.personalize.errors import InvalidInputError, JobFailedError
from local.personalize.kinds.base import Kind, Parent, Request
from local.personalize.models import Attributes, Path, Record
from local.personalize.ports import DeniedError, Objects, ObjectsError
from local.personalize.quotas import Quota
from local.personalize.work import Job
from local.personalize.world import World


class DatasetExportJob(Kind):
    """An export of a dataset's records as CSV: those imported in bulk, those put one by one, or both."""

    name = "DatasetExportJob"
    segment = "dataset-export-job"
    name_member = "jobName"
    parents = (Parent("datasetArn", "Dataset", follows=True),)
    quotas = (Quota("pending-export-jobs", pending=True),)

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check that the dataset can be exported, and that there is a place to write to."""
        kind = world.state.tables[request["datasetArn"]].schema.type
        if not kind.exportable:
            raise InvalidInputError(f"{request['datasetArn']} holds {kind.name}, which can't be exported.")
        path = request["jobOutput"]["s3DataDestination"]["path"]
        if not path.startswith("s3://"):
            raise InvalidInputError(f"Invalid S3 output path: {path}")
        return {**super().attributes(world, request), "ingestionMode": request.get("ingestionMode", "PUT")}

    def job(self, world: World, record: Record, path: Path) -> Job | None:
        """Write the records."""
        if path.name != "create":
            return None
        attributes, objects = record.attributes, world.objects
        snapshot = world.state.tables[attributes["datasetArn"]].snapshot()
        location = attributes["jobOutput"]["s3DataDestination"]["path"].rstrip("/")

        def write() -> None:
            body = _csv(_exported(snapshot, attributes["ingestionMode"]))
            _write(objects, f"{location}/{attributes['jobName']}.csv", body, attributes["roleArn"])

        return write


def _exported(snapshot: Snapshot, mode: str) -> pd.DataFrame:
    """Return what a mode exports: both kinds together, only the newest record of an ID; never the same row twice."""
    if mode == "ALL":
        frame = snapshot.frame(upsert=snapshot.schema.type.identified)
    elif mode == "BULK":
        frame = dataclasses.replace(snapshot, streamed=(), count=0).frame()
    else:
        frame = dataclasses.replace(snapshot, bulk=None).frame()
    return frame.drop_duplicates(ignore_index=True)


def _csv(frame: pd.DataFrame) -> bytes:
    # As the guide has it for imports, so that what was exported can be imported again.
    text: str = frame.to_csv(index=False, doublequote=False, escapechar=ESCAPE, lineterminator="\n")
    return text.encode()


def _write(objects: Objects, location: str, body: bytes, role: str) -> None:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    try:
        list(objects.list(bucket, key, role))  # who exports must be allowed to list, too
        objects.write(bucket, key, body, role)
    except DeniedError as error:
        raise JobFailedError(str(error)) from error
    except ObjectsError as error:
        raise JobFailedError(f"Could not write {location}: {error}") from error
