"""Personalize for a function whose role was made, or changed, moments ago: IAM tells it everywhere within a minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from functions.glue.patience import Patience
from functions.ports import Personalize


@dataclass(frozen=True)
class Granted:
    """A port onto Personalize that waits where IAM does not allow a call yet."""

    personalize: Personalize
    patience: Patience

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation; raise a :class:`functions.errors.ServiceError` if it is refused."""
        return self.patience.until_allowed(lambda: self.personalize.call(operation, params))

    def pages(self, operation: str, key: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the entries under ``key`` of every page of a List operation."""
        yield from self.patience.until_allowed(lambda: list(self.personalize.pages(operation, key, params)))
