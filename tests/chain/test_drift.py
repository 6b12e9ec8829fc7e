"""Many runs of one pipeline, one after the other: what one learns from another's looks must not add up."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from statistics import mean

import pytest

from functions.model import IMPORTS
from scripts.bench.world import World

RUNS, NOISE = 100, 0.05


@pytest.mark.parametrize("seconds", [1, 3, 30, 720])
def test_the_hundredth_run_sees_an_end_no_later_than_the_first_ones_that_have_a_history(seconds: float) -> None:
    """A look is late, always: were its time taken for the resource's, the next one would be later still."""
    lateness = late(seconds)[3:]
    assert max(lateness) <= 10 + 0.2 * seconds
    assert mean(lateness) <= 5 + 0.04 * seconds
    assert mean(lateness[-30:]) <= 1 + mean(lateness[:30])


def late(seconds: float) -> list[float]:
    """Return by how many seconds each run is late to see the end of two deployments that take about so long."""
    world, source = World(), random.Random(seconds)  # noqa: S311 # no secret
    world.declare("shop", ("interactions",), ("for-you", "similar"))
    found = []
    for number in range(RUNS):
        durations = {name: seconds * source.lognormvariate(0, NOISE) for name in ("for-you", "similar")}
        for name, each in durations.items():
            world.take("Campaign", each, f"acme-shop-{name}", "update" if number else "create")
        world.trigger("shop", f"nightly/{number}", what="train" if number else "everything", force=True)
        world.settle()
        run = world.runs("shop")[-1]
        assert run.status == "SUCCEEDED"
        deploys = {name: branch.steps["deploy"] for name, branch in run.branches.items() if name != IMPORTS}
        for name, took in durations.items():  # what the next run is told is no look's lateness
            assert abs(deploys[name]["took"] - took) <= 1, f"{name} took {took}"
        steps = list(deploys.values())
        begun = min(datetime.fromisoformat(step["started_at"]) for step in steps)
        seen = max(datetime.fromisoformat(step["finished_at"]) for step in steps)
        found.append((seen - begun).total_seconds() - max(durations.values()))
        world.now += timedelta(days=1)
    return found
