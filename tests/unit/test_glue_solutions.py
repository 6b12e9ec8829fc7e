"""Solutions, as Terraform drives them: what changes in place, what is replaced, what goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from functions.adapters.personalize import translate_error
from functions.errors import AlreadyExists, InUse, NotFound
from functions.glue.dispatch import apply
from functions.glue.request import ProtectedError, Wanted
from functions.glue.solutions import WEEKLY, StillServedError, arn_of, name_of, updates
from tests.support.build import GROUP, NOW, VirtualSleep, arn, outside
from tests.support.memory import MemoryDeclarations
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
OLDER, OLDEST = arn("solution", f"{BASE}-11111111"), arn("solution", f"{BASE}-00000000")
THERE = AlreadyExists("ResourceAlreadyExistsException", "there", "CreateSolution")
GONE = NotFound("ResourceNotFoundException", "gone", "Describe")
BUSY = InUse("ResourceInUseException", "a campaign serves it", "Delete")


def changed(**fields: Any) -> dict[str, Any]:
    return {**REQUEST, **fields}


def configured(**fields: Any) -> dict[str, Any]:
    return changed(solutionConfig={**REQUEST["solutionConfig"], **fields})


def without(field: str) -> dict[str, Any]:
    config = {key: value for key, value in REQUEST["solutionConfig"].items() if key != field}
    return {key: value for key, value in {**REQUEST, "solutionConfig": config}.items() if key != field}


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("request_", "same"),
    [
        pytest.param(REQUEST, True, id="nothing"),
        pytest.param(dict(reversed(REQUEST.items())), True, id="order"),
        pytest.param(changed(performAutoTraining=True), True, id="auto-training"),
        pytest.param(changed(performIncrementalUpdate=True), True, id="incremental update"),
        pytest.param(configured(autoTrainingConfig={"schedulingExpression": "rate(1 day)"}), True, id="its schedule"),
        pytest.param(without("autoTrainingConfig"), True, id="no schedule of its own"),
        pytest.param(without("performIncrementalUpdate"), True, id="incremental update left out"),
        pytest.param(configured(eventsConfig={"eventParametersList": []}), True, id="events"),
        pytest.param(without("eventsConfig"), False, id="no events, which no update can bring about"),
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


DAILY = {"schedulingExpression": "rate(1 day)"}
EVENTS: dict[str, Any] = {"eventParametersList": [{"eventType": "watch"}]}
ON = {"performAutoTraining": True}
INCREMENTAL, NOT_INCREMENTAL = {"performIncrementalUpdate": True}, {"performIncrementalUpdate": False}


def config(**parts: Any) -> dict[str, Any]:
    return {"solutionConfig": parts}


def update(**parts: Any) -> dict[str, Any]:
    return {"solutionUpdateConfig": parts}


@pytest.mark.parametrize(
    ("declared", "found", "expected"),
    [
        pytest.param({}, {}, {}, id="nothing declared"),
        pytest.param(REQUEST, {**FLAGS, **config(**CONFIG)}, {}, id="as declared"),
        pytest.param(REQUEST, ON, {**FLAGS, **update(**CONFIG)}, id="nothing as declared"),
        pytest.param(ON, {}, {**ON, **update(autoTrainingConfig=WEEKLY)}, id="turned on"),
        pytest.param(ON, ON, {}, id="weekly, which it says nothing of"),
        pytest.param(ON, {**ON, **config(autoTrainingConfig=WEEKLY)}, {}, id="weekly, as it says"),
        pytest.param(
            ON,
            {**ON, **config(autoTrainingConfig=DAILY)},
            {**ON, **update(autoTrainingConfig=WEEKLY)},
            id="its schedule was taken away",
        ),
        pytest.param(
            {"performAutoTraining": False},
            {"performAutoTraining": False, **config(autoTrainingConfig=DAILY)},
            {},
            id="a schedule of what is off",
        ),
        pytest.param(INCREMENTAL, {}, INCREMENTAL, id="incremental update"),
        pytest.param(NOT_INCREMENTAL, {}, {}, id="none, which it says nothing of"),
        pytest.param({}, INCREMENTAL, NOT_INCREMENTAL, id="incremental update was taken away"),
        pytest.param(
            config(eventsConfig=EVENTS),
            config(eventsConfig=CONFIG["eventsConfig"]),
            update(eventsConfig=EVENTS),
            id="events",
        ),
        pytest.param(config(algorithmHyperParameters={}), {}, {}, id="what no update changes"),
    ],
)
def test_what_is_left_out_goes_back_to_what_personalize_does_by_itself(
    declared: dict[str, Any], found: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert updates(declared, found) == expected


# ------------------------------------------------------------------ life


def glue(
    personalize: Scripted,
    action: str,
    wanted: dict[str, Any] = WANTED,
    before: Any = None,
    declarations: MemoryDeclarations | None = None,
) -> dict[str, Any]:
    event = {**wanted, "tf": {"action": action, "prev_input": before}}
    return apply(event, personalize, VirtualSleep().patience(), outside(declarations))


def described(status: str = "ACTIVE", **fields: Any) -> dict[str, Any]:
    config = REQUEST["solutionConfig"]
    return {"solution": {"solutionArn": ARN, "status": status, **FLAGS, "solutionConfig": config, **fields}}


def listed(*arns: str) -> dict[str, Any]:
    """List solutions, the oldest first."""
    return {
        "solutions": [
            {
                "name": each.rpartition("/")[2],
                "solutionArn": each,
                "creationDateTime": NOW + timedelta(minutes=number),
            }
            for number, each in enumerate(arns)
        ]
    }


def serving(solution: str, update: tuple[str, str] | None = None) -> dict[str, Any]:
    latest = {"latestCampaignUpdate": {"solutionVersionArn": f"{update[0]}/v2", "status": update[1]}} if update else {}
    return {"campaign": {"solutionVersionArn": f"{solution}/v1", "status": "ACTIVE", **latest}}


def versions(*statuses: str) -> dict[str, Any]:
    return {
        "solutionVersions": [
            {"solutionVersionArn": f"{OLDER}/v{number}", "status": status, "creationDateTime": NOW}
            for number, status in enumerate(statuses)
        ]
    }


def trained(*arns: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """List the versions of any solution: these have been trained."""
    return lambda params: versions("CREATE FAILED", *["ACTIVE"] * (params["solutionArn"] in arns))


def on(**campaigns: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """List the campaigns of any solution, of these with their status: on the one whose digest they are named for."""

    def answer(params: dict[str, Any]) -> dict[str, Any]:
        there = {name: status for name, status in campaigns.items() if params["solutionArn"].endswith(name[-8:])}
        return {
            "campaigns": [{"campaignArn": arn("campaign", name), "status": status} for name, status in there.items()]
        }

    return answer


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
        CreateSolution={"solutionArn": ARN}, DescribeSolution=[GONE, GONE, described("CREATE PENDING"), described()]
    )
    assert glue(personalize, "create") == {"arn": ARN, "name": NAME}
    assert personalize.calls == [
        ("DescribeSolution", {"solutionArn": ARN}),
        ("CreateSolution", {"name": NAME, **REQUEST, "tags": [{"tagKey": "team", "tagValue": "search"}]}),
        *[("DescribeSolution", {"solutionArn": ARN})] * 3,  # a read may lag behind
    ]


def test_one_of_an_interrupted_apply_is_taken_over() -> None:
    personalize = existing(TagResource={})
    assert glue(personalize, "create") == {"arn": ARN, "name": NAME}
    assert personalize.operations == [*["DescribeSolution"] * 3, "TagResource"]


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
    personalize = existing(DescribeSolution=[*[described()] * 3, updated])
    assert glue(personalize, "update", {**WANTED, "request": wanted}, WANTED)["arn"] == ARN
    assert personalize.params("UpdateSolution") == {"solutionArn": ARN, **changes}


RECIPE_CHANGED = changed(recipeArn="arn:aws:personalize:::recipe/aws-user-personalization")
NEW_NAME = name_of(Wanted("solution", name=BASE, request=RECIPE_CHANGED))
NEW_ARN = arn("solution", NEW_NAME)


def test_what_cannot_change_makes_a_solution_beside_the_one_that_serves() -> None:
    personalize = existing(
        CreateSolution={"solutionArn": NEW_ARN},
        DescribeSolution=[GONE, described()],
        ListSolutions=listed(ARN, NEW_ARN),
    )
    answer = glue(personalize, "update", {**WANTED, "request": RECIPE_CHANGED}, WANTED)
    assert answer == {"arn": NEW_ARN, "name": NEW_NAME}
    assert personalize.params("CreateSolution")["name"] == NEW_NAME
    assert "DeleteSolution" not in personalize.operations


BEFORE = {**WANTED, "request": RECIPE_CHANGED}


def deleted(personalize: Scripted) -> list[str]:
    return [params["solutionArn"] for name, params in personalize.calls if name == "DeleteSolution"]


def gone_until_made() -> Callable[[dict[str, Any]], Any]:
    """Describe the declared solution from the second time on, and no other."""
    looks: list[str] = []

    def answer(params: dict[str, Any]) -> Any:
        looks.append(params["solutionArn"])
        return described() if params["solutionArn"] == ARN and looks.count(ARN) > 1 else GONE

    return answer


def clearing(**answers: Answer | Sequence[Answer]) -> Scripted:
    """Personalize with a solution as declared, and two that went before it."""
    told: dict[str, Answer | Sequence[Answer]] = {
        "ListSolutions": listed(OLDEST, OLDER, ARN),
        "DeleteSolution": {},
        "CreateSolution": {"solutionArn": ARN},
        "DescribeSolution": gone_until_made(),
    }
    return existing(**{**told, **answers})


def test_what_no_campaign_serves_any_more_goes_before_anything_is_made() -> None:
    personalize = clearing()
    glue(personalize, "update", WANTED, BEFORE)
    assert deleted(personalize) == [OLDER, OLDEST]
    assert personalize.params("ListSolutions") == {"datasetGroupArn": GROUP}
    assert personalize.operations.index("CreateSolution") > personalize.operations.index("DeleteSolution") + 1


@pytest.mark.parametrize(
    ("campaign", "gone"),
    [
        pytest.param(serving(OLDER), [OLDEST], id="serves it"),
        pytest.param(serving(OLDER, update=(ARN, "CREATE IN_PROGRESS")), [OLDEST], id="serves it until it is moved"),
        pytest.param(serving(OLDER, update=(ARN, "CREATE FAILED")), [OLDEST], id="serves it, since the move failed"),
        pytest.param(serving(ARN, update=(OLDER, "ACTIVE")), [OLDEST], id="was moved to it"),
        pytest.param(serving(OLDEST, update=(OLDER, "CREATE PENDING")), [], id="is being moved to it from another"),
        pytest.param(serving(ARN), [OLDER, OLDEST], id="serves the declared one"),
    ],
)
def test_what_the_campaign_needs_stays(campaign: dict[str, Any], gone: list[str]) -> None:
    personalize = clearing(DescribeCampaign=campaign)
    glue(personalize, "update", WANTED, BEFORE)
    assert deleted(personalize) == gone
    assert "ListSolutionVersions" not in personalize.operations


UNSERVED = {**WANTED, "campaign_arn": None}


@pytest.mark.parametrize(
    ("wanted", "campaign"),
    [
        pytest.param(UNSERVED, serving(ARN), id="no campaign is declared"),
        pytest.param(WANTED, GONE, id="no run has made it yet"),
        pytest.param(
            WANTED, serving(arn("solution", "other-00000000")), id="it serves somebody else's, and is adopted"
        ),
    ],
)
@pytest.mark.parametrize(
    ("ready", "gone"),
    [
        pytest.param([ARN, OLDER, OLDEST], [OLDER, OLDEST], id="the declared one"),
        pytest.param([OLDER, OLDEST], [OLDEST], id="the newest"),
        pytest.param([OLDEST], [OLDER], id="the oldest"),
        pytest.param([], [OLDER, OLDEST], id="none"),
    ],
)
def test_where_none_is_served_the_newest_that_is_trained_stays(
    wanted: dict[str, Any], campaign: Any, ready: list[str], gone: list[str]
) -> None:
    personalize = clearing(DescribeCampaign=campaign, ListSolutionVersions=trained(*ready))
    glue(personalize, "update", wanted, BEFORE)
    assert deleted(personalize) == gone


def test_what_changes_nothing_of_that_kind_deletes_nothing() -> None:
    """The predecessor is all there is to go back to: a new tag does not take it away."""
    personalize = clearing(TagResource={}, DescribeSolution=described())
    glue(personalize, "update", {**WANTED, "tags": {"team": "other"}}, WANTED)
    assert deleted(personalize) == []


def test_any_number_of_changes_leaves_one_predecessor() -> None:
    there = [OLDER]

    def create(params: dict[str, Any]) -> dict[str, Any]:
        there.append(arn("solution", params["name"]))
        return {"solutionArn": there[-1]}

    def delete(params: dict[str, Any]) -> dict[str, Any]:
        there.remove(params["solutionArn"])
        return {}

    for factors in range(20):
        personalize = existing(
            CreateSolution=create,
            DeleteSolution=delete,
            DescribeCampaign=serving(OLDER),
            DescribeSolution=lambda params: described() if params["solutionArn"] in there else GONE,
            ListSolutions=listed(*there),
        )
        request = configured(algorithmHyperParameters={"hidden_dimension": str(factors)})
        made = glue(personalize, "update", {**WANTED, "request": request}, WANTED)["arn"]
        assert there == [OLDER, made]


def test_a_predecessor_in_use_is_left_alone_and_not_waited_for() -> None:
    personalize = clearing(DeleteSolution=[BUSY, {}])
    assert glue(personalize, "update", WANTED, BEFORE) == {"arn": ARN, "name": NAME}
    assert deleted(personalize) == [OLDER, OLDEST]
    assert "StopSolutionVersionCreation" not in personalize.operations, "a run that began before trains it"


@pytest.mark.parametrize(
    "stranger", [f"{BASE}-by-hand", f"{BASE}-test", f"{BASE}-more-00000000", "other-00000000", f"{BASE}-0000000g"]
)
@pytest.mark.parametrize("action", ["update", "delete"])
def test_solutions_of_other_names_are_none_of_ours(stranger: str, action: str) -> None:
    personalize = existing(ListSolutions=listed(arn("solution", stranger)))
    glue(personalize, action, WANTED, WANTED)
    assert "DeleteSolution" not in personalize.operations


# ------------------------------------------------------------------ death


def test_it_goes_with_its_predecessors() -> None:
    personalize = Scripted(
        ListSolutions=listed(OLDER, ARN),
        ListCampaigns=on(),
        ListSolutionVersions=versions("ACTIVE"),
        DeleteSolution=[{}, BUSY, {}],
        DescribeSolution=[described("DELETE PENDING"), GONE],
    )
    assert glue(personalize, "delete") == {}
    assert personalize.operations == [
        "ListSolutions",
        *["ListCampaigns"] * 2,
        *["ListSolutionVersions", "DeleteSolution"],
        *["DescribeSolution"] * 2,
        *["ListSolutionVersions", "DeleteSolution", "DeleteSolution"],
        "DescribeSolution",
    ]
    assert deleted(personalize) == [ARN, OLDER, OLDER]


def test_campaigns_of_others_refuse_its_deletion_at_once() -> None:
    by_hand = {f"by-hand-{ARN[-8:]}": "ACTIVE", f"trial-{OLDER[-8:]}": "CREATE PENDING"}
    personalize = Scripted(ListSolutions=listed(OLDER, ARN), ListCampaigns=on(**by_hand))
    with pytest.raises(StillServedError) as told:
        glue(personalize, "delete")
    for name in by_hand:
        assert f"aws personalize delete-campaign --campaign-arn {arn('campaign', name)}" in str(told.value)
    assert personalize.operations == ["ListSolutions", "ListCampaigns", "ListCampaigns"]


def test_a_campaign_that_is_being_deleted_is_waited_for() -> None:
    leaving = {f"by-hand-{ARN[-8:]}": "DELETE PENDING", f"trial-{ARN[-8:]}": "DELETE IN_PROGRESS"}
    personalize = Scripted(
        ListSolutions=listed(ARN),
        ListCampaigns=on(**leaving),
        ListSolutionVersions=versions(),
        DeleteSolution=[BUSY, BUSY, {}],
        DescribeSolution=GONE,
    )
    assert glue(personalize, "delete") == {}
    assert deleted(personalize) == [ARN] * 3


def test_training_under_way_is_stopped() -> None:
    personalize = Scripted(
        ListCampaigns=on(),
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


@pytest.mark.parametrize("code", ["InvalidInputException", "ResourceInUseException"])
def test_a_training_that_has_just_ended_stops_no_deletion(code: str) -> None:
    """Which of the two Personalize answers then is not documented."""
    personalize = Scripted(
        ListCampaigns=on(),
        ListSolutions=listed(OLDER),
        ListSolutionVersions=versions("CREATE IN_PROGRESS"),
        StopSolutionVersionCreation=translate_error(code, "It is ACTIVE.", "StopSolutionVersionCreation"),
        DeleteSolution={},
        DescribeSolution=GONE,
    )
    glue(personalize, "delete")
    assert deleted(personalize) == [OLDER]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"ListSolutions": GONE}, id="the group is gone"),
        pytest.param({"ListSolutions": listed()}, id="the solution is gone"),
        pytest.param(
            {"ListSolutions": listed(ARN), "ListSolutionVersions": GONE, "DeleteSolution": GONE},
            id="it goes while we look",
        ),
        pytest.param(
            {"ListSolutions": listed(ARN), "ListSolutionVersions": versions(), "DeleteSolution": GONE},
            id="it goes before we delete it",
        ),
    ],
)
def test_what_is_gone_needs_no_deletion(answers: dict[str, Any]) -> None:
    assert glue(Scripted(ListCampaigns=on(), **answers), "delete") == {}


def test_a_protected_one_stays() -> None:
    personalize = Scripted(ListSolutions=listed(OLDER, ARN), ListCampaigns=on())
    with pytest.raises(ProtectedError, match=f"solution {BASE}, with its versions, stays"):
        glue(personalize, "delete", {**WANTED, "deletion_protection": True})
    assert "DeleteSolution" not in personalize.operations


# ------------------------------------------------------------------ a campaign that is kept for another solution

PAGE = f"front-page-{ARN[-8:]}"
RENAMED = {**WANTED, "pipeline": "shop"}


def kept() -> MemoryDeclarations:
    """Declare the campaign for the new name of the solution."""
    declarations = MemoryDeclarations()
    declarations.declare("shop", "for-me", {"name": PAGE})
    return declarations


@pytest.mark.parametrize("protected", [False, True])
def test_what_a_campaign_serves_that_is_declared_for_another_is_left_behind(protected: bool) -> None:
    """Nothing is deleted, so nothing is to be protected; but it must not go on training by itself."""
    declarations = kept()
    personalize = Scripted(
        ListSolutions=listed(OLDER, ARN),
        ListCampaigns=on(**{PAGE: "ACTIVE"}),
        DescribeSolution=lambda params: described(performAutoTraining=params["solutionArn"] == ARN),
        UpdateSolution={},
    )
    wanted = {**RENAMED, "deletion_protection": protected}
    assert glue(personalize, "delete", wanted, declarations=declarations) == {}
    assert personalize.params("UpdateSolution") == {"solutionArn": ARN, "performAutoTraining": False}
    assert "DeleteSolution" not in personalize.operations
    assert declarations.left_behind("shop") == [BASE]


def ready(personalize: Scripted, declarations: MemoryDeclarations, **resources: Any) -> None:
    """Ask for all of the pipeline's resources once more."""
    event = {"resource": "ready", "arn": GROUP, "pipeline": "shop", "resources": resources}
    apply(event, personalize, VirtualSleep().patience(), outside(declarations))


