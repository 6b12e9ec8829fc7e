"""Begin runs: on a schedule, on uploads, on the team's own events, and by hand.

Every trigger passes through this function's queue, a direct call too, which answers the run's id at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import history, names, timing
from functions.admission import Admission, admit, change_lease, pin
from functions.endings import fail, pass_on, release
from functions.errors import InvalidMessage, InvalidRequest, Throttled, UnknownSolution
from functions.flow import opening
from functions.inputs import below, checked, contents_of, files_of, unsettled
from functions.model import (
    FILTERS,
    IMPORTS,
    Ending,
    Message,
    Pipeline,
    Plan,
    Request,
    Trigger,
    dump,
    parse,
)
from functions.planning import behind, jobs_of, lacking_filters, left_behind, plan_run
from functions.ports import Ledger, Ports
from functions.records import Branch, Holder, Lease, Run
from functions.shell import Event, Worker, about, batch, entry, live_ports
from functions.telemetry import logger, metrics
from functions.times import written
from functions.uploads import named_by, trigger_of, uploaded_at
from functions.watchdog import WATCH, look_after, watch

ASKED_FOR = ("manual", "event")
"""Triggers of somebody who wants a run now. A schedule does not know that files are on their way: it waits for them."""

# ------------------------------------------------------------------ in: records and direct calls


def by_hand(event: Event, ports: Ports, cause: str) -> dict[str, Any]:
    """Answer a direct call: check the request, queue it, and return the id that its run will have.

    Lambda invokes again, with the same ``cause``, what failed of asynchronous calls: it is the same run.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    try:
        request = parse(Request, event)
    except InvalidMessage as error:
        raise InvalidRequest(str(error)) from error
    ports.ledger.pipeline(request.pipeline).check(request)
    run_id = ports.ledger.claim(cause, names.run_id(ports.clock(), cause), ports.clock())
    about(request.pipeline, run_id)
    ports.queues.send("start", [dump(Trigger("manual", id=run_id, request=request, run_id=run_id))])
    logger.info("asked for by hand")
    metrics.add_metric("ManualCalls", "Count", 1)
    return {"run_id": run_id, "pipeline": request.pipeline}


def cause_of(record: SQSRecord, ledger: Ledger) -> tuple[Trigger, str] | None:
    """Read a trigger and return it with its run's id, which a second delivery has too; None if it starts nothing.

    EventBridge Scheduler replaces ``<aws.scheduler.…>`` in its input; where nothing does, the message's own id and
    time stand in. https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    trigger = trigger_of(record.body, ledger)
    if trigger is None:
        return None
    if trigger.run_id:
        return trigger, trigger.run_id
    sent = datetime.fromtimestamp(int(record.attributes.sent_timestamp or 0) / 1000, UTC)
    replaced = "<aws.scheduler" not in f"{trigger.id}{trigger.time}"
    at = _time(trigger.time) if replaced and trigger.time else sent
    cause = trigger.id if replaced else record.message_id
    return trigger, names.run_id(at, f"{trigger.request.pipeline}/{cause}")


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError as error:
        raise InvalidMessage(f"Not a valid trigger: its time is none: {text!r}") from error


def handle(record: SQSRecord, ports: Ports) -> None:
    """Take one trigger from the queue, or look after all runs."""
    if record.body == WATCH:
        watch(ports)
        return
    try:
        cause = cause_of(record, ports.ledger)
    except InvalidMessage as error:
        refuse(record, str(error), ports)
        raise
    if cause:
        trigger, run_id = cause
        about(trigger.request.pipeline, run_id)
        start(trigger, run_id, ports)


def refuse(record: SQSRecord, reason: str, ports: Ports) -> None:
    """End at once the run of what can't be understood, and names a pipeline. Its message goes to the dead letters."""
    told = named_by(record.body)
    if told is None or told.pipeline not in ports.ledger.pipelines():
        return
    sent = datetime.fromtimestamp(int(record.attributes.sent_timestamp or 0) / 1000, UTC)
    run_id = told.run_id or names.run_id(told.time or sent, f"{told.pipeline}/{told.id or record.message_id}")
    about(told.pipeline, run_id)
    run = ports.ledger.run(told.pipeline, run_id)
    if run and run.status != "QUEUED":  # a delivery that died half way has left it queued
        pass_on(run, ports)
        return
    now = written(ports.clock())
    ports.ledger.create_run(Run(run_id, told.pipeline, "QUEUED", told.trigger, Request(told.pipeline), now, now))
    fail(told.pipeline, run_id, reason, ports)


