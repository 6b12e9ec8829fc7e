"""A world with many pipelines and functions of a given size: who is first in line for an instance goes first."""

from __future__ import annotations

import functools
import heapq
import math
import random
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from functions.errors import LimitExceeded, Throttled
from functions.model import Message, parse
from functions.ports import Ledger, Personalize
from functions.records import Run
from functions.settings import QUOTAS
from functions.slots import KINDS
from local.personalize.models import Record
from scripts.bench.world import BEGINNING, WORKERS, World

INSTANCES = 2
"""The module's default for maximum_concurrency."""

ON_ITS_WAY, IN_HANDLER = 0.1, (0.1, 0.3, 1.0)
"""Seconds that SQS and its poller take, and seconds that a handler takes for a message: [least, typical, most]."""

MADE = {"DatasetImportJob", "SolutionVersion", "Campaign"}


class Refusals:
    """A port onto Personalize that counts the calls, and those that were refused for their number."""

    def __init__(self, port: Personalize, counts: Counter[str]) -> None:
        self._port = port
        self._counts = counts

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call and count."""
        self._counts["calls"] += 1
        try:
            return self._port.call(operation, params)
        except (LimitExceeded, Throttled):
            self._counts["throttled"] += 1
            raise

    def pages(self, operation: str, key: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Count a list as one call: none here has a second page."""
        self._counts["calls"] += 1
        try:
            yield from self._port.pages(operation, key, params)
        except Throttled:
            self._counts["throttled"] += 1
            raise


class Requests:
    """A ledger that counts the requests which DynamoDB would get."""

    def __init__(self, ledger: Ledger, counts: Counter[str]) -> None:
        self._ledger = ledger
        self._counts = counts

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._ledger, name)

        @functools.wraps(operation)
        def counted(*args: Any, **kwargs: Any) -> Any:
            ends_a_phase = name == "advance" and args[-1] and args[-1].finished
            self._counts["ledger requests"] += 2 if name == "pipeline" or ends_a_phase else 1
            return operation(*args, **kwargs)

        return counted


@dataclass(frozen=True)
class Delivery:
    """A message on its way to a step."""

    step: str
    body: str
    identifier: str
    sent: datetime
    receives: int


@dataclass(frozen=True)
class Made:
    """Something that Personalize made for a pipeline: when that began, and how long it took, in seconds."""

    kind: str
    pipeline: str
    key: str
    began: float
    seconds: float


@dataclass
class Region(World):
    """Many pipelines in one region. ``slots`` are the quotas that the functions know of.

    ``rate`` is how many calls a second Personalize takes of each operation; more are throttled, and only our own code
    repeats them. ``asked`` tells when a branch first came to a step that makes what counts against a quota.
    """

    slots: Mapping[str, int] = field(default_factory=lambda: QUOTAS)
    rate: float | None = None
    asked: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._random = random.Random(self.seed)  # noqa: S311 - no secret
        self._agenda: list[tuple[datetime, int, bool, Delivery]] = []
        self._busy = dict.fromkeys(WORKERS, 0)
        self._behind: dict[str, deque[Delivery]] = {step: deque() for step in WORKERS}
        self.ports = replace(
            self.ports,
            settings=replace(self.ports.settings, quotas=self.slots),
            personalize=Refusals(self.ports.personalize, self.counts),
            ledger=cast(Ledger, Requests(self.ledger, self.counts)),
        )

    def run(self, pipelines: int, within: float = 60.0) -> None:
        """Declare so many pipelines, trigger each within a minute, as Scheduler does, and deliver all there is."""
        for number in range(pipelines):
            self.declare(f"p{number:04}")
        self.counts.clear()
        self.service.troubles.set_rates({"*": self.rate})
        for pipeline in self.ledger.declared:
            self.now = BEGINNING + timedelta(seconds=self._random.uniform(0, within))
            self.trigger(pipeline, f"{pipeline}/nightly")
        self.now = BEGINNING
        self.settle()

    def settle(self) -> None:
        """Deliver until no message is left."""
        while self._agenda:
            self.now, _, over, delivery = heapq.heappop(self._agenda)
            if over:
                self._work(delivery)
            elif self._busy[delivery.step] < INSTANCES:
                self._begin(delivery)
            else:
                self._behind[delivery.step].append(delivery)

    def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
        """Put messages into a step's queue."""
        self.counts["messages"] += len(bodies)
        super().send(step, bodies, delay)

    def _push(self, due: datetime, step: str, body: str, identifier: str, sent: datetime, receives: int) -> None:
        delivery = Delivery(step, body, identifier, sent, receives)
        self._later(due + timedelta(seconds=ON_ITS_WAY), delivery)

    def _later(self, due: datetime, delivery: Delivery, *, over: bool = False) -> None:
        heapq.heappush(self._agenda, (due, next(self._numbers), over, delivery))

    def _begin(self, delivery: Delivery) -> None:
        self._busy[delivery.step] += 1
        least, typical, most = IN_HANDLER
        seconds = min(max(least, self._random.lognormvariate(math.log(typical), 0.5)), most)
        self._later(self.now + timedelta(seconds=seconds), delivery, over=True)

    def _work(self, delivery: Delivery) -> None:
        """Work a message, all at once when its time in the handler is over, and begin the next."""
        if delivery.step in KINDS:
            told = parse(Message, delivery.body)
            self.asked.setdefault((told.pipeline, told.branch), self.now)
        self.deliver(delivery.step, delivery.body, delivery.identifier, delivery.sent, delivery.receives)
        self._busy[delivery.step] -= 1
        if self._behind[delivery.step]:
            self._begin(self._behind[delivery.step].popleft())

    # -------------------------------------------------------------- look

    @property
    def all_runs(self) -> list[Run]:
        """The runs that there were."""
        return list(self.ledger.runs.values())

    @property
    def made(self) -> list[Made]:
        """What the runs had made, in order."""
        return [_made(each) for each in self.service.world.state.records.values() if each.kind in MADE]


def _made(made: Record) -> Made:
    attributes = made.attributes
    match made.kind:
        case "DatasetImportJob":
            _, group, key = attributes["datasetArn"].rsplit("/", 2)
            pipeline, key = group.removeprefix("acme-"), key.lower()
        case "SolutionVersion":
            pipeline, key = attributes["solutionArn"].rpartition("/acme-")[2].split("-", 1)
        case _:
            pipeline, key = made.name.removeprefix("acme-").split("-", 1)
    began = (made.life.created_at - BEGINNING).total_seconds()
    return Made(made.kind, pipeline, key, began, made.life.seconds)
