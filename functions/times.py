"""Times as they are written down: one form everywhere, so that a person compares them and a machine sorts them."""

from __future__ import annotations

from datetime import UTC, datetime


def written(at: datetime) -> str:
    """Return a time as ISO 8601 in UTC with milliseconds, whatever its zone and fraction."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
