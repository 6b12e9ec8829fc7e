"""The thin shell around a step: SQS batches in, partial batch responses out, the run's id on every log line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.engine import Step, advance
from functions.errors import InvalidMessage, InvalidRequest, PipelineError
from functions.model import Ending, Message, dump, parse
from functions.ports import Ports
from functions.settings import Settings
from functions.telemetry import logger, metrics, sampled, tracer

Event = dict[str, Any]
Handler = Callable[[Event, LambdaContext], Mapping[str, Any]]


LONGEST_MESSAGE = 45
"""Seconds that a message needs at most. Functions get one at a time, and twice as long: none is received in vain, and
given up at last, because those before it were slow.
"""

RUN_KEYS = ("pipeline", "run_id", "branch")


@cache
def live_ports() -> Ports:
    """Return the ports onto AWS, made once per execution environment."""
    from functions.adapters import connect  # here, since it imports boto3

    return connect(Settings.from_environment())


def entry(function: Handler) -> Handler:
    """Give a handler its log context, metrics and, where X-Ray samples the invocation, its trace."""

    def traced(event: Event, context: LambdaContext) -> Mapping[str, Any]:
        if not sampled():
            return function(event, context)
        recorded: Handler = tracer().capture_lambda_handler(function, capture_response=False)
        return recorded(event, context)

    measured: Handler = metrics.log_metrics(traced, capture_cold_start_metric=True)
    logged: Handler = logger.inject_lambda_context(measured, clear_state=True)
    return logged


@dataclass(frozen=True)
class Worker:
    """How a step works the records of its queue.

    ``handle`` works one. ``give_up`` is told why one that has been tried as often as it may be could not be worked, so
    that whoever waits for it does not wait for ever. It is not tried again, and its queue moves it to the dead letters.
    """

    handle: Callable[[SQSRecord, Ports], None]
    give_up: Callable[[SQSRecord, str, Ports], None] | None = None


def batch(worker: Worker, ports: Callable[[], Ports] = live_ports) -> Handler:
    """Return a handler of SQS batches: a record whose handling raises stays in its queue, the others leave it."""

    def one(record: SQSRecord) -> None:
        logger.remove_keys(RUN_KEYS)
        tries = 1
        try:
            tries = _tries(record, ports())
            if tries > ports().settings.max_tries:
                raise TriedOftenError(f"it was tried {tries - 1} times")
            worker.handle(record, ports())
        except Exception as error:
            logger.exception("message %s stays in its queue", record.message_id)
            metrics.add_metric("FailedMessages", "Count", 1)
            if worker.give_up and not isinstance(error, InvalidMessage):
                _if_for_the_last_time(worker.give_up, record, tries, error, ports())
            raise

    def handler(event: Event, context: LambdaContext) -> PartialItemFailureResponse:
        records = event.get("Records") if isinstance(event, dict) else None
        if not isinstance(records, list) or not records or not all(_is_message(each) for each in records):
            raise InvalidRequest(
                "This function works the messages of its queue, and this is none of SQS's batches. To ask for a run, "
                'call the function that ends in "-start" with {"pipeline": "<name>"}.'
            )
        metrics.add_metric("Messages", "Count", len(records))
        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        return process_partial_response(event, one, processor, context)

    return handler


def _is_message(record: object) -> bool:
    """Whether a record is one of SQS's: others, such as S3's, come where somebody has wired them to the function."""
    return isinstance(record, dict) and record.get("eventSource") == "aws:sqs" and isinstance(record.get("body"), str)


class TriedOftenError(PipelineError):
    """A message was tried as often as it is to be, and none of its tries came to an end."""


def _tries(record: SQSRecord, ports: Ports) -> int:
    """Return which try of a message this is. SQS counts receives, and Lambda may have throttled what it received.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """
    receives = int(record.attributes.approximate_receive_count)
    if receives == 1:
        return 1
    try:
        return min(receives, 1 + ports.ledger.tried(record.message_id, ports.clock()))
    except Exception:
        logger.exception("message %s: its tries can't be counted", record.message_id)
        return min(receives, ports.settings.max_tries)


def _if_for_the_last_time(
    give_up: Callable[[SQSRecord, str, Ports], None], record: SQSRecord, tries: int, error: Exception, ports: Ports
) -> None:
    """Give the record up if it is not to be tried again. What goes wrong with that must not hide the error."""
    if tries < ports.settings.max_tries:
        return
    tried = f"{ports.settings.max_tries} tries; the message goes to the dead-letter queue"
    try:
        give_up(record, f"{type(error).__name__}: {error} ({tried})", ports)
    except Exception:
        logger.exception("message %s: nobody could be told that it is given up", record.message_id)


def about(pipeline: str, run_id: str, branch: str | None = None) -> None:
    """Put the run on every log line from here on."""
    logger.append_keys(pipeline=pipeline, run_id=run_id, branch=branch)


def receive(record: SQSRecord) -> Message:
    """Read a message of the chain; raise :class:`functions.errors.InvalidMessage` if it is none."""
    message = parse(Message, record.body)
    about(message.pipeline, message.run_id, message.branch)
    return message


def worker(step: Step) -> Worker:
    """Return how a step of the engine works its queue: what is given up fails its branch."""

    def fail(record: SQSRecord, reason: str, ports: Ports) -> None:
        # Not one further: where another delivery has come on meanwhile, this one has nothing to tell.
        ended = replace(receive(record), step="finish", ending=Ending("FAILED", f"step {step.name}: {reason}"))
        ports.queues.send("finish", [dump(ended)])

    return Worker(lambda record, ports: advance(step, receive(record), ports), fail)


def consumer(step: Step) -> Handler:
    """Return the Lambda handler of a step of the engine."""
    return entry(batch(worker(step)))
