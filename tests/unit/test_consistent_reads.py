"""What the ledger reads is what was written last: every read of DynamoDB asks for that."""

from __future__ import annotations

from typing import Any

import pytest

from functions.adapters.dynamodb import DynamoLedger
from functions.errors import UnknownPipeline


class Asked:
    """A DynamoDB in which nothing is, and what it was asked."""

    def __init__(self) -> None:
        self.reads: list[dict[str, Any]] = []

    def get_item(self, **asked: Any) -> dict[str, Any]:
        self.reads.append(asked)
        return {}

    def query(self, **asked: Any) -> dict[str, Any]:
        self.reads.append(asked)
        return {"Items": []}

    def get_paginator(self, operation: str) -> Asked:
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        return [self.query(**asked)]


READS: dict[str, tuple[str, ...]] = {
    "pipelines": (),
    "pipeline": ("shop",),
    "lease": ("shop",),
    "memory": ("shop",),
    "turnstile": ("import",),
    "run": ("shop", "r"),
    "folders": (),
}


@pytest.mark.parametrize("method", READS)
def test_every_read_is_consistent(method: str) -> None:
    dynamodb = Asked()
    ledger = DynamoLedger(lambda: dynamodb, "ledger")  # type: ignore[arg-type, return-value] # all that is read with
    try:
        getattr(ledger, method)(*READS[method])
    except UnknownPipeline:
        assert method == "pipeline"
    assert dynamodb.reads
    assert all(read["ConsistentRead"] is True for read in dynamodb.reads)
