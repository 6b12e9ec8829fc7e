"""End a branch; with its last one end the run, tell the bus, and let the remembered trigger begin."""

from __future__ import annotations

from dataclasses import replace

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions import turnstile
from functions.endings import close, conclude, fail, pass_on, release, tell, verdict
from functions.engine import beginning
from functions.errors import Unreadable
from functions.model import IMPORTS, Ending, Message
from functions.ports import Mark, Ports
from functions.records import Run, at_work
from functions.shell import Worker, batch, entry, receive
from functions.slots import KINDS
from functions.telemetry import logger


def finish(message: Message, ports: Ports) -> None:
    """Note the branch's end, and the run's if it was the last. Repeating it notes nothing new."""
    run = ports.ledger.run(message.pipeline, message.run_id)
    if run is None:
        logger.warning("no such run")
        return
    over = run.over
    if over:
        tell(run, ports)
    else:
        run = _noted(message, run, ports)
        if end := verdict(run.branches):
            close(run, end, ports)
            over = True
    if over:
        release(ports, message.pipeline, message.run_id)
    if message.phase in KINDS and run.branches[message.branch].status in ("FAILED", "SKIPPED"):
        turnstile.leave(message.pipeline, message.run_id, ports, message.branch)


def _noted(message: Message, run: Run, ports: Ports) -> Run:
    """Note how the branch ends, and return the run with that.

    Its phase is told as well where it failed in it, or where the message before this one died before it could.
    """
    if run.branches[message.branch].status != "RUNNING":
        return run  # how it ended stands: its imports failed, or another delivery of its last message came first
    ending = _ending(message, run)
    noted = ending.status != "FAILED" and message.phase in run.branches[message.branch].steps
    phase = Mark() if noted else beginning(message, message.waits) or Mark(phase=message.phase)
    in_vain = message.branch == IMPORTS and ending.status == "FAILED"
    skipped = tuple(name for name in run.branches if name != IMPORTS) if in_vain else ()
    ended = replace(phase, finished=not noted, status=ending.status, reason=ending.reason, skipped=skipped)
    ports.ledger.advance(message, ports.clock(), (), ended)
    return ports.ledger.run(message.pipeline, message.run_id) or run


def _ending(message: Message, run: Run) -> Ending:
    """Return how the branch ends. Imports do not fail once a solution is on its way, which they have sent there.

    A delivery that died just after it had sent that, and came again in vain, would tell so.
    """
    solutions = [branch for name, branch in run.branches.items() if name != IMPORTS]
    if message.branch == IMPORTS and any(branch.hop for branch in solutions):
        return Ending("SUCCEEDED")
    return message.ending or Ending("SUCCEEDED")


def give_up(record: SQSRecord, reason: str, ports: Ports) -> None:
    """End the run all the same, and let the next one begin, where only its event could not be put.

    Its message in the dead-letter queue tells that event when it is sent again.
    """
    message = receive(record)
    try:
        run = ports.ledger.run(message.pipeline, message.run_id)
    except Unreadable as error:
        if at_work(error, ports.clock()):
            raise  # code of another version is at it
        fail(message.pipeline, message.run_id, reason, ports)
        return
    if run and run.over:
        pass_on(run, ports)
    elif run:
        run = _noted(message, run, ports)
        if end := verdict(run.branches):
            conclude(run, end, ports)


WORKER = Worker(lambda record, ports: finish(receive(record), ports), give_up)
handler = entry(batch(WORKER))
