"""Applies that are cut off, and what was made by hand. Each test goes on from the last."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.terraform import NO_CHANGES, TerraformError
from tests.e2e.deployment import Deployment, csv, deployed

FOLDER = Path(__file__).parent / "life"
BASE, CUT, KILLED, HAND = "base", "cut", "killed", "hand"
EXPRESSION, OTHER = (
    'INCLUDE ItemID WHERE Items.GENRES IN ("Drama")',
    'INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")',
)


def schema(name: str, *columns: dict[str, Any]) -> str:
    namespace = "com.amazonaws.personalize.schema"
    return json.dumps(
        {"type": "record", "name": name, "namespace": namespace, "fields": list(columns), "version": "1.0"}
    )


INTERACTIONS = schema(
    "Interactions",
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_TYPE", "type": "string"},
)
ITEMS = schema(
    "Items",
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TITLE", "type": "string"},
    {"name": "GENRES", "type": "string", "categorical": True},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
)
BARE: dict[str, Any] = {"datasets": {"interactions": {"schema": INTERACTIONS}}}
WHOLE: dict[str, Any] = {
    "datasets": {"interactions": {"schema": INTERACTIONS}, "items": {"schema": ITEMS}},
    "event_tracker": True,
    "filters": {"drama": EXPRESSION},
    "solutions": {"popular": {"recipe": "aws-popularity-count", "campaign": {"name": "front-page"}}},
}


@pytest.fixture(scope="module")
def stack() -> Iterator[Deployment]:
    """Apply a pipeline that stays as it is, so that what the tests cut off is Personalize's alone."""
    variables = {"pipelines": {BASE: BARE}}
    with deployed("life", FOLDER, variables) as deployment:
        yield deployment


def pipelines(**more: Any) -> dict[str, Any]:
    return {BASE: BARE, **more}


LISTS = {
    "dataset_groups": "datasetGroups",
    "schemas": "schemas",
    "datasets": "datasets",
    "event_trackers": "eventTrackers",
    "filters": "Filters",
    "solutions": "solutions",
}


def there(stack: Deployment, pipeline: str) -> dict[str, dict[str, Any]]:
    """Return what there is of a pipeline, by its ARN: when it was made."""
    personalize = stack.client("personalize")
    found = {}
    for what, key in LISTS.items():
        listed = getattr(personalize, f"list_{what}")()[key]
        arn = f"{key[0].lower()}{key[1:-1]}Arn"
        found[what] = {each[arn]: each["creationDateTime"] for each in listed if f"life-{pipeline}" in each["name"]}
    return found


def counts(stack: Deployment, pipeline: str) -> dict[str, int]:
    return {what: len(found) for what, found in there(stack, pipeline).items() if found}


WITHOUT_DATA = {"dataset_groups": 1, "schemas": 2, "datasets": 2, "event_trackers": 1, "solutions": 1}


def import_data(stack: Deployment, pipeline: str) -> None:
    """Import by hand what filters need."""
    personalize = stack.client("personalize")
    bucket = stack.outputs["bucket"]
    for kind in ("interactions", "items"):
        prefix = f"{pipeline}/{kind}/"
        stack.client("s3").put_object(Bucket=bucket, Key=f"{prefix}data.csv", Body=csv(kind))
        group = f"life-{pipeline}"
        job = personalize.create_dataset_import_job(
            jobName=f"{group}-{kind}",
            datasetArn=stack.outputs["dataset_group_arns"][BASE].replace(
                f"dataset-group/life-{BASE}", f"dataset/{group}/{kind.upper()}"
            ),
            dataSource={"dataLocation": f"s3://{bucket}/{prefix}"},
            roleArn=stack.outputs["service_role_arn"],
        )["datasetImportJobArn"]
        active(stack, personalize.describe_dataset_import_job, "datasetImportJob", job)


def active(stack: Deployment, describe: Callable[..., dict[str, Any]], key: str, arn: str) -> None:
    def look() -> bool | None:
        found = describe(**{f"{key}Arn": arn})[key]
        assert "FAILED" not in found["status"], found
        return found["status"] == "ACTIVE" or None

    stack.wait(look, lambda: arn)


def test_an_apply_that_fails_at_each_resource_in_turn_is_completed_by_the_next(stack: Deployment) -> None:
    """Each thing is made, and glue does not hear of it."""
    kinds = ["DatasetGroup", "Schema", "Dataset", "EventTracker", "Solution"]
    for kind in kinds:
        # An error that the SDK does not answer by asking again.
        stack.account.control.refuse_next(f"Create{kind}", "ValidationException", f"{kind} is lost.", after=True)
    told: list[str] = []
    while len(told) < len(kinds):
        with pytest.raises(TerraformError) as failed:
            stack.change(pipelines=pipelines(**{CUT: WHOLE}))
        lost = [kind for kind in kinds if f"{kind} is lost." in str(failed.value)]
        assert lost, failed.value
        told += lost
    assert told == kinds, "in the order in which they are made"
    stack.change()
    assert counts(stack, CUT) == WITHOUT_DATA
    assert stack.terraform.plan()[0] == NO_CHANGES


def hanging(stack: Deployment, kind: str) -> Callable[[], object]:
    """Have the next thing of a kind hang while it is made; return what tells that it does."""
    stack.account.control.hang_next(kind)
    return lambda: any(each.get("hangs") for each in stack.account.control.resources(kind)) or None


