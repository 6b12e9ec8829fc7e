"""Where heavy work (reading CSV, training) runs: at once in the caller's thread, or in a pool."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

logger = logging.getLogger(__name__)

Job = Callable[[], object]


class Work(Protocol):
    """Runs jobs, and wakes the life-cycle engine when something is due."""

    def submit(self, job: Job) -> Future[object]:
        """Run a job, now or soon."""

    def wake(self, seconds: float, action: Callable[[], None]) -> None:
        """Call the action after that many seconds, and no more when it was to be before, if real time matters here."""

    def close(self) -> None:
        """Start nothing more."""


class InlineWork:
    """All in the caller's thread. Nothing moves between calls: for tests, with a clock of their own."""

    def submit(self, job: Job) -> Future[object]:
        """Run the job at once."""
        future: Future[object] = Future()
        try:
            future.set_result(job())
        except Exception as error:
            future.set_exception(error)
        return future

    def wake(self, seconds: float, action: Callable[[], None]) -> None:
        """Do nothing: every call looks at the clock anyway."""

    def close(self) -> None:
        """Nothing to stop."""


class PoolWork:
    """Jobs in a few threads; one more thread wakes the engine, so that work begins on time unasked."""

    def __init__(self, threads: int = 2) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="personalize-work")
        self._alarms: dict[Callable[[], None], float] = {}
        self._condition = threading.Condition()
        self._closed = False
        threading.Thread(target=self._ring, name="personalize-alarms", daemon=True).start()

    def submit(self, job: Job) -> Future[object]:
        """Run the job in the pool."""
        return self._pool.submit(job)

    def wake(self, seconds: float, action: Callable[[], None]) -> None:
        """Set the action's alarm."""
        with self._condition:
            self._alarms[action] = time.monotonic() + max(0.0, seconds)
            self._condition.notify()

    def close(self) -> None:
        """Let running jobs end, and forget the others."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ring(self) -> None:
        while (action := self._next_action()) is not None:
            try:
                action()
            except Exception:
                logger.exception("An alarm failed")

    def _next_action(self) -> Callable[[], None] | None:
        with self._condition:
            while not self._closed:
                action = min(self._alarms, key=self._alarms.__getitem__, default=None)
                left = self._alarms[action] - time.monotonic() if action else None
                if action and left is not None and left <= 0:
                    del self._alarms[action]
                    return action
                self._condition.wait(left)
        return None
