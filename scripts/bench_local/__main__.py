"""`python -m scripts.bench_local`: measure everything in one run, print the table, write the file and the picture."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import track

from local.account import LocalAccount
from scripts.bench_local.gateway import Gateway
from scripts.bench_local.library import Bench
from scripts.bench_local.quality import measure
from scripts.bench_local.report import Report, draw, show, show_quality, write
from scripts.bench_local.sample import write as write_sample

_RESULTS = Path(__file__).resolve().parents[2] / "build" / "bench"
_SIZES = (10_000, 100_000, 1_000_000)
_THREADS = (1, 4)
_LOG_WIDTH = 120


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="make bench-local", description="Measure the local Personalize.")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--sizes", type=int, nargs="+", default=_SIZES, help="interactions, ascending")
    parser.add_argument("--data", type=Path, help="a folder with MovieLens' ratings.csv, to measure quality with")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_LOG_WIDTH)
    quality = measure(arguments.data)
    show_quality(quality, console)
    with tempfile.TemporaryDirectory() as name:
        samples = [write_sample(size, Path(name)) for size in arguments.sizes]
        library = [
            Bench(sample).run(arguments.rounds)
            for sample in track(samples, "beside the libraries", console=console, transient=True)
        ]
        with LocalAccount(durations="instant", log_level="WARNING") as account:
            gateway = Gateway(account)
            requests = {str(threads): gateway.requests_per_second(threads) for threads in _THREADS}
            floor = gateway.floor()
            served = [gateway.serve(each) for each in track(samples, "over HTTP", console=console, transient=True)]
    report = Report(arguments.rounds, requests, floor, tuple(library), tuple(served), quality)
    show(report, console)
    write(report, _RESULTS / "local.json")
    draw(report, _RESULTS / "local.png")
    console.print(f"Written: {_RESULTS / 'local.json'}, {_RESULTS / 'local.png'}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
