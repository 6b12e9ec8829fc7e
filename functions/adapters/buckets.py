"""S3 buckets, as glue looks at them before Terraform deletes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Buckets:
    """The buckets of the account."""

    def __init__(self, client: Callable[[], S3Client]) -> None:
        self._client = client

    def filled(self, bucket: str) -> bool:
        """Whether a bucket holds any file, or any version of one that was deleted."""
        try:
            page = self._client().list_object_versions(Bucket=bucket, MaxKeys=1)
        except ClientError as error:
            if error.response["Error"].get("Code") == "NoSuchBucket":
                return False
            raise
        return bool(page.get("Versions") or page.get("DeleteMarkers"))
