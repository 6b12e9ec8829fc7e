"""Reads CSV files from S3 and checks every value against the schema.

The quick way reads typed columns at C speed. Only if that fails, or what came out of it breaks a rule, the file is read
again as text, to find the file, line and column to blame (`blame`).

https://docs.aws.amazon.com/personalize/latest/dg/preparing-training-data.html
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from local.personalize.data import blame
from local.personalize.data.blame import ESCAPE, FALSE, TRUE, File
from local.personalize.data.schemas import TIMESTAMPS, Field, Schema, plain
from local.personalize.data.tables import dtype, stack
from local.personalize.errors import JobFailedError
from local.personalize.ports import DeniedError, Objects, ObjectsError
from local.personalize.undecided import Decisions

_MILLISECONDS = 100_000_000_000
"""Epoch seconds beyond this lie in the year 5138: the value is in milliseconds."""

_MARK = b"\xef\xbb\xbf"
Chosen = Callable[[str], bool]
"""Whether a key under a prefix is to be read."""


@dataclass(frozen=True)
class Files:
    """A file, or the files under a prefix that ends in a slash: those of its first level, or all with `deep`.

    "Personalize only uses the files in the first level of your folder and doesn't use any data in any sub folders."
    https://docs.aws.amazon.com/personalize/latest/dg/bulk-data-import-step.html

    most: how many bytes they may have together.
    """

    objects: Objects
    location: str
    role: str
    most: int
    decisions: Decisions
    chosen: Chosen = lambda key: True
    deep: bool = False

    def read(self) -> Iterator[File]:
        """Yield them in the order of their keys; raises JobFailedError with a reason."""
        if not self.location.startswith("s3://"):
            raise JobFailedError(f"Invalid Data location. {self.location} is not an S3 location.")
        bucket, _, path = self.location.removeprefix("s3://").partition("/")
        try:
            for key in self._keys(bucket, path):
                content = self._content(bucket, key)
                if content.strip() or self.decisions["empty-file"] == "refuse":
                    yield File(f"s3://{bucket}/{key}", content)
        except DeniedError as error:
            raise JobFailedError(str(error)) from error
        except ObjectsError as error:
            raise JobFailedError(f"Could not read {self.location}: {error}") from error

    def _keys(self, bucket: str, path: str) -> list[str]:
        found = self.objects.list(bucket, path, self.role)
        sizes = {key: size for key, size in found if not key.endswith("/")}
        whole = not path or path.endswith("/")
        level = {key: size for key, size in sizes.items() if self.deep or "/" not in key.removeprefix(path)}
        keys = sorted(key for key in level if (self.chosen(key) if whole else key == path))
        if not keys:
            hint = "" if whole or not sizes else "; a prefix must end in /"
            if whole and len(level) < len(sizes):
                hint = f": {min(sizes)} is in a sub folder, and only the first level of a folder is read"
            raise JobFailedError(f"Invalid Data location. There is no data at {self.location}{hint}.")
        total = sum(sizes[key] for key in keys)
        if total > self.most:
            raise JobFailedError(
                f"The data at {self.location} has {total:,} bytes, and at most {self.most:,} are allowed."
            )
        return keys

    def _content(self, bucket: str, key: str) -> bytes:
        content = self.objects.read(bucket, key, self.role)
        content = content if isinstance(content, bytes) else content.read()
        return content.removeprefix(_MARK) if self.decisions["byte-order-mark"] == "read" else content


def read(files: Files, schema: Schema) -> pd.DataFrame:
    """Read files into one frame; raises JobFailedError with a reason."""
    return stack(_frames(files.read(), schema), schema)


def _frames(files: Any, schema: Schema) -> list[pd.DataFrame]:
    frames: list[pd.DataFrame] = []
    first: tuple[str, list[str]] | None = None
    for file in files:
        header = _header(file, schema)
        if first is not None and header != first[1]:
            raise JobFailedError(
                f"Column headers must match across all files: {file.name}, line 1 has [{', '.join(header)}], "
                f"and {first[0]} has [{', '.join(first[1])}]."
            )
        first = first or (file.name, header)
        frames.append(_read_file(file, len(header), schema))
    return frames


def _read_file(file: File, width: int, schema: Schema) -> pd.DataFrame:
    if not _even(file.content, width):
        blame.uneven(file, width)
    try:
        frame = _read_typed(file.content, schema)
    except (ValueError, OverflowError) as error:  # pandas' parser errors are ValueErrors
        blame.unread(file, schema)
        raise JobFailedError(f"{file.name} can't be read: {' '.join(str(error).split())}") from error
    for each in schema.fields:
        kept = _checked(frame[each.name], each, schema, file)
        if each.textual:
            frame[each.name] = kept
    return frame


def _header(file: File, schema: Schema) -> list[str]:
    """Return the column names as they stand there: quotation marks are not for headers, and belong to the name."""
    lines = (match.group() for match in re.finditer(rb"[^\r\n]+", file.content))
    line = next((line for line in lines if line.strip()), b"")
    try:
        header = line.decode("utf-8").split(",")
    except UnicodeDecodeError as error:
        raise JobFailedError(f"{file.name}, line 1 is not UTF-8: {error.reason}.") from error
    if not line:
        raise JobFailedError(f"{file.name} is empty; its first line must name the columns.")
    missing = [each.name for each in schema.fields if each.name not in header]
    if missing:
        hint = " Don't enclose headers in quotation marks." if '"' in line.decode() else ""
        if line.startswith(_MARK):
            hint += (
                " The file begins with a byte-order mark, which counts as a part of the first name: save it without."
            )
        raise JobFailedError(
            f"Input CSV is missing the following columns:[{', '.join(missing)}]. File: {file.name}, line 1.{hint}"
        )
    names = [plain(name) for name in header]
    twice = [name for name in header if names.count(plain(name)) > 1]
    if twice:
        raise JobFailedError(
            f"{file.name}, line 1: columns must have unique names, and underscores don't count: [{', '.join(twice)}]."
        )
    return header


def _even(content: bytes, width: int) -> bool:
    """Say whether all lines seem to have as many values as the header. If not, they are to be looked at one by one.

    pandas takes a missing value at the end of a line for null, and a quoted line break for a part of the value.
    """
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\n\n" in content or content.startswith(b"\n"):
        content = b"\n".join(line for line in content.split(b"\n") if line)
    read = np.frombuffer(content, np.uint8)
    commas, breaks = read == ord(","), read == ord("\n")
    if b'"' in content:
        marks = read == ord('"')
        marks[1:] &= read[:-1] != ord(ESCAPE)
        quoted = np.logical_xor.accumulate(marks)
        if (breaks & quoted).any():
            return False
        commas &= ~quoted
    lines = np.count_nonzero(breaks) + (not content.endswith(b"\n"))
    return bool(np.count_nonzero(commas) == lines * (width - 1))


def _read_typed(content: bytes, schema: Schema) -> pd.DataFrame:
    numbers = {each.name: dtype(each) for each in schema.fields if each.type != "string"}
    with np.errstate(invalid="ignore"):
        frame = pd.read_csv(
            io.BytesIO(content),
            # No usecols: with them, pandas lets pass lines that have too many values.
            # Read as a category, "007" would become 7: strings are put in categories afterwards.
            dtype=cast(Any, defaultdict(lambda: "str", numbers)),
            keep_default_na=False,
            na_values={each.name: [""] for each in schema.fields if each.type != "string" or each.nullable},
            true_values=list(TRUE),
            false_values=list(FALSE),
            index_col=False,
            escapechar=ESCAPE,
        )
    for column, kind in numbers.items():
        # What is no number, as nan, comes out of the cast like this.
        if kind == "int64" and (frame[column] == np.iinfo(np.int64).min).any():
            raise ValueError(f"{column} holds what is no integer")
    return pd.DataFrame(
        {
            each.name: _categorized(frame[each.name]) if each.type == "string" else frame[each.name]
            for each in schema.fields
        }
    )


def _categorized(column: pd.Series[str]) -> pd.Categorical:
    codes, uniques = pd.factorize(column)
    return pd.Categorical.from_codes(codes, uniques)


def _checked(column: pd.Series[Any], declared: Field, schema: Schema, file: File) -> pd.Series[Any]:
    """Return a column whose values keep the rules; raises JobFailedError naming the first that does not."""

    def refuse(bad: pd.Series[bool], what: str) -> None:
        rows = np.flatnonzero(bad.fillna(False).to_numpy(dtype=bool))
        if len(rows):
            raise JobFailedError(
                blame.reason(file, int(rows[0]), declared.name, str(column.iloc[rows[0]]), what, len(rows))
            )

    if not declared.nullable:
        refuse(column.isna(), "is empty")
    if declared.type == "string":
        return _checked_string(column, declared, schema, file, refuse)
    if not len(column):
        return column
    if declared.type in ("float", "double"):
        refuse(pd.Series(np.isinf(column.to_numpy())), f"is not of type {declared.type}")
    if declared.name in TIMESTAMPS:
        refuse(column > _MILLISECONDS, "is in milliseconds, and must be in epoch seconds")
        refuse(column < 0, "is not an epoch time in seconds")
    if declared.type == "int":
        refuse(column.abs() > np.iinfo(np.int32).max, "does not fit an int")
    if declared.name in schema.type.bounds:
        low, high = schema.type.bounds[declared.name]
        refuse((column < low) | (column > high), f"must be between {low} and {high}")
    return column


def _checked_string(
    column: pd.Series[Any],
    declared: Field,
    schema: Schema,
    file: File,
    refuse: Callable[[pd.Series[bool], str], None],
) -> pd.Series[Any]:
    categories = column.cat.categories
    if not declared.nullable and "" in categories:
        refuse(column == "", "is empty")
    limit = schema.limit(declared.name)
    if max(map(len, categories), default=0) > limit:
        if declared.textual:  # the guide: texts are truncated at the limit
            return column.astype("str").str.slice(stop=limit).astype("category")
        row = int(np.flatnonzero(column.isin(categories[categories.str.len() > limit]).to_numpy())[0])
        raise JobFailedError(blame.too_long(file, row, declared.name, limit))
    unknown = [value for value in _values(categories, declared, schema) if not schema.allows(declared.name, value)]
    if unknown:
        refuse(column.isin(unknown), f"must be one of {', '.join(schema.type.choices[declared.name])}")
    return column


def _values(categories: pd.Index[Any], declared: Field, schema: Schema) -> Sequence[str]:
    return list(categories) if declared.name in schema.type.choices else ()