def test_an_apply_that_is_killed_at_each_slow_resource_in_turn_is_completed_by_the_next(stack: Deployment) -> None:
    for kind in ("DatasetGroup", "Dataset", "EventTracker", "Solution"):
        stack.kill_apply(hanging(stack, kind), pipelines=pipelines(**{KILLED: WHOLE}))
        stack.account.control.release()
    stack.change()
    assert counts(stack, KILLED) == WITHOUT_DATA
    import_data(stack, KILLED)
    changed = {**WHOLE, "filters": {"drama": OTHER}}
    stack.kill_apply(hanging(stack, "Filter"), pipelines=pipelines(**{KILLED: changed}))
    stack.account.control.release()
    stack.change()
    assert counts(stack, KILLED) == {**WITHOUT_DATA, "filters": 1}
    assert stack.terraform.plan()[0] == NO_CHANGES


def test_so_is_one_that_is_killed_while_it_removes(stack: Deployment) -> None:
    def all_hang() -> object:
        return sum(bool(each.get("hangs")) for each in stack.account.control.resources()) == len(kinds) or None

    for kinds in (("Solution", "Filter"), ("EventTracker",), ("Dataset",), ("DatasetGroup",)):  # what goes at a time
        for kind in kinds:
            stack.account.control.hang_next(kind, path="delete", matching=f"*{KILLED}*")
        stack.kill_apply(all_hang, pipelines=pipelines())
        stack.account.control.release()
    stack.change()
    assert counts(stack, KILLED) == {}
    assert counts(stack, CUT) == {}
    assert stack.terraform.plan()[0] == NO_CHANGES


def test_what_was_made_by_hand_is_taken_over_and_nothing_is_destroyed(stack: Deployment) -> None:
    personalize, name = stack.client("personalize"), f"life-{HAND}"
    group = personalize.create_dataset_group(name=name)["datasetGroupArn"]
    active(stack, personalize.describe_dataset_group, "datasetGroup", group)
    for kind, text in (("interactions", INTERACTIONS), ("items", ITEMS)):
        indented = json.dumps(json.loads(text), indent=2)
        made = personalize.create_schema(name=f"by-hand-{name}-{kind}", schema=indented)["schemaArn"]
        dataset = personalize.create_dataset(
            name=f"{name}-{kind}", schemaArn=made, datasetGroupArn=group, datasetType=kind
        )["datasetArn"]
        active(stack, personalize.describe_dataset, "dataset", dataset)
    import_data(stack, HAND)
    tracker = personalize.create_event_tracker(name=name, datasetGroupArn=group)
    active(stack, personalize.describe_event_tracker, "eventTracker", tracker["eventTrackerArn"])
    drama = personalize.create_filter(name=f"{name}-drama", datasetGroupArn=group, filterExpression=EXPRESSION)
    active(stack, personalize.describe_filter, "filter", drama["filterArn"])
    before = there(stack, HAND)

    stack.change(pipelines=pipelines(**{HAND: WHOLE}))
    after = there(stack, HAND)
    assert {**after, "solutions": {}} == before, "all that was there, and nothing beside it but the solution"
    outputs = stack.terraform.outputs()["personalize"]
    assert isinstance(outputs, dict)
    assert outputs["tracking_ids"] == {HAND: tracker["trackingId"]}
    assert outputs["filter_arns"][HAND] == {"drama": drama["filterArn"]}
    assert stack.terraform.plan()[0] == NO_CHANGES


def test_what_has_another_domain_or_tracker_is_refused_by_name(stack: Deployment) -> None:
    personalize = stack.client("personalize")
    before = there(stack, HAND)
    with pytest.raises(TerraformError, match="life-hand exists with domain none, not VIDEO_ON_DEMAND"):
        stack.change(pipelines=pipelines(**{HAND: {**WHOLE, "domain": "VIDEO_ON_DEMAND"}}))
    stack.change(pipelines=pipelines(**{HAND: WHOLE}))
    group = stack.terraform.outputs()["personalize"]
    assert isinstance(group, dict)
    personalize.create_event_tracker(name="mine", datasetGroupArn=group["dataset_group_arns"][BASE])
    with pytest.raises(TerraformError, match="an event tracker already, mine"):
        stack.change(pipelines={BASE: {**BARE, "event_tracker": True}, HAND: WHOLE})
    (mine,) = [each for each in personalize.list_event_trackers()["eventTrackers"] if each["name"] == "mine"]
    personalize.delete_event_tracker(eventTrackerArn=mine["eventTrackerArn"])
    stack.change(pipelines=pipelines(**{HAND: WHOLE}))
    assert there(stack, HAND) == before


def test_an_event_tracker_that_goes_is_refused_under_protection(stack: Deployment) -> None:
    stack.change(deletion_protection=True)
    before = there(stack, HAND)
    with pytest.raises(TerraformError, match="event tracker life-hand, whose id applications send events with, stays"):
        stack.change(pipelines=pipelines(**{HAND: {**WHOLE, "event_tracker": False}}))
    assert there(stack, HAND) == before
    stack.change(pipelines=pipelines(**{HAND: WHOLE}), deletion_protection=False)


def test_destroy_leaves_nothing_but_what_bears_another_name(stack: Deployment) -> None:
    stack.terraform.destroy()
    assert counts(stack, HAND) == {"schemas": 2}, "made by hand under names of their own"
    assert counts(stack, BASE) == {}
