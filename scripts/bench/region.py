"""One region with many pipelines: the real handlers, the local Personalize and the twins, under one virtual clock.

A function has so many instances, a message takes time on its way and in the handler: who is first in line for an
instance goes first. Durations are Personalize's own, drawn from a seed. Training hands out a model made before.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import json
import logging
import math
import random
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import numpy as np
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.errors import LimitExceeded, Throttled
from functions.glue.dispatch import apply
from functions.glue.patience import Patience
from functions.model import Campaign, Dataset, Message, Pipeline, Solution
from functions.ports import Ledger, Mark, Ports
from functions.records import Run
from functions.settings import QUOTAS, Settings
from functions.shell import Worker, batch, worker
from functions.slots import KINDS
from functions.steps import deploy, finish, import_data, poll, start, train
from functions.telemetry import logger, metrics
from local.personalize import Personalize
from local.personalize.durations import Spans
from local.personalize.learning.training import train as really_train
from local.personalize.models import Record
from local.personalize.work import InlineWork, Job
from local.twins import LocalService, MemoryBus, MemoryLedger, MemoryObjects, MemoryQueues

ACCOUNT, NAME = "123456789012", "eu-west-1"
BEGINNING = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
RECEIVES, VISIBILITY = 5, 540.0

INSTANCES = 10
"""The module's default for maximum_concurrency."""

ON_ITS_WAY, IN_HANDLER = 0.1, (0.1, 0.3, 1.0)
"""Seconds that SQS and its poller take, and seconds that a handler takes for a message: [least, typical, most]."""

FLOOR = 5.0
"""The module's default for poll_floor_seconds."""

DATASETS = {
    "interactions": [("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long")],
    "items": [("ITEM_ID", "string"), ("PRICE", "float")],
    "users": [("USER_ID", "string"), ("AGE", "long")],
}
RECIPES = {"for-you": "aws-user-personalization-v2", "similar": "aws-similar-items"}

WORKERS: Mapping[str, Worker] = {
    "start": start.WORKER,
    "finish": finish.WORKER,
    **{step.name: worker(step) for step in (import_data.STEP, train.STEP, deploy.STEP, poll.STEP)},
}

MADE = {"DatasetImportJob", "SolutionVersion", "Campaign"}


def arn(kind: str, name: str) -> str:
    """Return the ARN of a Personalize resource in this region."""
    return f"arn:aws:personalize:{NAME}:{ACCOUNT}:{kind}/{name}"


def files(rows: int = 1000, users: int = 30, items: int = 20) -> dict[str, bytes]:
    """Return a CSV for each dataset, as small as Personalize takes."""
    rng = np.random.default_rng(0)
    pairs = zip(rng.integers(users, size=rows), rng.integers(items, size=rows), strict=True)
    clicks = "".join(f"u{user},i{item},{1_760_000_000 + n}\n" for n, (user, item) in enumerate(pairs))
    return {
        "interactions": f"USER_ID,ITEM_ID,TIMESTAMP\n{clicks}".encode(),
        "items": ("ITEM_ID,PRICE\n" + "".join(f"i{n},{n}.5\n" for n in range(items))).encode(),
        "users": ("USER_ID,AGE\n" + "".join(f"u{n},{20 + n}\n" for n in range(users))).encode(),
    }


class Canned(InlineWork):
    """Work of which training is done once per recipe: what is learned does not matter here, only how long it takes."""

    def __init__(self) -> None:
        self._trained: dict[str, Future[object]] = {}

    def submit(self, job: Job) -> Future[object]:
        """Do the work, or hand out what came of it before."""
        if not isinstance(job, functools.partial) or job.func is not really_train:
            return super().submit(job)
        recipe = job.args[0].recipe
        if recipe not in self._trained:
            self._trained[recipe] = super().submit(job)
        return self._trained[recipe]


