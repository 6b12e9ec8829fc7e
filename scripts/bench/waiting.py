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
from scripts.bench.world import HANDOVER, World

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
GOALS = {FIRST: 0.02, KNOWN: 0.005}
CALLS_GOAL = 1 / 5

_DATASETS, _SOLUTIONS = ("interactions", "items", "users"), ("for-you", "similar")


def drawn(seed: int, noise: float) -> list[Durations]:
    """Return the durations of a pipeline's runs: the first, those that make its history, and one that is shifted."""
    source = random.Random(f"{seed}/{noise}")  # noqa: S311 # no secret
    typical = {
        name: [math.exp(source.uniform(math.log(least), math.log(most))) * _MINUTE for _ in range(count)]
        for name, (least, most, count) in RANGES.items()
    }

    def once() -> Durations:
        return Durations(
            **{name: tuple(each * source.lognormvariate(0, noise) for each in of) for name, of in typical.items()}
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


def bound(calls: float, phases: Sequence[looks.Distribution]) -> float:
    """Return the least seconds lost on average with so many calls a run, for one who knows the distributions.

    And knows beforehand which solution the run will wait for: all looks but the needed ones are for that one.
    """

    def at(price: float) -> tuple[float, float]:
        found = [looks.best(each, price) for each in phases]
        return sum(each.looks - 1 for each in found), sum(each.lateness for each in found)

    cheap, dear = 0.01, 10_000.0
    for _ in range(20):
        price = math.sqrt(cheap * dear)
        cheap, dear = (price, dear) if at(price)[0] > calls - NEEDED else (cheap, price)
    return at(dear)[1]


def bounds(calls: float, noise: float) -> dict[str, float]:
    """Return the share of the critical path that must be lost: without history, and if it tells all but the noise."""
    ranges = [(least * _MINUTE, most * _MINUTE) for least, most, _ in RANGES.values()]
    paths = [drawn(seed, noise)[0].critical_path for seed in range(SEEDS)]
    unknown = [looks.spread_over(least, most, noise) for least, most in ranges]
    known = [looks.log_normal(math.sqrt(least * most), noise) for least, most in ranges]
    count = RANGES["imports"][2]
    return {
        name: bound(calls, (looks.last_of(count, imports), *others)) / statistics.median(paths)
        for name, (imports, *others) in ((FIRST, unknown), (KNOWN, known))
    }


# ------------------------------------------------------------------ the bench


def run(seeds: int = SEEDS) -> dict[str, Any]:
    """Compare the policies at the noise that the goals are held against, and at others with fewer seeds."""
    policies = summary(compared(range(seeds), NOISE, WRONG))
    budget = CALLS_GOAL * policies[PEER]["personalize_calls"]
    others = {noise: summary(compared(range(max(1, seeds // 4)), noise, {})) for noise in NOISES}
    return {
        "seeds": seeds,
        "noise": NOISE,
        "history": HISTORY,
        "handover_seconds": HANDOVER,
        "prices_as_of": prices.AS_OF,
        "policies": policies,
        "bounds": bounds(budget, NOISE),
        "goals": {name: {"lost": GOALS[name], "calls_beside_peer": CALLS_GOAL} for name in GOALS},
        "other_noises": {f"{noise:g}": found for noise, found in others.items()},
    }


def show(console: Console, results: dict[str, Any]) -> None:
    """Print how the policies compare."""
    table = Table(title=f"Waiting: {results['seeds']} seeds, noise of {results['noise']:.0%}", title_justify="left")
    table.add_column("")
    for column in ("lost, median", "p90", "goal", "bound", "Lambda", "SQS", "Personalize", "of the peer's", "$ a run"):
        table.add_column(column, justify="right")
    for policy, found in results["policies"].items():
        goal = results["goals"].get(policy)
        lost, calls = found["lost_median"], found["calls_beside_peer"]
        table.add_row(
            policy,
            f"{_colour(lost, goal and goal['lost'])}{lost:.2%}",
            f"{found['lost_p90']:.2%}",
            f"≤ {goal['lost']:.1%}" if goal else "",
            f"{results['bounds'][policy]:.2%}" if policy in results["bounds"] else "",
            f"{found['invocations']:.0f}",
            f"{found['sqs_requests']:.0f}" if found["sqs_requests"] else "",
            f"{found['personalize_calls']:.1f}",
            f"{_colour(calls, goal and goal['calls_beside_peer'])}{calls:.3f}",
            f"{found['dollars']:.5f}",
        )
    console.print(table)
    console.print(
        f"Lost: makespan over the critical path of Personalize's own times. Goal for the calls: {CALLS_GOAL:g} of the "
        "peer's. Bound: the least that must be lost on average with that many calls, even to one who knows how the "
        f"times are distributed. Prices of {results['prices_as_of']}, us-east-1; a message is handled within "
        f"{results['handover_seconds']:g} s."
    )
    noises = Table(title="The same at other noises: lost, median (calls, of the peer's)", title_justify="left")
    noises.add_column("noise")
    for policy in results["goals"]:
        noises.add_column(policy, justify="right")
    for noise, policies in results["other_noises"].items():
        shown = [policies[policy] for policy in results["goals"]]
        cells = [f"{each['lost_median']:.2%} ({each['calls_beside_peer']:.3f})" for each in shown]
        noises.add_row(f"{float(noise):.0%}", *cells)
    console.print(noises)


def _colour(value: float, goal: float | None) -> str:
    return "" if goal is None else "[green]" if value <= goal else "[yellow]"
