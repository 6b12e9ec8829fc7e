"""Avro schemas, and the rules for those of each dataset type and domain.

https://docs.aws.amazon.com/personalize/latest/dg/how-it-works-dataset-schema.html
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import fastavro.schema

from local.personalize.errors import InvalidInputError

NUMBERS = frozenset({"float", "double", "int", "long"})
PRIMITIVES = NUMBERS | {"string", "boolean"}
_STRING = frozenset({"string"})
_LONG = frozenset({"long"})
_FLOAT = frozenset({"float", "double"})

Types = Mapping[str, frozenset[str]]
"""Field name to the Avro types that it may have."""


@dataclass(frozen=True)
class Field:
    """One column."""

    name: str
    type: str
    nullable: bool = False
    categorical: bool = False
    textual: bool = False
    title: bool = False
    """Whether it is the item's name (itemName)."""


@dataclass(frozen=True)
class DatasetType:
    """What the schema of a dataset type must have, and may have. `keys` tell one record from another."""

    name: str
    keys: tuple[str, ...]
    required: Types
    reserved: Types
    max_extra: int
    min_extra: int = 0
    max_textual: int = 0
    domains: Mapping[str, Types] = field(default_factory=dict)
    replaceable: bool = False
    """Whether UpdateDataset may replace the schema."""


DATASET_TYPES: Mapping[str, DatasetType] = {
    kind.name: kind
    for kind in (
        DatasetType(
            "INTERACTIONS",
            keys=("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"),
            required={"USER_ID": _STRING, "ITEM_ID": _STRING, "TIMESTAMP": _LONG},
            reserved={
                "EVENT_TYPE": _STRING,
                "EVENT_VALUE": _FLOAT,
                "IMPRESSION": _STRING,
                "RECOMMENDATION_ID": _STRING,
                "EVENT_ATTRIBUTION_SOURCE": _STRING,
            },
            max_extra=5,
            domains={"ECOMMERCE": {"EVENT_TYPE": _STRING}, "VIDEO_ON_DEMAND": {"EVENT_TYPE": _STRING}},
        ),
        DatasetType(
            "ITEMS",
            keys=("ITEM_ID",),
            required={"ITEM_ID": _STRING},
            reserved={"CREATION_TIMESTAMP": _LONG},
            min_extra=1,
            max_extra=100,
            max_textual=1,
            domains={
                "ECOMMERCE": {"PRICE": NUMBERS, "CATEGORY_L1": _STRING},
                "VIDEO_ON_DEMAND": {"CREATION_TIMESTAMP": _LONG, "GENRES": _STRING},
            },
            replaceable=True,
        ),
        DatasetType(
            "USERS",
            keys=("USER_ID",),
            required={"USER_ID": _STRING},
            reserved={},
            min_extra=1,
            max_extra=25,
            replaceable=True,
        ),
        DatasetType(
            "ACTIONS",
            keys=("ACTION_ID",),
            required={"ACTION_ID": _STRING},
            reserved={"CREATION_TIMESTAMP": _LONG, "ACTION_EXPIRATION_TIMESTAMP": _LONG, "VALUE": NUMBERS},
            min_extra=1,
            max_extra=10,
        ),
        DatasetType(
            "ACTION_INTERACTIONS",
            keys=("USER_ID", "ACTION_ID", "TIMESTAMP", "EVENT_TYPE"),
            required={"USER_ID": _STRING, "ACTION_ID": _STRING, "EVENT_TYPE": _STRING, "TIMESTAMP": _LONG},
            reserved={"RECOMMENDATION_ID": _STRING, "IMPRESSION": _STRING},
            max_extra=5,
        ),
    )
}
TIMESTAMPS = frozenset({"TIMESTAMP", "CREATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP"})
"""Columns in epoch seconds."""