@dataclass
class Counting(LocalService):
    """A port onto the local Personalize that counts calls, and how many were refused for their number."""

    counted: Counter[str] = field(default_factory=Counter)

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call and count."""
        self.counted["calls"] += 1
        try:
            return super().call(operation, params)
        except (LimitExceeded, Throttled):
            self.counted["throttled"] += 1
            raise
        finally:
            self.calls.clear()  # nobody reads them, and there are many


REQUESTS = {"pipeline": 2}
"""What an operation of the ledger asks of DynamoDB, where it is not one request."""


class CountingLedger:
    """A ledger in memory that counts the requests which DynamoDB would get."""

    def __init__(self) -> None:
        self.beneath = MemoryLedger()
        self.requests: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self.beneath, name)

        @functools.wraps(operation)
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.requests[name] += REQUESTS.get(name, 1)
            return operation(*args, **kwargs)

        return counted

    def advance(self, message: Message, at: datetime, sent: Sequence[Message], mark: Mark | None = None) -> None:
        """Move a cursor; the end of a phase is a second request."""
        self.requests["advance"] += 1 + bool(mark and mark.phase and mark.finished)
        self.beneath.advance(message, at, sent, mark)


class Context(LambdaContext):
    """What Lambda tells a handler: that there is time left."""

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override] # Powertools has it without self
        """Tell that there is."""
        return 90_000


@dataclass(frozen=True)
class Delivery:
    """A message on its way to a step."""

    step: str
    body: str
    receives: int = 1


@dataclass(frozen=True)
class Made:
    """Something that Personalize made for a pipeline: when that began, and how long it took, in seconds."""

    kind: str
    pipeline: str
    key: str
    began: float
    seconds: float


@dataclass
class Region:
    """Everything there is."""

    durations: Spans
    seed: int = 0
    quotas: Mapping[str, int] = field(default_factory=dict)
    slots: Mapping[str, int] = field(default_factory=lambda: QUOTAS)
    seconds: float = 0.0
    messages: Counter[str] = field(default_factory=Counter)
    dead: list[str] = field(default_factory=list)
    asked: dict[tuple[str, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        quiet()
        self._random = random.Random(self.seed)  # noqa: S311 - no secret
        self._agenda: list[tuple[float, int, bool, Delivery]] = []
        self._busy = dict.fromkeys(WORKERS, 0)
        self._behind: dict[str, deque[Delivery]] = {step: deque() for step in WORKERS}
        self._numbers = itertools.count()
        self.ledger, self.bus, self.objects = CountingLedger(), MemoryBus(), MemoryObjects(self.clock)
        many = dict.fromkeys(("dataset-groups", "schemas"), 1_000_000)
        self.service = Personalize(
            account=ACCOUNT,
            region=NAME,
            clock=self.clock,
            objects=self.objects,
            durations=self.durations,
            seed=self.seed,
            work=Canned(),
            quotas={**many, **self.quotas},
        )
        self.personalize = Counting(self.service)
        self.counted = self.personalize.counted
        queues = MemoryQueues()
        queues.send = self.send  # type: ignore[method-assign] # what is sent is delivered here
        settings = Settings("ledger", {}, FLOOR, RECEIVES, "default", quotas=self.slots)
        ledger = cast(Ledger, self.ledger)
        self._ports = Ports(settings, self.personalize, queues, ledger, self.objects, self.bus, self.clock)
        self._handlers = {step: batch(each, lambda: self._ports) for step, each in WORKERS.items()}

    def clock(self) -> datetime:
        """Tell the virtual time."""
        return BEGINNING + timedelta(seconds=self.seconds)

    # -------------------------------------------------------------- declare

    def declare(self, count: int) -> None:
        """Provision so many pipelines, with data to import: what Terraform does, in short."""
        data = files()
        schemas = {kind: self._schema(kind) for kind in DATASETS}
        for number in range(count):
            self._declare(f"p{number:04}", schemas, data)
            metrics.clear_metrics()
        self.counted.clear()
        self.ledger.requests.clear()

    def _schema(self, kind: str) -> str:
        fields = [{"name": name, "type": form} for name, form in DATASETS[kind]]
        head = {"type": "record", "name": kind.title(), "namespace": "com.amazonaws.personalize.schema"}
        schema = json.dumps({**head, "fields": fields, "version": "1.0"})
        return str(self.personalize.call("CreateSchema", {"name": f"acme-{kind}", "schema": schema})["schemaArn"])

    def _declare(self, pipeline: str, schemas: Mapping[str, str], data: Mapping[str, bytes]) -> None:
        base = f"acme-{pipeline}"
        group = self.personalize.call("CreateDatasetGroup", {"name": base})["datasetGroupArn"]
        datasets = {}
        for kind, schema in schemas.items():
            wanted = {"name": f"{base}-{kind}", "datasetGroupArn": group, "datasetType": kind, "schemaArn": schema}
            location = f"s3://data/{pipeline}/{kind}/"
            self.objects.put(f"{location}part-1.csv", data[kind])
            datasets[kind] = Dataset(self._glue(resource="dataset", request=wanted), schema, location)
        solutions = {}
        for name, recipe in RECIPES.items():
            wanted = {"datasetGroupArn": group, "recipeArn": f"arn:aws:personalize:::recipe/{recipe}"}
            solution = self._glue(
                resource="solution", name=f"{base}-{name}", request={**wanted, "performAutoTraining": False}
            )
            solutions[name] = Solution(solution, Campaign(f"{base}-{name}", arn("campaign", f"{base}-{name}")))
        role = f"arn:aws:iam::{ACCOUNT}:role/acme-personalize"
        self.ledger.beneath.declared[pipeline] = Pipeline(pipeline, "acme", role, datasets, solutions)

    def _glue(self, **wanted: Any) -> str:
        event = {**wanted, "tf": {"action": "create", "prev_input": None}}
        return str(apply(event, self.personalize, Patience(lambda: 900.0, 0.0, lambda seconds: None))["arn"])

    # -------------------------------------------------------------- run

    def trigger(self, within: float = 60.0, identifier: str = "nightly/1") -> None:
        """Trigger every pipeline, at a moment of its own in a minute: as precise as EventBridge Scheduler is."""
        for pipeline in self.ledger.beneath.declared:
            body = {"trigger": "schedule", "id": f"{pipeline}/{identifier}", "request": {"pipeline": pipeline}}
            body["time"] = self.clock().isoformat()
            self._later(self._random.uniform(0, within), Delivery("start", json.dumps(body)))

    def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
        """Put messages into a step's queue."""
        self.messages["send requests"] += -(-len(bodies) // 10)
        for body in bodies:
            self.messages["sent"] += 1
            self._later(round(delay) + ON_ITS_WAY, Delivery(step, body))

    def settle(self) -> None:
        """Deliver until no message is left."""
        while self._agenda:
            self.seconds, _, over, delivery = heapq.heappop(self._agenda)
            if over:
                self._work(delivery)
            elif self._busy[delivery.step] < INSTANCES:
                self._begin(delivery)
            else:
                self._behind[delivery.step].append(delivery)

    def _later(self, seconds: float, delivery: Delivery, *, over: bool = False) -> None:
        heapq.heappush(self._agenda, (self.seconds + seconds, next(self._numbers), over, delivery))

    def _begin(self, delivery: Delivery) -> None:
        self._busy[delivery.step] += 1
        least, typical, most = IN_HANDLER
        self._later(min(max(least, self._random.lognormvariate(math.log(typical), 0.5)), most), delivery, over=True)

    def _work(self, delivery: Delivery) -> None:
        """Work a message, all at once when its time in the handler is over, and begin the next."""
        self.messages[f"to {delivery.step}"] += 1
        if delivery.step in KINDS:
            told = json.loads(delivery.body)
            self.asked.setdefault((told["pipeline"], told["branch"]), self.seconds)
        given = record(delivery.body, self.clock(), delivery.receives)
        answer = self._handlers[delivery.step]({"Records": [given]}, Context())
        metrics.clear_metrics()
        if answer["batchItemFailures"]:
            if delivery.receives == RECEIVES:
                self.dead.append(delivery.step)
            else:
                self._later(VISIBILITY, replace(delivery, receives=delivery.receives + 1))
        self._busy[delivery.step] -= 1
        if self._behind[delivery.step]:
            self._begin(self._behind[delivery.step].popleft())

    # -------------------------------------------------------------- look

    @property
    def runs(self) -> list[Run]:
        """The runs that there were."""
        return list(self.ledger.beneath.runs.values())

    @property
    def made(self) -> list[Made]:
        """What the runs had made, in order."""
        return [_made(each) for each in self.service.world.state.records.values() if each.kind in MADE]


def record(body: str, at: datetime, receives: int) -> dict[str, Any]:
    """Return an SQS record as Lambda hands it over."""
    told = {"SentTimestamp": str(int(at.timestamp() * 1000)), "ApproximateReceiveCount": str(receives)}
    fields = {"messageId": "m", "receiptHandle": "m", "eventSource": "aws:sqs", "messageAttributes": {}}
    return {**fields, "body": body, "attributes": told}


def _made(made: Record) -> Made:
    attributes = made.attributes
    match made.kind:
        case "DatasetImportJob":
            _, group, key = attributes["datasetArn"].rsplit("/", 2)
            pipeline, key = group.removeprefix("acme-"), key.lower()
        case "SolutionVersion":
            pipeline, key = attributes["solutionArn"].rpartition("/acme-")[2].rpartition("-")[0].split("-", 1)
        case _:
            pipeline, key = made.name.removeprefix("acme-").split("-", 1)
    began = (made.life.created_at - BEGINNING).total_seconds()
    return Made(made.kind, pipeline, key, began, made.life.seconds)


def quiet() -> None:
    """Log nothing: what the functions say of 100,000 messages would take longer than the bench."""
    logger.setLevel(logging.CRITICAL)
