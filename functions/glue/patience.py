"""Waiting inside one call: Terraform waits with it, for 15 minutes at most (a Lambda's longest run)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from functions.errors import InUse, LimitExceeded, NotFound, PipelineError, ServiceError, Throttled
from functions.statuses import meaning, status_of

T = TypeVar("T")

LOOKS_AT_A_DENIAL = 12
"""A minute, at five seconds between two looks."""

LONGEST_STEP = 90
"""Seconds that a step's function may take: its timeout in pipeline.json."""


class TookTooLongError(PipelineError):
    """Personalize did not get there within the function's time; applying again goes on from where it stands."""


class BroughtToNothingError(PipelineError):
    """Personalize could not make or change a resource; the message holds its own reason."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"Personalize could not make or change {what}: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Patience:
    """How long to wait (``seconds_left`` tells, in seconds), how often to look, and how to sleep."""

    seconds_left: Callable[[], float]
    between_looks: float = 5.0
    sleep: Callable[[float], None] = time.sleep

    def until_free(self, what: str, call: Callable[[], T]) -> T:
        """Make a call that Personalize refuses while the resource is being changed."""
        while True:
            try:
                return call()
            except InUse as busy:
                self.rest(f"{what} is still in use ({busy.message})")

    def until_ready(self, what: str, look: Callable[[], dict[str, Any]]) -> None:
        """Wait until the status that ``look`` finds is ACTIVE; raise with its reason if it fails.

        What was made a moment ago may not be found at once: reads may lag behind writes.
        """
        missing = 0
        while True:
            try:
                found = look()
            except NotFound:
                missing += 1
                if missing > LOOKS_AT_A_DENIAL:
                    raise
                self.rest(f"{what} is not to be found yet")
                continue
            status = status_of(found)
            match meaning(status):
                case "ready":
                    return
                case "failed":
                    raise BroughtToNothingError(what, found.get("failureReason") or status)
            self.rest(f"{what} is {status}")

    def until_gone(self, what: str, look: Callable[[], object]) -> None:
        """Wait until ``look`` does not find the resource any more."""
        try:
            while True:
                look()
                self.rest(f"{what} is still being deleted")
        except NotFound:
            return

    def until_taken(self, call: Callable[[], T]) -> T:
        """Make a call that is refused for a while and no longer.

        Too many requests, or too much under way: until the time is up. A denial: for a minute, since IAM hears of a
        permission only then.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
        """
        denials = 0
        while True:
            try:
                return call()
            except ServiceError as error:
                denials += error.code == "AccessDeniedException"
                if not _passes(error) or denials > LOOKS_AT_A_DENIAL:
                    raise
                self.rest(str(error))

    def outlast_steps(self, what: str) -> None:
        """Wait until a step that read the declaration before it was changed has ended, whatever it makes of it."""
        for _ in range(math.ceil(LONGEST_STEP / self.between_looks)):
            self.rest(f"a run may still be making {what}")

    def rest(self, state: str) -> None:
        """Sleep until the next look; raise :class:`TookTooLongError` where there is no time for another."""
        if self.seconds_left() < 2 * self.between_looks:
            raise TookTooLongError(f"{state} after the longest time that a Lambda may take. Apply again to go on.")
        self.sleep(self.between_looks)


def _passes(error: ServiceError) -> bool:
    """Whether a refusal passes by itself. A quota of what stays does not: functions.errors has the one rule."""
    match error:
        case Throttled():
            return True
        case LimitExceeded():
            return error.passes
    return error.code == "AccessDeniedException"
