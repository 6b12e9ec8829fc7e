"""Lambda: the real handlers at work, each call of theirs to the outside a moment at which something may go wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from functions.adapters.bus import NotPut
from functions.adapters.personalize import translate_error
from functions.adapters.queues import NotSent
from functions.guarded import LONGEST, SHORTEST
from functions.ports import Bus, Ledger, Objects, Ports, Queues
from functions.settings import Settings
from functions.shell import Worker, batch
from local.personalize.errors import ServiceError as Refusal
from local.twins import paged
from tests.simulation.clockwork import Died, Task
from tests.simulation.queues import TRIED_OFTEN, UnreliableSqs
from tests.simulation.versions import LedgerAsRead
from tests.support.lambda_context import Context
from tests.support.sqs import Letter
from tests.support.world import MAX_TRIES, WORKERS

if TYPE_CHECKING:
    from tests.simulation.cloud import Cloud

TIMEOUT = 90.0
POLL_FLOOR = 240.0
"""Longer than in the cloud, so that a history has fewer messages: nothing here is about how long to wait."""

Act = Callable[[], Any]


@dataclass(frozen=True)
class Point:
    """A call to the outside: of which service, which operation, and what of it is worth telling."""

    service: str
    operation: str
    told: str = ""

    def __str__(self) -> str:
        return f"{self.service} {self.operation} {self.told}".rstrip()


class Invocation:
    """One process of ours, from its beginning to its end (or its death)."""

    def __init__(self, cloud: Cloud, step: str, letters: Sequence[Letter] = (), timeout: float = TIMEOUT) -> None:
        self.cloud, self.step, self.letters = cloud, step, letters
        self.name = f"{step}-{cloud.number()}"
        self.lineage = _lineage(step, letters)
        self.run, self.branch = "", ""
        self.gone = self.behind = False
        self.tried_often = any(letter.receives >= TRIED_OFTEN for letter in letters)
        self._timeout = timeout
        self._skew = timedelta(0)
        if cloud.faults.strikes("a Lambda's clock is off"):
            self._skew = timedelta(seconds=cloud.faults.rng.uniform(-5, 5))
        self._task: Task
        self._until = 0.0

    def begin(self, body: Callable[[Invocation], None], ended: Callable[[BaseException | None], None]) -> None:
        """Let it work."""
        self._until = self.cloud.agenda.seconds + self._timeout
        self._task = Task(self.cloud.agenda, lambda task: body(self), ended)
        self._task.begin()

    def cancel(self) -> None:
        """End it, wherever it is."""
        self.gone = True
        self._task.cancel()

    # -------------------------------------------------------------- what Lambda gives it

    def clock(self) -> datetime:
        """Tell the time, as this machine has it."""
        return self.cloud.agenda.now() + self._skew

    def sleep(self, seconds: float) -> None:
        """Let time pass, up to the function's own timeout."""
        left = self._until - self.cloud.agenda.seconds
        self._task.sleep(max(0.0, min(seconds, left)))
        if seconds >= left:
            self.note("timed out")
            self.die()

    def seconds_left(self) -> float:
        """How long it may go on."""
        return self._until - self.cloud.agenda.seconds

    def ports(self) -> Ports:
        """Return the ports onto everything outside."""
        cloud = self.cloud
        settings = Settings("ledger", {}, POLL_FLOOR, MAX_TRIES, "default", cloud.options.slots)
        return Ports(
            settings=settings,
            personalize=PersonalizeOutside(self),
            queues=cast(Queues, Outside(self, "sqs", Descended(cloud.sqs, self.lineage))),
            ledger=cast(Ledger, Outside(self, "dynamodb", LedgerAsRead(cloud))),
            objects=cast(Objects, Outside(self, "s3", cloud.objects)),
            bus=cast(Bus, Outside(self, "events", cloud.bus)),
            clock=self.clock,
            rest=lambda tries: self.sleep(cloud.rng.uniform(0, min(LONGEST, SHORTEST * 2**tries))),
        )

    # -------------------------------------------------------------- what may happen to it

    def call(self, point: Point, act: Act) -> Any:
        """Carry out a call to the outside, unless something goes wrong before, meanwhile or after."""
        if self.gone:
            raise Died
        faults = self.cloud.faults
        self.sleep(self.cloud.latency())
        trouble = self.cloud.trouble(self, point)
        if trouble:
            self.cloud.points[f"{self.step}: {point.service} {point.operation}", trouble] += 1
        if trouble in ("a Lambda dies before a call", "throttled", "a server's error", "no connection"):
            self.strike(point, trouble)
        if trouble == "a call is slow":
            self.note(str(point), trouble)
            self.sleep(faults.rng.uniform(5, 30))
        if trouble == "a Lambda times out" and faults.rng.random() < 0.5:
            self.strike(point, trouble)
        if trouble == "a batch is sent by half":
            return self._sent_by_half(point, act)
        if self.behind and point.operation == "send":
            self.cloud.witness.worked_behind(self.run, self.branch, self.step)
        answer = self._carry_out(point, act)
        self.sleep(self.cloud.latency())
        if trouble == "the SDK calls again":
            self.note(f"{point}: the answer is lost, and the SDK calls again", trouble)
            return self._carry_out(point, act)
        if trouble in ("a Lambda dies after a call", "a Lambda times out", "an answer is lost"):
            self.strike(point, trouble)
        return answer

    def _carry_out(self, point: Point, act: Act) -> Any:
        try:
            answer = act()
        except Exception as error:
            self.note(f"{point}: {type(error).__name__}: {error}")
            raise
        self.note(str(point))
        return answer

    def strike(self, point: Point, trouble: str) -> None:
        """Have the trouble come."""
        if trouble == "a Lambda times out":
            self.note(f"{point}: no answer", trouble)
            self.sleep(self._timeout)
        self.note(str(point), trouble)
        if trouble.startswith("a Lambda dies"):
            self.die()
        raise _error(point, trouble)

    def die(self) -> None:
        """End at once. What follows in the code (a `finally`) is never carried out."""
        self.gone = True
        raise Died

    def _sent_by_half(self, point: Point, act: Act) -> Any:
        """Let SQS take the first of a batch, and refuse the others."""
        send = cast("partial[Any]", act)
        step, bodies, *rest = send.args
        if len(bodies) < 2:
            return self._carry_out(point, act)
        self.note(f"{point}: half of {len(bodies)}", "a batch is sent by half")
        send.func(step, bodies[: len(bodies) // 2], *rest, **send.keywords)
        raise NotSent(f"SQS refused {len(bodies) - len(bodies) // 2} messages to {step}: try again")

    def note(self, what: str, fault: str = "") -> None:
        """Write into the history what it did, or what was done to it."""
        cloud = self.cloud
        cloud.history.note(cloud.agenda.seconds, self.name, what, self.run, self.branch, fault)


def _lineage(step: str, letters: Sequence[Letter]) -> Counter[str]:
    """Return how often a chain has invoked each function once this invocation is counted.

    Nothing is said of batches of several chains: the longest counts for all, which is the strictest.
    """
    longest = Counter[str]()
    for letter in letters:
        longest |= Counter(letter.lineage)
    return longest + Counter([step])


@dataclass(frozen=True)
class Descended:
    """The queues as an invocation sends to them: the SDK hands its lineage on."""

    sqs: UnreliableSqs
    lineage: Mapping[str, int]

    def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
        """Send messages on."""
        self.sqs.send(step, bodies, delay, self.lineage)


def _error(point: Point, trouble: str) -> Exception:
    """Return what the SDK raises, as the adapters hand it on."""
    if trouble == "no connection":
        return EndpointConnectionError(endpoint_url=f"https://{point.service}")
    if trouble == "an answer is lost":
        return ReadTimeoutError(endpoint_url=f"https://{point.service}")
    code, text = {
        "throttled": ("ThrottlingException", "Rate exceeded"),
        "a permission is taken away": ("AccessDeniedException", f"not authorized to perform: {point.operation}"),
    }.get(trouble, ("InternalServerException", "Internal server error"))
    if point.service == "personalize":
        return translate_error(code, text, point.operation)
    if point.service == "events":
        return NotPut(f"EventBridge refused an event: {text}")
    return ClientError({"Error": {"Code": code, "Message": text}}, point.operation)


class Outside:
    """A port as an invocation meets it: every call of a method is a call to the outside."""

    def __init__(self, invocation: Invocation, service: str, port: object) -> None:
        self._invocation, self._service, self._port = invocation, service, port

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        method = getattr(self._port, operation)

        def called(*args: Any, **kwargs: Any) -> Any:
            told = args[1]["run_id"] if self._service == "events" else args[0] if args else ""
            told = told if isinstance(told, str) else getattr(told, "run_id", "")
            return self._invocation.call(Point(self._service, operation, told), partial(method, *args, **kwargs))

        return called


class PersonalizeOutside:
    """Personalize as an invocation meets it."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation; what it makes or changes is witnessed."""
        told = (
            params.get("jobName") or params.get("name") or next((v for v in params.values() if isinstance(v, str)), "")
        )
        point = Point("personalize", operation, told.rpartition(":")[2])
        answer: dict[str, Any] = self._invocation.call(point, partial(self._act, operation, params))
        return answer

    def _act(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        cloud = self._invocation.cloud
        cloud.witness.about_to_call(self._invocation, operation, params)
        try:
            answer = cloud.personalize.call(operation, params)
        except Refusal as error:
            if error.code == "LimitExceededException":
                cloud.faults.orders("a quota is used up")
                cloud.witness.refused_for_quota(self._invocation, operation)
            raise translate_error(error.code, error.message, operation) from error
        cloud.witness.called(self._invocation, operation, params, answer)
        return answer

    def pages(self, operation: str, key: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield what every page has: each is a call."""
        return paged(self.call, operation, key, params)


# ------------------------------------------------------------------ a function and its queue


def work(invocation: Invocation) -> None:
    """Work a batch of messages as the event source mapping has it done, and delete what did not fail."""
    others = invocation.cloud.others
    given = [_record(replace(each, body=others.body(each.body, each.sent))) for each in invocation.letters]
    handler = batch(_attentive(WORKERS[invocation.step], invocation), invocation.ports)
    answer = handler({"Records": given}, Clock(invocation))
    failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
    for letter in invocation.letters:
        if letter.identifier not in failed:
            invocation.cloud.sqs.acknowledge(invocation.step, letter)


class Clock(Context):
    """What Lambda tells of an invocation: how much time it has left."""

    def __init__(self, invocation: Invocation) -> None:
        super().__init__()
        self._invocation = invocation

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override] # Powertools has it without self
        return int(1000 * self._invocation.seconds_left())


def _attentive(worker: Worker, invocation: Invocation) -> Worker:
    """Return the worker, with the invocation knowing whose message it works."""

    def handle(record: Any, ports: Ports) -> None:
        invocation.run, invocation.branch = about(record.body)
        invocation.behind = invocation.cloud.witness.is_behind(invocation.run, record.body)
        worker.handle(record, ports)

    def give_up(record: Any, reason: str, ports: Ports) -> None:
        invocation.behind = False  # that it is given up may be told: whoever hears it looks whether it counts
        if worker.give_up:
            worker.give_up(record, reason, ports)

    return Worker(handle, give_up)


def about(body: str) -> tuple[str, str]:
    """Return the run and branch that a message is about, if it tells."""
    try:
        told = json.loads(body)
        return told.get("run_id") or told.get("id") or "", told.get("branch") or ""
    except (ValueError, AttributeError):
        return "", ""


def _record(letter: Letter) -> dict[str, Any]:
    sent = str(int(letter.sent.timestamp() * 1000))
    return {
        "messageId": letter.identifier,
        "receiptHandle": letter.receipt,
        "body": letter.body,
        "attributes": {"ApproximateReceiveCount": str(letter.receives), "SentTimestamp": sent},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }
