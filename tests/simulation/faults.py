"""What goes wrong: each kind can be switched off, and is counted when it strikes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

LAMBDA = {
    "a Lambda dies before a call": 0.004,
    "a Lambda dies after a call": 0.004,
    "a Lambda times out": 0.002,
    "a call is slow": 0.006,
}
CALLS = {
    "throttled": 0.006,
    "a server's error": 0.004,
    "no connection": 0.004,
    "an answer is lost": 0.006,
    "the SDK calls again": 0.006,
    "a batch is sent by half": 0.02,
}
DELIVERIES = {
    "Lambda throttles": 0.02,
    "delivered twice": 0.02,
    "delivered late": 0.02,
    "delivered again, late": 0.01,
    "an acknowledgement is lost": 0.01,
    "received out of order": 0.5,
    "EventBridge delivers twice": 0.15,
}
CLOCKS = {"a Lambda's clock is off": 0.5}
READS = {"reads lag behind a write": 0.1}
LIVES = {
    "an import fails",
    "a training fails",
    "a campaign fails",
    "a filter fails",
    "an import hangs",
    "a training hangs",
    "a campaign hangs",
    "a filter hangs",
}
HANDS = {
    "a campaign is deleted by hand",
    "a campaign is moved by hand",
    "a training is stopped by hand",
    "messages are lost",
    "a service is down",
    "a permission is taken away",
    "a message is garbage",
    "a request is nonsense",
    "a record can't be read",
    "the code is rolled back",
}
STEADY = {
    "the configuration changes",
    "a quota is used up",
    "a burst of triggers",
    "a trigger comes an hour late",
    "a trigger is dated years ahead",
    "an update is asked for",
}
RATES = {**LAMBDA, **CALLS, **DELIVERIES, **CLOCKS, **READS}
HARD = LIVES | HANDS
"""What may make a run fail. Without these every run must come to a good end."""

KINDS = frozenset(RATES) | LIVES | HANDS | STEADY

NOT_YET = frozenset[str]()
"""Kinds that the code is known not to withstand: only who asks for them has them."""


@dataclass
class Faults:
    """The dice. ``intensity`` multiplies all rates; ``over`` is true once nothing goes wrong any more."""

    rng: random.Random
    on: Collection[str] = KINDS - NOT_YET
    intensity: float = 1.0
    over: bool = False
    struck: Counter[str] = field(default_factory=Counter)

    def strikes(self, kind: str) -> bool:
        """Roll for one of the kinds that have a rate."""
        if self.over or kind not in self.on or self.rng.random() >= min(0.5, RATES[kind] * self.intensity):
            return False
        self.struck[kind] += 1
        return True

    def orders(self, kind: str) -> bool:
        """Count one of the kinds that the story has happen; return whether it may."""
        if self.over or kind not in self.on:
            return False
        self.struck[kind] += 1
        return True
