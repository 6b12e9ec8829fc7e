"""`python -m scripts.bench`: run the benches, print their tables, write their files."""

from __future__ import annotations

import argparse
import importlib
import sys

from rich.console import Console

from scripts.bench import report
from scripts.bench.world import silence

BENCHES = ("waiting", "quota", "growth", "overhead", "cost")
"""Modules of this package with ``run() -> dict`` and ``show(console, results)``; a picture is `report.draw_<name>`."""

_LOG_WIDTH = 140


def main() -> int:
    """Run what is asked for, or everything."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure waiting, quotas and our own overhead.")
    parser.add_argument("benches", nargs="*", default=BENCHES, metavar="bench", help=f"of {', '.join(BENCHES)}")
    arguments = parser.parse_args()
    if unknown := {*arguments.benches} - {*BENCHES}:
        parser.error(f"there is no bench {', '.join(sorted(unknown))}: {', '.join(BENCHES)}")
    silence()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_LOG_WIDTH)
    for name in arguments.benches:
        bench = importlib.import_module(f"scripts.bench.{name}")
        with console.status(name):
            results = bench.run()
        bench.show(console, results)
        written = [report.write(name, results)]
        if draw := getattr(report, f"draw_{name}", None):
            written.append(draw(results))
        console.print(f"Written: {', '.join(str(path) for path in written)}\n", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
