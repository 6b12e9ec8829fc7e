"""A world for the chain: the real handlers, the local Personalize and the twins, under one virtual clock."""

from __future__ import annotations

import hashlib
import heapq
import itertools
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from functions.glue.dispatch import apply
from functions.glue.patience import Patience
from functions.model import Campaign, Dataset, Filter, Kind, Pipeline, Solution
from functions.ports import Ports
from functions.records import Run
from functions.settings import QUOTAS, Settings
from functions.shell import Worker, batch, worker
from functions.steps import deploy, finish, import_data, make_filters, poll, start, train
from local.personalize import Personalize
from local.personalize.durations import Spans
from tests.support.build import outside, record
from tests.support.lambda_context import Context
from tests.support.memory import LocalService, MemoryBus, MemoryLedger, MemoryObjects, MemoryQueues

ACCOUNT, REGION = "123456789012", "eu-west-1"
BEGINNING = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
TABLE = json.loads((Path(__file__).parents[2] / "terraform" / "pipeline.json").read_text())
MAX_TRIES, RECEIVES = TABLE["max_tries"], TABLE["max_receives"]
VISIBILITY = timedelta(minutes=6)
TYPICAL: dict[Kind, float] = {"dataset_import_job": 3.0, "solution_version": 4.0, "campaign": 3.0}

WORKERS: dict[str, Worker] = {
    "start": start.WORKER,
    "finish": finish.WORKER,
    **{step.name: worker(step) for step in (import_data.STEP, make_filters.STEP, train.STEP, deploy.STEP, poll.STEP)},
}


def arn(kind: str, name: str) -> str:
    """Return the ARN of a Personalize resource in this world."""
    return f"arn:aws:personalize:{REGION}:{ACCOUNT}:{kind}/{name}"


def _schema(name: str, *fields: dict[str, Any]) -> dict[str, Any]:
    namespace = "com.amazonaws.personalize.schema"
    return {"type": "record", "name": name, "namespace": namespace, "fields": [*fields], "version": "1.0"}


