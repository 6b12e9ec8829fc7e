"""The step that brings a version to its campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.engine import after_refusal, carry_out
from functions.errors import AlreadyExists, InUse, InvalidInput, NotFound
from functions.model import Campaign, Message, Wait
from functions.outcomes import Await, Done, Fail, Outcome, Pause, Skip
from functions.records import Memory
from functions.steps.deploy import STEP
from functions.times import written
from functions.timing import estimate
from tests.support.build import (
    CAMPAIGN,
    CHOSEN,
    FLOOR,
    NOW,
    OLD_VERSION,
    UNSERVED,
    VERSION,
    arn,
    ledger_with,
    message,
    pipeline,
    plan,
    ports,
)
from tests.support.memory import MemoryLedger
from tests.support.scripted import Scripted

CONFIG: dict[str, Any] = {
    "itemExplorationConfig": {"explorationWeight": "0.3"},
    "enableMetadataWithRecommendations": True,
}
CONFIGURED = replace(CAMPAIGN, min_provisioned_tps=5, config=CONFIG)
NOT_THERE = NotFound("ResourceNotFoundException", "no such campaign", "DescribeCampaign")
CREATED = {"campaignArn": CAMPAIGN.arn}


def to_deploy(campaign: Any = CAMPAIGN) -> Message:
    carried = plan(solutions={"for-you": replace(CHOSEN, campaign=campaign)})
    return message("deploy", "for-you", plan=carried, phase="deploy", solution_version=VERSION)


def state(
    version: str = VERSION, status: str = "ACTIVE", tps: int = 1, minutes: float = 12, **more: Any
) -> dict[str, Any]:
    created = NOW - timedelta(days=1)
    return {
        "solutionVersionArn": version,
        "status": status,
        "minProvisionedTPS": tps,
        "creationDateTime": created,
        "lastUpdatedDateTime": created + timedelta(minutes=minutes),
        **more,
    }


def campaign(*, update: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Describe a campaign: created with a version, and perhaps updated since."""
    latest = {"latestCampaignUpdate": update} if update else {}
    return {"campaign": {"name": CAMPAIGN.name, "campaignArn": CAMPAIGN.arn, **state(**changes), **latest}}


BEFORE = written(NOW - timedelta(days=1))
"""When what is found was begun."""


def waiting(expected: float | None = None, instead_of: str | None = None) -> Await:
    known = estimate([expected] if expected else [])
    instead_of = instead_of or (BEFORE if expected else None)  # what has come to its end is another one
    spread = known.spread if known else None
    return Await((Wait("campaign", CAMPAIGN.arn, expected, VERSION, spread=spread, instead_of=instead_of),))


def test_the_first_time_it_is_created_with_exactly_these_parameters() -> None:
    personalize = Scripted(DescribeCampaign=NOT_THERE, CreateCampaign=CREATED)
    assert carry_out(STEP, to_deploy(CONFIGURED), ports(personalize)) == waiting()
    assert personalize.calls == [
        ("DescribeCampaign", {"campaignArn": CAMPAIGN.arn}),
        (
            "CreateCampaign",
            {
                "name": "acme-shop-for-you",
                "solutionVersionArn": VERSION,
                "minProvisionedTPS": 5,
                "campaignConfig": CONFIG,
                "tags": [{"tagKey": "team", "tagValue": "search"}],
            },
        ),
    ]


def test_later_it_is_updated_with_exactly_these_parameters() -> None:
    personalize = Scripted(DescribeCampaign=campaign(version=OLD_VERSION), UpdateCampaign=CREATED)
    assert carry_out(STEP, to_deploy(CONFIGURED), ports(personalize)) == waiting(720)
    assert personalize.params("UpdateCampaign") == {
        "campaignArn": CAMPAIGN.arn,
        "solutionVersionArn": VERSION,
        "minProvisionedTPS": 5,
        "campaignConfig": CONFIG,
    }


def test_how_long_earlier_runs_took_tells_how_long_it_may_take() -> None:
    """Personalize itself tells of the latest time, the ledger of those before: by Personalize's clock, not by looks."""
    ledger = ledger_with(
        memories={"shop": Memory(moves={CAMPAIGN.arn: (5940, 864, 600), f"{CAMPAIGN.arn}-2": (3600,)})}
    )
    personalize = Scripted(DescribeCampaign=campaign(version=OLD_VERSION), UpdateCampaign=CREATED)
    outcome = carry_out(STEP, to_deploy(), ports(personalize, ledger))
    known = estimate([720, 864, 600])
    assert known
    wait = Wait("campaign", CAMPAIGN.arn, known.typical, VERSION, spread=known.spread, instead_of=BEFORE)
    assert outcome == Await((wait,))


