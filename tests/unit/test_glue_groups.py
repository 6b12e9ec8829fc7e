"""Dataset groups, event trackers and guards, as Terraform drives them: on the local Personalize, in virtual time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from functions.errors import ServiceError
from functions.glue.contents import ForeignError
from functions.glue.event_trackers import OtherTrackerError
from functions.glue.fixed import GroupDiffersError
from functions.glue.guards import FilledBucketError
from functions.glue.patience import BroughtToNothingError
from functions.glue.request import ProtectedError
from functions.glue.things import NoRoomError
from tests.support.build import outside
from tests.support.memory import MemoryDeclarations
from tests.support.world import SCHEMAS, World, arn
from tests.unit.glue_shop import (
    GROUP,
    GUARD,
    KEY,
    NAME,
    PROTECTED,
    SOLUTION,
    TRACKER,
    by_hand,
    called,
    dataset,
    drama,
    filled,
    foreign,
    group,
    names,
)


@pytest.fixture
def world() -> World:
    return World()


# ------------------------------------------------------------------ dataset groups


def test_a_group_is_made_and_awaited_with_its_tags(world: World) -> None:
    assert world.glue("create", **group(domain="ECOMMERCE"), tags={"team": "web"}) == {"arn": GROUP}
    made = world.personalize.call("DescribeDatasetGroup", {"datasetGroupArn": GROUP})["datasetGroup"]
    assert (made["status"], made["domain"]) == ("ACTIVE", "ECOMMERCE")
    tags = world.personalize.call("ListTagsForResource", {"resourceArn": GROUP})["tags"]
    assert tags == [{"tagKey": "team", "tagValue": "web"}]


@pytest.mark.parametrize("ready", [True, False])
def test_one_made_by_hand_or_by_an_apply_that_was_killed_is_taken_over(world: World, ready: bool) -> None:
    world.personalize.call("CreateDatasetGroup", {"name": NAME})
    world._sleep(600 if ready else 0)
    assert world.glue("create", **group(), tags={"team": "web"}) == {"arn": GROUP}
    assert called(world, "CreateDatasetGroup") == 1
    assert world.personalize.call("ListTagsForResource", {"resourceArn": GROUP})["tags"]


@pytest.mark.parametrize("status", ["CREATE FAILED", "DELETE PENDING"])
def test_one_that_failed_or_is_on_its_way_out_goes_first(world: World, status: str) -> None:
    if status == "CREATE FAILED":
        world.service.control.fail_next("DatasetGroup", "Out of luck.")
    by_hand(world, "CreateDatasetGroup", name=NAME)
    if status == "DELETE PENDING":
        world.personalize.call("DeleteDatasetGroup", {"datasetGroupArn": GROUP})
    assert world.glue("create", **group()) == {"arn": GROUP}
    assert called(world, "CreateDatasetGroup") == 2


@pytest.mark.parametrize(
    ("there", "wanted", "told"),
    [
        ({}, {"domain": "ECOMMERCE"}, "domain none, not ECOMMERCE"),
        ({"domain": "ECOMMERCE"}, {"domain": "VIDEO_ON_DEMAND"}, "domain ECOMMERCE, not VIDEO_ON_DEMAND"),
        ({}, KEY, f"KMS key none, not {KEY['kmsKeyArn']}"),
        ({"domain": "ECOMMERCE", **KEY}, {}, f"domain ECOMMERCE, not none and KMS key {KEY['kmsKeyArn']}, not none"),
    ],
)
@pytest.mark.parametrize("action", ["create", "update"])
def test_another_domain_or_key_is_refused(
    world: World, action: str, there: dict[str, str], wanted: dict[str, str], told: str
) -> None:
    by_hand(world, "CreateDatasetGroup", name=NAME, **there)
    with pytest.raises(GroupDiffersError) as refused:
        world.glue(action, group(**there), **group(**wanted))
    assert f"Dataset group {NAME} exists with {told}. Personalize can't change that" in str(refused.value)
    assert names(world) == {"datasetGroups": [NAME]}


def test_nor_is_a_schema_of_another_domain_made_in_a_group(world: World) -> None:
    """The provider takes the group's refused update for done, so the next apply goes on to its datasets."""
    filled(world)
    items_ = dataset("items")
    wanted = {**items_, "schema": {**items_["schema"], "name": f"{NAME}-items-11111111", "domain": "ECOMMERCE"}}
    before = names(world)
    with pytest.raises(GroupDiffersError, match=f"Dataset group {NAME} exists with domain none, not ECOMMERCE"):
        world.glue("update", items_, **wanted)
    assert names(world) == before


