"""How long things take: a profile's name, or a span per kind of resource and path."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from datetime import timedelta

Span = float | Sequence[float]
"""Seconds; or [least, most], drawn evenly; or [least, typical, most], drawn log-normally about the typical."""

Spans = Mapping[str, Mapping[str, Span]]
"""Kind ("Campaign", or "*" for the others) to path ("create", "update", "delete", …, or "*") to a span."""

_MINUTE, _HOUR = 60.0, 3600.0

PROFILES: Mapping[str, Spans] = {
    "instant": {},
    "demo": {
        "*": {"create": 1.0, "update": 1.0, "delete": 0.5, "*": 1.0},
        "Solution": {"create": 0.0},
        "DatasetImportJob": {"create": 3.0},
        "SolutionVersion": {"create": 4.0, "*": 1.0},
        "Campaign": {"create": 3.0, "update": 3.0, "delete": 1.0},
        "Recommender": {"create": 4.0, "update": 3.0, "delete": 1.0, "*": 1.0},
    },
    # As recorded in the notebooks of AWS's samples and workshops, 2018 to 2024; where they show nothing, what AWS and
    # its users tell. Nothing is documented of how training grows with data, so it does not.
    # https://github.com/aws-samples/amazon-personalize-samples
    # https://github.com/aws-samples/amazon-personalize-immersion-day
    "realistic": {
        "*": {"create": (10, 60), "update": (10, 60), "delete": (10, 2 * _MINUTE), "*": (10, 60)},
        "DatasetGroup": {"create": (9, 60), "delete": (5, 60)},
        "Dataset": {"create": (6, 30), "update": (90, 130), "delete": (20, 100)},
        "DatasetImportJob": {"create": (2 * _MINUTE, 6 * _MINUTE, 17 * _MINUTE)},
        "DatasetExportJob": {"create": (10 * _MINUTE, 20 * _MINUTE)},
        "DataDeletionJob": {"create": (10 * _MINUTE, 2 * _HOUR, 24 * _HOUR)},  # "up to a day"
        "Filter": {"create": (30, 4 * _MINUTE), "delete": (20, 160)},
        "Solution": {"create": 0.0, "delete": (20, 280)},  # ACTIVE at once
        "SolutionVersion": {"create": (20 * _MINUTE, 36 * _MINUTE, 90 * _MINUTE), "stop": (_MINUTE, 5 * _MINUTE)},
        "Campaign": {
            "create": (7 * _MINUTE, 9 * _MINUTE, 13 * _MINUTE),
            "update": (7 * _MINUTE, 9 * _MINUTE, 13 * _MINUTE),
            "delete": (16 * _MINUTE, 18 * _MINUTE),
        },
        "Recommender": {  # trains first, and is deployed then
            "create": (30 * _MINUTE, 60 * _MINUTE, 105 * _MINUTE),
            "update": (7 * _MINUTE, 9 * _MINUTE, 13 * _MINUTE),
            "delete": (17 * _MINUTE, 20 * _MINUTE),
            "*": (5 * _MINUTE, 15 * _MINUTE),
        },
        "BatchInferenceJob": {"create": (13 * _MINUTE, 27 * _MINUTE)},
        "BatchSegmentJob": {"create": (7 * _MINUTE, 9 * _MINUTE)},
    },
}
_PENDING_SHARE = 0.2
LONGEST = 100 * 365 * 24 * _HOUR
"""What takes longer could be due at a moment that has no date."""
_FORMS = "seconds, [least, most] or [least, typical, most]"


class Durations:
    """Answers how long each path takes; what is not listed takes no time.

    Each kind's path draws from a sequence of its own: with the same seed, the third import takes as long as the third
    import always took, whatever else is going on.
    """

    def __init__(self, profile: str | Spans, seed: int = 0) -> None:
        if isinstance(profile, str) and profile not in PROFILES:
            raise ValueError(f"no durations profile {profile!r}; there are {', '.join(PROFILES)}")
        self._spans = PROFILES[profile] if isinstance(profile, str) else profile
        _check(self._spans)
        self._seed = seed
        self._random: dict[tuple[str, str], random.Random] = {}

    def seconds(self, kind: str, path: str) -> float:
        """Draw how long a path takes as a whole."""
        span = self._span(kind, path)
        if isinstance(span, int | float):
            return float(span)
        source = self._random.setdefault((kind, path), random.Random(f"{self._seed}/{kind}/{path}"))  # noqa: S311 - no secret
        if len(span) < 3:
            return source.uniform(span[0], span[-1])
        least, typical, most = span
        # A twentieth of all would be beyond the nearer bound, and is put on it.
        spread = min(math.log(typical / least), math.log(most / typical)) / 1.645
        return min(max(source.lognormvariate(math.log(typical), spread), least), most)

    def _span(self, kind: str, path: str) -> Span:
        for paths in (self._spans.get(kind, {}), self._spans.get("*", {})):
            for name in (path, "*"):
                if name in paths:
                    return paths[name]
        return 0.0


def profile_of(text: str) -> str | Spans:
    """Read a profile's name, or spans per kind and path in JSON; ValueError if it is neither."""
    profile: str | Spans = text
    if text.lstrip().startswith("{"):
        try:
            profile = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"{text!r} is not JSON: {error}") from error
    Durations(profile)
    return profile


def phase(seconds: float, position: int, phases: int) -> timedelta:
    """Return the length of a phase: a fifth of a path is spent waiting, the rest working."""
    if phases > 1:
        seconds *= 1 - _PENDING_SHARE if position == phases - 1 else _PENDING_SHARE / (phases - 1)
    return timedelta(seconds=seconds)


def _check(spans: object) -> None:
    if not isinstance(spans, Mapping) or not all(isinstance(paths, Mapping) for paths in spans.values()):
        raise ValueError("durations are a profile's name, or kinds with their paths with their spans")
    for span in [span for paths in spans.values() for span in paths.values()]:
        numbers = [span] if isinstance(span, int | float) else span
        if not isinstance(numbers, list | tuple) or not all(isinstance(each, int | float) for each in numbers):
            raise ValueError(f"{span!r} is no duration: {_FORMS}")
        possible = all(0 <= each <= LONGEST for each in numbers) and list(numbers) == sorted(numbers)
        if not 1 <= len(numbers) <= 3 or not possible or (len(numbers) == 3 and numbers[0] == 0):
            raise ValueError(f"{span!r} is no duration: {_FORMS}")