def test_without_configuration_none_is_sent() -> None:
    personalize = Scripted(DescribeCampaign=campaign(version=OLD_VERSION), UpdateCampaign=CREATED)
    carry_out(STEP, to_deploy(), ports(personalize))
    assert "campaignConfig" not in personalize.params("UpdateCampaign")


UPDATE, NOTHING = ["DescribeCampaign", "UpdateCampaign"], ["DescribeCampaign"]


@pytest.mark.parametrize(
    ("found", "calls", "outcome"),
    [
        pytest.param(campaign(), NOTHING, Done(), id="created with it"),
        pytest.param(campaign(status="CREATE IN_PROGRESS"), NOTHING, waiting(), id="being created with it"),
        pytest.param(campaign(status="CREATE FAILED"), UPDATE, waiting(instead_of=BEFORE), id="its creation failed"),
        pytest.param(campaign(version=OLD_VERSION), UPDATE, waiting(720), id="created with another"),
        pytest.param(
            campaign(version=OLD_VERSION, status="CREATE FAILED"),
            UPDATE,
            waiting(instead_of=BEFORE),
            id="another's failed",
        ),
        pytest.param(
            campaign(version=OLD_VERSION, status="CREATE IN_PROGRESS"),
            NOTHING,
            Pause(after_refusal(to_deploy(), NOW, FLOOR), "campaign acme-shop-for-you is being changed"),
            id="being created with another",
        ),
        pytest.param(campaign(version=OLD_VERSION, update=state()), NOTHING, Done(), id="updated to it"),
        pytest.param(
            campaign(version=OLD_VERSION, update=state(status="CREATE IN_PROGRESS")),
            NOTHING,
            waiting(),
            id="being updated to it",
        ),
        pytest.param(
            campaign(version=OLD_VERSION, update=state(status="CREATE FAILED")),
            UPDATE,
            waiting(instead_of=BEFORE),
            id="the update to it failed",
        ),
        pytest.param(
            campaign(version=VERSION, update=state(OLD_VERSION, minutes=20)),
            UPDATE,
            waiting(1200),
            id="updated to another; the last update tells how long",
        ),
        pytest.param(
            campaign(version=VERSION, update=state(OLD_VERSION, "CREATE PENDING")),
            NOTHING,
            Pause(after_refusal(to_deploy(), NOW, FLOOR), "campaign acme-shop-for-you is being changed"),
            id="being changed by others",
        ),
        pytest.param(
            campaign(version=VERSION, update=state(OLD_VERSION, "CREATE FAILED")),
            UPDATE,
            waiting(instead_of=BEFORE),
            id="the change of others failed",
        ),
        pytest.param(campaign(tps=2), UPDATE, waiting(720), id="with another capacity"),
    ],
)
def test_what_is_found_decides(found: dict[str, Any], calls: list[str], outcome: Outcome) -> None:
    personalize = Scripted(DescribeCampaign=found, UpdateCampaign=CREATED)
    assert carry_out(STEP, to_deploy(), ports(personalize)) == outcome
    assert personalize.operations == calls


@pytest.mark.parametrize(
    ("config", "served"),
    [
        ({}, False),
        (CONFIG, True),
        ({**CONFIG, "syncWithLatestSolutionVersion": False}, True),
        ({**CONFIG, "itemExplorationConfig": {"explorationWeight": "0.9"}}, False),
        # Personalize adds what was left out.
        ({**CONFIG, "itemExplorationConfig": {"explorationWeight": "0.3", "explorationItemAgeCutOff": "30"}}, True),
        ({"itemExplorationConfig": {"explorationWeight": "0.3"}}, False),
    ],
)
def test_the_declared_configuration_counts(config: dict[str, Any], served: bool) -> None:
    personalize = Scripted(DescribeCampaign=campaign(tps=5, campaignConfig=config), UpdateCampaign=CREATED)
    outcome = carry_out(STEP, to_deploy(CONFIGURED), ports(personalize))
    assert isinstance(outcome, Done if served else Await)


