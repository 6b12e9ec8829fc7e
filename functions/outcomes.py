"""What a step decides. The shell carries it out; nothing here touches AWS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.model import Wait
from functions.times import written
from functions.timing import LONGEST, Shift


@dataclass(frozen=True)
class Make:
    """Make these calls, then decide again with their answers (an ARN each) among what is observed."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Call:
    """A Personalize request. ``arn_key`` is where its answer holds the ARN of what it made or changed, if it does."""

    key: str
    operation: str
    params: dict[str, Any]
    arn_key: str = ""


@dataclass(frozen=True)
class Await:
    """The step's work is under way: wait for these resources.

    Where Personalize has refused another one for now, it is not asked for again before the time ``again``.
    """

    waits: tuple[Wait, ...]
    again: str | None = None

    def since(self, now: datetime) -> Await:
        """Return it with the time from which the waits count: now, where it is not known better."""
        waits = tuple(replace(wait, since=wait.since or written(now)) for wait in self.waits)
        return replace(self, waits=waits)


@dataclass(frozen=True)
class Done:
    """What the step is for has come about: go on.

    ``took`` is how many seconds it took by Personalize's own clock, and ``shift`` how far its things were off what was
    expected of them; None where that is not known.
    """

    took: int | None = None
    shift: Shift | None = None


@dataclass(frozen=True)
class Pause:
    """Not yet: look again after ``seconds``, for ``waits`` where what the message waits for has come further."""

    seconds: float
    why: str
    waits: tuple[Wait, ...] | None = None


@dataclass(frozen=True)
class InLine:
    """Nothing can be made before a slot of the quota is free: whoever frees it sends the message at once.

    ``waits`` are what was made with the slots that there were. ``seconds`` later it comes by itself.
    """

    why: str
    waits: tuple[Wait, ...] = ()
    seconds: float = LONGEST


@dataclass(frozen=True)
class Fail:
    """The branch ends here. ``reason`` is Personalize's own wherever there is one."""

    reason: str


@dataclass(frozen=True)
class Overdue(Fail):
    """The phase was not over within its deadline."""


@dataclass(frozen=True)
class Skip:
    """The branch ends here, and nothing is wrong: what it was for is not wanted any more."""

    reason: str


Outcome = Make | Await | Done | Pause | InLine | Fail | Skip
