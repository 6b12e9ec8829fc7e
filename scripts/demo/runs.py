"""A run as the ledger tells it, in the form that is shown and written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

OVER = ("SUCCEEDED", "FAILED", "SKIPPED", "JOINED")
IMPORTS = "*"


@dataclass(frozen=True)
class Step:
    """One step of a branch; the branch of the imports is `*`, the others are named for their solution."""

    branch: str
    step: str
    started_at: str
    finished_at: str | None
    arns: tuple[str, ...]
    in_line: float = 0.0
    """Seconds for which it waited for a slot of a quota."""

    def seconds(self, now: datetime) -> float:
        """How long it took, or has taken until now."""
        end = datetime.fromisoformat(self.finished_at) if self.finished_at else now
        return (end - datetime.fromisoformat(self.started_at)).total_seconds()


@dataclass(frozen=True)
class Run:
    """One record of the ledger."""

    run_id: str
    trigger: str
    status: str
    reason: str | None
    joined: str | None
    branches: dict[str, tuple[str, str | None]]
    """Branch to status and reason."""
    steps: tuple[Step, ...]

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in OVER

    def made(self, step: str) -> dict[str, str]:
        """Return what a step made, by branch: the first ARN that it noted."""
        return {each.branch: each.arns[0] for each in self.steps if each.step == step and each.arns}

    def failures(self) -> list[str]:
        """Say for each branch that failed why."""
        return [f"{branch}: {reason}" for branch, (status, reason) in self.branches.items() if status == "FAILED"]


def parse(record: Mapping[str, Any]) -> Run:
    """Read a record of the ledger."""
    branches = record.get("branches") or {}
    steps = [
        Step(
            branch=branch,
            step=step,
            started_at=str(times["started_at"]),
            finished_at=times.get("finished_at"),
            arns=tuple(times.get("arns") or ()),
            in_line=float(times.get("in_line") or 0),
        )
        for branch, state in branches.items()
        for step, times in (state.get("steps") or {}).items()
        if times.get("started_at")
    ]
    return Run(
        run_id=str(record["run_id"]),
        trigger=str(record["trigger"]),
        status=str(record["status"]),
        reason=record.get("reason"),
        joined=record.get("joined"),
        branches={name: (str(state["status"]), state.get("reason")) for name, state in branches.items()},
        steps=tuple(sorted(steps, key=lambda step: step.started_at)),
    )


def find(runs: Iterable[Run], trigger: str, known: frozenset[str]) -> Run | None:
    """Find the run that a trigger began since `known` was read, or the one that took the trigger in."""
    by_id = {run.run_id: run for run in runs}
    for run in by_id.values():
        if run.trigger == trigger and run.run_id not in known:
            while run.joined and run.joined in by_id:
                run = by_id[run.joined]
            return run
    return None
