"""The benches: their arithmetic, against cases that can be worked out by hand, and a small run of each."""

from __future__ import annotations

import io
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from scripts.bench import looks, overhead, prices, report, waiting
from scripts.bench.policies import Durations, GaveUp, every, peer, peer_gap, polls
from scripts.bench.world import HANDOVER, World

MINUTE = 60.0
ONE = Durations(imports=(100.0,), trainings=(100.0,), campaigns=(50.0,))


# ------------------------------------------------------------------ the other policies


def test_the_critical_path_is_the_slowest_import_and_the_longest_way_through_a_solution() -> None:
    both = Durations(imports=(10, 30, 20), trainings=(100, 60), campaigns=(10, 55))
    assert both.critical_path == 30 + 60 + 55
    assert both.times(2).critical_path == 2 * both.critical_path


def test_polls_see_the_end_at_the_first_look_after_it() -> None:
    found = polls(121, lambda before: 60)
    assert found.count == 3
    assert found.until == pytest.approx(180 + 3 * HANDOVER)
    assert polls(60, lambda before: 60).count == 1


def test_the_peers_gaps_grow_through_the_whole_branch() -> None:
    # 60 and 61.2 s until the import is seen, then 62.4 and 63.7 s, then 64.9 s.
    gaps = [60 * 1.02**tries for tries in range(5)]
    found = peer(ONE)
    assert found.makespan == pytest.approx(sum(gaps) + 5 * HANDOVER)
    assert found.units["personalize"] == 3 + 2 * 2 + 2 * 3 + 1 * 2
    assert found.units["lambda"] == found.units["state transitions"] == 3 + 5


def test_the_peer_gives_up_after_a_hundred_tries() -> None:
    assert peer_gap(99) == pytest.approx(60 * 1.02**99)
    with pytest.raises(GaveUp):
        peer(Durations(imports=(20_000,), trainings=(1,), campaigns=(1,)))


def test_looking_at_a_fixed_interval_costs_a_message_and_a_call_for_each_that_is_not_ready() -> None:
    found = every(60, Durations(imports=(50, 100), trainings=(100,), campaigns=(50,)))
    # import: twice, and once for the quicker one; training: twice; campaign: once
    assert found.units["lambda"] == 2 + 2 + 1 + 2 + 3
    assert found.units["personalize"] == 3 + 2 + 1 + 2 * 2 + 4
    assert found.makespan == pytest.approx(5 * MINUTE + 10 * HANDOVER)


def test_prices() -> None:
    assert prices.dollars({"sqs": 1_000_000, "events": 1_000_000}) == pytest.approx(1.40)
    assert prices.dollars({"lambda": 1_000_000}) == pytest.approx(0.20 + 100_000 * 0.0000166667)
    with pytest.raises(KeyError):
        prices.dollars({"magic": 1})


# ------------------------------------------------------------------ the bound


def evenly(seconds: float) -> looks.Distribution:
    times = np.linspace(0, seconds, 1001)
    return looks.Distribution(times, times / seconds)


def test_what_is_certain_needs_one_look_and_loses_nothing() -> None:
    times = np.linspace(0, 100, 101)
    found = looks.best(looks.Distribution(times, np.where(times >= 60, 1.0, 0.0)), price=5)
    assert found.at[0] == 60
    assert found.looks == 1
    assert found.lateness == pytest.approx(0.5)  # ends lie in the middle of a step


def test_where_a_look_is_dear_one_at_the_end_is_best() -> None:
    found = looks.best(evenly(100), price=1000)
    assert found.looks == 1
    assert found.lateness == pytest.approx(50)


def test_gaps_of_what_ends_evenly_shrink_by_the_price_from_look_to_look() -> None:
    """Barlow and Proschan: a gap is the chance of the last one over the density at its end, less the price."""
    found = looks.best(evenly(100), price=5)
    gaps = np.diff(np.concatenate([[0], found.at]))
    assert np.diff(gaps) == pytest.approx(-5, abs=0.25)


def test_gaps_of_what_has_no_memory_are_all_the_same() -> None:
    times = np.linspace(0, 2000, 4001)
    found = looks.best(looks.Distribution(times, 1 - np.exp(-times / 100)), price=10)
    gap = float(np.median(np.diff(found.at[:10])))
    # e^(gap/100) - gap/100 = 1 + price/100
    assert math.exp(gap / 100) - gap / 100 == pytest.approx(1.1, abs=0.01)


def test_looks_are_no_closer_than_the_floor() -> None:
    free, bound = (looks.best(looks.log_normal(600, 0.02), 0.01, floor) for floor in (0, 5))
    assert np.diff(free.at).min() < 4
    assert np.diff(bound.at[:-1]).min() >= 5
    assert bound.lateness > free.lateness


def test_until_the_slowest_of_several_is_over() -> None:
    alike, apart = (looks.slowest(typical, 0.05) for typical in ([600, 600], [300, 600]))
    assert np.interp(600, alike.times, alike.over) == pytest.approx(1 / 4, abs=0.01)
    assert np.interp(600, apart.times, apart.over) == pytest.approx(1 / 2, abs=0.01)


def test_the_last_of_several_takes_longer() -> None:
    one = evenly(100)
    assert np.interp(50, one.times, looks.last_of(3, one).over) == pytest.approx(1 / 8)


def test_distributions() -> None:
    usual = looks.log_normal(600, 0.05)
    assert np.interp(600, usual.times, usual.over) == pytest.approx(0.5, abs=0.01)
    assert np.interp(600 * math.exp(0.05), usual.times, usual.over) == pytest.approx(0.841, abs=0.02)
    anywhere = looks.spread_over(600, 2400, 0.02)
    assert np.interp(1200, anywhere.times, anywhere.over) == pytest.approx(0.5, abs=0.02)


