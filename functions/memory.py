"""What a run leaves to the next ones.

It is in the order in which runs have ended: what a run's id says of its time may be wrong, as whoever sent its trigger
said so. An end that is made known late, because the bus was down or its record could not be read, comes after the newer
ones.

Personalize keeps every import job and version for ever, and its lists promise no order. So the ledger remembers which
ones are the latest, and Personalize tells what became of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from functions import guarded
from functions.model import IMPORTS, Plan
from functions.names import sibling_arn
from functions.ports import Ports
from functions.records import Branch, Memory, Run, Trained
from functions.timing import LATEST

Entry = TypeVar("Entry")

ENDED = 20
"""How many of the latest runs are known to be in it: their ends may be told twice."""


def remember(run: Run, ports: Ports) -> None:
    """Write down what a run that ends leaves to the next ones. Repeating it changes nothing."""
    guarded.change(
        lambda: ports.ledger.memory(run.pipeline),
        lambda memory: ports.ledger.save_memory(run.pipeline, memory),
        lambda memory: after(memory, run),
        f"The memory of {run.pipeline!r}",
        ports.rest,
    )


def after(memory: Memory, run: Run) -> Memory:
    """Return what is remembered once a run has ended."""
    plan = run.plan
    if plan is None or run.run_id in memory.ended:
        return memory
    ended_at = run.finished_at or ""
    late = ended_at < memory.ended_at

    def among(new: Entry, earlier: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return ((*earlier, new) if late else (new, *earlier))[:LATEST]

    branches = {name: branch for name, branch in run.branches.items() if name in plan.solutions}
    moves = {
        branch.steps["deploy"]["arns"][0]: took
        for branch in branches.values()
        if branch.status == "SUCCEEDED" and _made(branch, "deploy") and (took := branch.steps["deploy"].get("took"))
    }
    trained = {name: _trained(plan, branch) for name, branch in branches.items() if _made(branch, "train")}
    return replace(
        memory,
        ended=(run.run_id, *memory.ended)[:ENDED],
        ended_at=max(ended_at, memory.ended_at),
        imports=memory.imports
        | {name: among(job, memory.imports.get(name, ())) for name, job in _imports(run, plan).items()},
        trained=memory.trained
        | {
            name: among(version, _others(version, memory.trained.get(name, ())))
            for name, version in trained.items()
            if not (late and version.version in [each.version for each in memory.trained.get(name, ())])
        },
        moves=memory.moves | {arn: among(took, memory.moves.get(arn, ())) for arn, took in moves.items()},
    )


def _imports(run: Run, plan: Plan) -> dict[str, str]:
    """Return each dataset's import job. One that nobody noted may have been made: its name makes its ARN."""
    noted = run.branches[IMPORTS].steps.get("import", {}).get("arns")
    jobs = {
        name: sibling_arn(each.dataset_arn, "dataset-import-job", each.job_name) for name, each in plan.imports.items()
    }
    return {name: job for name, job in jobs.items() if noted is None or job in noted}


def _made(branch: Branch, phase: str) -> bool:
    return bool(branch.steps.get(phase, {}).get("arns"))


def _trained(plan: Plan, branch: Branch) -> Trained:
    step = branch.steps["train"]
    return Trained(step["arns"][0], plan.training_mode, step["started_at"], branch.status == "SUCCEEDED")


def _others(new: Trained, earlier: tuple[Trained, ...]) -> tuple[Trained, ...]:
    """Return those of another version: one that was taken over stands once, as it ended last."""
    return tuple(each for each in earlier if each.version != new.version)
