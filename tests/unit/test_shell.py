"""What becomes of a message that can't be worked."""

from __future__ import annotations

from datetime import datetime

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
from tests.support.memory import MemoryLedger, MemoryQueues
from tests.unit.test_engine import deciding

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")


class Scene:
    """A worker that always fails, and what it gave up."""

    def __init__(self, error: Exception, deaf: bool = False) -> None:
        self.error = error
        self.deaf = deaf
        self.given_up: list[str] = []
        self.handled = 0
        self.ledger = MemoryLedger()

    def _handle(self, record: SQSRecord, ports: Ports) -> None:
        self.handled += 1
        raise self.error

    def _give_up(self, record: SQSRecord, reason: str, ports: Ports) -> None:
        if self.deaf:
            raise ConnectionError
        self.given_up.append(reason)

    def receive(self, receives: int, throttled: int = 0) -> list[str]:
        """Hand a record over, received for the so-manieth time; return the records that stay in the queue.

        ``throttled``: as many of the times before, Lambda has not begun with it.
        """
        self.ledger.tries["m-1"] = max(0, receives - 2 - throttled)
        event = {"Records": [record("{}", receives=receives).raw_event]}
        worker = Worker(self._handle, self._give_up)
        answer = batch(worker, lambda: ports(ledger=self.ledger))(event, Context())
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


@pytest.mark.parametrize(
    ("receives", "throttled", "given_up"),
    [(1, 0, 0), (4, 0, 0), (5, 0, 1), (5, 1, 0), (5, 4, 0), (9, 5, 0), (9, 4, 1), (10, 5, 1)],
)
def test_a_message_is_given_up_when_it_is_tried_for_the_last_time(receives: int, throttled: int, given_up: int) -> None:
    """What Lambda throttles has been received, and not tried."""
    scene = Scene(ValueError("why"))
    assert scene.receive(receives, throttled) == ["m-1"]
    assert scene.given_up == ["ValueError: why (5 tries; the message goes to the dead-letter queue)"] * given_up
    assert scene.handled == 1


def test_what_was_given_up_or_killed_each_time_is_not_tried_again() -> None:
    scene = Scene(ValueError("why"))
    assert scene.receive(6) == ["m-1"]
    assert scene.handled == 0
    assert len(scene.given_up) == 1


def test_where_tries_cannot_be_counted_receives_are() -> None:
    class Down(MemoryLedger):
        def tried(self, message_id: str, at: datetime) -> int:
            raise ConnectionError

    for receives, given_up in ((4, 0), (5, 1), (9, 1)):
        scene = Scene(ValueError("why"))
        scene.ledger = Down()
        assert scene.receive(receives) == ["m-1"]
        assert (scene.handled, len(scene.given_up)) == (1, given_up)


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
