"""The engine of the steps that work on Personalize: observe, decide, act, send, and only then advance.

A step is a declaration: how it observes, how it decides, and how it finds what an earlier delivery has made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from functions import errors, slots, timing, turnstile
from functions.flow import following
from functions.model import IMPORTS, Message, Wait, dump
from functions.outcomes import Await, Call, Done, Fail, InLine, Make, Outcome, Overdue, Pause, Skip
from functions.ports import Mark, Personalize, Ports
from functions.records import Branch
from functions.telemetry import logger, metrics
from functions.times import written

Observed = dict[str, Any]

IN_LINE = "in line"
"""Among what is observed: the keys of the calls that have no slot yet."""

REFUSED = "refused"
"""Among what is observed by a step whose things are made apart: key of a call → why it was refused."""

MAKING = "making"
"""Among what a costly step observes: when an earlier delivery was about to make what it makes (ISO 8601), or None."""


LAG = timedelta(minutes=5)
"""How long after a call Personalize may still tell of what was before it: nothing says that reads are consistent."""

NEW_ROLE = timedelta(minutes=2)
"""How long after a phase has begun a role may not be known everywhere: the first run may begin with the first apply.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""


def _looks_again(message: Message, call: Call, personalize: Personalize) -> str:
    raise errors.NotSeenYet(f"{call.operation}: it exists, and was not seen")


def _leaves_all(message: Message, personalize: Personalize) -> str:
    return ""


def _keeps_all(message: Message, observed: Observed, ports: Ports) -> None:
    pass


@dataclass(frozen=True)
class Step:
    """A step of the chain.

    ``observe`` reads what ``decide`` needs. ``decide`` is pure. ``find`` returns the ARN of the thing that a call
    was to make, when Personalize says that it exists already; unless its name makes it, the message comes again and
    observes once more. ``give_up`` clears up when a deadline has passed, and returns
    what it could not.
    What a step makes that is ``counted`` by a quota while it is under way needs a slot. ``settle`` puts the slots in
    order when all is made: what is over gives its own back, and what somebody else has made takes one. What is
    ``costly`` is noted in the run's record before it is made: a delivery that finds such a note looks for it first. Of
    what is made ``apart`` one thing that is refused holds up no other.
    """

    name: str
    observe: Callable[[Message, Ports], Observed]
    decide: Callable[[Message, Observed, datetime, float], Outcome]
    find: Callable[[Message, Call, Personalize], str] = _looks_again
    give_up: Callable[[Message, Personalize], str] = _leaves_all
    settle: Callable[[Message, Observed, Ports], None] = _keeps_all
    counted: bool = False
    costly: bool = False
    apart: bool = False


def advance(step: Step, message: Message, ports: Ports) -> None:
    """Take a message one step further. Repeating it makes nothing twice."""
    run = ports.ledger.run(message.pipeline, message.run_id)
    if run is None or run.over or _passed(run.branches[message.branch], message):
        logger.info("stale message, dropped", extra={"hop": message.hop, "status": run and run.status})
        metrics.add_metric("StaleMessages", "Count", 1)
        return
    now = written(ports.clock())
    message = replace(message, since=message.since or now, asked=message.asked or now)
    outcome = in_time(step, message, carry_out(step, message, ports), ports)
    if isinstance(outcome, Await):
        outcome = outcome.since(ports.clock())
    sent = following(message, outcome)
    delay = _delay(message, outcome, ports.clock())
    for name in dict.fromkeys(each.step for each in sent):
        ports.queues.send(name, [dump(each) for each in sent if each.step == name], delay)
    logger.info("%s: %s", step.name, type(outcome).__name__.lower(), extra={"outcome": outcome, "next": sent[0].step})
    ports.ledger.advance(message, ports.clock(), sent, _mark(message, outcome))
    if isinstance(outcome, InLine) or (sent[0].step == "poll" and slots.lacking(sent[0])):
        turnstile.call_up(sent[0], ports)


