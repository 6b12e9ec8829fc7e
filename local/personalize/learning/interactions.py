"""Interactions as a model sees them: numbers, ordered by user and time."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class EventRule:
    """Which events count: of a type (None: any), with at least a value (None: any), and how much."""

    type: str | None = None
    threshold: float | None = None
    weight: float = 1.0


def event_rules(solution: Mapping[str, Any]) -> tuple[EventRule, ...]:
    """Read the rules from a solution's attributes: its event type and threshold, or its events configuration."""
    config = solution.get("solutionConfig", {})
    listed = config.get("eventsConfig", {}).get("eventParametersList", [])
    if listed:
        return tuple(
            EventRule(each.get("eventType"), each.get("eventValueThreshold"), each.get("weight", 1.0))
            for each in listed
        )
    threshold = config.get("eventValueThreshold")
    return (EventRule(solution.get("eventType"), float(threshold) if threshold else None),)


def weight(event: Mapping[str, Any], rules: Sequence[EventRule]) -> float:
    """Return how much one event counts: by the rule that gives it the most."""
    weights = [
        rule.weight
        for rule in rules
        if rule.type in (None, event.get("EVENT_TYPE"))
        and (rule.threshold is None or (event.get("EVENT_VALUE") or 0.0) >= rule.threshold)
    ]
    return max(weights, default=0.0)


@dataclass(frozen=True)
class Interactions:
    """Rows ordered by user, and by time within a user. Codes are positions in `users` and `items`."""

    users: NDArray[np.object_]
    items: NDArray[np.object_]
    user: Codes
    item: Codes
    time: Codes
    weight: NDArray[np.float32]

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, rules: Sequence[EventRule] = (EventRule(),), catalogue: Sequence[str] = ()
    ) -> Interactions:
        """Take from a dataset's rows those that count, by the rule that gives each the most.

        The catalogue's items are known, too, even if nobody has taken them.
        """
        weight = np.zeros(len(frame), np.float32)
        for rule in rules:
            weight = np.maximum(weight, np.where(_meets(frame, rule), np.float32(rule.weight), 0))
        kept = weight > 0
        users, user = _codes(frame["USER_ID"], kept)
        items, item = _codes(frame["ITEM_ID"], kept)
        if len(catalogue):
            items, item = _widened(items, item, catalogue)
        time = frame["TIMESTAMP"].to_numpy(np.int64)[kept]
        # One key for both: users are numbered from 0, and times are those of a few decades.
        since = time - time.min(initial=time[0]) if len(time) else time
        order = np.argsort(user * (since.max(initial=0) + 1) + since, kind="stable")
        return cls(users, items, user[order], item[order], time[order], weight[kept][order])

    @classmethod
    def none(cls, catalogue: Sequence[str]) -> Interactions:
        """Return what there is where nobody has taken anything yet."""
        nothing = np.empty(0, np.int64)
        items, item = _widened(np.empty(0, object), nothing, catalogue)
        return cls(np.empty(0, object), items, nothing, item, nothing, np.empty(0, np.float32))

    def __len__(self) -> int:
        return len(self.user)

    def leaning(self) -> Interactions:
        """Return the same with more weight on what is recent: a user's newest counts half as much again."""
        starts = np.cumsum(self.counts) - self.counts
        position = (np.arange(len(self)) - starts[self.user] + 1) / self.counts[self.user]
        return replace(self, weight=(self.weight * (1 + 0.5 * position)).astype(np.float32))

    def of_users(self, low: float, high: float) -> Interactions:
        """Return those of users whose number of interactions is between two percentiles."""
        return self._kept(_between(self.counts, low, high)[self.user])

    def of_items(self, low: float, high: float) -> Interactions:
        """Return those with items whose number of interactions is between two percentiles."""
        return self._kept(_between(np.bincount(self.item, minlength=len(self.items)), low, high)[self.item])

    def _kept(self, mask: NDArray[np.bool_]) -> Interactions:
        chosen = {name: getattr(self, name)[mask] for name in ("user", "item", "time", "weight")}
        return replace(self, **chosen)

    @functools.cached_property
    def counts(self) -> Codes:
        """How many interactions each user has."""
        return np.bincount(self.user, minlength=len(self.users)).astype(np.int64)

    @functools.cached_property
    def takers(self) -> Codes:
        """How many users have taken each item."""
        return np.bincount(self.whole.indices, minlength=len(self.items)).astype(np.int64)

    @functools.cached_property
    def repeats(self) -> float:
        """The share of interactions with an item that the user had already."""
        return 1 - self.whole.nnz / len(self) if len(self) else 0.0

    @functools.cached_property
    def whole(self) -> sp.csr_matrix:
        """Users by items, with the weights added up."""
        return self.matrix(np.ones(len(self), bool))

    def matrix(self, mask: NDArray[np.bool_]) -> sp.csr_matrix:
        """Return users by items of a part of the interactions, with the weights added up."""
        shape = (len(self.users), len(self.items))
        # Rows are in the order of users already: all that is left to do is to put each user's items in order.
        ends = np.cumsum(np.bincount(self.user[mask], minlength=len(self.users)))
        matrix = sp.csr_matrix((self.weight[mask], self.item[mask], np.concatenate(([0], ends))), shape=shape)
        matrix.sum_duplicates()
        return matrix


def _between(counts: Codes, low: float, high: float) -> NDArray[np.bool_]:
    if not len(counts):
        return np.ones(0, bool)
    inside: NDArray[np.bool_] = (counts >= np.quantile(counts, low)) & (counts <= np.quantile(counts, high))
    return inside


def _widened(names: NDArray[np.object_], codes: Codes, catalogue: Sequence[str]) -> tuple[NDArray[np.object_], Codes]:
    """Return names with a catalogue's among them, in order, and the codes moved to their new places."""
    whole = np.array(sorted({*names, *catalogue}), dtype=object)
    places = {name: place for place, name in enumerate(whole)}
    moved = np.array([places[name] for name in names], np.int64)
    return whole, moved[codes] if len(codes) else codes


def _meets(frame: pd.DataFrame, rule: EventRule) -> NDArray[np.bool_]:
    meets = np.ones(len(frame), bool)
    if rule.type is not None:
        column = frame.get("EVENT_TYPE")
        meets &= False if column is None else (column == rule.type).to_numpy(bool)
    if rule.threshold is not None:
        column = frame.get("EVENT_VALUE")
        meets &= False if column is None else (column >= rule.threshold).fillna(False).to_numpy(bool)
    return meets


def _codes(column: pd.Series[Any], kept: NDArray[np.bool_]) -> tuple[NDArray[np.object_], Codes]:
    """Return the names that are left, in order, and each row's position among them."""
    codes = column.cat.codes.to_numpy()[kept]
    names = column.cat.categories.to_numpy(dtype=object)
    used = np.flatnonzero(np.bincount(codes, minlength=len(names)))
    order = used[np.argsort(names[used].astype(str))] if len(used) else used
    position = np.zeros(len(names), np.int64)
    position[order] = np.arange(len(order))
    return names[order], position[codes]
