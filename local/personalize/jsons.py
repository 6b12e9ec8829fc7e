"""JSON as its standard has it, and as deep as it is of use: Python's own reader takes more."""

from __future__ import annotations

import json
from typing import Any, NoReturn

_DEEPEST = 200
"""What is nested deeper could be read, and not be shown in a message or a journal: Python has a limit of its own."""


def loads(text: str | bytes) -> Any:
    """Read JSON, without NaN and Infinity. Raises ValueError, for what is nested too deep as well."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    opening = ("[", "{") if isinstance(text, str) else (b"[", b"{")
    if sum(map(text.count, opening)) > _DEEPEST and _is_deep(value):  # type: ignore[arg-type] # both of one type
        raise ValueError("it is nested too deep")
    return value


def _is_deep(value: Any) -> bool:
    layer = [value]
    for _ in range(_DEEPEST):
        inner = [each.values() if isinstance(each, dict) else each for each in layer if isinstance(each, dict | list)]
        layer = [thing for things in inner for thing in things]
    return any(isinstance(each, dict | list) for each in layer)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no value of JSON")
