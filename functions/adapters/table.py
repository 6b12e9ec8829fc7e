"""DynamoDB: a table whose key is pk and sk, read consistently and written under conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

_write = TypeSerializer().serialize
_read = TypeDeserializer().deserialize


@dataclass(frozen=True)
class Table:
    """A table, by its name. Items are plain dictionaries, and all their numbers are whole."""

    client: Callable[[], DynamoDBClient]
    name: str

    def get(self, pk: str, sk: str) -> Item | None:
        """Return an item, None if there is none."""
        found = self.client().get_item(TableName=self.name, Key=_key(pk, sk), ConsistentRead=True)
        return _plain(found["Item"]) if "Item" in found else None

    def under(
        self,
        pk: str,
        attributes: str = "",
        only: str = "",
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> list[Item]:
        """Return the items under a pk: the given attributes of them, ``only`` those of which a filter holds."""
        extra: dict[str, Any] = {"ProjectionExpression": attributes} if attributes else {}
        extra |= {"FilterExpression": only} if only else {}
        pages = (
            self.client()
            .get_paginator("query")
            .paginate(
                TableName=self.name,
                KeyConditionExpression="pk = :pk",
                ConsistentRead=True,
                **extra,
                **_expressions(names, {":pk": pk, **(values or {})}),
            )
        )
        return [_plain(item) for page in pages for item in page["Items"]]

    def put(
        self,
        item: Item,
        condition: str = "",
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> bool:
        """Write an item; return False where the condition does not hold, and nothing was written."""
        extra: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        written = {key: _write(value) for key, value in item.items()}
        try:
            self.client().put_item(TableName=self.name, Item=written, **extra, **_expressions(names, values))
        except ClientError as error:
            return _refused(error)
        return True

    def update(
        self,
        pk: str,
        sk: str,
        expression: str,
        condition: str,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> bool:
        """Change an item; return False where the condition does not hold, and nothing changed."""
        try:
            self.client().update_item(
                TableName=self.name,
                Key=_key(pk, sk),
                UpdateExpression=expression,
                ConditionExpression=condition,
                **_expressions(names, values),
            )
        except ClientError as error:
            return _refused(error)
        return True

    def change(self, pk: str, sk: str, expression: str, values: Mapping[str, Any]) -> Item:
        """Change an item, whatever it is and be it there or not, and return it as it is then."""
        changed = self.client().update_item(
            TableName=self.name,
            Key=_key(pk, sk),
            UpdateExpression=expression,
            ReturnValues="ALL_NEW",
            **_expressions(None, values),
        )
        return _plain(changed["Attributes"])

    def delete(self, pk: str, sk: str) -> None:
        """Delete an item, if it is there."""
        self.client().delete_item(TableName=self.name, Key=_key(pk, sk))


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": _write(pk), "sk": _write(sk)}


def _expressions(names: Mapping[str, str] | None, values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the members of a request that explain its expressions: DynamoDB takes no empty ones."""
    explained: dict[str, Any] = {"ExpressionAttributeNames": dict(names)} if names else {}
    if values:
        explained["ExpressionAttributeValues"] = {name: _write(value) for name, value in values.items()}
    return explained


def _refused(error: ClientError) -> bool:
    """Return False for a write whose condition does not hold; raise anything else."""
    if error.response["Error"].get("Code") == "ConditionalCheckFailedException":
        return False
    raise error


def _plain(item: Mapping[str, Any]) -> Item:
    return {name: _whole(_read(value)) for name, value in item.items()}


def _whole(value: Any) -> Any:
    """Return a value without DynamoDB's decimals."""
    match value:
        case Decimal():
            return int(value)
        case dict():
            return {key: _whole(each) for key, each in value.items()}
        case list():
            return [_whole(each) for each in value]
        case _:
            return value
