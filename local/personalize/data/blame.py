"""Finds what is wrong in a CSV file: slowly, line by line, and only when it is known that something is.

Every function here that finds it raises JobFailedError, with a reason that names file, line and column.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from local.personalize.data.schemas import Schema
from local.personalize.errors import JobFailedError

ESCAPE = "\\"
"""Personalize's guide has quotation marks within texts escaped by a backslash; what doubles them is as good."""
TRUE, FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
_GUIDE = "https://docs.aws.amazon.com/personalize/latest/dg/data-prep-formatting.html"
_SHOWN = 40
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_LONG_BITS = 64


@dataclass(frozen=True)
class File:
    """A file's location, and what is in it."""

    name: str
    content: bytes

    def records(self, *, strict: bool = False) -> Iterator[tuple[int, int, list[str]]]:
        """Return first line, last line and values of each record, the header's too; lines that are blank don't count.

        Raises JobFailedError at what is no UTF-8 and, if it is to be strict, at quotation marks out of place.
        """
        csv.field_size_limit(max(csv.field_size_limit(), len(self.content) + 1))  # the process has one limit
        reader = csv.reader(io.StringIO(self._text(), newline=""), escapechar=ESCAPE, strict=strict)
        last = 0
        try:
            for values in reader:
                first, last = last + 1, reader.line_num
                if values and (len(values) > 1 or values[0].strip(" \t")):
                    yield first, last, values
        except csv.Error as error:
            raise JobFailedError(f"{self.name}, line {reader.line_num} can't be read: {error}.") from error

    def _text(self) -> str:
        try:
            return self.content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = len((self.content[: error.start] + b".").splitlines())
            raise JobFailedError(f"{self.name}, line {line} is not UTF-8: {error.reason}.") from error


def reason(file: File, row: int, column: str, value: str, what: str, count: int = 1) -> str:
    """Word what is wrong with the value in a row (the first after the header is 0)."""
    shown = value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "..."
    more = f" ({count} such rows)" if count > 1 else ""
    return f"Invalid value in {file.name}, line {_line(file, row)}, column {column}: '{shown}' {what}{more}."


def too_long(file: File, row: int, column: str, limit: int) -> str:
    """Word that a value has too many characters."""
    return (
        f"Length cannot be more than {limit} characters for {column}. If no values exceed the character limit, make "
        f"sure your data follows the formatting guidelines listed in {_GUIDE}. "
        f"File: {file.name}, line {_line(file, row)}."
    )


def uneven(file: File, width: int) -> None:
    """Find a record that does not have as many values as the header, or that is not on one line."""
    for first, last, values in file.records(strict=True):
        if last > first:
            raise JobFailedError(f"{file.name}, line {first}: a record must be on a single line, and ends on {last}.")
        if len(values) != width:
            raise JobFailedError(
                f"{file.name} can't be read: Expected {width} fields in line {first}, saw {len(values)}."
            )


def unread(file: File, schema: Schema) -> None:
    """Find a value that is not of its column's type."""
    records = file.records(strict=True)
    _, _, header = next(records, (0, 0, []))
    places = [(each, header.index(each.name)) for each in schema.fields if each.type != "string"]
    for row, (_, _, values) in enumerate(records):
        for declared, place in places:
            value = values[place] if place < len(values) else ""
            if value == "" and not declared.nullable:
                raise JobFailedError(reason(file, row, declared.name, value, "is empty"))
            if value != "" and not _reads_as(value, declared.type):
                raise JobFailedError(reason(file, row, declared.name, value, f"is not of type {declared.type}"))


def _line(file: File, row: int) -> int:
    for at, (first, _, _) in enumerate(file.records()):
        if at == row + 1:
            return first
    return row + 2


def _reads_as(value: str, kind: str) -> bool:
    if kind == "boolean":
        return value in TRUE + FALSE
    if kind in ("float", "double"):
        return _FLOAT.fullmatch(value) is not None
    return _INTEGER.fullmatch(value) is not None and int(value).bit_length() < _LONG_BITS
