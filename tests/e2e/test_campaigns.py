"""A campaign's life and end, with IAM enforced. Each test goes on from the last."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.terraform import NO_CHANGES, TerraformError
from tests.e2e.deployment import PIPELINE, Deployment, deployed

ONE, OTHER, BY_HAND = "e2e-shop-for-you", "front-page", "by-hand"
NAMED = {"name": OTHER}


@pytest.fixture(scope="module")
def stack() -> Iterator[Deployment]:
    with deployed("campaigns", auth=True, tls=True) as deployment:
        yield deployment


def there(stack: Deployment) -> dict[str, str]:
    """Return the campaigns that there are, with the version that each serves."""
    personalize = stack.client("personalize")
    arns = {each["name"]: each["campaignArn"] for each in personalize.list_campaigns()["campaigns"]}
    described = {name: personalize.describe_campaign(campaignArn=arn)["campaign"] for name, arn in arns.items()}
    return {name: campaign["solutionVersionArn"] for name, campaign in described.items()}


def train(stack: Deployment) -> dict[str, str]:
    """Train both solutions by hand; return how each branch ended."""
    answer, failed = stack.invoke("start", {"pipeline": PIPELINE, "what": "train"})
    assert not failed
    branches = stack.wait_for_run(answer["run_id"])["branches"]
    return {name: branch["status"] for name, branch in branches.items() if name != "*"}


def test_under_another_name_before_the_first_run_it_is_another(stack: Deployment) -> None:
    stack.change(similar=NAMED)
    stack.upload_both()
    stack.wait_for_trips(1)
    assert set(there(stack)) == {ONE, OTHER}


def test_a_protected_one_that_is_taken_out_is_refused_by_every_apply(stack: Deployment) -> None:
    stack.change(deletion_protection=True)
    before = there(stack)
    for _ in range(2):
        with pytest.raises(TerraformError, match=f"Deletion protection is on: campaign {OTHER} stays"):
            stack.change(similar=None)
    assert there(stack) == before


def test_runs_go_on_moving_it_then(stack: Deployment) -> None:
    """What was refused has not been done by half: nobody is left with a campaign that grows old and costs."""
    before = there(stack)
    assert train(stack) == {"for-you": "SUCCEEDED", "similar": "SUCCEEDED"}
    after = there(stack)
    assert {name for name in before if after[name] != before[name]} == {ONE, OTHER}
    assert not stack.dead_letters()


def test_one_that_moves_to_another_solution_is_the_same(stack: Deployment) -> None:
    stack.change(similar={"name": ONE}, for_you=NAMED, deletion_protection=False)
    assert set(there(stack)) == {ONE, OTHER}
    assert stack.terraform.plan()[0] == NO_CHANGES
    assert train(stack) == {"for-you": "SUCCEEDED", "similar": "SUCCEEDED"}
    serves = there(stack)
    assert "e2e-shop-similar-" in serves[ONE]
    assert "e2e-shop-for-you-" in serves[OTHER]
    stack.change(similar=NAMED, for_you={})
    assert train(stack) == {"for-you": "SUCCEEDED", "similar": "SUCCEEDED"}


def test_a_solution_that_is_renamed_keeps_its_campaign(stack: Deployment) -> None:
    """One apply and one run, under protection too: nothing is deleted that serves. The old solution goes later."""
    stack.change(deletion_protection=True)
    before = there(stack)
    stack.change(similar_key="alike")
    assert there(stack) == before
    assert train(stack) == {"for-you": "SUCCEEDED", "alike": "SUCCEEDED"}
    assert "e2e-shop-alike-" in there(stack)[OTHER]
    stack.change(similar_key="alike", recency="false")
    names = [each["name"] for each in stack.client("personalize").list_solutions()["solutions"]]
    assert not [name for name in names if "similar" in name], "nothing serves it any more"
    assert stack.terraform.plan()[0] == NO_CHANGES
    stack.change(similar_key="similar", deletion_protection=False)
    assert train(stack) == {"for-you": "SUCCEEDED", "similar": "SUCCEEDED"}


def test_unprotected_it_goes_and_the_others_stay(stack: Deployment) -> None:
    stack.change(similar=NAMED, deletion_protection=False)
    before = there(stack)
    stack.change(similar=None)
    assert there(stack) == {ONE: before[ONE]}
    assert stack.terraform.plan()[0] == NO_CHANGES
    assert train(stack) == {"for-you": "SUCCEEDED", "similar": "SUCCEEDED"}
    assert set(there(stack)) == {ONE}


def test_somebody_elses_is_not_taken_over_unasked(stack: Deployment) -> None:
    personalize, group = stack.client("personalize"), stack.outputs["dataset_group_arns"][PIPELINE]
    solution = personalize.create_solution(
        name=BY_HAND,
        datasetGroupArn=group,
        recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
        performAutoTraining=False,
    )["solutionArn"]
    stack.wait(lambda: _active(personalize.describe_solution(solutionArn=solution)["solution"]), lambda: solution)
    version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    stack.wait(
        lambda: _active(personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]),
        lambda: version,
    )
    campaign = personalize.create_campaign(name=BY_HAND, solutionVersionArn=version)["campaignArn"]
    stack.wait(lambda: _active(personalize.describe_campaign(campaignArn=campaign)["campaign"]), lambda: campaign)

    for _ in range(2):
        with pytest.raises(TerraformError) as told:
            stack.change(similar={"name": BY_HAND})
        message = " ".join(str(told.value).split())
        assert f"Campaign {BY_HAND} exists, and serves {solution}" in message
        assert "Choose another campaign.name, or set campaign.adopt = true" in message
    assert there(stack)[BY_HAND] == version

    stack.change(similar={"name": BY_HAND, "adopt": True})
    assert there(stack)[BY_HAND] == version, "the next run moves it"
    assert train(stack) == {"for-you": "SUCCEEDED", "similar": "SUCCEEDED"}
    assert "e2e-shop-similar-" in there(stack)[BY_HAND]
    personalize.delete_solution(solutionArn=solution)


def test_destroy_takes_the_adopted_one_like_any_other(stack: Deployment) -> None:
    stack.terraform.destroy()
    assert there(stack) == {}


def _active(described: dict[str, object]) -> bool | None:
    return True if described["status"] == "ACTIVE" else None
