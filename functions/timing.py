"""When to look at what is under way, and how long a message waits until then, in seconds.

How long something takes is believed to be log-logistic: a log-normal with heavier tails and a hazard that is a formula.
A look costs a call; not looking costs the time between the end and the look that sees it. Where a look is worth k
seconds of being late, looks are best sqrt(2k/h) apart, h being the rate at which what is under way ends then: far
apart where it can't be over yet, close together about when it should be, and further apart again afterwards.
(J. B. Keller, Optimum checking schedules for systems subject to random failure, Management Science 21, 1974.)
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from statistics import median

from functions.model import Kind

LONGEST = 900.0
"""SQS delays a message by 15 minutes at most."""

REFUSED, REFUSED_FOR_LONG = 60.0, 300.0
"""Seconds to wait after a refusal, at most: at first, and in the long run."""

SHORTEST = 1.0
"""What takes no time is taken to take a second: SQS delays by whole ones."""

LATEST = 8
"""How many of the latest durations tell how long the next one takes."""

USUAL_SPREAD, BELIEF = 0.05, 3
"""How far durations of one resource are apart before that is known, and how many of them that counts as."""

LOOK_COSTS = 14.0
"""Seconds of being late that a look is worth, times the spread: so that a wait takes as many looks whether its length
is well known or not, and only how late they are differs."""

GROWTH = 0.1
"""Beyond what could be expected, looks are this share of what it has taken beyond that apart, at least."""

_SHAPE = math.pi / math.sqrt(3)  # the standard deviation of a logistic distribution of scale 1
_EARLIEST = 12  # spreads before the typical duration: nothing is over by then
_FINENESS = 20  # steps of the sum in a spread
_LEAST = 1e-12


@dataclass(frozen=True)
class Estimate:
    """How long something takes: ``typical`` seconds; ``spread`` is the standard deviation of their logarithm."""

    typical: float
    spread: float

    def left(self, elapsed: float) -> float:
        """Return the logarithm of the chance that it takes longer than ``elapsed``."""
        if elapsed <= 0:
            return 0.0
        odds = _SHAPE / self.spread * (math.log(elapsed) - math.log(self.typical))
        return -odds if odds > 700 else -math.log1p(math.exp(odds))


USUALLY: dict[Kind, Estimate] = {
    "dataset_import_job": Estimate(14 * 60, 0.21),
    "solution_version": Estimate(38 * 60, 0.39),
    "campaign": Estimate(12 * 60, 0.13),
    "filter": Estimate(4 * 60, 0.3),
}
"""What to expect without any history. Its users tell of 10 to 20 minutes for an import, of 20 to 90 for a training (35
to 40 on average), of 10 to 15 for a campaign and of a few for a filter; one in twenty is taken to be beyond the nearer
bound of these."""


@dataclass(frozen=True)
class UnderWay:
    """Something that is waited for, and for how long it has been under way. ``seen``: a look has just shown that."""

    estimate: Estimate
    elapsed: float
    seen: bool = False


def estimate(durations: Iterable[float]) -> Estimate | None:
    """Return how long the next one takes, from the durations of earlier ones (newest first); None without any.

    The middle is the median of all means of two, which a stray value hardly moves, and the spread is that of the next
    one about it, so fewer values make it wider.
    """
    logs = [math.log(max(SHORTEST, seconds)) for seconds in durations if seconds > 0][:LATEST]
    if not logs:
        return None
    middle = median((one + other) / 2 for one, other in combinations_with_replacement(logs, 2))
    squares = sum((each - middle) ** 2 for each in logs)
    variance = (BELIEF * USUAL_SPREAD**2 + squares) / (BELIEF + len(logs) - 1)
    return Estimate(round(math.exp(middle), 1), round(math.sqrt(variance * (1 + 1 / len(logs))), 4))


def next_look(waited_for: Sequence[UnderWay], floor: float, patience: float = 1.0) -> float:
    """Return in how many seconds to look, which is when all that is waited for may be over; 0 if that is now.

    The first is the one that will be looked at. ``patience`` stretches the gaps. The first look may be hours away.
    Once something has been seen under way, the next look is between ``floor`` and 15 minutes away.
    """
    first = waited_for[0]
    gap = _best_gap(waited_for, math.sqrt(2 * LOOK_COSTS * first.estimate.spread) * patience)
    if not first.seen:
        return max(0.0, floor - first.elapsed, gap)
    beyond = first.elapsed - first.estimate.typical * math.exp(2 * first.estimate.spread)
    return max(floor, min(LONGEST, max(gap, GROWTH * beyond)))


def _best_gap(waited_for: Sequence[UnderWay], width: float) -> float:
    """Return the time until the sum of sqrt(hazard) / width, over time, comes to one look."""
    first = waited_for[0]
    start = min(each.estimate.typical * math.exp(-_EARLIEST * each.estimate.spread) for each in waited_for)
    time = max(start, first.elapsed) if first.seen else start
    growth = min(each.estimate.spread for each in waited_for) / _FINENESS
    left, looks = _any_left(waited_for, time), 0.0
    while left > 0:
        step = time * growth
        left_then = _any_left(waited_for, time + step)
        share = math.sqrt(max(0.0, 1 - left_then / left) * step) / width
        if looks + share >= 1:
            return time + step * (1 - looks) / share - first.elapsed
        time, left, looks = time + step, left_then, looks + share
    return time - first.elapsed


def _any_left(waited_for: Sequence[UnderWay], time: float) -> float:
    """Return the chance that not all are over when the first has been under way for ``time``."""
    over = 0.0
    for each in waited_for:
        elapsed = time + each.elapsed - waited_for[0].elapsed
        left = each.estimate.left(elapsed) - (each.estimate.left(each.elapsed) if each.seen else 0.0)
        over += math.log1p(-min(math.exp(left), 1 - _LEAST))
    return -math.expm1(over)


def refused_pause(elapsed: float, floor: float, who: str) -> float:
    """Return the wait after a refusal (throttled, in use, a quota that others use up), ``elapsed`` seconds into it all.

    Longer the longer it has lasted, and another one for each ``who``: those who were refused together don't come back
    together. What is random here must be the same when it is played again, so it is drawn from the name.
    """
    share = 0.75 + zlib.crc32(who.encode()) % 1000 / 2000
    return share * min(REFUSED_FOR_LONG, max(min(REFUSED, 3 * floor), elapsed / 10))
