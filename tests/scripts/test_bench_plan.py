"""The bound of `make bench-plan` and the growth that it tells: what it measures is Terraform's."""

from __future__ import annotations

import math

import pytest

from scripts.bench_plan.__main__ import Measured, exponent


@pytest.mark.parametrize(("pipelines", "seconds", "ratio"), [(1, 10.1, 1), (100, 20, 1), (300, 20, 0.5), (10, 22, 2)])
def test_the_bound_is_ten_seconds_and_a_tenth_for_each_pipeline(pipelines: int, seconds: float, ratio: float) -> None:
    measured = Measured(pipelines, seconds, processor_seconds=0, megabytes=0, load=0)
    assert measured.ratio == pytest.approx(ratio)


@pytest.mark.parametrize("power", [1, 1.5, 2])
def test_the_exponent_is_that_of_what_grows(power: float) -> None:
    points = [(n, 5 + 0.02 * (n - 1) ** power) for n in (300, 1, 10, 50, 100)]  # in whatever order
    assert exponent(points) == pytest.approx(power)


def test_what_does_not_grow_tells_no_exponent() -> None:
    assert math.isnan(exponent([(1, 5.0), (10, 6.0)]))
    assert math.isnan(exponent([(1, 5.0), (10, 4.0), (50, 5.0), (100, 6.0)]))