def give_up(record: SQSRecord, reason: str, ports: Ports) -> None:
    """End the run of a trigger that could not be worked, and let the next one begin."""
    if record.body == WATCH:
        return  # the next one comes in half an hour
    if cause := cause_of(record, ports.ledger):
        trigger, run_id = cause
        if trigger.request.pipeline in ports.ledger.pipelines():  # it may not have come so far as to be written down
            _enter(Holder(run_id, trigger.trigger, trigger.request), ports)
        fail(trigger.request.pipeline, run_id, reason, ports)


# ------------------------------------------------------------------ admission


def start(trigger: Trigger, run_id: str, ports: Ports) -> None:
    """Find the trigger its place, and begin the run if its time has come. Repeating it begins nothing twice."""
    name = trigger.request.pipeline
    run = ports.ledger.run(name, run_id)
    if run and (run.over or run.dispatched_at or run.hop > trigger.hop):
        logger.info("trigger known already", extra={"status": run.status, "hop": trigger.hop})
        if run.over:
            pass_on(run, ports)  # a delivery that was slower than the run's end may have found it a place
        return
    pipeline = ports.ledger.pipeline(name)
    holder = Holder(run_id, trigger.trigger, trigger.request, uploaded_at=uploaded_at(trigger))
    _enter(holder, ports)
    try:
        pipeline.check(trigger.request)  # what can't be done would fail the run that it joins
        _see_to_the_last(name, run_id, ports)
        admission = _admit(holder, ports)
        active = admission.lease.active
        if active and admission.place == "active":
            begin(pipeline, replace(trigger, run_id=run_id), active, ports)
        elif active and admission.joined == active.run_id and trigger.trigger in ASKED_FOR and not active.pinned:
            _begin_at_once(pipeline, active, ports)
    except (UnknownSolution, InvalidRequest) as error:
        fail(name, run_id, str(error), ports)


def _see_to_the_last(pipeline: str, run_id: str, ports: Ports) -> None:
    """Look after the run that holds the lease. What is wrong with that one does not keep this one from its place."""
    try:
        look_after(pipeline, ports, but=run_id)
    except Exception:
        logger.exception("the run under way can't be looked after")
    about(pipeline, run_id)


def _enter(holder: Holder, ports: Ports) -> None:
    """Write the run down before it can hold the lease: a holder without a record would never be seen to be lost."""
    now = written(ports.clock())
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
        admitted.append(admit(lease, holder))
        return admitted[-1].lease

    change_lease(ports.ledger, name, change)
    admission = admitted[-1]
    logger.info("trigger is %s", admission.place, extra={"trigger": holder.trigger, "joined": admission.joined})
    if admission.joined:
        ports.ledger.end_run(name, holder.run_id, "JOINED", ports.clock(), joined=admission.joined)
    return admission


# ------------------------------------------------------------------ begin


def _begin_at_once(pipeline: Pipeline, active: Holder, ports: Ports) -> None:
    """Begin a run that has waited for uploads to settle until now; its own message comes later, and is dropped."""
    run = ports.ledger.run(pipeline.pipeline, active.run_id)
    if run and not run.over and not run.dispatched_at:
        now = Trigger(active.trigger, id=active.run_id, request=active.request, run_id=active.run_id, hop=run.hop)
        begin(pipeline, now, active, ports)


