"""Change a record that many write at once: read it, change it, write it, and again if another was quicker."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from functions.errors import Conflict

T = TypeVar("T")

ATTEMPTS = 20
"""Each failed write means that another one succeeded: many functions at once make progress."""

SHORTEST, LONGEST = 0.02, 1.0
"""Seconds to rest after the first vain try, and at most. All tries together take ten seconds where DynamoDB answers at
once, and a message has :data:`functions.shell.LONGEST_MESSAGE`; one that takes longer comes again.

A write costs what the whole item has, a thousand 1 KB units a second: a line of 600 pipelines is written 8 times a
second. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
"""


def rest(tries: int) -> None:
    """Rest for a random while after so many vain tries, so that writers who met once do not meet again.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    """
    time.sleep(random.uniform(0, min(LONGEST, SHORTEST * 2**tries)))  # noqa: S311 - no secret


def at_once(tries: int) -> None:
    """Don't rest."""


def change(
    read: Callable[[], T],
    write: Callable[[T], None],
    make: Callable[[T], T],
    what: str,
    pause: Callable[[int], None] = at_once,
) -> tuple[T, T]:
    """Apply ``make`` to the record as it is now; return it before and after. Another writer's change comes first."""
    for tries in range(ATTEMPTS):
        before = read()
        after = make(before)
        if after == before:
            return before, before
        try:
            write(after)
        except Conflict:
            pause(tries)
            continue
        return before, after
    raise Conflict(f"{what} changed {ATTEMPTS} times in a row.")
