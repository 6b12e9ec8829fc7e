"""Waiting inside one call: Terraform waits with it, for 15 minutes at most (a Lambda's longest run)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from functions.errors import InUse, NotFound, PipelineError, ServiceError
from functions.statuses import meaning

T = TypeVar("T")

LOOKS_AT_A_DENIAL = 12
"""A minute, at five seconds between two looks."""


class TookTooLongError(PipelineError):
    """Personalize did not get there within the function's time; applying again goes on from where it stands."""


class BroughtToNothingError(PipelineError):
    """Personalize could not make or change a resource; the message holds its own reason."""


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
                self._rest(f"{what} is still in use ({busy.message})")

    def until_ready(self, what: str, look: Callable[[], dict[str, Any]]) -> None:
        """Wait until the status that ``look`` finds is ACTIVE; raise with its reason if it fails."""
        while True:
            found = look()
            match meaning(found["status"]):
                case "ready":
                    return
                case "failed":
                    reason = found.get("failureReason") or found["status"]
                    raise BroughtToNothingError(f"Personalize could not make or change {what}: {reason}")
            self._rest(f"{what} is {found['status']}")

    def until_gone(self, what: str, look: Callable[[], object]) -> None:
        """Wait until ``look`` does not find the resource any more."""
        try:
            while True:
                look()
                self._rest(f"{what} is still being deleted")
        except NotFound:
            return

    def until_allowed(self, call: Callable[[], T]) -> T:
        """Make a call that IAM may deny for a minute, since it has heard of the permission only now.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
        """
        for _ in range(LOOKS_AT_A_DENIAL):
            try:
                return call()
            except ServiceError as error:
                if error.code != "AccessDeniedException":
                    raise
                self._rest(str(error))
        return call()

    def _rest(self, state: str) -> None:
        if self.seconds_left() < 2 * self.between_looks:
            raise TookTooLongError(f"{state} after the longest time that a Lambda may take. Apply again to go on.")
        self.sleep(self.between_looks)
