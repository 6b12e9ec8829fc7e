"""The ledger and its twin, and how pipelines are declared in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from functions.model import Pipeline
from functions.ports import Declarations, Ledger
from functions.records import Run
from tests.contract.account import Account
from tests.support.build import (
    RUN_ID,
)
from tests.support.memory import MemoryDeclarations, MemoryLedger


@dataclass
class Case:
    """A ledger, and how pipelines are declared in it."""

    ledger: Ledger
    declare: Callable[[Pipeline], None]
    declarations: Declarations

    def standing(self, run_id: str = RUN_ID) -> Run:
        found = self.ledger.run("shop", run_id)
        assert found
        return found


def in_memory(_: Account) -> Case:
    ledger = MemoryLedger()

    def declare(declared: Pipeline) -> None:
        ledger.declared[declared.pipeline] = declared

    return Case(ledger, declare, MemoryDeclarations(ledger=ledger))


def in_dynamodb(account: Account) -> Case:
    return Case(account.ledger, account.declare, account.declarations)
