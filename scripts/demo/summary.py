"""What the demo writes down, and what must hold for it to be a success."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from scripts.demo.runs import Run

TRIGGERS = ("schedule", "upload", "manual")
PERSONAL = "for-you"
METRIC = "precision_at_10"
BROKEN, LACKING = "broken.csv", "TIMESTAMP"
"""The file that a run has to fail for, and the column that it lacks."""


@dataclass(frozen=True)
class StepTimes:
    """A step of a run and its times."""

    branch: str
    step: str
    started_at: str
    finished_at: str | None
    seconds: float
    in_line: float = 0.0


@dataclass(frozen=True)
class RunSummary:
    """One run. `versions` is what it trained, `served` what the campaigns served after it, by solution."""

    run_id: str
    trigger: str
    status: str
    reason: str | None
    steps: list[StepTimes]
    versions: dict[str, str]
    served: dict[str, str]

    @classmethod
    def of(cls, run: Run, trigger: str, served: dict[str, str]) -> RunSummary:
        """Sum up a run that is over; `trigger` is what the demo did to start it."""
        now = datetime.now(UTC)
        steps = [
            StepTimes(
                step.branch, step.step, step.started_at, step.finished_at, round(step.seconds(now), 3), step.in_line
            )
            for step in run.steps
        ]
        reason = run.reason or "; ".join(run.failures()) or None
        return cls(run.run_id, trigger, run.status, reason, steps, run.made("train"), served)


@dataclass(frozen=True)
class Item:
    """A recommended item."""

    item_id: str
    title: str
    genres: str


@dataclass(frozen=True)
class Recommendations:
    """One user's list before and after the events."""

    before: list[Item] = field(default_factory=list)
    after: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class Failure:
    """A run that had to fail: what the ledger says, and the event that was put on the bus."""

    run_id: str
    status: str
    reason: str | None
    event: dict[str, object] = field(default_factory=dict)


@dataclass
class Summary:
    """All that is written to summary.json; filled as the story goes on."""

    runs: list[RunSummary] = field(default_factory=list)
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    baseline: dict[str, float] = field(default_factory=dict)
    recommendations: Recommendations = field(default_factory=Recommendations)
    failure: Failure | None = None
    dollars_a_month: dict[str, float | None] = field(default_factory=dict)
    """What this would cost on AWS, by what it is for; None where the price is not known."""
    plan_exit_code: int | None = None
    kept: bool = False
    """Whether all of it goes on running, so that nothing was taken down."""
    left_after_destroy: list[str] | None = None
    phases: dict[str, float] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def problems(self) -> list[str]:
        """Return what does not hold, in words; nothing means success."""
        return [*self._runs(), *self._campaigns(), *self._quality(), *self._line(), *self._failure(), *self._end()]

    def _runs(self) -> list[str]:
        found = []
        triggers = tuple(run.trigger for run in self.runs)
        if triggers != TRIGGERS:
            found.append(f"the runs were started by {triggers}, not by {TRIGGERS}")
        found += [
            f"run {run.run_id} ({run.trigger}) is {run.status}: {run.reason or 'no reason given'}"
            for run in self.runs
            if run.status != "SUCCEEDED"
        ]
        return found

    def _campaigns(self) -> list[str]:
        found = []
        for run in self.runs:
            if not run.served:
                found.append(f"after the run by {run.trigger} there is no campaign")
            found += [
                f"after the run by {run.trigger} the campaign of {solution} serves {served}, "
                f"and not {run.versions.get(solution, 'anything that the run trained')}"
                for solution, served in run.served.items()
                if served != run.versions.get(solution)
            ]
        solutions = {solution for run in self.runs for solution in run.served}
        found += [
            f"the campaign of {solution} did not move with every run"
            for solution in sorted(solutions)
            if len({run.served.get(solution) for run in self.runs}) != len(self.runs)
        ]
        return found

    def _quality(self) -> list[str]:
        found = []
        personal, popular = self.metrics.get(PERSONAL, {}).get(METRIC), self.baseline.get(METRIC)
        if personal is None or popular is None or personal <= popular:
            found.append(f"{METRIC} of {PERSONAL} ({personal}) is not above popularity's ({popular})")
        before, after = self.recommendations.before, self.recommendations.after
        if not before or not after or before == after:
            found.append("the events did not change the user's recommendations")
        return found

    def _line(self) -> list[str]:
        for run in self.runs:
            trainings = [step for step in run.steps if step.step == "train"]
            for before, after in pairwise(trainings):
                if not after.in_line or after.started_at < (before.finished_at or after.started_at):
                    return [f"{after.branch} did not wait in line for {before.branch} in the run by {run.trigger}"]
        return []

    def _failure(self) -> list[str]:
        told = self.failure
        if told is None:
            return ["nobody tried a broken file"]
        found = []
        if told.status != "FAILED" or not all(word in (told.reason or "") for word in (BROKEN, LACKING)):
            found.append(f"the run with {BROKEN}, which lacks {LACKING}, is {told.status}: {told.reason}")
        if told.event.get("run_id") != told.run_id:
            found.append(f"the event on the bus does not tell of that run: {told.event}")
        return found

    def _end(self) -> list[str]:
        found = []
        if self.plan_exit_code != 0:
            found.append(f"the second plan ended with {self.plan_exit_code}, and not with 0 (no changes)")
        if self.kept:
            return found
        if self.left_after_destroy is None:
            found.append("nobody looked at what is left after destroy")
        elif self.left_after_destroy:
            found.append(f"left after destroy: {', '.join(self.left_after_destroy)}")
        return found
