"""When to look again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.timing import LONGEST, expectation, pause, quota_pause

SECONDS = st.floats(min_value=0, max_value=1e7)


@pytest.mark.parametrize(
    ("elapsed", "expected", "seconds"),
    [
        pytest.param(0, None, 20, id="no history, new: the floor"),
        pytest.param(250, None, 20, id="no history, a fraction below the floor"),
        pytest.param(3000, None, 120, id="no history, a fraction of what it has taken"),
        pytest.param(100_000, None, LONGEST, id="no history, never over fifteen minutes"),
        pytest.param(0, 600, 570, id="history: when it should be about done"),
        pytest.param(300, 600, 270, id="history: what is left until then"),
        pytest.param(560, 600, 22.4, id="history, about done: a fraction"),
        pytest.param(1200, 600, 48, id="history, late: a fraction"),
        pytest.param(0, 3600, LONGEST, id="history of an hour: fifteen minutes at most"),
        pytest.param(3000, 3600, 420, id="history of an hour: and then the rest"),
        pytest.param(0, 10, 20, id="history shorter than the floor"),
    ],
)
def test_pause(elapsed: float, expected: float | None, seconds: float) -> None:
    assert pause(elapsed, expected, floor=20) == pytest.approx(seconds)


@given(SECONDS, st.none() | SECONDS, st.floats(min_value=0.01, max_value=900))
def test_a_pause_is_one_that_sqs_can_make(elapsed: float, expected: float | None, floor: float) -> None:
    assert floor <= pause(elapsed, expected, floor) <= LONGEST


@given(st.floats(min_value=60, max_value=7200), st.none() | st.floats(min_value=60, max_value=7200))
def test_a_wait_ends_soon_after_its_resource_is_ready(duration: float, expected: float | None) -> None:
    elapsed, looks = 0.0, 0
    while elapsed < duration:
        elapsed += pause(elapsed, expected, floor=20)
        looks += 1
    allowed = max(20, 0.05 * duration) if expected is None or expected <= duration else expected
    assert elapsed - duration <= allowed + 1
    assert looks <= 100


@pytest.mark.parametrize(("floor", "seconds"), [(1, 3), (20, 60), (60, 60)])
def test_quota_pause(floor: float, seconds: float) -> None:
    assert quota_pause(floor) == seconds


@pytest.mark.parametrize(
    ("durations", "expected"),
    [
        ([], None),
        ([0, 0], None),
        ([600], 600),
        ([600, 0, 1200], 900),
        ([10, 20, 30, 40, 50, 10_000, 10_000], 30),
    ],
)
def test_expectation_is_the_median_of_the_latest_five(durations: list[float], expected: float | None) -> None:
    assert expectation(durations) == expected
