"""SQS as it may behave: out of order, twice, late, and again when nobody expects it any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.simulation.faults import Faults
from tests.support.sqs import Letter, MemorySqs

TRIED_OFTEN = 3
"""Where all must end well, nothing more happens to a message that was received so often."""


@dataclass
class UnreliableSqs(MemorySqs):
    """Queues with SQS's freedoms. ``wake`` is told when there will be something to receive."""

    faults: Faults = field(kw_only=True)
    wake: Callable[[str, datetime], None] = field(kw_only=True)

    def send(self, step: str, bodies: list[str], delay: float = 0, lineage: Mapping[str, int] | None = None) -> None:
        """Put messages into a queue; some can be seen later than they should."""
        super().send(step, bodies, delay, lineage)
        queue = self.waiting[step]
        for at in range(len(queue) - len(bodies), len(queue)):
            if self.faults.strikes("delivered late"):
                queue[at] = replace(queue[at], visible=queue[at].visible + self._some(600))
            self.wake(step, queue[at].visible)

    def receive(self, step: str, most: int = 10) -> list[Letter]:
        """Hand out messages; some are left for others to receive as well."""
        received = super().receive(step, most)
        for letter in list(received):
            self.wake(step, letter.visible)
            if letter.receives < TRIED_OFTEN and self.faults.strikes("Lambda throttles"):
                received.remove(letter)  # and it comes again, as if it had been tried
                continue
            if letter.receives < TRIED_OFTEN and self.faults.strikes("delivered twice"):
                self._again(step, letter, 5)
        return received

    def seen(self, step: str, now: datetime) -> list[Letter]:
        """Return what can be received, in any order."""
        letters = super().seen(step, now)
        if len(letters) > 1 and self.faults.strikes("received out of order"):
            self.faults.rng.shuffle(letters)
        return letters

    def acknowledge(self, step: str, letter: Letter) -> None:
        """Delete what was worked; some stays, and some comes back long after."""
        if letter.receives < TRIED_OFTEN and self.faults.strikes("an acknowledgement is lost"):
            return
        self.delete(step, letter.receipt)
        if letter.receives < TRIED_OFTEN and self.faults.strikes("delivered again, late"):
            self._again(step, letter, 3 * 3600)

    def _again(self, step: str, letter: Letter, longest: float) -> None:
        copy = replace(letter, visible=self.clock() + self._some(longest), receipt="")
        self.waiting[step].append(copy)
        self.wake(step, copy.visible)

    def _some(self, longest: float) -> timedelta:
        return timedelta(seconds=self.faults.rng.uniform(0, longest))
