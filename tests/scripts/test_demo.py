"""What the demo makes of what it sees. The demo itself is run by `make demo`."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from rich.console import Console

from scripts.demo.audience import Audience
from scripts.demo.bill import a_month
from scripts.demo.display import Display, run_line, run_table
from scripts.demo.inventory import LISTINGS, Listing
from scripts.demo.runs import find, parse
from scripts.demo.summary import TRIGGERS, Failure, Item, Recommendations, RunSummary, Summary
from scripts.demo.tables import bill_table, draw_metrics, metrics_table, moved
from scripts.sample_data import generate

ITEMS = [Item(f"item-{number}", f"Title {number}", "Drama") for number in range(4)]


def record(run_id: str = "r1", trigger: str = "schedule", **changes: object) -> dict[str, object]:
    return {
        "run_id": run_id,
        "trigger": trigger,
        "status": "SUCCEEDED",
        "branches": {
            "*": {
                "status": "SUCCEEDED",
                "steps": {
                    "import": {
                        "started_at": "2026-11-23T22:00:00+00:00",
                        "finished_at": "2026-11-23T22:00:04+00:00",
                        "arns": ["arn:import"],
                    }
                },
            },
            "for-you": {
                "status": "SUCCEEDED",
                "steps": {
                    "train": {
                        "started_at": "2026-11-23T22:00:05+00:00",
                        "finished_at": "2026-11-23T22:00:09+00:00",
                        "arns": [f"arn:version-of-{run_id}"],
                    },
                    "deploy": {"started_at": "2026-11-23T22:00:10+00:00", "finished_at": None, "arns": None},
                },
            },
            "similar": {
                "status": "RUNNING",
                "steps": {
                    "train": {
                        "in_line": 5,
                        "started_at": "2026-11-23T22:00:11+00:00",
                        "finished_at": None,
                        "arns": [f"arn:similar-of-{run_id}"],
                    },
                },
            },
        },
        **changes,
    }


def successful() -> Summary:
    runs = [
        RunSummary.of(parse(record(f"r{number}", trigger)), trigger, {"for-you": f"arn:version-of-r{number}"})
        for number, trigger in enumerate(TRIGGERS)
    ]
    return Summary(
        runs=runs,
        metrics={"for-you": {"precision_at_10": 0.08}},
        baseline={"precision_at_10": 0.02},
        recommendations=Recommendations(ITEMS[:2], ITEMS[1:3]),
        failure=Failure("r4", "FAILED", "Lacks the columns [TIMESTAMP]: broken.csv.", {"run_id": "r4"}),
        plan_exit_code=0,
        left_after_destroy=[],
    )


def test_a_run_of_the_ledger_is_read_with_its_steps_in_order() -> None:
    run = parse(record())
    assert [(step.branch, step.step) for step in run.steps] == [
        ("*", "import"),
        ("for-you", "train"),
        ("for-you", "deploy"),
        ("similar", "train"),
    ]
    assert run.made("train") == {"for-you": "arn:version-of-r1", "similar": "arn:similar-of-r1"}
    assert run.made("deploy") == {}
    summed = RunSummary.of(run, "schedule", {})
    assert summed.steps[0].seconds == 4.0


def test_a_trigger_that_joined_a_run_is_found_in_that_run() -> None:
    runs = [parse(record("r1", "upload")), parse(record("r2", "schedule", status="JOINED", joined="r1"))]
    found = find(runs, "schedule", frozenset())
    assert found is not None
    assert found.run_id == "r1"
    assert find(runs, "schedule", frozenset({"r2"})) is None


def test_a_success_has_no_problems_and_the_keys_that_are_promised(tmp_path: Path) -> None:
    summary = successful()
    assert summary.problems() == []
    summary.write(tmp_path / "summary.json")
    assert set(json.loads((tmp_path / "summary.json").read_text())) == {
        "runs",
        "metrics",
        "baseline",
        "recommendations",
        "failure",
        "dollars_a_month",
        "kept",
        "plan_exit_code",
        "left_after_destroy",
        "phases",
    }


def test_each_broken_promise_is_told() -> None:
    good = successful()
    first, *others = good.runs
    told_of = good.failure
    assert told_of
    succeeded = replace(told_of, status="SUCCEEDED")
    hasty = [replace(step, in_line=0) for step in first.steps]
    cases: list[tuple[Summary, str]] = [
        (replace(good, runs=others), "the runs were started by"),
        (replace(good, runs=[replace(first, status="FAILED", reason="no data"), *others]), "is FAILED: no data"),
        (replace(good, runs=[replace(first, served={"for-you": "arn:old"}), *others]), "serves arn:old"),
        (replace(good, runs=[replace(first, served={}), *others]), "there is no campaign"),
        (
            replace(good, runs=[first, replace(others[0], versions=first.versions, served=first.served), others[1]]),
            "did not move",
        ),
        (replace(good, baseline={"precision_at_10": 0.08}), "not above popularity"),
        (replace(good, metrics={}), "not above popularity"),
        (replace(good, recommendations=Recommendations(ITEMS, ITEMS)), "did not change"),
        (replace(good, recommendations=Recommendations()), "did not change"),
        (replace(good, runs=[replace(first, steps=hasty), *others]), "similar did not wait in line for for-you"),
        (replace(good, failure=None), "nobody tried a broken file"),
        (replace(good, failure=succeeded), "broken.csv, which lacks TIMESTAMP, is SUCCEEDED"),
        (replace(good, failure=replace(told_of, reason="something went wrong")), "is FAILED: something went wrong"),
        (replace(good, failure=replace(told_of, event={})), "the event on the bus does not tell of that run"),
        (replace(good, plan_exit_code=2), "the second plan ended with 2"),
        (replace(good, left_after_destroy=["s3: data"]), "left after destroy: s3: data"),
        (replace(good, left_after_destroy=None), "nobody looked"),
    ]
    for summary, told in cases:
        assert any(told in problem for problem in summary.problems()), told


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: f"{listing.service}.{listing.operation}")
def test_what_is_left_is_asked_by_calls_that_exist(listing: Listing) -> None:
    model: Any = botocore.session.get_session().get_service_model(listing.service)
    (operation,) = (name for name in model.operation_names if xform_name(name) == listing.operation)
    listed = model.operation_model(operation).output_shape.members[listing.key]
    if listing.name:
        assert listing.name in listed.member.members
    else:
        assert listed.member.type_name == "string"


def test_the_audience_has_tastes_that_can_be_seen() -> None:
    data = generate(users=200, items=300, interactions=12_000)
    audience = Audience(data)
    fans = audience.fans(3)
    assert len({fan.loves for fan in fans}) == 3
    assert all(fan.share > 0.3 and fan.taken >= 20 and fan.loves != fan.unknown for fan in fans)
    newcomer = audience.newcomer()
    assert newcomer.taken < min(fan.taken for fan in fans) + 40
    new = audience.popular(newcomer.unknown, 5, not_of=newcomer.user_id)
    own = set(data.interactions.loc[data.interactions["USER_ID"] == newcomer.user_id, "ITEM_ID"])
    assert len(new) == 5
    assert all(newcomer.unknown in item.genres.split("|") and item.item_id not in own for item in new)
    assert audience.item("item-none") == Item("item-none", "item-none", "")


def test_what_goes_on_running_need_not_be_taken_down() -> None:
    assert replace(successful(), kept=True, left_after_destroy=None).problems() == []


def test_the_bill_has_what_is_known_and_says_what_is_not() -> None:
    bill = {line.what: line.dollars for line in a_month(0.01)}
    assert bill["campaign of similar"] == pytest.approx(144), "a transaction a second, all month"
    assert bill["ingestion"] == pytest.approx(30 * 0.01 * 0.05)
    assert bill["for-you"] is None
    assert 1 < (bill["the chain itself"] or 0) < 10
    assert "?" in text(bill_table(a_month(0.01)))


def text(*shown: object) -> str:
    console = Console(width=120, file=io.StringIO())
    with console.capture() as captured:
        console.print(*shown)
    return captured.get()


def test_a_changed_list_shows_what_moved() -> None:
    before, after = moved(ITEMS[:3], [ITEMS[3], ITEMS[2], ITEMS[0]])
    lines = text(after).splitlines()
    assert [mark in line for mark, line in zip(("new", "▲1", "▼2"), lines[1:4], strict=True)] == [True] * 3
    assert "Title 1" in text(before)
    assert "Title 1" not in text(after)


def test_metrics_are_shown_beside_the_baseline_and_drawn(tmp_path: Path) -> None:
    metrics = {"for-you": {"precision_at_10": 0.08, "coverage": 0.9}, "similar": {"precision_at_10": 0.04}}
    baseline = {"precision_at_10": 0.02, "coverage": 0.1}
    assert "0.0800 (4.0 times)" in text(metrics_table(metrics, baseline))
    draw_metrics(metrics, baseline, tmp_path / "metrics.png")
    assert (tmp_path / "metrics.png").read_bytes().startswith(b"\x89PNG")


def test_the_display_times_phases_and_prints_news_once(capsys: pytest.CaptureFixture[str]) -> None:
    run = parse(record())
    with Display(["first", "second", "third"], Console(width=100, highlight=False)) as display:
        with display.phase("first"):
            display.detail(run_table(run), run_line(run))
            display.detail(run_table(run), run_line(run))
        with pytest.raises(ValueError, match="broken"), display.phase("second"):
            raise ValueError("broken")
    printed = capsys.readouterr().out
    assert printed.count("run r1 schedule SUCCEEDED") == 1
    assert [line[0] for line in printed.splitlines()[-3:]] == ["✓", "✗", "·"]
    assert set(display.seconds) == {"first", "second"}
