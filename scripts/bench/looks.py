"""The best that any policy of looking can do: by dynamic programming, knowing how durations are distributed.

The next look is chosen so that the price of all looks to come and the expected lateness are least. A policy that has to
learn the distribution, or rounds to what SQS can do, comes close to this at best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Distribution:
    """How long something takes: the chance that it is over by each of these times, which rise from 0."""

    times: Floats
    over: Floats


@dataclass(frozen=True)
class Best:
    """The looks to take, how many of them it takes on average, and how late the last one is."""

    at: Floats
    looks: float
    lateness: float


def best(durations: Distribution, price: float, floor: float = 0.0) -> Best:
    """Return the best looks where each costs as much as ``price`` seconds of being late, ``floor`` apart at least."""
    times, over = durations.times, durations.over
    # Within a step all ends are taken to be in its middle.
    ends = np.concatenate([[0.0], np.cumsum(np.diff(over) * (times[1:] + times[:-1]) / 2)])
    last = len(times) - 1
    cost, following = np.zeros(len(times)), np.full(len(times), last)
    first = np.minimum(np.maximum(np.searchsorted(times, times + floor), np.arange(1, len(times) + 1)), last)
    for now in range(last - 1, -1, -1):
        later = slice(first[now], last + 1)
        late = (over[later] - over[now]) * times[later] - (ends[later] - ends[now])
        total = late + cost[later]
        chosen = int(np.argmin(total))
        following[now] = first[now] + chosen
        cost[now] = price * (over[last] - over[now]) + total[chosen]
    at, looks, lateness = [0], 0.0, 0.0
    while at[-1] < last:
        now, then = at[-1], int(following[at[-1]])
        looks += over[last] - over[now]
        lateness += (over[then] - over[now]) * times[then] - (ends[then] - ends[now])
        at.append(then)
    return Best(times[at[1:]], float(looks), float(lateness))


def log_normal(typical: float, spread: float, steps: int = 600) -> Distribution:
    """Return a log-normal distribution, within five spreads of the typical duration."""
    return slowest([typical], spread, steps)


def slowest(typical: Sequence[float], spread: float, steps: int = 600) -> Distribution:
    """Return how long it takes until all of several are over, whose typical durations are known."""
    times = np.concatenate([[0.0], max(typical) * np.exp(np.linspace(-5 * spread, 5 * spread, steps))])
    logs = np.linspace(-8.0, 8.0, 4001)
    normal = np.cumsum(np.exp(-(logs**2) / 2))
    off = [np.log(np.maximum(times, 1e-9) / each) / spread for each in typical]
    over = np.prod([np.interp(each, logs, normal / normal[-1]) for each in off], axis=0)
    return Distribution(times, over / over[-1])


def spread_over(least: float, most: float, noise: float, steps: int = 600) -> Distribution:
    """Return how long something takes that typically takes anything between two bounds (evenly, by logarithm)."""
    typical = np.exp(np.linspace(np.log(least), np.log(most), 60))
    times = np.linspace(0.0, most * np.exp(4 * noise), steps)
    each = [np.interp(times, of.times, of.over) for of in (log_normal(middle, noise, steps) for middle in typical)]
    over = np.mean(each, axis=0)
    return Distribution(times, over / over[-1])


def last_of(count: int, durations: Distribution) -> Distribution:
    """Return how long it takes until the last of several is over."""
    return Distribution(durations.times, durations.over**count)
