"""Reads CSV files from S3: which files, what their first lines name, and what is in them.

https://docs.aws.amazon.com/personalize/latest/dg/preparing-training-data.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from local.personalize.data.headers import MARK, Header
from local.personalize.data.records import File
from local.personalize.data.schemas import Schema
from local.personalize.data.tables import stack
from local.personalize.data.values import Column, arrow_type
from local.personalize.errors import JobFailedError
from local.personalize.ports import DeniedError, Objects, ObjectsError
from local.personalize.undecided import Decisions

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
        if path not in sizes and self.decisions["prefix-without-slash"] == "read":
            path = f"{path.rstrip('/')}/" if path else path
            sizes = {key: size for key, size in sizes.items() if key.startswith(path)}
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
        return content.removeprefix(MARK) if self.decisions["byte-order-mark"] == "read" else content


def read(files: Files, schema: Schema) -> pd.DataFrame:
    """Read files into one frame; raises JobFailedError with a reason."""
    frames: list[pd.DataFrame] = []
    first: tuple[str, list[str]] | None = None
    for file in files.read():
        header = Header.of(file, schema, files.decisions)
        if first is not None and header.names != first[1]:
            raise JobFailedError(
                f"Column headers must match across all files: {file.name}, line {header.line} has "
                f"[{', '.join(header.names)}], and {first[0]} has [{', '.join(first[1])}]."
            )
        first = first or (file.name, header.names)
        frames.append(_frame(file, header, schema, files.decisions))
    return stack(frames, schema)


def _frame(file: File, header: Header, schema: Schema, decisions: Decisions) -> pd.DataFrame:
    file.check(decisions)
    texts = file.texts(header.names, {each.name: arrow_type(each) for each in schema.fields})
    columns = {each.name: Column(file, schema, each, texts[each.name]) for each in schema.fields}
    return pd.DataFrame({name: column.read() for name, column in columns.items()}, copy=False)
