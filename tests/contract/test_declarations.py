"""What is declared in the ledger: DynamoDB and its twin behave the same."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from functions.errors import UnknownPipeline
from functions.records import Lease
from tests.contract.account import Account
from tests.contract.ledgers import Case
from tests.support.build import (
    CAMPAIGN,
    CHOSEN,
    GROUP,
    IN_STOCK,
    UNSERVED,
    dataset,
    holder,
    pipeline,
)


def test_a_pipeline_is_read_as_declared(case: Case) -> None:
    shop = pipeline(filters={"in-stock": IN_STOCK}, dataset_group_arn=GROUP, event_tracker=True)
    case.declare(shop)
    case.declare(pipeline(pipeline="books"))
    assert case.ledger.pipelines() == ["books", "shop"]
    assert case.ledger.pipeline("shop") == shop


def test_a_campaign_is_taken_out_before_the_rest_of_its_pipeline(account: Account) -> None:
    """Terraform deletes the item of a campaign, then the campaign, and only then writes the pipeline again."""
    other = replace(CHOSEN, campaign=replace(CAMPAIGN, name="more"))
    account.declare(pipeline(solutions={"for-you": CHOSEN, "more": other, "similar": UNSERVED}))
    account.declare(pipeline(pipeline="shop-2"))
    account.declarations.withdraw("shop", CAMPAIGN.name)
    left = {"for-you": replace(CHOSEN, campaign=None), "more": other, "similar": UNSERVED}
    assert account.ledger.pipeline("shop").solutions == left
    assert account.ledger.pipeline("shop-2") == pipeline(pipeline="shop-2")


@pytest.mark.parametrize("family", ["acme-shop-in-stock", IN_STOCK.name])
def test_a_filter_is_taken_out_before_the_rest_of_its_pipeline(case: Case, family: str) -> None:
    """One that was made by hand has no digest in its name."""
    kept = replace(IN_STOCK, name=f"{family}-too-1a2b3c4d")
    shop = pipeline(filters={"in-stock": IN_STOCK, "too": kept}, dataset_group_arn=GROUP)
    case.declare(shop)
    case.declare(replace(shop, pipeline="books"))
    case.declarations.withdraw_filter("shop", family)
    case.declarations.withdraw_filter("shop", "acme-shop-other")
    case.declarations.withdraw_filter("toys", family)
    assert case.ledger.pipeline("shop") == replace(shop, filters={"too": kept})
    assert case.ledger.pipeline("books") == replace(shop, pipeline="books")


def test_two_filters_may_be_taken_out_at_the_same_time(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    too = replace(IN_STOCK, name="acme-shop-too-1a2b3c4d")
    account.declare(pipeline(filters={"in-stock": IN_STOCK, "too": too}, dataset_group_arn=GROUP))
    quicker = account.declarations
    redeclare, others = quicker._redeclare, ["acme-shop-too"]

    def second(*spec: str) -> None:
        while others:
            account.declarations.withdraw_filter("shop", others.pop())
        redeclare(*spec)

    monkeypatch.setattr(quicker, "_redeclare", second)
    quicker.withdraw_filter("shop", "acme-shop-in-stock")
    assert account.ledger.pipeline("shop").filters == {}


def test_a_campaign_whose_solution_is_not_written_yet_is_nothing_to_a_run(account: Account) -> None:
    account.declare(pipeline(solutions={"for-you": CHOSEN}))
    account.declare(pipeline(solutions={"similar": UNSERVED}))
    assert account.ledger.pipeline("shop").solutions == {"similar": UNSERVED}


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_campaigns_that_change_places_each_stays_somebodys(account: Account, first: int) -> None:
    """The apply may be cut off between the two."""
    both = [("front-page", "for-you"), ("detail-page", "similar")]
    one, two = (replace(CAMPAIGN, name=name) for name, _ in both)
    account.declare(
        pipeline(solutions={"for-you": replace(CHOSEN, campaign=one), "similar": replace(UNSERVED, campaign=two)})
    )
    moved = (one, "similar") if first == 0 else (two, "for-you")
    account.declarations.declare("shop", moved[1], asdict(moved[0]))
    served = {
        key: each.campaign and each.campaign.name for key, each in account.ledger.pipeline("shop").solutions.items()
    }
    assert served == {"for-you": "front-page", "similar": "detail-page"}


def test_a_campaign_is_the_former_solutions_until_the_pipeline_tells_of_the_new_one(account: Account) -> None:
    """Glue declares it for the solution's new name first, and the apply may end there for today."""
    account.declare(pipeline(solutions={"for-you": CHOSEN, "similar": UNSERVED}))
    for name in ("for-me", "for-us", "for-me"):
        account.declarations.declare("shop", name, asdict(CAMPAIGN))
        assert account.declarations.campaigns("shop") == {CAMPAIGN.name: name}
        assert account.ledger.pipeline("shop").solutions == {"for-you": CHOSEN, "similar": UNSERVED}
    renamed = {"for-me": replace(CHOSEN, campaign=None), "similar": UNSERVED}
    account.declare(pipeline(solutions=renamed))
    assert account.ledger.pipeline("shop").solutions == {"for-me": CHOSEN, "similar": UNSERVED}


def test_a_pipeline_is_declared_until_terraform_takes_that_back(case: Case) -> None:
    assert not case.declarations.is_declared("shop")
    case.declare(pipeline())
    assert case.declarations.is_declared("shop")
    assert not case.declarations.is_declared("toys")


def test_whether_a_run_is_under_way_is_the_leases_to_tell(account: Account) -> None:
    assert not account.declarations.running("shop")
    account.ledger.save_lease("shop", Lease(active=holder()))
    assert account.declarations.running("shop")
    account.ledger.save_lease("shop", Lease(version=1))
    assert not account.declarations.running("shop")
    account.rewrite("lease", "shop", "lease", lambda text: "[]")
    assert account.declarations.running("shop"), "what can't be read may be one"


def test_an_unknown_pipeline_is_told_with_those_there_are(case: Case) -> None:
    case.declare(pipeline())
    case.declare(pipeline(pipeline="books"))
    with pytest.raises(UnknownPipeline, match=r"There is no pipeline 'shoop'\. Declared pipelines: books, shop\."):
        case.ledger.pipeline("shoop")


def test_none_is_declared(case: Case) -> None:
    assert case.ledger.pipelines() == []
    assert case.ledger.folders() == {}
    with pytest.raises(UnknownPipeline, match="none"):
        case.ledger.pipeline("shop")


def test_a_folder_tells_its_pipeline_and_dataset(case: Case) -> None:
    case.declare(pipeline())
    case.declare(pipeline(pipeline="books", datasets={"items": replace(dataset("items"), location="s3://data/b/")}))
    assert case.ledger.folders() == {
        "s3://data/b/": "books/items",
        "s3://data/shop/interactions/": "shop/interactions",
        "s3://data/shop/items/": "shop/items",
    }