def test_a_role_that_is_not_known_yet_is_waited_for(world: World) -> None:
    """Personalize says so at the call, or makes a group of it that fails."""
    control = world.service.control
    control.refuse_next("CreateDatasetGroup", "InvalidInputException", "Cannot assume role acme.", times=2)
    control.fail_next("DatasetGroup", "The role has no permission to use the key.", times=2)
    assert world.glue("create", **group(**KEY)) == {"arn": GROUP}
    assert called(world, "CreateDatasetGroup") == 5
    assert called(world, "DeleteDatasetGroup") == 2


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        pytest.param({}, "The role is not known.", id="no role was given"),
        pytest.param(KEY, "An internal error has occurred.", id="about something else"),
    ],
)
def test_another_failure_is_told_at_once(world: World, request_: dict[str, str], reason: str) -> None:
    world.service.control.fail_next("DatasetGroup", reason)
    with pytest.raises(BroughtToNothingError, match=reason):
        world.glue("create", **group(**request_))
    assert called(world, "CreateDatasetGroup") == 1


def test_a_role_that_is_never_known_is_told_in_the_end(world: World) -> None:
    world.service.control.fail_next("DatasetGroup", "Cannot assume role acme.", times=None)
    with pytest.raises(BroughtToNothingError, match="Cannot assume role acme"):
        world.glue("create", **group(**KEY))


def test_a_quota_that_is_used_up_is_told_at_once_but_not_for_what_is_there(world: World) -> None:
    by_hand(world, "CreateDatasetGroup", name=NAME)
    world.service.control.set_quotas({"dataset-groups": 1})
    assert world.glue("create", **group()) == {"arn": GROUP}
    other: dict[str, Any] = {
        "resource": "dataset_group",
        "arn": arn("dataset-group", "acme-books"),
        "request": {"name": "acme-books"},
    }
    before = world.now
    with pytest.raises(NoRoomError, match=r"There is no room for another dataset group: .*delete-dataset-group"):
        world.glue("create", **other)
    assert (world.now - before).total_seconds() < 5


def test_a_protected_group_stays(world: World) -> None:
    by_hand(world, "CreateDatasetGroup", name=NAME)
    with pytest.raises(ProtectedError, match=f"dataset group {NAME}, with all that is in it, stays"):
        world.glue("delete", **group(), **PROTECTED)


def test_what_interrupted_applies_have_left_goes_with_the_group(world: World) -> None:
    """Each was made by glue, and the apply died before Terraform knew of it."""
    filled(world, "interactions", "items")
    world.glue("create", **TRACKER)
    world.glue("create", **drama())
    solution = world.glue("create", **SOLUTION)["arn"]
    version = by_hand(world, "CreateSolutionVersion", solutionArn=solution)
    world._sleep(600)
    by_hand(world, "CreateCampaign", name=f"{NAME}-popular", solutionVersionArn=version)
    by_hand(world, "CreateSolutionVersion", solutionArn=solution)
    world.glue("delete", **group())
    assert names(world) == {}


def test_it_goes_on_where_it_was_cut_off(world: World) -> None:
    filled(world, "interactions", "items")
    world.glue("create", **TRACKER)
    world.service.control.refuse_next("DeleteDataset", "InternalServerException", "Out of luck.")
    with pytest.raises(ServiceError, match="Out of luck"):
        world.glue("delete", **group())
    assert names(world)["datasets"] == [f"{NAME}-interactions", f"{NAME}-items"]
    assert "eventTrackers" not in names(world)
    world.glue("delete", **group())
    assert names(world) == {}


def test_one_that_is_gone_needs_no_deletion(world: World) -> None:
    assert world.glue("delete", **group()) == {}


# ------------------------------------------------------------------ somebody else's


FOREIGN = ["solution", "filter", "event-tracker", "campaign", "dataset"]


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("resource", [GUARD, group()], ids=["guard", "group"])
def test_what_is_somebody_elses_is_refused_by_name_before_anything_goes(
    world: World, kind: str, resource: dict[str, Any]
) -> None:
    filled(world, "interactions", "items")
    theirs = foreign(world, kind)
    before = names(world)
    with pytest.raises(ForeignError, match=theirs.rpartition(":")[2].replace("/", " ", 1)):
        world.glue("delete", **resource)
    assert names(world) == before


