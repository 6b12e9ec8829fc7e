"""Personalize for a function that waits where a call is refused for a while only: by IAM, or as one of too many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from functions.glue.patience import Patience
from functions.ports import Personalize


@dataclass(frozen=True)
class Granted:
    """A port onto Personalize that waits where a call is not taken yet."""

    personalize: Personalize
    patience: Patience

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation; raise a :class:`functions.errors.ServiceError` if it is refused."""
        return self.patience.until_taken(lambda: self.personalize.call(operation, params))

    def pages(self, operation: str, key: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the entries under ``key`` of every page of a List operation."""
        token: dict[str, Any] = {}
        while True:  # page by page: what is refused is asked for again, and not what came before
            page = self.call(operation, {**params, **token})
            yield from page.get(key, [])
            if not page.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}
