"""Reads CSV files from S3 and checks every value against the schema.

The quick way reads typed columns at C speed. Only if that fails, the file is read again as text, to find the
file, line and column to blame.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from local.personalize.data.schemas import TIMESTAMPS, Field, Schema
from local.personalize.data.tables import dtype, stack
from local.personalize.errors import JobFailedError
from local.personalize.ports import Objects, ObjectsError

_MAX_ID, _MAX_CATEGORY, _MAX_TEXT = 256, 1000, 20_000
_HEAD = 1 << 20
_MILLISECONDS = 100_000_000_000
"""Epoch seconds beyond this lie in the year 5138: the value is in milliseconds."""
_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")


def read(objects: Objects, location: str, role: str, schema: Schema) -> pd.DataFrame:
    """Read a file, or all files under a prefix that ends in a slash; raises JobFailedError with a reason."""
    bucket, _, path = location.removeprefix("s3://").partition("/")
    try:
        frames = [
            _read_file(_content(objects, bucket, key, role), f"s3://{bucket}/{key}", schema)
            for key in _keys(objects, bucket, path, location, role)
        ]
    except ObjectsError as error:
        raise JobFailedError(f"Could not read {location}: {error}") from error
    return stack(frames, schema)


def _keys(objects: Objects, bucket: str, path: str, location: str, role: str) -> list[str]:
    if not location.startswith("s3://"):
        raise JobFailedError(f"The data location {location} is not an S3 location.")
    found = sorted(key for key, _ in objects.list(bucket, path, role) if not key.endswith("/"))
    keys = found if not path or path.endswith("/") else [key for key in found if key == path]
    if not keys:
        hint = "; a prefix must end in /" if found else ""
        raise JobFailedError(f"There is no data at {location}{hint}.")
    return keys


def _content(objects: Objects, bucket: str, key: str, role: str) -> bytes:
    content = objects.read(bucket, key, role)
    return content if isinstance(content, bytes) else content.read()


def _read_file(content: bytes, name: str, schema: Schema) -> pd.DataFrame:
    content = content.removeprefix(b"\xef\xbb\xbf")
    header = _header(content, name)
    missing = [each.name for each in schema.fields if each.name not in header]
    if missing:
        raise JobFailedError(f"Input CSV is missing the following columns:[{','.join(missing)}] File: {name}")
    try:
        frame = _read_typed(content, schema)
    except (ValueError, OverflowError) as error:  # pandas' parser errors are ValueErrors
        raise JobFailedError(_blame(content, name, schema) or f"{name} can't be read: {error}") from error
    for each in schema.fields:
        _check(frame[each.name], each, name)
    return frame


def _header(content: bytes, name: str) -> list[str]:
    head = content[:_HEAD]
    try:
        text = (head if len(head) == len(content) else head[: head.rfind(b"\n") + 1]).decode("utf-8")
    except UnicodeDecodeError as error:
        raise JobFailedError(f"{name} is not UTF-8: {error}") from error
    try:
        lines = [line for line in itertools.islice(csv.reader(io.StringIO(text)), 2) if line]
    except csv.Error as error:
        raise JobFailedError(f"{name} can't be read: {error}") from error
    if not lines:
        raise JobFailedError(f"{name} is empty; its first line must name the columns.")
    header, *rows = lines
    if any(len(row) > len(header) for row in rows):  # pandas would drop the rest with a warning
        raise JobFailedError(f"{name} can't be read: Expected {len(header)} fields in line 2, saw {len(rows[0])}")
    return header


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
            true_values=list(_TRUE),
            false_values=list(_FALSE),
            index_col=False,
            skip_blank_lines=True,
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


def _check(column: pd.Series[Any], declared: Field, name: str) -> None:
    if not declared.nullable:
        _refuse(column.isna(), column, declared, name, "is empty")
    if declared.type == "string":
        categories = column.cat.categories
        lengths = categories.str.len()
        limit = _limit(declared)
        if limit and len(categories) and lengths.max() > limit:
            _refuse(column.isin(categories[lengths > limit]), column, declared, name, f"is over {limit} characters")
        if not declared.nullable and "" in categories:
            _refuse(column == "", column, declared, name, "is empty")
    elif declared.name in TIMESTAMPS and len(column):
        _refuse(column > _MILLISECONDS, column, declared, name, "is in milliseconds, and must be in epoch seconds")
        _refuse(column < 0, column, declared, name, "is not an epoch time in seconds")
    elif declared.type == "int" and len(column):
        _refuse(column.abs() > np.iinfo(np.int32).max, column, declared, name, "does not fit an int")


def _limit(declared: Field) -> int | None:
    if declared.name.endswith("_ID") and not declared.nullable:
        return _MAX_ID
    if declared.categorical:
        return _MAX_CATEGORY
    return _MAX_TEXT


def _refuse(bad: pd.Series[bool], column: pd.Series[Any], declared: Field, name: str, what: str) -> None:
    rows = np.flatnonzero(bad.fillna(False).to_numpy(dtype=bool))
    if len(rows):
        raise JobFailedError(_reason(name, int(rows[0]), declared, str(column.iloc[rows[0]]), what, len(rows)))


def _reason(name: str, row: int, declared: Field, value: str, what: str, count: int = 1) -> str:
    shown = value if len(value) <= 40 else value[:37] + "..."
    more = f" ({count} such rows)" if count > 1 else ""
    return f"Invalid value in {name}, line {row + 2}, column {declared.name}: '{shown}' {what}{more}."


def _blame(content: bytes, name: str, schema: Schema) -> str | None:
    """Find what the quick way stumbled on."""
    try:
        text = pd.read_csv(
            io.BytesIO(content), dtype=str, keep_default_na=False, index_col=False, skip_blank_lines=True
        )
    except (ValueError, OverflowError) as error:
        return f"{name} can't be read: {' '.join(str(error).split())}"
    for declared in schema.fields:
        for row, value in _bad_values(text[declared.name].tolist(), declared):
            what = "is empty" if value == "" else f"is not of type {declared.type}"
            return _reason(name, row, declared, value, what)
    return None


def _bad_values(values: Sequence[str], declared: Field) -> Iterator[tuple[int, str]]:
    if declared.type == "string":
        return
    for row, value in enumerate(values):
        if not isinstance(value, str) or value == "":
            if not declared.nullable:
                yield row, ""
        elif not _reads_as(value, declared.type):
            yield row, value


def _reads_as(value: str, kind: str) -> bool:
    if kind == "boolean":
        return value in _TRUE + _FALSE
    try:
        if kind in ("float", "double"):
            float(value)
            return True
        return abs(int(value)) < 2**63
    except ValueError:
        return False
