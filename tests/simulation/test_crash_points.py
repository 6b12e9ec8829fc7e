"""Crash points: whatever call a Lambda dies at, the run ends as one that nothing happened to.

Of the seven ways in which each call goes wrong, two or three are played; `make simulate` plays all.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from tests.simulation.crash_points import WAYS
from tests.simulation.many import crash_everywhere, undisturbed


def test_the_undisturbed_history_is_whole() -> None:
    history = undisturbed()
    assert history.broken is None
    assert history.runs == ["SUCCEEDED", "SUCCEEDED"]
    per_run = {
        run: sum(times for what, times in history.made.items() if what.startswith(run)) for run in ("run 0", "run 1")
    }
    assert per_run == {"run 0": 3 + 2 + 2, "run 1": 1 + 2 + 2}


ONE_OF = 3


def test_crash_points_end_as_well(record_property: Callable[[str, object], None]) -> None:
    coverage = crash_everywhere(one_of=ONE_OF)
    assert not coverage.wrong, "\n".join(coverage.wrong[:10])
    assert coverage.histories.total() == ceil(len(undisturbed().points) * len(WAYS) / ONE_OF)
    assert {point for point, _ in coverage.histories} == set(undisturbed().points)
    assert {way for _, way in coverage.histories} == set(WAYS)
    record_property("figure", f"simulation: {coverage.histories.total():,} crash points, all ended well")
