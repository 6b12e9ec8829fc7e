"""Campaigns, as Terraform drives them: whose a name is, and how a campaign ends."""

from __future__ import annotations

from typing import Any

import pytest

from functions.errors import InUse, NotFound
from functions.glue.campaigns import TakenError
from functions.glue.dispatch import apply
from functions.glue.patience import TookTooLongError
from functions.glue.request import ProtectedError
from functions.records import Lease
from tests.support.build import VirtualSleep, arn, holder, outside
from tests.support.memory import MemoryDeclarations, MemoryLedger
from tests.support.scripted import Scripted

SOLUTION = "acme-shop-for-you"
ARN = arn("campaign", "front-page")
SPEC = {"name": "front-page", "arn": ARN}
WANTED: dict[str, Any] = {
    "resource": "campaign",
    "name": "acme",
    "pipeline": "shop",
    "solution": "for-you",
    "request": {"campaignArn": ARN},
    "spec": SPEC,
}
ADOPTED, PROTECTED = {**WANTED, "adopt": True}, {**WANTED, "deletion_protection": True}
OURS = f"{SOLUTION}-0a1b2c3d"
OTHERS_OF_OURS = "acme-books-similar-4e5f6a7b"
STRANGERS = ["elses-0a1b2c3d", f"x{OURS}", "acme"]
GONE = NotFound("ResourceNotFoundException", "gone", "DescribeCampaign")
BUSY = InUse("ResourceInUseException", "is being updated", "DeleteCampaign")


def glue(personalize: Scripted, action: str, wanted: dict[str, Any] = WANTED) -> dict[str, Any]:
    event = {**wanted, "tf": {"action": action, "prev_input": WANTED}}
    return apply(event, personalize, VirtualSleep().patience(), outside())


def serving(solution: str, status: str = "ACTIVE") -> dict[str, Any]:
    return {"campaign": {"solutionVersionArn": f"{arn('solution', solution)}/v1", "status": status}}


@pytest.mark.parametrize("action", ["create", "update"])
@pytest.mark.parametrize(
    "found",
    [
        pytest.param(GONE, id="none: the first run makes it"),
        pytest.param(serving(OURS), id="serves the solution, or one that went before it"),
        pytest.param(serving(OTHERS_OF_OURS), id="served another one of ours until now"),
    ],
)
def test_a_name_that_is_free_or_ours_is_taken_and_nothing_made(action: str, found: Any) -> None:
    personalize = Scripted(DescribeCampaign=found)
    assert glue(personalize, action) == {"arn": ARN}
    assert personalize.calls == [("DescribeCampaign", {"campaignArn": ARN})]


@pytest.mark.parametrize("action", ["create", "update"])
@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_name_that_is_somebody_elses_is_refused_with_what_to_do(action: str, stranger: str) -> None:
    personalize = Scripted(DescribeCampaign=serving(stranger))
    with pytest.raises(TakenError) as told:
        glue(personalize, action)
    assert f"Campaign front-page exists, and serves {arn('solution', stranger)}, which" in str(told.value)
    assert "none of acme's solutions" in str(told.value)
    assert "Choose another campaign.name, or set campaign.adopt = true" in str(told.value)


def test_unless_it_is_to_be_adopted() -> None:
    personalize = Scripted(DescribeCampaign=serving(STRANGERS[0]))
    assert glue(personalize, "create", ADOPTED) == {"arn": ARN}


def test_it_is_deleted_once_it_is_not_being_changed_any_more() -> None:
    personalize = Scripted(
        DescribeCampaign=[serving(OURS), serving(OURS, "DELETE PENDING"), GONE], DeleteCampaign=[BUSY, {}]
    )
    assert glue(personalize, "delete") == {}
    assert personalize.operations == [
        "DescribeCampaign",
        *["DeleteCampaign"] * 2,
        *["DescribeCampaign"] * 2,
    ]


@pytest.mark.parametrize("adopted", [False, True])
def test_one_that_is_gone_or_that_no_run_has_made_needs_no_deletion(adopted: bool) -> None:
    personalize = Scripted(DescribeCampaign=GONE, DeleteCampaign=GONE)
    assert glue(personalize, "delete", ADOPTED if adopted else WANTED) == {}
    assert personalize.calls[-1] == ("DeleteCampaign", {"campaignArn": ARN})


def test_an_adopted_one_is_deleted_like_any_other() -> None:
    personalize = Scripted(DeleteCampaign={}, DescribeCampaign=GONE)
    glue(personalize, "delete", ADOPTED)
    assert personalize.operations == ["DeleteCampaign", "DescribeCampaign"]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_one_that_is_somebody_elses_is_not_ours_to_delete(stranger: str) -> None:
    personalize = Scripted(DescribeCampaign=serving(stranger))
    assert glue(personalize, "delete") == {}
    assert personalize.operations == ["DescribeCampaign"]


@pytest.mark.parametrize("running", [False, True])
def test_what_a_step_makes_that_read_the_declaration_before_does_not_stay(running: bool) -> None:
    """A step lives 90 seconds. Where no run is under way, nobody is waited for."""
    declarations = MemoryDeclarations(ledger=MemoryLedger(leases={"shop": Lease(active=holder() if running else None)}))
    declarations.declare("shop", "for-you", SPEC)
    time, there = VirtualSleep(), [ARN]

    def describe(params: dict[str, Any]) -> Any:
        if time.left <= 900 - 60 and not made:  # the step went on where it stood
            made.append(True)
            there[:] = [ARN]
        return serving(OURS) if there else GONE

    def delete(params: dict[str, Any]) -> Any:
        return {} if describe(params) is not GONE and there.pop() else GONE

    made: list[bool] = []
    personalize = Scripted(DescribeCampaign=describe, DeleteCampaign=delete)
    event = {**WANTED, "tf": {"action": "delete", "prev_input": WANTED}}
    apply(event, personalize, time.patience(), outside(declarations))
    assert declarations.campaigns("shop") == {}
    assert made == [True] * running
    assert there == []
    assert sum(time.slept) == (90 if running else 0)


def test_a_deletion_that_takes_longer_than_a_lambda_goes_on_by_itself() -> None:
    """Recordings show 16 to 18 minutes. One that is not even begun in time is told."""
    time = VirtualSleep()
    event = {**WANTED, "tf": {"action": "delete", "prev_input": WANTED}}
    leaving = Scripted(DescribeCampaign=lambda params: serving(OURS, "DELETE IN_PROGRESS"), DeleteCampaign={})
    assert apply(event, leaving, time.patience(), outside()) == {}
    assert 0 < time.left < 15

    def refuse(params: dict[str, Any]) -> Any:
        return BUSY

    updating = Scripted(DescribeCampaign=lambda params: serving(OURS), DeleteCampaign=refuse)
    with pytest.raises(TookTooLongError, match="campaign front-page is still in use"):
        apply(event, updating, VirtualSleep().patience(), outside())


def test_a_protected_one_stays() -> None:
    personalize = Scripted()
    with pytest.raises(ProtectedError, match="campaign front-page stays"):
        glue(personalize, "delete", PROTECTED)
    assert personalize.calls == []
