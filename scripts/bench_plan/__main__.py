"""Time plans of 1 to 300 pipelines, each of three datasets and two solutions with campaigns, against the bound.

The bound is 10 s and 0.1 s a pipeline, on a quiet machine: the load is printed beside it. Growth is the exponent b of
``seconds(n) - seconds(1) = a * (n - 1) ** b``: about 1 where a plan's time is linear.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.account import LocalAccount
from scripts.bench.report import FOLDER, write
from scripts.terraform import Terraform

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = Path(__file__).parent
SIZES = (1, 10, 50, 100, 300)
LINEAR = 1.2
"""The exponent up to which growth counts as linear: a graph's order alone has a logarithm in it."""


@dataclass(frozen=True)
class Measured:
    """A plan's seconds on the clock and of processors, and the peak memory of its largest process so far, in MB."""

    pipelines: int
    seconds: float
    processor_seconds: float
    megabytes: float
    load: float

    @property
    def ratio(self) -> float:
        """How much of the bound it took."""
        return self.seconds / (10 + 0.1 * self.pipelines)


def configuration(account: LocalAccount, pipelines: int) -> Terraform:
    """Return the configuration of so many pipelines."""
    package = ROOT / "build" / "package.zip"
    variables = {"package": str(package), "pipelines": pipelines}
    return Terraform(CONFIGURATION, FOLDER / "plan", variables=variables, environment=account.env)


def measure(account: LocalAccount, pipelines: int) -> Measured:
    """Plan once."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    configuration(account, pipelines).plan()
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Measured(
        pipelines=pipelines,
        seconds=seconds,
        processor_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        megabytes=after.ru_maxrss / 1024,
        load=os.getloadavg()[0],
    )


def exponent(points: Sequence[tuple[int, float]]) -> float:
    """Fit the exponent of growth beyond the first of the points (pipelines, seconds); NaN for fewer than three."""
    (least, base), *others = sorted(points)
    grown = [(math.log(n - least), math.log(seconds - base)) for n, seconds in others if seconds > base]
    if len(grown) < 2:
        return math.nan
    return statistics.linear_regression([x for x, _ in grown], [y for _, y in grown]).slope


def show(console: Console, measured: Sequence[Measured]) -> None:
    """Print what was measured."""
    table = Table(title="terraform plan: three datasets, two solutions, uploads and a schedule each")
    for column in ("pipelines", "seconds", "bound", "of the bound", "processor s", "memory MB", "load"):
        table.add_column(column, justify="right")
    for each in measured:
        table.add_row(
            str(each.pipelines),
            f"{each.seconds:.1f}",
            f"{10 + 0.1 * each.pipelines:.0f}",
            f"{each.ratio:.0%}",
            f"{each.processor_seconds:.1f}",
            f"{each.megabytes:.0f}",
            f"{each.load:.1f}",
        )
    console.print(table)
    clock = exponent([(each.pipelines, each.seconds) for each in measured])
    processors = exponent([(each.pipelines, each.processor_seconds) for each in measured])
    console.print(f"growth: {clock:.2f} of the clock, {processors:.2f} of the processors")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the sizes; 1 where one takes longer than the bound, or more than in proportion."""
    parser = argparse.ArgumentParser(prog="make bench-plan", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES), help="numbers of pipelines")
    options = parser.parse_args(arguments)
    with LocalAccount(durations="instant") as account:
        configuration(account, 1).init()
        measured = [measure(account, size) for size in sorted(options.sizes)]
    show(Console(), measured)
    results = [asdict(each) | {"ratio": each.ratio} for each in measured]
    growth = exponent([(each.pipelines, each.processor_seconds) for each in measured])
    write("plan", {"sizes": results, "exponent": None if math.isnan(growth) else growth})
    return int(any(each.ratio > 1 for each in measured) or growth > LINEAR)


if __name__ == "__main__":
    sys.exit(main())
