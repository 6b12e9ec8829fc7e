"""Builders of what the chain hands around, with values that a test need not care about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.glue.dispatch import Outside
from functions.glue.patience import Patience
from functions.model import IMPORTS, Campaign, Dataset, Filter, Import, Message, Pipeline, Plan, Request, Solution
from functions.ports import Bus, Ledger, Objects, Personalize, Ports, Queues
from functions.records import Branch, Holder, Run
from functions.settings import Settings
from functions.times import written
from tests.support.memory import MemoryBuckets, MemoryBus, MemoryDeclarations, MemoryLedger, MemoryObjects, MemoryQueues
from tests.support.scripted import Scripted

NOW = datetime(2026, 11, 23, 21, 44, 20, tzinfo=UTC)
RUN_ID = "20261123t214420-1a2b3c"
BEGUN_AT = written(NOW)
ROLE = "arn:aws:iam::123456789012:role/acme-personalize"
FLOOR = 20.0


def arn(kind: str, name: str) -> str:
    """Return the ARN of a Personalize resource."""
    return f"arn:aws:personalize:eu-west-1:123456789012:{kind}/{name}"


GROUP = arn("dataset-group", "acme-shop")
SOLUTION = arn("solution", "acme-shop-for-you-0a1b2c3d")
VERSION = f"{SOLUTION}/v2"
OLD_VERSION = f"{SOLUTION}/v1"
CAMPAIGN = Campaign(name="acme-shop-for-you", arn=arn("campaign", "acme-shop-for-you"))
CHOSEN = Solution(arn=SOLUTION, campaign=CAMPAIGN)
UNSERVED = Solution(arn=arn("solution", "acme-shop-similar-4e5f6a7b"))
IN_STOCK = Filter(
    name="acme-shop-in-stock-1a2b3c4d",
    arn=arn("filter", "acme-shop-in-stock-1a2b3c4d"),
    expression='INCLUDE ItemID WHERE Items.IN_STOCK IN ("true")',
)
IMPORT_JOB = arn("dataset-import-job", f"acme-{RUN_ID}-interactions-11111111")


def dataset(kind: str) -> Dataset:
    """Return a dataset as declared."""
    schema = arn("schema", f"acme-shop-{kind}-99999999")
    return Dataset(arn("dataset", f"acme-shop/{kind.upper()}"), schema, f"s3://data/shop/{kind}/")


def an_import(kind: str, mark: str = "11111111", expected: float | None = None) -> Import:
    """Return an import as planned."""
    what = dataset(kind)
    return Import(what.arn, what.location, f"acme-{RUN_ID}-{kind}-{mark}", expected)


def plan(**changes: Any) -> Plan:
    """Return a plan with one import and one solution."""
    fields = {"imports": {"interactions": an_import("interactions")}, "solutions": {"for-you": CHOSEN}}
    return Plan(
        **{"name": "acme", "role_arn": ROLE, "begun_at": BEGUN_AT, "tags": {"team": "search"}, **fields, **changes}
    )


def message(step: str, branch: str = IMPORTS, **changes: Any) -> Message:
    """Return a message of the run."""
    carried = changes.pop("plan", None) or plan()
    return Message(run_id=RUN_ID, pipeline="shop", step=step, branch=branch, plan=carried, **changes)


def pipeline(**changes: Any) -> Pipeline:
    """Return a pipeline as declared."""
    fields: dict[str, Any] = {
        "pipeline": "shop",
        "name": "acme",
        "role_arn": ROLE,
        "datasets": {kind: dataset(kind) for kind in ("interactions", "items")},
        "solutions": {"for-you": CHOSEN, "similar": UNSERVED},
        "tags": {"team": "search"},
    }
    return Pipeline(**{**fields, **changes})


def holder(run_id: str = "a", **changes: Any) -> Holder:
    """Return who holds a lease, or waits for it."""
    fields: dict[str, Any] = {"trigger": "schedule", "request": Request("shop")}
    return Holder(run_id, **{**fields, **changes})


def run(run_id: str = RUN_ID, **changes: Any) -> Run:
    """Return a run's record."""
    at = written(NOW - timedelta(minutes=5))
    fields: dict[str, Any] = {
        "pipeline": "shop",
        "status": "RUNNING",
        "trigger": "schedule",
        "request": Request("shop"),
        "created_at": at,
        "updated_at": at,
        "branches": {IMPORTS: Branch(), "for-you": Branch()},
    }
    return Run(run_id=run_id, **{**fields, **changes})


def ports(
    personalize: Personalize | None = None,
    ledger: Ledger | None = None,
    queues: Queues | None = None,
    objects: Objects | None = None,
    bus: Bus | None = None,
    now: datetime = NOW,
) -> Ports:
    """Return ports onto twins; the clock stands still."""
    return Ports(
        settings=Settings("ledger", {}, poll_floor=FLOOR, max_tries=5, event_bus="default"),
        personalize=personalize or Scripted(),
        queues=queues or MemoryQueues(),
        ledger=ledger or MemoryLedger(declared={"shop": pipeline()}),
        objects=objects or MemoryObjects(lambda: now),
        bus=bus or MemoryBus(),
        clock=lambda: now,
    )


def ledger_with(*runs: Run, **changes: Any) -> MemoryLedger:
    """Return a ledger that knows the pipeline and these runs."""
    known = {(each.pipeline, each.run_id): each for each in runs}
    return replace(MemoryLedger(declared={"shop": pipeline()}, runs=known), **changes)


def record(body: str, identifier: str = "m-1", sent: datetime = NOW, receives: int = 1) -> SQSRecord:
    """Return an SQS record as Lambda hands it over."""
    attributes = {"SentTimestamp": str(int(sent.timestamp() * 1000)), "ApproximateReceiveCount": str(receives)}
    fields = {"messageId": identifier, "body": body, "attributes": attributes, "messageAttributes": {}}
    return SQSRecord({**fields, "eventSource": "aws:sqs", "receiptHandle": identifier})


def outside(declarations: MemoryDeclarations | None = None, *filled: str) -> Outside:
    """Return what glue reaches besides Personalize: an empty ledger, and buckets of which these hold files."""
    return Outside(declarations or MemoryDeclarations(), MemoryBuckets(frozenset(filled)))


class VirtualSleep:
    """Time that passes only by sleeping: ``limit`` seconds of it."""

    BEYOND = 3600.0
    """Seconds beyond the limit after which a sleeper is taken to sleep for ever."""

    def __init__(self, limit: float = 900.0) -> None:
        self.left = limit
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        assert self.left > -self.BEYOND, "it waits for ever"
        self.slept.append(seconds)
        self.left -= seconds

    def patience(self, between_looks: float = 5.0) -> Patience:
        """Return patience that lasts as long as this time."""
        return Patience(lambda: self.left, between_looks, self)
