"""What the engine does around a step: once, in order, and never for a stale message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.engine import Observed, Step, advance, after_refusal, carry_out, in_time
from functions.errors import AlreadyExists, InvalidInput, LimitExceeded, NotFound, PipelineError
from functions.model import IMPORTS, BranchStatus, Message, Phase, RunStatus, Wait, parse
from functions.outcomes import Await, Call, Done, Fail, InLine, Make, Outcome, Overdue, Pause
from functions.ports import Mark, Ports
from functions.records import Branch
from functions.times import written
from tests.support.build import CHOSEN, FLOOR, NOW, RUN_ID, UNSERVED, ledger_with, message, plan, ports, run
from tests.support.memory import MemoryLedger, MemoryQueues
from tests.support.scripted import Scripted

WAIT = Wait("campaign", "arn:c")
BEGUN = {"train": {"started_at": "then", "finished_at": None, "arns": ["v"]}}


def deciding(outcome: Outcome, name: str = "train") -> Step:
    return Step(name, lambda message, personalize: {}, lambda message, observed, now, floor: outcome)


class Scene:
    """A run whose imports and one solution stand at hop 3."""

    def __init__(self, status: RunStatus = "RUNNING", steps: dict[str, Any] | None = None) -> None:
        branches = {IMPORTS: Branch(hop=3), "for-you": Branch(hop=3, steps=steps or {})}
        self.ledger = ledger_with(run(status=status, branches=branches))
        self.queues: MemoryQueues = MemoryQueues()

    def advance(self, outcome: Outcome, told: Message) -> None:
        advance(deciding(outcome), told, ports(ledger=self.ledger, queues=self.queues))

    def branch(self, name: str = "for-you") -> Branch:
        return self.ledger.runs["shop", RUN_ID].branches[name]


def told(hop: int = 3, step: str = "train", **changes: Any) -> Message:
    return message(step, "for-you", hop=hop, phase=changes.pop("phase", "train"), **changes)


@pytest.mark.parametrize(
    ("outcome", "step", "delay"),
    [(Await((WAIT,)), "poll", 0), (Pause(312.4, "why"), "train", 312.4), (Fail("why"), "finish", 0)],
)
def test_what_follows_is_sent_and_then_noted(outcome: Outcome, step: str, delay: float) -> None:
    scene = Scene()
    scene.advance(outcome, told())
    ((to, body, after),) = scene.queues.sent
    assert (to, after, parse(Message, body).hop) == (step, delay, 4)
    assert (scene.branch().hop, scene.branch().step) == (4, step)


class Counting(MemoryQueues):
    """Queues that keep how many messages came at once."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[tuple[str, int]] = []

    def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
        self.batches.append((step, len(bodies)))


def test_several_messages_to_one_queue_go_together() -> None:
    scene = Scene()
    scene.queues = queues = Counting()
    two = plan(solutions={"a": CHOSEN, "b": UNSERVED})
    scene.advance(Done(), message("poll", hop=3, plan=two, waits=(WAIT,)))
    assert queues.batches == [("train", 2)]
    assert scene.branch(IMPORTS).status == "SUCCEEDED"


def test_imports_without_solutions_are_ended_by_finish() -> None:
    scene = Scene()
    scene.advance(Done(), message("poll", hop=3, plan=plan(solutions={}), waits=(WAIT,)))
    assert [step for step, _, _ in scene.queues.sent] == ["finish"]
    assert scene.branch(IMPORTS).status == "RUNNING"


def test_a_phase_is_noted_when_it_begins_and_ends() -> None:
    scene = Scene()
    scene.advance(Await((WAIT, WAIT)), told())
    assert scene.branch().steps == {
        "train": {"started_at": written(NOW), "finished_at": None, "arns": ["arn:c", "arn:c"]}
    }
    scene.advance(Done(), told(hop=4, step="poll", waits=(WAIT,)))
    assert scene.branch().steps["train"]["finished_at"] == written(NOW)
    assert scene.branch().status == "RUNNING"


@pytest.mark.parametrize("outcome", [Pause(5, "why"), Fail("why")])
def test_a_pause_or_failure_notes_no_phase(outcome: Outcome) -> None:
    scene = Scene(steps=BEGUN)
    scene.advance(outcome, told())
    assert scene.branch().steps == BEGUN


@pytest.mark.parametrize("outcome", [Pause(5, "why"), Fail("why"), Done()])
def test_a_phase_whose_first_message_died_unnoted_is_noted_by_the_next(outcome: Outcome) -> None:
    """Else the next run would not know of the version, and train another one."""
    scene = Scene()
    begun = written(NOW - timedelta(hours=1))
    scene.advance(outcome, told(hop=4, step="poll", waits=(replace(WAIT, since=begun),)))
    over = written(NOW) if outcome == Done() else None
    assert scene.branch().steps == {"train": {"started_at": begun, "finished_at": over, "arns": ["arn:c"]}}


