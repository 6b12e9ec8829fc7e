"""Begin runs: on a schedule, on uploads, on the team's own events, and by hand.

Every trigger passes through this function's queue, a direct call too, which answers the run's id at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import names, timing
from functions.admission import Admission, admit, change_lease, pin
from functions.errors import UnknownSolution
from functions.flow import opening
from functions.model import (
    IMPORTS,
    Ending,
    Message,
    Pipeline,
    Plan,
    Request,
    Trigger,
    TriggerKind,
    dump,
    parse,
)
from functions.planning import files_of, jobs_of, plan_run, unsettled
from functions.ports import Ports, Stored
from functions.records import Branch, Holder, Lease, Run
from functions.shell import Event, about, batch, entry, live_ports
from functions.telemetry import logger, metrics

# ------------------------------------------------------------------ in: records and direct calls


def by_hand(event: Event, ports: Ports, cause: str) -> dict[str, Any]:
    """Answer a direct call: check the request, queue it, and return the id that its run will have."""
    request = parse(Request, event)
    pipeline = ports.ledger.pipeline(request.pipeline)
    pipeline.chosen(request)
    run_id = names.run_id(ports.clock(), cause)
    about(request.pipeline, run_id)
    ports.queues.send("start", [dump(Trigger("manual", id=run_id, request=request, run_id=run_id))])
    logger.info("asked for by hand")
    metrics.add_metric("ManualCalls", "Count", 1)
    return {"run_id": run_id, "pipeline": request.pipeline}


def cause_of(record: SQSRecord) -> tuple[Trigger, str]:
    """Read a trigger and return it with its run's id, which a second delivery has too.

    EventBridge Scheduler replaces ``<aws.scheduler.…>`` in its input; where nothing does, the message's own id and
    time stand in. https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    trigger = parse(Trigger, record.body)
    if trigger.run_id:
        return trigger, trigger.run_id
    sent = datetime.fromtimestamp(int(record.attributes.sent_timestamp or 0) / 1000, UTC)
    replaced = "<aws.scheduler" not in f"{trigger.id}{trigger.time}"
    at = datetime.fromisoformat(trigger.time) if replaced and trigger.time else sent
    cause = trigger.id if replaced else record.message_id
    return trigger, names.run_id(at, f"{trigger.request.pipeline}/{cause}")


def handle(record: SQSRecord, ports: Ports) -> None:
    """Take one trigger from the queue."""
    trigger, run_id = cause_of(record)
    about(trigger.request.pipeline, run_id)
    start(trigger, run_id, ports)


# ------------------------------------------------------------------ admission


def start(trigger: Trigger, run_id: str, ports: Ports) -> None:
    """Find the trigger its place, and begin the run if its time has come. Repeating it begins nothing twice."""
    name = trigger.request.pipeline
    run = ports.ledger.run(name, run_id)
    if run and (run.over or run.dispatched_at):
        logger.info("trigger known already", extra={"status": run.status})
        return
    pipeline = ports.ledger.pipeline(name)
    if run is None:
        pipeline.chosen(trigger.request)  # a wrong solution would fail the run that it joins
    holder = Holder(run_id, trigger.trigger, trigger.request)
    _enter(holder, ports)
    admission = _admit(holder, ports)
    logger.info("trigger is %s", admission.place, extra={"trigger": trigger.trigger, "joined": admission.joined})
    _record(holder, admission, ports)
    if admission.place == "active":
        begin(pipeline, run_id, replace(trigger, run_id=run_id), ports)


def _enter(holder: Holder, ports: Ports) -> None:
    """Write the run down before it can hold the lease: a holder without a record would never be seen to be lost."""
    now = ports.clock().isoformat()
    ports.ledger.create_run(
        Run(
            run_id=holder.run_id,
            pipeline=holder.request.pipeline,
            status="QUEUED",
            trigger=holder.trigger,
            request=holder.request,
            created_at=now,
            updated_at=now,
        )
    )


def _admit(holder: Holder, ports: Ports) -> Admission:
    name = holder.request.pipeline
    admitted: list[Admission] = []

    def change(lease: Lease) -> Lease:
        active = ports.ledger.run(name, lease.active.run_id) if lease.active else None
        alive = active is not None and active.alive(ports.clock())
        admitted.append(admit(lease, holder, active_alive=alive))
        return admitted[-1].lease

    change_lease(ports.ledger, name, change)
    return admitted[-1]