@pytest.mark.parametrize(
    ("declared", "found", "asked"),
    [
        pytest.param(
            {},
            {"enableMetadataWithRecommendations": True},
            {"enableMetadataWithRecommendations": False},
            id="metadata, which cost",
        ),
        pytest.param(
            {"enableMetadataWithRecommendations": True},
            {"enableMetadataWithRecommendations": True, "itemExplorationConfig": {"explorationWeight": "0.9"}},
            {"enableMetadataWithRecommendations": True, "itemExplorationConfig": {"explorationWeight": "0.3"}},
            id="exploration",
        ),
        pytest.param(
            {"itemExplorationConfig": {"explorationWeight": "0.5"}},
            {"itemExplorationConfig": {"explorationWeight": "0.5", "explorationItemAgeCutOff": "7"}},
            {"itemExplorationConfig": {"explorationWeight": "0.5", "explorationItemAgeCutOff": "30"}},
            id="a part of it",
        ),
        pytest.param(
            {}, {"rankingInfluence": {"POPULARITY": 0.4}}, {"rankingInfluence": {"POPULARITY": 0.0}}, id="influence"
        ),
        pytest.param(
            {}, {"syncWithLatestSolutionVersion": True}, {"syncWithLatestSolutionVersion": False}, id="it moved itself"
        ),
    ],
)
def test_what_is_taken_out_of_the_configuration_is_set_back(
    declared: dict[str, Any], found: dict[str, Any], asked: dict[str, Any]
) -> None:
    personalize = Scripted(DescribeCampaign=campaign(campaignConfig=found), UpdateCampaign=CREATED)
    asking = to_deploy(replace(CAMPAIGN, config=declared))
    explores = {"for-you": replace(asking.solution, updates=True)}
    carry_out(STEP, replace(asking, plan=replace(asking.plan, solutions=explores)), ports(personalize))
    assert personalize.params("UpdateCampaign")["campaignConfig"] == asked


EXPLORED = {"itemExplorationConfig": {"explorationWeight": "0.5", "explorationItemAgeCutOff": "30"}}


@pytest.mark.parametrize(
    "found", [EXPLORED, {"rankingInfluence": {"POPULARITY": 0.4}}], ids=["exploration", "influence"]
)
def test_what_the_former_solution_had_is_replaced_and_not_set_back(found: dict[str, Any]) -> None:
    """The recipe of the one that comes may not take it: it would be refused when its training is paid for."""
    former = f"{arn('solution', 'acme-shop-for-you-99999999')}/v7"
    personalize = Scripted(DescribeCampaign=campaign(version=former, campaignConfig=found), UpdateCampaign=CREATED)
    carry_out(STEP, to_deploy(), ports(personalize))
    assert personalize.params("UpdateCampaign")["campaignConfig"] == {}


def test_what_the_former_solution_had_is_replaced_when_the_first_try_failed() -> None:
    """The update that failed tells what was asked for: the campaign has what it had."""
    former = f"{arn('solution', 'acme-shop-for-you-99999999')}/v7"
    tried = state(status="CREATE FAILED", campaignConfig={})
    found = campaign(version=former, campaignConfig=EXPLORED, update=tried)
    personalize = Scripted(DescribeCampaign=found, UpdateCampaign=CREATED)
    carry_out(STEP, to_deploy(), ports(personalize))
    assert personalize.params("UpdateCampaign")["campaignConfig"] == {}


def test_what_personalize_kept_from_the_former_solution_is_left_alone() -> None:
    personalize = Scripted(DescribeCampaign=campaign(campaignConfig=EXPLORED))
    assert carry_out(STEP, to_deploy(), ports(personalize)) == Done()


def test_numbers_may_be_spelled_otherwise() -> None:
    declared = replace(CAMPAIGN, config={"itemExplorationConfig": {"explorationWeight": "0.50"}})
    found = {"itemExplorationConfig": {"explorationWeight": "0.5", "explorationItemAgeCutOff": "30.0"}}
    personalize = Scripted(DescribeCampaign=campaign(campaignConfig=found))
    assert carry_out(STEP, to_deploy(declared), ports(personalize)) == Done()


@pytest.mark.parametrize("version", [VERSION, OLD_VERSION])
@pytest.mark.parametrize("absent", ["the update's", "the campaign's"])
def test_a_status_that_is_absent_is_the_others(absent: str, version: str) -> None:
    found = campaign(version=version, update=state(version))
    del (found["campaign"]["latestCampaignUpdate"] if absent == "the update's" else found["campaign"])["status"]
    personalize = Scripted(DescribeCampaign=found, UpdateCampaign={"campaignArn": CAMPAIGN.arn})
    outcome = carry_out(STEP, to_deploy(), ports(personalize))
    assert outcome == (Done() if version == VERSION else waiting(12 * 60))


