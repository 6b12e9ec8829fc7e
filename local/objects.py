"""S3 for the local Personalize: ministack's own, over HTTP like any client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.personalize.ports import ObjectsError
from local.settings import SECRET_KEY, Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Objects:
    """Reads the objects of an account, as its root user.

    Over HTTP, and not in process: so it passes all that ministack does with a request, and a big object
    never blocks the loop that serves everybody else. It is called from worker threads only.
    """

    def __init__(self, settings: Settings, account: str, region: str) -> None:
        self._settings, self._account, self._region = settings, account, region
        self._lock = threading.Lock()
        self._client: S3Client | None = None

    def list(self, bucket: str, prefix: str, role: str) -> Iterator[tuple[str, int]]:
        """Yield key and size of every object whose key starts with the prefix."""
        try:
            for page in self._s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for found in page.get("Contents", []):
                    yield found["Key"], found["Size"]
        except ClientError as error:
            raise _refused(error, f"s3://{bucket}/{prefix}") from error

    def read(self, bucket: str, key: str, role: str) -> BinaryIO:
        """Return an object's content, as a stream."""
        try:
            body = self._s3().get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            raise _refused(error, f"s3://{bucket}/{key}") from error
        return cast(BinaryIO, body)

    def write(self, bucket: str, key: str, body: bytes, role: str) -> None:
        """Put an object."""
        try:
            self._s3().put_object(Bucket=bucket, Key=key, Body=body)
        except ClientError as error:
            raise _refused(error, f"s3://{bucket}/{key}") from error

    def _s3(self) -> S3Client:
        # Made late: the gateway must be up, and clients cost time to make.
        with self._lock:
            if self._client is None:
                settings = self._settings
                self._client = boto3.session.Session().client(
                    "s3",
                    endpoint_url=settings.endpoint,
                    region_name=self._region,
                    aws_access_key_id=self._account,
                    aws_secret_access_key=SECRET_KEY,
                    verify=str(settings.tls.authority) if settings.tls else None,
                    config=Config(retries={"total_max_attempts": 1}),
                )
            return self._client


def _refused(error: ClientError, what: str) -> ObjectsError:
    detail = error.response.get("Error", {})
    return ObjectsError(f"{what}: {detail.get('Message') or detail.get('Code')}")