def _delay(message: Message, outcome: Outcome, now: datetime) -> float:
    """Return in how many seconds what follows is to be seen."""
    match outcome:
        case Pause(seconds):
            return seconds
        case InLine(seconds=seconds) if message.again:
            return max(0.0, min(seconds, (datetime.fromisoformat(message.again) - now).total_seconds()))
        case InLine(seconds=seconds):
            return seconds
        case _:
            return 0


def _passed(branch: Branch, message: Message) -> bool:
    """Whether a branch has come further than a message, or was given up."""
    return branch.status in ("FAILED", "SKIPPED") or branch.hop > message.hop


def carry_out(step: Step, message: Message, ports: Ports) -> Outcome:
    """Observe, decide and act until the step has an outcome to send on."""
    floor = ports.settings.poll_floor
    try:
        observed = step.observe(message, ports)
        outcome = step.decide(message, observed, ports.clock(), floor)
        while isinstance(outcome, Make):
            keys = [call.key for call in outcome.calls]
            admitted = turnstile.take(message, keys, ports) if step.counted else keys
            observed[IN_LINE] = {*keys} - {*admitted}
            calls = [call for call in outcome.calls if call.key in admitted]
            refused = _make_all(step, message, calls, observed, ports)
            outcome = step.decide(message, observed, ports.clock(), floor)
            if refused and isinstance(outcome, Await):
                again = ports.clock() + timedelta(seconds=after_refusal(message, ports.clock(), floor))
                outcome = replace(outcome, again=written(again))
        step.settle(message, observed, ports)
    except (errors.ServiceError, errors.NotSeenYet) as error:
        return _refused(error, message, ports)
    return outcome


def _refused(error: errors.ServiceError | errors.NotSeenYet, message: Message, ports: Ports) -> Outcome:
    """Return what becomes of a message that Personalize refuses something; raise what is none of its answers."""
    match error:
        case errors.NothingNew():
            return Skip(f"nothing new to train on: {error.message}")
        case errors.Throttled() | errors.InUse() | errors.NotSeenYet() | errors.LimitExceeded(passes=True):
            passes = True
        case errors.NotFound():
            passes = _elapsed(message, ports.clock()) < LAG.total_seconds()
        case errors.InvalidInput(about_access=True):
            passes = _elapsed(message, ports.clock()) < NEW_ROLE.total_seconds()
        case errors.InvalidInput() | errors.LimitExceeded():
            passes = False
        case _:
            raise error
    pause = after_refusal(message, ports.clock(), ports.settings.poll_floor)
    return Pause(pause, str(error)) if passes else Fail(str(error))


def in_time(step: Step, message: Message, outcome: Outcome, ports: Ports) -> Outcome:
    """Return the outcome, or a failure where it would have to wait beyond the phase's deadline.

    What an earlier run has begun, and this one has taken over, has the deadline from its own beginning; after that it
    is made anew.
    """
    deadline, now = message.plan.deadlines.of(message.phase), ports.clock()
    if not isinstance(outcome, Pause):
        return outcome
    if _elapsed(message, now) < deadline.total_seconds():
        taken_over = message.plan.trained.get(message.branch)
        began = [datetime.fromisoformat(wait.since) for wait in message.waits if wait.since and wait.arn == taken_over]
        if not any(now - since >= deadline for since in began):
            return outcome
        logger.warning("what was taken over hangs: %s; %s", outcome.why, step.give_up(message, ports.personalize))
        return InLine("what was taken over hangs, and is made anew", seconds=0)
    reasons = [outcome.why, step.give_up(message, ports.personalize)]
    hours = deadline.total_seconds() / 3600
    told = "; ".join(reason for reason in reasons if reason)
    return Overdue(f"the {message.phase} phase was not over within its deadline of {hours:g} hours: {told}")


