"""A CSV file's records: one on each line, with as many values as the header names.

Values with commas or quotation marks stand in quotation marks, and those within are escaped by a backslash or doubled:
https://docs.aws.amazon.com/personalize/latest/dg/data-prep-formatting.html
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
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
_SPECIAL = re.compile(rb'["\\]')


@dataclass(frozen=True)
class File:
    """A file's location, and what is in it."""

    name: str
    content: bytes

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that are not empty, the header first, each with its number (the first is 1)."""
        return ((number, line) for number, line in enumerate(self.content.splitlines(), 1) if line)

    def line(self, row: int) -> int:
        """Return the number of the line that a record stands on; the first after the header is 0."""
        return next(number for at, (number, _) in enumerate(self.lines()) if at == row + 1)

    def check(self, decisions: Decisions) -> None:
        """Raise JobFailedError where a line is no UTF-8, or no record."""
        try:
            self.content.decode("utf-8")
        except UnicodeDecodeError as error:
            number = len((self.content[: error.start] + b".").splitlines())
            raise JobFailedError(f"{self.name}, line {number} is not UTF-8: {error.reason}.") from error
        if not _SPECIAL.search(self.content):
            return
        record = _RECORDS[decisions["quotation-mark-in-value"]]
        for number, line in self.lines():
            if _SPECIAL.search(line) and not record.fullmatch(line):
                raise JobFailedError(
                    f"{self.name}, line {number}: a record must be on a single line, with quotation marks only around "
                    f"whole values, and a backslash before those within: {shown(line.decode())}"
                )

    def texts(self, header: Sequence[str], wanted: Sequence[str]) -> dict[str, pa.StringArray]:
        """Return the values of the columns that are wanted as they stand in the file, without the header's.

        It must have been checked. Raises JobFailedError where a record has more or fewer values than the header.
        """
        uneven: list[pa.csv.InvalidRow] = []

        def note(row: pa.csv.InvalidRow) -> str:
            uneven.append(row)
            return "skip"

        size = max(1, len(self.content))
        table = pa.csv.read_csv(
            io.BytesIO(self.content.lstrip(b"\r\n") + b"\n"),
            # One block: a record then never lies in two of them.
            read_options=pa.csv.ReadOptions(column_names=list(header), skip_rows=1, block_size=size + 1),
            parse_options=pa.csv.ParseOptions(escape_char=ESCAPE, invalid_row_handler=note),
            convert_options=pa.csv.ConvertOptions(
                include_columns=list(wanted), column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
            ),
        )
        if uneven:
            number = min(number for number, line in self.lines() if line.decode() in {row.text for row in uneven})
            saw = next(row.actual_columns for row in uneven)
            raise JobFailedError(
                f"{self.name} can't be read: Expected {len(header)} fields in line {number}, saw {saw}."
            )
        return {name: table[name].combine_chunks() for name in wanted}


def shown(value: str) -> str:
    """Return a value for a reason, cut where it is long."""
    return value if len(value) <= SHOWN else value[: SHOWN - 3] + "..."