def test_a_campaign_that_exists_and_was_not_seen_is_looked_at_again() -> None:
    """Another delivery may be creating it; or it has been there for long, and serves another version."""
    there = AlreadyExists("ResourceAlreadyExistsException", "there", "CreateCampaign")
    personalize = Scripted(DescribeCampaign=NOT_THERE, CreateCampaign=there)
    assert isinstance(carry_out(STEP, to_deploy(), ports(personalize)), Pause)


def test_a_campaign_that_others_begin_to_change_meanwhile_is_left_for_later() -> None:
    busy = InUse("ResourceInUseException", "is being updated", "UpdateCampaign")
    personalize = Scripted(DescribeCampaign=campaign(version=OLD_VERSION), UpdateCampaign=busy)
    assert carry_out(STEP, to_deploy(), ports(personalize)) == Pause(after_refusal(to_deploy(), NOW, FLOOR), str(busy))


def test_what_personalize_rejects_ends_the_branch_in_its_words() -> None:
    error = InvalidInput("InvalidInputException", "The recipe has no campaigns", "CreateCampaign")
    personalize = Scripted(DescribeCampaign=NOT_THERE, CreateCampaign=error)
    assert carry_out(STEP, to_deploy(), ports(personalize)) == Fail(str(error))


# ------------------------------------------------------------------ whose it is, and whether it is wanted

OTHERS = arn("solution", "other-shop-for-you-0a1b2c3d/v1")
PREDECESSOR = arn("solution", "acme-shop-for-you-99999999/v1")


def test_somebody_elses_campaign_is_not_moved() -> None:
    personalize = Scripted(DescribeCampaign=campaign(version=OTHERS))
    outcome = carry_out(STEP, to_deploy(), ports(personalize))
    assert outcome == Fail(
        f"campaign acme-shop-for-you serves {OTHERS.removesuffix('/v1')}, which is none of acme's solutions: choose "
        "another campaign.name, or set campaign.adopt = true to have it moved"
    )
    assert personalize.operations == NOTHING


@pytest.mark.parametrize(
    ("declared", "version"),
    [
        pytest.param(replace(CAMPAIGN, adopt=True), OTHERS, id="adopted"),
        pytest.param(CAMPAIGN, PREDECESSOR, id="on a solution that went before"),
    ],
)
def test_a_campaign_to_adopt_or_on_a_predecessor_is_moved(declared: Campaign, version: str) -> None:
    personalize = Scripted(DescribeCampaign=campaign(version=version), UpdateCampaign=CREATED)
    assert carry_out(STEP, to_deploy(declared), ports(personalize)) == waiting(720)


@pytest.mark.parametrize(
    "declared",
    [
        pytest.param({}, id="its pipeline is gone"),
        pytest.param({"shop": pipeline(solutions={})}, id="its solution is gone"),
        pytest.param({"shop": pipeline(solutions={"for-you": UNSERVED})}, id="it is gone"),
        pytest.param(
            {"shop": pipeline(solutions={"for-you": replace(CHOSEN, campaign=replace(CAMPAIGN, arn="arn:other"))})},
            id="another has taken its place",
        ),
    ],
)
def test_a_campaign_that_is_not_declared_any_more_is_not_even_looked_at(declared: dict[str, Any]) -> None:
    personalize = Scripted()
    outcome = carry_out(STEP, to_deploy(), ports(personalize, MemoryLedger(declared)))
    assert outcome == Skip("campaign acme-shop-for-you is not declared any more")
    assert personalize.calls == []


def test_a_solution_that_has_been_replaced_meanwhile_is_still_deployed() -> None:
    solution = replace(CHOSEN, arn=arn("solution", "acme-shop-for-you-88888888"))
    declared = {"shop": pipeline(solutions={"for-you": solution})}
    personalize = Scripted(DescribeCampaign=campaign(version=OLD_VERSION), UpdateCampaign=CREATED)
    assert carry_out(STEP, to_deploy(), ports(personalize, MemoryLedger(declared))) == waiting(720)


def test_a_solution_without_a_campaign_does_not_come_here() -> None:
    with pytest.raises(ValueError, match="for-you has no campaign"):
        carry_out(STEP, to_deploy(None), ports())
