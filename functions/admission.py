"""One run of a pipeline at a time, and one remembered trigger: pure functions from lease to lease.

A trigger becomes the active run; or joins the active one that has not begun; or is remembered as the next; or
joins the one remembered. So any number of triggers during a run make one more run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Literal

from functions import guarded
from functions.ports import Ledger
from functions.records import Holder, Lease, Run
from functions.times import written

Place = Literal["active", "next", "joined"]

REMEMBERED = 100
"""How many of those that joined a run are known to have: second deliveries come minutes after the first."""


@dataclass(frozen=True)
class Admission:
    """What became of a trigger. ``joined`` names the run it became part of."""

    lease: Lease
    place: Place
    joined: str | None = None


def admit(lease: Lease, new: Holder) -> Admission:
    """Find the place of a trigger. Repeating it with the same run id changes nothing."""
    active, waiting = lease.active, lease.next
    for holder in (active, waiting):
        if holder and new.run_id in holder.joined:
            return Admission(lease, "joined", joined=holder.run_id)
    if active is None:
        return Admission(replace(lease, active=new), "active")
    if active.run_id == new.run_id:
        return Admission(lease, "active")
    if not active.pinned:
        return Admission(replace(lease, active=_join(active, new)), "joined", joined=active.run_id)
    if waiting is None:
        return Admission(replace(lease, next=new), "next")
    if waiting.run_id == new.run_id:
        return Admission(lease, "next")
    return Admission(replace(lease, next=_join(waiting, new)), "joined", joined=waiting.run_id)


def pin(lease: Lease, run_id: str) -> Lease:
    """Begin the active run: from now on triggers are remembered instead of joining it."""
    if lease.active is None or lease.active.run_id != run_id:
        return lease
    return replace(lease, active=replace(lease.active, pinned=True))


def hand_over(lease: Lease, run_id: str, at: str, untold: bool = False) -> Lease:
    """End the active run; the remembered one takes its place, and its turn begins. Repeating it changes nothing.

    One whose end is untold may never have been active: it was refused.
    """
    late = lease.untold
    if untold and run_id not in late:
        late = (*late, run_id)[-REMEMBERED:]
    if lease.active is None or lease.active.run_id != run_id:
        return replace(lease, untold=late)
    successor = replace(lease.next, after=run_id, turn_at=at) if lease.next else None
    return replace(lease, active=successor, next=None, untold=late)


def told(lease: Lease, run_id: str) -> Lease:
    """Take out a run whose end is known by now."""
    return replace(lease, untold=tuple(each for each in lease.untold if each != run_id))


def rebuilt(runs: Iterable[Run], now: datetime) -> tuple[Lease, list[str]]:
    """Return the lease that the runs of a pipeline make, and the ids of those that become part of the remembered one.

    Every holder has a record before it holds the lease. The run that has begun is active, or the oldest that waits; all
    others that wait are remembered as one, however long they have waited: a turn begins no sooner than now. What had
    joined one that waits is asked of it still. Ends that nobody could be told are kept.
    """
    known = sorted(runs, key=lambda run: (run.plan is None, run.created_at))
    untold = sorted(
        (run for run in known if run.over and run.status != "JOINED"), key=lambda run: run.finished_at or ""
    )
    holders = [_holder(run, known, now) for run in known if not run.over]
    active, waiting = next(iter(holders), None), holders[1:]
    remembered = reduce(_join, waiting) if waiting else None
    late = tuple(run.run_id for run in untold)[-REMEMBERED:]
    return Lease(active=active, next=remembered, untold=late), [each.run_id for each in waiting[1:]]


def _holder(run: Run, known: Iterable[Run], now: datetime) -> Holder:
    """Return a run as the lease holds it, with all that has joined it, be it by another one."""
    if run.plan:
        return Holder(run.run_id, run.trigger, run.request, pinned=True)
    waits = Holder(run.run_id, run.trigger, run.request, turn_at=written(now))
    others = [each for each in known if each.joined == run.run_id]
    return reduce(_join, (_holder(each, known, now) for each in others), waits)


def change_lease(ledger: Ledger, pipeline: str, change: Callable[[Lease], Lease]) -> Lease:
    """Apply a change to the lease as it is now, and return what stands; another writer's change comes first."""
    _, after = guarded.change(
        lambda: ledger.lease(pipeline),
        lambda lease: ledger.save_lease(pipeline, lease),
        change,
        f"The lease of {pipeline!r}",
    )
    return after


def _join(first: Holder, second: Holder) -> Holder:
    """One run for two triggers. Only uploads alone may be skipped when nothing has changed."""
    trigger = first.trigger if first.trigger != "upload" else second.trigger
    joined = (*first.joined, second.run_id, *second.joined)[-REMEMBERED:]
    uploaded_at = max(filter(None, (first.uploaded_at, second.uploaded_at)), default=None)
    request = first.request.joined(second.request)
    return replace(first, trigger=trigger, request=request, joined=joined, uploaded_at=uploaded_at)
