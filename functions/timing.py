"""When to look at what is under way, and how long a message waits until then, in seconds.

How long something takes is believed to be log-logistic: a log-normal with heavier tails and a hazard that is a formula.
It may be another time than the usual one: everything in a run may take longer or shorter than before, by a factor that
what is over shows; and the time that was told may mean nothing. So a belief is a mixture, and Bayes' rule weighs it.

A look costs a call; not looking costs the time between the end and the look that sees it. Where a look is worth k
seconds of being late, looks are best sqrt(2k/h) apart, h being the rate at which what is under way ends then: far
apart where it can't be over yet, close together about when it should be, and further apart again afterwards.
(J. B. Keller, Optimum checking schedules for systems subject to random failure, Management Science 21, 1974.)
"""

from __future__ import annotations

import math
import operator
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from statistics import median

from functions.model import Kind

LONGEST = 900.0
"""SQS delays a message by 15 minutes at most."""

REFUSED, REFUSED_FOR_LONG = 60.0, 300.0
"""Seconds to wait after a refusal, at most: at first, and in the long run."""

SHORTEST = 1.0
"""What takes no time is taken to take a second: SQS delays by whole ones."""

LATEST = 8
"""How many of the latest durations tell how long the next one takes."""

USUAL_SPREAD, BELIEF = 0.04, 2
"""How far durations of one resource are apart before that is known, and how many of them that counts as."""

PRICE, PRICE_UNKNOWN = 17.5, 9.0
"""Seconds of being late that a look is worth, times the spread: so that a wait takes as many looks whether its length
is well known or not, and only how late they are differs. Less where no history tells. Before the typical duration it is
worth a share of that: where one thing is over so early, all else of the run may be, and a second counts for more."""

ANYTHING, ANYTHING_UNKNOWN = 0.0003, 0.7
"""The chance that what was told of a duration means nothing: with a history, and without any."""

SHIFTED, SHIFTED_UNKNOWN = 0.05, 0.7
"""The chance that all things of a run are off what was told of them by one factor."""

ODD = 0.1
"""The chance that one thing by itself is off by anything, which tells nothing of others. That most of three things are
so has that chance squared, and so on."""

BROAD = 2.2
"""The spread of what may be anything: in nine of ten cases between a fortieth and forty times of what was told."""

REMAINS = 0.2
"""The part of the chance of anything that is left where other things of the run have shown how they do."""

LEAST_LAST = 0.01
"""The least chance that a run will have waited for a branch that is ahead of another one: it is looked at still."""

_SHAPE = math.pi / math.sqrt(3)  # the standard deviation of a logistic distribution of scale 1
_OF_MEDIAN = 1.0, 1.2  # the standard error of a median beside that of a mean: of one, and of several
_FINENESS = 10  # steps of the sum in a spread
_LEAST = 1e-12


@dataclass(frozen=True)
class Estimate:
    """How long something takes: ``typical`` seconds; ``spread`` is the standard deviation of their logarithm."""

    typical: float
    spread: float

    def left(self, elapsed: float) -> float:
        """Return the logarithm of the chance that it takes longer than ``elapsed``."""
        if elapsed <= 0:
            return 0.0
        odds = _SHAPE / self.spread * (math.log(elapsed) - math.log(self.typical))
        return -odds if odds > 700 else -math.log1p(math.exp(odds))


USUALLY: dict[Kind, Estimate] = {
    "dataset_import_job": Estimate(14 * 60, 0.21),
    "solution_version": Estimate(38 * 60, 0.39),
    "campaign": Estimate(12 * 60, 0.13),
    "filter": Estimate(4 * 60, 0.3),
}
"""What to expect without any history. Its users tell of 10 to 20 minutes for an import, of 20 to 90 for a training (35
to 40 on average), of 10 to 15 for a campaign and of a few for a filter; one in twenty is taken to be beyond the nearer
bound of these."""


