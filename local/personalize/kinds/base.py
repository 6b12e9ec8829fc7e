"""A kind of resource: what the service model cannot say about it.

A subclass is a declaration (class attributes) plus the hooks that it needs. The four or five operations on it
are the same for all kinds, and stand in `local.personalize.operations`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from local.personalize.errors import InUseError
from local.personalize.lifecycle import CREATE, DELETE
from local.personalize.models import Appointment, Attributes, Path, Record
from local.personalize.quotas import Quota
from local.personalize.work import Job
from local.personalize.world import World

Request = Mapping[str, Any]
"""A validated request."""


@dataclass(frozen=True)
class Parent:
    """A member that names another resource, which must be there and usable.

    follows: the child is deleted with its parent, and holds it up only while it is under way itself;
    otherwise the parent cannot be deleted while the child is there.
    early: the child may be made while the parent is still being created.
    """

    member: str
    kind: str
    follows: bool = False
    early: bool = False


class Kind:
    """The base of all kinds."""

    name: ClassVar[str]
    """As in the operations: CreateXyz."""
    segment: ClassVar[str]
    """As in the ARN."""
    name_member: ClassVar[str] = "name"
    parents: ClassVar[tuple[Parent, ...]] = ()
    quotas: ClassVar[tuple[Quota, ...]] = ()
    create: ClassVar[Path | None] = CREATE
    update: ClassVar[Path | None] = None
    delete: ClassVar[Path | None] = DELETE
    updatable_from: ClassVar[tuple[str, ...]] = ("ACTIVE",)
    update_member: ClassVar[str] = ""
    """Where Describe shows the latest update."""
    newest_first: ClassVar[bool] = False
    """Whether List begins with the newest."""
    unordered: ClassVar[bool] = False
    """Whether recordings show a List in an order that is neither by age nor by name."""

    @property
    def member(self) -> str:
        """The kind's name as a member: xyz in DescribeXyz' answer."""
        return self.name[0].lower() + self.name[1:]

    @property
    def paths(self) -> Mapping[str, Path]:
        """All the ways through statuses that the class has as attributes, by name."""
        found = (getattr(self, name) for name in dir(type(self)) if name != "paths")
        return {each.name: each for each in found if isinstance(each, Path)}

    @property
    def arn_member(self) -> str:
        """The member that holds the ARN."""
        return self.member + "Arn"

    def status(self, record: Record) -> str | None:
        """Return the status that is shown of a resource, and decides whether it can be built upon."""
        return record.status

    # Creation

    def resolve(self, world: World, request: Request) -> Request:
        """Replace what stands for something else in a request to create or update."""
        return request

    def attributes(self, world: World, request: Request) -> Attributes:
        """Check a request to create, and return the new resource's attributes."""
        return {key: value for key, value in request.items() if key != "tags"}

    def arn(self, world: World, request: Request, attributes: Attributes) -> str:
        """Return the new resource's ARN."""
        return world.arns.of(self.segment, request[self.name_member])

    def namesake(self, world: World, request: Request, arn: str) -> Record | None:
        """Return the resource that has the name already."""
        name = request.get(self.name_member)
        named = (record for record in world.of(self.name) if name is not None and record.name == name)
        return world.state.records.get(arn) or next(named, None)

    # Updates and deletion

    def updated(self, world: World, record: Record, request: Request) -> Attributes:
        """Check a request to update, and return the attributes that change."""
        return {key: value for key, value in request.items() if key != self.arn_member}

    def blockers(self, world: World, record: Record) -> Iterator[Record]:
        """Return what forbids to delete a resource now."""
        for child, follows in world.children(record):
            if not follows or child.busy:
                yield child
            else:
                yield from world.kinds[child.kind].blockers(world, child)

    def check_delete(self, world: World, record: Record) -> None:
        """Refuse what cannot be deleted now."""
        if record.busy:
            raise InUseError(f"{record.arn} can't be deleted while it is {_state(record)}.")
        blockers = list(self.blockers(world, record))
        if blockers:
            shown = ", ".join(f"{blocker.arn} ({_state(blocker)})" for blocker in blockers[:3])
            more = f" and {len(blockers) - 3} more" if len(blockers) > 3 else ""
            raise InUseError(f"{record.arn} can't be deleted while it is in use by {shown}{more}.")

    # Life

    def job(self, world: World, record: Record, path: Path) -> Job | None:
        """Return the heavy work of a path with a snapshot of what it needs: it runs without the lock."""
        return None

    def done(self, world: World, record: Record, path: Path, result: object) -> None:
        """Take in the result of the work. May raise JobFailedError."""

    def settled(self, world: World, record: Record, path: Path) -> None:
        """Do what follows when a path has come to its good end, and the status says so."""

    def appointed(self, world: World, record: Record, appointment: Appointment) -> None:
        """Do what an appointment (`engine.appoint`) was made for."""

    def gone(self, world: World, record: Record) -> None:
        """Forget what belongs to a resource that is deleted."""

    # Answers

    def view(self, world: World, record: Record) -> Attributes:
        """Return what Describe and List show beyond attributes, status and times."""
        return {}


def _state(record: Record) -> str:
    if record.updating and record.update:
        return f"being updated, {record.update.life.status}"
    return record.status or "present"
