"""Virtual time, and tasks that take turns in it: each runs alone, in a thread of its own, until it sleeps or ends.

What happens at the same moment happens in the order in which it was put on the agenda. Nothing here is left to chance,
or to the real clock: whoever wants another order asks for another moment.
"""

from __future__ import annotations

import heapq
import itertools
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

BEGINNING = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)

Action = Callable[[], None]


class Died(BaseException):
    """The process is gone. Not an Exception: no code of ours may catch it and go on."""


class Agenda:
    """What happens when."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._due: list[tuple[float, int, Action]] = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        """Tell the virtual time."""
        return BEGINNING + timedelta(seconds=self.seconds)

    def after(self, seconds: float, action: Action) -> None:
        """Have something happen so many seconds from now."""
        heapq.heappush(self._due, (self.seconds + seconds, next(self._numbers), action))

    def step(self) -> bool:
        """Let happen what is due next; return whether there was anything."""
        if not self._due:
            return False
        self.seconds, _, action = heapq.heappop(self._due)
        action()
        return True

    def pass_over(self, seconds: float) -> bool:
        """Let time pass, if nothing else happens meanwhile; return whether it did."""
        moment = self.seconds + seconds
        if self._due and self._due[0][0] <= moment:
            return False
        self.seconds = moment
        return True


class Task:
    """Something that goes on in virtual time. ``ended`` is called when it has, with what it raised."""

    def __init__(
        self, agenda: Agenda, body: Callable[[Task], None], ended: Callable[[BaseException | None], None]
    ) -> None:
        self._agenda = agenda
        self._body = body
        self._ended = ended
        self._hand: _Hand | None = None
        self._cancelled = False

    def begin(self) -> None:
        """Run until it sleeps for the first time, or ends."""
        self._hand = _idle.pop() if _idle else _Hand()
        self._hand.task = self
        self._go_on()

    def sleep(self, seconds: float) -> None:
        """Let others go on; called by the task itself."""
        if self._cancelled:
            raise Died
        if self._agenda.pass_over(seconds):
            return
        self._agenda.after(seconds, self._go_on)
        if self._hand:
            self._hand.rest()
        if self._cancelled:
            raise Died

    def cancel(self) -> None:
        """End a task that sleeps."""
        if self._hand:
            self._cancelled = True
            self._go_on()

    def work(self) -> BaseException | None:
        """Run the body, in the hand's thread."""
        try:
            self._body(self)
        except BaseException as error:  # whatever it is, it is told to who waits
            return error
        return None

    def _go_on(self) -> None:
        hand = self._hand
        if hand is None:
            return
        hand.run_until_it_rests()
        if hand.task is None:
            self._hand = None
            _idle.append(hand)
            if not self._cancelled:
                self._ended(hand.raised)


class _Hand:
    """A thread that does one task after the other, and only while whoever gave it the word waits."""

    def __init__(self) -> None:
        self.task: Task | None = None
        self.raised: BaseException | None = None
        self._word, self._back = threading.Lock(), threading.Lock()
        self._word.acquire()
        self._back.acquire()
        threading.Thread(target=self._live, daemon=True).start()

    def run_until_it_rests(self) -> None:
        self._word.release()
        self._back.acquire()

    def rest(self) -> None:
        self._back.release()
        self._word.acquire()

    def _live(self) -> None:
        while True:
            self._word.acquire()
            if self.task:
                self.raised = self.task.work()
            self.task = None
            self._back.release()


_idle: list[_Hand] = []
os.register_at_fork(after_in_child=_idle.clear)  # a fork has no threads but its own
