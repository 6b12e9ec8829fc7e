"""End a branch; with its last one end the run, tell the bus, and let the remembered trigger begin."""

from __future__ import annotations

from dataclasses import replace

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions import turnstile
from functions.endings import close, conclude, release, verdict
from functions.model import IMPORTS, Ending, Message
from functions.ports import Mark, Ports
from functions.records import Run
from functions.shell import Worker, batch, entry, receive
from functions.telemetry import logger

IN_VAIN = "the imports failed"
"""Why a solution is skipped whose data could not be imported."""


def finish(message: Message, ports: Ports) -> None:
    """Note the branch's end, and the run's if it was the last. Repeating it notes nothing new."""
    run = ports.ledger.run(message.pipeline, message.run_id)
    if run is None:
        logger.warning("no such run")
        return
    if not run.over:
        ending = _ending(message, run)
        ended = Mark(
            phase=message.phase if ending.status == "FAILED" else None,
            finished=ending.status == "FAILED",
            status=ending.status,
            reason=ending.reason,
        )
        if ending.status == "FAILED" and message.phase != "deploy":
            turnstile.leave(message.pipeline, message.run_id, ports, message.branch)
        if message.branch == IMPORTS and ending.status == "FAILED":
            _skip_solutions(run, message, ports)
        ports.ledger.advance(message, ports.clock(), (), ended)
        run = ports.ledger.run(message.pipeline, message.run_id) or run
        if (end := verdict(run.branches)) is None:
            return
        close(run, end, ports)
    release(ports, message.pipeline, message.run_id)


def _ending(message: Message, run: Run) -> Ending:
    """Return how the branch ends. Imports do not fail once a solution is on its way, which they have sent there.

    A delivery that died just after it had sent that, and came again in vain, would tell so.
    """
    solutions = [branch for name, branch in run.branches.items() if name != IMPORTS]
    if message.branch == IMPORTS and any(branch.hop and branch.reason != IN_VAIN for branch in solutions):
        return Ending("SUCCEEDED")
    return message.ending or Ending("SUCCEEDED")


def _skip_solutions(run: Run, message: Message, ports: Ports) -> None:
    """Note that no solution trains, since its data could not be imported: before the imports' own end is noted.

    Should this die half way, the imports have not ended, and their message is not behind.
    """
    if run.branches[IMPORTS].hop > message.hop:
        return
    skipped = Mark(status="SKIPPED", reason=IN_VAIN)
    for name in [name for name in run.branches if name != IMPORTS]:
        ports.ledger.advance(replace(message, branch=name), ports.clock(), (), skipped)


def give_up(record: SQSRecord, reason: str, ports: Ports) -> None:
    """End the run all the same where only its event could not be put."""
    message = receive(record)
    run = ports.ledger.run(message.pipeline, message.run_id)
    if run and not run.over and (end := verdict(run.branches)):
        conclude(run, end, ports)


WORKER = Worker(lambda record, ports: finish(receive(record), ports), give_up)
handler = entry(batch(WORKER))
