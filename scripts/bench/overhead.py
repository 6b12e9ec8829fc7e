"""Overhead: what our own code takes, beside an empty handler of the same library in the same run."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from rich.console import Console
from rich.table import Table

from functions.ports import Ports
from functions.shell import Event, Worker, batch
from scripts import bench_cold
from scripts.bench.world import World

RUNS, ROUNDS = 10, 3
EMPTY = "(an empty handler)"

_TYPICAL = {"DatasetImportJob": (600.0, 1200.0), "SolutionVersion": (1200.0, 5400.0), "Campaign": (600.0, 900.0)}


class _Watched:
    """A port whose time is not counted as ours: on AWS it is spent waiting for an answer."""

    def __init__(self, port: object, clock: _Stopwatch) -> None:
        self._port = port
        self._clock = clock

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            began = time.process_time()
            try:
                answer = method(*args, **kwargs)
                # A generator does its work when it is read.
                return iter(list(answer)) if isinstance(answer, Iterator) else answer
            finally:
                self._clock.outside += time.process_time() - began

        return watched


class _Stopwatch:
    outside = 0.0


class _Measured(World):
    """A world that takes the time, or the memory, of every message that a handler works."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.figures: dict[str, list[float]] = defaultdict(list)
        self._stopwatch = _Stopwatch()
        outside = ("personalize", "queues", "ledger", "objects", "bus")
        self.ports = replace(
            self.ports,
            **{name: cast(Any, _Watched(getattr(self.ports, name), self._stopwatch)) for name in outside},
        )
        self._empty = batch(Worker(_nothing), lambda: self.ports)

    def handle(self, step: str, event: Event) -> Mapping[str, Any]:
        """Measure the step's handler, and an empty one with the same event."""
        self.figures[EMPTY].append(self._measured(lambda: self._empty(event, self.context))[0])
        figure, answer = self._measured(lambda: super(_Measured, self).handle(step, event))
        self.figures[step].append(figure)
        return answer

    def _measured(self, work: Callable[[], Mapping[str, Any]]) -> tuple[float, Mapping[str, Any]]:
        if tracemalloc.is_tracing():
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            answer = work()
            return (tracemalloc.get_traced_memory()[1] - before) / 1024, answer
        self._stopwatch.outside, began = 0.0, time.process_time()
        answer = work()
        return 1000 * (time.process_time() - began - self._stopwatch.outside), answer


def _nothing(record: object, ports: Ports) -> None:
    pass


def _run(world: World, runs: int) -> None:
    world.declare("shop")
    for number in range(runs):
        world.trigger("shop", f"nightly/{number}", force=True)
        world.settle()
        world.now += timedelta(days=1)


def _world() -> _Measured:
    return _Measured(durations={kind: {"create": span, "update": span} for kind, span in _TYPICAL.items()})


def processor(runs: int) -> dict[str, list[float]]:
    """Return the milliseconds of processor time that each message took, by step."""
    world = _world()
    _run(world, runs)
    return world.figures


def memory(runs: int) -> dict[str, list[float]]:
    """Return the most KB that each message needed beyond what there was, the stand-ins of AWS included."""
    world = _world()
    tracemalloc.start()
    try:
        _run(world, runs)
    finally:
        tracemalloc.stop()
    return world.figures


def speed(runs: int) -> float:
    """Return how many whole runs a second the bench's world gets through."""
    world = World(durations={kind: {"create": span, "update": span} for kind, span in _TYPICAL.items()})
    began = time.perf_counter()
    _run(world, runs)
    return runs / (time.perf_counter() - began)


def run(runs: int = RUNS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure everything; ``rounds`` 0 leaves out cold imports, for which the zip must have been built."""
    milliseconds, kilobytes = processor(runs), memory(max(1, runs // 3))
    empty = statistics.median(milliseconds[EMPTY])
    steps = {
        step: {
            "messages": len(milliseconds[step]),
            "cpu_ms": statistics.median(milliseconds[step]),
            "cpu_beside_empty": statistics.median(milliseconds[step]) / empty,
            "peak_kb": max(kilobytes[step]),
        }
        for step in milliseconds
    }
    return {"steps": steps, "runs_per_second": speed(runs), "cold_import_ms": cold(rounds) if rounds else {}}


def cold(rounds: int) -> dict[str, dict[str, float]]:
    """Return each handler's cold import, and the ratio to Powertools alone."""
    _, medians = bench_cold.run(bench_cold.python_of_the_runtime(), rounds, Console(quiet=True))
    alone = medians[bench_cold.POWERTOOLS]["without_boto3"]
    return {
        name: {"ms": each["without_boto3"], "beside_powertools": each["without_boto3"] / alone}
        for name, each in medians.items()
    }


def show(console: Console, results: dict[str, Any]) -> None:
    """Print what each step takes."""
    table = Table(title="Overhead of our own code, per message", title_justify="left")
    table.add_column("step")
    for column in ("messages", "CPU, ms", "of an empty one's", "peak, KB", "cold import, ms", "of Powertools'"):
        table.add_column(column, justify="right")
    imports = results["cold_import_ms"]
    for step, found in results["steps"].items():
        imported = imports.get(step if step != EMPTY else bench_cold.POWERTOOLS)
        table.add_row(
            step,
            str(found["messages"]),
            f"{found['cpu_ms']:.2f}",
            f"{found['cpu_beside_empty']:.1f}",
            f"{found['peak_kb']:.0f}",
            f"{imported['ms']:.0f}" if imported else "",
            f"{imported['beside_powertools']:.2f}" if imported else "",
        )
    console.print(table)
    console.print(
        f"Medians of the handlers' own processor time, without that of the stand-ins for AWS; the most memory of any "
        f"message, with them. The bench's world does {results['runs_per_second']:.1f} runs a second."
    )
