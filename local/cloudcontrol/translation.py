"""Between CloudFormation's properties and the API's parameters: the same names in another case, and tags."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.cloudcontrol.schemas import Document, TypeSchema

TAGS = "Tags"


def to_api(shape: Shape, value: Any) -> Any:
    """Turn properties into parameters of a shape. What the shape does not have is left out."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        members = {name.casefold(): (name, member) for name, member in shape.members.items()}
        found = ((*members[key.casefold()], item) for key, item in value.items() if key.casefold() in members)
        return {name: to_api(member, item) for name, member, item in found}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_api(shape.member, item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: to_api(shape.value, item) for key, item in value.items()}
    return value


def from_api(schema: TypeSchema, node: Document, value: Any) -> Any:
    """Turn an answer into properties. What the schema does not have is left out."""
    node = schema.resolve(node)
    if isinstance(value, Mapping):
        if "properties" not in node:
            return dict(value)  # a map, whose keys are the user's own
        names = {name.casefold(): name for name in node["properties"]}
        found = ((names[key.casefold()], item) for key, item in value.items() if key.casefold() in names)
        return {name: from_api(schema, node["properties"][name], item) for name, item in found}
    if isinstance(value, list):
        return [from_api(schema, node.get("items", {}), item) for item in value]
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, str):
        # The API writes INTERACTIONS where the type says Interactions.
        return next((known for known in node.get("enum", ()) if known.casefold() == value.casefold()), value)
    return value


def as_typed(schema: TypeSchema, node: Document, value: Any) -> Any:
    """Turn text into the number or truth value that the schema asks for, and the other way round.

    Templates write either, and parameters are always text: CloudFormation converts what can be converted.
    """
    node = schema.resolve(node)
    if isinstance(value, Mapping):
        known = node.get("properties", {})
        return {name: as_typed(schema, known.get(name, {}), item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_typed(schema, node.get("items", {}), item) for item in value]
    convert = _CONVERTED.get((node.get("type"), type(value)))
    try:
        return convert(value) if convert else value
    except (ValueError, KeyError):
        return value  # which the schema then refuses


_TRUTH = {"true": True, "false": False}
_CONVERTED: Mapping[tuple[Any, type], Callable[[Any], Any]] = {
    ("boolean", str): lambda text: _TRUTH[text.lower()],
    ("integer", str): int,
    ("number", str): float,
    ("string", bool): lambda truth: str(truth).lower(),
    ("string", float): str,
    ("string", int): str,
}


def api_tags(properties: Document) -> list[dict[str, str]]:
    """Return the tags among the properties as the API spells them."""
    return [{"tagKey": tag["Key"], "tagValue": tag["Value"]} for tag in properties.get(TAGS) or []]


def property_tags(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the API's tags as the property spells them."""
    return [{"Key": tag["tagKey"], "Value": tag["tagValue"]} for tag in tags]
