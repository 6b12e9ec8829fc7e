"""One seed is one history: drawn, played to its end, and judged."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from functions.settings import QUOTAS
from functions.watchdog import WATCH
from tests.simulation.cloud import PIPELINES, Cloud, Options
from tests.simulation.faults import HARD, KINDS, NOT_YET, Faults
from tests.simulation.history import History
from tests.simulation.invariants import Broken
from tests.simulation.quick import quickly
from tests.simulation.story import HOUR, Story

LONGEST = 48 * HOUR
"""Without trouble everything must have come to its end so soon: two runs in a row, each up to its deadlines."""

MOST_STEPS = 200_000


@dataclass
class Outcome:
    """How a history ended. ``broken`` is the invariant that did not hold, if one did not."""

    seed: int
    broken: str | None
    history: History
    struck: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    points: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(crash point, what went wrong there) → how often."""


def options_of(rng: random.Random, told: bool) -> Options:
    """Draw what a history is made of. ``told``: our functions know the quotas, and nobody else uses them up."""
    names = tuple(name for name in PIPELINES if rng.random() < 0.5) or ("shop",)
    imports, trainings = rng.choice((5, 5, 2, 1)), rng.choice((20, 20, 2, 1))
    return Options(
        pipelines=names,
        gentle=rng.random() < 0.4,
        quotas={"pending-import-jobs": imports, "pending-solution-versions": trainings},
        slots={"import": imports, "train": trainings} if told else QUOTAS,
        alone=told,
    )


def play(seed: int, without: Collection[str] = NOT_YET) -> Outcome:
    """Play the history of a seed, ``without`` some kinds of faults."""
    rng = random.Random(seed)  # noqa: S311 # no secret
    options = options_of(rng, told=random.Random(f"{seed}/told").random() < 0.7)  # noqa: S311 # the same
    on = KINDS - set(without) - (HARD if options.gentle else set())
    faults = Faults(random.Random(f"{seed}/faults"), on, intensity=rng.choice((0.2, 1.0, 1.0, 3.0)))  # noqa: S311 # the same
    cloud = Cloud(faults, options, seed)
    story = Story(cloud, rng)
    try:
        with quickly():
            broken = judge(cloud, story)
    finally:
        cloud.close()
    runs: Counter[str] = Counter(run.status for run in cloud.ledger.runs.values())
    return Outcome(seed, broken, cloud.history, faults.struck, runs, cloud.points)


def judge(cloud: Cloud, story: Story) -> str | None:
    """Play to the end; return what broke, if anything did."""
    try:
        story.begin()
        while not cloud.faults.over:
            step(cloud)
        strange = sorted(cloud.others.strange)
        settle(cloud)
        if strange:
            cloud.note("operator", f"mends the records of another version: {strange}")
            cloud.others.strange.clear()
            settle(cloud)
            cloud.watch_once()
            while any(letter.body == WATCH for letters in cloud.sqs.waiting.values() for letter in letters):
                step(cloud)
            settle(cloud)
        cloud.witness.settled()
        last = {name: story.send("schedule", name) for name in cloud.options.pipelines}
        settle(cloud)
        cloud.witness.settled()
        cloud.witness.all_is_new(last)
    except Broken as broken:
        return str(broken)
    return None


def settle(cloud: Cloud) -> None:
    """Let everything come to its end: what is dead is redriven, what hangs is let go once nobody waits for it."""
    for attempt in range(3):
        longest = cloud.agenda.seconds + LONGEST
        while cloud.busy or cloud.applying:
            if not cloud.busy:
                cloud.service.control.release()  # Terraform waits for it, and has no deadline
            step(cloud)
            if cloud.agenda.seconds > longest:
                raise Broken(f"{LONGEST / HOUR:g} hours without trouble, and it is not over: {_under_way(cloud)}")
        cloud.service.control.release()
        if attempt == 2 or not _redriven(cloud):
            return


def step(cloud: Cloud) -> None:
    """Let the next thing happen, and see whether it broke anything."""
    if not cloud.agenda.step():
        raise Broken(f"nothing happens any more, and it is not over: {_under_way(cloud)}")
    if cloud.errors:
        raise cloud.errors[0]
    if len(cloud.history.events) > MOST_STEPS:
        raise Broken(f"{MOST_STEPS} calls, and no end")


def _redriven(cloud: Cloud) -> int:
    """Put dead letters back, as a person does; what was garbage stays."""
    count = 0
    for name in list(cloud.sqs.dead):
        if any(letter.body not in cloud.witness.garbage for letter in cloud.sqs.dead[name]):
            count += cloud.sqs.redrive(name)
            cloud.note("operator", f"redrives the dead letters of {name}")
    return count


def _under_way(cloud: Cloud) -> str:
    leases = [f"{name}: {lease}" for name, lease in cloud.ledger.leases.items() if lease.active or lease.next]
    letters = Counter({name: len(letters) for name, letters in cloud.sqs.waiting.items() if letters})
    return "; ".join([*leases, str(dict(letters)), *([cloud.applying] if cloud.applying else [])])