def _record(holder: Holder, admission: Admission, ports: Ports) -> None:
    name, now = holder.request.pipeline, ports.clock()
    if admission.lost and ports.ledger.end_run(name, admission.lost, "FAILED", now, reason="no sign of life"):
        logger.warning("run %s showed no sign of life: this one takes its place", admission.lost)
    for absorbed in admission.absorbed:
        ports.ledger.end_run(name, absorbed, "JOINED", now, joined=holder.run_id)
    if admission.joined:
        ports.ledger.end_run(name, holder.run_id, "JOINED", now, joined=admission.joined)


# ------------------------------------------------------------------ begin


def begin(pipeline: Pipeline, run_id: str, trigger: Trigger, ports: Ports) -> None:
    """Pin what the run does and send its first messages."""
    now = ports.clock()
    queued = ports.ledger.run(pipeline.pipeline, run_id)
    created_at = queued.created_at if queued else now.isoformat()
    stored = files_of(pipeline, ports.objects)
    waiting = unsettled(pipeline, stored, datetime.fromisoformat(created_at), now)
    if trigger.trigger == "upload" and waiting:
        logger.info("uploads have not settled", extra={"seconds": waiting})
        ports.ledger.update_run(pipeline.pipeline, run_id, at=now)
        ports.queues.send("start", [dump(trigger)], min(timing.LONGEST, waiting + 1))
        return
    lease = change_lease(ports.ledger, pipeline.pipeline, lambda lease: pin(lease, run_id))
    if lease.active is None or lease.active.run_id != run_id:
        return  # taken over meanwhile: its trigger joined the run that did
    run = _begun(pipeline, lease.active, created_at, stored, ports)
    messages = first_messages(run)
    for step in dict.fromkeys(message.step for message in messages):
        ports.queues.send(step, [dump(message) for message in messages if message.step == step])
    now = ports.clock()
    ports.ledger.update_run(run.pipeline, run_id, now, dispatched_at=now.isoformat())
    logger.info("run begins", extra={"first": [f"{message.branch} {message.step}" for message in messages]})
    metrics.add_metric("RunsStarted", "Count", 1)


def _begun(pipeline: Pipeline, holder: Holder, created_at: str, stored: dict[str, list[Stored]], ports: Ports) -> Run:
    """Write down the run's plan. If an earlier delivery did, its plan counts, whatever has changed since."""
    now = ports.clock().isoformat()
    jobs = jobs_of(pipeline, ports.personalize)
    reason = None
    try:
        plan = plan_run(holder.run_id, pipeline, holder.request, stored, jobs)
    except UnknownSolution as error:  # removed from the declaration since the trigger was remembered
        plan, reason = Plan(pipeline.name, pipeline.role_arn), str(error)
    return ports.ledger.begin_run(
        Run(
            run_id=holder.run_id,
            pipeline=pipeline.pipeline,
            status="RUNNING",
            trigger=holder.trigger,
            request=holder.request,
            created_at=created_at,
            updated_at=now,
            started_at=now,
            reason=reason,
            plan=plan,
            branches=branches(plan, holder.trigger),
        )
    )


def idle(plan: Plan, trigger: TriggerKind) -> bool:
    """Whether there is nothing to do: uploads alone do not train again where no data has changed."""
    return not plan.imports and (trigger == "upload" or not plan.solutions)


def branches(plan: Plan, trigger: TriggerKind) -> dict[str, Branch]:
    """Return the run's branches as they begin: the imports, then a branch per solution."""
    if idle(plan, trigger):
        return {IMPORTS: Branch()}
    imports = Branch(status="RUNNING" if plan.imports else "SUCCEEDED")
    return {IMPORTS: imports} | {name: Branch() for name in plan.solutions}


def first_messages(run: Run) -> list[Message]:
    """Return the messages that a run begins with, or the one that ends it where there is nothing to do."""
    plan = run.plan or Plan("", "")
    if not idle(plan, run.trigger):
        return opening(run.run_id, run.pipeline, plan)
    nothing = Ending("SKIPPED", "the data has not changed since its last import")
    ending = Ending("FAILED", run.reason) if run.reason else nothing
    return [Message(run.run_id, run.pipeline, "finish", IMPORTS, plan, ending=ending)]


# ------------------------------------------------------------------ the handler

_from_queue = batch(handle)


def _handler(event: Event, context: LambdaContext) -> Any:
    if "Records" in event:
        return _from_queue(event, context)
    return by_hand(event, live_ports(), context.aws_request_id)


handler = entry(_handler)
