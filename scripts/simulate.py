"""Play histories of the chain under a virtual clock and seeded faults: many, or one that is to be looked at.

    make simulate                  10,000 seeds, and every crash point once
    make simulate SEED=4711        one seed, with its history
    make simulate ARGS="--without throttled --seeds 100"

Leaves the end of a failing seed's history on the screen, and the exit status 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "PersonalizePipelines")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "simulation")

from tests.simulation.crash_points import WAYS  # the functions read the environment when they are imported
from tests.simulation.faults import KINDS, NOT_YET  # the same
from tests.simulation.many import Coverage, Summary, crash_everywhere, play_all  # the same
from tests.simulation.play import play  # the same

console = Console(width=None if sys.stdout.isatty() else 240)


def main() -> int:
    """Play what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, help="play this one, and print its history")
    parser.add_argument("--seeds", type=int, default=10_000, help="play so many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument(
        "--without", action="append", default=[], choices=sorted(KINDS), help="a kind of fault to leave out"
    )
    parser.add_argument(
        "--with", dest="also", action="append", default=[], choices=sorted(NOT_YET), help="a kind that is off by itself"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    asked.without = sorted({*asked.without, *NOT_YET} - {*asked.also})
    if asked.seed is not None:
        return _one(asked.seed, asked.without)
    began = time.monotonic()
    summary = _many(range(asked.first, asked.first + asked.seeds), asked.without, asked.processes)
    seconds = time.monotonic() - began
    coverage = _crash_points(asked.processes)
    _show(summary, coverage, seconds)
    if summary.broken:
        seed = min(summary.broken)
        _one(seed, asked.without, last=80)
        console.print(f"To play it again: make simulate SEED={seed}", style="bold")
    return 1 if summary.broken or coverage.wrong else 0


def _one(seed: int, without: list[str], last: int | None = None) -> int:
    outcome = play(seed, without)
    outcome.history.show(console, last)
    runs = ", ".join(f"{count} {status}" for status, count in sorted(outcome.runs.items()))
    console.print(f"seed {seed}: {runs}")
    if outcome.broken:
        console.print(f"seed {seed}: {outcome.broken}", style="bold red", markup=False)
    return 1 if outcome.broken else 0


def _many(seeds: range, without: list[str], processes: int) -> Summary:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("histories", total=len(seeds))
        return play_all(seeds, without, processes, lambda summary: progress.update(task, completed=summary.seeds))


def _crash_points(processes: int) -> Coverage:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("crash points", total=None)
        return crash_everywhere(processes, lambda coverage: progress.update(task, completed=coverage.histories.total()))


def _show(summary: Summary, coverage: Coverage, seconds: float) -> None:
    faults = Table("fault", "injected", title="faults injected by kind")
    for kind in sorted(KINDS):
        faults.add_row(kind, f"{summary.struck[kind]:,}", style=None if summary.struck[kind] else "yellow")
    runs = Table("outcome", "runs", title="runs by outcome")
    for status, count in summary.runs.most_common():
        runs.add_row(status, f"{count:,}")
    points = Table("crash point (each call, each way once)", *WAYS, "struck by seeds", title="crash points")
    for point in sorted({point for point, _ in coverage.histories}):
        told = [str(coverage.histories[point, way]) for way in WAYS]
        by_chance = sum(count for (name, _), count in summary.points.items() if name == point)
        points.add_row(point, *told, f"{by_chance:,}", style=None if by_chance else "yellow")
    for table in (faults, runs, points):
        console.print(table)
    total, wrong = coverage.histories.total(), len(coverage.wrong)
    for why in coverage.wrong[:5]:
        console.print(why, style="red", markup=False)
    console.print(f"{total - wrong:,} of {total:,} crash points ended as well as the run that nothing happened to")
    per_second = summary.runs.total() / seconds
    console.print(
        f"{summary.seeds:,} seeds with {summary.runs.total():,} runs and {summary.calls:,} calls in {seconds:.0f} s "
        f"({per_second:.0f} runs a second), {len(summary.broken)} with an invariant broken",
        style="bold red" if summary.broken else "bold green",
    )
    for seed, why in sorted(summary.broken.items())[:20]:
        console.print(f"  seed {seed}: {why}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
