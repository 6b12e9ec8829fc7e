"""How a run ends, whoever sees that it does: its event is put, its record closed, and its lease passed on."""

from __future__ import annotations

from datetime import datetime

from functions import turnstile
from functions.admission import change_lease, hand_over
from functions.model import IMPORTS, Ending, Trigger, dump
from functions.ports import Ports
from functions.records import Branch, Run
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


def fail(pipeline: str, run_id: str, reason: str, ports: Ports) -> None:
    """End a run that can't go on, unless it has ended, and let the next one begin. It need not have begun itself."""
    run = ports.ledger.run(pipeline, run_id)
    if run and not run.over:
        conclude(run, Ending("FAILED", reason), ports)
    else:
        release(ports, pipeline, run_id)


def conclude(run: Run, end: Ending, ports: Ports) -> None:
    """End a run and let the next one begin even if its event can't be put; what went wrong with that is raised then."""
    try:
        tell(run, end, ports)
    finally:
        _note(run, end, ports)
        release(ports, run.pipeline, run.run_id)
        turnstile.leave(run.pipeline, run.run_id, ports)


def close(run: Run, end: Ending, ports: Ports) -> None:
    """Put the run's event, then close its record: one that died in between puts the event once more."""
    tell(run, end, ports)
    _note(run, end, ports)


def tell(run: Run, end: Ending, ports: Ports) -> None:
    """Put the run's event on the bus; a run that was skipped has none."""
    if end.status in EVENTS:
        ports.bus.put(EVENTS[end.status], detail(run, end, ports.clock()))


def _note(run: Run, end: Ending, ports: Ports) -> None:
    if ports.ledger.end_run(run.pipeline, run.run_id, end.status, ports.clock(), reason=end.reason):
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
        "warnings": list(run.warnings),
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
    # It may have waited for longer than a silent run is taken for alive, or uploads are waited for.
    now = ports.clock()
    ports.ledger.update_run(pipeline, heir.run_id, at=now, turn_at=now.isoformat())
    trigger = Trigger(trigger=heir.trigger, id=heir.run_id, request=heir.request, run_id=heir.run_id)
    ports.queues.send("start", [dump(trigger)])
    logger.info("remembered run %s begins", heir.run_id)
