"""How a run ends, whoever sees that it does.

Its record is closed, which decides how it has ended; what it leaves behind is written down, and its event put; then its
lease is passed on.
"""

from __future__ import annotations

from functions import turnstile
from functions.admission import change_lease, hand_over
from functions.errors import Unreadable
from functions.memory import remember
from functions.model import IMPORTS, Ending, RunStatus, Trigger, dump
from functions.ports import Ports
from functions.records import Branch, Run
from functions.telemetry import logger, metrics
from functions.times import written

EVENTS = {"SUCCEEDED": "Personalize run succeeded", "FAILED": "Personalize run failed"}


def verdict(branches: dict[str, Branch]) -> Ending | None:
    """Return how a run ends, None while it goes on. Failed imports end it; else its solutions decide.

    One that has done nothing, for there was nothing to do for any of them, is skipped.
    """
    imports = branches[IMPORTS]
    solutions = {name: branch for name, branch in branches.items() if name != IMPORTS}
    if imports.status == "FAILED":
        return Ending("FAILED", imports.reason)
    if not solutions:
        return None if imports.status == "RUNNING" else Ending(imports.status, imports.reason)
    if any(branch.status == "RUNNING" for branch in solutions.values()):
        return None
    failed = [f"{name}: {branch.reason}" for name, branch in solutions.items() if branch.status == "FAILED"]
    if failed:
        return Ending("FAILED", "; ".join(failed))
    done = any(branch.status == "SUCCEEDED" or _made_something(branch) for branch in solutions.values())
    if done or imports.steps:
        return Ending("SUCCEEDED")
    return Ending("SKIPPED", "; ".join(f"{name}: {branch.reason}" for name, branch in solutions.items()))


def _made_something(branch: Branch) -> bool:
    """Whether a phase of it came to its end. A training that failed, as there is nothing new, made nothing."""
    return any(step.get("finished_at") for step in branch.steps.values())


def fail(pipeline: str, run_id: str, reason: str, ports: Ports) -> None:
    """End a run that can't go on, unless it has ended, and let the next one begin. It need not have begun itself.

    One whose record can't be read ends as well: another version of the code has written it, and is gone.
    """
    try:
        run = ports.ledger.run(pipeline, run_id)
    except Unreadable as error:
        reason = f"{reason}; {error}"
        ended = ports.ledger.end_run(pipeline, run_id, "FAILED", ports.clock(), reason=reason)
        try:
            if ended:
                ports.bus.put(EVENTS["FAILED"], _told_of(pipeline, run_id, "FAILED", reason))
        except Exception:
            hand_on(pipeline, run_id, ports, untold=True)  # for the version that can read it
            raise
        hand_on(pipeline, run_id, ports, untold=not ended)  # only that can say how it has ended, and who was told
        return
    if run and not run.over:
        conclude(run, Ending("FAILED", reason), ports)
    elif run:
        pass_on(run, ports)
    else:
        release(ports, pipeline, run_id)


def conclude(run: Run, end: Ending, ports: Ports) -> None:
    """End a run and let the next one begin even if its event can't be put; what went wrong with that is raised then."""
    pass_on(_closed(run, end, ports), ports)


def pass_on(run: Run, ports: Ports) -> None:
    """Make the end of a run known, and let the next one begin even if the bus can't be told; that is raised then.

    The next one must know what this one has left behind, or it trains anew: without that, it waits for the watchdog.
    """
    if not run.told_at:
        remember(run, ports)
    try:
        tell(run, ports)
    except Exception:
        hand_on(run.pipeline, run.run_id, ports, untold=True)
        raise
    hand_on(run.pipeline, run.run_id, ports)


def hand_on(pipeline: str, run_id: str, ports: Ports, *, untold: bool = False) -> None:
    """Give back all that a run that has ended holds: the lease, and its slots of the quotas."""
    release(ports, pipeline, run_id, untold=untold)
    turnstile.leave(pipeline, run_id, ports)


def close(run: Run, end: Ending, ports: Ports) -> None:
    """Close a run's record, and make its end known."""
    tell(_closed(run, end, ports), ports)


def _closed(run: Run, end: Ending, ports: Ports) -> Run:
    """Close a run's record, and return it: how it ends is decided by whoever closes it first."""
    if ports.ledger.end_run(run.pipeline, run.run_id, end.status, ports.clock(), reason=end.reason):
        logger.info("run %s", end.status, extra={"reason": end.reason})
        metrics.add_metric(f"Runs{end.status.capitalize()}", "Count", 1)
    return ports.ledger.run(run.pipeline, run.run_id) or run


def tell(run: Run, ports: Ports) -> None:
    """Make the end of a run known, unless it is: to the next run, and on the bus. One that was skipped has no event.

    Who died between closing a run and this is followed by whoever finds the run ended and untold.
    """
    if not run.over or run.told_at or run.status == "JOINED":
        return
    remember(run, ports)
    if run.status in EVENTS:
        ports.bus.put(EVENTS[run.status], detail(run))
    now = ports.clock()
    ports.ledger.update_run(run.pipeline, run.run_id, now, told_at=written(now))


def _told_of(pipeline: str, run_id: str, status: RunStatus, reason: str | None) -> dict[str, object]:
    return {"run_id": run_id, "pipeline": pipeline, "status": status, "reason": reason}


def detail(run: Run) -> dict[str, object]:
    """Return the event's detail: the run, and how each branch of it ended."""
    return {
        **_told_of(run.pipeline, run.run_id, run.status, run.reason),
        "trigger": run.trigger,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "warnings": list(run.warnings),
        "branches": {
            name: {"status": branch.status, "reason": branch.reason, "steps": branch.steps}
            for name, branch in run.branches.items()
        },
    }


def release(ports: Ports, pipeline: str, run_id: str, *, untold: bool = False) -> None:
    """Pass the lease on, and send the remembered run to `start`, once more if it has not begun.

    Where the run's end could not be made known, the lease keeps that it is ``untold`` still, for the watchdog.
    """
    now = written(ports.clock())
    heir = change_lease(ports.ledger, pipeline, lambda lease: hand_over(lease, run_id, now, untold)).active
    if heir is None or heir.after != run_id or heir.pinned:
        return
    trigger = Trigger(trigger=heir.trigger, id=heir.run_id, request=heir.request, run_id=heir.run_id)
    ports.queues.send("start", [dump(trigger)])
    logger.info("remembered run %s begins", heir.run_id)
