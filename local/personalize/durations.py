"""How long things take: a profile's name, or seconds per kind of resource and path."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

Seconds = Mapping[str, Mapping[str, float]]
"""Kind ("Campaign", or "*" for the others) to path ("create", "update", "delete", …, or "*") to seconds."""

PROFILES: Mapping[str, Seconds] = {
    "instant": {},
    "demo": {
        "*": {"create": 1.0, "update": 1.0, "delete": 0.5, "*": 1.0},
        "DatasetImportJob": {"create": 3.0},
        "SolutionVersion": {"create": 4.0, "*": 1.0},
        "Campaign": {"create": 3.0, "update": 3.0, "delete": 1.0},
        "Recommender": {"create": 4.0, "update": 3.0, "delete": 1.0, "*": 1.0},
    },
}
_PENDING_SHARE = 0.2


class Durations:
    """Answers how long each phase of a path takes; what is not listed takes no time."""

    def __init__(self, profile: str | Seconds) -> None:
        if isinstance(profile, str) and profile not in PROFILES:
            raise ValueError(f"no durations profile {profile!r}; there are {', '.join(PROFILES)}")
        self._seconds = PROFILES[profile] if isinstance(profile, str) else profile

    def phase(self, kind: str, path: str, position: int, phases: int) -> timedelta:
        """Return the length of a phase: a fifth of the path is spent waiting, the rest working."""
        seconds = self._path(kind, path)
        if phases > 1:
            seconds *= 1 - _PENDING_SHARE if position == phases - 1 else _PENDING_SHARE / (phases - 1)
        return timedelta(seconds=seconds)

    def _path(self, kind: str, path: str) -> float:
        for paths in (self._seconds.get(kind, {}), self._seconds.get("*", {})):
            for name in (path, "*"):
                if name in paths:
                    return paths[name]
        return 0.0
