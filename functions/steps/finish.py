"""End a branch; with its last one end the run, tell the bus, and let the remembered trigger begin."""

from __future__ import annotations

from dataclasses import replace

from functions.endings import close, release
from functions.model import IMPORTS, Ending, Message
from functions.ports import Mark, Ports
from functions.records import Branch, Run
from functions.shell import Worker, batch, entry, receive
from functions.telemetry import logger


def verdict(branches: dict[str, Branch]) -> Ending | None:
    """Return how a run ends, None while it goes on. Failed imports end it; else its solutions decide."""
    imports = branches[IMPORTS]
    solutions = {name: branch for name, branch in branches.items() if name != IMPORTS}
    if imports.status == "FAILED":
        return Ending("FAILED", imports.reason)
    if not solutions:
        return None if imports.status == "RUNNING" else Ending(imports.status, imports.reason)
    if any(branch.status == "RUNNING" for branch in solutions.values()):
        return None
    failed = [f"{name}: {branch.reason}" for name, branch in solutions.items() if branch.status == "FAILED"]
    return Ending("FAILED", "; ".join(failed)) if failed else Ending("SUCCEEDED")


def finish(message: Message, ports: Ports) -> None:
    """Note the branch's end, and the run's if it was the last. Repeating it notes nothing new."""
    ending = message.ending or Ending("SUCCEEDED")
    run = ports.ledger.run(message.pipeline, message.run_id)
    if run is None:
        logger.warning("no such run")
        return
    if not run.over:
        ended = Mark(
            phase=message.phase if ending.status == "FAILED" else None,
            finished=ending.status == "FAILED",
            status=ending.status,
            reason=ending.reason,
        )
        ports.ledger.advance(message, ports.clock(), "finish", ended)
        if message.branch == IMPORTS and ending.status == "FAILED":
            _skip_solutions(run, message, ports)
        run = ports.ledger.run(message.pipeline, message.run_id) or run
        if (end := verdict(run.branches)) is None:
            return
        close(run, end, ports)
    release(ports, message.pipeline, message.run_id)


def _skip_solutions(run: Run, message: Message, ports: Ports) -> None:
    """Note that no solution trains: its data could not be imported."""
    skipped = Mark(status="SKIPPED", reason="the imports failed")
    for name in run.branches.keys() - {IMPORTS}:
        ports.ledger.advance(replace(message, branch=name), ports.clock(), "finish", skipped)


WORKER = Worker(lambda record, ports: finish(receive(record), ports))
handler = entry(batch(WORKER))
