"""A CSV file's records: one on each line, with as many values as the header names.

Values with commas or quotation marks stand in quotation marks, and those within are escaped by a backslash or doubled:
https://docs.aws.amazon.com/personalize/latest/dg/data-prep-formatting.html
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv

from local.personalize.errors import JobFailedError
from local.personalize.undecided import Decisions

ESCAPE = "\\"
SHOWN = 40
"""How many characters of what is wrong a reason shows."""

_QUOTED = rb'"(?:[^"\\]|\\.|"")*+"'
_BARE, _LOOSE = rb'(?:[^",\\]|\\.)*+', rb'(?:[^",\\]|\\.)(?:[^,\\]|\\.)*+|'
_RECORDS = {
    "refuse": re.compile(rb"(?:%b|%b)(?:,(?:%b|%b))*+" % (_QUOTED, _BARE, _QUOTED, _BARE), re.DOTALL),
    "take": re.compile(rb"(?:%b|%b)(?:,(?:%b|%b))*+" % (_QUOTED, _LOOSE, _QUOTED, _LOOSE), re.DOTALL),
}
_LINE = re.compile(rb"([^\r\n]*)(?:\r\n|\r|\n|\Z)")
_SPECIAL = re.compile(rb'["\\]')


@dataclass(frozen=True)
class File:
    """A file's location, and what is in it."""

    name: str
    content: bytes

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that are not empty, the header first, each with its number (the first is 1)."""
        return ((number, found[1]) for number, found in enumerate(_LINE.finditer(self.content), 1) if found[1])

    def line(self, row: int) -> int:
        """Return the number of the line that a record stands on; the first after the header is 0."""
        return next(number for at, (number, _) in enumerate(self.lines()) if at == row + 1)

    @functools.cached_property
    def special(self) -> bool:
        """Whether there is a quotation mark or a backslash."""
        return b'"' in self.content or b"\\" in self.content

    def check(self, decisions: Decisions) -> None:
        """Raise JobFailedError where a line is no UTF-8, or no record."""
        try:
            self.content.decode("utf-8")
        except UnicodeDecodeError as error:
            number = len((self.content[: error.start] + b".").splitlines())
            raise JobFailedError(f"{self.name}, line {number} is not UTF-8: {error.reason}.") from error
        if not self.special:
            return
        record = _RECORDS[decisions["quotation-mark-in-value"]]
        for number, line in self.lines():
            if _SPECIAL.search(line) and not record.fullmatch(line):
                raise JobFailedError(
                    f"{self.name}, line {number}: a record must be on a single line, with quotation marks only around "
                    f"whole values, and a backslash before those within: {shown(line.decode())}"
                )

    def texts(self, header: Sequence[str], wanted: Mapping[str, pa.DataType]) -> dict[str, pa.Array]:
        """Return the values of the columns that are wanted as they stand in the file, without the header's.

        wanted: names, and as what array to have each: strings, or those encoded as a dictionary. The file must have
        been checked. Raises JobFailedError where a record has more or fewer values than the header.
        """
        uneven: list[pa.csv.InvalidRow] = []

        def note(row: pa.csv.InvalidRow) -> str:
            uneven.append(row)
            return "skip"

        content = self.content.lstrip(b"\r\n")
        content = content if content.endswith(b"\n") else content + b"\n"
        quote, escape = ('"', ESCAPE) if self.special else (False, False)  # it reads faster without
        table = pa.csv.read_csv(
            pa.BufferReader(content),
            # One block: a record then never lies in two of them.
            read_options=pa.csv.ReadOptions(column_names=list(header), skip_rows=1, block_size=len(content) + 1),
            parse_options=pa.csv.ParseOptions(quote_char=quote, escape_char=escape, invalid_row_handler=note),
            convert_options=pa.csv.ConvertOptions(
                include_columns=list(wanted), column_types=dict(wanted), strings_can_be_null=False
            ),
        )
        if uneven:
            first = uneven[0]
            number = next(number for number, line in self.lines() if line.decode() == first.text)
            raise JobFailedError(
                f"{self.name} can't be read: Expected {len(header)} fields in line {number}, "
                f"saw {first.actual_columns}."
            )
        return {name: _whole(table[name]) for name in wanted}


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def shown(value: str) -> str:
    """Return a value for a reason, cut where it is long."""
    return value if len(value) <= SHOWN else value[: SHOWN - 3] + "..."
