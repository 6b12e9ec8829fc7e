"""Many histories, side by side, and what they come to together."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from multiprocessing.pool import Pool

from tests.simulation import crash_points
from tests.simulation.crash_points import Replayed, Strike
from tests.simulation.faults import NOT_YET
from tests.simulation.mutating import Mutation, mutated
from tests.simulation.play import play

PROCESSES = 2


@dataclass
class Summary:
    """What many seeds came to. ``broken``: seed → the invariant that did not hold."""

    seeds: int = 0
    calls: int = 0
    broken: dict[int, str] = field(default_factory=dict)
    struck: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    points: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Summary) -> None:
        """Take in what others came to."""
        self.seeds += other.seeds
        self.calls += other.calls
        self.broken |= other.broken
        self.struck += other.struck
        self.runs += other.runs
        self.points += other.points


@contextmanager
def workers(processes: int = PROCESSES) -> Iterator[Pool]:
    """Give processes to play in."""
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield pool


def _one(without: Collection[str], seed: int) -> Summary:
    outcome = play(seed, without)
    broken = {seed: outcome.broken} if outcome.broken else {}
    return Summary(1, len(outcome.history.events), broken, outcome.struck, outcome.runs, outcome.points)


def play_all(
    seeds: Iterable[int],
    without: Collection[str] = NOT_YET,
    processes: int = PROCESSES,
    tell: Callable[[Summary], None] = lambda summary: None,
) -> Summary:
    """Play many seeds; ``tell`` hears how far it is."""
    summary = Summary()
    with workers(processes) as pool:
        for one in pool.imap_unordered(partial(_one, tuple(without)), seeds, chunksize=4):
            summary.add(one)
            tell(summary)
    return summary


@dataclass
class Coverage:
    """What came of every crash point: how many histories there were for each, and what was wrong with which."""

    histories: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@cache
def undisturbed() -> Replayed:
    """Return the history that all others are held against."""
    return crash_points.replay()


def _struck(strike: Strike) -> tuple[str, str, str | None]:
    return undisturbed().points[strike.number], strike.way, crash_points.judge(undisturbed(), strike)


def crash_everywhere(
    processes: int = PROCESSES, tell: Callable[[Coverage], None] = lambda coverage: None, one_of: int = 1
) -> Coverage:
    """Play the history of every crash point, or of one of so many."""
    coverage = Coverage()
    strikes = list(crash_points.strikes(undisturbed()))[::one_of]
    with workers(processes) as pool:
        for point, way, wrong in pool.imap_unordered(_struck, strikes, chunksize=8):
            coverage.histories[point, way] += 1
            coverage.wrong += [wrong] if wrong else []
            tell(coverage)
    return coverage


@dataclass(frozen=True)
class Caught:
    """How a mutation was caught: by which seed, the how manieth, and what did not hold; ``seed`` None: it was not."""

    mutation: Mutation
    seed: int | None
    why: str


def _caught(most: int, mutation: Mutation) -> Caught:
    with mutated(mutation):
        for seed in range(most):
            if why := play(seed).broken:
                return Caught(mutation, seed, why)
    return Caught(mutation, None, f"{most} histories, and nothing was seen")


def catch(mutations: Collection[Mutation], most: int = 200, processes: int = PROCESSES) -> Iterator[Caught]:
    """Play with each mutation until it is caught, ``most`` seeds long."""
    with workers(processes) as pool:
        yield from pool.imap_unordered(partial(_caught, most), mutations)
