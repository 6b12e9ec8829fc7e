"""Waiting: the time that runs lose, and what they use, beside other ways to wait over the same durations."""

from __future__ import annotations

import math
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.bench import looks, prices
from scripts.bench.policies import Durations, GaveUp, Outcome, every, peer
from scripts.bench.world import FLOOR, HANDOVER, World

SEEDS = 200
NOISE = 0.05
"""The standard deviation, by its logarithm, of what one resource takes from run to run about its own typical time."""

NOISES = (0.02, 0.1, 0.2)
"""Other noises, each with a quarter of the seeds: how far the figures hang on what nobody knows of the service."""

HISTORY = 5
FIXED_SECONDS = 60.0
SHIFT = 1.5

_MINUTE = 60.0
RANGES = {"imports": (10, 20, 3), "trainings": (20, 90, 2), "campaigns": (10, 15, 2)}
"""Minutes at least and at most that a resource typically takes, and how many there are."""

FIRST, KNOWN, SHIFTED = "ours, no history", f"ours, {HISTORY} runs of history", "ours, history has shifted by +50 %"
FIXED, PEER = f"every {FIXED_SECONDS:g} s", "AWS's retired solution"
WRONG = {
    "ours, no history, all a tenth as long": 0.1,
    "ours, no history, all half as long": 0.5,
    "ours, no history, all twice as long": 2.0,
}
GOALS = {
    FIRST: {"lost": 0.02, "calls_beside_peer": 0.35},
    KNOWN: {"lost": 0.005, "calls_beside_peer": 0.2},
    SHIFTED: {"lost": 0.01, "calls_beside_peer": 0.3},
}
LOST_WRONG = 0.1
"""What a first run may lose, at most, where everything takes another time than told."""

BEYOND_BOUND = 1.3
"""How many times the bound a run with history may lose."""

_DATASETS, _SOLUTIONS = ("interactions", "items", "users"), ("for-you", "similar")


def _drawing(seed: int, noise: float) -> tuple[random.Random, dict[str, list[float]]]:
    source = random.Random(f"{seed}/{noise}")  # noqa: S311 # no secret
    usual = {
        name: [math.exp(source.uniform(math.log(least), math.log(most))) * _MINUTE for _ in range(count)]
        for name, (least, most, count) in RANGES.items()
    }
    return source, usual


def typical(seed: int, noise: float) -> Durations:
    """Return how long the things of a pipeline typically take."""
    return Durations(**{name: tuple(each) for name, each in _drawing(seed, noise)[1].items()})


def drawn(seed: int, noise: float) -> list[Durations]:
    """Return the durations of a pipeline's runs: the first, those that make its history, and one that is shifted."""
    source, usual = _drawing(seed, noise)

    def once() -> Durations:
        return Durations(
            **{name: tuple(each * source.lognormvariate(0, noise) for each in of) for name, of in usual.items()}
        )

    return [*(once() for _ in range(HISTORY + 1)), once().times(SHIFT)]


def ours(runs: Sequence[Durations]) -> list[Outcome]:
    """Run them one after the other in the real handlers."""
    world = World()
    world.declare("shop", _DATASETS, _SOLUTIONS)
    outcomes = []
    for number, durations in enumerate(runs):
        for name, seconds in zip(_DATASETS, durations.imports, strict=True):
            world.take("DatasetImportJob", seconds, f"acme-*-{name}-*")
        path = "update" if number else "create"
        for name, training, campaign in zip(_SOLUTIONS, durations.trainings, durations.campaigns, strict=True):
            world.take("SolutionVersion", training, f"acme-*-{name}")
            world.take("Campaign", campaign, f"acme-shop-{name}", path)
        world.counts.clear()
        triggered = world.now
        world.trigger("shop", f"nightly/{number}", force=True)
        world.settle()
        outcomes.append(Outcome(_ended(world, triggered), units(world.counts)))
        world.now += timedelta(days=1)
    return outcomes


def _ended(world: World, triggered: datetime) -> float:
    run = world.runs("shop")[-1]
    if run.status != "SUCCEEDED" or run.finished_at is None:
        raise RuntimeError(f"the run {run.status}: {run.reason}; dead letters: {world.dead}")
    return (datetime.fromisoformat(run.finished_at) - triggered).total_seconds()