def test_time_in_line_and_a_version_that_was_taken_over_are_noted() -> None:
    scene = Scene()
    asked = written(NOW - timedelta(minutes=7))
    taken_over = plan(trained={"for-you": "arn:c"})
    scene.advance(Await((WAIT,)), told(asked=asked, since=None, plan=taken_over))
    step = {"started_at": written(NOW), "finished_at": None, "arns": ["arn:c"]}
    assert scene.branch().steps == {"train": {**step, "in_line": 420, "taken_over": True}}


@pytest.mark.parametrize("status", ["FAILED", "SKIPPED"])
def test_a_message_of_a_branch_that_was_given_up_is_dropped(status: BranchStatus) -> None:
    scene = Scene()
    branches = {IMPORTS: Branch(hop=3), "for-you": Branch(hop=3, status=status)}
    scene.ledger.runs["shop", RUN_ID] = replace(scene.ledger.runs["shop", RUN_ID], branches=branches)
    scene.advance(Await((WAIT,)), told())
    assert scene.queues.sent == []


@pytest.mark.parametrize(
    ("status", "hop"), [("RUNNING", 2), ("SUCCEEDED", 3), ("FAILED", 3), ("SKIPPED", 3), ("JOINED", 3)]
)
def test_a_stale_message_is_dropped(status: RunStatus, hop: int) -> None:
    scene = Scene(status)
    scene.advance(Await((WAIT,)), told(hop))
    assert scene.queues.sent == []
    assert scene.branch().hop == 3


def test_a_message_of_no_run_is_dropped() -> None:
    queues = MemoryQueues()
    advance(deciding(Done()), told(), ports(ledger=MemoryLedger(), queues=queues))
    assert queues.sent == []


class Forgetful(MemoryLedger):
    """A ledger that fails to note the first advance."""

    failed = False

    def advance(self, message: Message, at: datetime, sent: Sequence[Message], mark: Mark | None = None) -> None:
        if not self.failed:
            self.failed = True
            raise ConnectionError
        super().advance(message, at, sent, mark)


def test_a_message_that_comes_again_before_it_was_noted_sends_the_same_again() -> None:
    scene = Scene()
    scene.ledger = Forgetful(scene.ledger.declared, runs=scene.ledger.runs)
    with pytest.raises(ConnectionError):
        scene.advance(Await((WAIT,)), told())
    scene.advance(Await((WAIT,)), told())
    one, other = scene.queues.sent
    assert one == other


class Refusing(MemoryQueues):
    """Queues that take nothing."""

    def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
        raise ConnectionError


def test_a_send_that_fails_notes_nothing() -> None:
    scene = Scene()
    scene.queues = Refusing()
    with pytest.raises(ConnectionError):
        scene.advance(Await((WAIT,)), told())
    assert scene.branch().hop == 3


# ------------------------------------------------------------------ deadlines


@pytest.mark.parametrize(
    ("hours", "outcome", "after"),
    [
        (71.9, Pause(5, "quota"), Pause(5, "quota")),
        (72, Pause(5, "quota"), Overdue("the train phase was not over within its deadline of 72 hours: quota")),
        (999, Done(), Done()),
        (999, Await((WAIT,)), Await((WAIT,))),
    ],
)
def test_what_must_wait_beyond_its_deadline_fails(hours: float, outcome: Outcome, after: Outcome) -> None:
    late = told(since=written(NOW - timedelta(hours=hours)))
    cleared: list[Message] = []

    def give_up(message: Message, _: Any) -> str:
        cleared.append(message)
        return ""

    step = replace(deciding(outcome), give_up=give_up)
    assert in_time(step, late, outcome, ports()) == after
    assert cleared == ([late] if after != outcome else [])


@pytest.mark.parametrize(
    ("hours", "taken_over", "after"),
    [
        (71.9, WAIT.arn, Pause),
        (72, WAIT.arn, InLine),
        (72, "another", Pause),  # its own: it was not seen when it was made, and has the deadline of its phase
    ],
)
def test_what_was_taken_over_has_the_deadline_from_its_own_beginning(
    hours: float, taken_over: str, after: type[Outcome]
) -> None:
    """And is made anew then: the run has time still."""
    began = replace(WAIT, since=written(NOW - timedelta(hours=hours)))
    late = replace(
        told(since=written(NOW - timedelta(hours=1)), waits=(began,)), plan=plan(trained={"for-you": taken_over})
    )
    assert isinstance(in_time(deciding(Done()), late, Pause(5, "it trains"), ports()), after)


