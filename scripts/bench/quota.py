"""Many pipelines triggered at the same minute, under the quotas of a region: how close to the bound, and how fair.

Beside it the policy that there was before: no line, but a pause of a minute after each refusal.
"""

from __future__ import annotations

import heapq
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from unittest import mock

from rich.console import Console
from rich.table import Table

from functions import guarded, slots, timing
from functions.errors import Conflict
from functions.records import Turnstile
from functions.settings import QUOTAS
from local.personalize.durations import Spans
from local.twins import MemoryLedger
from scripts.bench.region import Made, Region
from scripts.bench.world import BEGINNING

PIPELINES, SEED = 200, 4

RATE = 5.0
"""Calls a second that Personalize takes of an operation, in the run that shows throttling: nobody has published it."""

COMPARED = 40
"""So many pipelines under both policies: that of before asks so often in vain that more would take too long."""

GOAL_MAKESPAN, GOAL_THROTTLED = 1.05, 0.01

MINUTE, HOUR = 60.0, 3600.0
DURATIONS: Spans = {
    "*": {"*": 0.0},
    "DatasetImportJob": {"create": (10 * MINUTE, 14 * MINUTE, 20 * MINUTE)},
    "SolutionVersion": {"create": (20 * MINUTE, 38 * MINUTE, 90 * MINUTE)},
    "Campaign": {"create": (10 * MINUTE, 12 * MINUTE, 15 * MINUTE)},
}
"""[least, typical, most] of log-normal durations, as Personalize's users tell of them."""

REAL_QUOTAS = {"pending-import-jobs": QUOTAS["import"], "pending-solution-versions": QUOTAS["train"]}
UNLIMITED = dict.fromkeys(QUOTAS, 1_000_000)

WRITERS = (10, 50, 200)
REQUEST = (0.003, 0.010)
"""How many write the same turnstile at once, and seconds that a request to DynamoDB takes."""


# ------------------------------------------------------------------ the bound


def works_of(made: Iterable[Made]) -> dict[str, Work]:
    """Sort what was made by the pipeline that it was made for."""
    of: dict[str, list[Made]] = defaultdict(list)
    for each in made:
        of[each.pipeline].append(each)
    return {pipeline: Work.of(jobs) for pipeline, jobs in of.items()}


@dataclass(frozen=True)
class Work:
    """How long each of a pipeline's imports takes; and each training, with the campaign that follows it."""

    imports: tuple[float, ...]
    solutions: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, made: Sequence[Made]) -> Work:
        """Read a pipeline's work from what was made for it."""
        campaigns = {each.key: each.seconds for each in made if each.kind == "Campaign"}
        return cls(
            tuple(each.seconds for each in made if each.kind == "DatasetImportJob"),
            tuple((each.seconds, campaigns.get(each.key, 0.0)) for each in made if each.kind == "SolutionVersion"),
        )

    @property
    def head(self) -> float:
        """The shortest time before it can train."""
        return max(self.imports)

    @property
    def tail(self) -> float:
        """The shortest time after its imports."""
        return max(sum(each) for each in self.solutions)


def bound(works: Iterable[Work]) -> float:
    """Return what no schedule can beat, in seconds.

    A quota's slots take at least the sum of its work over their number; nothing trains before the quickest imports, and
    after the last import its pipeline trains and deploys still. And no pipeline is quicker than its own longest way.
    """
    works = list(works)
    importing = sum(sum(work.imports) for work in works) / QUOTAS["import"]
    training = sum(trained for work in works for trained, _ in work.solutions) / QUOTAS["train"]
    return max(
        importing + min(work.tail for work in works),
        min(work.head for work in works) + training + min(last for work in works for _, last in work.solutions),
        max(work.head + work.tail for work in works),
    )


def without_overhead(works: Iterable[Work]) -> float:
    """Return how long the same work takes in the order of asking, if every slot is handed on at once, in seconds."""
    importing, training = [0.0] * QUOTAS["import"], [0.0] * QUOTAS["train"]
    ready = sorted(
        (max([_place(importing, 0.0, each) for each in work.imports]), n, work) for n, work in enumerate(works)
    )
    return max(
        _place(training, at, trained) + deployed for at, _, work in ready for trained, deployed in work.solutions
    )


