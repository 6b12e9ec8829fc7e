"""What becomes of a message that can't be worked."""

from __future__ import annotations

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.adapters.clients import ATTEMPTS, CONNECT_SECONDS, READ_SECONDS
from functions.errors import InvalidMessage
from functions.model import Ending, Message, dump, parse
from functions.outcomes import Done
from functions.ports import Ports
from functions.shell import LONGEST_MESSAGE, Worker, batch, worker
from tests.contract.table import STEPS
from tests.support.build import ledger_with, message, ports, record
from tests.support.lambda_context import Context
from tests.support.memory import MemoryQueues
from tests.unit.test_engine import deciding

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")


class Scene:
    """A worker that always fails, and what it gave up."""

    def __init__(self, error: Exception, deaf: bool = False) -> None:
        self.error = error
        self.deaf = deaf
        self.given_up: list[str] = []

    def _handle(self, record: SQSRecord, ports: Ports) -> None:
        raise self.error

    def _give_up(self, record: SQSRecord, reason: str, ports: Ports) -> None:
        if self.deaf:
            raise ConnectionError
        self.given_up.append(reason)

    def receive(self, receives: int) -> list[str]:
        """Hand a record over for the so-manieth time; return the records that stay in the queue."""
        event = {"Records": [record("{}", receives=receives).raw_event]}
        answer = batch(Worker(self._handle, self._give_up), ports)(event, Context())
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


@pytest.mark.parametrize(
    ("receives", "given_up"),
    [(1, []), (4, []), (5, ["ValueError: why (5 tries; the message is in the dead-letter queue)"])],
)
def test_a_message_is_given_up_when_it_is_received_for_the_last_time(receives: int, given_up: list[str]) -> None:
    scene = Scene(ValueError("why"))
    assert scene.receive(receives) == ["m-1"]
    assert scene.given_up == given_up


def test_a_call_that_is_never_answered_ends_while_its_message_has_time() -> None:
    assert ATTEMPTS * (CONNECT_SECONDS + READ_SECONDS) < LONGEST_MESSAGE
    assert all(step["timeout"] >= 2 * LONGEST_MESSAGE for step in STEPS.values())


def test_what_is_no_message_has_no_run_to_fail() -> None:
    scene = Scene(InvalidMessage("why"))
    assert scene.receive(5) == ["m-1"]
    assert scene.given_up == []


def test_a_message_whose_end_cannot_be_told_goes_to_the_dead_letters_all_the_same() -> None:
    assert Scene(ValueError("why"), deaf=True).receive(5) == ["m-1"]


def test_a_step_that_gives_up_fails_its_branch() -> None:
    queues = MemoryQueues()
    told = message("train", "for-you", hop=3, phase="train")
    give_up = worker(deciding(Done())).give_up
    assert give_up
    give_up(record(dump(told)), "AccessDenied", ports(ledger=ledger_with(), queues=queues))
    ((step, sent, _),) = queues.sent
    ended = parse(Message, sent)
    assert (step, ended.branch, ended.hop) == ("finish", "for-you", 3)  # a duplicate that is behind tells nothing
    assert ended.ending == Ending("FAILED", "step train: AccessDenied")
