"""`Control`: how a test, or a person in Python, steers the local Personalize. In process and over HTTP alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.personalize.durations import Spans

Send = Callable[[str, Mapping[str, Any]], Any]
"""Has a command carried out (see `console`), and returns its answer. Raises ControlError."""


class Control:
    """Trouble, quotas, durations, the clock, and what happened.

    `kind` is a kind of resource as in the operations ("DatasetImportJob", "SolutionVersion", "Campaign"), `path` what
    it is on the way of ("create", "update", "delete", …), `matching` a pattern of names or ARNs with * and ?, `times`
    how often (None: until `call_off`).
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    # Trouble

    def fail_next(
        self, kind: str, reason: str, *, path: str = "create", matching: str = "*", times: int | None = 1
    ) -> None:
        """Have the next resources of a kind fail with a reason."""
        self._trouble(kind, path, matching, times, reason=reason)

    def hang_next(self, kind: str, *, path: str = "create", matching: str = "*", times: int | None = 1) -> None:
        """Have the next resources of a kind stay in the last status before the end, until `release`."""
        self._trouble(kind, path, matching, times, hang=True)

    def time_next(
        self, kind: str, seconds: float, *, path: str = "create", matching: str = "*", times: int | None = 1
    ) -> None:
        """Have the next resources of a kind take a given time."""
        self._trouble(kind, path, matching, times, seconds=seconds)

    def release(self, matching: str = "*") -> list[str]:
        """Let go on what hangs; return the ARNs."""
        released: list[str] = self._send("release", {"matching": matching})
        return released

    def refuse_next(
        self,
        operation: str,
        code: str = "ThrottlingException",
        message: str = "Rate exceeded",
        *,
        after: bool = False,
        status: int | None = None,
        times: int | None = 1,
    ) -> None:
        """Have the next calls of an operation ("*": of any) fail; with `after`, once they have taken effect."""
        arguments = {"operation": operation, "code": code, "message": message, "after": after}
        self._send("trouble-calls", {**arguments, "status": status, "times": times})

    def call_off(self) -> None:
        """Call off all trouble that has not struck yet. What hangs already needs `release`."""
        self._send("call-off", {})

    # Settings

    def set_quotas(self, quotas: Mapping[str, int]) -> dict[str, int]:
        """Change quotas by their keys (see `quotas`); return all."""
        changed: dict[str, int] = self._send("quotas", {"quotas": quotas})
        return changed

    def decide(self, **decisions: str) -> dict[str, str]:
        """Decide what no document settles, with _ for - in names: see the README's table. Return all decisions."""
        named = {name.replace("_", "-"): choice for name, choice in decisions.items()}
        decided: dict[str, str] = self._send("decisions", {"decisions": named})
        return decided

    def set_rates(self, rates: Mapping[str, float | None]) -> dict[str, float]:
        """Throttle operations above so many calls a second; None lifts it. Return all."""
        changed: dict[str, float] = self._send("rates", {"rates": rates})
        return changed

    def set_lag(self, seconds: float) -> None:
        """Have Describe and List be behind writes by so many seconds; 0 lifts it."""
        self._send("lag", {"seconds": float(seconds)})

    def set_durations(self, durations: str | Spans, seed: int = 0) -> None:
        """Change how long things take that begin from now on."""
        self._send("durations", {"durations": durations, "seed": seed})

    def settings(self) -> dict[str, Any]:
        """Return the clock, quotas, rates, decisions, and the trouble that is ordered."""
        found: dict[str, Any] = self._send("settings", {})
        return found

    # Time

    def now(self) -> datetime:
        """Return the moment that Personalize has."""
        return self._clock()

    def advance(self, seconds: float) -> datetime:
        """Move the clock ahead; what becomes due happens."""
        return self._clock(advance=float(seconds))

    def freeze(self) -> datetime:
        """Stop the clock."""
        return self._clock(frozen=True)

    def run(self) -> datetime:
        """Let the clock go on from where it stands."""
        return self._clock(frozen=False)

    # Looking

    def resources(self, kind: str | None = None, matching: str = "*") -> list[dict[str, Any]]:
        """Return the resources, and the last of those that are gone, with their statuses so far."""
        found: list[dict[str, Any]] = self._send("resources", {"kind": kind, "matching": matching})
        return found

    def timeline(self, arn: str) -> list[str]:
        """Return the statuses that a resource had, oldest first."""
        found = self.resources(matching=arn.replace("[", "[[]"))
        return [each["status"] for each in found[-1]["timeline"]] if found else []

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Return the last calls, oldest first: time, service, operation, parameters, outcome, message."""
        found: list[dict[str, Any]] = self._send("calls", {"operation": operation})
        return found

    def forget(self) -> None:
        """Forget the calls, and the resources that are gone."""
        self._send("forget", {})

    def reset(self) -> None:
        """Be as new: nothing made, no trouble ordered, all settings but the clock as at the start."""
        self._send("reset", {})

    def _trouble(self, kind: str, path: str, matching: str, times: int | None, **fate: Any) -> None:
        self._send("trouble-lives", {"kind": kind, "path": path, "matching": matching, "times": times, **fate})

    def _clock(self, **change: Any) -> datetime:
        return datetime.fromisoformat(self._send("clock", change)["now"])
