"""A CSV file's first line: which column each value is of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from local.personalize.data.records import File, shown
from local.personalize.data.schemas import Schema, plain
from local.personalize.errors import JobFailedError
from local.personalize.undecided import Decisions

MARK = b"\xef\xbb\xbf"
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True)
class Header:
    """The line's number, and the columns' names: the schema's own where they are for it."""

    line: int
    names: list[str]

    @classmethod
    def of(cls, file: File, schema: Schema, decisions: Decisions) -> Header:
        """Read it; raises JobFailedError where it lacks a column, or names one twice."""
        number, line = next(file.lines(), (1, b""))
        if not line:
            raise JobFailedError(f"{file.name} is empty; its first line must name the columns.")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise JobFailedError(f"{file.name}, line {number} is not UTF-8: {error.reason}.") from error
        wanted = [each.name for each in schema.fields]
        names = [_name(name, wanted, decisions) for name in text.split(",")]
        if missing := [name for name in wanted if name not in names]:
            hints = " ".join(["", *_hints(text, missing)])
            raise JobFailedError(
                f"Input CSV is missing the following columns:[{', '.join(missing)}]. File: {file.name}, "
                f"line {number}.{hints}"
            )
        known = [plain(name) for name in names]
        if twice := [name for name in names if known.count(plain(name)) > 1]:
            raise JobFailedError(
                f"{file.name}, line {number}: columns must have unique names, and underscores don't count: "
                f"[{', '.join(twice)}]."
            )
        return cls(number, names)


def _name(given: str, wanted: list[str], decisions: Decisions) -> str:
    name = given
    if decisions["header-in-quotation-marks"] == "take":
        name = name.strip('"')
    if decisions["header-in-other-letters"] == "take":
        name = next((each for each in wanted if each.casefold() == name.casefold()), name)
    return name


def _hints(text: str, missing: list[str]) -> Iterator[str]:
    """Say what the line has instead."""
    if text.encode().startswith(MARK):
        yield "The file begins with a byte-order mark, which counts as a part of the first name: save it without."
    if '"' in text:
        yield "Don't enclose headers in quotation marks."
    for separator, called in _SEPARATORS.items():
        if separator in text and {plain(name) for name in missing} & {plain(each) for each in text.split(separator)}:
            yield f"Its columns are separated by {called} ({separator!r}), and must be by commas."
    loosely = {plain(name.strip(' "')): name for name in text.split(",")}
    if spelled := [f"{loosely[plain(name)]} for {name}" for name in missing if plain(name) in loosely]:
        yield f"It has {', '.join(spelled)}: names are spelled as in the schema."
    yield f"It reads: {shown(text)}"
