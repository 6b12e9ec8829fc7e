"""Take slots of the quotas, and give them back: whoever frees one wakes the run that has waited the longest.

A run in line has its message sent at once, as it is in its record. The delayed copy meets the branch's cursor later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from functions import guarded, slots
from functions.errors import InvalidMessage, Unreadable
from functions.model import Message, dump, parse_short
from functions.ports import Ports
from functions.records import Turnstile, at_work
from functions.slots import KINDS, Kind, Token, token
from functions.telemetry import logger, metrics
from functions.times import written

Change = Callable[[Turnstile, int, datetime], Turnstile]
"""From turnstile, capacity and time to turnstile."""


def take(message: Message, keys: Sequence[str], ports: Ports) -> list[str]:
    """Ask for a slot for each key; return those that have one now. The others are in line."""
    kind = slots.kind_of(message)
    if kind is None or not keys:
        return list(keys)
    own = {token(message, key): key for key in keys}
    after = _change(kind, lambda turnstile, *limits: slots.ask(turnstile, own, *limits), ports, own)
    if not own.keys() <= after.holders.keys() and slots.unswept(after, ports.clock()):
        after = sweep(kind, ports, own)
    return [key for each, key in own.items() if each in after.holders]


def call_up(message: Message, ports: Ports) -> None:
    """Send a message that was put away to wait, if its turn came meanwhile: who gave it the slot saw an older one."""
    kind = slots.kind_of(message)
    if message.again and ports.clock() < datetime.fromisoformat(message.again):
        return  # Personalize has just refused it
    if kind and take(message, slots.lacking(message), ports):
        ports.queues.send(kind, [dump(replace(message, step=kind))])


def give_back(message: Message, keys: Iterable[str], ports: Ports) -> None:
    """Give back the slots of what is over. The message's own branch is not woken: it is at hand."""
    kind = slots.kind_of(message)
    over = [token(message, key) for key in keys]
    if kind and over:
        own = [token(message, key) for key in slots.lacking(message)]
        _change(kind, lambda turnstile, *limits: slots.leave(turnstile, over, *limits), ports, own)


def leave(pipeline: str, run_id: str, ports: Ports, branch: str | None = None) -> None:
    """Give back all slots and places of a run that has ended, or of one branch of it."""
    for kind in KINDS:

        def gone(turnstile: Turnstile, capacity: int, now: datetime) -> Turnstile:
            return slots.leave(turnstile, slots.of_run(turnstile, pipeline, run_id, branch), capacity, now)

        _change(kind, gone, ports)


def sweep(kind: Kind, ports: Ports, own: Iterable[str] = ()) -> Turnstile:
    """Take back the slots of runs that have ended or vanished without giving them back."""
    seen = ports.ledger.turnstile(kind)
    if not seen.holders and not seen.waiting:
        return seen
    at = written(ports.clock())
    gone = [each for each in seen.holders if each not in own and not _standing(kind, Token.read(each), ports)[0]]
    if gone:
        logger.warning("slots were not given back", extra={"tokens": gone})
        metrics.add_metric("SlotsSwept", "Count", len(gone))
    return _change(
        kind, lambda turnstile, *limits: replace(slots.leave(turnstile, gone, *limits), swept_at=at), ports, own
    )


def _change(kind: Kind, change: Change, ports: Ports, own: Iterable[str] = ()) -> Turnstile:
    """Change the turnstile and wake who has got a slot by it, but for ``own``; return it as it stands."""
    limits = ports.settings.quotas[kind], ports.clock()
    tried: set[str] = set()

    def changed(turnstile: Turnstile) -> Turnstile:
        after = change(turnstile, *limits)
        tried.update(after.holders.keys() - turnstile.holders.keys())
        return after

    while True:
        _, after = guarded.change(
            lambda: ports.ledger.turnstile(kind),
            lambda turnstile: ports.ledger.save_turnstile(kind, turnstile),
            changed,
            f"The turnstile of {kind}",
            ports.rest,
        )
        # One whose write succeeded though its answer was lost finds them let in already.
        admitted = [each for each in after.holders if each in tried and each not in own]
        tried.clear()
        vain = _wake(kind, admitted, ports)
        if not vain:
            return after
        change = _leaving(vain)


def _leaving(tokens: Sequence[str]) -> Change:
    return lambda turnstile, *limits: slots.leave(turnstile, tokens, *limits)


def _wake(kind: Kind, tokens: Sequence[str], ports: Ports) -> list[str]:
    """Send the messages of those who have a slot now; return the tokens that nobody waits for any more.

    One that has come by itself meanwhile may have made by now what its slot is for.
    """
    vain: list[str] = []
    woken: set[tuple[str, str, str]] = set()
    for each in tokens:
        of = Token.read(each)
        needed, message = _standing(kind, of, ports)
        if not needed:
            vain.append(each)
        elif message and of.key in slots.lacking(message) and (of.pipeline, of.run_id, of.branch) not in woken:
            woken.add((of.pipeline, of.run_id, of.branch))
            ports.queues.send(kind, [dump(replace(message, step=kind))])
            logger.info("slot handed on", extra={"token": each})
    return vain


def _standing(kind: Kind, of: Token, ports: Ports) -> tuple[bool, Message | None]:
    """Return whether a slot is of use to its token's run still, and the message that the branch goes on by.

    There is none while its first one is being worked: it will look whether it has a slot.
    """
    try:
        run = ports.ledger.run(of.pipeline, of.run_id)
    except Unreadable as error:
        if at_work(error, ports.clock()):
            return True, None
        logger.warning("it gives way: %s", error)
        return False, None
    branch = run.branches.get(of.branch) if run and run.alive(ports.clock()) else None
    if run is None or run.plan is None or branch is None or branch.status != "RUNNING":
        return False, None
    if not branch.message:
        return True, None
    try:
        message = parse_short(branch.message, run.plan)
    except InvalidMessage as error:
        logger.warning("another version's message keeps its slot: %s", error)
        return True, None
    over = {wait.key for wait in message.waits if wait.done}
    return message.phase == kind and message.step != "finish" and of.key not in over, message
