"""More and more pipelines at once, without quotas: what a run costs in calls and messages must not grow with them.

Nor with how many import jobs and versions there were before it, for nobody can delete those.

What a run costs depends on how long Personalize takes for it, so small numbers are run with many seeds. Were all to
take equally long, their messages would come in waves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from functions.settings import QUOTAS
from functions.telemetry import metrics
from scripts.bench.quota import DURATIONS
from scripts.bench.region import Region
from tests.support.history import calls_of_a_run

SIZES = (1, 10, 100, 1000)
HISTORIES = (100, 1_000, 20_000)
GOAL = 0.05

RUNS = 200
"""Of each number of pipelines at least so many runs are measured."""

UNLIMITED = 1_000_000
MEASURES = ("personalize_calls", "messages", "ledger_requests")


def simulate(pipelines: int, runs: int = RUNS) -> dict[str, Any]:
    """Let so many pipelines run at once, with as many seeds as make so many runs; return what a run costs."""
    counts, succeeded, seeds = Counter[str](), 0, max(1, runs // pipelines)
    for seed in range(seeds):
        region = Region(durations=DURATIONS, seed=seed, slots=dict.fromkeys(QUOTAS, UNLIMITED))
        region.run(pipelines)
        counts += region.counts
        succeeded += sum(run.status == "SUCCEEDED" for run in region.all_runs)
    measured = seeds * pipelines
    return {
        "pipelines": pipelines,
        "runs": measured,
        "succeeded": succeeded,
        "personalize_calls": counts["calls"] / measured,
        "messages": counts["messages"] / measured,
        "ledger_requests": counts["ledger requests"] / measured,
    }


def calls_after(history: int) -> int:
    """Return how many calls of Personalize a run makes after so many import jobs and versions of each."""
    calls = calls_of_a_run(history)
    metrics.clear_metrics()  # a full set of a hundred is printed
    return calls


def run(sizes: tuple[int, ...] = SIZES, runs: int = RUNS) -> dict[str, Any]:
    """Measure every size."""
    measured = [simulate(size, runs) for size in sizes]
    spread = {
        name: max(each[name] for each in measured) / min(each[name] for each in measured) - 1 for name in MEASURES
    }
    histories = {str(each): calls_after(each) for each in HISTORIES}
    met = {
        "constant": all(value <= GOAL for value in spread.values()),
        "all succeeded": all(each["succeeded"] == each["runs"] for each in measured),
        "constant whatever there was": len(set(histories.values())) == 1,
    }
    return {"sizes": measured, "spread": spread, "histories": histories, "goals_met": met}


def show(console: Console, results: Mapping[str, Any]) -> None:
    """Print what a run costs, by how many there are."""
    table = Table(title="Growth: pipelines at once, without quotas; what a run costs")
    for heading in ("pipelines", "Personalize calls", "messages", "ledger requests"):
        table.add_column(heading, justify="right")
    for each in results["sizes"]:
        table.add_row(f"{each['pipelines']:,}", *(f"{each[name]:.1f}" for name in MEASURES))
    table.add_row("spread", *(f"{results['spread'][name]:.2%}" for name in MEASURES), style="bold")
    console.print(table)
    met = {name: "met" if found else "not met" for name, found in results["goals_met"].items()}
    console.print(f"Goal: constant within {GOAL:.0%}: {met['constant']}")
    histories = Table(title="Growth: a run that imports and trains, after many others")
    for heading in ("import jobs, and versions, before it", "Personalize calls"):
        histories.add_column(heading, justify="right")
    for there_were, calls in results["histories"].items():
        histories.add_row(f"{int(there_were):,}", str(calls))
    console.print(histories)
    console.print(f"Goal: the same: {met['constant whatever there was']}")