@dataclass(frozen=True)
class Schema:
    """A parsed schema."""

    type: DatasetType
    fields: tuple[Field, ...]

    def __getitem__(self, name: str) -> Field:
        return self.by_name[name]

    @functools.cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by their names."""
        return {each.name: each for each in self.fields}

    @property
    def keys(self) -> list[str]:
        """The columns that tell one record from another."""
        return [key for key in self.type.keys if key in self.by_name]


def dataset_type(name: str) -> DatasetType:
    """Return the dataset type of that name, in whatever case."""
    found = DATASET_TYPES.get(name.upper())
    if found is None:
        raise InvalidInputError(f"{name!r} is not a dataset type; there are {', '.join(DATASET_TYPES)}.")
    return found


@functools.lru_cache(maxsize=256)
def parse(text: str, domain: str | None = None) -> Schema:
    """Read a schema and check it by the rules of its type and domain; raises InvalidInputError."""
    record = _avro(text)
    kind = next((t for t in DATASET_TYPES.values() if _plain(t.name) == _plain(str(record["name"]))), None)
    if kind is None:
        names = ", ".join(name.title().replace("_", "") for name in DATASET_TYPES)
        raise InvalidInputError(f"The schema's name is {record['name']!r}; it must be one of {names}.")
    schema = Schema(kind, tuple(_field(each) for each in record["fields"]))
    problems = list(_problems(schema, domain))
    if problems:
        raise InvalidInputError(f"The {kind.name} schema is not valid: {'; '.join(problems)}.")
    return schema


def check_replacement(old: Schema, new: Schema) -> None:
    """Refuse a schema that does not keep what the old one has.

    https://docs.aws.amazon.com/personalize/latest/dg/updating-dataset-schema.html
    """
    if old.type is not new.type:
        raise InvalidInputError(f"The new schema is for {new.type.name}, and the dataset holds {old.type.name}.")
    if not old.type.replaceable:
        raise InvalidInputError(f"The schema of an {old.type.name} dataset can't be replaced.")
    dropped = [each.name for each in old.fields if each.name not in new.by_name]
    changed = [each.name for each in old.fields if each.name in new.by_name and new[each.name] != each]
    strict = [each.name for each in new.fields if each.name not in old.by_name and not each.nullable]
    problems = [
        f"{what}: [{','.join(names)}]"
        for what, names in (
            ("fields of the previous schema are missing", dropped),
            ("fields have changed their type or attributes", changed),
            ("new fields must support null", strict),
        )
        if names
    ]
    if problems:
        raise InvalidInputError(f"The schema can't replace the previous one: {'; '.join(problems)}.")


def _avro(text: str) -> dict[str, Any]:
    try:
        raw = json.loads(text)
        if not isinstance(raw, dict) or raw.get("type") != "record" or not isinstance(raw.get("fields"), list):
            raise InvalidInputError("The schema must be an Avro record with fields.")
        fastavro.schema.parse_schema(raw)
    except InvalidInputError:
        raise
    except Exception as error:  # fastavro lets out KeyError and the like for some malformed schemas
        raise InvalidInputError(f"The schema is not a valid Avro schema: {error}") from error
    return raw


def _field(raw: Mapping[str, Any]) -> Field:
    name, declared = raw["name"], raw["type"]
    types = declared if isinstance(declared, list) else [declared]
    values = [each for each in types if each != "null"]
    if len(values) != 1 or not isinstance(values[0], str) or values[0] not in PRIMITIVES:
        raise InvalidInputError(
            f"The field {name} has the type {json.dumps(declared)}; types are one of "
            f"{', '.join(sorted(PRIMITIVES))}, or a list of one and null."
        )
    return Field(
        name=name,
        type=values[0],
        nullable="null" in types,
        categorical=raw.get("categorical") is True,
        textual=raw.get("textual") is True,
        title=raw.get("itemName") is True,
    )


def _problems(schema: Schema, domain: str | None) -> Iterator[str]:
    kind = schema.type
    required = {**kind.required, **kind.domains.get(domain or "", {})}
    missing = [name for name in required if name not in schema.by_name]
    if missing:
        where = f" in the domain {domain}" if domain else ""
        yield f"required fields are missing{where}: [{','.join(missing)}]"
    names = [_plain(each.name) for each in schema.fields]
    twice = sorted({each.name for each in schema.fields if names.count(_plain(each.name)) > 1})
    if twice:
        yield f"field names must be unique, and underscores don't count: [{','.join(twice)}]"
    for each in schema.fields:
        types = required.get(each.name) or kind.reserved.get(each.name)
        if types and each.type not in types:
            yield f"{each.name} must be of type {' or '.join(sorted(types))}, and is {each.type}"
        if each.name in kind.required and each.nullable:
            yield f"{each.name} must not be null"
        if (each.categorical or each.textual) and each.type != "string":
            yield f"{each.name} can't be categorical or textual, since it is not a string"
    metadata = [each for each in schema.fields if each.name not in kind.required]
    extra = [each for each in metadata if each.name not in kind.reserved]
    if len(metadata) < kind.min_extra:
        yield f"it needs at least {kind.min_extra} metadata field"
    if len(extra) > kind.max_extra:
        yield f"it has {len(extra)} metadata fields, and at most {kind.max_extra} are allowed"
    textual = [each.name for each in schema.fields if each.textual]
    if len(textual) > kind.max_textual:
        yield f"at most {kind.max_textual} fields can be textual, and there are [{','.join(textual)}]"


def _plain(name: str) -> str:
    return name.replace("_", "").upper()
