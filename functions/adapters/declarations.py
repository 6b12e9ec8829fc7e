"""DynamoDB: what glue declares in the ledger.

pk/sk are (campaign#pipeline, campaign) and (left#pipeline, solution without its digest).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_write = TypeSerializer().serialize
_read = TypeDeserializer().deserialize


class DynamoDeclarations:
    """The ledger's table, as glue writes it. Terraform makes one call for each campaign, one after the other."""

    def __init__(self, client: Callable[[], DynamoDBClient], table: str) -> None:
        self._client = client
        self._table = table

    def campaigns(self, pipeline: str) -> dict[str, str]:
        """Return the declared campaigns of a pipeline: name → the solution that it is to serve."""
        return {item["sk"]: item["solution"] for item in self._under(f"campaign#{pipeline}")}

    def declare(self, pipeline: str, solution: str, spec: dict[str, Any]) -> None:
        """Declare a campaign, for a run to make or move.

        ``formerly`` holds the solutions that it was declared for before: it is still theirs for a run that finds the
        pipeline declared with one of them, and not with the new one yet.
        """
        pk, sk = f"campaign#{pipeline}", spec["name"]
        before = next((item for item in self._under(pk) if item["sk"] == sk), {})
        were = [before.get("solution"), *before.get("formerly", [])]
        formerly = [each for each in dict.fromkeys(were) if each not in (None, solution)]
        item = {"pk": pk, "sk": sk, "solution": solution, "formerly": formerly, "spec": json.dumps(spec)}
        self._client().put_item(TableName=self._table, Item={key: _write(value) for key, value in item.items()})

    def withdraw(self, pipeline: str, campaign: str) -> None:
        """Take a campaign out of the declaration, if it is there."""
        self._delete(f"campaign#{pipeline}", campaign)

    def running(self, pipeline: str) -> bool:
        """Whether a run of the pipeline may be under way: one has the lease, or it can't be told."""
        key = {"pk": _write("lease"), "sk": _write(pipeline)}
        item = self._client().get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            return False
        try:
            return json.loads(_read(item["lease"]))["active"] is not None
        except (KeyError, TypeError, ValueError):
            return True

    def left_behind(self, pipeline: str) -> list[str]:
        """Return the names of the solutions that were left behind, without their digests."""
        return [item["sk"] for item in self._under(f"left#{pipeline}")]

    def leave_behind(self, pipeline: str, solution: str) -> None:
        """Remember a solution that is declared no more, while a campaign still serves it."""
        item = {"pk": _write(f"left#{pipeline}"), "sk": _write(solution)}
        self._client().put_item(TableName=self._table, Item=item)

    def forget(self, pipeline: str, solution: str) -> None:
        """Forget a solution that was left behind."""
        self._delete(f"left#{pipeline}", solution)

    def _delete(self, pk: str, sk: str) -> None:
        self._client().delete_item(TableName=self._table, Key={"pk": _write(pk), "sk": _write(sk)})

    def _under(self, pk: str) -> list[dict[str, Any]]:
        pages = (
            self._client()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": _write(pk)},
                ConsistentRead=True,
            )
        )
        return [{key: _read(value) for key, value in item.items()} for page in pages for item in page["Items"]]