def test_it_goes_with_a_later_change_once_nothing_serves_it() -> None:
    declarations = kept()
    declarations.leave_behind("shop", BASE)
    there = [OLDER, ARN]

    def delete(params: dict[str, Any]) -> dict[str, Any]:
        there.remove(params["solutionArn"])
        return {}

    served: dict[str, str] = {PAGE: "ACTIVE"}
    personalize = Scripted(
        ListSolutions=lambda params: listed(*there),
        ListCampaigns=lambda params: on(**served)(params),
        ListSolutionVersions=versions("ACTIVE"),
        DeleteSolution=delete,
        DescribeSolution=lambda params: described() if params["solutionArn"] in there else GONE,
    )
    ready(personalize, declarations)
    assert (there, declarations.left_behind("shop")) == ([OLDER, ARN], [BASE])
    served.clear()
    ready(personalize, declarations)
    assert (there, declarations.left_behind("shop")) == ([], [])


def test_what_is_declared_again_is_not_left_behind_any_more() -> None:
    declarations = MemoryDeclarations()
    declarations.leave_behind("shop", BASE)
    personalize = existing(TagResource={})
    ready(personalize, declarations, **{"solution/for-you": WANTED})
    assert declarations.left_behind("shop") == []
    assert "DeleteSolution" not in personalize.operations


def test_what_is_merely_protected_is_not_taken_for_left_behind() -> None:
    """Its removal was refused: the same apply's second look at everything must not do it."""
    personalize = existing()
    ready(personalize, MemoryDeclarations())
    assert personalize.calls == []
