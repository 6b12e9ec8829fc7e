"""What the local Personalize needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import BinaryIO, Protocol

Clock = Callable[[], datetime]
"""Returns the present moment, with its time zone."""


class ObjectsError(Exception):
    """Raised by `Objects` when S3 refuses: no such bucket or key, access denied. The text says which."""


class Objects(Protocol):
    """Reads S3 objects."""

    def list(self, bucket: str, prefix: str) -> Iterable[tuple[str, int]]:
        """Return key and size of every object whose key starts with the prefix."""

    def read(self, bucket: str, key: str) -> bytes | BinaryIO:
        """Return an object's content."""


class NoObjects:
    """An account without S3."""

    def list(self, bucket: str, prefix: str) -> Iterable[tuple[str, int]]:
        """Refuse."""
        raise ObjectsError(f"the bucket {bucket} does not exist")

    def read(self, bucket: str, key: str) -> bytes | BinaryIO:
        """Refuse."""
        raise ObjectsError(f"the bucket {bucket} does not exist")
