r"""The values that a request gives to a filter's placeholders.

    {"GENRES": "\"drama\",\"horror\"", "YEAR": "1999"}

https://docs.aws.amazon.com/personalize/latest/dg/filter-real-time.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from local.personalize.errors import InvalidInputError
from local.personalize.filters.grammar import Filter, unescaped

_NEXT = re.compile(
    r"""\s*(?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<bare>[^\s,"'][^,]*))\s*(?P<end>,|$)""",
    re.DOTALL,
)

Given = Mapping[str, tuple[str, ...]]
"""Name of a placeholder to its values."""


def read(expression: Filter, values: Mapping[str, str]) -> Given:
    """Return the values of each placeholder that has some; raises InvalidInputError.

    Without all of its values an INCLUDE can't be used; an EXCLUDE without them is as if it were not there.
    """
    unknown = sorted(set(values) - expression.placeholders)
    if unknown:
        raise InvalidInputError(f"The filter has no parameters [{','.join(unknown)}].")
    needed = frozenset().union(*(each.placeholders for each in expression.clauses if each.mode == "INCLUDE"))
    missing = sorted(needed - set(values))
    if missing:
        raise InvalidInputError(f"The filter needs values for the parameters [{','.join(missing)}].")
    return {name: _split(name, text) for name, text in values.items()}


def _split(name: str, text: str) -> tuple[str, ...]:
    found: list[str] = []
    at, more = 0, True
    while more:
        match = _NEXT.match(text, at)
        if match is None:
            raise InvalidInputError(
                f"The value of the filter parameter {name} is not valid at position {at + 1}: "
                f"{text[:at]}>>>{text[at:]} (values stand in quotation marks, with commas between them)"
            )
        quoted = match["double"] if match["double"] is not None else match["single"]
        found.append(match["bare"].rstrip() if quoted is None else unescaped(quoted))
        at, more = match.end(), match["end"] == ","
    return tuple(found)
