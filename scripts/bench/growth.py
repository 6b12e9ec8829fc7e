"""More and more pipelines at once, without quotas: what a run costs in calls and messages must not grow with them.

Personalize takes the same time for each: how much a run costs depends on that, and it is not what is asked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from functions.settings import QUOTAS
from local.personalize.durations import Spans
from scripts.bench.region import Region

SIZES = (1, 10, 100, 1000)
GOAL = 0.05

DURATIONS: Spans = {
    "*": {"*": 0.0},
    "DatasetImportJob": {"create": 14 * 60.0},
    "SolutionVersion": {"create": 38 * 60.0},
    "Campaign": {"create": 12 * 60.0},
}

UNLIMITED = 1_000_000
MEASURES = ("personalize_calls", "messages", "ledger_requests")


def simulate(pipelines: int) -> dict[str, Any]:
    """Let so many pipelines run at once; return what a run costs."""
    region = Region(durations=DURATIONS, slots=dict.fromkeys(QUOTAS, UNLIMITED))
    region.run(pipelines)
    succeeded = sum(run.status == "SUCCEEDED" for run in region.all_runs)
    return {
        "pipelines": pipelines,
        "succeeded": succeeded,
        "personalize_calls": region.counts["calls"] / pipelines,
        "messages": region.counts["messages"] / pipelines,
        "ledger_requests": region.counts["ledger requests"] / pipelines,
    }


def run(sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Measure every size."""
    measured = [simulate(size) for size in sizes]
    spread = {
        name: max(each[name] for each in measured) / min(each[name] for each in measured) - 1 for name in MEASURES
    }
    constant = all(value <= GOAL for value in spread.values())
    all_succeeded = all(each["succeeded"] == each["pipelines"] for each in measured)
    return {"sizes": measured, "spread": spread, "goals_met": {"constant": constant, "all succeeded": all_succeeded}}


def show(console: Console, results: Mapping[str, Any]) -> None:
    """Print what a run costs, by how many there are."""
    table = Table(title="Growth: pipelines at once, without quotas; what a run costs")
    for heading in ("pipelines", "Personalize calls", "messages", "ledger requests"):
        table.add_column(heading, justify="right")
    for each in results["sizes"]:
        table.add_row(f"{each['pipelines']:,}", *(f"{each[name]:.1f}" for name in MEASURES))
    table.add_row("spread", *(f"{results['spread'][name]:.2%}" for name in MEASURES), style="bold")
    console.print(table)
    console.print(f"Goal: constant within {GOAL:.0%}: {'met' if results['goals_met']['constant'] else 'not met'}")
