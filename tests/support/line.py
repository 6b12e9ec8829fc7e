"""Runs that ask for slots of a quota: what the tests of the turnstile and of the steps around it begin with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from functions.errors import LimitExceeded
from functions.model import IMPORTS, Message, dump_short, parse
from functions.ports import Ports
from functions.records import Branch, Turnstile
from functions.times import written
from tests.support.build import (
    NOW,
    VERSION,
    an_import,
    ledger_with,
    message,
    plan,
    ports,
    run,
)
from tests.support.memory import MemoryQueues
from tests.support.scripted import Scripted

AT = written(NOW)
SETS = ("interactions", "items", "users")
THREE = plan(imports={name: an_import(name) for name in SETS})
BUSY = LimitExceeded("LimitExceededException", "More than 5 resources with PENDING or IN_PROGRESS status.", "Create…")


class Scene:
    """Runs of one pipeline, a turnstile with two slots, and Personalize, which makes whatever is asked for."""

    def __init__(self, *holders: str, waiting: tuple[str, ...] = (), kind: str = "import") -> None:
        stile = Turnstile(1, dict.fromkeys(holders, AT), waiting, swept_at=AT)
        self.kind = kind
        self.ledger = ledger_with(turnstiles={kind: stile})
        self.queues = MemoryQueues()
        self.personalize = Scripted(
            CreateDatasetImportJob=lambda params: {"datasetImportJobArn": f"arn:{params['jobName']}"},
            ListSolutionVersions={"solutionVersions": []},
            CreateSolutionVersion={"solutionVersionArn": VERSION},
        )

    def add(self, run_id: str, told: Message | None = None, **changes: Any) -> None:
        """Let there be a run whose imports go on by a message."""
        branches = {IMPORTS: Branch(hop=told.hop if told else 0, message=dump_short(told) if told else None)}
        fields = {"plan": THREE, "branches": branches, **changes}
        self.ledger.runs["shop", run_id] = run(run_id, **fields)

    @property
    def ports(self) -> Ports:
        made = ports(self.personalize, self.ledger, self.queues)
        return replace(made, settings=replace(made.settings, quotas={"import": 2, "train": 2}), rest=lambda tries: None)

    @property
    def stile(self) -> Turnstile:
        return self.ledger.turnstile(self.kind)

    @property
    def sent(self) -> list[tuple[str, Message, float]]:
        return [(step, parse(Message, body), delay) for step, body, delay in self.queues.sent if step != "start"]


def told(run_id: str, step: str = "import", **changes: Any) -> Message:
    return replace(message(step, plan=THREE, **changes), run_id=run_id)


def tokens(run_id: str, *keys: str) -> tuple[str, ...]:
    return tuple(f"shop/{run_id}/*/{key}" for key in keys)
