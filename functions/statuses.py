"""What a status means. Compared by equality; only terminal values decide, all others mean: not yet.

https://docs.aws.amazon.com/personalize/latest/dg/API_DescribeSolutionVersion.html and its siblings list the values.
They don't agree on how to spell them (CREATE FAILED, CREATE_FAILED), so either is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Meaning = Literal["ready", "failed", "waiting"]

_TERMINAL: dict[str, Meaning] = {
    "ACTIVE": "ready",
    "CREATE FAILED": "failed",
    "UPDATE FAILED": "failed",
    "CREATE STOPPED": "failed",
    "DELETE PENDING": "failed",
    "DELETE IN PROGRESS": "failed",
}


_UPDATES = ("latestCampaignUpdate", "latestDatasetUpdate", "latestSolutionUpdate")


def standing(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource's latest update, or the resource itself where it has had none; with a status in any case."""
    return {"status": status_of(described), **(_update(described) or described)}


def status_of(described: Mapping[str, Any]) -> str:
    """Return a resource's own status, or that of its latest update: either may be absent, as recordings show.

    Empty where both are.
    """
    return str(described.get("status") or _update(described).get("status") or "")


def _update(described: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((described[key] for key in _UPDATES if described.get(key)), {})


def meaning(status: str) -> Meaning:
    """Return what a status says about a resource that was asked for, or about its latest update."""
    return _TERMINAL.get(_spelled(status), "waiting")


def leaving(status: str) -> bool:
    """Whether somebody is deleting it."""
    return _spelled(status).startswith("DELETE ")


def gone(status: str) -> bool:
    """Whether nothing came of making it, or somebody is deleting it: it has to go before it can be made again."""
    return leaving(status) or _spelled(status) == "CREATE FAILED"


def under_way(status: str) -> bool:
    """Whether it is still being made."""
    return _spelled(status) in ("CREATE PENDING", "CREATE IN PROGRESS")


def updating(status: str) -> bool:
    """Whether it is being changed."""
    return _spelled(status) in ("UPDATE PENDING", "UPDATE IN PROGRESS")


def stopping(status: str) -> bool:
    """Whether somebody is stopping the training of a version: nothing will come of it."""
    return _spelled(status) == "CREATE STOPPING"


def _spelled(status: str) -> str:
    return status.replace("_", " ")
