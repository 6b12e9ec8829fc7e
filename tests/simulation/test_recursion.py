"""What Lambda stops: a function that one chain of messages has invoked 16 times, unless it may be part of a loop."""

from __future__ import annotations

import random

import pytest

from functions.model import FILTERS
from tests.contract.table import STEPS
from tests.simulation.cloud import MOST_IN_A_CHAIN, PIPELINES, RECURSIVE, Cloud, Options, content
from tests.simulation.faults import Faults
from tests.simulation.invariants import Broken
from tests.simulation.play import LONGEST, settle
from tests.simulation.play import step as go_on
from tests.simulation.quick import quickly
from tests.simulation.story import Story

FILTERS_LAST, SOLUTIONS_LAST = 20_000, 100
"""Seconds that a filter takes: the run that follows is sent by the branch that ends last."""


def play(recursive: frozenset[str], filter_takes: float) -> str | None:
    """Have one run begin the next, 25 times, with slots for less than they ask for; return what broke, if anything."""
    durations = {
        "SolutionVersion": {"create": (100, 8000)},
        "Filter": {"create": filter_takes, "delete": 1},
        "*": {"*": (100, 800)},
    }
    options = Options(gentle=True, quotas={"pending-import-jobs": 1}, durations=durations, recursive=recursive)
    options.slots = {"import": 1, "train": 1}
    cloud = Cloud(Faults(random.Random(0), on=()), options)  # noqa: S311 # no secret
    story = Story(cloud, random.Random(0))  # noqa: S311 # the same
    try:
        with quickly():
            for number in range(25):
                for kind in PIPELINES["shop"][1]:
                    cloud.objects.put(f"s3://data/shop/{kind}/part-1.csv", content(kind, number % 4))
                run_id, longest = story.send("schedule", "shop"), cloud.agenda.seconds + LONGEST
                before = next((run for run in cloud.ledger.runs.values() if run.status == "RUNNING"), None)
                while (run := cloud.ledger.run("shop", run_id)) is None or run.dispatched_at is None:
                    go_on(cloud)
                    if before and cloud.ledger.runs["shop", before.run_id].branches[FILTERS].status != "RUNNING":
                        story.delete_filters()  # so that the next run makes them again
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


@pytest.mark.parametrize("filter_takes", [FILTERS_LAST, SOLUTIONS_LAST])
def test_chains_of_any_length_come_to_their_end_where_the_table_allows_loops(filter_takes: float) -> None:
    assert play(RECURSIVE, filter_takes) is None


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_may_not_be_part_of_a_loop_is_seen_to_be_stopped(step: str) -> None:
    assert play(RECURSIVE - {step}, FILTERS_LAST if step == "filter" else SOLUTIONS_LAST)
    assert MOST_IN_A_CHAIN == 16
