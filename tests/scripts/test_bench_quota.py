"""The bench of quotas: its bound is one, it counts what happens, and it sees a policy that is unfair."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from rich.console import Console

from functions.settings import QUOTAS
from scripts.bench import growth, quota
from scripts.bench.quota import Work, beyond_fair_order, bound, without_overhead, works_of
from scripts.bench.region import Made
from scripts.bench.world import BEGINNING

ONE = Work(imports=(600.0, 900.0, 1200.0), solutions=((3000.0, 700.0), (2000.0, 900.0)))


def test_what_was_made_is_sorted_by_pipeline() -> None:
    jobs = [
        *(Made("DatasetImportJob", "a", key, 0, seconds) for key, seconds in (("items", 600), ("users", 700))),
        Made("SolutionVersion", "a", "x", 900, 3000),
        Made("SolutionVersion", "a", "y", 900, 2000),
        Made("Campaign", "a", "x", 4000, 800),
        Made("DatasetImportJob", "b", "items", 0, 650),
    ]
    assert works_of(jobs) == {
        "a": Work((600, 700), ((3000, 800), (2000, 0.0))),
        "b": Work((650,), ()),
    }


def test_one_pipeline_is_bound_by_its_longest_way() -> None:
    assert bound([ONE]) == without_overhead([ONE]) == 1200 + 3000 + 700


def test_many_are_bound_by_the_slots_for_imports_and_the_last_ones_tail() -> None:
    assert bound([ONE] * 50) == 50 * 2700 / QUOTAS["import"] + 3700


def test_trainings_may_be_the_bound_too() -> None:
    long = Work(imports=(600.0,), solutions=((50_000.0, 700.0),) * 5)
    assert bound([long] * 40) == 600 + 40 * 5 * 50_000 / QUOTAS["train"] + 700


def test_no_order_is_quicker_than_the_bound() -> None:
    works = [Work((600.0 + n, 700.0), ((2000.0 + 37 * n, 700.0),)) for n in range(40)]
    assert bound(works) <= without_overhead(works) <= bound(works) * 1.2


def test_who_waits_longer_than_one_who_came_later_is_seen() -> None:
    asked = {(name, "*"): BEGINNING + timedelta(seconds=n) for n, name in enumerate("abc")}
    began = {"a": 10.0, "b": 500.0, "c": 20.0}
    jobs = [Made("DatasetImportJob", name, "items", at, 600.0) for name, at in began.items()]
    assert beyond_fair_order(jobs, asked) == 480.0
    assert beyond_fair_order(jobs[:2], asked) == 0.0


@pytest.fixture(scope="module")
def few() -> dict[str, object]:
    """Run the bench with so few pipelines that it is done at once, and yet some have to wait."""
    return quota.run(pipelines=8, compared=8)


def test_the_bench_compares_both_policies(few: dict[str, dict[str, float]]) -> None:
    line, before = few["in_line"], few["a_minute_after_each_refusal"]
    assert line["failed"] == before["failed"] == 0
    assert line["throttled"] == 0 < before["throttled"]
    assert line["longest_beyond_fair_order_seconds"] < 60 < before["longest_beyond_fair_order_seconds"]
    assert 1 <= line["over_bound"] < 1.5
    assert line["makespan_hours"] >= line["bound_hours"]


def test_what_it_found_is_json_and_a_table(few: dict[str, object]) -> None:
    assert json.loads(json.dumps(few)) == few
    printed = io.StringIO()
    quota.show(Console(file=printed, width=140), few)
    assert "over the bound" in printed.getvalue()


def test_a_run_costs_the_same_however_many_there_are() -> None:
    found = growth.run(sizes=(1, 4), runs=12)
    assert found["goals_met"]["all succeeded"]
    assert found["goals_met"]["constant whatever there was"]
    assert found["spread"]["messages"] < 0.2  # so few runs are a few long and a few short ones
    assert found["sizes"][0]["personalize_calls"] > 10
    printed = io.StringIO()
    growth.show(Console(file=printed, width=140), json.loads(json.dumps(found)))
    assert "20,000" in printed.getvalue()
