"""Other ways to wait for the same pipeline, over the same durations, counted in the same units.

They are models, not code that runs: a look sees what is over by then, and costs what its description says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.bench.world import HANDOVER


@dataclass(frozen=True)
class Durations:
    """How long Personalize takes for what one run makes, in seconds; each training has its campaign."""

    imports: tuple[float, ...]
    trainings: tuple[float, ...]
    campaigns: tuple[float, ...]

    @property
    def critical_path(self) -> float:
        """The least that the run can take: the imports side by side, then the longest way through a solution."""
        ways = zip(self.trainings, self.campaigns, strict=True)
        return max(self.imports) + max(training + campaign for training, campaign in ways)

    def times(self, factor: float) -> Durations:
        """Return them all longer by a factor."""
        kinds = (self.imports, self.trainings, self.campaigns)
        return Durations(*(tuple(factor * each for each in kind) for kind in kinds))


@dataclass(frozen=True)
class Outcome:
    """What became of a run: its makespan in seconds, and what it used, in billed units and Personalize calls."""

    makespan: float
    units: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Polls:
    """The looks at one thing: when they saw that it was over, and how many there were."""

    until: float
    count: int


def polls(duration: float, gap: Callable[[int], float], before: int = 0) -> Polls:
    """Look again and again; ``gap`` tells the wait before each look, by how many there were ``before`` it."""
    time, count = 0.0, 0
    while time < duration:
        time += gap(before + count) + HANDOVER
        count += 1
    return Polls(time, count)


FIRST_GAP, BACKOFF, TRIES = 60.0, 1.02, 100
"""The retries of AWS's Step Functions solution for Personalize, which it has retired.

https://github.com/aws-solutions/maintaining-personalized-experiences-with-machine-learning
"""

LIST_AND_DESCRIBE, WITH_METRICS = 2, 3
"""The calls of its poll; of a training it asks for the metrics, too."""


class GaveUp(Exception):
    """The peer has no tries left."""


def peer_gap(before: int) -> float:
    """Return the wait before a retry of the peer; raise :class:`GaveUp` after the last."""
    if before >= TRIES:
        raise GaveUp(f"{TRIES} tries")
    return FIRST_GAP * BACKOFF**before


def peer(durations: Durations) -> Outcome:
    """Wait as the peer does: its gaps go on to grow through a branch's import, training and campaign."""
    imports = [polls(each, peer_gap) for each in durations.imports]
    slowest = max(imports, key=lambda each: each.until)
    tries = sum(each.count for each in imports)
    calls, ends = LIST_AND_DESCRIBE * tries, []
    for training, campaign in zip(durations.trainings, durations.campaigns, strict=True):
        trained = polls(training, peer_gap, slowest.count)
        deployed = polls(campaign, peer_gap, slowest.count + trained.count)
        tries += trained.count + deployed.count
        calls += WITH_METRICS * trained.count + LIST_AND_DESCRIBE * deployed.count
        ends.append(slowest.until + trained.until + deployed.until)
    made = len(durations.imports) + 2 * len(durations.trainings)
    invocations = tries + made
    return Outcome(
        max(ends), {"lambda": invocations, "state transitions": invocations, "personalize": calls + made, "events": 1}
    )


PER_MESSAGE: dict[str, float] = {"lambda": 1, "sqs": 3, "dynamodb read units": 2, "dynamodb write units": 5}
"""What a message of this project uses: a send, a receive and a delete, a look at the run, and its branch's cursor."""


def every(seconds: float, durations: Durations) -> Outcome:
    """Wait as this project's chain would at a fixed interval, with a look at all that is not ready yet."""

    def gap(before: int) -> float:
        return seconds

    imports = [polls(each, gap) for each in durations.imports]
    messages, calls = max(each.count for each in imports), sum(each.count for each in imports)
    ways = []
    for training, campaign in zip(durations.trainings, durations.campaigns, strict=True):
        trained, deployed = polls(training, gap), polls(campaign, gap)
        messages += trained.count + deployed.count
        calls += trained.count + deployed.count
        ways.append(trained.until + deployed.until)
    solutions = len(durations.trainings)
    messages += 2 + 3 * solutions  # start, import, and train, deploy and finish for each
    calls += 2 * len(durations.imports) + 4 * solutions  # history, creation; history, training, campaign, its move
    hops = 5 * HANDOVER  # the messages of these on the longest way
    units = {unit: messages * each for unit, each in PER_MESSAGE.items()}
    return Outcome(hops + max(each.until for each in imports) + max(ways), {**units, "personalize": calls, "events": 1})
