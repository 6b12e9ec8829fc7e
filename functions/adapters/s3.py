"""S3: what lies in the data bucket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from functions.errors import NotReadable
from functions.ports import Listing, Stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AT_ONCE = 10
"""Calls in flight: as many connections as botocore's pool keeps."""

_CHECKSUM = "x-amz-checksum-"
"""What the headers begin with that hold an object's checksum: read as such, an SDK need not know the algorithm.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

_GONE = {"404", "NoSuchKey", "NotFound", "InvalidRange"}
_DENIED = {"403", "AccessDenied", "Forbidden"}

T = TypeVar("T")


class S3Objects:
    """The files that datasets are imported from."""

    def __init__(self, client: Callable[[], S3Client]) -> None:
        self._client = client

    def under(self, location: str) -> Listing:
        """List the first level under ``s3://bucket/prefix/``; folder markers are no files."""
        bucket, prefix = _parts(location)
        files: list[Stored] = []
        folders: list[str] = []
        paginator = self._client().get_paginator("list_objects_v2")
        for page in paginator.paginate(Bucket=bucket, Prefix=prefix, Delimiter="/"):
            folders += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
            files += [
                Stored(entry["Key"], entry["ETag"].strip('"'), entry["Size"], entry["LastModified"])
                for entry in page.get("Contents", [])
                if not entry["Key"].endswith("/")
            ]
        return Listing(tuple(files), tuple(folders))

    def with_checksums(self, location: str, files: Sequence[Stored]) -> list[Stored]:
        """Return the files with their checksums: a call for each, and so with nothing where one has gone meanwhile."""
        found = self._each(location, files, self._checksum)
        return [replace(file, checksum=found.get(file.key)) for file in files]

    def beginnings(self, location: str, files: Sequence[Stored], size: int) -> dict[str, bytes]:
        """Return the first bytes of files, by key, of those that are there still. An empty one is not asked for."""
        asked = [file for file in files if file.size]
        return {file.key: b"" for file in files if not file.size} | self._each(
            location, asked, partial(self._beginning, size)
        )

    def _checksum(self, bucket: str, key: str) -> str | None:
        """Return an object's checksum: that of its upload, CRC64NVME where it named none.

        One of the whole object does not hang on the sizes of the upload's parts. One of the parts' checksums does, and
        has their number at its end; it is a digest still, which an ETag is not always.
        """
        answer = self._client().head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        found = {
            name.removeprefix(_CHECKSUM): value
            for name, value in answer["ResponseMetadata"]["HTTPHeaders"].items()
            if name.startswith(_CHECKSUM) and name != f"{_CHECKSUM}type"
        }
        return next((f"{name}:{value}" for name, value in sorted(found.items())), None)

    def _beginning(self, size: int, bucket: str, key: str) -> bytes:
        return self._client().get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{size - 1}")["Body"].read()

    def _each(self, location: str, files: Sequence[Stored], ask: Callable[[str, str], T]) -> dict[str, T]:
        """Return what is answered for each file, by key."""
        bucket, _ = _parts(location)

        def asked(file: Stored) -> tuple[str, T] | None:
            try:
                return file.key, ask(bucket, file.key)
            except ClientError as error:
                code = error.response["Error"].get("Code", "")
                if code in _GONE:
                    return None
                if code in _DENIED:
                    raise _denied(bucket, file.key, error) from error
                raise

        if not files:
            return {}
        self._client()  # made here, once: making a client is not safe in threads
        with ThreadPoolExecutor(min(AT_ONCE, len(files))) as pool:
            return dict(each for each in pool.map(asked, files) if each)


def _parts(location: str) -> tuple[str, str]:
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    return bucket, prefix


def _denied(bucket: str, key: str, error: ClientError) -> NotReadable:
    return NotReadable(
        f"s3://{bucket}/{key} may not be read: {error}. Where the bucket has a KMS key of its own, name it in "
        "data_kms_key_arns, and add the statements of the output data_key_policy to the key's policy."
    )
