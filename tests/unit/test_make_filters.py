"""The step that makes filters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.engine import carry_out
from functions.errors import AlreadyExists, InUse, InvalidInput, NotFound
from functions.model import FILTERS, Filter, Message, Wait
from functions.outcomes import Await, Done, Fail, Outcome, Pause, Skip
from functions.planning import lacking_filters
from functions.steps.make_filters import STEP
from tests.support.build import GROUP, IN_STOCK, NOW, arn, message, pipeline, plan, ports
from tests.support.memory import MemoryLedger
from tests.support.scripted import Scripted

NEW = Filter("acme-shop-new-99999999", arn("filter", "acme-shop-new-99999999"), "INCLUDE ItemID WHERE Items.NEW = 1")
NOT_THERE = NotFound("ResourceNotFoundException", "no such filter", "DescribeFilter")
TWO = {"in-stock": IN_STOCK, "new": NEW}


def to_make(**filters: Filter) -> Message:
    carried = plan(filters=filters or {"in-stock": IN_STOCK}, dataset_group_arn=GROUP)
    return message("filter", FILTERS, plan=carried, phase="filter")


def found(status: str) -> dict[str, Any]:
    return {"filter": {"filterArn": IN_STOCK.arn, "status": status, "creationDateTime": NOW}}


def play(personalize: Scripted, told: Message | None = None, declared: dict[str, Filter] | None = None) -> Outcome:
    known = TWO if declared is None else declared
    ledger = MemoryLedger({"shop": pipeline(filters=known)})
    return carry_out(STEP, told or to_make(), ports(personalize, ledger))


def test_a_filter_is_made_with_exactly_these_parameters() -> None:
    personalize = Scripted(DescribeFilter=NOT_THERE, CreateFilter={"filterArn": IN_STOCK.arn})
    assert play(personalize) == Await((Wait("filter", IN_STOCK.arn),))
    assert personalize.params("CreateFilter") == {
        "name": IN_STOCK.name,
        "datasetGroupArn": GROUP,
        "filterExpression": IN_STOCK.expression,
        "tags": [{"tagKey": "team", "tagValue": "search"}],
    }


@pytest.mark.parametrize(
    ("status", "calls", "outcome"),
    [
        ("ACTIVE", [], Done),
        ("CREATE PENDING", [], Await),
        ("CREATE_IN_PROGRESS", [], Await),
        ("CREATE FAILED", ["DeleteFilter"], Pause),
        ("DELETE PENDING", [], Pause),
        ("DELETE_IN_PROGRESS", [], Pause),
    ],
)
def test_what_is_found_decides(status: str, calls: list[str], outcome: type[Outcome]) -> None:
    personalize = Scripted(DescribeFilter=found(status), DeleteFilter={})
    assert isinstance(play(personalize), outcome)
    assert personalize.operations == ["DescribeFilter", *calls]


def test_one_that_is_refused_holds_up_no_other_and_its_reason_is_told() -> None:
    def create(params: dict[str, Any]) -> Any:
        refused = InvalidInput("InvalidInputException", "Items has no data", "CreateFilter")
        return refused if params["name"] == IN_STOCK.name else {"filterArn": NEW.arn}

    personalize = Scripted(DescribeFilter=NOT_THERE, CreateFilter=create)
    outcome = play(personalize, to_make(**TWO))
    assert outcome == Fail(f"filter {IN_STOCK.name}: CreateFilter: InvalidInputException: Items has no data")
    assert personalize.operations.count("CreateFilter") == 2


@pytest.mark.parametrize(
    "answers",
    [
        {"CreateFilter": AlreadyExists("ResourceAlreadyExistsException", "there", "CreateFilter")},
        {
            "DescribeFilter": found("CREATE FAILED"),
            "DeleteFilter": InUse("ResourceInUseException", "busy", "DeleteFilter"),
        },
    ],
    ids=["not seen yet", "being deleted by others"],
)
def test_what_is_in_between_is_looked_at_again(answers: dict[str, Any]) -> None:
    assert isinstance(play(Scripted(**{"DescribeFilter": NOT_THERE, **answers})), Pause)


def test_a_filter_that_is_not_declared_any_more_does_not_come_back() -> None:
    personalize = Scripted(DescribeFilter=NOT_THERE, CreateFilter={"filterArn": NEW.arn})
    assert play(personalize, to_make(**TWO), {"new": NEW}) == Await((Wait("filter", NEW.arn),))
    assert [params["name"] for name, params in personalize.calls if name == "CreateFilter"] == [NEW.name]
    none_left = Scripted(DescribeFilter=NOT_THERE)
    assert play(none_left, declared={}) == Skip("its filters are not declared any more")
    assert carry_out(STEP, to_make(), ports(none_left, MemoryLedger())) == Skip("its filters are not declared any more")


def test_the_declaration_is_read_last() -> None:
    """Whoever reads it has a minute to make what is declared: Terraform may take it out the moment after."""
    order: list[str] = []

    class Watching(MemoryLedger):
        def pipeline(self, name: str) -> Any:
            order.append("declaration")
            return super().pipeline(name)

    def describe(params: dict[str, Any]) -> Any:
        order.append("look")
        return NOT_THERE

    personalize = Scripted(DescribeFilter=describe, CreateFilter={"filterArn": IN_STOCK.arn})
    carry_out(STEP, to_make(**TWO), ports(personalize, Watching({"shop": pipeline(filters=TWO)})))
    assert order == ["look", "look", "declaration"]


@pytest.mark.parametrize(
    ("status", "lacks"),
    [("ACTIVE", False), ("CREATE PENDING", False), ("CREATE FAILED", True), ("DELETE_PENDING", True)],
)
def test_a_run_makes_what_is_not_there(status: str, lacks: bool) -> None:
    listed = {"Filters": [{"name": IN_STOCK.name, "filterArn": IN_STOCK.arn, "status": status}]}
    declared = pipeline(filters=TWO, dataset_group_arn=GROUP)
    assert lacking_filters(declared, Scripted(ListFilters=listed)) == ({**TWO} if lacks else {"new": NEW})


def test_without_filters_nothing_is_listed() -> None:
    assert lacking_filters(replace(pipeline(), filters={}), Scripted()) == {}
