"""Avro schemas, and the rules for those of each dataset type and domain.

https://docs.aws.amazon.com/personalize/latest/dg/how-it-works-dataset-schema.html
https://docs.aws.amazon.com/personalize/latest/dg/custom-datasets-and-schemas.html
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import fastavro.schema

from local.personalize.errors import InvalidInputError

NUMBERS = frozenset({"float", "double", "int", "long"})
PRIMITIVES = NUMBERS | {"string", "boolean"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
MAX_ID, MAX_STRING, MAX_TEXT = 256, 1000, 20_000
"""How many characters IDs, other strings and texts may have; texts are cut, the others refused."""


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

    @property
    def informs(self) -> bool:
        """Whether models learn from it: other strings and booleans only filter."""
        return self.type in NUMBERS or self.categorical or self.textual


@dataclass(frozen=True)
class Column:
    """What a required or reserved field must be. A string is categorical, textual or neither, as it says here."""

    type: str
    null: bool = False
    categorical: bool = False
    textual: bool = False

    def problems(self, given: Field) -> Iterator[str]:
        """Say what is wrong with a field."""
        if given.type != self.type:
            yield f"{given.name} must be of type {self.type}, and is {given.type}"
        elif given.nullable and not self.null:
            yield f"{given.name} must not be null"
        for attribute in ("categorical", "textual"):
            wanted: bool = getattr(self, attribute)
            if self.type == "string" and getattr(given, attribute) is not wanted:
                yield f"{given.name} must {'' if wanted else 'not '}be {attribute}"


Columns = Mapping[str, Column]
"""Field name to what it must be."""


@dataclass(frozen=True)
class Domain:
    """What a domain asks for and reserves on top."""

    required: Columns = field(default_factory=dict)
    reserved: Columns = field(default_factory=dict)


@dataclass(frozen=True)
class DatasetType:
    """What the schema of a dataset type must have, and may have. `keys` tell one record from another."""

    name: str
    keys: tuple[str, ...]
    required: Columns
    reserved: Columns
    max_extra: int
    domains: Mapping[str, Domain]
    """The domains that have the type at all."""
    informed: bool = False
    """Whether a field besides those required must be there that models learn from."""
    max_textual: int = 0
    replaceable: bool = False
    """Whether UpdateDataset may replace the schema."""
    exportable: bool = True
    bounds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Least and greatest value of a column."""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The values that a column may have; neither case nor underscores count."""

    @property
    def identified(self) -> bool:
        """Whether a record has an ID of its own, so that a new one replaces the old one."""
        return len(self.keys) == 1


_STRING, _LONG, _FLOAT = Column("string"), Column("long"), Column("float")
_STRING_OR_NULL, _LONG_OR_NULL, _FLOAT_OR_NULL = (Column(kind, null=True) for kind in ("string", "long", "float"))
_CATEGORY, _CATEGORY_OR_NULL = Column("string", categorical=True), Column("string", null=True, categorical=True)
_TEXT = Column("string", null=True, textual=True)
_EVENTS = Domain(required={"EVENT_TYPE": _STRING})

DATASET_TYPES: Mapping[str, DatasetType] = {
    kind.name: kind
    for kind in (
        DatasetType(
            "INTERACTIONS",
            keys=("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"),
            required={"USER_ID": _STRING, "ITEM_ID": _STRING, "TIMESTAMP": _LONG},
            reserved={
                "EVENT_TYPE": _STRING,
                "EVENT_VALUE": _FLOAT_OR_NULL,
                "IMPRESSION": _STRING_OR_NULL,
                "RECOMMENDATION_ID": _STRING_OR_NULL,
                "EVENT_ATTRIBUTION_SOURCE": _STRING_OR_NULL,
            },
            max_extra=5,
            domains={"ECOMMERCE": _EVENTS, "VIDEO_ON_DEMAND": _EVENTS},
        ),
        DatasetType(
            "ITEMS",
            keys=("ITEM_ID",),
            required={"ITEM_ID": _STRING},
            reserved={"CREATION_TIMESTAMP": _LONG},
            informed=True,
            max_extra=100,
            max_textual=1,
            domains={
                # https://docs.aws.amazon.com/personalize/latest/dg/ECOMMERCE-items-dataset.html
                "ECOMMERCE": Domain(
                    required={"PRICE": _FLOAT, "CATEGORY_L1": _CATEGORY},
                    reserved={
                        "CATEGORY_L2": _CATEGORY_OR_NULL,
                        "CATEGORY_L3": _CATEGORY_OR_NULL,
                        "PRODUCT_DESCRIPTION": _TEXT,
                        "AGE_GROUP": _CATEGORY_OR_NULL,
                        "ADULT": _CATEGORY_OR_NULL,
                        "GENDER": _CATEGORY_OR_NULL,
                    },
                ),
                # https://docs.aws.amazon.com/personalize/latest/dg/VIDEO-ON-DEMAND-items-dataset.html
                "VIDEO_ON_DEMAND": Domain(
                    required={"CREATION_TIMESTAMP": _LONG, "GENRES": _CATEGORY},
                    reserved={
                        "PRICE": _FLOAT_OR_NULL,
                        "DURATION": _FLOAT_OR_NULL,
                        "GENRE_L2": _CATEGORY_OR_NULL,
                        "GENRE_L3": _CATEGORY_OR_NULL,
                        "AVERAGE_RATING": _FLOAT_OR_NULL,
                        "PRODUCT_DESCRIPTION": _TEXT,
                        "CONTENT_OWNER": _CATEGORY_OR_NULL,
                        "CONTENT_CLASSIFICATION": _CATEGORY_OR_NULL,
                    },
                ),
            },
            replaceable=True,
        ),
        DatasetType(
            "USERS",
            keys=("USER_ID",),
            required={"USER_ID": _STRING},
            reserved={},
            informed=True,
            max_extra=25,
            domains={
                "ECOMMERCE": Domain(),
                "VIDEO_ON_DEMAND": Domain(reserved={"SUBSCRIPTION_MODEL": _CATEGORY_OR_NULL}),
            },
            replaceable=True,
        ),
        # Next-best-action is for Custom dataset groups only.
        # https://docs.aws.amazon.com/personalize/latest/dg/actions-datasets.html
        DatasetType(
            "ACTIONS",
            keys=("ACTION_ID",),
            required={"ACTION_ID": _STRING},
            reserved={
                "CREATION_TIMESTAMP": _LONG,
                "VALUE": _LONG_OR_NULL,
                "TYPE": _STRING_OR_NULL,
                # The guide's table has the one name, its text and examples the other.
                "EXPIRATION_TIMESTAMP": _LONG_OR_NULL,
                "ACTION_EXPIRATION_TIMESTAMP": _LONG_OR_NULL,
                "REPEAT_FREQUENCY": _LONG_OR_NULL,
            },
            informed=True,
            max_extra=10,
            domains={},
            exportable=False,
            bounds={"VALUE": (1, 10), "REPEAT_FREQUENCY": (0, 30)},
        ),
        # https://docs.aws.amazon.com/personalize/latest/dg/action-interactions-datasets.html
        DatasetType(
            "ACTION_INTERACTIONS",
            keys=("USER_ID", "ACTION_ID", "TIMESTAMP", "EVENT_TYPE"),
            required={"USER_ID": _STRING, "ACTION_ID": _STRING, "EVENT_TYPE": _STRING, "TIMESTAMP": _LONG},
            reserved={"RECOMMENDATION_ID": _STRING_OR_NULL, "IMPRESSION": _STRING_OR_NULL},
            max_extra=5,
            domains={},
            exportable=False,
            choices={"EVENT_TYPE": ("Taken", "Not Taken", "Viewed")},
        ),
    )
}
MEASURED = frozenset({"INTERACTIONS", "ITEMS"})
"""The types whose columns a metric attribution may sum up."""
TIMESTAMPS = frozenset({"TIMESTAMP", "CREATION_TIMESTAMP", "EXPIRATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP"})
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

    def find(self, name: str) -> Field | None:
        """Return the field that a request means by a name: neither case nor underscores count."""
        return next((each for each in self.fields if plain(each.name) == plain(name)), None)

    @property
    def keys(self) -> list[str]:
        """The columns that tell one record from another."""
        return [key for key in self.type.keys if key in self.by_name]

    def limit(self, name: str) -> int:
        """Return how many characters a value of a string column may have."""
        if name.endswith("_ID") and name in self.type.required:
            return MAX_ID
        return MAX_TEXT if self[name].textual else MAX_STRING

    def allows(self, name: str, value: str) -> bool:
        """Say whether a column's own list of values, if it has one, has this value."""
        choices = self.type.choices.get(name)
        return choices is None or plain(value) in map(plain, choices)


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
    kind = next((t for t in DATASET_TYPES.values() if plain(t.name) == plain(str(record["name"]))), None)
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
        for each in raw["fields"]:  # before fastavro, which does not say whose type is wrong
            if isinstance(each, dict) and {"name", "type"} <= each.keys():
                _field(each)
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
    if domain and domain not in kind.domains:
        yield f"a Domain dataset group can't have {kind.name} datasets"
        return
    extras = kind.domains[domain] if domain else Domain()
    required = {**kind.required, **extras.required}
    ruled = {**kind.reserved, **extras.reserved, **required}
    missing = [name for name in required if name not in schema.by_name]
    if missing:
        where = f" in the domain {domain}" if domain else ""
        yield f"required fields are missing{where}: [{','.join(missing)}]"
    # https://avro.apache.org/docs/1.11.1/specification/#names
    if odd := [each.name for each in schema.fields if not _NAME.fullmatch(each.name)]:
        yield f"field names have letters, digits and underscores, and don't begin with a digit: [{','.join(odd)}]"
    names = [plain(each.name) for each in schema.fields]
    twice = sorted({each.name for each in schema.fields if names.count(plain(each.name)) > 1})
    if twice:
        yield f"field names must be unique, and underscores don't count: [{','.join(twice)}]"
    for each in schema.fields:
        if (each.categorical or each.textual) and each.type != "string":
            yield f"{each.name} can't be categorical or textual, since it is not a string"
        if each.name in ruled:
            yield from ruled[each.name].problems(each)
    extra = [each for each in schema.fields if each.name not in ruled]
    # The guide tells reserved fields from metadata, but its own default schema of VIDEO_ON_DEMAND's users has no other.
    metadata = [each for each in schema.fields if each.name not in {**kind.required, **kind.reserved}]
    if kind.informed and not any(each.informs for each in metadata):
        what = "categorical, textual or numerical" if kind.max_textual else "categorical or numerical"
        yield f"it needs at least 1 metadata field ({what})"
    if len(extra) > kind.max_extra:
        yield f"it has {len(extra)} metadata fields, and at most {kind.max_extra} are allowed"
    textual = [each.name for each in schema.fields if each.textual]
    if len(textual) > kind.max_textual:
        yield f"at most {kind.max_textual} fields can be textual, and there are [{','.join(textual)}]"


def plain(name: str) -> str:
    """Return a name without what does not tell it from others: case, underscores, spaces."""
    return name.replace("_", "").replace(" ", "").upper()