def units(counts: Counter[str]) -> dict[str, float]:
    """Return what is billed, and the calls of Personalize, from what a world has counted."""
    kinds = {"lambda": "lambda ", "sqs": "sqs ", "personalize": "personalize ", "events": "events "}
    found = {unit: sum(n for name, n in counts.items() if name.startswith(kind)) for unit, kind in kinds.items()}
    return {**found, **{f"dynamodb {each} units": counts[f"dynamodb {each} units"] for each in ("read", "write")}}


@dataclass(frozen=True)
class Figures:
    """Of one run: the share of the critical path that was lost, what was used, and what the peer would have called.

    The peer's calls are not there for a run that it gives up.
    """

    lost: float
    used: dict[str, float]
    calls_of_peer: float | None


def compared(seeds: Iterable[int], noise: float, wrong: Mapping[str, float]) -> dict[str, list[Figures]]:
    """Return the figures of each policy, for each seed; ``wrong`` makes all of a first run longer by a factor."""
    figures: dict[str, list[Figures]] = defaultdict(list)

    def note(policy: str, durations: Durations, outcome: Outcome) -> None:
        lost = outcome.makespan / durations.critical_path - 1
        figures[policy].append(Figures(lost, outcome.units, _calls_of_peer(durations)))

    for seed in seeds:
        runs = drawn(seed, noise)
        made = ours(runs)
        for policy, number in ((FIRST, 0), (KNOWN, HISTORY), (SHIFTED, HISTORY + 1)):
            note(policy, runs[number], made[number])
        last = runs[HISTORY]  # the peer never gives up so short a one
        note(FIXED, last, every(FIXED_SECONDS, last))
        note(PEER, last, peer(last))
        for policy, factor in wrong.items():
            first = runs[0].times(factor)
            note(policy, first, ours([first])[0])
    return figures


def _calls_of_peer(durations: Durations) -> float | None:
    try:
        return peer(durations).units["personalize"]
    except GaveUp:
        return None


def summary(figures: dict[str, list[Figures]]) -> dict[str, dict[str, float]]:
    """Return the figures of each policy, as means but for the time lost."""
    found = {}
    for policy, runs in figures.items():
        lost = [each.lost for each in runs]
        both = [(each.used["personalize"], each.calls_of_peer) for each in runs if each.calls_of_peer]
        mean = {unit: statistics.mean(each.used[unit] for each in runs) for unit in runs[0].used}
        found[policy] = {
            "lost_median": statistics.median(lost),
            "lost_p90": statistics.quantiles(lost, n=10)[-1] if len(lost) > 1 else lost[0],
            "invocations": mean["lambda"],
            "sqs_requests": mean.get("sqs", 0.0),
            "personalize_calls": mean["personalize"],
            "calls_beside_peer": sum(mine for mine, _ in both) / sum(theirs for _, theirs in both),
            "dollars": prices.dollars(mean),
        }
    return found


# ------------------------------------------------------------------ the bound

NEEDED = 2 * 3 + 4 * 2 + 3 + 2 * 2
"""Calls of a run without any that sees something under way: history and creation of all, and one look at each end."""


HOPS = 8
"""Messages on a run's longest way, each handed over: start, import, train, deploy, finish, and a look at each end."""

BOUND_SEEDS = 50


def bound(calls: float, runs: Sequence[Sequence[looks.Distribution]]) -> list[float]:
    """Return the least seconds that each run loses on average with so many calls a run.

    That is for one who knows how long its phases take but for the noise, and which solution the run will wait for: all
    looks but the needed ones are for that one. What the chain can't do any quicker is in it: looks are no closer than
    the floor, and each message is handed over.
    """

    def at(price: float) -> tuple[float, list[float]]:
        found = [[looks.best(each, price, FLOOR) for each in phases] for phases in runs]
        late = [sum(each.lateness for each in phases) + HOPS * HANDOVER for phases in found]
        return statistics.mean(sum(each.looks - 1 for each in phases) for phases in found), late

    cheap, dear = 0.01, 1000.0
    for _ in range(12):
        price = math.sqrt(cheap * dear)
        cheap, dear = (price, dear) if at(price)[0] > calls - NEEDED else (cheap, price)
    return at(dear)[1]


