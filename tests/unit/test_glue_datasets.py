"""Datasets, as Terraform drives them."""

from __future__ import annotations

from typing import Any

import pytest

from functions.errors import AlreadyExists, InUse, InvalidInput, NotFound
from functions.glue.datasets import SchemaRefusedError
from functions.glue.dispatch import apply
from functions.glue.patience import BroughtToNothingError
from functions.glue.request import ProtectedError
from tests.support.build import GROUP, VirtualSleep, arn
from tests.support.scripted import Scripted

ARN = arn("dataset", "acme-shop/INTERACTIONS")
SCHEMA, NEW_SCHEMA = arn("schema", "acme-shop-interactions-1"), arn("schema", "acme-shop-interactions-2")
REQUEST = {
    "name": "acme-shop-interactions",
    "datasetGroupArn": GROUP,
    "datasetType": "interactions",
    "schemaArn": SCHEMA,
}
WANTED: dict[str, Any] = {"resource": "dataset", "request": REQUEST, "tags": {"team": "search"}}
MOVED = {**WANTED, "request": {**REQUEST, "schemaArn": NEW_SCHEMA}}
GONE = NotFound("ResourceNotFoundException", "gone", "DescribeDataset")
BUSY = InUse("ResourceInUseException", "import under way", "DeleteDataset")
THERE = AlreadyExists("ResourceAlreadyExistsException", "there", "CreateDataset")


def glue(personalize: Scripted, action: str, wanted: dict[str, Any] = WANTED, before: Any = None) -> dict[str, Any]:
    event = {**wanted, "tf": {"action": action, "prev_input": before}}
    return apply(event, personalize, VirtualSleep().patience())


def described(status: str = "ACTIVE", schema: str = SCHEMA, update: str | None = None, **why: str) -> dict[str, Any]:
    latest = {"latestDatasetUpdate": {"schemaArn": NEW_SCHEMA, "status": update, **why}} if update else {}
    return {"dataset": {"datasetArn": ARN, "schemaArn": schema, "status": status, **latest}}


def test_it_is_created_with_exactly_these_parameters_and_awaited() -> None:
    personalize = Scripted(
        CreateDataset={"datasetArn": ARN}, DescribeDataset=[described("CREATE PENDING"), described()]
    )
    assert glue(personalize, "create") == {"arn": ARN}
    assert personalize.calls == [
        ("CreateDataset", {**REQUEST, "tags": [{"tagKey": "team", "tagValue": "search"}]}),
        ("DescribeDataset", {"datasetArn": ARN}),
        ("DescribeDataset", {"datasetArn": ARN}),
    ]


def test_one_of_an_interrupted_apply_is_taken_over() -> None:
    personalize = Scripted(CreateDataset=THERE, DescribeDataset=described(), TagResource={})
    assert glue(personalize, "create") == {"arn": ARN}
    assert personalize.params("TagResource") == {
        "resourceArn": ARN,
        "tags": [{"tagKey": "team", "tagValue": "search"}],
    }


def test_a_changed_schema_moves_the_dataset_in_place() -> None:
    personalize = Scripted(
        DescribeDataset=[described(), described(update="CREATE IN_PROGRESS"), described(update="ACTIVE")],
        UpdateDataset={"datasetArn": ARN},
    )
    assert glue(personalize, "update", MOVED, WANTED) == {"arn": ARN}
    assert personalize.params("UpdateDataset") == {"datasetArn": ARN, "schemaArn": NEW_SCHEMA}
    assert "DeleteDataset" not in personalize.operations
    assert "TagResource" not in personalize.operations


def test_a_move_that_an_interrupted_apply_began_is_awaited_not_repeated() -> None:
    under_way = described(update="CREATE IN_PROGRESS")
    personalize = Scripted(DescribeDataset=[under_way, under_way, described(update="ACTIVE")])
    assert glue(personalize, "update", MOVED, WANTED) == {"arn": ARN}
    assert "UpdateDataset" not in personalize.operations


def test_a_schema_that_personalize_refuses_fails_the_apply_in_its_words() -> None:
    personalize = Scripted(
        DescribeDataset=[described(), described(update="CREATE FAILED", failureReason="columns may not go")],
        UpdateDataset={"datasetArn": ARN},
    )
    with pytest.raises(BroughtToNothingError, match="columns may not go"):
        glue(personalize, "update", MOVED, WANTED)


def test_a_schema_that_personalize_does_not_take_is_told_with_what_to_do() -> None:
    refusal = InvalidInput("InvalidInputException", "The schema can't be replaced.", "UpdateDataset")
    personalize = Scripted(DescribeDataset=described(), UpdateDataset=refusal)
    with pytest.raises(SchemaRefusedError, match=r"acme-shop-interactions: The schema can't be replaced\. .*Take the"):
        glue(personalize, "update", MOVED, WANTED)


def test_the_same_schema_moves_nothing() -> None:
    personalize = Scripted(DescribeDataset=described())
    glue(personalize, "update", WANTED, WANTED)
    assert personalize.operations == ["DescribeDataset"]


@pytest.mark.parametrize(
    ("before", "after", "set_", "removed"),
    [
        ({"a": "1"}, {"a": "1"}, None, None),
        ({"a": "1"}, {"a": "2", "b": "3"}, {"a": "2", "b": "3"}, None),
        ({"a": "1", "b": "2"}, {"b": "2"}, None, ["a"]),
        ({"a": "1"}, {"b": "1"}, {"b": "1"}, ["a"]),
    ],
)
def test_tags_follow(before: dict[str, str], after: dict[str, str], set_: Any, removed: Any) -> None:
    personalize = Scripted(DescribeDataset=described(), TagResource={}, UntagResource={})
    glue(personalize, "update", {**WANTED, "tags": after}, {**WANTED, "tags": before})
    pairs = [{"tagKey": key, "tagValue": value} for key, value in (set_ or {}).items()]
    expected = [("TagResource", {"resourceArn": ARN, "tags": pairs})] if set_ else []
    expected += [("UntagResource", {"resourceArn": ARN, "tagKeys": removed})] if removed else []
    assert personalize.calls[1:] == expected


def test_it_is_deleted_once_nothing_is_imported_any_more() -> None:
    personalize = Scripted(DeleteDataset=[BUSY, {}], DescribeDataset=[described("DELETE PENDING"), GONE])
    assert glue(personalize, "delete") == {}
    assert personalize.operations == ["DeleteDataset", "DeleteDataset", "DescribeDataset", "DescribeDataset"]
    assert personalize.calls[0] == ("DeleteDataset", {"datasetArn": ARN})


def test_one_that_is_gone_needs_no_deletion() -> None:
    personalize = Scripted(DeleteDataset=GONE)
    assert glue(personalize, "delete") == {}
    assert personalize.operations == ["DeleteDataset"]


def test_a_protected_one_stays() -> None:
    personalize = Scripted()
    with pytest.raises(ProtectedError, match="dataset acme-shop-interactions, with its data, stays"):
        glue(personalize, "delete", {**WANTED, "deletion_protection": True})
    assert personalize.calls == []
