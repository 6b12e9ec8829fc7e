"""What Lambda stops: a function that one chain of messages has invoked 16 times, unless it may be part of a loop."""

from __future__ import annotations

import random

import pytest

from tests.contract.table import STEPS
from tests.simulation.cloud import MOST_IN_A_CHAIN, PIPELINES, RECURSIVE, Cloud, Options, content
from tests.simulation.faults import Faults
from tests.simulation.invariants import Broken
from tests.simulation.play import LONGEST, settle
from tests.simulation.play import step as go_on
from tests.simulation.quick import quickly
from tests.simulation.story import Story

DURATIONS = {"SolutionVersion": {"create": (100, 8000)}, "*": {"*": (100, 800)}}


def play(recursive: frozenset[str]) -> str | None:
    """Have one run begin the next, 25 times, with slots for less than they ask for; return what broke, if anything."""
    options = Options(gentle=True, quotas={"pending-import-jobs": 1}, durations=DURATIONS, recursive=recursive)
    options.slots = {"import": 1, "train": 1}
    cloud = Cloud(Faults(random.Random(0), on=()), options)  # noqa: S311 # no secret
    story = Story(cloud, random.Random(0))  # noqa: S311 # the same
    try:
        with quickly():
            for number in range(25):
                for kind in PIPELINES["shop"][1]:
                    cloud.objects.put(f"s3://data/shop/{kind}/part-1.csv", content(kind, number % 4))
                run_id, longest = story.send("schedule", "shop"), cloud.agenda.seconds + LONGEST
                while (run := cloud.ledger.run("shop", run_id)) is None or run.dispatched_at is None:
                    go_on(cloud)
                    if cloud.agenda.seconds > longest:
                        return f"run {run_id} does not begin"
            settle(cloud)
            cloud.witness.settled()
            assert sum(run.status == "SUCCEEDED" for run in cloud.ledger.runs.values()) == 25
    except Broken as broken:
        return str(broken)
    finally:
        cloud.close()
    return None


def test_chains_of_any_length_come_to_their_end_where_the_table_allows_loops() -> None:
    assert play(RECURSIVE) is None


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_may_not_be_part_of_a_loop_is_seen_to_be_stopped(step: str) -> None:
    assert play(RECURSIVE - {step})
    assert MOST_IN_A_CHAIN == 16
