"""End a branch; with its last one end the run, tell the bus, and let the remembered trigger begin."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from functions.admission import change_lease, hand_over
from functions.model import IMPORTS, Ending, Message, Trigger, dump
from functions.ports import Mark, Ports
from functions.records import Branch, Run
from functions.shell import batch, entry, receive
from functions.telemetry import logger, metrics

EVENTS = {"SUCCEEDED": "Personalize run succeeded", "FAILED": "Personalize run failed"}


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
        _close(run, end, ports)
    release(ports, message.pipeline, message.run_id)


def _skip_solutions(run: Run, message: Message, ports: Ports) -> None:
    """Note that no solution trains: its data could not be imported."""
    skipped = Mark(status="SKIPPED", reason="the imports failed")
    for name in run.branches.keys() - {IMPORTS}:
        ports.ledger.advance(replace(message, branch=name), ports.clock(), "finish", skipped)


def _close(run: Run, end: Ending, ports: Ports) -> None:
    now = ports.clock()
    if end.status in EVENTS:
        ports.bus.put(EVENTS[end.status], detail(run, end, now))
    if ports.ledger.end_run(run.pipeline, run.run_id, end.status, now, reason=end.reason):
        logger.info("run %s", end.status, extra={"reason": end.reason})
        metrics.add_metric(f"Runs{end.status.capitalize()}", "Count", 1)


def detail(run: Run, end: Ending, now: datetime) -> dict[str, object]:
    """Return the event's detail: the run, and how each branch of it ended."""
    return {
        "run_id": run.run_id,
        "pipeline": run.pipeline,
        "trigger": run.trigger,
        "status": end.status,
        "reason": end.reason,
        "started_at": run.started_at,
        "finished_at": now.isoformat(),
        "branches": {
            name: {"status": branch.status, "reason": branch.reason, "steps": branch.steps}
            for name, branch in run.branches.items()
        },
    }


def release(ports: Ports, pipeline: str, run_id: str) -> None:
    """Pass the lease on, and send the remembered run to `start`, once more if it has not begun."""
    heir = change_lease(ports.ledger, pipeline, lambda lease: hand_over(lease, run_id)).active
    if heir is None or heir.after != run_id or heir.pinned:
        return
    # It may have waited for longer than a silent run is taken for alive.
    ports.ledger.update_run(pipeline, heir.run_id, at=ports.clock())
    trigger = Trigger(trigger=heir.trigger, id=heir.run_id, request=heir.request, run_id=heir.run_id)
    ports.queues.send("start", [dump(trigger)])
    logger.info("remembered run %s begins", heir.run_id)


handler = entry(batch(lambda record, ports: finish(receive(record), ports)))