@dataclass(frozen=True)
class Shift:
    """How far ``things`` that are over were off what was told: the logarithm ``by``, give or take ``spread``."""

    by: float
    spread: float
    things: int = 1

    @property
    def odd(self) -> float:
        """The chance that it tells nothing of others."""
        return ODD ** ((self.things + 1) // 2)


@dataclass(frozen=True)
class Belief:
    """How long something takes where several estimates may hold: ``parts`` are their chances.

    The usual one is the first of them, and the last, of several, stands for anything. ``price`` is how many seconds of
    being late a look is worth.
    """

    parts: tuple[tuple[float, Estimate], ...]
    price: float

    @property
    def usual(self) -> Estimate:
        """What was told of it."""
        return self.parts[0][1]

    @property
    def likeliest(self) -> Estimate:
        """What holds most likely, other than anything."""
        return max(self.parts[:-1] or self.parts, key=operator.itemgetter(0))[1]

    def left(self, elapsed: float) -> float:
        """Return the logarithm of the chance that it takes longer than ``elapsed``."""
        logs = [math.log(chance) + each.left(elapsed) for chance, each in self.parts]
        most = max(logs)
        return most + math.log(math.fsum(math.exp(each - most) for each in logs))

    def step(self, time: float) -> float:
        """Return a step from ``time`` on in which the chance changes little."""
        shares = (_step(abs(math.log(time / each.typical)), each.spread) for _, each in self.parts)
        return time * min(shares)


def _step(off: float, spread: float) -> float:
    """Return a step as a share of the time: fine about the typical duration, coarse where nothing happens."""
    fine = spread / _FINENESS
    return min(0.05, fine if off < 6 * spread else fine + off - 6 * spread)


def believed(told: Estimate, *, known: bool, shifts: Sequence[Shift] = ()) -> Belief:
    """Return the belief about something, from what was told of it and how far others in its run were off.

    ``known``: a history has told it. The common factor is none, or what one of the others has shown; each of them may
    be odd by itself. So one that is far off says little, and several that agree say everything.
    """
    anything, shifted = (ANYTHING, SHIFTED) if known else (ANYTHING_UNKNOWN, SHIFTED_UNKNOWN)
    price = (PRICE if known else PRICE_UNKNOWN) * told.spread
    if shifts:
        anything *= REMAINS
    weights = [(1 - shifted) * math.prod(_likely(each.by, each) for each in shifts)]
    parts = [told]
    for number, one in enumerate(shifts):
        others = (each for place, each in enumerate(shifts) if place != number)
        agree = math.prod(_likely(each.by - one.by, each, one.spread) for each in others)
        weights.append(shifted / len(shifts) * _density(one.by, BROAD) * agree)
        parts.append(Estimate(told.typical * math.exp(one.by), math.hypot(told.spread, one.spread)))
    chances = [(1 - anything) * weight / sum(weights) for weight in weights]
    mixed = [(max(_LEAST, chance), part) for chance, part in zip(chances, parts, strict=True)]
    return Belief((*mixed, (anything, Estimate(told.typical, BROAD))), price)


def _likely(off: float, shift: Shift, more: float = 0.0) -> float:
    """Return how likely it is that something is so far off, odd by itself or not."""
    return (1 - shift.odd) * _density(off, math.hypot(shift.spread, more)) + shift.odd * _density(shift.by, BROAD)


def _density(off: float, spread: float) -> float:
    """Return the density of a logistic distribution."""
    tail = math.exp(-min(700.0, abs(off) * _SHAPE / spread))
    return _SHAPE / spread * tail / (1 + tail) ** 2


def shift_of(ended: Sequence[tuple[float, Estimate]]) -> Shift | None:
    """Return how far things were off together, from what each took and its estimate: by the median of them."""
    if not ended:
        return None
    by = median(math.log(max(SHORTEST, took) / told.typical) for took, told in ended)
    spread = median(told.spread for _, told in ended) * _OF_MEDIAN[len(ended) > 1] / math.sqrt(len(ended))
    return Shift(by, spread, len(ended))


@dataclass(frozen=True)
class UnderWay:
    """Something that is waited for, and for how long it has been under way. ``seen``: a look has just shown that."""

    belief: Belief
    elapsed: float
    seen: bool = False


@dataclass(frozen=True)
class Rival:
    """What another branch of the run waits for, for ``elapsed`` seconds; it was under way after ``seen`` of them.

    ``lead`` is how many seconds longer it may take than what is looked at to end together with it, since less follows.
    """

    belief: Belief
    elapsed: float
    seen: float = 0.0
    lead: float = 0.0

    def over(self, seconds: float) -> float:
        """Return the chance that the run waits no longer for it than for what ends in so many seconds."""
        then = max(self.seen, self.elapsed + seconds + self.lead)
        return -math.expm1(self.belief.left(then) - self.belief.left(self.seen))


def estimate(durations: Iterable[float]) -> Estimate | None:
    """Return how long the next one takes, from the durations of earlier ones (newest first); None without any.

    The middle is the median of all means of two, which a stray value hardly moves, and the spread is that of the next
    one about it, so fewer values make it wider.
    """
    logs = [math.log(max(SHORTEST, seconds)) for seconds in durations if seconds > 0][:LATEST]
    if not logs:
        return None
    middle = median((one + other) / 2 for one, other in combinations_with_replacement(logs, 2))
    squares = sum((each - middle) ** 2 for each in logs)
    variance = (BELIEF * USUAL_SPREAD**2 + squares) / (BELIEF + len(logs) - 1)
    return Estimate(round(math.exp(middle), 1), round(math.sqrt(variance * (1 + 1 / len(logs))), 4))


def next_look(
    waited_for: Sequence[UnderWay], floor: float, patience: float = 1.0, rivals: Sequence[Rival] = ()
) -> float:
    """Return in how many seconds to look, which is when all that is waited for may be over; 0 if that is now.

    Parts of the beliefs correspond: all that is waited for is of one run, and what others have shown is the same.
    The first is the one that will be looked at. ``patience`` stretches the gaps, and so do ``rivals``: being late costs
    nothing while the run waits for another branch, but that may fail, so they alone put off no look for more than 15
    minutes. Once something has been seen under way, the next look is ``floor`` away at least. It may be hours away.
    """
    first = waited_for[0]
    gap = _best_gap(waited_for, patience, rivals)
    if not first.seen:
        return max(0.0, floor - first.elapsed, gap)
    if rivals and gap > LONGEST:
        gap = max(LONGEST, _best_gap(waited_for, patience, ()))
    return max(floor, gap)


def _best_gap(waited_for: Sequence[UnderWay], patience: float, rivals: Sequence[Rival]) -> float:
    """Return the time until the sum of sqrt(hazard / what two looks are worth), over time, comes to one look."""
    first = waited_for[0]
    typical, price = first.belief.usual.typical, first.belief.price * patience**2
    time = max(SHORTEST, first.elapsed) if first.seen else SHORTEST
    left, looks = _any_left(waited_for, time), 0.0
    while left > _LEAST:
        times = ((each.belief, time + each.elapsed - first.elapsed) for each in waited_for)
        step = min(belief.step(max(SHORTEST, its_time)) for belief, its_time in times if its_time > 0)
        left_then = _any_left(waited_for, time + step)
        last = math.prod(each.over(time + step / 2 - first.elapsed) for each in rivals)
        worth = 2 * price * min(1.0, time / typical) / max(LEAST_LAST, last)
        share = math.sqrt(max(0.0, 1 - left_then / left) * step / worth)
        if looks + share >= 1:
            return time + step * (1 - looks) / share - first.elapsed
        time, left, looks = time + step, left_then, looks + share
    return time - first.elapsed


def _any_left(waited_for: Sequence[UnderWay], time: float) -> float:
    """Return the chance that not all are over when the first has been under way for ``time``.

    What holds for one of them holds for all: each part of their beliefs is weighed for them together, by what was seen.
    """
    ahead = time - waited_for[0].elapsed
    logs, lasting = [], []
    for number, (chance, _) in enumerate(waited_for[0].belief.parts):
        told = [(each.belief.parts[number][1], each) for each in waited_for]
        before = [part.left(each.elapsed) if each.seen else 0.0 for part, each in told]
        over = [
            math.log1p(-min(math.exp(part.left(each.elapsed + ahead) - then), 1 - _LEAST))
            for (part, each), then in zip(told, before, strict=True)
        ]
        logs.append(math.log(chance) + math.fsum(before))
        anything = number and number == len(waited_for[0].belief.parts) - 1
        lasting.append(-math.expm1(min(over) if anything else math.fsum(over)))
    most = max(logs)
    weights = [math.exp(each - most) for each in logs]
    return math.fsum(map(operator.mul, weights, lasting)) / math.fsum(weights)


def refused_pause(elapsed: float, floor: float, who: str) -> float:
    """Return the wait after a refusal (throttled, in use, a quota that others use up), ``elapsed`` seconds into it all.

    Longer the longer it has lasted, and another one for each ``who``: those who were refused together don't come back
    together. What is random here must be the same when it is played again, so it is drawn from the name.
    """
    share = 0.75 + zlib.crc32(who.encode()) % 1000 / 2000
    return share * min(REFUSED_FOR_LONG, max(min(REFUSED, 3 * floor), elapsed / 10))
