"""What is kept: records with their lives. Plain data that can be pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.personalize.data.tables import Table
    from local.personalize.learning.models import Trained

Attributes = dict[str, Any]
"""Members as the API spells them."""


@dataclass(frozen=True)
class Phase:
    """A status on the way; with `work`, the resource's real work is done meanwhile."""

    status: str
    work: bool = False


@dataclass(frozen=True)
class Path:
    """A way through statuses. `done` None means that the resource is gone at the end.

    What is unseen forbids nothing meanwhile: another way ends it.
    """

    name: str
    phases: tuple[Phase, ...]
    done: str | None
    failed: str | None = None
    unseen: bool = False


@dataclass(frozen=True)
class Fate:
    """What somebody ordered for a way through statuses: that it fails, hangs at its end, or takes a given time."""

    reason: str | None = None
    hang: bool = False
    seconds: float | None = None


_KEPT_STATUSES = 200


@dataclass
class Life:
    """A status and when it changes. With a path, it is on its way; `ticket` tells one way from the next.

    `seconds` is how long the way takes. `timeline` are the newest statuses with their moments.
    """

    status: str | None
    created_at: datetime
    updated_at: datetime
    failure_reason: str | None = None
    path: Path | None = None
    position: int = 0
    due: datetime | None = None
    ticket: int = 0
    seconds: float = 0.0
    fate: Fate | None = None
    timeline: list[tuple[datetime, str]] = field(default_factory=list)

    def enter(self, status: str | None, moment: datetime) -> None:
        """Take on a status."""
        self.status, self.updated_at = status, moment
        if status is not None:
            self.timeline.append((moment, status))
            del self.timeline[:-_KEPT_STATUSES]

    @property
    def under_way(self) -> bool:
        """Whether the status is still to change by itself."""
        return self.path is not None and not self.path.unseen


@dataclass
class Update:
    """The latest update of a resource: what it changes to, and how far it is."""

    attributes: Attributes
    life: Life


@dataclass
class Appointment:
    """A moment at which something is to be done for a resource; `ticket` tells it from those called off."""

    due: datetime
    purpose: str
    ticket: int = 0


@dataclass
class Record:
    """One resource. `attributes` are what Describe answers, less status and times."""

    kind: str
    arn: str
    name: str
    serial: int
    attributes: Attributes
    life: Life
    tags: dict[str, str] = field(default_factory=dict)
    update: Update | None = None
    appointment: Appointment | None = None

    @property
    def status(self) -> str | None:
        """The resource's own status, whatever its update does."""
        return self.life.status

    @property
    def lives(self) -> list[Life]:
        """The resource's own life, and its update's."""
        return [self.life, *([self.update.life] if self.update else [])]

    @property
    def updating(self) -> bool:
        """Whether an update is under way."""
        return self.update is not None and self.update.life.under_way

    @property
    def busy(self) -> bool:
        """Whether the resource or its update is under way."""
        return self.life.under_way or self.updating


@dataclass
class State:
    """All that an account has in a region."""

    records: dict[str, Record] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    trained: dict[str, Trained] = field(default_factory=dict)
    serial: int = 0

    def next_serial(self) -> int:
        """Return a number that was never given before."""
        self.serial += 1
        return self.serial