def test_more_calls_and_less_noise_lose_less() -> None:
    few, many, noisy = (
        waiting.bounds({waiting.FIRST: calls, waiting.KNOWN: calls}, noise, seeds=4)
        for calls, noise in ((45, 0.05), (60, 0.05), (45, 0.2))
    )
    assert all(many[name] < few[name] < noisy[name] for name in few)
    assert few[waiting.KNOWN] < few[waiting.FIRST]


# ------------------------------------------------------------------ the world


def test_a_run_takes_what_it_is_given_and_every_call_is_counted() -> None:
    runs = waiting.drawn(0, 0.05)[:2]
    first, second = waiting.ours(runs)
    for outcome, durations in ((first, runs[0]), (second, runs[1])):
        assert 0 < outcome.makespan / durations.critical_path - 1 < 0.25
        assert outcome.units["sqs"] == 3 * outcome.units["lambda"] - 2  # the trigger is sent by EventBridge, and
        assert outcome.units["events"] == 1  # both trainings begin with one request
        assert outcome.units["personalize"] >= waiting.NEEDED


def test_what_is_billed_comes_from_what_was_counted() -> None:
    counted = Counter({"lambda poll": 2, "lambda start": 1, "sqs send": 3, "personalize ListSolutions": 4})
    counted.update({"dynamodb run": 9, "dynamodb read units": 12, "dynamodb write units": 5, "events put": 1})
    assert waiting.units(counted) == {
        "lambda": 3,
        "sqs": 3,
        "personalize": 4,
        "events": 1,
        "dynamodb read units": 12,
        "dynamodb write units": 5,
    }


def test_a_message_that_fails_is_received_again_and_dies_in_the_end() -> None:
    world = World()
    world.declare("shop")
    world.send("poll", ["no message"])
    world.settle()
    assert world.dead == [("poll", "no message")]
    assert world.counts["lambda poll"] == 5


def test_a_longer_delay_than_sqs_has_is_refused() -> None:
    with pytest.raises(ValueError, match="15 minutes"):
        World().send("poll", ["{}"], 901)


# ------------------------------------------------------------------ small runs


def shown(bench: object, results: dict[str, object]) -> str:
    text = io.StringIO()
    bench.show(Console(file=text, width=200), results)  # type: ignore[attr-defined] # a module of the benches
    return text.getvalue()


@pytest.fixture(scope="module")
def waited() -> dict[str, object]:
    return waiting.run(seeds=4)


def test_waiting(waited: dict[str, object], tmp_path: Path) -> None:
    assert json.loads(report.write("waiting", waited, tmp_path).read_text()) == waited
    assert report.draw_waiting(waited, tmp_path).stat().st_size > 10_000
    told = shown(waiting, waited)
    assert set(waited["bounds"]) == set(waited["noises"]) == {"0.02", "0.05", "0.1", "0.2"}  # type: ignore[call-overload]
    assert all(policy in told for policy in (waiting.FIRST, waiting.KNOWN, waiting.PEER, *waiting.WRONG))
    assert prices.AS_OF in told


def test_waiting_is_far_cheaper_than_the_peers_and_loses_less(waited: dict[str, dict[str, dict[str, float]]]) -> None:
    policies = waited["policies"]
    for name in waiting.GOALS:
        assert policies[name]["lost_median"] < policies[waiting.PEER]["lost_median"]
        assert policies[name]["lost_median"] <= 2 * waiting.GOALS[name]["lost"]
        assert policies[name]["calls_beside_peer"] <= 1.25 * waiting.GOALS[name]["calls_beside_peer"]
        assert policies[name]["dollars"] < policies[waiting.PEER]["dollars"] / 3


@pytest.mark.parametrize("wrong", waiting.WRONG)
def test_a_first_run_loses_little_where_all_takes_another_time_than_told(
    waited: dict[str, dict[str, dict[str, float]]], wrong: str
) -> None:
    """Before looks came early, a quarter was lost at half, and most of the time at a tenth."""
    assert waited["policies"][wrong]["lost_median"] <= waiting.LOST_WRONG


def test_a_first_run_whose_things_take_seconds_is_over_within_a_minute() -> None:
    (outcome,) = waiting.ours([Durations((3, 3, 3), (3, 3), (3, 3))])
    assert outcome.makespan < MINUTE / 2


def test_waiting_is_the_same_for_the_same_seeds() -> None:
    once, again = (waiting.summary(waiting.compared(range(2), waiting.NOISE, waiting.WRONG)) for _ in range(2))
    assert once == again


def test_runs_that_the_peer_gives_up_are_left_out_of_the_ratio() -> None:
    both = [waiting.Figures(0.1, {"personalize": calls, "lambda": 1}, peers) for calls, peers in ((30, 60), (99, None))]
    assert waiting.summary({"ours": both})["ours"]["calls_beside_peer"] == 0.5


def test_overhead(tmp_path: Path) -> None:
    results = overhead.run(runs=2, rounds=0)
    assert set(results["steps"]) == {overhead.EMPTY, "start", "import", "poll", "train", "deploy", "finish"}
    assert results["steps"][overhead.EMPTY]["cpu_beside_empty"] == 1
    assert all(step["cpu_ms"] > 0 and step["peak_kb"] > 0 for step in results["steps"].values())
    assert results["runs_per_second"] > 0
    report.write("overhead", results, tmp_path)
    assert "poll" in shown(overhead, results)
