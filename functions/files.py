"""Whether files are what Personalize imports, as far as their names and first lines tell. Pure: the rules are a table.

It refuses what is documented to fail, before a job is paid for, and only warns where it is not documented:
https://docs.aws.amazon.com/personalize/latest/dg/preparing-training-data.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

BEGINNING = 65_536
"""How many bytes of a file are looked at: a header of 100 columns has a tenth of them."""

SUFFIXES = re.compile(
    r"\.(avro|bz2|crc|gz|gzip|html?|json|jsonl|lz4|manifest|metadata|ndjson|orc|parquet|pq|snappy|tar|tgz|xlsx?|xml|xz|zip|zst)$",
    re.IGNORECASE,
)
"""Names that no CSV file has."""

SIGNATURES = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip or a spreadsheet"),
    (b"PAR1", "Parquet"),
    (b"ORC", "ORC"),
    (b"Obj\x01", "Avro"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"{", "JSON"),
    (b"[", "JSON"),
)
"""What files of other formats begin with."""

MARK = b"\xef\xbb\xbf"
NAMED = 5
"""How many files or folders a sentence names."""


@dataclass(frozen=True)
class File:
    """A file: its name, first bytes and size, and the columns that it is to have (none where that is not known).

    They come in no order (a declaration's are sorted), so a header's order only counts beside those of other files.
    """

    name: str
    beginning: bytes
    size: int
    columns: tuple[str, ...] = ()

    @cached_property
    def line(self) -> bytes:
        """The first line that is not empty."""
        found = re.search(rb"[^\r\n]+", self.beginning)
        return found.group() if found else b""

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The names in the first line, as they stand there."""
        return tuple(self.line.decode("utf-8", "replace").split(","))

    @property
    def lacking(self) -> list[str]:
        """The columns that the header has not, even where letter case and spaces do not count."""
        loosely = {_loose(name) for name in self.header}
        return [name for name in self.columns if _loose(name) not in loosely]


Says = Callable[[File], str]
"""What is wrong with a file, to be followed by its name; empty where nothing is."""


@dataclass(frozen=True)
class Rule:
    """A rule, and what to do where it is broken. One that does not ``stop`` the import is a warning."""

    says: Says
    remedy: str
    stops: bool = True


def _marker(file: File) -> str:
    hidden = file.name.startswith(("_", ".")) and not file.name.lower().endswith(".csv")
    return "no CSV file by its name" if hidden or SUFFIXES.search(file.name) else ""


def _empty(file: File) -> str:
    return "" if file.line else "empty"


def _signed(file: File) -> str:
    found = next((name for begins, name in SIGNATURES if file.beginning.startswith(begins)), None)
    found = found or ("a binary format" if b"\x00" in file.beginning else None)
    return f"no CSV file by its first bytes ({found})" if found else ""


def _marked(file: File) -> str:
    told = "begins with a byte-order mark, which becomes part of the first column's name"
    return told if file.beginning.startswith(MARK) else ""


def _encoded(file: File) -> str:
    try:
        file.line.decode("utf-8")
    except UnicodeDecodeError:
        return "its first line is not UTF-8"
    return ""


def _endless(file: File) -> str:
    endless = file.line == file.beginning and file.size > len(file.beginning)
    return f"no line ends in the first {len(file.beginning):,} bytes" if endless else ""


def _quoted(file: File) -> str:
    return "column names stand in quotation marks" if file.columns and b'"' in file.line else ""


def _separated(file: File) -> str:
    line = file.line.decode("utf-8", "replace")
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")):
        named = {_loose(each) for each in line.split(separator)} & {_loose(each) for each in file.columns}
        if file.lacking and separator in line and len(named) > len(file.columns) - len(file.lacking):
            return f"columns are separated by {name}"
    return ""


def _headless(file: File) -> str:
    return "its first line names none of the columns" if file.columns and file.lacking == [*file.columns] else ""


def _lacking(file: File) -> str:
    return f"lacks the columns [{', '.join(file.lacking)}], which the schema has" if file.lacking else ""


def _loosely(file: File) -> str:
    other = [name for name in file.columns if name not in file.header]
    return f"spells the columns [{', '.join(other)}] another way than the schema" if other else ""


BY_NAME = Rule(_marker, "Move it elsewhere: Personalize imports every file there.")

BY_BEGINNING = (
    Rule(_empty, "Remove it, or write the column names as its first line."),
    Rule(_signed, "Write it as uncompressed CSV, or move it elsewhere: Personalize imports every file there."),
    Rule(_marked, "Save it as UTF-8 without a mark."),
    Rule(_encoded, "Save it as UTF-8."),
    Rule(_endless, "Write a line for each record, the first with the column names."),
    Rule(_quoted, "Write them without."),
    Rule(_separated, "Write it with commas."),
    Rule(_headless, "Every file needs the line with the column names."),
    Rule(
        _lacking,
        "Upload files that have them (a value may be missing where the schema takes null), then start a run. "
        "A schema gains a column in this order: first files that have it, then the schema.",
    ),
    Rule(_loosely, "That Personalize takes them for the same is not documented.", stops=False),
)
"""The first rule that a file breaks is told."""


@dataclass(frozen=True)
class Findings:
    """What is wrong with the files of a dataset: what stops its import, and what is worth a warning. Sentences."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def foreign(names: Iterable[str]) -> Findings:
    """Look at files' names alone."""
    return _told((BY_NAME,), [File(name, b"", 0) for name in names])


def look(files: Sequence[File]) -> Findings:
    """Look at what files begin with, each by itself, then at whether their headers are the same."""
    found = _told(BY_BEGINNING, files)
    headers: dict[tuple[str, ...], list[str]] = {}
    for file in files:
        headers.setdefault(file.header, []).append(file.name)
    if found.problems or len(headers) < 2:
        return found
    (one, *_), *others = headers.values()
    differing = some([name for names in others for name in names])
    remedy = "All files of a dataset must have the same columns, in the same order."
    return Findings((f"Has other columns than {one}: {differing}. {remedy}",), found.warnings)


def some(names: Sequence[str]) -> str:
    """Name the first few, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _told(rules: Sequence[Rule], files: Iterable[File]) -> Findings:
    broken: dict[tuple[Rule, str], list[str]] = {}
    for file in files:
        rule, said = next(((rule, said) for rule in rules if (said := rule.says(file))), (None, ""))
        if rule:
            broken.setdefault((rule, said), []).append(file.name)
    told = {
        stops: tuple(
            f"{said[0].upper()}{said[1:]}: {some(names)}. {rule.remedy}"
            for (rule, said), names in broken.items()
            if rule.stops is stops
        )
        for stops in (True, False)
    }
    return Findings(told[True], told[False])


def _loose(name: str) -> str:
    return name.strip().casefold()
