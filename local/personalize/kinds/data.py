"""Dataset groups, schemas, datasets and imports."""

from __future__ import annotations

import dataclasses
import functools
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from local.personalize.data import csv_files, schemas
from local.personalize.data.attribution_reports import Reporting
from local.personalize.data.schemas import Field, Schema
from local.personalize.data.tables import Table, conform, merge, once, stack
from local.personalize.errors import AccessDeniedError, InUseError, InvalidInputError, JobFailedError
from local.personalize.kinds import attribution
from local.personalize.kinds.base import Kind, Parent, Request
from local.personalize.models import Attributes, Path, Phase, Record
from local.personalize.ports import DeniedError, Objects, ObjectsError
from local.personalize.quotas import Quota
from local.personalize.undecided import Decisions
from local.personalize.work import Job
from local.personalize.world import World


class DatasetGroup(Kind):
    """The container of all else."""

    name = "DatasetGroup"
    segment = "dataset-group"
    # The only status on the way that its documentation knows.
    # https://docs.aws.amazon.com/personalize/latest/dg/API_DatasetGroup.html
    delete = Path("delete", (Phase("DELETE PENDING"),), None)
    quotas = (Quota("dataset-groups"),)

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check that a key comes with a role."""
        if ("kmsKeyArn" in request) != ("roleArn" in request):
            raise InvalidInputError("kmsKeyArn and roleArn must be given together.")
        if "roleArn" in request and request["roleArn"].split(":")[4] != world.arns.account:
            raise AccessDeniedError("Cross-account pass role is not allowed.")  # recorded
        return super().attributes(world, request)

    def job(self, world: World, record: Record, path: Path) -> Job | None:
        """Try the key, if there is one."""
        key, role = (record.attributes.get(member, "") for member in ("kmsKeyArn", "roleArn"))
        return functools.partial(_try_key, world.objects, key, role) if path.name == "create" and key else None


class SchemaKind(Kind):
    """A schema. It has no status: it is there, or not."""

    name = "Schema"
    segment = "schema"
    quotas = (Quota("schemas"),)
    create = None
    delete = None

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check the schema by the rules of its type and domain."""
        kind = schemas.parse(request["schema"], request.get("domain")).type.name.title()
        name, spelled = json.loads(request["schema"])["name"], (kind, kind.replace("_", ""))
        if name not in spelled and world.decisions["schema-name-in-other-letters"] == "refuse":
            raise InvalidInputError(f"The schema's name is {name!r}; it must be {' or '.join(dict.fromkeys(spelled))}.")
        return super().attributes(world, request)


_REPLACEMENT = Path(
    "update", (Phase("UPDATE PENDING"), Phase("UPDATE IN_PROGRESS", work=True)), "ACTIVE", "UPDATE FAILED"
)
"""Recorded: a dataset's own status goes that way while its schema is replaced. That it fails so is by analogy."""