_USER, _ITEM = {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"}
INTERACTIONS = _schema("Interactions", _USER, _ITEM, {"name": "TIMESTAMP", "type": "long"})
ITEMS = _schema("Items", _ITEM, {"name": "GENRES", "type": "string", "categorical": True})
USERS = _schema("Users", _USER, {"name": "AGE", "type": "int"})
SCHEMAS = {"interactions": INTERACTIONS, "items": ITEMS, "users": USERS}


def columns(schema: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return a schema's columns and their types, as a pipeline declares them."""
    types = {each["name"]: each["type"] for each in schema["fields"]}
    return {name: (kind,) if isinstance(kind, str) else tuple(kind) for name, kind in types.items()}


def recipe(solution: str) -> str:
    """Return the ARN of the recipe of a solution, by its name."""
    recipes = {
        "for-you": "aws-user-personalization-v2",
        "fresh": "aws-user-personalization",
        "similar": "aws-similar-items",
    }
    return f"arn:aws:personalize:::recipe/{recipes.get(solution, 'aws-popularity-count')}"


def interactions(seed: int = 0, users: int = 60, items: int = 40, rows: int = 2400) -> bytes:
    """Return a CSV of interactions in which each user likes one half of the items."""
    rng = np.random.default_rng(seed)
    lines = ["USER_ID,ITEM_ID,TIMESTAMP"]
    for number in range(rows):
        user = int(rng.integers(users))
        item = int(rng.integers(items // 2)) * 2 + user % 2
        lines.append(f"u{user},i{item},{1_760_000_000 + number}")
    return "\n".join(lines).encode() + b"\n"


def users(count: int = 60) -> bytes:
    """Return a CSV of the users that :func:`interactions` names."""
    return ("USER_ID,AGE\n" + "".join(f"u{n},{20 + n % 50}\n" for n in range(count))).encode()


def items(count: int = 40) -> bytes:
    """Return a CSV of the items that :func:`interactions` names."""
    return ("ITEM_ID,GENRES\n" + "".join(f"i{n},{'even' if n % 2 == 0 else 'odd'}\n" for n in range(count))).encode()


@dataclass
class World:
    """Everything there is. ``twice`` delivers every message two times; ``durations`` is how long Personalize takes.

    ``slots`` are the quotas that the functions keep to, ``quotas`` those that Personalize has; ``typical`` is what they
    believe of durations.
    """

    twice: bool = False
    durations: str | Spans = "demo"
    slots: Mapping[str, int] = field(default_factory=lambda: QUOTAS)
    quotas: Mapping[str, int] = field(default_factory=dict)
    typical: Mapping[Kind, float] = field(default_factory=lambda: TYPICAL)
    now: datetime = BEGINNING
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    bus: MemoryBus = field(default_factory=MemoryBus)
    dead: list[tuple[str, str]] = field(default_factory=list)
    delivered: Counter[str] = field(default_factory=Counter)

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
            quotas=self.quotas,
        )
        self.personalize = LocalService(self.service)
        self.outside = outside()

    def clock(self) -> datetime:
        """Tell the virtual time."""
        return self.now

    # -------------------------------------------------------------- declare

    def glue(self, action: str, before: dict[str, Any] | None = None, **wanted: Any) -> dict[str, Any]:
        """Call the glue function as Terraform does: it has 15 minutes, as each Lambda."""
        event = {**wanted, "tf": {"action": action, "prev_input": before}}
        until = self.now + timedelta(minutes=15)
        patience = Patience(lambda: (until - self.now).total_seconds(), 1.0, self._sleep)
        return apply(event, self.personalize, patience, self.outside)

    def declare(
        self,
        pipeline: str = "shop",
        solutions: tuple[str, ...] = ("for-you", "similar"),
        kinds: tuple[str, ...] = ("interactions", "items"),
        filters: Mapping[str, str] | None = None,
    ) -> Pipeline:
        """Provision a pipeline: what Terraform does, in short."""
        base = f"acme-{pipeline}"
        group = arn("dataset-group", base)
        self.glue("create", resource="dataset_group", arn=group, request={"name": base})
        datasets = {}
        for kind in kinds:
            name = f"{base}-{kind}"
            dataset = {"name": name, "datasetGroupArn": group, "datasetType": kind}
            schema = {"name": f"{name}-99999999", "schema": json.dumps(SCHEMAS[kind])}
            made = self.glue("create", resource="dataset", request=dataset, schema=schema)
            datasets[kind] = Dataset(
                made["arn"], made["schema_arn"], f"s3://data/{pipeline}/{kind}/", columns(SCHEMAS[kind])
            )
        declared = {}
        for name in solutions:
            request = {
                "datasetGroupArn": group,
                "recipeArn": recipe(name),
                "performAutoTraining": False,
            }
            solution = self.glue("create", resource="solution", name=f"{base}-{name}", request=request)["arn"]
            campaign = Campaign(f"{base}-{name}", arn("campaign", f"{base}-{name}"))
            declared[name] = Solution(solution, campaign, recipe(name).endswith("/aws-user-personalization"))
        role = f"arn:aws:iam::{ACCOUNT}:role/acme-personalize"
        self.ledger.declared[pipeline] = Pipeline(
            pipeline,
            "acme",
            role,
            datasets,
            declared,
            {name: self.filter(f"{base}-{name}", expression) for name, expression in (filters or {}).items()},
            group,
            settle_seconds=60,
            tags={"team": "search"},
        )
        return self.ledger.declared[pipeline]

    def filter(self, name: str, expression: str) -> Filter:
        """Return a filter as declared."""
        digest = hashlib.sha256(expression.encode()).hexdigest()[:8]
        return Filter(f"{name}-{digest}", arn("filter", f"{name}-{digest}"), expression)

    def upload(self, kind: str, body: bytes, name: str = "part-1.csv", pipeline: str = "shop") -> None:
        """Put a file where the dataset is imported from."""
        self.objects.put(f"s3://data/{pipeline}/{kind}/{name}", body)

    # -------------------------------------------------------------- run

    def ports(self) -> Ports:
        """Return the ports of one function."""
        settings = Settings("ledger", {}, 1.0, MAX_TRIES, event_bus="default", quotas=self.slots, typical=self.typical)
        queues = MemoryQueues()
        queues.send = self.send  # type: ignore[method-assign] # what is sent is delivered here
        return Ports(settings, self.personalize, queues, self.ledger, self.objects, self.bus, self.clock)

    def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
        """Put messages into a step's queue."""
        assert 0 <= delay <= 900, "SQS delays a message by 15 minutes at most"
        for body in bodies:
            for _ in range(2 if self.twice else 1):
                due = self.now + timedelta(seconds=round(delay))
                self._push(due, step, body, f"m-{next(self._numbers)}", self.now, 1)

    def trigger(
        self, trigger: str = "schedule", identifier: str = "nightly/1", time: str | None = None, **request: Any
    ) -> None:
        """Send a trigger to `start`, as EventBridge does."""
        body = {"trigger": trigger, "id": identifier, "time": time, "request": {"pipeline": "shop", **request}}
        self.send("start", [json.dumps(body)])

    def uploaded(self, kind: str, name: str = "part-1.csv", identifier: str = "event-1") -> None:
        """Tell `start` of an upload, as EventBridge does."""
        upload = {"bucket": "data", "key": f"shop/{kind}/{name}"}
        body = {"trigger": "upload", "id": identifier, "time": self.now.isoformat(), "upload": upload}
        self.send("start", [json.dumps(body)])

    def settle(self, most: int = 5000) -> None:
        """Deliver until no message is left."""
        for _ in range(most):
            if not self._queue:
                return
            self.step()
        raise AssertionError(f"{most} messages and no end: {Counter(entry[2] for entry in self._queue)}")

    def step(self) -> None:
        """Deliver the message that is due next."""
        due, _, step, body, identifier, sent, receives = heapq.heappop(self._queue)
        self.now = max(self.now, due) + timedelta(milliseconds=100)
        self.delivered[step] += 1
        given = record(body, identifier, sent, receives).raw_event
        answer = batch(WORKERS[step], self.ports)({"Records": [given]}, Context())
        if answer["batchItemFailures"]:
            if receives == RECEIVES:
                self.dead.append((step, body))
            else:
                self._push(self.now + VISIBILITY, step, body, identifier, sent, receives + 1)

    def _push(self, due: datetime, step: str, body: str, identifier: str, sent: datetime, receives: int) -> None:
        heapq.heappush(self._queue, (due, next(self._numbers), step, body, identifier, sent, receives))

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    # -------------------------------------------------------------- look

    def runs(self, pipeline: str = "shop") -> list[Run]:
        """Return the runs of a pipeline, oldest first."""
        return sorted(
            (run for (name, _), run in self.ledger.runs.items() if name == pipeline), key=lambda run: run.created_at
        )

    def made(self) -> Counter[str]:
        """Count what was made: the calls that Personalize took."""
        listed = self.service.call
        jobs = listed("personalize", "ListDatasetImportJobs", {})["datasetImportJobs"]
        versions = listed("personalize", "ListSolutionVersions", {})["solutionVersions"]
        updates = [operation for operation, _ in self.personalize.calls if operation == "UpdateCampaign"]
        return Counter(imports=len(jobs), versions=len(versions), updates=len(updates))