def after_refusal(message: Message, now: datetime, floor: float) -> float:
    """Return how long to wait where Personalize refuses something for now."""
    return timing.refused_pause(_elapsed(message, now), floor, f"{message.run_id}/{message.branch}/{message.hop}")


def _elapsed(message: Message, now: datetime) -> float:
    """Return for how many seconds the phase has been worked on."""
    return (now - datetime.fromisoformat(message.since or written(now))).total_seconds()


def _make_all(step: Step, message: Message, calls: Sequence[Call], observed: Observed, ports: Ports) -> bool:
    """Make the calls; return whether any was refused.

    One that others in the region leave no quota for does not hold up what is under way beside it.
    """
    refused: dict[str, errors.LimitExceeded] = {}
    for call in calls:
        try:
            make = _make_once if step.costly else _make
            observed[call.key] = make(step, message, call, observed, ports)
        except errors.LimitExceeded as error:
            refused[call.key] = error
        except errors.InvalidInput as error:
            if not step.apart:
                raise
            observed.setdefault(REFUSED, {})[call.key] = str(error)
    made = len(refused) < len(calls) or any(not wait.done for wait in message.waits)
    for refusal in refused.values():
        if not refusal.passes or not made:
            raise refusal
    observed[IN_LINE] |= refused.keys()
    return bool(refused)


def _make_once(step: Step, message: Message, call: Call, observed: Observed, ports: Ports) -> str:
    """Make what must not be made twice: the run's record has a note of it before, unless it was refused."""
    now = ports.clock()
    if not ports.ledger.intend(message, now, observed[MAKING]):
        raise errors.NotSeenYet(f"{call.operation}: another delivery is at it")
    try:
        return _make(step, message, call, observed, ports)
    except errors.REFUSALS:
        ports.ledger.intend(message, None, written(now))
        raise


def _make(step: Step, message: Message, call: Call, observed: Observed, ports: Ports) -> str:
    personalize = ports.personalize
    try:
        answer = personalize.call(call.operation, call.params)
        arn = str(answer[call.arn_key]) if call.arn_key else ""
        logger.info("%s done", call.operation, extra={"arn": arn})
        return arn
    except errors.AlreadyExists:
        logger.info("%s: made by an earlier delivery", call.operation)
        return step.find(message, call, personalize)


def _mark(message: Message, outcome: Outcome) -> Mark | None:
    """Return what to note: what is waited for with every message, should the first have died before it could."""
    begun = beginning(message, outcome.waits if isinstance(outcome, Await) else message.waits)
    if not isinstance(outcome, Done):
        return begun
    # The imports' branch has no message of its own to `finish` where others follow.
    over = message.branch == IMPORTS and bool(message.plan.solutions or message.plan.filters)
    return replace(
        begun or Mark(phase=message.phase),
        finished=True,
        took=outcome.took,
        shift=outcome.shift,
        status="SUCCEEDED" if over else None,
    )


def beginning(message: Message, waits: Sequence[Wait]) -> Mark | None:
    """Return what to note of what a message's phase has made, if it has made anything."""
    if not waits:
        return None
    since = min((wait.since for wait in waits if wait.since), default=None)
    arns = tuple(wait.arn for wait in waits)
    taken_over = message.phase == "train" and message.plan.trained.get(message.branch) in arns
    return Mark(message.phase, arns, since, in_line=_in_line(message, since), taken_over=taken_over)


def _in_line(message: Message, since: str | None) -> int:
    """Return how many seconds a phase was in line, or refused, before Personalize took the first of it."""
    if not since or not message.asked:
        return 0
    return max(0, round((datetime.fromisoformat(since) - datetime.fromisoformat(message.asked)).total_seconds()))


def tags(message: Message) -> dict[str, Any]:
    """Return the ``tags`` parameter of a create call, none where there are none."""
    pairs = [{"tagKey": key, "tagValue": value} for key, value in sorted(message.plan.tags.items())]
    return {"tags": pairs} if pairs else {}