class Dataset(Kind):
    """A dataset: one of each type in a group."""

    name = "Dataset"
    segment = "dataset"
    unordered = True
    parents = (Parent("datasetGroupArn", "DatasetGroup"), Parent("schemaArn", "Schema"))
    update = _REPLACEMENT
    update_member = "latestDatasetUpdate"

    def status(self, record: Record) -> str | None:
        """Show how far an update is, and that it failed."""
        return record.update.life.status if record.status == "ACTIVE" and record.update else record.status

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check that the schema is for the type, and for the group's domain."""
        kind = schemas.dataset_type(request["datasetType"])
        schema = _schema_of(world, request["schemaArn"])
        if schema.type is not kind:
            raise InvalidInputError(
                f"The schema {request['schemaArn']} is for {schema.type.name}, and the dataset is to hold {kind.name}."
            )
        _check_domain(world, request["datasetGroupArn"], request["schemaArn"])
        attributes = {**super().attributes(world, request), "datasetType": kind.name}
        if kind.name == "ACTION_INTERACTIONS":  # such a dataset comes with a tracker of its own
            attributes["trackingId"] = str(uuid.uuid4())
        return attributes

    def arn(self, world: World, request: Request, attributes: Attributes) -> str:
        """Name the dataset by its group and type."""
        group = world.get("DatasetGroup", request["datasetGroupArn"])
        return world.arns.of(self.segment, f"{group.name}/{attributes['datasetType']}")

    def updated(self, world: World, record: Record, request: Request) -> Attributes:
        """Check that the new schema keeps all that the old one has."""
        world.active("Schema", request["schemaArn"])
        schemas.check_replacement(
            _schema_of(world, record.attributes["schemaArn"]), _schema_of(world, request["schemaArn"])
        )
        _check_domain(world, record.attributes["datasetGroupArn"], request["schemaArn"])
        busy = [child for child, _ in world.children(record) if child.busy]
        if busy:
            raise InUseError(f"{record.arn} can't be updated while {busy[0].arn} is {busy[0].status}.")
        return {"schemaArn": request["schemaArn"]}

    def done(self, world: World, record: Record, path: Path, result: object) -> None:
        """Open an empty table, or give the table its new columns; rows stay."""
        if path.name == "create":
            schema = _schema_of(world, record.attributes["schemaArn"])
            world.state.tables[record.arn] = Table(schema)
        elif path.name == "update" and record.update:
            table = world.state.tables[record.arn]
            table.schema = _taken(world, _schema_of(world, record.update.attributes["schemaArn"]))
            if table.bulk is not None:
                table.replace(conform(table.bulk, table.schema))

    def gone(self, world: World, record: Record) -> None:
        """Drop the rows."""
        world.state.tables.pop(record.arn, None)

    def blockers(self, world: World, record: Record) -> Iterator[Record]:
        """Add the trainings under way, and what reports on the data: they hold their group's datasets."""
        yield from super().blockers(world, record)
        group = record.attributes["datasetGroupArn"]
        for kind in ("SolutionVersion", "Recommender"):
            yield from (trained for trained in world.in_group(kind, group) if trained.busy)
        if record.attributes["datasetType"] in schemas.MEASURED:
            yield from world.in_group("MetricAttribution", group)


@dataclass(frozen=True)
class Imported:
    """What an import read, and the dataset's rows with it, from what they were when it began."""

    frame: pd.DataFrame
    before: pd.DataFrame | None
    joined: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Reading:
    """The work of an import, with a snapshot of all it needs."""

    objects: Objects
    location: str
    role: str
    schema: Schema
    mode: str
    most: int
    minimum: int
    before: pd.DataFrame | None
    reports: Reporting | None
    moment: datetime
    decisions: Decisions

    def __call__(self) -> Imported:
        """Read the files."""
        files = csv_files.Files(self.objects, self.location, self.role, self.most, self.decisions)
        frame = csv_files.read(files, self.schema)
        if len(frame) < self.minimum:
            raise JobFailedError(
                f"There are {len(frame)} records at {self.location}, and an import of {self.schema.type.name} "
                f"needs at least {self.minimum}."
            )
        if self.reports:
            _publish(self.reports, self.objects, frame, self.mode, self.moment)
        return Imported(frame, self.before, _joined(frame, self.before, self.schema, self.mode))


