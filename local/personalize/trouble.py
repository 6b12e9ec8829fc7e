"""Trouble that somebody ordered: for lives of resources, for calls, and a limit to how fast calls may come."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from local.personalize.errors import LimitExceededError, OrderedError, ServiceError, ThrottlingError
from local.personalize.models import Fate, Path, Record
from local.personalize.ports import Clock


@dataclass
class LifeTrouble:
    """What is to become of the next lives of a kind.

    path: "create", "update", "delete", or another that the kind has.
    matching: a pattern of names or ARNs, with * and ?.
    times: how often; None means until it is called off.
    """

    kind: str
    fate: Fate
    path: str = "create"
    matching: str = "*"
    times: int | None = 1

    def meets(self, record: Record, path: Path) -> bool:
        """Say whether it is for this record on this path."""
        return self.kind == record.kind and self.path == path.name and matches(record, self.matching)


@dataclass
class CallTrouble:
    """An error for the next calls of an operation.

    after: the call takes effect first, and its answer is lost.
    status: the HTTP status, if not the one that goes with the code.
    times: how often; None means until it is called off.
    """

    operation: str
    code: str
    message: str
    after: bool = False
    status: int | None = None
    times: int | None = 1


T = TypeVar("T", LifeTrouble, CallTrouble)
_TOO_FAST: Mapping[str, tuple[type[ServiceError], str]] = {
    ThrottlingError.code: (ThrottlingError, "Rate exceeded"),
    LimitExceededError.code: (LimitExceededError, "The limit on the number of requests per second has been exceeded."),
}
"""The second is the service model's own text: it documents the error as that of a rate, too."""


class Troubles:
    """All that is ordered. Who asks holds the world's lock."""

    def __init__(self, clock: Clock) -> None:
        self.lives: list[LifeTrouble] = []
        self.calls: list[CallTrouble] = []
        self._clock = clock
        self._rates: dict[str, float] = {}
        self._buckets: dict[str, tuple[float, datetime]] = {}

    def fate(self, record: Record, path: Path) -> Fate | None:
        """Return what is to become of a life that begins, and count it."""
        found = next((each for each in self.lives if each.meets(record, path)), None)
        return _used(found, self.lives).fate if found else None

    def refuse(self, operation: str, *, after: bool) -> None:
        """Raise the error that is ordered for a call, if there is one."""
        found = next((e for e in self.calls if e.operation in (operation, "*") and e.after == after), None)
        if found:
            _used(found, self.calls)
            raise OrderedError(found.code, found.message, found.status)

    def clear(self) -> None:
        """Call all off; what has its fate already keeps it."""
        self.lives.clear()
        self.calls.clear()

    @property
    def rates(self) -> Mapping[str, float]:
        """Calls per second by operation; "*" is each of the others."""
        return self._rates

    def set_rates(self, rates: Mapping[str, float | None]) -> None:
        """Change rates; None lifts one."""
        for operation, rate in rates.items():
            self._rates.pop(operation, None)
            if rate is not None:
                self._rates[operation] = rate
        self._buckets.clear()

    def throttle(self, operation: str, code: str) -> None:
        """Refuse a call that comes too fast, by an error of that code.

        A token bucket of one second's worth. No library in reach keeps one by a clock that is handed in.
        """
        rate = self._rates.get(operation, self._rates.get("*"))
        if rate is None:
            return
        now, most = self._clock(), max(1.0, rate)
        tokens, then = self._buckets.get(operation, (most, now))
        tokens = min(most, tokens + rate * (now - then).total_seconds())
        self._buckets[operation] = (tokens - 1 if tokens >= 1 else tokens), now
        if tokens < 1:
            kind, text = _TOO_FAST[code]
            raise kind(text)


def matches(record: Record, pattern: str) -> bool:
    """Say whether a record's name or ARN is of a pattern."""
    return any(fnmatch.fnmatchcase(text, pattern) for text in (record.name, record.arn))


def _used(trouble: T, among: list[T]) -> T:
    if trouble.times is not None:
        trouble.times -= 1
        if trouble.times <= 0:
            among.remove(trouble)
    return trouble


def as_values(trouble: LifeTrouble | CallTrouble) -> dict[str, Any]:
    """Return a trouble as it was ordered, less what is not set."""
    values = {**vars(trouble)}
    fate = values.pop("fate", None)
    return {key: value for key, value in {**values, **(vars(fate) if fate else {})}.items() if value is not None}
