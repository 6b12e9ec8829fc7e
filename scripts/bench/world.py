"""A world for benches: the real handlers and the local Personalize's own life cycles, under one virtual clock.

Nothing is trained: only how long things take counts here, and that is given. Every outside call is counted.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.model import Campaign, Dataset, Kind, Pipeline, Solution
from functions.ports import Ports
from functions.records import Run
from functions.settings import Settings
from functions.shell import Event, Worker, batch, worker
from functions.steps import deploy, finish, import_data, make_filters, poll, start, train
from functions.telemetry import logger, metrics
from local.personalize import Personalize
from local.personalize.durations import Spans
from local.personalize.work import InlineWork, Job
from local.twins import LocalService, MemoryBus, MemoryLedger, MemoryObjects
from scripts.bench.counting import CountedBus, CountedPersonalize, CountedQueues, counted_ledger

ACCOUNT, REGION = "123456789012", "eu-west-1"
BEGINNING = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
HANDOVER = 0.3
"""Seconds from the moment that a message may be seen until its handler has done with it: SQS, Lambda, and our code."""

FLOOR = 5.0
RECEIVES = 5
VISIBILITY = timedelta(minutes=9)

WORKERS: dict[str, Worker] = {
    "start": start.WORKER,
    "finish": finish.WORKER,
    **{step.name: worker(step) for step in (import_data.STEP, make_filters.STEP, train.STEP, deploy.STEP, poll.STEP)},
}

_FIELDS = {
    "interactions": ("USER_ID string", "ITEM_ID string", "TIMESTAMP long"),
    "items": ("ITEM_ID string", "PRICE float"),
    "users": ("USER_ID string", "AGE float"),
}
_ROWS = {"interactions": "u1,i1,1760000000", "items": "i1,1.0", "users": "u1,30.0"}
_UNLIMITED = dict.fromkeys(
    ("dataset-groups", "schemas", "pending-import-jobs", "pending-solution-versions"), 1_000_000
) | {"minimum-imported-interactions": 1}


class _NoTraining(InlineWork):
    """Trains nothing: a version comes to be without a model."""

    def submit(self, job: Job) -> Future[object]:
        """Run what is no training."""
        return super().submit((lambda: None) if isinstance(job, partial) else job)


class _Context(LambdaContext):
    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override] # Powertools has it without self
        return 90_000


def silence() -> None:
    """Keep what the functions log from coming between the tables: for the rest of the process."""
    logger.setLevel("CRITICAL")


@dataclass
class World:
    """Everything there is.

    ``quotas`` are Personalize's, unlimited where none are given. ``durations`` is how long everything takes of which
    `take` says nothing; ``typical`` is what the functions believe of that.
    """

    quotas: dict[str, int] = field(default_factory=dict)
    durations: str | Spans = "instant"
    typical: dict[Kind, float] = field(default_factory=dict)
    seed: int = 0
    now: datetime = BEGINNING
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    bus: MemoryBus = field(default_factory=MemoryBus)
    counts: Counter[str] = field(default_factory=Counter)
    dead: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._queue: list[tuple[datetime, int, str, str, str, datetime, int]] = []
        self._numbers = itertools.count()
        self.objects = MemoryObjects(self.clock)
        self.service = Personalize(
            account=ACCOUNT,
            region=REGION,
            clock=self.clock,
            objects=self.objects,
            durations=self.durations,
            seed=self.seed,
            work=_NoTraining(),
            quotas={**_UNLIMITED, **self.quotas},
        )
        settings = Settings("ledger", {}, FLOOR, RECEIVES, "default", typical=self.typical)
        self.ports = Ports(
            settings=settings,
            personalize=CountedPersonalize(LocalService(self.service), self.counts),
            queues=CountedQueues(self, self.counts),
            ledger=counted_ledger(self.ledger, self.counts),
            objects=self.objects,
            bus=CountedBus(self.bus, self.counts),
            clock=self.clock,
        )
        self.context = _Context()
        self._handlers = {step: batch(each, lambda: self.ports) for step, each in WORKERS.items()}

    def clock(self) -> datetime:
        """Tell the virtual time."""
        return self.now

    # -------------------------------------------------------------- declare

    def declare(
        self,
        pipeline: str,
        datasets: tuple[str, ...] = ("interactions", "items", "users"),
        solutions: tuple[str, ...] = ("for-you", "similar"),
        *,
        campaigns: bool = True,
    ) -> None:
        """Provision a pipeline: what Terraform does, in short, and a file for each dataset."""
        base = f"acme-{pipeline}"
        group = self._make("CreateDatasetGroup", "datasetGroupArn", name=base)
        made = {}
        for kind in datasets:
            schema = self._make("CreateSchema", "schemaArn", name=f"{base}-{kind}", schema=_schema(kind))
            dataset = self._make(
                "CreateDataset",
                "datasetArn",
                name=f"{base}-{kind}",
                datasetGroupArn=group,
                datasetType=kind,
                schemaArn=schema,
            )
            made[kind] = Dataset(dataset, schema, f"s3://data/{pipeline}/{kind}/")
            header = ",".join(each.partition(" ")[0] for each in _FIELDS[kind])
            self.objects.put(f"s3://data/{pipeline}/{kind}/1.csv", f"{header}\n{_ROWS[kind]}\n".encode())
        declared = {}
        for name in solutions:
            solution = self._make(
                "CreateSolution",
                "solutionArn",
                name=f"{base}-{name}",
                datasetGroupArn=group,
                recipeArn="arn:aws:personalize:::recipe/aws-user-personalization-v2",
                performAutoTraining=False,
            )
            arn = f"arn:aws:personalize:{REGION}:{ACCOUNT}:campaign/{base}-{name}"
            declared[name] = Solution(solution, Campaign(f"{base}-{name}", arn) if campaigns else None)
        role = f"arn:aws:iam::{ACCOUNT}:role/acme-personalize"
        self.ledger.declared[pipeline] = Pipeline(pipeline, "acme", role, made, declared)

    def _make(self, operation: str, key: str, **request: Any) -> str:
        arn: str = self.service.call("personalize", operation, request)[key]
        return arn

    def take(self, kind: str, seconds: float, matching: str, path: str = "create") -> None:
        """Let the next resource of a kind, by a pattern of its name, take so long."""
        self.service.control.time_next(kind, seconds, path=path, matching=matching)

    # -------------------------------------------------------------- run

    def trigger(self, pipeline: str, identifier: str, **request: Any) -> None:
        """Send a trigger to `start`, as EventBridge Scheduler does."""
        body = {
            "trigger": "schedule",
            "id": identifier,
            "time": self.now.isoformat(),
            "request": {"pipeline": pipeline, **request},
        }
        self.send("start", [json.dumps(body)])

    def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
        """Put messages into a step's queue."""
        if not 0 <= delay <= 900:
            raise ValueError(f"SQS delays a message by 15 minutes at most, and not by {delay} s")
        for body in bodies:
            due = self.now + timedelta(seconds=round(delay))
            self._push(due, step, body, f"m-{next(self._numbers)}", self.now, 1)

    def settle(self) -> None:
        """Deliver until no message is left."""
        while self._queue:
            self.step()

    def step(self) -> None:
        """Deliver the message that is due next. Each is handled alone, and takes `HANDOVER` as seen from outside."""
        due, _, step, body, identifier, sent, receives = heapq.heappop(self._queue)
        self.now = max(self.now, due + timedelta(seconds=HANDOVER))
        self.deliver(step, body, identifier, sent, receives)

    def deliver(self, step: str, body: str, identifier: str, sent: datetime, receives: int) -> None:
        """Have a message handled; one that fails is seen again later, or dead."""
        self.counts.update([f"lambda {step}", "sqs receive"])
        given = {
            "messageId": identifier,
            "receiptHandle": identifier,
            "body": body,
            "attributes": {
                "SentTimestamp": str(int(sent.timestamp() * 1000)),
                "ApproximateReceiveCount": str(receives),
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        }
        answer = self.handle(step, {"Records": [given]})
        metrics.clear_metrics()
        if not answer["batchItemFailures"]:
            self.counts["sqs delete"] += 1
        elif receives == RECEIVES:
            self.dead.append((step, body))
        else:
            self._push(self.now + VISIBILITY, step, body, identifier, sent, receives + 1)

    def handle(self, step: str, event: Event) -> Mapping[str, Any]:
        """Have the step's own handler work a batch."""
        return self._handlers[step](event, self.context)

    def _push(self, due: datetime, step: str, body: str, identifier: str, sent: datetime, receives: int) -> None:
        heapq.heappush(self._queue, (due, next(self._numbers), step, body, identifier, sent, receives))

    # -------------------------------------------------------------- look

    def runs(self, pipeline: str) -> list[Run]:
        """Return the runs of a pipeline, oldest first."""
        of_pipeline = [run for (name, _), run in self.ledger.runs.items() if name == pipeline]
        return sorted(of_pipeline, key=lambda run: run.created_at)


def _schema(kind: str) -> str:
    fields = [dict(zip(("name", "type"), each.split(), strict=True)) for each in _FIELDS[kind]]
    named = {"type": "record", "name": kind.capitalize(), "namespace": "com.amazonaws.personalize.schema"}
    return json.dumps({**named, "fields": fields, "version": "1.0"})
