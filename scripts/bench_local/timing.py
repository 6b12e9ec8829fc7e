"""Stopwatches, and what is made of their times."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Stopwatch:
    """Times of one thing, in seconds."""

    times: list[float] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take the time of what is done meanwhile."""
        began = time.perf_counter()
        yield
        self.times.append(time.perf_counter() - began)

    @property
    def median(self) -> float:
        """The middle of the times."""
        return statistics.median(self.times)

    @property
    def p99(self) -> float:
        """What one in a hundred goes beyond."""
        return float(np.quantile(self.times, 0.99))


def repeated(calls: int, call: Callable[[int], object]) -> Stopwatch:
    """Take the time of each of many calls, which are told their number; the first ones warm up and don't count."""
    watch = Stopwatch()
    for number in range(-calls // 10, calls):
        with watch.running():
            call(number)
        if number < 0:
            watch.times.clear()
    return watch


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """Return the power of the size that the times grow with: 1 is linear."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])
