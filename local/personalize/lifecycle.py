"""The one life-cycle engine: moves records along their paths when it is time, and has their work done.

    CREATE PENDING > CREATE IN_PROGRESS > ACTIVE | CREATE FAILED      (the work is done IN_PROGRESS)
    DELETE PENDING > DELETE IN_PROGRESS > gone

A status never changes before its time, nor before the work is done. All here runs under the world's lock, the
work itself does not.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol

from local.personalize.durations import Durations
from local.personalize.errors import JobFailedError
from local.personalize.models import Attributes, Life, Path, Phase, Record, Update
from local.personalize.ports import Clock
from local.personalize.work import Job, Work

logger = logging.getLogger(__name__)

CREATE = Path("create", (Phase("CREATE PENDING"), Phase("CREATE IN_PROGRESS", work=True)), "ACTIVE", "CREATE FAILED")
UPDATE = Path("update", (Phase("CREATE PENDING"), Phase("CREATE IN_PROGRESS", work=True)), "ACTIVE", "CREATE FAILED")
DELETE = Path("delete", (Phase("DELETE PENDING"), Phase("DELETE IN_PROGRESS")), None)
BATCH = Path("create", (Phase("PENDING"), Phase("IN PROGRESS", work=True)), "ACTIVE", "CREATE FAILED")
STOP_VERSION = Path("stop", (Phase("CREATE STOPPING"),), "CREATE STOPPED")

Trouble = Callable[[Record, Path], str | None]
"""Asked before a record's work begins; a reason that it returns makes the work fail. For fault injection."""


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


class Engine:
    """Keeps who is on the way, in the order of what is due."""

    def __init__(self, jobs: Jobs, clock: Clock, durations: Durations, work: Work, on_due: Callable[[], None]) -> None:
        self.trouble: Trouble = lambda record, path: None
        self._jobs = jobs
        self._clock = clock
        self._durations = durations
        self._work = work
        self._on_due = on_due
        self._agenda: list[tuple[datetime, int, Record, Life]] = []
        self._tasks: dict[int, Future[object]] = {}
        self._late: list[tuple[int, Record, Life]] = []
        self._tickets = 0

    def begin(self, record: Record, life: Life, path: Path) -> None:
        """Send a record (or its update) on its way."""
        self._tasks.pop(life.ticket, None)
        self._tickets += 1
        life.path, life.position, life.ticket = path, 0, self._tickets
        life.failure_reason = None
        self._enter(record, life, self._clock())

    def update(self, record: Record, changes: Attributes, path: Path) -> None:
        """Send an update of a record on its way; the record keeps its attributes until that is done."""
        now = self._clock()
        record.update = Update(changes, Life(None, now, now))
        self.begin(record, record.update.life, path)

    def settle(self, life: Life, status: str) -> None:
        """Give a life a status that stays, whatever it was on its way to."""
        life.path, life.due, life.status, life.updated_at = None, None, status, self._clock()

    def resume(self, records: Iterable[Record]) -> None:
        """Take up records that were under way when their state was saved."""
        for record in records:
            for life in (record.life, *([record.update.life] if record.update else [])):
                if life.path is not None:
                    self._tickets += 1
                    life.ticket = self._tickets
                    self._enter(record, life, life.updated_at)

    def advance(self) -> None:
        """Process all that is due."""
        now = self._clock()
        while self._agenda and self._agenda[0][0] <= now:
            due, ticket, record, life = heapq.heappop(self._agenda)
            if life.ticket == ticket and life.path is not None:
                self._leave(record, life, due)
        for entry in [entry for entry in self._late if self._is_done(entry[0])]:
            self._late.remove(entry)
            ticket, record, life = entry
            if life.ticket == ticket and life.path is not None:
                self._leave(record, life, now)
        if self._agenda and self._agenda[0][0] <= now:  # what was late may have made something due
            self.advance()

    def _enter(self, record: Record, life: Life, moment: datetime) -> None:
        path = life.path
        if path is None:
            return
        phase = path.phases[life.position]
        life.status, life.updated_at = phase.status, moment
        length = self._durations.phase(record.kind, path.name, life.position, len(path.phases))
        life.due = moment + length
        if phase.work:
            self._start(record, life, path)
        heapq.heappush(self._agenda, (life.due, life.ticket, record, life))
        self._work.wake((life.due - self._clock()).total_seconds(), self._on_due)

    def _start(self, record: Record, life: Life, path: Path) -> None:
        reason = self.trouble(record, path)
        job = _failing(reason) if reason is not None else self._jobs.job(record, path)
        if job is not None:
            self._tasks[life.ticket] = self._work.submit(job)

    def _is_done(self, ticket: int) -> bool:
        task = self._tasks.get(ticket)
        return task is None or task.done()

    def _leave(self, record: Record, life: Life, moment: datetime) -> None:
        path = life.path
        if path is None:
            return
        if path.phases[life.position].work and not self._is_done(life.ticket):
            self._late.append((life.ticket, record, life))
            self._tasks[life.ticket].add_done_callback(lambda _: self._work.wake(0, self._on_due))
            return
        if life.position + 1 < len(path.phases):
            life.position += 1
            self._enter(record, life, moment)
            return
        self._finish(record, life, path, moment)

    def _finish(self, record: Record, life: Life, path: Path, moment: datetime) -> None:
        task = self._tasks.pop(life.ticket, None)
        status = path.done
        try:
            self._jobs.done(record, path, task.result() if task else None)
        except JobFailedError as error:
            status, life.failure_reason = path.failed, error.reason
        except Exception as error:
            logger.exception("%s of %s failed", path.name, record.arn)
            status, life.failure_reason = path.failed, f"An internal error occurred: {error!r}"
        life.path, life.due, life.updated_at, life.status = None, None, moment, status
        if life is not record.life:
            record.life.updated_at = moment
        if path.done is None:
            self._jobs.gone(record)
        elif status == path.done:
            self._jobs.settled(record, path)


def _failing(reason: str) -> Job:
    def job() -> object:
        raise JobFailedError(reason)

    return job
