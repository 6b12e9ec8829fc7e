"""The ports with a counter: what a run asks of each service, in the units that AWS bills or throttles."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, is_dataclass, replace
from typing import Any, cast

from functions.model import Message
from functions.ports import Bus, Ledger, Personalize, Queues
from functions.records import Run
from local.twins import paged

READS: dict[str, int] = {"pipelines": 1, "pipeline": 2, "lease": 1, "turnstile": 1, "run": 1, "memory": 1}
"""Method of the ledger that reads → the DynamoDB requests that the adapter makes for it; all others write."""

READ_UNIT, WRITE_UNIT = 4096, 1024
"""Bytes, read consistently. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"""

SQS_ENTRIES = 10


class CountedPersonalize:
    """Counts each request, and each page of a list as one."""

    def __init__(self, port: Personalize, counts: Counter[str]) -> None:
        self._port = port
        self._counts = counts

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Count the request, and make it."""
        self._counts[f"personalize {operation}"] += 1
        return self._port.call(operation, params)

    def pages(self, operation: str, key: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the entries of all pages, each of which is a counted call."""
        return paged(self.call, operation, key, params)


class CountedQueues:
    """Counts SendMessageBatch requests."""

    def __init__(self, port: Queues, counts: Counter[str]) -> None:
        self._port = port
        self._counts = counts

    def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
        """Count the requests that the bodies need, and send them."""
        self._counts["sqs send"] += -(-len(bodies) // SQS_ENTRIES)
        self._port.send(step, bodies, delay)


class CountedBus:
    """Counts events."""

    def __init__(self, port: Bus, counts: Counter[str]) -> None:
        self._port = port
        self._counts = counts

    def put(self, detail_type: str, detail: dict[str, Any]) -> None:
        """Count the event, and put it."""
        self._counts["events put"] += 1
        self._port.put(detail_type, detail)


def counted_ledger(ledger: Ledger, counts: Counter[str]) -> Ledger:
    """Return the ledger with its requests counted, and the units that they are billed for."""
    counted: Ledger = cast(Ledger, _CountedLedger(ledger, counts))
    return counted


class _CountedLedger:
    def __init__(self, ledger: Ledger, counts: Counter[str]) -> None:
        self._ledger = ledger
        self._counts = counts
        self._sizes: dict[int, tuple[Any, int]] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._ledger, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            if name in READS:
                self._counts[f"dynamodb {name}"] += READS[name]
                self._counts["dynamodb read units"] += self._units(answer, READ_UNIT)
            else:
                requests = 2 if name == "advance" and args[-1] and args[-1].finished else 1
                self._counts[f"dynamodb {name}"] += requests
                self._counts["dynamodb write units"] += requests * self._units(self._written(args), WRITE_UNIT)
            return answer

        return counted

    def _written(self, args: tuple[Any, ...]) -> Any:
        """Return the item that a write was to: it is billed whole."""
        match args:
            case (Message(pipeline=pipeline, run_id=run_id), *_) | (str(pipeline), str(run_id), *_):
                return self._ledger.run(pipeline, run_id)
            case (*_, item):
                return item
            case _:
                return None

    def _units(self, item: Any, unit: int) -> int:
        """Return the units of an item, or of a list of them, by its size as JSON, which is about DynamoDB's own."""
        return max(1, -(-sum(self._size(each) for each in (item if isinstance(item, list) else [item])) // unit))

    def _size(self, item: Any) -> int:
        """Return the size of a record. Records never change: each is measured once, and so is the plan of a run."""
        if not is_dataclass(item) or isinstance(item, type):
            return 0
        if id(item) not in self._sizes:
            plan = self._size(item.plan) if isinstance(item, Run) and item.plan else 0
            bare = replace(item, plan=None) if plan and isinstance(item, Run) else item
            self._sizes[id(item)] = item, plan + len(json.dumps(asdict(bare)))
        return self._sizes[id(item)][1]
