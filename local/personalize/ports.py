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
    """S3, as Personalize uses it: with the permissions of the role that a job names (its ARN)."""

    def list(self, bucket: str, prefix: str, role: str) -> Iterable[tuple[str, int]]:
        """Return key and size of every object whose key starts with the prefix."""

    def read(self, bucket: str, key: str, role: str) -> bytes | BinaryIO:
        """Return an object's content."""

    def write(self, bucket: str, key: str, body: bytes, role: str) -> None:
        """Put an object."""


class NoObjects:
    """An account without S3."""

    def list(self, bucket: str, prefix: str, role: str) -> Iterable[tuple[str, int]]:
        """Refuse."""
        raise ObjectsError(f"the bucket {bucket} does not exist")

    def read(self, bucket: str, key: str, role: str) -> bytes | BinaryIO:
        """Refuse."""
        raise ObjectsError(f"the bucket {bucket} does not exist")

    def write(self, bucket: str, key: str, body: bytes, role: str) -> None:
        """Refuse."""
        raise ObjectsError(f"the bucket {bucket} does not exist")
