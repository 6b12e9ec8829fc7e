"""What the local Personalize needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import BinaryIO, Protocol

Clock = Callable[[], datetime]
"""Returns the present moment, with its time zone."""


class ObjectsError(Exception):
    """Raised by `Objects` when S3 refuses: no such bucket or key, access denied. The text says which."""


class DeniedError(ObjectsError):
    """Raised by `Objects` when the role or the bucket's policy does not allow it. The text is the service's own."""


class Objects(Protocol):
    """S3 and its keys, as Personalize uses them: with the permissions of the role that a job names (its ARN)."""

    def check(self, bucket: str, path: str, role: str) -> None:
        """Raise DeniedError unless the role may read a file, or the files of a folder (a path that ends in /)."""

    def check_key(self, key: str, role: str) -> None:
        """Raise DeniedError unless a dataset group can be encrypted with a KMS key (its ARN)."""

    def list(self, bucket: str, prefix: str, role: str) -> Iterable[tuple[str, int]]:
        """Return key and size of every object whose key starts with the prefix."""

    def read(self, bucket: str, key: str, role: str) -> bytes | BinaryIO:
        """Return an object's content."""

    def write(self, bucket: str, key: str, body: bytes, role: str) -> None:
        """Put an object."""


class NoObjects:
    """An account without S3."""

    def check(self, bucket: str, path: str, role: str) -> None:
        """Leave it to the job to fail."""

    def check_key(self, key: str, role: str) -> None:
        """Know of no keys."""

    def list(self, bucket: str, prefix: str, role: str) -> Iterable[tuple[str, int]]:
        """Refuse."""
        raise ObjectsError(f"the bucket {bucket} does not exist")

    def read(self, bucket: str, key: str, role: str) -> bytes | BinaryIO:
        """Refuse."""
        raise ObjectsError(f"the bucket {bucket} does not exist")

    def write(self, bucket: str, key: str, body: bytes, role: str) -> None:
        """Refuse."""
        raise ObjectsError(f"the bucket {bucket} does not exist")
