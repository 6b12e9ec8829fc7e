"""What a status means. Compared by equality; only terminal values decide, all others mean: not yet.

https://docs.aws.amazon.com/personalize/latest/dg/API_DescribeSolutionVersion.html and its siblings list the values.
"""

from __future__ import annotations

from typing import Literal

Meaning = Literal["ready", "failed", "waiting"]

_TERMINAL: dict[str, Meaning] = {
    "ACTIVE": "ready",
    "CREATE FAILED": "failed",
    "CREATE STOPPED": "failed",
    "DELETE PENDING": "failed",
    "DELETE IN_PROGRESS": "failed",
}


def meaning(status: str) -> Meaning:
    """Return what a status says about a resource that was asked for."""
    return _TERMINAL.get(status, "waiting")
