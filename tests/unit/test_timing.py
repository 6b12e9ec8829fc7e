"""When to look again."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.timing import GROWTH, LONGEST, USUALLY, Estimate, UnderWay, estimate, next_look, refused_pause

FLOOR = 5.0
HOUR = Estimate(3600, 0.05)
SECONDS = st.floats(min_value=0, max_value=1e7)
ESTIMATES = st.builds(Estimate, st.floats(min_value=1, max_value=1e5), st.floats(min_value=0.02, max_value=1.0))


def seen(expected: Estimate, elapsed: float, **changes: float) -> float:
    return next_look([UnderWay(expected, elapsed, seen=True)], FLOOR, **changes)


def looks(expected: Estimate, duration: float, patience: float = 1.0) -> list[float]:
    """Return the times of all looks, the last of which sees that it is over."""
    times = [next_look([UnderWay(expected, 0.0)], FLOOR, patience)]
    while times[-1] < duration:
        times.append(times[-1] + seen(expected, times[-1], patience=patience))
    return times


def hazard(expected: Estimate, time: float) -> float:
    return (expected.left(time) - expected.left(time + 1e-3)) / 1e-3


# ------------------------------------------------------------------ the form of the schedule


def test_nothing_is_looked_at_before_it_may_be_over_and_then_looks_come_close() -> None:
    times = looks(HOUR, 3600)
    assert 0.80 * 3600 < times[0] < 0.92 * 3600
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.01 * 3600


@pytest.mark.parametrize("expected", [HOUR, *USUALLY.values()])
def test_where_the_hazard_hardly_changes_the_gap_is_the_root_of_what_a_look_costs_over_it(expected: Estimate) -> None:
    late = expected.typical * math.exp(1.5 * expected.spread)
    gap = seen(expected, late)
    costs = gap**2 * hazard(expected, late + gap / 2) / 2
    assert costs == pytest.approx(14 * expected.spread, rel=0.06)


def test_patience_stretches_the_gaps() -> None:
    late = 3600 * math.exp(0.05)
    assert seen(HOUR, late, patience=3) == pytest.approx(3 * seen(HOUR, late), rel=0.1)


def test_beyond_all_expectation_gaps_grow_with_what_it_has_taken() -> None:
    assert seen(HOUR, 7200) == pytest.approx(GROWTH * (7200 - 3600 * math.exp(0.1)))


def test_the_least_elapsed_time_there_is_is_none() -> None:
    assert HOUR.left(5e-324) == HOUR.left(0) == 0
    assert FLOOR <= seen(HOUR, 5e-324) <= LONGEST


def test_what_should_be_over_is_looked_at_at_once() -> None:
    assert next_look([UnderWay(HOUR, 4000)], FLOOR) == 0


def test_of_several_the_look_comes_when_all_may_be_over() -> None:
    alone = next_look([UnderWay(HOUR, 0)], FLOOR)
    short = Estimate(600, 0.05)
    assert next_look([UnderWay(HOUR, 0), UnderWay(HOUR, 0), UnderWay(HOUR, 0)], FLOOR) > alone
    assert next_look([UnderWay(HOUR, 0), UnderWay(short, 0)], FLOOR) == pytest.approx(alone, rel=1e-3)
    assert next_look([UnderWay(short, 0), UnderWay(HOUR, 0)], FLOOR) > 600


def test_what_began_earlier_may_be_over_earlier() -> None:
    both = [UnderWay(HOUR, 0), UnderWay(HOUR, 3000)]
    assert next_look(both, FLOOR) == pytest.approx(next_look([UnderWay(HOUR, 0)], FLOOR), rel=1e-3)


# ------------------------------------------------------------------ what holds for any numbers


@given(ESTIMATES, SECONDS, st.floats(min_value=0.01, max_value=900), st.floats(min_value=1, max_value=3))
def test_a_gap_is_one_that_sqs_can_make(expected: Estimate, elapsed: float, floor: float, patience: float) -> None:
    assert floor <= next_look([UnderWay(expected, elapsed, seen=True)], floor, patience) <= LONGEST


@settings(deadline=None)
@given(st.lists(st.tuples(ESTIMATES, st.floats(min_value=0, max_value=86_400)), min_size=1, max_size=3))
def test_a_first_look_is_not_before_now_nor_long_after_the_slowest_should_be_over(
    several: list[tuple[Estimate, float]],
) -> None:
    """Nothing is under way for longer than a day with no look at it."""
    gap = next_look([UnderWay(expected, elapsed) for expected, elapsed in several], FLOOR)
    assert gap >= 0
    slowest = max(expected.typical - elapsed for expected, elapsed in several)
    assert gap <= max(FLOOR, slowest + 4 * max(expected.typical * expected.spread for expected, _ in several) + 200)


@settings(deadline=None)
@given(ESTIMATES, st.floats(min_value=0.5, max_value=100))
def test_looks_are_few_and_little_time_is_lost_however_long_it_takes(expected: Estimate, factor: float) -> None:
    duration = expected.typical * factor
    times = looks(expected, duration)
    lost = times[-1] - duration
    # At worst it was over just after a look: it took less than could be expected, or a share or the root of its time.
    root = expected.spread * math.sqrt(max(duration, expected.typical))
    assert lost <= max(times[0] - duration, FLOOR, GROWTH * duration, 8 * root + 60)
    assert len(times) <= 80 + 12 * math.log(duration + 1) + duration / LONGEST


@given(st.sampled_from([*USUALLY.values()]), st.floats(min_value=0.5, max_value=2.0))
def test_without_history_an_expectation_that_is_wrong_by_twice_is_no_disaster(usual: Estimate, factor: float) -> None:
    duration = usual.typical * factor
    late = looks(usual, duration)[-1] - duration
    assert late <= max(0.1 * duration, usual.typical - duration)


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
    assert next_look([UnderWay(expected, 0.0)], 0.1) <= 1.5
    assert next_look([UnderWay(expected, 5.0, seen=True)], 0.1) <= 5.0


def test_one_duration_is_believed_to_come_again_about() -> None:
    assert estimate([600]) == Estimate(600, round(0.05 * math.sqrt(2), 4))


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
