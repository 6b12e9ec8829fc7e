"""A declaration that is right, to make mistakes in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Fields = Sequence[Mapping[str, Any]]
Pipeline = dict[str, Any]

USER, ITEM, TIME = ({"name": name, "type": "string"} for name in ("USER_ID", "ITEM_ID", "TIMESTAMP"))
TIME["type"] = "long"
EVENT = {"name": "EVENT_TYPE", "type": "string"}
GENRES = {"name": "GENRES", "type": ["null", "string"], "categorical": True}
INTERACTIONS: Fields = [USER, ITEM, TIME, EVENT]
ITEMS: Fields = [
    ITEM,
    GENRES,
    {"name": "YEAR", "type": "int"},
    {"name": "TEXT", "type": ["null", "string"], "textual": True},
    {"name": "ADULT", "type": "boolean"},
]
USERS: Fields = [USER, {"name": "AGE", "type": ["null", "int"]}]


def text(record: str, fields: Fields, **changes: Any) -> str:
    """Return a schema as text."""
    avro = {"type": "record", "name": record, "namespace": "com.amazonaws.personalize.schema", "version": "1.0"}
    return json.dumps({**avro, "fields": fields, **changes})


def pipeline(**more: Any) -> Pipeline:
    """Return a pipeline of all three datasets, with more besides."""
    fields = {"interactions": INTERACTIONS, "items": ITEMS, "users": USERS}
    return {"datasets": {type_: {"schema": text(type_.title(), each)} for type_, each in fields.items()}, **more}


def dataset(type_: str, schema: str, domain: str | None = None) -> Pipeline:
    """Return a pipeline with a schema of its own; without a domain's other columns, where there is one."""
    made = pipeline(domain=domain)
    made["datasets"] = {**made["datasets"], type_: {"schema": schema}} if domain is None else {
        "interactions": made["datasets"]["interactions"], type_: {"schema": schema}
    }  # fmt: skip
    return made
