"""Breaks a good request in every way that its shapes forbid, one way at a time."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

_NOT_THAT: Mapping[str, tuple[Any, ...]] = {
    "string": (7, True, ["text"]),
    "boolean": ("yes", 1),
    "integer": ("many", True, 1.5),
    "float": ("much", True, 10**400),
    "double": ("much", True, 10**400),
    # Milliseconds, and what no calendar has.
    "timestamp": ("soon", True, 1_764_000_000_000, 1e300, -1e12, 10**400),
    "structure": ("text", []),
    "list": ("text", {}),
    "map": ("text", []),
}
# A good value for every pattern that the models have.
_SAMPLES = (
    "a",
    "s3://bucket/key",
    "rate(7 days)",
    "arn:aws:personalize:eu-west-1:123456789012:kind/name",
    "arn:aws:iam::123456789012:role/name",
    "arn:aws:kms:eu-west-1:123456789012:key/1",
)
_NEVER = ("!", "é", " ", "\x00")
_CLASSES = {r"\p{ASCII}": r"[\x00-\x7f]", r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s"}

Put = Callable[[Any], dict[str, Any]]
"""Returns the whole request with a value in the place at hand."""


@dataclass(frozen=True)
class Breakage:
    """A request with one thing wrong: which member, and what the refusal must say of it."""

    member: str
    constraint: str
    params: dict[str, Any]


def breakages(shape: StructureShape, good: Mapping[str, Any]) -> Iterator[Breakage]:
    """Yield all broken forms of a good request: what it leaves out is filled in, where that is to be broken."""
    yield from _structure(shape, dict(good), "", dict)


def _structure(shape: StructureShape, good: Any, path: str, put: Put) -> Iterator[Breakage]:
    for name in shape.required_members:
        without = put({key: value for key, value in good.items() if key != name})
        yield Breakage(path + name, "Member must not be null", without)
    for name, member in shape.members.items():
        value = good.get(name) or _minimal(member)
        yield from _member(member, value, path + name, functools.partial(_beside, put, good, name))


def _beside(put: Put, others: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    return put({**others, name: value})


def _member(shape: Shape, good: Any, path: str, put: Put) -> Iterator[Breakage]:
    kind = shape.type_name
    for wrong in _NOT_THAT[kind]:
        yield Breakage(path, f"Member must be of type {kind}", put(wrong))
    if isinstance(shape, StructureShape):
        yield from _structure(shape, good, path + ".", put)
    elif isinstance(shape, ListShape):
        first = good[0] if good else _minimal(shape.member)
        yield from _sizes(shape, path, "length", lambda size: put([first] * size))
        yield from _member(shape.member, first, path + ".1.member", lambda new: put([new]))
    elif isinstance(shape, MapShape):
        key, value = next(iter(good.items()))
        yield from _sizes(shape, path, "length", lambda size: put({f"{key}{at}": value for at in range(size)}))
        yield from _strings(shape.key, key, f"{path} key", lambda new: put({new: value}))
        yield from _member(shape.value, value, f"{path}.{key}", lambda new: put({key: new}))
    elif isinstance(shape, StringShape):
        yield from _strings(shape, good, path, put)
    elif kind != "timestamp":
        yield from _sizes(shape, path, "value", put)


def _strings(shape: Shape, good: str, path: str, put: Put) -> Iterator[Breakage]:
    yield from _sizes(shape, path, "length", lambda size: put((good * size)[:size]))
    pattern = shape.metadata.get("pattern")
    if pattern:
        bad = next(text for text in _NEVER if not _matches(pattern, text))
        yield Breakage(path, f"Member must satisfy regular expression pattern: {pattern}", put(bad))
    if shape.metadata.get("enum"):
        allowed = ", ".join(shape.metadata["enum"])
        yield Breakage(path, f"Member must satisfy enum value set: [{allowed}]", put("SOMETHING_ELSE"))


def _sizes(shape: Shape, path: str, what: str, put: Callable[[int], dict[str, Any]]) -> Iterator[Breakage]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and (low > 0 or what == "value"):
        yield Breakage(path, f"Member must have {what} greater than or equal to {low}", put(low - 1))
    if high is not None:
        yield Breakage(path, f"Member must have {what} less than or equal to {high}", put(high + 1))


def _minimal(shape: Shape) -> Any:
    """Return the least that a shape allows."""
    if isinstance(shape, StructureShape):
        return {name: _minimal(shape.members[name]) for name in shape.required_members}
    if isinstance(shape, ListShape):
        return [_minimal(shape.member)]
    if isinstance(shape, MapShape):
        return {_minimal(shape.key): _minimal(shape.value)}
    if shape.type_name == "string":
        enum, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
        return enum[0] if enum else next(text for text in _SAMPLES if not pattern or _matches(pattern, text))
    if shape.type_name == "timestamp":
        return 1_700_000_000
    return True if shape.type_name == "boolean" else 1


def _matches(pattern: str, text: str) -> bool:
    for theirs, ours in _CLASSES.items():
        pattern = pattern.replace(theirs, ours)
    return re.fullmatch(pattern, text) is not None
