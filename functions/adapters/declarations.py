"""DynamoDB: what glue declares in the ledger.

pk/sk are (campaign#pipeline, campaign) and (left#pipeline, solution without its digest). The pipeline itself, under
(pipeline, pipeline), is declared by Terraform.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from functions.adapters.table import Table
from functions.errors import Conflict
from functions.guarded import change, rest
from functions.names import bears

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDeclarations:
    """The ledger's table, as glue writes it. Terraform makes one call for each campaign, one after the other."""

    def __init__(self, client: Callable[[], DynamoDBClient], table: str) -> None:
        self._table = Table(client, table)

    def campaigns(self, pipeline: str) -> dict[str, str]:
        """Return the declared campaigns of a pipeline: name → the solution that it is to serve."""
        return {item["sk"]: item["solution"] for item in self._table.under(f"campaign#{pipeline}")}

    def declare(self, pipeline: str, solution: str, spec: dict[str, Any]) -> None:
        """Declare a campaign, for a run to make or move.

        ``formerly`` holds the solutions that it was declared for before: it is still theirs for a run that finds the
        pipeline declared with one of them, and not with the new one yet.
        """
        pk, sk = f"campaign#{pipeline}", spec["name"]
        before = next((item for item in self._table.under(pk) if item["sk"] == sk), {})
        were = [before.get("solution"), *before.get("formerly", [])]
        formerly = [each for each in dict.fromkeys(were) if each not in (None, solution)]
        self._table.put({"pk": pk, "sk": sk, "solution": solution, "formerly": formerly, "spec": json.dumps(spec)})

    def withdraw(self, pipeline: str, campaign: str) -> None:
        """Take a campaign out of the declaration, if it is there."""
        self._table.delete(f"campaign#{pipeline}", campaign)

    def withdraw_filter(self, pipeline: str, family: str) -> None:
        """Take a filter, known by its name without digest, out of a pipeline's declaration, if it is there."""

        def read() -> tuple[str, str]:
            text = (self._table.get("pipeline", pipeline) or {"spec": "{}"})["spec"]
            return text, text

        def write(spec: tuple[str, str]) -> None:
            self._redeclare(pipeline, *spec)

        change(read, write, lambda spec: (spec[0], _without(spec[0], family)), f"the declaration of {pipeline}", rest)

    def is_declared(self, pipeline: str) -> bool:
        """Whether the pipeline is declared."""
        return self._table.get("pipeline", pipeline) is not None

    def running(self, pipeline: str) -> bool:
        """Whether a run of the pipeline may be under way: one has the lease, or it can't be told."""
        item = self._table.get("lease", pipeline)
        if item is None:
            return False
        try:
            return json.loads(item["lease"])["active"] is not None
        except (KeyError, TypeError, ValueError):
            return True

    def left_behind(self, pipeline: str) -> list[str]:
        """Return the names of the solutions that were left behind, without their digests."""
        return [item["sk"] for item in self._table.under(f"left#{pipeline}")]

    def leave_behind(self, pipeline: str, solution: str) -> None:
        """Remember a solution that is declared no more, while a campaign still serves it."""
        self._table.put({"pk": f"left#{pipeline}", "sk": solution})

    def forget(self, pipeline: str, solution: str) -> None:
        """Forget a solution that was left behind."""
        self._table.delete(f"left#{pipeline}", solution)

    def _redeclare(self, pipeline: str, before: str, after: str) -> None:
        item = {"pk": "pipeline", "sk": pipeline, "spec": after}
        if not self._table.put(item, "spec = :before", values={":before": before}):
            raise Conflict(f"The declaration of {pipeline} changed meanwhile.")


def _without(text: str, family: str) -> str:
    """Return a pipeline's declaration without a filter: as it is, where that is not in it."""
    spec = json.loads(text)
    filters = spec.get("filters", {})
    kept = {key: each for key, each in filters.items() if not bears(each["name"], family)}
    return text if kept == filters else json.dumps({**spec, "filters": kept})