def test_a_guard_lets_pass_what_is_declared_whatever_its_name(world: World) -> None:
    """A campaign may be named as one likes, and a dataset that was made by hand keeps its name."""
    by_hand(world, "CreateDatasetGroup", name=NAME)
    schema = world.personalize.call("CreateSchema", {"name": "mine", "schema": json.dumps(SCHEMAS["items"])})
    request = {"datasetGroupArn": GROUP, "datasetType": "Items", "schemaArn": schema["schemaArn"]}
    by_hand(world, "CreateDataset", name="mine", **request)
    assert world.glue("delete", **GUARD) == {}


def test_a_guard_knows_campaigns_by_their_declaration(world: World) -> None:
    filled(world, "interactions", "items")
    foreign(world, "campaign")
    declarations = MemoryDeclarations()
    declarations.declare("shop", "popular", {"name": "mine"})
    world.outside = outside(declarations)
    assert world.glue("delete", **GUARD) == {}


def test_a_protected_guard_stays_and_says_what_it_guards(world: World) -> None:
    with pytest.raises(ProtectedError, match="everything of 'shop' stays"):
        world.glue("delete", **GUARD, name="everything of 'shop'", **PROTECTED)


@pytest.mark.parametrize(
    ("bucket", "full", "refused"), [("lake", ["lake"], True), ("lake", ["sea"], False), (None, ["lake"], False)]
)
def test_a_filled_bucket_is_refused_unless_it_may_be_emptied(
    world: World, bucket: str | None, full: Sequence[str], refused: bool
) -> None:
    world.outside = outside(None, *full)
    if refused:
        with pytest.raises(FilledBucketError, match="Bucket lake holds files"):
            world.glue("delete", resource="guard", bucket=bucket)
    else:
        assert world.glue("delete", resource="guard", bucket=bucket) == {}


# ------------------------------------------------------------------ event trackers


def test_a_tracker_is_made_and_its_id_told(world: World) -> None:
    filled(world)
    made = world.glue("create", **TRACKER, tags={"team": "web"})
    told = world.personalize.call("DescribeEventTracker", {"eventTrackerArn": made["arn"]})["eventTracker"]
    assert (told["trackingId"], told["status"]) == (made["tracking_id"], "ACTIVE")
    assert world.glue("create", **TRACKER) == made, "it is taken over the next time"
    assert called(world, "CreateEventTracker") == 1


@pytest.mark.parametrize("ready", [True, False])
def test_one_of_the_same_name_is_taken_over(world: World, ready: bool) -> None:
    filled(world)
    theirs = world.personalize.call("CreateEventTracker", TRACKER["request"])
    world._sleep(600 if ready else 0)
    made = world.glue("create", **TRACKER)
    assert made == {"arn": theirs["eventTrackerArn"], "tracking_id": theirs["trackingId"]}


def test_one_that_failed_is_made_again(world: World) -> None:
    filled(world)
    world.service.control.fail_next("EventTracker", "Out of luck.")
    by_hand(world, "CreateEventTracker", **TRACKER["request"])
    assert world.glue("create", **TRACKER)["tracking_id"]
    assert len(names(world)["eventTrackers"]) == 1


def test_a_tracker_of_another_name_is_refused_by_name(world: World) -> None:
    filled(world)
    by_hand(world, "CreateEventTracker", name="mine", datasetGroupArn=GROUP)
    with pytest.raises(OtherTrackerError, match=f"already, mine, and can have only one; {NAME} was not made"):
        world.glue("create", **TRACKER)


def test_a_tracker_that_goes_is_refused_under_protection(world: World) -> None:
    filled(world)
    world.glue("create", **TRACKER)
    with pytest.raises(ProtectedError, match=f"event tracker {NAME}, whose id applications send events with, stays"):
        world.glue("delete", **TRACKER, **PROTECTED)
    assert names(world)["eventTrackers"] == [NAME]
    world.glue("delete", **TRACKER)
    assert "eventTrackers" not in names(world)
    assert world.glue("delete", **TRACKER) == {}


# ------------------------------------------------------------------ all at once


def everything() -> dict[str, Any]:
    return {
        "campaign/popular": {
            "resource": "campaign",
            "name": "acme",
            "pipeline": "shop",
            "solution": "popular",
            "request": {"campaignArn": arn("campaign", "front-page")},
            "spec": {"name": "front-page", "arn": arn("campaign", "front-page")},
        },
        "dataset/interactions": dataset("interactions"),
        "dataset/items": dataset("items"),
        "dataset_group": group(),
        "event_tracker": TRACKER,
        "filter/drama": drama(),
        "solution/popular": SOLUTION,
    }


