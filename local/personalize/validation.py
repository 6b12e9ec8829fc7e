"""Checks a request against botocore's model of it, with messages in AWS's words."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from local.personalize.errors import InvalidInputError

_UNICODE_CLASSES = {r"\p{ASCII}": r"[\x00-\x7f]", r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s"}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
}


def validated(shape: StructureShape | None, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that the model knows; raises InvalidInputError naming all that is wrong."""
    if shape is None:
        return {}
    problems = list(_structure(shape, params, ""))
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise InvalidInputError(count + "; ".join(problems))
    return dict(_known(shape, params))


def _known(shape: Shape, value: Any) -> Any:
    """Copy what the model knows. Clients newer than the model may send more; AWS drops that silently."""
    if isinstance(shape, StructureShape):
        return {k: _known(shape.members[k], v) for k, v in value.items() if k in shape.members and v is not None}
    if isinstance(shape, ListShape):
        return [_known(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _known(shape.value, item) for key, item in value.items()}
    return moment(value) if shape.type_name == "timestamp" else value


def moment(value: Any) -> datetime | None:
    """Return the moment that a timestamp stands for: None for what is none, as milliseconds are, or a far future."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _structure(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _problem(None, path + name, "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _member(member, value[name], path + name)


def _member(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not _fits(value, shape.type_name):
        yield _problem(value, path, f"Member must be of type {shape.type_name}")
        return
    if isinstance(shape, StructureShape):
        yield from _structure(shape, value, path + ".")
    elif isinstance(shape, ListShape):
        yield from _bounds(shape, len(value), value, path, "length")
        for index, item in enumerate(value, 1):
            yield from _member(shape.member, item, f"{path}.{index}.member")
    elif isinstance(shape, MapShape):
        yield from _bounds(shape, len(value), value, path, "length")
        for key, item in value.items():
            yield from _member(shape.key, key, f"{path} key")
            yield from _member(shape.value, item, f"{path}.{key}")
    elif isinstance(shape, StringShape):
        yield from _string(shape, value, path)
    elif shape.type_name != "timestamp":
        yield from _bounds(shape, value, value, path, "value")


def _fits(value: Any, kind: str) -> bool:
    if kind == "timestamp":
        return moment(value) is not None
    types = _TYPES[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        return False
    return float not in types or finite(value)


def finite(number: Any) -> bool:
    """Say whether a number is one that floats have, which JSON's 1e999 is not."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def _string(shape: StringShape, value: str, path: str) -> Iterator[str]:
    yield from _bounds(shape, len(value), value, path, "length")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _problem(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    if shape.enum and value not in shape.enum:
        yield _problem(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")


def _bounds(shape: Shape, size: float, value: Any, path: str, what: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _problem(value, path, f"Member must have {what} greater than or equal to {low}")
    if high is not None and size > high:
        yield _problem(value, path, f"Member must have {what} less than or equal to {high}")


def _problem(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else str(value)
    shown = shown if len(shown) <= 100 else shown[:97] + "..."
    return f"Value '{shown}' at '{path}' failed to satisfy constraint: {constraint}"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for theirs, ours in _UNICODE_CLASSES.items():
        pattern = pattern.replace(theirs, ours)
    return re.compile(pattern)
