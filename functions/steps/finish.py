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
        ports.ledger.advance(message, ports.clock(), (), ended)
        if ending.status == "FAILED" and message.phase != "deploy":
            turnstile.leave(message.pipeline, message.run_id, ports, message.branch)
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
        ports.ledger.advance(replace(message, branch=name), ports.clock(), (), skipped)


def give_up(record: SQSRecord, reason: str, ports: Ports) -> None:
    """End the run all the same where only its event could not be put."""
    message = receive(record)
    run = ports.ledger.run(message.pipeline, message.run_id)
    if run and not run.over and (end := verdict(run.branches)):
        conclude(run, end, ports)


WORKER = Worker(lambda record, ports: finish(receive(record), ports), give_up)
handler = entry(batch(WORKER))