def test_all_of_a_pipeline_is_asked_for_in_its_order_and_answered_by_its_keys(world: World) -> None:
    asked: dict[str, Any] = {"resource": "ready", "arn": GROUP, "pipeline": "shop", "resources": everything()}
    made = world.glue("create", **asked)
    assert set(made) == set(everything())
    assert made["dataset_group"] == {"arn": GROUP}
    assert made["dataset/items"]["schema_arn"] == arn("schema", f"{NAME}-items-99999999")
    assert made["event_tracker"]["tracking_id"]
    assert world.outside.declarations.campaigns("shop") == {"front-page": "popular"}
    before = names(world)
    assert world.glue("create", **asked) == made
    assert names(world) == before


def test_a_filter_that_is_refused_holds_up_nothing_else(world: World) -> None:
    filled(world, "interactions", "items")
    wrong = drama('INCLUDE ItemID WHERE Items.GENRE IN ("odd")')
    asked: dict[str, Any] = {"resource": "ready", "arn": GROUP, "pipeline": "shop"}
    made = world.glue("create", **asked, resources=everything() | {"filter/drama": wrong})
    assert made["filter/drama"] == {"arn": arn("filter", f"{NAME}-drama-11111111")}
    assert names(world)["solutions"]
    assert called(world, "CreateFilter") == 0


def test_what_a_thing_belongs_to_may_not_be_seen_yet_or_be_in_use(world: World) -> None:
    for code in ("ResourceNotFoundException", "ResourceInUseException"):
        world.service.control.refuse_next("CreateEventTracker", code, "Its group is not there yet.", times=3)
    world.service.control.refuse_next("CreateDataset", "ResourceNotFoundException", "No such group.", times=3)
    world.service.control.refuse_next("CreateSolution", "ResourceInUseException", "It is being changed.", times=3)
    made = world.glue("create", resource="ready", arn=GROUP, pipeline="shop", resources=everything())
    assert set(made) == set(everything())


def test_where_there_is_no_room_for_a_tracker_it_is_told_soon(world: World) -> None:
    world.glue("create", **group())
    full = "You have exceeded the maximum number of event trackers."
    world.service.control.refuse_next("CreateEventTracker", "LimitExceededException", full, times=100)
    before = world.now
    with pytest.raises(NoRoomError, match=r"no room for another event tracker: .*delete-event-tracker"):
        world.glue("create", **TRACKER)
    assert (world.now - before).total_seconds() < 120


def test_a_schema_that_exists_may_not_be_seen_yet(world: World) -> None:
    world.glue("create", **group())
    by_hand(world, "CreateSchema", **dataset("items")["schema"])
    world.service.control.refuse_next("DescribeSchema", "ResourceNotFoundException", "No such schema.", times=3)
    assert world.glue("create", **dataset("items"))["schema_arn"] == arn("schema", f"{NAME}-items-99999999")


@pytest.mark.parametrize(
    "told",
    [
        "The limit on the number of requests per second has been exceeded.",
        "More than 5 resources with PENDING or IN_PROGRESS status.",
        "Something that nobody has documented.",
    ],
)
def test_a_limit_that_may_pass_is_waited_for(world: World, told: str) -> None:
    world.service.control.refuse_next("CreateDatasetGroup", "LimitExceededException", told, times=3)
    assert world.glue("create", **group()) == {"arn": GROUP}


@pytest.mark.parametrize("code", ["ThrottlingException", "LimitExceededException"])
def test_every_call_may_be_one_too_many(world: World, code: str) -> None:
    """Each operation is refused for its rate, in the words of each of the two errors, and then taken."""
    told = "The limit on the number of requests per second has been exceeded."
    operations = ["CreateDatasetGroup", "DescribeDatasetGroup", "CreateSchema", "CreateDataset", "DescribeDataset"]
    operations += ["ListEventTrackers", "CreateEventTracker", "DescribeEventTracker", "DescribeFilter"]
    operations += ["CreateSolution", "DescribeSolution", "DescribeCampaign"]
    for operation in operations:
        world.service.control.refuse_next(operation, code, told, times=3)
    world.glue("create", resource="ready", arn=GROUP, pipeline="shop", resources=everything())
    for wanted in (TRACKER, SOLUTION, dataset("items"), dataset("interactions"), group()):
        for operation in (
            "DeleteEventTracker",
            "DeleteSolution",
            "DeleteDataset",
            "DeleteSchema",
            "DeleteDatasetGroup",
        ):
            world.service.control.refuse_next(operation, code, told, times=2)
        world.glue("delete", **wanted)
    assert names(world) == {}
