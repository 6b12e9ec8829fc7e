"""All that there is in a history: the local Personalize, the twins, queues and Lambdas, under one virtual clock."""

from __future__ import annotations

import hashlib
import pickle
import random
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from functions.model import Pipeline
from functions.settings import QUOTAS
from functions.telemetry import metrics
from functions.watchdog import WATCH
from local.personalize import Personalize
from local.personalize.kinds.data import Imported, Reading
from local.personalize.learning.training import train
from local.personalize.work import InlineWork, Job
from tests.contract.table import STEPS
from tests.simulation.clockwork import BEGINNING, Agenda
from tests.simulation.faults import CALLS, LAMBDA, Faults
from tests.simulation.history import History
from tests.simulation.invariants import Broken, Watched, Witness
from tests.simulation.lag import Lagging
from tests.simulation.lambdas import TIMEOUT, Invocation, Point, about, work
from tests.simulation.queues import UnreliableSqs
from tests.simulation.quick import quickly
from tests.simulation.versions import OtherVersions
from tests.support.memory import MemoryBus, MemoryLedger, MemoryObjects
from tests.support.sqs import Letter
from tests.support.world import ACCOUNT, RECEIVES, REGION, World, interactions, items, users

VISIBILITY = timedelta(seconds=6 * TIMEOUT)
CONCURRENCY = 10
WATCH_EVERY = 1800.0

