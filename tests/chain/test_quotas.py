"""Many pipelines at once under small quotas: all come through, in turn, and Personalize is not asked in vain."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from functions.model import Deadlines
from functions.watchdog import WATCH
from local.personalize.durations import Spans
from tests.support.build import ROLE
from tests.support.world import World, arn, interactions, items

NAMES = [f"shop-{number}" for number in range(5)]
AS_ON_AWS: Spans = {
    "*": {"*": 1.0},
    "DatasetImportJob": {"create": (600, 840, 1200)},
    "SolutionVersion": {"create": (1200, 2280, 5400)},
    "Campaign": {"create": (600, 720, 900)},
}
SLOTS = {"import": 3, "train": 2}
QUOTAS = {"pending-import-jobs": 3, "pending-solution-versions": 2, "dataset-groups": 9, "schemas": 99}


def crowded(**options: Any) -> World:
    """Return a world of many pipelines that are all triggered at once, and share a few slots."""
    world = World(**{"durations": AS_ON_AWS, "slots": SLOTS, "quotas": QUOTAS, "typical": {}, **options})
    for name in NAMES:
        world.declare(name, solutions=("similar",))
        world.upload("interactions", interactions(), pipeline=name)
        world.upload("items", items(), pipeline=name)
    return world


def trigger(world: World) -> None:
    for name in NAMES:
        world.trigger(identifier=f"{name}/1", time="2026-01-05T04:00:00Z", pipeline=name)


def statuses(world: World) -> list[str]:
    return [run.status for name in NAMES for run in world.runs(name)]


def refused(world: World) -> int:
    return sum(call.outcome == "LimitExceededException" for call in world.service.world.journal.calls)


def imports(world: World) -> list[tuple[int, float]]:
    """Return of every import job the number of its pipeline and when it began, in seconds."""
    made = [each for each in world.service.world.state.records.values() if each.kind == "DatasetImportJob"]
    return [
        (int(each.attributes["datasetArn"].partition("acme-shop-")[2][0]), each.life.created_at.timestamp())
        for each in made
    ]


def out_of_turn(world: World) -> float:
    """Return the longest that an import has waited after one of a later pipeline began, in seconds."""
    jobs = imports(world)
    return max((at - earlier for n, at in jobs for later, earlier in jobs if later > n), default=0.0)


def nobody_is_left(world: World) -> bool:
    return all(not stile.holders and not stile.waiting for stile in world.ledger.turnstiles.values())


@pytest.mark.parametrize("twice", [False, True])
def test_all_come_through_in_turn_and_personalize_is_never_asked_in_vain(twice: bool) -> None:
    world = crowded(twice=twice)
    trigger(world)
    world.settle(most=20_000)
    assert statuses(world) == ["SUCCEEDED"] * len(NAMES)
    assert world.made() == {"imports": 10, "versions": 5, "updates": 0}
    assert refused(world) == 0
    assert out_of_turn(world) < 5  # the time that a message takes to be worked
    assert not world.dead
    assert nobody_is_left(world)


def test_slots_are_hardly_ever_idle_while_somebody_waits() -> None:
    world = crowded()
    trigger(world)
    world.settle(most=20_000)
    jobs = [each.life for each in world.service.world.state.records.values() if each.kind == "DatasetImportJob"]
    began = [each.created_at.timestamp() for each in jobs]
    used = sum(min(at + each.seconds, max(began)) - at for at, each in zip(began, jobs, strict=True))
    assert used / (SLOTS["import"] * (max(began) - min(began))) > 0.9


def test_waiting_for_the_quota_is_not_held_against_a_run() -> None:
    """A phase has a quarter of an hour here, in which an import is done; the last ones wait for longer."""
    world = crowded(durations={"*": {"*": 1.0}, "DatasetImportJob": {"create": 600.0}}, slots={"import": 2, "train": 2})
    for name, declared in world.ledger.declared.items():
        world.ledger.declared[name] = replace(declared, deadlines=Deadlines(import_hours=0.25))
    trigger(world)
    world.settle(most=20_000)
    assert statuses(world) == ["SUCCEEDED"] * len(NAMES)
    began = [at for _, at in imports(world)]
    assert max(began) - min(began) > 2 * 900


def test_who_uses_the_region_besides_is_waited_for() -> None:
    world = crowded()
    for number in range(2):
        theirs = {"jobName": f"by-hand-{number}", "datasetArn": arn("dataset", f"acme-shop-{number}/ITEMS")}
        source = {"dataSource": {"dataLocation": f"s3://data/shop-{number}/items/"}, "roleArn": ROLE}
        world.service.call("personalize", "CreateDatasetImportJob", {**theirs, **source})
    trigger(world)
    world.settle(most=20_000)
    assert statuses(world) == ["SUCCEEDED"] * len(NAMES)
    assert 0 < refused(world) < 100
    assert nobody_is_left(world)


@pytest.mark.parametrize("lost_after", [20, 60])
def test_a_run_that_is_lost_with_its_slots_does_not_hold_up_the_others(lost_after: int) -> None:
    world = crowded()
    trigger(world)
    for _ in range(lost_after):
        world.step()
    lost = NAMES[0]
    kept = [entry for entry in world._queue if json.loads(entry[3]).get("pipeline") != lost]
    assert len(kept) < len(world._queue)
    world._queue[:] = kept
    del world.ledger.runs[lost, world.runs(lost)[0].run_id]
    for _ in range(20):
        world.send("start", [WATCH], delay=0)
        until = world.now
        while world._queue and (world.now - until).total_seconds() < 1800:
            world.step()
    world.settle(most=20_000)
    assert Counter(statuses(world)) == {"SUCCEEDED": len(NAMES) - 1}
    assert nobody_is_left(world)


def test_wakes_that_are_lost_cost_time_and_nothing_else() -> None:
    """A slot that was given, and its message lost: the run finds it when it looks by itself."""
    world = crowded(slots={"import": 3, "train": 1})
    send, lost = world.send, Counter[str]()

    def losing(step: str, bodies: list[str], delay: float = 0) -> None:
        told = json.loads(bodies[0])
        run = world.ledger.runs.get((told.get("pipeline", ""), told.get("run_id", "")))
        woken = run and step in SLOTS and delay == 0 and run.branches[told["branch"]].hop == told["hop"] > 0
        if woken and lost[step] < 2:
            lost[step] += 1
            return
        send(step, bodies, delay)

    world.send = losing  # type: ignore[method-assign] # some of what is sent is lost here
    trigger(world)
    world.settle(most=20_000)
    assert lost == {"import": 2, "train": 2}
    assert statuses(world) == ["SUCCEEDED"] * len(NAMES)
    assert nobody_is_left(world)


def test_more_slots_are_given_out_as_soon_as_somebody_asks() -> None:
    world = crowded(slots={"import": 1, "train": 20}, quotas={**QUOTAS, "pending-solution-versions": 20})
    trigger(world)
    while len(world.ledger.turnstile("import").waiting) < 9:
        world.step()
    world.slots = {"import": 3, "train": 20}
    world.settle(most=20_000)
    assert statuses(world) == ["SUCCEEDED"] * len(NAMES)
    began = sorted(at for _, at in imports(world))
    assert began[2] - began[1] < 5
