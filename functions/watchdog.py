"""Look after runs that have gone quiet: send lost messages again, and end what shows no sign of life.

EventBridge Scheduler has `start` do so for all pipelines every half an hour, and every trigger for its own.
"""

from __future__ import annotations

from functions import turnstile
from functions.endings import close, fail, release, verdict
from functions.errors import InvalidMessage, Unreadable
from functions.flow import carrying_on
from functions.model import Trigger, dump
from functions.ports import Ports
from functions.records import QUIET, SILENCE, Holder, Run
from functions.shell import about
from functions.slots import KINDS
from functions.telemetry import logger, metrics

WATCH = '{"watch":"runs"}'
"""The message that Scheduler sends."""


def watch(ports: Ports) -> None:
    """Look after the runs of all pipelines, then after the slots that the quotas leave them."""
    for pipeline in ports.ledger.pipelines():
        try:
            look_after(pipeline, ports)
        except InvalidMessage:  # the others must not wait for it; its silence will end it
            logger.exception("the run's messages can't be read")
    for kind in KINDS:
        turnstile.sweep(kind, ports)


def look_after(pipeline: str, ports: Ports, but: str | None = None) -> None:
    """Look after the run that holds a pipeline's lease, unless it is ``but``."""
    active = ports.ledger.lease(pipeline).active
    if active is None or active.run_id == but:
        return
    about(pipeline, active.run_id)
    now = ports.clock()
    try:
        run = ports.ledger.run(pipeline, active.run_id)
    except Unreadable as error:
        logger.warning("it gives way: %s", error)
        run = None
    if run is None or run.over:
        release(ports, pipeline, active.run_id)
    elif run.silent_for(now) >= SILENCE:
        hours = SILENCE.total_seconds() / 3600
        fail(pipeline, run.run_id, f"no sign of life for {hours:g} hours: its messages are lost", ports)
    elif run.silent_for(now) >= QUIET or (run.dispatched_at and run.lost(now)):
        logger.warning("quiet since %s: its messages are sent again", run.updated_at)
        metrics.add_metric("RunsResumed", "Count", 1)
        resume(run, active, ports)


def resume(run: Run, holder: Holder, ports: Ports) -> None:
    """Send again what a run goes on by. What has not been lost meets the branches' cursors, and does no harm."""
    lost = run.lost(ports.clock()) if run.branches else []
    if run.plan is None or run.dispatched_at is None:
        trigger = Trigger(run.trigger, run.run_id, holder.request, run_id=run.run_id, hop=run.hop)
        ports.queues.send("start", [dump(trigger)])
    elif end := verdict(run.branches):
        close(run, end, ports)
        release(ports, run.pipeline, run.run_id)
    else:
        for message in carrying_on(run.run_id, run.pipeline, run.plan, run.branches):
            if message.branch in lost:
                ports.queues.send(message.step, [dump(message)])
