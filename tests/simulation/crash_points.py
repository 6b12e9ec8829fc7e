"""Every crash point once: each call to the outside of an undisturbed run, with the Lambda killed before and after it.

A run of three datasets and two solutions is played undisturbed, with a second one that is remembered meanwhile, and the
calls are counted. Then all is played again for every call and every way in which that can go wrong: the runs must end
as well, and make exactly what the undisturbed ones make.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.model import RunStatus
from functions.records import QUIET
from functions.times import written
from functions.watchdog import WATCH
from tests.simulation.cloud import PIPELINES, Cloud, Options, content
from tests.simulation.faults import Faults
from tests.simulation.history import History
from tests.simulation.invariants import Broken
from tests.simulation.lambdas import Invocation, Point
from tests.simulation.play import settle, step
from tests.simulation.quick import quickly
from tests.simulation.story import Story

WAYS = (
    "a Lambda dies before a call",
    "a Lambda dies after a call",
    "a server's error",
    "no connection",
    "an answer is lost",
    "the SDK calls again",
    "the watchdog looks meanwhile",
)
"""How a call can go wrong. One that is throttled is refused before it has an effect, as one without a connection is.

The watchdog finds a run that has not moved for an hour: the message that is being worked was late.
"""


DURATIONS = {"DatasetImportJob": {"create": 200}, "SolutionVersion": {"create": 400}, "*": {"*": 100}}


@dataclass(frozen=True)
class Strike:
    """One call of the undisturbed history, and what happens to it."""

    number: int
    way: str


@dataclass
class Replayed:
    """A history with a strike in it: what was made, how its runs ended, and what broke if anything did."""

    broken: str | None
    made: Counter[str]
    runs: list[RunStatus]
    points: list[str]
    history: History


def replay(strike: Strike | None = None) -> Replayed:
    """Play a first run, and a second one that was remembered meanwhile; strike once."""
    points: list[str] = []

    def trouble(invocation: Invocation, point: Point) -> str | None:
        points.append(f"{invocation.step}: {point.service} {point.operation}")
        if not strike or len(points) - 1 != strike.number:
            return None
        if strike.way == "the watchdog looks meanwhile":
            quieten(cloud)
            cloud.sqs.send("start", [WATCH])
            invocation.sleep(20)
            return None
        return strike.way

    faults = Faults(random.Random(0), on=())  # noqa: S311 # no secret
    cloud = Cloud(faults, Options(gentle=True, durations=DURATIONS), trouble=trouble)
    story = Story(cloud, random.Random(0))  # noqa: S311 # the same
    for kind in PIPELINES["shop"][1]:
        cloud.objects.put(f"s3://data/shop/{kind}/part-1.csv", content(kind, 0))
    broken = None
    try:
        with quickly():
            story.send("schedule", "shop")
            while not any("version" in what for _, what in cloud.witness.made):
                step(cloud)
            cloud.objects.put("s3://data/shop/interactions/part-1.csv", content("interactions", 1))
            story.send("event", "shop")
            settle(cloud)
            cloud.witness.settled()
    except Broken as error:
        broken = str(error)
    finally:
        cloud.close()
    ids = [run.run_id for run in sorted(cloud.ledger.runs.values(), key=lambda run: run.created_at)]
    made = Counter({f"run {ids.index(run)}: {what}": times for (run, what), times in cloud.witness.made.items()})
    runs = [cloud.ledger.runs["shop", run].status for run in ids]
    return Replayed(broken, made, runs, points, cloud.history)


def quieten(cloud: Cloud) -> None:
    """Have no run have moved for longer than the watchdog lets pass."""
    by = QUIET + timedelta(minutes=1)
    cloud.witness.put_back = True

    def earlier(moment: str | None) -> str | None:
        return written(datetime.fromisoformat(moment) - by) if moment else None

    for key, run in cloud.ledger.runs.items():
        if not run.over:
            branches = {
                name: replace(branch, moved_at=earlier(branch.moved_at)) for name, branch in run.branches.items()
            }
            quiet = replace(run, branches=branches, updated_at=str(earlier(run.updated_at)))
            dict.__setitem__(cloud.ledger.runs, key, replace(quiet, dispatched_at=earlier(run.dispatched_at)))


def strikes(undisturbed: Replayed) -> Iterator[Strike]:
    """Yield every strike at every call of the undisturbed history."""
    for number in range(len(undisturbed.points)):
        for way in WAYS:
            yield Strike(number, way)


def judge(undisturbed: Replayed, strike: Strike) -> str | None:
    """Return what is wrong with a history that was struck, None where it ended as well as the undisturbed one."""
    struck = replay(strike)
    point = undisturbed.points[strike.number]
    if struck.broken:
        return f"{strike.way}, {point} (call {strike.number}): {struck.broken}"
    if struck.made != undisturbed.made:
        return f"{strike.way}, {point} (call {strike.number}): it made {_difference(struck.made, undisturbed.made)}"
    if struck.runs != undisturbed.runs:
        return f"{strike.way}, {point} (call {strike.number}): runs ended {struck.runs}, and not {undisturbed.runs}"
    return None


def _difference(these: Counter[str], those: Counter[str]) -> str:
    return f"more: {dict(these - those)}, less: {dict(those - these)}"
