"""The step that brings a version to its campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.engine import carry_out
from functions.errors import AlreadyExists, InUse, InvalidInput, NotFound
from functions.model import Message, Wait
from functions.outcomes import Await, Done, Fail, Outcome, Pause
from functions.steps.deploy import STEP
from tests.support.build import CAMPAIGN, CHOSEN, NOW, OLD_VERSION, VERSION, message, plan, ports
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


def waiting(expected: float | None = None) -> Await:
    return Await((Wait("campaign", CAMPAIGN.arn, expected, VERSION),))


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
        pytest.param(campaign(status="CREATE FAILED"), NOTHING, waiting(), id="its creation failed: poll tells why"),
        pytest.param(campaign(version=OLD_VERSION), UPDATE, waiting(720), id="created with another"),
        pytest.param(campaign(version=OLD_VERSION, status="CREATE FAILED"), UPDATE, waiting(), id="another's failed"),
        pytest.param(
            campaign(version=OLD_VERSION, status="CREATE IN_PROGRESS"),
            NOTHING,
            Pause(60, "campaign acme-shop-for-you is being changed"),
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
            NOTHING,
            waiting(),
            id="the update to it failed: poll tells why",
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
            Pause(60, "campaign acme-shop-for-you is being changed"),
            id="being changed by others",
        ),
        pytest.param(
            campaign(version=VERSION, update=state(OLD_VERSION, "CREATE FAILED")),
            UPDATE,
            waiting(),
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


def test_a_campaign_that_another_delivery_creates_meanwhile_is_waited_for() -> None:
    there = AlreadyExists("ResourceAlreadyExistsException", "there", "CreateCampaign")
    personalize = Scripted(DescribeCampaign=NOT_THERE, CreateCampaign=there)
    assert carry_out(STEP, to_deploy(), ports(personalize)) == waiting()


def test_a_campaign_that_others_begin_to_change_meanwhile_is_left_for_later() -> None:
    busy = InUse("ResourceInUseException", "is being updated", "UpdateCampaign")
    personalize = Scripted(DescribeCampaign=campaign(version=OLD_VERSION), UpdateCampaign=busy)
    assert carry_out(STEP, to_deploy(), ports(personalize)) == Pause(60, str(busy))


def test_what_personalize_rejects_ends_the_branch_in_its_words() -> None:
    error = InvalidInput("InvalidInputException", "The recipe has no campaigns", "CreateCampaign")
    personalize = Scripted(DescribeCampaign=NOT_THERE, CreateCampaign=error)
    assert carry_out(STEP, to_deploy(), ports(personalize)) == Fail(str(error))


def test_a_solution_without_a_campaign_does_not_come_here() -> None:
    with pytest.raises(ValueError, match="for-you has no campaign"):
        carry_out(STEP, to_deploy(None), ports())
