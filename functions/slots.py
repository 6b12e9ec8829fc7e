"""Slots of the quotas on what is pending or in progress: pure functions from turnstile to turnstile.

A token stands for one thing to be made, ``pipeline/run/branch/key``, so asking twice takes one slot or one place. Slots
go to tokens, not to runs: a run's imports begin one by one as slots come, and each gives back its own when it is over.
No slot is held idle until there is another one, so there is no deadlock; places are kept in order, so nobody starves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from functions.model import Message
from functions.records import Turnstile
from functions.times import written

Kind = Literal["import", "train"]
"""The steps that make what counts, each with a quota of its own. So are the phases named that they begin."""

KINDS: tuple[Kind, ...] = ("import", "train")

VERSION = "version"
"""The key of what the phase of training makes."""

MOST_WAITING = 2500
"""An item of DynamoDB has 400 KB. A token has up to 130 bytes: names of pipelines and solutions have up to 40 letters
each, a run's id 22, a dataset's type 19. Who comes later finds a place when it looks again.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

SWEPT_EVERY = timedelta(minutes=10)
"""How often those who find no slot make sure that its holders are still there."""


@dataclass(frozen=True)
class Token:
    """What is to be made, read back from its token."""

    pipeline: str
    run_id: str
    branch: str
    key: str

    @classmethod
    def read(cls, text: str) -> Token:
        """Read a token."""
        return cls(*text.split("/"))

    def __str__(self) -> str:
        return f"{self.pipeline}/{self.run_id}/{self.branch}/{self.key}"


def token(message: Message, key: str) -> str:
    """Return the token of one of the things that a message's phase makes."""
    return str(Token(message.pipeline, message.run_id, message.branch, key))


def kind_of(message: Message) -> Kind | None:
    """Return whose quota a message's phase counts against, if any's."""
    match message.phase:
        case "import" | "train":
            return message.phase
        case _:
            return None


def lacking(message: Message) -> list[str]:
    """Return the keys of what a message's phase has still to make; none where a version before slots made all."""
    made = {wait.key for wait in message.waits}
    match message.phase:
        case "import" if None not in made:
            return [dataset for dataset in message.plan.imports if dataset not in made]
        case "train":
            return [] if message.waits else [VERSION]
        case _:
            return []


def ask(turnstile: Turnstile, tokens: Iterable[str], capacity: int, now: datetime) -> Turnstile:
    """Give each token a slot, or the last place in line. One that has either keeps it."""
    there = {*turnstile.holders, *turnstile.waiting}
    new = [each for each in tokens if each not in there][: max(0, MOST_WAITING - len(turnstile.waiting))]
    return admit(replace(turnstile, waiting=(*turnstile.waiting, *new)), capacity, now)


def leave(turnstile: Turnstile, tokens: Iterable[str], capacity: int, now: datetime) -> Turnstile:
    """Take slots and places back; the first in line get what is free."""
    gone = {*tokens}
    holders = {each: since for each, since in turnstile.holders.items() if each not in gone}
    waiting = tuple(each for each in turnstile.waiting if each not in gone)
    return admit(replace(turnstile, holders=holders, waiting=waiting), capacity, now)


def of_run(turnstile: Turnstile, pipeline: str, run_id: str, branch: str | None = None) -> list[str]:
    """Return the tokens of a run, or of one branch of it."""
    prefix = f"{pipeline}/{run_id}/" + (f"{branch}/" if branch else "")
    return [each for each in (*turnstile.holders, *turnstile.waiting) if each.startswith(prefix)]


def admit(turnstile: Turnstile, capacity: int, now: datetime) -> Turnstile:
    """Give free slots to the first in line."""
    free = max(0, capacity - len(turnstile.holders))
    first, others = turnstile.waiting[:free], turnstile.waiting[free:]
    if not first:
        return turnstile
    return replace(turnstile, holders={**turnstile.holders, **dict.fromkeys(first, written(now))}, waiting=others)


def unswept(turnstile: Turnstile, now: datetime) -> bool:
    """Whether it is time to make sure that the holders are still there."""
    return turnstile.swept_at is None or now - datetime.fromisoformat(turnstile.swept_at) >= SWEPT_EVERY
