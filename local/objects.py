"""S3 for the local Personalize: ministack's own, over HTTP like any client, and only what the policies allow.

Personalize reads and writes as the role that a job names, which it must be able to assume, and the bucket's policy must
let the service itself do the same: https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-s3-access.html
A key of the customer's must let both use it: https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-key-access.html
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.gateway.authorization import PRINCIPAL
from local.gateway.ministack import (
    Caller,
    Sender,
    bucket_accepts,
    key_lets,
    key_of,
    objects_below,
    role_may,
    role_trusts,
)
from local.personalize.arns import Arns
from local.personalize.ports import DeniedError, ObjectsError
from local.personalize.undecided import Decisions, defaults
from local.settings import SECRET_KEY, Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_REASON = (
    "Insufficient privileges for accessing data in S3. Please look at "
    "https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-s3-access.html and ensure your role is "
    "configured correctly."
)
_KEY_REASON = (
    "Insufficient privileges for using the KMS key. Please look at "
    "https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-key-access.html."
)
_DECRYPT, _ENCRYPT = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
_KEY_OF_ROLE = ("kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:ListGrants")
_KEY_OF_SERVICE = (*_KEY_OF_ROLE, "kms:CreateGrant")
"""What a dataset group with a key needs; the last is needed in the key's policy only."""


class S3Objects:
    """Reads and writes the objects of an account, for a role that may.

    The policies of the role, the bucket and the key are consulted first; then it speaks as the account's root user.
    Over HTTP, and not in process: so it passes all that ministack does with a request, and a big object never blocks
    the loop that serves everybody else. It is called from worker threads only.
    """

    def __init__(self, settings: Settings, account: str, region: str, decisions: Decisions | None = None) -> None:
        self._settings, self._account, self._region = settings, account, region
        self._decisions = defaults() if decisions is None else decisions  # whose owner changes them
        self._partition = Arns(account, region).partition
        # Which job it is for is not known here: a policy that names single jobs as aws:SourceArn fits none.
        self._sender = Sender(PRINCIPAL, f"arn:{self._partition}:personalize:{region}:{account}:*")
        self._lock = threading.Lock()
        self._client: S3Client | None = None

    def check(self, bucket: str, path: str, role: str) -> None:
        """Raise DeniedError unless the role may read what is there: a file, or the files of a folder."""
        self._consult(role, "s3:ListBucket", bucket, context={"s3:prefix": path})
        self._consult(role, "s3:GetObject", bucket, path)
        for key in objects_below(self._account, bucket, path):
            if "/" in key.removeprefix(path):
                continue
            self._consult_key(key_of(self._account, bucket, key), role, _DECRYPT, _DECRYPT)

    def check_key(self, key: str, role: str) -> None:
        """Raise DeniedError unless the role and the service may encrypt a dataset group with a key."""
        if not role_trusts(role, self._sender, self._settings.role_delay):
            raise DeniedError(f"{_KEY_REASON} {self._unknown(role)}")
        self._consult_key(key, role, _KEY_OF_ROLE, _KEY_OF_SERVICE, via=None)

    def list(self, bucket: str, prefix: str, role: str) -> Iterator[tuple[str, int]]:
        """Yield key and size of every object whose key starts with the prefix."""
        self._consult(role, "s3:ListBucket", bucket, context={"s3:prefix": prefix})
        try:
            for page in self._s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for found in page.get("Contents", []):
                    yield found["Key"], found["Size"]
        except ClientError as error:
            raise _refused(error, f"s3://{bucket}/{prefix}") from error

    def read(self, bucket: str, key: str, role: str) -> BinaryIO:
        """Return an object's content, as a stream."""
        self._consult(role, "s3:GetObject", bucket, key)
        self._consult_key(key_of(self._account, bucket, key), role, _DECRYPT, _DECRYPT)
        try:
            body = self._s3().get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            raise _refused(error, f"s3://{bucket}/{key}") from error
        return cast(BinaryIO, body)

    def write(self, bucket: str, key: str, body: bytes, role: str) -> None:
        """Put an object."""
        self._consult(role, "s3:PutObject", bucket, key)
        self._consult_key(key_of(self._account, bucket), role, _ENCRYPT, _ENCRYPT)
        try:
            self._s3().put_object(Bucket=bucket, Key=key, Body=body)
        except ClientError as error:
            raise _refused(error, f"s3://{bucket}/{key}") from error

    def _consult(
        self, role: str, action: str, bucket: str, key: str | None = None, context: dict[str, str] | None = None
    ) -> None:
        """Raise DeniedError, naming what to put right, unless the role and the bucket's policy allow an action."""
        resource = f"arn:{self._partition}:s3:::{bucket}" + (f"/{key}" if key is not None else "")
        denied = f"{action} on {resource} is not allowed"
        if not role:
            raise DeniedError(f"{_REASON} The job names no role.")
        if not role_trusts(role, self._sender, self._settings.role_delay):
            raise DeniedError(f"{_REASON} {self._unknown(role)}")
        if not role_may(role, action, resource, context):
            raise DeniedError(f"{_REASON} Fix the policies of role {role}: {denied}.")
        if not bucket_accepts(self._account, action, resource, self._sender, role, context):
            raise DeniedError(f"{_REASON} Fix the bucket policy of {bucket}: {denied}.")

    def _consult_key(
        self,
        key: str | None,
        role: str,
        of_role: tuple[str, ...],
        of_service: tuple[str, ...],
        via: str | None = "s3",
    ) -> None:
        """Raise DeniedError unless a customer's key, if there is one, lets the role and the service use it."""
        if key is None:
            return
        owner = Caller(self._account, self._region, "")
        service_of_key = (
            f"{via}.{self._region}.amazonaws.com{'.cn' if self._partition == 'aws-cn' else ''}" if via else None
        )
        told = self._decisions["source-of-key-use"] == "told"
        service = self._sender if told else Sender(PRINCIPAL, "")
        for who, name, actions in ((role, f"role {role}", of_role), (service, PRINCIPAL, of_service)):
            missing = [action for action in actions if not key_lets(owner, key, action, who, service_of_key)]
            if missing:
                raise DeniedError(
                    f"{_KEY_REASON} Fix the key policy of {key}, or the policies of the role: {', '.join(missing)} "
                    f"is not allowed to {name}."
                )

    def _unknown(self, role: str) -> str:
        return f"Fix role {role}: it does not exist, or its trust policy does not let {PRINCIPAL} assume it."

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