def _place(free: list[float], since: float, seconds: float) -> float:
    """Put a job into the slot that is free first, and return its end."""
    end = max(heapq.heappop(free), since) + seconds
    heapq.heappush(free, end)
    return end


# ------------------------------------------------------------------ the runs


def simulate(pipelines: int, quotas: Mapping[str, int] = QUOTAS, rate: float | None = None) -> dict[str, Any]:
    """Let so many pipelines run at once; ``quotas`` are the slots that the functions know of."""
    began = time.perf_counter()
    region = Region(REAL_QUOTAS, DURATIONS, seed=SEED, slots=quotas, rate=rate)
    region.run(pipelines)
    made = region.made
    works = works_of(made)
    order = sorted(works, key=lambda pipeline: region.asked[pipeline, "*"])
    runs = region.all_runs
    ends = [datetime.fromisoformat(run.finished_at) for run in runs if run.finished_at]
    makespan = (max(ends) - BEGINNING).total_seconds()
    statuses = Counter(run.status for run in runs)
    complete = statuses["SUCCEEDED"] == pipelines
    least = bound(works.values()) if complete else None
    return {
        "pipelines": pipelines,
        "runs": dict(statuses),
        "failed": pipelines - statuses["SUCCEEDED"],
        "reasons": dict(Counter(run.reason for run in runs if run.reason)),
        "makespan_hours": makespan / HOUR,
        "bound_hours": least and least / HOUR,
        "over_bound": least and makespan / least,
        "without_overhead_hours": without_overhead(works[each] for each in order) / HOUR if complete else None,
        "imports_busy": _busy(made, "DatasetImportJob", QUOTAS["import"]),
        "calls": region.counts["calls"],
        "throttled": region.counts["throttled"],
        "throttled_share": region.counts["throttled"] / region.counts["calls"],
        "longest_beyond_fair_order_seconds": beyond_fair_order(made, region.asked),
        "messages": region.counts["messages"],
        "ledger_requests": region.counts["ledger requests"],
        "dead_letters": len(region.dead),
        "seconds_to_simulate": time.perf_counter() - began,
    }


def _busy(made: Iterable[Made], kind: str, capacity: int) -> float:
    """Return the share of their time that slots were in use, until the last of their work had begun."""
    jobs = [each for each in made if each.kind == kind]
    first, last = min(each.began for each in jobs), max(each.began for each in jobs)
    used = sum(min(each.began + each.seconds, last) - each.began for each in jobs)
    return used / ((last - first) * capacity) if last > first else 1.0


def beyond_fair_order(made: Iterable[Made], asked: Mapping[tuple[str, str], datetime]) -> float:
    """Return the longest that anything has waited after something began that had been asked for later, in seconds."""
    longest = 0.0
    for kind in ("DatasetImportJob", "SolutionVersion"):
        jobs = [each for each in made if each.kind == kind]
        jobs.sort(key=lambda job: asked[job.pipeline, "*" if job.kind == "DatasetImportJob" else job.key])
        earliest = float("inf")
        for job in reversed(jobs):
            longest = max(longest, job.began - earliest)
            earliest = min(earliest, job.began)
    return longest


@contextmanager
def a_minute_after_each_refusal() -> Iterator[None]:
    """Have the functions do as they did before there was a line; what is refused tries again after a minute."""
    with mock.patch.object(timing, "refused_pause", return_value=timing.REFUSED):
        yield


# ------------------------------------------------------------------ many writers at once


