"""What happened: the last calls, and the resources that are gone."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.personalize.models import Record

KEPT_CALLS, KEPT_RECORDS = 2000, 1000


@dataclass(frozen=True)
class Call:
    """A call and how it ended: outcome is "OK" or an error's code."""

    time: datetime
    service: str
    operation: str
    parameters: Mapping[str, Any]
    outcome: str
    message: str | None = None


class Journal:
    """The newest so many; older ones are dropped."""

    def __init__(self) -> None:
        self.calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self.gone: deque[Record] = deque(maxlen=KEPT_RECORDS)

    def forget(self) -> None:
        """Begin anew."""
        self.calls.clear()
        self.gone.clear()
