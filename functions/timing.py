"""How long to wait before the next look, in seconds.

With history: look first when the resource should be about done. From then on, and without history: at a small
fraction of the time that it has taken, so the time lost stays a small fraction of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

LONGEST = 900.0
"""SQS delays a message by 15 minutes at most."""

NEARLY_DONE = 0.95
FRACTION = 0.04
QUOTA_PAUSE = 60.0
CROWDED = 300.0


def pause(elapsed: float, expected: float | None, floor: float) -> float:
    """Return the wait for a resource that has taken ``elapsed`` of perhaps ``expected`` seconds."""
    until_nearly_done = (expected or 0.0) * NEARLY_DONE - elapsed
    return min(LONGEST, max(floor, until_nearly_done, elapsed * FRACTION))


def quota_pause(floor: float) -> float:
    """Return the wait for a slot under a quota, or for a service that is throttling."""
    return min(QUOTA_PAUSE, 3 * floor)


def crowded_pause(elapsed: float, floor: float) -> float:
    """Return the wait for a quota that others in the region use up as well: longer, the longer it has lasted."""
    return min(CROWDED, max(quota_pause(floor), elapsed / 10))


def expectation(durations: Iterable[float]) -> float | None:
    """Return the median of the latest durations (newest first), None without any."""
    latest = [seconds for seconds in durations if seconds > 0][:5]
    return median(latest) if latest else None
