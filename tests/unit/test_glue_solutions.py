"""Solutions, as Terraform drives them: what changes in place, what is replaced, what goes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from functions.errors import AlreadyExists, InUse, NotFound
from functions.glue.dispatch import apply
from functions.glue.request import ProtectedError, Wanted
from functions.glue.solutions import arn_of, name_of, updatable
from tests.support.build import GROUP, VirtualSleep, arn
from tests.support.scripted import Answer, Scripted

BASE = "acme-shop-for-you"
CAMPAIGN = arn("campaign", BASE)
REQUEST: dict[str, Any] = {
    "datasetGroupArn": GROUP,
    "recipeArn": "arn:aws:personalize:::recipe/aws-user-personalization-v2",
    "performAutoTraining": False,
    "performIncrementalUpdate": False,
    "solutionConfig": {
        "algorithmHyperParameters": {"hidden_dimension": "55"},
        "autoTrainingConfig": {"schedulingExpression": "rate(7 days)"},
        "eventsConfig": {"eventParametersList": [{"eventType": "watch", "weight": 1.0}]},
    },
}
FLAGS = {"performAutoTraining": False, "performIncrementalUpdate": False}
CONFIG = {key: REQUEST["solutionConfig"][key] for key in ("autoTrainingConfig", "eventsConfig")}
WANTED: dict[str, Any] = {
    "resource": "solution",
    "name": BASE,
    "campaign_arn": CAMPAIGN,
    "request": REQUEST,
    "tags": {"team": "search"},
}
NAME = name_of(Wanted("solution", name=BASE, request=REQUEST))
ARN = arn("solution", NAME)
OLDER = arn("solution", f"{BASE}-00000000")
THERE = AlreadyExists("ResourceAlreadyExistsException", "there", "CreateSolution")
GONE = NotFound("ResourceNotFoundException", "gone", "Describe")
BUSY = InUse("ResourceInUseException", "a campaign serves it", "Delete")


def changed(**fields: Any) -> dict[str, Any]:
    return {**REQUEST, **fields}


def configured(**fields: Any) -> dict[str, Any]:
    return changed(solutionConfig={**REQUEST["solutionConfig"], **fields})


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("request_", "same"),
    [
        pytest.param(REQUEST, True, id="nothing"),
        pytest.param(dict(reversed(REQUEST.items())), True, id="order"),
        pytest.param(changed(performAutoTraining=True), True, id="auto-training"),
        pytest.param(changed(performIncrementalUpdate=True), True, id="incremental update"),
        pytest.param(configured(autoTrainingConfig={"schedulingExpression": "rate(1 day)"}), True, id="its schedule"),
        pytest.param(configured(eventsConfig={"eventParametersList": []}), True, id="events"),
        pytest.param(changed(recipeArn="arn:aws:personalize:::recipe/aws-sims"), False, id="recipe"),
        pytest.param(changed(eventType="watch"), False, id="event type"),
        pytest.param(changed(performHPO=True), False, id="HPO"),
        pytest.param(changed(datasetGroupArn=arn("dataset-group", "acme-books")), False, id="dataset group"),
        pytest.param(configured(algorithmHyperParameters={"hidden_dimension": "56"}), False, id="hyperparameter"),
        pytest.param(configured(trainingDataConfig={"excludedDatasetColumns": {}}), False, id="training data"),
        pytest.param(configured(eventValueThreshold="0.5"), False, id="threshold"),
    ],
)
def test_a_name_is_of_what_cannot_be_changed(request_: dict[str, Any], same: bool) -> None:
    name = name_of(Wanted("solution", name=BASE, request=request_))
    assert re.fullmatch(rf"{BASE}-[0-9a-f]{{8}}", name)
    assert (name == NAME) is same


def test_no_configuration_and_an_empty_one_are_the_same() -> None:
    bare = {key: value for key, value in REQUEST.items() if key != "solutionConfig"}
    names = {name_of(Wanted("solution", name=BASE, request=each)) for each in (bare, {**bare, "solutionConfig": {}})}
    assert len(names) == 1


def test_the_arn_is_in_the_groups_account() -> None:
    assert arn_of(Wanted("solution", name=BASE, request=REQUEST)) == ARN


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"datasetGroupArn": GROUP}, {}),
        ({"performAutoTraining": False}, {"performAutoTraining": False}),
        ({"solutionConfig": {"algorithmHyperParameters": {}}}, {}),
        (REQUEST, {**FLAGS, "solutionUpdateConfig": CONFIG}),
    ],
)
def test_updatable(request_: dict[str, Any], expected: dict[str, Any]) -> None:
    assert updatable(request_) == expected


# ------------------------------------------------------------------ life


def glue(personalize: Scripted, action: str, wanted: dict[str, Any] = WANTED, before: Any = None) -> dict[str, Any]:
    event = {**wanted, "tf": {"action": action, "prev_input": before}}
    return apply(event, personalize, VirtualSleep().patience())


def described(status: str = "ACTIVE", **fields: Any) -> dict[str, Any]:
    config = REQUEST["solutionConfig"]
    return {"solution": {"solutionArn": ARN, "status": status, **FLAGS, "solutionConfig": config, **fields}}


def listed(*arns: str) -> dict[str, Any]:
    return {"solutions": [{"name": each.rpartition("/")[2], "solutionArn": each} for each in arns]}


def serving(solution: str, update: tuple[str, str] | None = None) -> dict[str, Any]:
    latest = {"latestCampaignUpdate": {"solutionVersionArn": f"{update[0]}/v2", "status": update[1]}} if update else {}
    return {"campaign": {"solutionVersionArn": f"{solution}/v1", "status": "ACTIVE", **latest}}


def versions(*statuses: str) -> dict[str, Any]:
    return {
        "solutionVersions": [
            {"solutionVersionArn": f"{OLDER}/v{number}", "status": status} for number, status in enumerate(statuses)
        ]
    }


def existing(**answers: Answer | Sequence[Answer]) -> Scripted:
    """Personalize with the solution as declared, its campaign on it."""
    told: dict[str, Answer | Sequence[Answer]] = {
        "CreateSolution": THERE,
        "DescribeSolution": described(),
        "DescribeCampaign": serving(ARN),
        "ListSolutions": listed(ARN),
        "ListSolutionVersions": versions("ACTIVE"),
        "UpdateSolution": {"solutionArn": ARN},
    }
    return Scripted(**{**told, **answers})


def test_it_is_created_with_exactly_these_parameters_and_awaited() -> None:
    personalize = Scripted(
        CreateSolution={"solutionArn": ARN}, DescribeSolution=[described("CREATE PENDING"), described()]
    )
    assert glue(personalize, "create") == {"arn": ARN, "name": NAME}
    assert personalize.calls == [
        ("CreateSolution", {"name": NAME, **REQUEST, "tags": [{"tagKey": "team", "tagValue": "search"}]}),
        ("DescribeSolution", {"solutionArn": ARN}),
        ("DescribeSolution", {"solutionArn": ARN}),
    ]


def test_one_of_an_interrupted_apply_is_taken_over() -> None:
    personalize = existing(TagResource={})
    assert glue(personalize, "create") == {"arn": ARN, "name": NAME}
    assert personalize.operations == ["CreateSolution", "DescribeSolution", "DescribeSolution", "TagResource"]


def test_as_declared_it_is_left_alone() -> None:
    personalize = existing()
    assert glue(personalize, "update", WANTED, WANTED) == {"arn": ARN, "name": NAME}
    assert "UpdateSolution" not in personalize.operations


@pytest.mark.parametrize(
    ("wanted", "changes"),
    [
        (changed(performAutoTraining=True), {**FLAGS, "performAutoTraining": True, "solutionUpdateConfig": CONFIG}),
        (
            configured(autoTrainingConfig={"schedulingExpression": "rate(1 day)"}),
            {
                **FLAGS,
                "solutionUpdateConfig": {**CONFIG, "autoTrainingConfig": {"schedulingExpression": "rate(1 day)"}},
            },
        ),
    ],
)
def test_what_can_change_changes_in_place(wanted: dict[str, Any], changes: dict[str, Any]) -> None:
    updated = described(latestSolutionUpdate={"status": "ACTIVE"})
    personalize = existing(DescribeSolution=[described(), described(), updated])
    assert glue(personalize, "update", {**WANTED, "request": wanted}, WANTED)["arn"] == ARN
    assert personalize.params("UpdateSolution") == {"solutionArn": ARN, **changes}


RECIPE_CHANGED = changed(recipeArn="arn:aws:personalize:::recipe/aws-user-personalization")
NEW_NAME = name_of(Wanted("solution", name=BASE, request=RECIPE_CHANGED))
NEW_ARN = arn("solution", NEW_NAME)


def test_what_cannot_change_makes_a_solution_beside_the_one_that_serves() -> None:
    personalize = existing(CreateSolution={"solutionArn": NEW_ARN}, ListSolutions=listed(ARN, NEW_ARN))
    answer = glue(personalize, "update", {**WANTED, "request": RECIPE_CHANGED}, WANTED)
    assert answer == {"arn": NEW_ARN, "name": NEW_NAME}
    assert personalize.params("CreateSolution")["name"] == NEW_NAME
    assert "DeleteSolution" not in personalize.operations


def test_what_no_campaign_serves_any_more_goes() -> None:
    personalize = existing(
        ListSolutions=listed(OLDER, ARN), DeleteSolution={}, DescribeSolution=[described()] * 2 + [GONE]
    )
    glue(personalize, "update", WANTED, WANTED)
    assert personalize.params("DeleteSolution") == {"solutionArn": OLDER}
    assert personalize.params("ListSolutions") == {"datasetGroupArn": GROUP}


@pytest.mark.parametrize("status", ["CREATE IN_PROGRESS", "CREATE FAILED"])
def test_predecessors_stay_until_the_solution_is_trained(status: str) -> None:
    personalize = existing(ListSolutions=listed(OLDER, ARN), ListSolutionVersions=versions(status))
    glue(personalize, "update", {**WANTED, "campaign_arn": None}, {**WANTED, "campaign_arn": None})
    assert "DeleteSolution" not in personalize.operations


@pytest.mark.parametrize(
    "campaign",
    [
        pytest.param(serving(OLDER), id="serves it"),
        pytest.param(serving(OLDER, update=(ARN, "CREATE IN_PROGRESS")), id="serves it until the update is done"),
        pytest.param(serving(OLDER, update=(ARN, "CREATE FAILED")), id="serves it, since the update failed"),
        pytest.param(serving(ARN, update=(OLDER, "ACTIVE")), id="was updated to it"),
        pytest.param(serving(ARN, update=(OLDER, "CREATE IN_PROGRESS")), id="is being updated to it"),
    ],
)
def test_what_the_campaign_needs_stays(campaign: dict[str, Any]) -> None:
    personalize = existing(ListSolutions=listed(OLDER, ARN), DescribeCampaign=campaign)
    glue(personalize, "update", WANTED, WANTED)
    assert "DeleteSolution" not in personalize.operations


@pytest.mark.parametrize(
    "stranger", [f"{BASE}-by-hand", f"{BASE}-test", f"{BASE}-more-00000000", "other-00000000", f"{BASE}-0000000g"]
)
@pytest.mark.parametrize("action", ["update", "delete"])
def test_solutions_of_other_names_are_none_of_ours(stranger: str, action: str) -> None:
    personalize = existing(ListSolutions=listed(arn("solution", stranger)), DeleteCampaign=GONE)
    glue(personalize, action, WANTED, WANTED)
    assert "DeleteSolution" not in personalize.operations


def test_a_campaign_that_is_no_longer_declared_goes_first() -> None:
    personalize = existing(DeleteCampaign={}, DescribeCampaign=[serving(ARN), GONE])
    glue(personalize, "update", {**WANTED, "campaign_arn": None}, WANTED)
    assert personalize.operations[:3] == ["DeleteCampaign", "DescribeCampaign", "DescribeCampaign"]
    assert personalize.params("DeleteCampaign") == {"campaignArn": CAMPAIGN}


def test_a_protected_campaign_stays() -> None:
    personalize = Scripted()
    with pytest.raises(ProtectedError, match=f"campaign {CAMPAIGN} stays"):
        glue(personalize, "update", {**WANTED, "campaign_arn": None, "deletion_protection": True}, WANTED)
    assert personalize.calls == []


# ------------------------------------------------------------------ death


def test_the_campaign_goes_before_the_solution_and_its_predecessors() -> None:
    personalize = Scripted(
        DeleteCampaign=[BUSY, {}],
        DescribeCampaign=[serving(ARN), GONE],
        ListSolutions=listed(OLDER, ARN),
        ListSolutionVersions=versions("ACTIVE"),
        DeleteSolution=[{}, BUSY, {}],
        DescribeSolution=[described("DELETE PENDING"), GONE],
    )
    assert glue(personalize, "delete") == {}
    assert personalize.operations == [
        *["DeleteCampaign"] * 2,
        *["DescribeCampaign"] * 2,
        "ListSolutions",
        *["ListSolutionVersions", "DeleteSolution"],
        *["DescribeSolution"] * 2,
        *["ListSolutionVersions", "DeleteSolution", "DeleteSolution"],
        "DescribeSolution",
    ]
    deleted = [params["solutionArn"] for name, params in personalize.calls if name == "DeleteSolution"]
    assert deleted == [OLDER, ARN, ARN]


def test_training_under_way_is_stopped() -> None:
    personalize = Scripted(
        DeleteCampaign=GONE,
        ListSolutions=listed(OLDER),
        ListSolutionVersions=versions(
            "ACTIVE", "CREATE PENDING", "CREATE IN_PROGRESS", "CREATE STOPPING", "CREATE FAILED"
        ),
        StopSolutionVersionCreation={},
        DeleteSolution={},
        DescribeSolution=GONE,
    )
    glue(personalize, "delete")
    stopped = [params for name, params in personalize.calls if name == "StopSolutionVersionCreation"]
    assert stopped == [{"solutionVersionArn": f"{OLDER}/v1"}, {"solutionVersionArn": f"{OLDER}/v2"}]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"ListSolutions": GONE}, id="the group is gone"),
        pytest.param({"ListSolutions": listed()}, id="the solution is gone"),
        pytest.param({"ListSolutions": listed(ARN), "ListSolutionVersions": GONE}, id="it goes while we look"),
        pytest.param(
            {"ListSolutions": listed(ARN), "ListSolutionVersions": versions(), "DeleteSolution": GONE},
            id="it goes before we delete it",
        ),
    ],
)
def test_what_is_gone_needs_no_deletion(answers: dict[str, Any]) -> None:
    assert glue(Scripted(DeleteCampaign=GONE, **answers), "delete") == {}


def test_without_a_campaign_none_is_deleted() -> None:
    personalize = Scripted(ListSolutions=listed())
    glue(personalize, "delete", {**WANTED, "campaign_arn": None})
    assert personalize.operations == ["ListSolutions"]


def test_a_protected_one_stays() -> None:
    personalize = Scripted()
    with pytest.raises(ProtectedError, match=f"solution {BASE}, with its versions and its campaign, stays"):
        glue(personalize, "delete", {**WANTED, "deletion_protection": True})
    assert personalize.calls == []
