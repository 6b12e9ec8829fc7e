"""A clock that can be moved ahead and stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.personalize.ports import Clock

_END = datetime(2200, 1, 1, tzinfo=UTC)
"""Nobody's time goes beyond: pandas counts nanoseconds until 2262, and what is due must have a date, too."""


def utc_now() -> datetime:
    """Return the real moment."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Setting:
    """How a clock stands to the one beneath it."""

    ahead: timedelta = timedelta()
    frozen_at: datetime | None = None


class SteeredClock:
    """The present moment of all who share the clock; time only goes forward.

    beneath: what it follows while it runs.
    """

    def __init__(self, beneath: Clock = utc_now, setting: Setting | None = None) -> None:
        self._beneath = beneath
        self._setting = setting or Setting()
        self._lock = threading.Lock()
        self._followers: list[Callable[[], None]] = []

    def __call__(self) -> datetime:
        """Return the moment."""
        setting = self._setting
        return setting.frozen_at or self._beneath() + setting.ahead

    @property
    def setting(self) -> Setting:
        """How it stands now: enough to set another one alike."""
        return self._setting

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._setting.frozen_at is not None

    def follow(self, moved: Callable[[], None]) -> None:
        """Call the function whenever somebody has moved the clock."""
        self._followers.append(moved)

    def advance(self, seconds: float) -> None:
        """Move ahead, frozen or not. Raises ValueError for what no clock can do, and stays where it was."""
        if seconds < 0:
            raise ValueError(f"time can't go back by {-seconds} s")
        with self._lock:
            if not seconds <= (_END - self()).total_seconds():  # nor is it when that is no number
                raise ValueError(f"time can't go ahead by {seconds} s: it ends with {_END.date()}")
            step, old = timedelta(seconds=seconds), self._setting
            self._setting = Setting(old.ahead + step, old.frozen_at and old.frozen_at + step)
        self._tell()

    def freeze(self) -> None:
        """Stand still."""
        with self._lock:
            self._setting = Setting(self._setting.ahead, self())
        self._tell()

    def run(self) -> None:
        """Go on from where it stands."""
        with self._lock:
            if self._setting.frozen_at is not None:
                self._setting = Setting(self._setting.frozen_at - self._beneath())
        self._tell()

    def _tell(self) -> None:
        for moved in list(self._followers):
            moved()
