"""Filters, as Terraform drives them: on the local Personalize, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from functions.errors import ServiceError
from functions.glue.contents import LISTS, Contents, ForeignError
from functions.glue.patience import BroughtToNothingError, TookTooLongError
from functions.glue.things import Things
from tests.support.build import VirtualSleep, outside
from tests.support.memory import MemoryDeclarations
from tests.support.scripted import Scripted
from tests.support.world import World, arn, interactions, items
from tests.unit.glue_shop import (
    EXPRESSION,
    GROUP,
    NAME,
    OTHER,
    TRACKER,
    by_hand,
    called,
    changed,
    drama,
    filled,
    foreign,
    group,
    names,
)


@pytest.fixture
def world() -> World:
    return World()


def test_a_filter_is_made_where_there_is_data(world: World) -> None:
    filled(world, "items")
    assert world.glue("create", **drama(), tags={"team": "web"}) == {"arn": arn("filter", f"{NAME}-drama-11111111")}
    assert names(world)["Filters"] == [f"{NAME}-drama-11111111"]


def test_without_data_it_is_declared_only(world: World) -> None:
    filled(world)
    assert world.glue("create", **drama()) == {"arn": arn("filter", f"{NAME}-drama-11111111")}
    assert called(world, "CreateFilter") == 0


@pytest.mark.parametrize("kind", ["call", "life"])
def test_one_that_is_refused_while_a_dataset_is_empty_is_left_to_the_run(world: World, kind: str) -> None:
    filled(world, "interactions")
    if kind == "call":
        world.service.control.refuse_next("CreateFilter", "InvalidInputException", "There is no data in Items.")
    else:
        world.service.control.fail_next("Filter", "There is no data in Items.")
    assert world.glue("create", **drama()) == {"arn": arn("filter", f"{NAME}-drama-11111111")}
    assert "Filters" not in names(world)


@pytest.mark.parametrize("kind", ["call", "life"])
def test_one_that_is_refused_though_there_is_data_is_told(world: World, kind: str) -> None:
    filled(world, "interactions", "items")
    if kind == "call":
        world.service.control.refuse_next("CreateFilter", "InvalidInputException", "No such column.")
    else:
        world.service.control.fail_next("Filter", "No such column.")
    with pytest.raises((ServiceError, BroughtToNothingError), match="No such column"):
        world.glue("create", **drama())


def test_a_changed_filter_is_made_beside_the_old_one(world: World) -> None:
    filled(world, "interactions", "items")
    world.glue("create", **drama())
    assert world.glue("update", drama(), **changed())["arn"].endswith("-22222222")
    assert names(world)["Filters"] == [f"{NAME}-drama-11111111", f"{NAME}-drama-22222222"]


def test_the_next_change_takes_the_one_before_away_and_no_other(world: World) -> None:
    filled(world, "interactions", "items")
    world.glue("create", **drama())
    by_hand(world, "CreateFilter", name=f"{NAME}-drama-of-mine", datasetGroupArn=GROUP, filterExpression=EXPRESSION)
    world.glue("update", drama(), **changed())
    world.glue("update", changed(), **changed(), tags={"team": "web"})
    assert f"{NAME}-drama-11111111" in names(world)["Filters"], "a new tag is no change of that kind"
    third = drama(EXPRESSION + ' | EXCLUDE ItemID WHERE Items.GENRES IN ("odd")', "33333333")
    world.glue("update", changed(), **third)
    mine = f"{NAME}-drama-of-mine"
    assert names(world)["Filters"] == [f"{NAME}-drama-22222222", f"{NAME}-drama-33333333", mine]
    world.glue("delete", **third)
    assert names(world)["Filters"] == [mine]


def test_what_serves_stays_though_the_change_before_was_refused(world: World) -> None:
    """The provider keeps the input of an update that failed, so the one before may never have been made."""
    filled(world, "interactions", "items")
    world.glue("create", **drama())
    mistyped = drama('INCLUDE ItemID WHERE Items.GENRE IN ("odd")', "33333333")
    with pytest.raises(ServiceError):
        world.glue("update", drama(), **mistyped)
    world.glue("update", mistyped, **changed())
    assert names(world)["Filters"] == [f"{NAME}-drama-11111111", f"{NAME}-drama-22222222"]


def test_what_serves_stays_while_its_successors_are_left_to_a_run(world: World) -> None:
    filled(world, "interactions")
    world.service.control.decide(filter_on_empty_data="take")
    world.glue("create", **drama())
    world.service.control.decide(filter_on_empty_data="refuse")
    before = drama()
    for after in (changed(), drama(OTHER + ' | EXCLUDE ItemID WHERE Items.GENRES IN ("even")', "33333333")):
        world.glue("update", before, **after)
        before = after
    assert names(world)["Filters"] == [f"{NAME}-drama-11111111"]


def test_with_an_event_tracker_there_may_be_data_though_nothing_was_imported(world: World) -> None:
    filled(world)
    world.glue("create", **TRACKER)
    world.service.control.decide(filter_on_empty_data="take")
    world.glue("create", **drama())
    assert names(world)["Filters"] == [f"{NAME}-drama-11111111"]


@pytest.mark.parametrize("name", [f"{NAME}-drama-11111111", f"{NAME}-drama"])
def test_a_filter_made_by_hand_is_taken_over(world: World, name: str) -> None:
    filled(world, "interactions", "items")
    theirs = by_hand(world, "CreateFilter", name=name, datasetGroupArn=GROUP, filterExpression=EXPRESSION)
    assert world.glue("create", **drama(), tags={"team": "web"}) == {"arn": theirs}
    assert names(world)["Filters"] == [name]
    world.glue("update", drama(), **changed())
    assert names(world)["Filters"] == sorted([name, f"{NAME}-drama-22222222"])
    world.glue("delete", **changed())
    assert "Filters" not in names(world)


def test_one_made_by_hand_with_another_expression_is_left_alone(world: World) -> None:
    filled(world, "interactions", "items")
    by_hand(world, "CreateFilter", name=f"{NAME}-drama", datasetGroupArn=GROUP, filterExpression=OTHER)
    world.glue("create", **drama())
    assert names(world)["Filters"] == [f"{NAME}-drama", f"{NAME}-drama-11111111"]


def test_no_run_that_begins_makes_a_removed_filter_again(world: World) -> None:
    """Terraform destroys it first, and writes what the pipeline declares afterwards."""
    shop = world.declare(filters={"drama": EXPRESSION, "comedy": EXPRESSION})
    declarations = MemoryDeclarations(ledger=world.ledger)
    world.outside = outside(declarations)
    removed = shop.filters["drama"].name
    wanted = {**drama(), "name": removed.rpartition("-")[0], "pipeline": "shop"}
    world.glue("delete", **wanted)
    assert list(world.ledger.pipeline("shop").filters) == ["comedy"]


@pytest.mark.parametrize(
    ("lists", "key"), [("ListRecommenders", "recommender"), ("ListMetricAttributions", "metricAttribution")]
)
def test_recommenders_and_attributions_are_somebody_elses_whatever_their_name(lists: str, key: str) -> None:
    listed: dict[str, Any] = {operation: {members: []} for operation, members, _ in LISTS}
    theirs = {f"{key}Arn": arn("theirs", f"{NAME}-mine"), "name": f"{NAME}-mine", "status": "ACTIVE"}
    listed[lists] = {f"{key}s": [theirs]}
    contents = Contents(Things(Scripted(**listed), VirtualSleep().patience()))
    with pytest.raises(ForeignError, match=f"{NAME}-mine"):
        contents.refuse_foreign(GROUP, frozenset(), ())


def test_of_a_pipeline_that_goes_as_a_whole_the_filters_go_with_the_group() -> None:
    """Their campaign takes longer to go than a Lambda lives, as recorded. Where the pipeline stays, that is told."""
    world = World(durations={"Campaign": {"create": 1, "delete": 1020}, "*": {"*": 1}})
    filled(world, "interactions", "items")
    campaign = foreign(world, "campaign")
    world.glue("create", **drama())
    world.outside = outside(MemoryDeclarations(ledger=world.ledger))
    world.personalize.call("DeleteCampaign", {"campaignArn": campaign})
    assert world.glue("delete", **drama(), pipeline="shop") == {}
    assert names(world)["Filters"] == [f"{NAME}-drama-11111111"]
    world.glue("delete", **group())
    assert names(world) == {}


def test_where_a_pipeline_stays_its_filters_are_not_left() -> None:
    world = World(durations={"Campaign": {"create": 1, "delete": 1020}, "*": {"*": 1}})
    shop = world.declare(filters={"drama": EXPRESSION})
    for kind, rows in (("interactions", interactions()), ("items", items())):
        world.upload(kind, rows)
    world.trigger()
    world.settle()
    world.outside = outside(MemoryDeclarations(ledger=world.ledger))
    world.personalize.call("DeleteCampaign", {"campaignArn": arn("campaign", f"{NAME}-similar")})
    removed = shop.filters["drama"]
    wanted = {**drama(), "name": removed.name.rpartition("-")[0], "pipeline": "shop"}
    with pytest.raises(TookTooLongError, match=r"filter .* is still in use"):
        world.glue("delete", **wanted)


def test_filters_of_a_group_that_is_gone_need_no_deletion(world: World) -> None:
    assert world.glue("delete", **drama()) == {}