def begin(pipeline: Pipeline, trigger: Trigger, holder: Holder, ports: Ports) -> None:
    """Pin what the run does and send its first messages."""
    name, run_id, now = pipeline.pipeline, trigger.run_id or "", ports.clock()
    queued = ports.ledger.run(name, run_id)
    created_at = queued.created_at if queued else written(now)
    turn_at = holder.turn_at or created_at
    found = files_of(pipeline, ports.objects) if trigger.trigger == "upload" else {}
    waiting = unsettled(pipeline, found, holder.uploaded_at, datetime.fromisoformat(turn_at), now)
    if waiting:
        logger.info("uploads have not settled", extra={"seconds": waiting})
        _later(trigger, waiting + 1, ports)
        return
    lease = change_lease(ports.ledger, name, lambda lease: pin(lease, run_id))
    if lease.active is None or lease.active.run_id != run_id:
        return  # it was taken for lost meanwhile, and ended
    try:
        run = _begun(pipeline, lease.active, created_at, ports)
    except Throttled as error:
        logger.info("it begins later: %s", error)
        elapsed = (now - datetime.fromisoformat(turn_at)).total_seconds()
        _later(trigger, timing.refused_pause(elapsed, ports.settings.poll_floor, f"{run_id}/{trigger.hop}"), ports)
        return
    if run.over:
        release(ports, name, run_id)  # this delivery was slower than the run's end, and has found it a place
    if run.over or run.plan is None:
        return
    messages = first_messages(run_id, name, run.plan)
    for step in dict.fromkeys(message.step for message in messages):
        ports.queues.send(step, [dump(message) for message in messages if message.step == step])
    now = ports.clock()
    ports.ledger.update_run(name, run_id, now, dispatched_at=written(now))
    logger.info("run begins", extra={"first": [f"{message.branch} {message.step}" for message in messages]})
    metrics.add_metric("RunsStarted", "Count", 1)


def _later(trigger: Trigger, seconds: float, ports: Ports) -> None:
    """Have the run begin later."""
    later = replace(trigger, hop=trigger.hop + 1)
    ports.queues.send("start", [dump(later)], min(timing.LONGEST, seconds))
    ports.ledger.update_run(trigger.request.pipeline, trigger.run_id or "", at=ports.clock(), hop=later.hop)


def _begun(pipeline: Pipeline, holder: Holder, created_at: str, ports: Ports) -> Run:
    """Write down the run's plan. If an earlier delivery did, its plan counts, whatever has changed since.

    What is uploaded is looked up now that nothing can join the run any more: what has joined it must find it.
    """
    now = ports.clock()
    found = files_of(pipeline, ports.objects)
    stored = contents_of(pipeline, found, ports.objects) if holder.request.what != "train" else {}
    memory = ports.ledger.memory(pipeline.pipeline)
    jobs = jobs_of(pipeline, memory, ports.personalize)
    plan = plan_run(holder.run_id, pipeline, holder.request, stored, jobs, now)
    plan, warnings = checked(plan, pipeline, found, ports.objects)
    if holder.trigger == "upload" and not plan.imports:
        plan = replace(plan, solutions=behind(plan.solutions, jobs, memory, ports.personalize))
    if not plan.imports and not holder.request.force:
        plan = replace(plan, trained=left_behind(plan, pipeline, jobs, memory))
    imported = bool(plan.imports) or any(history.completed(each) for each in jobs.values())
    if imported or pipeline.event_tracker:
        filters = lacking_filters(pipeline, ports.personalize)
        plan = replace(plan, filters=filters, only_streamed=not imported)
    return ports.ledger.begin_run(
        Run(
            run_id=holder.run_id,
            pipeline=pipeline.pipeline,
            status="RUNNING",
            trigger=holder.trigger,
            request=holder.request,
            created_at=created_at,
            updated_at=written(now),
            started_at=written(now),
            turn_at=holder.turn_at,
            plan=plan,
            branches=branches(plan),
            warnings=below(pipeline, found) + warnings,
        )
    )


def idle(plan: Plan) -> bool:
    """Whether there is nothing to do."""
    return not plan.imports and not plan.solutions and not plan.filters


def branches(plan: Plan) -> dict[str, Branch]:
    """Return the run's branches as they begin: the imports, then one for the filters and one per solution."""
    imports = Branch(status="RUNNING" if plan.imports or idle(plan) else "SUCCEEDED")
    others = ([FILTERS] if plan.filters else []) + list(plan.solutions)
    return {IMPORTS: imports} | {name: Branch() for name in others}


def first_messages(run_id: str, pipeline: str, plan: Plan) -> list[Message]:
    """Return the messages that a run begins with, or the one that ends it where there is nothing to do."""
    if not idle(plan):
        return opening(run_id, pipeline, plan)
    nothing = Ending("SKIPPED", "the data has not changed since its last import")
    return [Message(run_id, pipeline, "finish", IMPORTS, plan, ending=nothing)]


# ------------------------------------------------------------------ the handler

WORKER = Worker(handle, give_up)
_from_queue = batch(WORKER)


def _handler(event: Event, context: LambdaContext) -> Any:
    if isinstance(event, dict) and "Records" in event:
        return _from_queue(event, context)
    return by_hand(event, live_ports(), context.aws_request_id)


handler = entry(_handler)
