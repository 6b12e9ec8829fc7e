"""When to look again."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.model import Kind
from functions.timing import (
    PRICE,
    USUAL_SPREAD,
    USUALLY,
    Belief,
    Estimate,
    Rival,
    Shift,
    UnderWay,
    believed,
    estimate,
    next_look,
    refused_pause,
    shift_of,
)

FLOOR = 5.0
HOUR = Estimate(3600, 0.05)
KNOWN = believed(HOUR, known=True)
SECONDS = st.floats(min_value=0, max_value=1e7)
ESTIMATES = st.builds(Estimate, st.floats(min_value=1, max_value=1e5), st.floats(min_value=0.02, max_value=1.0))
BELIEFS = st.builds(
    lambda told, known, by: believed(told, known=known, shifts=[Shift(each, 0.05) for each in by]),
    ESTIMATES,
    st.booleans(),
    st.lists(st.floats(min_value=-3, max_value=3), max_size=3),
)


def certain(told: Estimate) -> Belief:
    """Return the belief that nothing but the estimate holds."""
    return Belief(((1.0, told),), PRICE * told.spread)


def seen(belief: Belief, elapsed: float, patience: float = 1.0, rivals: tuple[Rival, ...] = ()) -> float:
    return next_look([UnderWay(belief, elapsed, seen=True)], FLOOR, patience, rivals)


def looks(belief: Belief, duration: float) -> list[float]:
    """Return the times of all looks, the last of which sees that it is over."""
    times = [next_look([UnderWay(belief, 0.0)], FLOOR)]
    while times[-1] < duration:
        times.append(times[-1] + seen(belief, times[-1]))
    return times


def hazard(belief: Belief, time: float) -> float:
    return (belief.left(time) - belief.left(time + 1e-3)) / 1e-3


# ------------------------------------------------------------------ the form of the schedule


def test_nothing_is_looked_at_before_it_may_be_over_and_then_looks_come_close() -> None:
    times = looks(certain(HOUR), 3600)
    assert 0.80 * 3600 < times[0] < 0.92 * 3600
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.01 * 3600


@pytest.mark.parametrize("told", [HOUR, *USUALLY.values()])
@pytest.mark.parametrize("known", [True, False])
def test_where_the_hazard_hardly_changes_the_gap_is_the_root_of_what_a_look_costs_over_it(
    told: Estimate, known: bool
) -> None:
    belief = believed(told, known=known)
    late = told.typical * math.exp(1.2 * told.spread)
    gap = seen(belief, late)
    assert gap**2 * hazard(belief, late + gap / 2) / 2 == pytest.approx(belief.price, rel=0.12)


def test_patience_stretches_the_gaps() -> None:
    late = 3600 * math.exp(0.05)
    assert seen(KNOWN, late, patience=3) == pytest.approx(3 * seen(KNOWN, late), rel=0.1)


def test_being_late_costs_nothing_while_another_branch_takes_longer() -> None:
    behind, ahead = Rival(KNOWN, 1800.0, seen=1800.0), Rival(KNOWN, 5400.0)
    alone = seen(KNOWN, 3600)
    assert seen(KNOWN, 3600, rivals=(behind,)) > 5 * alone
    assert seen(KNOWN, 3600, rivals=(ahead,)) == pytest.approx(alone, rel=0.01)


def test_of_two_that_may_end_together_neither_takes_the_other_for_the_slower_one() -> None:
    """The chance that the run waits for it is a half."""
    alike = Rival(KNOWN, 3600.0, 3600.0)
    assert seen(KNOWN, 3600, rivals=(alike,)) < 3 * seen(KNOWN, 3600)


def test_another_branch_alone_puts_off_no_look_for_longer_than_a_quarter_of_an_hour() -> None:
    day = believed(Estimate(86_400, 0.05), known=True)
    assert seen(KNOWN, 3700, rivals=(Rival(day, 0.0),)) <= 900


def test_the_least_elapsed_time_there_is_is_none() -> None:
    assert HOUR.left(5e-324) == HOUR.left(0) == 0
    assert FLOOR <= seen(KNOWN, 5e-324) <= 3600


def test_what_should_be_over_is_looked_at_at_once() -> None:
    assert next_look([UnderWay(KNOWN, 4000)], FLOOR) == 0


def test_of_several_the_look_comes_when_all_may_be_over() -> None:
    hour, short = certain(HOUR), certain(Estimate(600, 0.05))
    alone = next_look([UnderWay(hour, 0)], FLOOR)
    assert next_look([UnderWay(hour, 0), UnderWay(hour, 0), UnderWay(hour, 0)], FLOOR) > alone
    assert next_look([UnderWay(hour, 0), UnderWay(short, 0)], FLOOR) == pytest.approx(alone, rel=1e-2)
    assert next_look([UnderWay(short, 0), UnderWay(hour, 0)], FLOOR) > 600


def test_what_began_earlier_may_be_over_earlier() -> None:
    hour = certain(HOUR)
    both = [UnderWay(hour, 0), UnderWay(hour, 3000)]
    assert next_look(both, FLOOR) == pytest.approx(next_look([UnderWay(hour, 0)], FLOOR), rel=1e-2)


# ------------------------------------------------------------------ what holds for any numbers


@settings(deadline=None, max_examples=25)
@given(BELIEFS, SECONDS, st.floats(min_value=0.01, max_value=900), st.floats(min_value=0.5, max_value=3))
def test_a_gap_is_one_that_is_allowed(belief: Belief, elapsed: float, floor: float, patience: float) -> None:
    gap = next_look([UnderWay(belief, elapsed, seen=True)], floor, patience)
    assert floor <= gap < math.inf


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(ESTIMATES, st.booleans(), st.floats(min_value=0, max_value=86_400)), min_size=1, max_size=3),
    st.lists(st.floats(min_value=-3, max_value=3), max_size=3),
)
def test_a_first_look_is_not_before_now_nor_long_after_the_slowest_should_be_over(
    things: list[tuple[Estimate, bool, float]], by: list[float]
) -> None:
    shifts = [Shift(each, 0.05) for each in by]
    several = [(believed(told, known=known, shifts=shifts), elapsed) for told, known, elapsed in things]
    gap = next_look([UnderWay(belief, elapsed) for belief, elapsed in several], FLOOR)
    assert gap >= 0
    latest = [
        (told.typical * math.exp(2 * told.spread), elapsed) for belief, elapsed in several for _, told in belief.parts
    ]
    assert gap <= max(FLOOR, *(typical - elapsed for typical, elapsed in latest))


def most_looks(belief: Belief, duration: float) -> float:
    """Return how many looks there can be.

    Their number is the integral of sqrt(hazard / two prices), which is, by Cauchy and Schwarz, at most the root of the
    product of the two integrals.
    """
    usual = belief.usual.typical
    over_price = usual * math.log(max(1.0, min(duration, usual))) + max(0.0, duration - usual)
    return 2 + 1.1 * math.sqrt(-belief.left(duration) * over_price / (2 * belief.price))


@settings(deadline=None, max_examples=8)
@given(st.builds(Estimate, st.floats(1, 1500), st.floats(0.02, 0.6)), st.booleans(), st.floats(0.01, 2))
def test_looks_are_few_however_long_it_takes(told: Estimate, known: bool, factor: float) -> None:
    belief, duration = believed(told, known=known), told.typical * factor
    times = looks(belief, duration)
    assert len(times) <= most_looks(belief, times[-1])


KINDS: list[Kind] = ["dataset_import_job", "solution_version", "campaign"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("factor", "share"), [(0.004, 4.0), (0.1, 0.25), (0.5, 0.16), (1.0, 0.07), (2.0, 0.08), (20.0, 0.04)]
)
def test_without_history_little_is_lost_however_wrong_the_expectation_is(
    kind: Kind, factor: float, share: float
) -> None:
    """At worst it was over just after a look."""
    belief, duration = believed(USUALLY[kind], known=False), factor * USUALLY[kind].typical
    times = looks(belief, duration)
    assert times[-1] - ([0.0, *times])[-2] <= share * duration


def test_without_history_what_takes_three_seconds_is_seen_at_once_and_that_costs_few_looks() -> None:
    for kind in KINDS:
        times = looks(believed(USUALLY[kind], known=False), 0.9 * USUALLY[kind].typical)
        assert times[0] == FLOOR
        assert len(times) < 40


def test_several_of_which_nothing_is_known_are_looked_at_as_early_as_one() -> None:
    """If one is over in no time, so are the others: they are of one run."""
    unknown = UnderWay(believed(USUALLY["dataset_import_job"], known=False), 0.0)
    assert next_look([unknown] * 3, 0.1) < 2 * next_look([unknown], 0.1)


# ------------------------------------------------------------------ what others of the run tell


def chances(belief: Belief) -> list[float]:
    return [chance for chance, _ in belief.parts]


@given(BELIEFS)
def test_chances_are_those_of_all_there_is(belief: Belief) -> None:
    assert sum(chances(belief)) == pytest.approx(1)
    assert belief.left(1e-9) == pytest.approx(0, abs=1e-3)


def test_several_that_agree_say_everything_and_one_says_little() -> None:
    one, several = (believed(HOUR, known=True, shifts=[Shift(math.log(1.5), 0.03, things)]) for things in (1, 3))
    assert chances(one)[0] > 0.3
    assert chances(several)[0] < 0.3
    agreeing = believed(HOUR, known=True, shifts=[Shift(math.log(1.5), 0.05), Shift(math.log(1.52), 0.05)])
    assert chances(agreeing)[0] < chances(one)[0] / 3


def test_one_that_is_odd_among_those_that_are_as_expected_says_nothing() -> None:
    belief = believed(HOUR, known=True, shifts=[Shift(0.02, 0.05), Shift(2.3, 0.05), Shift(-0.03, 0.05)])
    assert sum(chance for chance, told in belief.parts if told.typical > 5000) < 0.01


def test_what_went_as_expected_leaves_little_doubt() -> None:
    before, after = (believed(HOUR, known=False, shifts=shifts) for shifts in ([], [Shift(0.05, 0.1, 3)]))
    assert chances(after)[-1] < chances(before)[-1] / 3


def test_a_shift_is_the_median_of_what_things_took_beside_what_was_told_of_them() -> None:
    assert shift_of([]) is None
    assert shift_of([(5400.0, HOUR)]) == Shift(math.log(1.5), 0.05)
    found = shift_of([(3600.0, HOUR), (36_000.0, HOUR), (3960.0, HOUR)])
    assert found
    assert found.by == pytest.approx(math.log(1.1))
    assert found.things == 3
    assert found.spread < HOUR.spread


# ------------------------------------------------------------------ what history tells


def test_without_history_nothing_is_expected() -> None:
    assert estimate([]) is None
    assert estimate([0, 0]) is None


@given(st.lists(st.floats(min_value=1e-9, max_value=1.0), min_size=1, max_size=8))
def test_what_takes_no_time_is_looked_at_soon(durations: list[float]) -> None:
    """As in a local account that takes none: a typical duration of nothing would never be reached step by step."""
    expected = estimate(durations)
    assert expected
    assert expected.typical == 1.0
    belief = believed(expected, known=True)
    assert next_look([UnderWay(belief, 0.0)], 0.1) <= 1.5
    assert next_look([UnderWay(belief, 5.0, seen=True)], 0.1) <= 5.0


def test_one_duration_is_believed_to_come_again_about() -> None:
    assert estimate([600]) == Estimate(600, round(USUAL_SPREAD * math.sqrt(2), 4))


def test_the_middle_is_that_of_the_latest() -> None:
    found = estimate([600, 0, 660, 540, *[600] * 5, *[9000] * 20])
    assert found is not None
    assert found.typical == pytest.approx(600, rel=0.01)


def test_a_stray_duration_hardly_moves_the_middle_and_widens_the_spread() -> None:
    found, usual = estimate([600, 610, 590, 6000, 605]), estimate([600, 610, 590, 600, 605])
    assert found is not None
    assert usual is not None
    assert found.typical == pytest.approx(usual.typical, rel=0.03)
    assert found.spread > 5 * usual.spread


def test_much_of_the_same_history_narrows_the_spread() -> None:
    spreads = [found.spread for count in range(1, 9) if (found := estimate([600.0] * count))]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[-1] < 0.03


@pytest.mark.parametrize(
    ("elapsed", "floor", "seconds"), [(0, 1, 3), (0, 20, 60), (0, 60, 60), (1200, 5, 120), (1e6, 5, 300)]
)
def test_who_is_refused_comes_back_later_and_later_and_none_with_another(
    elapsed: float, floor: float, seconds: float
) -> None:
    pauses = [refused_pause(elapsed, floor, f"run-{number}") for number in range(200)]
    assert 0.75 * seconds <= min(pauses) <= 0.8 * seconds
    assert 1.2 * seconds <= max(pauses) <= 1.25 * seconds
    assert len(set(pauses)) > 150
    assert pauses[7] == refused_pause(elapsed, floor, "run-7")