def contention(writers: int) -> dict[str, Any]:
    """Have so many threads ask for a slot at the same moment, in real time: how often they meet, and for how long."""
    ledger, lock, ready = MemoryLedger(), threading.Lock(), threading.Barrier(writers)
    tries, waited, failed = [0] * writers, [0.0] * writers, [0]

    def read(number: int) -> Turnstile:
        tries[number] += 1
        time.sleep(_request(number, tries[number]))
        return ledger.turnstile("import")

    def write(number: int, turnstile: Turnstile) -> None:
        time.sleep(_request(number, -tries[number]))
        with lock:
            ledger.save_turnstile("import", turnstile)

    def ask(number: int) -> None:
        ready.wait()
        began = time.perf_counter()
        enter = partial(slots.ask, tokens=[f"p{number:04}/run/*/items"], capacity=5, now=BEGINNING)
        try:
            guarded.change(partial(read, number), partial(write, number), enter, "The turnstile", guarded.rest)
        except Conflict:
            failed[0] += 1
        waited[number] = time.perf_counter() - began

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "writers": writers,
        "tries_each": sum(tries) / writers,
        "most_tries": max(tries),
        "median_seconds": statistics.median(waited),
        "longest_seconds": max(waited),
        "gave_up": failed[0],
    }


def _request(number: int, which: int) -> float:
    """Return how long a request takes: spread evenly, and the same for the same request."""
    least, most = REQUEST
    return least + (most - least) * (hash((number, which)) % 997) / 997


# ------------------------------------------------------------------ the bench


def run(pipelines: int = PIPELINES, compared: int = COMPARED) -> dict[str, Any]:
    """Measure: the line, the policy before it, and writers that meet."""
    line, throttled, fewer_in_line = simulate(pipelines), simulate(pipelines, rate=RATE), simulate(compared)
    with a_minute_after_each_refusal():
        before = simulate(compared, UNLIMITED)
    goals = {
        "makespan": line["over_bound"] is not None and line["over_bound"] <= GOAL_MAKESPAN,
        "no run failed": line["failed"] == throttled["failed"] == 0,
        "throttled": line["throttled_share"] <= GOAL_THROTTLED,
    }
    return {
        "seed": SEED,
        "in_line": line,
        "throttled": throttled,
        "fewer_in_line": fewer_in_line,
        "a_minute_after_each_refusal": before,
        "contention": [contention(writers) for writers in WRITERS],
        "goals_met": goals,
    }


ROWS = {
    "pipelines": ("pipelines", "{}"),
    "makespan (h)": ("makespan_hours", "{:.2f}"),
    "bound set by the quotas (h)": ("bound_hours", "{:.2f}"),
    "over the bound": ("over_bound", "{:.3f}"),
    "same work, no overhead (h)": ("without_overhead_hours", "{:.2f}"),
    "import slots in use": ("imports_busy", "{:.1%}"),
    "runs failed": ("failed", "{}"),
    "Personalize calls": ("calls", "{:,}"),
    "of these throttled": ("throttled_share", "{:.2%}"),
    "longest beyond fair order (s)": ("longest_beyond_fair_order_seconds", "{:.1f}"),
    "messages": ("messages", "{:,}"),
    "ledger requests": ("ledger_requests", "{:,}"),
}


def show(console: Console, results: Mapping[str, Any]) -> None:
    """Print both policies side by side."""
    columns = [results[name] for name in ("in_line", "throttled", "fewer_in_line", "a_minute_after_each_refusal")]
    table = Table(title=f"Quotas: all pipelines triggered at the same minute, seed {results['seed']}")
    for heading in ("", "in line", f"at most {RATE:g} calls a second", "in line, fewer", "a pause of 60 s", "goal"):
        table.add_column(heading, justify="left" if not heading else "right")
    goals = {
        "over the bound": f"≤ {GOAL_MAKESPAN}",
        "runs failed": "0",
        "of these throttled": f"≤ {GOAL_THROTTLED:.0%}",
    }
    for label, (key, form) in ROWS.items():
        table.add_row(label, *(_shown(form, each[key]) for each in columns), goals.get(label, ""))
    console.print(table)
    for each in results["contention"]:
        console.print(
            f"{each['writers']} at once on one turnstile: {each['tries_each']:.1f} tries each, at most "
            f"{each['most_tries']}, {each['median_seconds']:.2f} s in the median, "
            f"{each['longest_seconds']:.2f} s at most; {each['gave_up']} gave up",
            soft_wrap=True,
        )


def _shown(form: str, value: Any) -> str:
    return "-" if value is None else form.format(value)