class DatasetImportJob(Kind):
    """An import of CSV files in bulk."""

    name = "DatasetImportJob"
    segment = "dataset-import-job"
    name_member = "jobName"
    parents = (Parent("datasetArn", "Dataset", follows=True),)
    quotas = (Quota("pending-import-jobs", pending=True),)

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check that there is a place to read from, and rows to add to."""
        if "dataLocation" not in request["dataSource"]:
            raise InvalidInputError("dataSource.dataLocation must be given.")
        bucket, _, path = request["dataSource"]["dataLocation"].removeprefix("s3://").partition("/")
        try:
            world.objects.check(bucket, path, request.get("roleArn", ""))
        except DeniedError as error:  # recorded: at the call
            raise InvalidInputError(str(error)) from error
        mode = request.get("importMode", "FULL")
        table = world.state.tables.get(request["datasetArn"])
        if mode == "INCREMENTAL" and (table is None or table.bulk is None):
            raise InvalidInputError(
                "importMode INCREMENTAL needs a dataset that has bulk records already: the first import must be FULL."
            )
        return {**super().attributes(world, request), "importMode": mode}

    def job(self, world: World, record: Record, path: Path) -> Job | None:
        """Read the files."""
        if path.name != "create":
            return None
        table = world.state.tables[record.attributes["datasetArn"]]
        dataset = world.get("Dataset", record.attributes["datasetArn"])
        table.schema = _taken(world, _schema_of(world, dataset.attributes["schemaArn"]))
        mode, measured = record.attributes["importMode"], table.schema.type.name == "INTERACTIONS"
        published = record.attributes.get("publishAttributionMetricsToS3") and measured
        return Reading(
            objects=world.objects,
            location=record.attributes["dataSource"]["dataLocation"],
            role=record.attributes.get("roleArn", ""),
            schema=table.schema,
            mode=mode,
            most=world.quotas[f"{mode.lower()}-import-bytes"],
            minimum=world.quotas["minimum-imported-interactions"] if measured else 1,
            before=table.bulk,
            reports=attribution.reporting(world, world.group_of(record) or "") if published else None,
            moment=world.clock(),
            decisions=dict(world.decisions),
        )

    def done(self, world: World, record: Record, path: Path, result: object) -> None:
        """Put the rows in: for those there were, or beside them."""
        if not isinstance(result, Imported):
            return
        table = world.state.tables[record.attributes["datasetArn"]]
        joined = result.joined
        if table.bulk is not result.before:  # another import was quicker
            joined = _joined(result.frame, table.bulk, table.schema, record.attributes["importMode"])
        table.replace(conform(joined, table.schema))


def _try_key(objects: Objects, key: str, role: str) -> None:
    try:
        objects.check_key(key, role)
    except DeniedError as error:
        raise JobFailedError(str(error)) from error


def _publish(reports: Reporting, objects: Objects, frame: pd.DataFrame, mode: str, moment: datetime) -> None:
    try:
        reports.publish(objects, frame, mode, moment)
    except ObjectsError as error:
        raise JobFailedError(f"Could not publish attribution metrics to {reports.location}: {error}") from error


def _joined(frame: pd.DataFrame, before: pd.DataFrame | None, schema: Schema, mode: str) -> pd.DataFrame:
    """Return what a dataset holds once the frame is in."""
    if mode == "INCREMENTAL" and before is not None:
        return merge(stack([conform(before, schema), conform(frame, schema)], schema), schema.keys)
    # Interactions have no ID of their own: each row is one that happened, and two that are the same are one.
    return merge(frame, schema.keys) if schema.type.identified else once(frame)


def _schema_of(world: World, arn: str) -> Schema:
    attributes = world.get("Schema", arn).attributes
    return schemas.parse(attributes["schema"], attributes.get("domain"))


def _taken(world: World, schema: Schema) -> Schema:
    """Return what an import demands of its rows."""
    decision = world.decisions["empty-item-value"]
    if schema.type.name != "ITEMS" or decision == "refuse":
        return schema

    def may_be_empty(field: Field) -> bool:
        taken = field.nullable or decision == "take" or field.type == "string"
        return taken and field.name not in schema.keys

    fields = (dataclasses.replace(each, nullable=may_be_empty(each)) for each in schema.fields)
    return dataclasses.replace(schema, fields=tuple(fields))


def _check_domain(world: World, group: str, schema: str) -> None:
    domain = world.get("DatasetGroup", group).attributes.get("domain")
    theirs = world.get("Schema", schema).attributes.get("domain")
    if domain != theirs:
        raise InvalidInputError(
            f"The schema's domain ({theirs or 'none'}) is not the dataset group's ({domain or 'none'})."
        )
