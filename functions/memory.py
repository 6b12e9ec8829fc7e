"""What a run leaves to the next ones.

It is written with the run's end, so it is in the order of the ends: what a run's id says of its time may be wrong, as
whoever sent its trigger said so.

Personalize keeps every import job and version for ever, and its lists promise no order. So the ledger remembers which
ones are the latest, and Personalize tells what became of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from functions import guarded
from functions.model import IMPORTS, Plan
from functions.names import sibling_arn
from functions.ports import Ports
from functions.records import Branch, Memory, Run, Trained
from functions.timing import LATEST

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
    solutions = {name: branch for name, branch in run.branches.items() if name in plan.solutions}
    return replace(
        memory,
        ended=(run.run_id, *memory.ended)[:ENDED],
        imports=memory.imports | _imports(memory, run, plan),
        trained=memory.trained
        | {
            name: _latest(_trained(plan, branch), memory.trained.get(name, ()))
            for name, branch in solutions.items()
            if _made(branch, "train")
        },
        moves=memory.moves
        | {
            branch.steps["deploy"]["arns"][0]: (took, *memory.moves.get(branch.steps["deploy"]["arns"][0], ()))[:LATEST]
            for branch in solutions.values()
            if branch.status == "SUCCEEDED" and _made(branch, "deploy") and (took := branch.steps["deploy"].get("took"))
        },
    )


def _imports(memory: Memory, run: Run, plan: Plan) -> dict[str, tuple[str, ...]]:
    """Return each dataset's latest import jobs. One that nobody noted may have been made: its name makes its ARN."""
    noted = run.branches[IMPORTS].steps.get("import", {}).get("arns")
    jobs = {
        name: sibling_arn(each.dataset_arn, "dataset-import-job", each.job_name) for name, each in plan.imports.items()
    }
    return {
        name: (job, *memory.imports.get(name, ()))[:LATEST]
        for name, job in jobs.items()
        if noted is None or job in noted
    }


def _made(branch: Branch, phase: str) -> bool:
    return bool(branch.steps.get(phase, {}).get("arns"))


def _trained(plan: Plan, branch: Branch) -> Trained:
    step = branch.steps["train"]
    return Trained(step["arns"][0], plan.training_mode, step["started_at"], branch.status == "SUCCEEDED")


def _latest(new: Trained, earlier: Iterable[Trained]) -> tuple[Trained, ...]:
    return (new, *(each for each in earlier if each.version != new.version))[:LATEST]