def bounds(calls: Mapping[str, float], noise: float, seeds: int = BOUND_SEEDS) -> dict[str, float]:
    """Return the share of the critical path that must be lost with so many calls a run, on average.

    Without a history, if only the ranges are known; with one, if it tells all but the noise.
    """
    paths = [drawn(seed, noise)[0].critical_path for seed in range(seeds)]
    imports, trainings, campaigns = (
        looks.spread_over(least * _MINUTE, most * _MINUTE, noise) for least, most, _ in RANGES.values()
    )
    slower = looks.last_of(RANGES["trainings"][2], trainings)
    unknown = [looks.last_of(RANGES["imports"][2], imports), slower, campaigns]
    known = [_phases(typical(seed, noise), noise) for seed in range(seeds)]
    lost = zip(bound(calls[KNOWN], known), paths, strict=True)
    return {
        FIRST: bound(calls[FIRST], [unknown])[0] / statistics.mean(paths),
        KNOWN: statistics.mean(late / path for late, path in lost),
    }


def _phases(of: Durations, noise: float) -> list[looks.Distribution]:
    """Return how long the phases of the longest way take."""
    way = max(zip(of.trainings, of.campaigns, strict=True), key=sum)
    return [looks.slowest(of.imports, noise, 300), *(looks.log_normal(each, noise, 300) for each in way)]


# ------------------------------------------------------------------ the bench


def run(seeds: int = SEEDS) -> dict[str, Any]:
    """Compare the policies at the noise that the goals are held against, and at others with fewer seeds."""
    noises = {NOISE: summary(compared(range(seeds), NOISE, WRONG))}
    noises |= {noise: summary(compared(range(max(1, seeds // 4)), noise, {})) for noise in NOISES}
    return {
        "seeds": seeds,
        "noise": NOISE,
        "history": HISTORY,
        "handover_seconds": HANDOVER,
        "prices_as_of": prices.AS_OF,
        "policies": noises[NOISE],
        "goals": GOALS | {wrong: {"lost": LOST_WRONG} for wrong in WRONG},
        "noises": {f"{noise:g}": found for noise, found in sorted(noises.items())},
        "bounds": {
            f"{noise:g}": bounds(
                {name: found[name]["personalize_calls"] for name in (FIRST, KNOWN)}, noise, min(seeds, BOUND_SEEDS)
            )
            for noise, found in sorted(noises.items())
        },
    }


def show(console: Console, results: dict[str, Any]) -> None:
    """Print how the policies compare."""
    table = Table(title=f"Waiting: {results['seeds']} seeds, noise of {results['noise']:.0%}", title_justify="left")
    table.add_column("")
    for column in ("lost, median", "p90", "goal", "Lambda", "SQS", "Personalize", "of the peer's", "goal", "$ a run"):
        table.add_column(column, justify="right")
    for policy, found in results["policies"].items():
        goal = results["goals"].get(policy, {})
        lost, calls = found["lost_median"], found["calls_beside_peer"]
        table.add_row(
            policy,
            f"{_colour(lost, goal.get('lost'))}{lost:.2%}",
            f"{found['lost_p90']:.2%}",
            f"≤ {goal['lost']:.1%}" if goal else "",
            f"{found['invocations']:.0f}",
            f"{found['sqs_requests']:.0f}" if found["sqs_requests"] else "",
            f"{found['personalize_calls']:.1f}",
            f"{_colour(calls, goal.get('calls_beside_peer'))}{calls:.3f}",
            f"≤ {goal['calls_beside_peer']:g}" if "calls_beside_peer" in goal else "",
            f"{found['dollars']:.5f}",
        )
    console.print(table)
    console.print(
        "Lost: makespan over the critical path of Personalize's own times. "
        f"Prices of {results['prices_as_of']}, us-east-1; a message is handled within "
        f"{results['handover_seconds']:g} s."
    )
    noises = Table(
        title="At every noise: lost, median (calls, of the peer's); bound, times the bound", title_justify="left"
    )
    noises.add_column("noise")
    for policy in GOALS:
        noises.add_column(policy, justify="right")
    for noise, policies in results["noises"].items():
        cells = [_beside(policies[policy], results["bounds"][noise].get(policy)) for policy in GOALS]
        noises.add_row(f"{float(noise):.0%}", *cells)
    console.print(noises)
    console.print(
        "Bound: the least that must be lost on average with as many calls, even to one who knows how the times are "
        f"distributed and which solution will be last; looks are {FLOOR:g} s apart at least, and messages are handed "
        f"over. Goal: at most {BEYOND_BOUND:g} times that with a history."
    )


def _beside(found: Mapping[str, float], least: float | None) -> str:
    shown = f"{found['lost_median']:.2%} ({found['calls_beside_peer']:.3f})"
    return f"{shown}; {least:.2%}, {found['lost_median'] / least:.2f}" if least else shown


def _colour(value: float, goal: float | None) -> str:
    return "" if goal is None else "[green]" if value <= goal else "[yellow]"