MOST_IN_A_CHAIN = 16
"""So often does Lambda invoke a function in one chain of messages, unless it may be part of a loop.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

RECURSIVE = frozenset(step for step, row in STEPS.items() if row.get("recursive"))
"""The steps that Terraform lets be part of a loop."""

PIPELINES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "shop": (("for-you", "similar"), ("interactions", "items", "users")),
    "books": (("popular", "fresh"), ("interactions",)),
    "films": (("similar", "popular"), ("interactions", "items")),
}
"""Pipeline → its solutions and datasets."""

FILTERS = {"odd": 'INCLUDE ItemID WHERE Items.GENRES IN ("odd")'}
"""Of every pipeline that has items: a run makes them once those are there."""

MINIMA = {"minimum-imported-interactions": 10, "minimum-interactions": 10, "minimum-users": 2}

DURATIONS = {
    "DatasetImportJob": {"create": (600, 1200)},
    "SolutionVersion": {"create": (1200, 2160, 5400), "stop": (60, 300)},
    "Campaign": {"create": (600, 900), "update": (600, 900), "delete": (60, 300)},
    "*": {"*": (1, 30)},
}


@cache
def content(kind: str, generation: int) -> bytes:
    """Return a small file for a dataset; every generation is another one."""
    if kind == "interactions":
        return interactions(seed=generation, users=6, items=8, rows=40)
    return items(8 + generation) if kind == "items" else users(6 + generation)


@cache
def _provisioned() -> tuple[bytes, dict[str, Pipeline]]:
    """Return Personalize's state, and the ledger's declarations, as Terraform leaves them."""
    world = World(now=BEGINNING - timedelta(days=1))
    with quickly():
        for name, (solutions, kinds) in PIPELINES.items():
            world.declare(name, solutions, kinds, FILTERS if "items" in kinds else {})
    world.service.advance()
    return pickle.dumps(world.service.world.state), world.ledger.declared


_results: dict[object, Any] = {}


class RememberedWork(InlineWork):
    """Each file is read, and each recipe trained, once in the life of this process: results are handed out again."""

    def submit(self, job: Job) -> Future[object]:
        """Answer at once."""
        key = _key(job)
        if key is None:
            return super().submit(job)
        if key not in _results:
            done = super().submit(job)
            if done.exception():
                return done
            _results[key] = done.result()
        result = _results[key]
        if isinstance(job, Reading) and isinstance(result, Imported):
            result = replace(result, before=job.before)
        future: Future[object] = Future()
        future.set_result(result)
        return future


def _key(job: Job) -> object:
    if isinstance(job, Reading):
        bucket, _, prefix = job.location.removeprefix("s3://").partition("/")
        files = [
            (key, job.objects.read(bucket, key, job.role)) for key, _ in job.objects.list(bucket, prefix, job.role)
        ]
        return (job.schema.type.name, *files)
    if isinstance(job, partial) and job.func is train:
        return job.args[0].recipe
    return None


Trouble = Callable[[Invocation, Point], str | None]


@dataclass
class Options:
    """What a history is made of. ``gentle``: nothing happens that a run may fail of, so none may."""

    pipelines: tuple[str, ...] = ("shop",)
    gentle: bool = False
    quotas: dict[str, int] = field(default_factory=dict)
    slots: Mapping[str, int] = field(default_factory=lambda: QUOTAS)
    """What the functions are told of the quotas; more than there is where others use the region as well."""
    durations: dict[str, Any] = field(default_factory=lambda: DURATIONS)
    recursive: frozenset[str] = RECURSIVE
    alone: bool = False
    """Whether nobody else uses the quotas of the region, and our functions know them."""


class Cloud:
    """Everything, at one moment of virtual time."""

    def __init__(self, faults: Faults, options: Options, seed: int = 0, trouble: Trouble | None = None) -> None:
        self.faults, self.options = faults, options
        self.rng = random.Random(f"{seed}/cloud")  # noqa: S311 # no secret
        self.agenda = Agenda()
        self.history = History()
        self.witness = Witness(self)
        state, declared = _provisioned()
        self.ledger = MemoryLedger(
            {name: declared[name] for name in options.pipelines},
            Watched(self.witness.lease_changed),
            Watched(self.witness.run_changed),
            Watched(self.witness.turnstile_changed),
        )
        self.bus = WatchedBus(witness=self.witness)
        self.objects = MemoryObjects(self.agenda.now)
        self.sqs = UnreliableSqs(self.agenda.now, VISIBILITY, RECEIVES, faults=faults, wake=self._wake)
        self.service = Personalize(
            account=ACCOUNT,
            region=REGION,
            clock=self.agenda.now,
            objects=self.objects,
            durations=options.durations,
            seed=seed,
            work=RememberedWork(),
            quotas={**MINIMA, **options.quotas},
            state=pickle.loads(state),  # noqa: S301 # our own
            new_id=self._new_id,
        )
        self.service.control.decide(optimization_of_another_recipe="ignore")  # Terraform changes it, whatever it is of
        self.personalize = Lagging(self)
        self.others = OtherVersions(self)
        self.down: set[str] = set()
        self.applying = ""
        """What Terraform is about; it holds its own lock, and is run again until it succeeds."""
        self.at_work: dict[str, set[Invocation]] = {}
        self._trouble = trouble or self._by_chance
        self._numbers = Counter[str]()
        self.errors: list[BaseException] = []
        self.points: Counter[tuple[str, str]] = Counter()

    def number(self) -> int:
        """Count what begins."""
        self._numbers["begun"] += 1
        return self._numbers["begun"]

    def _new_id(self) -> str:
        self._numbers["made"] += 1
        return hashlib.sha256(f"{self._numbers['made']}".encode()).hexdigest()[:8]

    def note(self, who: str, what: str, run: str = "", fault: str = "") -> None:
        """Write into the history what happened outside of Lambdas."""
        self.history.note(self.agenda.seconds, who, what, run, fault=fault)

    # -------------------------------------------------------------- trouble

    def latency(self) -> float:
        """How long a call takes, one way."""
        return self.rng.uniform(0.005, 0.08)

    def trouble(self, invocation: Invocation, point: Point) -> str | None:
        """Return what goes wrong with a call, if anything."""
        if point.service in self.down:
            return "a server's error" if self.rng.random() < 0.5 else "no connection"
        if point.operation in self.down:
            return "a permission is taken away"
        return self._trouble(invocation, point)

    def _by_chance(self, invocation: Invocation, point: Point) -> str | None:
        if self.options.gentle and invocation.tried_often:
            return None
        for kind in (*LAMBDA, *CALLS):
            if kind == "a batch is sent by half" and (point.service, point.operation) != ("sqs", "send"):
                continue
            if self.faults.strikes(kind):
                return kind
        return None

    # -------------------------------------------------------------- queues and Lambdas

    def _wake(self, step: str, when: datetime) -> None:
        wait = (when - self.agenda.now()).total_seconds()
        self.agenda.after(max(0.0, wait) + self.rng.uniform(0.01, 0.2), partial(self._poll, step))

    def _poll(self, step: str) -> None:
        """Receive, as the event source mapping does, and have a Lambda work it."""
        busy = self.at_work.setdefault(step, set())
        if len(busy) >= CONCURRENCY:
            return
        received = self.sqs.receive(step, 1)
        if letters := [letter for letter in received if not self._stopped(step, letter)]:
            self.run(Invocation(self, step, letters), work, partial(self._poll, step))
        if received:
            self.agenda.after(0.05, partial(self._poll, step))  # there may be more

    def _stopped(self, step: str, letter: Letter) -> bool:
        """Whether Lambda refuses to go on with a chain; the message stays until its queue has had enough of it."""
        stopped = step not in self.options.recursive and letter.lineage.get(step, 0) >= MOST_IN_A_CHAIN
        if stopped:
            self.note("lambda", f"a loop is stopped: {step} was invoked {MOST_IN_A_CHAIN} times", about(letter.body)[0])
        return stopped

    def run(
        self, invocation: Invocation, body: Callable[[Invocation], None], afterwards: Callable[[], None] | None = None
    ) -> None:
        """Have an invocation work, and keep what it could not end well by."""
        busy = self.at_work.setdefault(invocation.step, set())
        busy.add(invocation)

        def ended(error: BaseException | None) -> None:
            busy.discard(invocation)
            metrics.provider.clear_metrics()
            if isinstance(error, Broken):
                self.errors.append(error)
            if afterwards:
                self.agenda.after(0, afterwards)

        invocation.begin(body, ended)

    def watch_once(self) -> None:
        """Have the watchdog look after all, as a person may."""
        self.sqs.send("start", [WATCH])

    def watch(self) -> None:
        """Fire the watchdog's schedule, now and every half an hour."""
        self.watch_once()
        self.agenda.after(WATCH_EVERY, self.watch)

    @property
    def busy(self) -> bool:
        """Whether anything is under way, or holds a lease."""
        return (
            any(self.at_work.values())
            or any(letter.body != WATCH for letters in self.sqs.waiting.values() for letter in letters)
            or any(
                lease.active or lease.next
                for pipeline, lease in self.ledger.leases.items()
                if not self.others.unreadable(pipeline)
            )
        )

    def close(self) -> None:
        """End all that is under way."""
        for invocation in [each for busy in self.at_work.values() for each in busy]:
            invocation.cancel()


@dataclass
class WatchedBus(MemoryBus):
    """A bus whose events are witnessed."""

    witness: Witness = field(kw_only=True)

    def put(self, detail_type: str, detail: dict[str, Any]) -> None:
        """Put an event."""
        super().put(detail_type, detail)
        self.witness.told(detail)
