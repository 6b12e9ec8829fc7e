"""What the ledger holds.

A record per run; per pipeline a lease with one remembered trigger, and what earlier runs have left behind; per quota a
turnstile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from functions.errors import Unreadable
from functions.model import IMPORTS, BranchStatus, Plan, Request, RunStatus, TrainingMode, TriggerKind

QUIET = timedelta(hours=1)
"""A run or branch that has not moved for this long has lost its messages: none waits for over 15 minutes, or takes over
three quarters of an hour for all its tries. The watchdog sends them again."""

SILENCE = timedelta(hours=3)
"""A run that has not moved for this long, though the watchdog looked after it, gives way."""

TERMINAL: frozenset[RunStatus] = frozenset({"SUCCEEDED", "FAILED", "SKIPPED", "JOINED"})


def at_work(error: Unreadable, now: datetime) -> bool:
    """Whether another version of the code is at a run of which the record can't be read: it has changed lately.

    So it is during an apply, or while the code is rolled back.
    """
    return error.updated_at is not None and now - datetime.fromisoformat(error.updated_at) < QUIET


@dataclass(frozen=True)
class Branch:
    """A solution's way through a run (or the imports').

    ``steps``: phase → started_at, finished_at, arns and, where it is known, ``took``: how many seconds the slowest of
    its things took by Personalize's own clock (ours tells when a look saw the end, which is later), ``in_line``: how
    many seconds it waited for a slot of a quota, ``taken_over``: an earlier run made the version, and ``shift``: how
    far so many ``things`` were off what was expected, ``by`` hundredths of a logarithm, give or take ``spread``.
    ``message`` is the one that carries it on, without its plan: should it be lost, it is sent again from here.
    ``moved_at`` is when it was noted. ``making`` is when (ISO 8601) a version was about to be made: it may be there,
    though nobody has heard so.
    """

    hop: int = 0
    step: str = ""
    status: BranchStatus = "RUNNING"
    reason: str | None = None
    message: str | None = None
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    moved_at: str | None = None
    making: str | None = None


@dataclass(frozen=True)
class Run:
    """One run as the ledger knows it. Times are ISO 8601 in UTC. ``plan`` is there once the run has begun.

    ``turn_at`` is when a run that waited behind another could begin. ``hop`` is how far its trigger has come: one
    behind it is a duplicate. ``warnings`` tell what somebody should see to, though the run goes on. ``told_at`` is when
    its end was made known.
    """

    run_id: str
    pipeline: str
    status: RunStatus
    trigger: TriggerKind
    request: Request
    created_at: str
    updated_at: str
    started_at: str | None = None
    dispatched_at: str | None = None
    turn_at: str | None = None
    hop: int = 0
    finished_at: str | None = None
    told_at: str | None = None
    reason: str | None = None
    joined: str | None = None
    plan: Plan | None = None
    branches: dict[str, Branch] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether the run has ended, one way or another."""
        return self.status in TERMINAL

    def silent_for(self, now: datetime) -> timedelta:
        """How long nothing has moved."""
        return now - datetime.fromisoformat(self.updated_at)

    def lost(self, now: datetime) -> list[str]:
        """Return the branches of a run under way that have not moved for so long that their messages must be lost.

        Others may move meanwhile, and wait for ever for what a lost one has a hold of.
        """
        begun = self.branches[IMPORTS].moved_at or self.dispatched_at or self.updated_at
        return [
            name
            for name, branch in self.branches.items()
            if branch.status == "RUNNING" and now - datetime.fromisoformat(branch.moved_at or begun) >= QUIET
        ]

    def alive(self, now: datetime) -> bool:
        """Whether the run may still be on its way."""
        return not self.over and self.silent_for(now) < SILENCE


@dataclass(frozen=True)
class Holder:
    """A run that holds the lease, or waits for it. ``pinned``: it has begun, nothing can join it any more.

    ``joined`` are the latest runs that have become part of it: a second delivery of theirs finds no other place.
    ``uploaded_at`` (ISO 8601 in UTC) is when the latest upload that it was told of was complete.
    ``turn_at`` is when (ISO 8601) it came to hold the lease, where it had to wait for it.
    """

    run_id: str
    trigger: TriggerKind
    request: Request
    pinned: bool = False
    after: str | None = None
    joined: tuple[str, ...] = ()
    uploaded_at: str | None = None
    turn_at: str | None = None


@dataclass(frozen=True)
class Lease:
    """Who runs, and what is remembered. ``version`` guards against a second writer.

    ``untold`` are runs that have handed it on before their ends could be made known.
    """

    version: int = 0
    active: Holder | None = None
    next: Holder | None = None
    untold: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trained:
    """A version that a run has trained: when that began (ISO 8601), and whether it came to be ``deployed``.

    One that was trained without a campaign to deploy it to counts as deployed: the run was to do no more.
    """

    version: str
    training_mode: TrainingMode
    started_at: str
    deployed: bool


@dataclass(frozen=True)
class Memory:
    """What the runs of a pipeline that have ended leave to the next one, in the order of their ends, newest first.

    ``ended`` are the latest runs that are in it, ``ended_at`` (ISO 8601) is when the last of them did. ``imports`` are
    the ARNs of each dataset's latest import jobs, whatever became of them; ``trained`` are each solution's latest
    versions; ``moves`` are how many seconds Personalize took to move a campaign (by ARN). ``version`` guards against a
    second writer.
    """

    version: int = 0
    ended: tuple[str, ...] = ()
    ended_at: str = ""
    imports: dict[str, tuple[str, ...]] = field(default_factory=dict)
    trained: dict[str, tuple[Trained, ...]] = field(default_factory=dict)
    moves: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Turnstile:
    """Who has a slot of a quota, since when (ISO 8601), and who waits for one, first come first served.

    A token stands for what is to be made: see :mod:`functions.slots`. ``swept_at`` is when the holders were last looked
    at. ``version`` guards against a second writer.
    """

    version: int = 0
    holders: dict[str, str] = field(default_factory=dict)
    waiting: tuple[str, ...] = ()
    swept_at: str | None = None
