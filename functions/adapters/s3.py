"""S3: what lies in the data bucket."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.ports import Stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Objects:
    """The files that datasets are imported from."""

    def __init__(self, client: Callable[[], S3Client]) -> None:
        self._client = client

    def under(self, location: str) -> list[Stored]:
        """List the files at ``s3://bucket/key`` or under ``s3://bucket/prefix/``; folder markers are no files."""
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [
            Stored(entry["Key"], entry["ETag"].strip('"'), entry["Size"], entry["LastModified"])
            for page in pages
            for entry in page.get("Contents", [])
            if not entry["Key"].endswith("/")
        ]
