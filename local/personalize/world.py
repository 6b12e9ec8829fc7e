"""One account in one region: its state, and what everything needs to work on it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.personalize.arns import Arns
from local.personalize.errors import InUseError, InvalidInputError, NotFoundError
from local.personalize.journal import Journal
from local.personalize.models import Record, State
from local.personalize.ports import Clock, Objects
from local.personalize.quotas import QUOTAS
from local.personalize.undecided import Decisions, defaults

if TYPE_CHECKING:
    from local.personalize.kinds.base import Kind
    from local.personalize.lifecycle import Engine


def random_id() -> str:
    """Return eight hexadecimal digits, as some ARNs end in."""
    return uuid.uuid4().hex[:8]


@dataclass
class World:
    """All that the kinds of resources, events and runtime share. Who reads or changes it holds `lock`."""

    arns: Arns
    state: State
    objects: Objects
    clock: Clock
    kinds: Mapping[str, Kind]
    quotas: dict[str, int] = field(default_factory=lambda: dict(QUOTAS))
    decisions: Decisions = field(default_factory=defaults)
    lag: float = 0.0
    """Seconds by which Describe and List are behind."""
    new_id: Callable[[], str] = random_id
    journal: Journal = field(default_factory=Journal)
    lock: threading.RLock = field(default_factory=threading.RLock)
    engine: Engine = field(init=False)
    make: Callable[[str, Mapping[str, Any]], dict[str, Any]] = field(init=False)
    """Makes a resource of a kind as its Create operation would, for what happens by itself."""

    def find(self, kind: str, arn: str) -> Record | None:
        """Return the resource of a kind that has an ARN, if there is one."""
        record = self.state.records.get(arn)
        return record if record is not None and record.kind == kind else None

    def get(self, kind: str, arn: str) -> Record:
        """Return the resource of a kind that has an ARN."""
        record = self.find(kind, arn)
        if record is None:
            raise NotFoundError.of(kind, arn)
        return record

    def active(self, kind: str, arn: str) -> Record:
        """Return a resource that is there and can be built upon: it does not go with a parent that is going."""
        record = self.get(kind, arn)
        status = self.kinds[kind].status(record)
        if status in (None, "ACTIVE"):
            for parent in self.kinds[kind].parents:
                if parent.follows and parent.member in record.attributes:
                    self.active(parent.kind, record.attributes[parent.member])
            return record
        text = f"{arn} is {status}, and must be ACTIVE."
        raise InUseError(text) if record.busy else InvalidInputError(text)

    def of(self, kind: str) -> Iterator[Record]:
        """Return all resources of a kind, oldest first."""
        return (record for record in self.state.records.values() if record.kind == kind)

    def in_group(self, kind: str, group: str) -> Iterator[Record]:
        """Return the resources of a kind that belong to a dataset group."""
        return (record for record in self.of(kind) if self.group_of(record) == group)

    def group_of(self, record: Record) -> str | None:
        """Return the ARN of the dataset group that a resource belongs to, by way of its parents."""
        if "datasetGroupArn" in record.attributes:
            return str(record.attributes["datasetGroupArn"])
        for parent in self.kinds[record.kind].parents:
            above = self.find(parent.kind, record.attributes.get(parent.member, ""))
            group = self.group_of(above) if above else None
            if group:
                return group
        return None

    def children(self, record: Record) -> Iterator[tuple[Record, bool]]:
        """Return the resources that refer to one, each with whether it goes when that one is deleted."""
        for child in self.state.records.values():
            for parent in self.kinds[child.kind].parents:
                if parent.kind == record.kind and record.arn in _references(child, parent.member):
                    yield child, parent.follows
                    break


def _references(record: Record, member: str) -> set[str]:
    values = {record.attributes.get(member)}
    if record.updating and record.update:
        values.add(record.update.attributes.get(member))
    return {value for value in values if value}
