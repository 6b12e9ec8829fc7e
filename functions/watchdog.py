"""Look after runs that have gone quiet: send lost messages again, and end what shows no sign of life.

EventBridge Scheduler has `start` do so for all pipelines every half an hour, and every trigger for its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from functions import turnstile
from functions.admission import change_lease, rebuilt, told
from functions.endings import conclude, fail, pass_on, release, tell, verdict
from functions.errors import InvalidMessage, NotLookedAfter, Unreadable
from functions.flow import carrying_on
from functions.model import IMPORTS, Trigger, dump
from functions.ports import Ports
from functions.records import QUIET, SILENCE, Holder, Lease, Run, at_work
from functions.shell import about
from functions.slots import KINDS
from functions.telemetry import logger, metrics

WATCH = '{"watch":"runs"}'
"""The message that Scheduler sends."""


def watch(ports: Ports) -> None:
    """Look after the runs of all pipelines, then after the slots that the quotas leave them.

    What goes wrong with one of them holds up none of the others; it is raised when all have been looked after.
    """
    tasks: list[tuple[str, Callable[[], object]]] = [
        *(
            (f"pipeline {name}", partial(task, name, ports))
            for name in ports.ledger.pipelines()
            for task in (look_after, tell_untold)
        ),
        *((f"slots of {kind}", partial(turnstile.sweep, kind, ports)) for kind in KINDS),
    ]
    wrong: list[str] = []
    for what, task in tasks:
        try:
            task()
        except Exception as error:
            logger.exception("%s can't be looked after", what)
            wrong.append(f"{what}: {type(error).__name__}: {error}")
    if wrong:
        raise NotLookedAfter("; ".join(wrong))


def look_after(pipeline: str, ports: Ports, but: str | None = None) -> None:
    """Look after the run that holds a pipeline's lease, unless it is ``but``."""
    active = _readable_lease(pipeline, ports).active
    if active is None or active.run_id == but:
        return
    about(pipeline, active.run_id)
    now = ports.clock()
    try:
        run = ports.ledger.run(pipeline, active.run_id)
    except Unreadable as error:
        if at_work(error, now):
            logger.warning("another version of the code is at it: %s", error)
            return
        logger.exception("it gives way")
        fail(pipeline, active.run_id, "its record can't be read", ports)
        return
    if run is None:
        release(ports, pipeline, active.run_id)
        return
    silent = run.silent_for(now)
    if active.turn_at:  # it may have waited behind another run for longer than a silent one is taken for alive
        silent = min(silent, now - datetime.fromisoformat(active.turn_at))
    if run.over:
        pass_on(run, ports)
    elif silent >= SILENCE:
        hours = SILENCE.total_seconds() / 3600
        fail(pipeline, run.run_id, f"no sign of life for {hours:g} hours: its messages are lost", ports)
    elif silent >= QUIET or (run.dispatched_at and run.lost(now)):
        logger.warning("quiet since %s: its messages are sent again", run.updated_at)
        metrics.add_metric("RunsResumed", "Count", 1)
        resume(run, active, ports)


def tell_untold(pipeline: str, ports: Ports) -> None:
    """Make known the ends of runs that have handed on what they held before anybody could be told."""
    for run_id in _readable_lease(pipeline, ports).untold:
        try:
            run = ports.ledger.run(pipeline, run_id)
        except Unreadable:
            continue  # of another version, which may come back
        if run:
            tell(run, ports)
        change_lease(ports.ledger, pipeline, partial(told, run_id=run_id))


def _readable_lease(pipeline: str, ports: Ports) -> Lease:
    """Return the lease; one that can't be read is made anew from the runs that have not ended."""
    try:
        return ports.ledger.lease(pipeline)
    except Unreadable:
        logger.exception("the lease is made anew from the runs that have not ended")
    now, version = ports.clock(), ports.ledger.lease_version(pipeline)
    lease, joined = rebuilt(ports.ledger.unfinished(pipeline), now)
    ports.ledger.save_lease(pipeline, replace(lease, version=version))
    if lease.next:
        for run_id in joined:
            ports.ledger.end_run(pipeline, run_id, "JOINED", now, joined=lease.next.run_id)
    return lease


def resume(run: Run, holder: Holder, ports: Ports) -> None:
    """Send again what a run goes on by. What has not been lost meets the branches' cursors, and does no harm."""
    lost = run.lost(ports.clock()) if run.branches else []
    if run.plan is None or run.dispatched_at is None:
        trigger = Trigger(run.trigger, run.run_id, holder.request, run_id=run.run_id, hop=run.hop)
        ports.queues.send("start", [dump(trigger)])
    elif end := verdict(run.branches):
        conclude(run, end, ports)
    else:
        # The other branches begin when the imports are over.
        importing = run.branches[IMPORTS].status == "RUNNING"
        for name in lost if not importing else {IMPORTS} & {*lost}:
            try:
                message = carrying_on(run.run_id, run.pipeline, run.plan, name, run.branches[name].message)
            except InvalidMessage:
                logger.exception("what branch %s goes on by can't be read", name)
            else:
                ports.queues.send(message.step, [dump(message)])
