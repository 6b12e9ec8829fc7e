"""SQS in memory, with all that a consumer meets: it passes the same contract tests as SQS (tests/contract/test_sqs.py).

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

LONGEST_DELAY = 900
MOST_RECEIVED = 10


@dataclass(frozen=True)
class Letter:
    """A message in a queue: not seen before ``visible``, received so often; ``receipt`` is its latest receiver's.

    ``lineage`` is how often the chain of messages that led to it has invoked each function.
    """

    identifier: str
    body: str
    sent: datetime
    visible: datetime
    receives: int = 0
    receipt: str = ""
    lineage: Mapping[str, int] = field(default_factory=dict)


@dataclass
class MemorySqs:
    """The queues of all steps, each with a queue of dead letters.

    ``visibility`` is for how long a receiver has a message to itself; one that was received ``max_receives`` times,
    and is not deleted when that is over, is dead.
    """

    clock: Callable[[], datetime]
    visibility: timedelta
    max_receives: int
    waiting: defaultdict[str, list[Letter]] = field(default_factory=lambda: defaultdict(list))
    dead: defaultdict[str, list[Letter]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    def send(self, step: str, bodies: list[str], delay: float = 0, lineage: Mapping[str, int] | None = None) -> None:
        """Put messages into a step's queue, as the functions' port does."""
        if not 0 <= round(delay) <= LONGEST_DELAY:
            raise ValueError(f"DelaySeconds: 0 to {LONGEST_DELAY}, not {delay}: SQS delays a message by no more")
        now = self.clock()
        due = now + timedelta(seconds=round(delay))
        for body in bodies:
            self.waiting[step].append(Letter(f"m-{next(self._numbers)}", body, now, due, lineage=lineage or {}))

    def receive(self, step: str, most: int = MOST_RECEIVED) -> list[Letter]:
        """Hand out messages that can be seen; until ``visibility`` is over, nobody else gets them."""
        now = self.clock()
        received: list[Letter] = []
        for letter in self.seen(step, now):
            if len(received) == most:
                break
            self.waiting[step].remove(letter)
            if letter.receives >= self.max_receives:
                self.dead[step].append(letter)
                continue
            receipt = f"r-{next(self._numbers)}"
            taken = replace(letter, visible=now + self.visibility, receives=letter.receives + 1, receipt=receipt)
            self.waiting[step].append(taken)
            received.append(taken)
        return received

    def seen(self, step: str, now: datetime) -> list[Letter]:
        """Return the messages that can be received now, in the order in which they are handed out."""
        return [letter for letter in self.waiting[step] if letter.visible <= now]

    def delete(self, step: str, receipt: str) -> None:
        """Take away what was received; a receipt that another has taken the place of does nothing."""
        self.waiting[step] = [letter for letter in self.waiting[step] if letter.receipt != receipt]

    def redrive(self, step: str) -> int:
        """Move all dead letters of a step back into its queue, as new messages; return how many.

        They keep their lineage: nothing is said of it, so the stricter of the two.
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
        """
        moved = self.dead.pop(step, [])
        for letter in moved:
            self.send(step, [letter.body], lineage=letter.lineage)
        return len(moved)