@pytest.mark.parametrize(("seconds", "after"), [(119, Pause), (120, Fail)])
def test_a_role_may_be_too_new_to_be_known(seconds: float, after: type[Outcome]) -> None:
    refused = InvalidInput("InvalidInputException", "Insufficient privileges for accessing data in S3.", "Create")

    def observe(message: Message, ports: Ports) -> Observed:
        raise refused

    begun = told(since=written(NOW - timedelta(seconds=seconds)))
    assert isinstance(carry_out(replace(deciding(Done()), observe=observe), begun, ports()), after)


@pytest.mark.parametrize(("phase", "hours"), [("import", 24), ("filter", 12), ("train", 72), ("deploy", 12)])
def test_every_phase_has_its_own_deadline(phase: Phase, hours: float) -> None:
    step = deciding(Done())
    for waited, over in ((hours - 0.1, False), (hours, True)):
        late = told(phase=phase, since=written(NOW - timedelta(hours=waited)))
        assert isinstance(in_time(step, late, Pause(5, "quota"), ports()), Fail) is over


def test_a_phase_is_timed_from_its_first_message_on() -> None:
    scene = Scene()
    scene.advance(Pause(5, "why"), told())
    first = parse(Message, scene.queues.sent[0][1])
    assert first.since == written(NOW)
    scene.advance(Pause(5, "why"), replace(first, since="2026-11-23T20:00:00+00:00"))
    assert parse(Message, scene.queues.sent[1][1]).since == "2026-11-23T20:00:00+00:00"


# ------------------------------------------------------------------ what Personalize refuses


def making(find: Any = None) -> Step:
    call = Call("made", "CreateCampaign", {"name": "c", "solutionVersionArn": "arn:v"}, "campaignArn")

    def decide(message: Message, observed: dict[str, Any], *_: Any) -> Outcome:
        return Await((Wait("campaign", observed["made"]),)) if "made" in observed else Make((call,))

    parts = {"find": find} if find else {}
    return Step("deploy", lambda message, personalize: {}, decide, **parts)


@pytest.mark.parametrize(
    ("told_by_service", "waits"),
    [
        ("More than 5 resources with PENDING or IN_PROGRESS status.", True),
        ("More than 20 resources in PENDING or IN_PROGRESS status.", True),
        ("You have reached the limit of 10 active solutions.", False),
        ("More than 5 campaigns in a dataset group.", False),
        ("The limit on the number of requests per second has been exceeded.", True),
        ("Too many dataset groups are being created: try again later.", True),
        ("Limit exceeded.", True),
        ("", True),
    ],
)
def test_only_a_quota_that_is_known_to_stay_used_up_is_not_waited_for(told_by_service: str, waits: bool) -> None:
    error = LimitExceeded("LimitExceededException", told_by_service, "CreateCampaign")
    outcome = carry_out(making(), told(), ports(Scripted(CreateCampaign=error)))
    assert outcome == (Pause(after_refusal(told(), NOW, FLOOR), str(error)) if waits else Fail(str(error)))


@pytest.mark.parametrize(("minutes", "fails"), [(0, False), (4.9, False), (5, True)])
def test_what_is_not_there_may_only_not_be_seen_yet(minutes: float, fails: bool) -> None:
    error = NotFound("ResourceNotFoundException", "no such version", "CreateCampaign")
    asked = told(since=written(NOW - timedelta(minutes=minutes)))
    outcome = carry_out(making(), asked, ports(Scripted(CreateCampaign=error)))
    assert outcome == (Fail(str(error)) if fails else Pause(after_refusal(asked, NOW, FLOOR), str(error)))


def test_what_exists_and_was_not_seen_is_looked_at_again() -> None:
    error = AlreadyExists("ResourceAlreadyExistsException", "there", "CreateCampaign")
    outcome = carry_out(making(), told(), ports(Scripted(CreateCampaign=error)))
    assert outcome == Pause(after_refusal(told(), NOW, FLOOR), "CreateCampaign: it exists, and was not seen")


def test_a_step_finds_what_is_there() -> None:
    error = AlreadyExists("ResourceAlreadyExistsException", "there", "CreateCampaign")
    step = making(find=lambda message, call, personalize: f"arn:{call.params['name']}")
    assert carry_out(step, told(), ports(Scripted(CreateCampaign=error))) == Await((Wait("campaign", "arn:c"),))


def test_our_errors_have_one_base() -> None:
    assert issubclass(LimitExceeded, PipelineError)
