"""The one life-cycle engine: moves records along their paths when it is time, and has their work done.

    CREATE PENDING > CREATE IN_PROGRESS > ACTIVE | CREATE FAILED      (the work is done IN_PROGRESS)
    DELETE PENDING > DELETE IN_PROGRESS > gone

A status never changes before its time, nor before the work is done. What was ordered for a life (`Fate`) is settled
when it sets out. The agenda holds appointments, too: moments at which a kind has something to do for a resource. All
here runs under the world's lock, the work itself does not.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from local.personalize.durations import Durations, phase
from local.personalize.errors import JobFailedError
from local.personalize.models import Appointment, Attributes, Fate, Life, Path, Phase, Record, Update
from local.personalize.ports import Clock
from local.personalize.work import Job, Work

logger = logging.getLogger(__name__)

CREATE = Path("create", (Phase("CREATE PENDING"), Phase("CREATE IN_PROGRESS", work=True)), "ACTIVE", "CREATE FAILED")
UPDATE = Path("update", (Phase("CREATE PENDING"), Phase("CREATE IN_PROGRESS", work=True)), "ACTIVE", "CREATE FAILED")
DELETE = Path("delete", (Phase("DELETE PENDING"), Phase("DELETE IN_PROGRESS")), None)
STOP_VERSION = Path("stop", (Phase("CREATE STOPPING"),), "CREATE STOPPED")

Fates = Callable[[Record, Path], Fate | None]
"""Asked when a record sets out on a path: what somebody ordered for it."""


class Jobs(Protocol):
    """What the engine asks of the kinds of resources."""

    def job(self, record: Record, path: Path) -> Job | None:
        """Return the work of a path, with a snapshot of all it needs."""

    def done(self, record: Record, path: Path, result: object) -> None:
        """Take in the result of the work; the life has not changed yet."""

    def settled(self, record: Record, path: Path) -> None:
        """Do what follows when a path has come to its good end."""

    def gone(self, record: Record) -> None:
        """Remove what belongs to a record that is deleted."""

    def appointed(self, record: Record, appointment: Appointment) -> None:
        """Do what an appointment was made for."""


class Engine:
    """Keeps who is on the way, in the order of what is due."""

    def __init__(self, jobs: Jobs, clock: Clock, durations: Durations, work: Work, on_due: Callable[[], None]) -> None:
        self.fates: Fates = lambda record, path: None
        self.durations = durations
        self.changes = 0
        """Grows with every change of a status: who keeps the state looks at it."""
        self._jobs = jobs
        self._clock = clock
        self._work = work
        self._on_due = on_due
        self._moment: datetime | None = None
        self._agenda: list[tuple[datetime, int, Record, Life | Appointment]] = []
        self._tasks: dict[int, Future[object]] = {}
        self._late: list[tuple[int, Record, Life]] = []
        self._tickets = 0

    def now(self) -> datetime:
        """Return the moment that things happen at: while the agenda is worked off, when they were due."""
        return self._moment or self._clock()

    def begin(self, record: Record, life: Life, path: Path) -> None:
        """Send a record (or its update) on its way."""
        self._tasks.pop(life.ticket, None)
        life.path, life.position, life.ticket = path, 0, self._ticket()
        life.failure_reason = None
        life.fate = self.fates(record, path)
        ordered = life.fate.seconds if life.fate else None
        life.seconds = self.durations.seconds(record.kind, path.name) if ordered is None else ordered
        self._enter(record, life, self.now())

    def update(self, record: Record, changes: Attributes, path: Path) -> None:
        """Send an update of a record on its way; the record keeps its attributes until that is done."""
        now = self.now()
        earlier = record.update.life.timeline if record.update else []
        record.update = Update(changes, Life(None, now, now, timeline=earlier))
        self.begin(record, record.update.life, path)

    def settle(self, life: Life, status: str) -> None:
        """Give a life a status that stays, whatever it was on its way to."""
        life.path, life.due = None, None
        life.enter(status, self.now())
        self.changes += 1

    def release(self, record: Record, life: Life) -> bool:
        """Let a life go on that hangs, or would; return whether it did."""
        if life.path is None or life.fate is None or not life.fate.hang:
            return False
        life.fate = replace(life.fate, hang=False)
        if life.due is None:
            life.due = self._clock()
            self._await(life.due, record, life)
        return True

    def appoint(self, record: Record, appointment: Appointment | None) -> None:
        """Make a record's appointment, in the place of any that it has; None calls it off."""
        record.appointment = appointment
        if appointment:
            appointment.ticket = self._ticket()
            self._await(appointment.due, record, appointment)
        self.changes += 1

    def resume(self, records: Iterable[Record]) -> None:
        """Take up records that were under way when their state was saved."""
        records = list(records)
        for record in records:
            for life in record.lives:  # those that are at their end, too: their tickets are another engine's
                life.ticket = self._ticket()
        for record in records:
            for life in record.lives:
                if life.path is None:
                    continue
                if life.path.phases[life.position].work:
                    self._start(record, life, life.path)
                if life.due is not None:
                    self._await(life.due, record, life)
            if record.appointment:
                self.appoint(record, record.appointment)

    def reschedule(self) -> None:
        """Set the alarm again, for what is due first: it has rung, or the clock was moved."""
        if self._agenda:
            self._work.wake((self._agenda[0][0] - self._clock()).total_seconds(), self._on_due)

    def clear(self) -> None:
        """Forget all that is under way."""
        self._agenda.clear()
        self._tasks.clear()
        self._late.clear()
        self.changes += 1

    def advance(self) -> None:
        """Process all that is due."""
        now = self._clock()
        while self._agenda and self._agenda[0][0] <= now:
            due, ticket, record, what = heapq.heappop(self._agenda)
            if what.ticket == ticket:
                self._happen(due, record, what)
        for entry in [entry for entry in self._late if self._is_done(entry[0])]:
            self._late.remove(entry)
            ticket, record, life = entry
            if life.ticket == ticket:
                self._happen(now, record, life)
        if self._agenda and self._agenda[0][0] <= now:  # what was late may have made something due
            self.advance()

    def _happen(self, moment: datetime, record: Record, what: Life | Appointment) -> None:
        self._moment = moment
        try:
            if isinstance(what, Life):
                self._leave(record, what, moment)
            elif what is record.appointment:
                record.appointment = None
                self.changes += 1
                self._jobs.appointed(record, what)
        finally:
            self._moment = None

    def _enter(self, record: Record, life: Life, moment: datetime) -> None:
        path = life.path
        if path is None:
            return
        step = path.phases[life.position]
        life.enter(step.status, moment)
        self.changes += 1
        life.due = moment + phase(life.seconds, life.position, len(path.phases))
        if step.work:
            self._start(record, life, path)
        self._await(life.due, record, life)

    def _await(self, due: datetime, record: Record, what: Life | Appointment) -> None:
        heapq.heappush(self._agenda, (due, what.ticket, record, what))
        if self._agenda[0][3] is what:
            self.reschedule()

    def _on_done(self) -> None:
        """Be called when late work is done: an alarm of its own, which no other one takes the place of."""
        self._on_due()

    def _start(self, record: Record, life: Life, path: Path) -> None:
        if life.fate and life.fate.reason is not None:
            return  # it fails: there is nothing to do
        job = self._jobs.job(record, path)
        self._tasks[life.ticket] = self._work.submit(job) if job is not None else _nothing_to_do()

    def _ticket(self) -> int:
        self._tickets += 1
        return self._tickets

    def _is_done(self, ticket: int) -> bool:
        task = self._tasks.get(ticket)
        return task is None or task.done()

    def _leave(self, record: Record, life: Life, moment: datetime) -> None:
        path = life.path
        if path is None:
            return
        if path.phases[life.position].work and not self._is_done(life.ticket):
            self._late.append((life.ticket, record, life))
            self._tasks[life.ticket].add_done_callback(lambda _: self._work.wake(0, self._on_done))
            return
        if life.position + 1 < len(path.phases):
            life.position += 1
            self._enter(record, life, moment)
        elif life.fate and life.fate.hang:
            life.due = None
        else:
            self._finish(record, life, path, moment)

    def _finish(self, record: Record, life: Life, path: Path, moment: datetime) -> None:
        task = self._tasks.pop(life.ticket, None)
        status = path.done
        try:
            if life.fate and life.fate.reason is not None and path.failed:
                raise JobFailedError(life.fate.reason)
            if task is None and any(step.work for step in path.phases):
                raise RuntimeError(f"the work of {record.arn} is lost")
            self._jobs.done(record, path, task.result() if task else None)
        except JobFailedError as error:
            status, life.failure_reason = path.failed, error.reason
        except Exception as error:
            logger.exception("%s of %s failed", path.name, record.arn)
            status, life.failure_reason = path.failed, f"An internal error occurred: {error!r}"
        life.path, life.due = None, None
        life.enter(status, moment)
        self.changes += 1
        if life is not record.life:
            record.life.updated_at = moment
        if path.done is None:
            self._jobs.gone(record)
        elif status == path.done:
            self._jobs.settled(record, path)


def _nothing_to_do() -> Future[object]:
    done: Future[object] = Future()
    done.set_result(None)
    return done
