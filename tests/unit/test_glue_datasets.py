"""Datasets with their schemas, as Terraform drives them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from functions.errors import AlreadyExists, InUse, InvalidInput, NotFound
from functions.glue.datasets import SchemaRefusedError, SchemaTakenError
from functions.glue.dispatch import apply
from functions.glue.patience import BroughtToNothingError
from functions.glue.request import ProtectedError
from tests.support.build import GROUP, VirtualSleep, arn, outside
from tests.support.scripted import Answer, Scripted

ARN = arn("dataset", "acme-shop/ITEMS")
FAMILY = "acme-shop-items"
SCHEMA, NEW_SCHEMA = arn("schema", f"{FAMILY}-11111111"), arn("schema", f"{FAMILY}-22222222")
BY_HAND = arn("schema", "by-hand")
TEXT, NEW_TEXT = '{"type":"record","name":"Items"}', '{"type":"record","name":"Items","fields":[]}'
REQUEST = {"name": FAMILY, "datasetGroupArn": GROUP, "datasetType": "items"}
WANTED: dict[str, Any] = {
    "resource": "dataset",
    "request": REQUEST,
    "schema": {"name": f"{FAMILY}-11111111", "schema": TEXT, "domain": "ECOMMERCE"},
    "tags": {"team": "search"},
}
MOVED = {**WANTED, "schema": {**WANTED["schema"], "name": f"{FAMILY}-22222222", "schema": NEW_TEXT}}
TAGS = [{"tagKey": "team", "tagValue": "search"}]
GONE = NotFound("ResourceNotFoundException", "gone", "Describe")
BUSY = InUse("ResourceInUseException", "import under way", "Delete")
THERE = AlreadyExists("ResourceAlreadyExistsException", "there", "Create")


def glue(personalize: Scripted, action: str, wanted: dict[str, Any] = WANTED, before: Any = None) -> dict[str, Any]:
    event = {**wanted, "tf": {"action": action, "prev_input": before}}
    return apply(event, personalize, VirtualSleep().patience(), outside())


def described(status: str = "ACTIVE", schema: str = SCHEMA, update: str | None = None, **why: str) -> dict[str, Any]:
    latest = {"latestDatasetUpdate": {"schemaArn": NEW_SCHEMA, "status": update, **why}} if update else {}
    return {"dataset": {"datasetArn": ARN, "schemaArn": schema, "status": status, **latest}}


def a_schema(text: str = TEXT, domain: str | None = "ECOMMERCE") -> dict[str, Any]:
    return {"schema": {"schema": text, **({"domain": domain} if domain else {})}}


def schemas(*arns: str) -> dict[str, Any]:
    return {"schemas": [{"name": each.rpartition("/")[2], "schemaArn": each} for each in arns]}


def a_group(domain: str | None = "ECOMMERCE") -> dict[str, Any]:
    return {"datasetGroup": {"datasetGroupArn": GROUP, **({"domain": domain} if domain else {})}}


def moving(*looks: dict[str, Any], **answers: Answer | Sequence[Answer]) -> Scripted:
    """Personalize with the dataset on its old schema, which looks like this after it was told to move."""
    told: dict[str, Answer | Sequence[Answer]] = {
        "DescribeDatasetGroup": a_group(),
        "CreateSchema": {"schemaArn": NEW_SCHEMA},
        "DescribeDataset": [described(), *looks],
        "UpdateDataset": {"datasetArn": ARN},
        "ListSchemas": schemas(SCHEMA, NEW_SCHEMA),
        "DeleteSchema": {},
    }
    return Scripted(**{**told, **answers})


def deleted(personalize: Scripted) -> list[str]:
    return [params["schemaArn"] for name, params in personalize.calls if name == "DeleteSchema"]


# ------------------------------------------------------------------ made, or taken over


def test_it_is_created_with_exactly_these_parameters_and_awaited() -> None:
    personalize = Scripted(
        DescribeDatasetGroup=a_group(),
        CreateSchema={"schemaArn": SCHEMA},
        CreateDataset={"datasetArn": ARN},
        DescribeDataset=[GONE, GONE, described("CREATE PENDING"), described()],
    )
    assert glue(personalize, "create") == {"arn": ARN, "schema_arn": SCHEMA}
    made = [(name, params) for name, params in personalize.calls if name.startswith("Create")]
    assert made == [
        ("CreateSchema", WANTED["schema"]),
        ("CreateDataset", {**REQUEST, "schemaArn": SCHEMA, "tags": TAGS}),
    ]


def test_one_of_an_interrupted_apply_is_taken_over() -> None:
    personalize = Scripted(DescribeDataset=[described("CREATE IN_PROGRESS"), described()], TagResource={})
    assert glue(personalize, "create") == {"arn": ARN, "schema_arn": SCHEMA}
    assert personalize.params("TagResource") == {"resourceArn": ARN, "tags": TAGS}


def test_so_is_its_schema_where_only_that_was_made() -> None:
    personalize = Scripted(
        DescribeDatasetGroup=a_group(),
        CreateSchema=THERE,
        DescribeSchema=a_schema(json.dumps(json.loads(TEXT), indent=2)),
        CreateDataset={"datasetArn": ARN},
        DescribeDataset=[GONE, GONE, described()],
    )
    assert glue(personalize, "create") == {"arn": ARN, "schema_arn": SCHEMA}


@pytest.mark.parametrize("found", [a_schema(NEW_TEXT), a_schema(domain=None)], ids=["text", "domain"])
def test_a_schema_of_the_name_that_says_something_else_is_refused(found: dict[str, Any]) -> None:
    personalize = Scripted(
        DescribeDatasetGroup=a_group(), CreateSchema=THERE, DescribeSchema=found, DescribeDataset=GONE
    )
    with pytest.raises(SchemaTakenError, match=r"acme-shop-items-11111111 exists, .* Nothing was changed"):
        glue(personalize, "create")
    assert "CreateDataset" not in personalize.operations


def test_one_that_came_to_nothing_is_made_again() -> None:
    personalize = Scripted(
        DescribeDataset=[described("CREATE FAILED"), described("CREATE FAILED"), GONE, GONE, described()],
        DeleteDataset={},
        DescribeDatasetGroup=a_group(),
        CreateSchema=THERE,
        DescribeSchema=a_schema(),
        CreateDataset={"datasetArn": ARN},
    )
    assert glue(personalize, "create") == {"arn": ARN, "schema_arn": SCHEMA}
    assert personalize.operations.index("DeleteDataset") < personalize.operations.index("CreateDataset")


def test_one_made_by_hand_keeps_a_schema_of_its_own_that_says_the_same() -> None:
    personalize = Scripted(DescribeDataset=described(schema=BY_HAND), DescribeSchema=a_schema(), TagResource={})
    assert glue(personalize, "create") == {"arn": ARN, "schema_arn": BY_HAND}
    assert set(personalize.operations) == {"DescribeDataset", "DescribeSchema", "TagResource"}


def test_one_made_by_hand_moves_from_a_schema_that_says_something_else() -> None:
    personalize = moving(
        described(schema=NEW_SCHEMA),
        DescribeDataset=[described(schema=BY_HAND), described(schema=NEW_SCHEMA)],
        DescribeSchema=a_schema(),
        ListSchemas=schemas(BY_HAND, NEW_SCHEMA),
        TagResource={},
    )
    assert glue(personalize, "create", MOVED) == {"arn": ARN, "schema_arn": NEW_SCHEMA}
    assert deleted(personalize) == [], "what somebody has made is not ours to delete"


# ------------------------------------------------------------------ the move to another schema

UNDER_WAY = [
    pytest.param([described(update="CREATE IN_PROGRESS"), described(update="ACTIVE")], id="by its update"),
    pytest.param([described("UPDATE PENDING"), described("UPDATE IN_PROGRESS")], id="by its status"),
    pytest.param([described("UPDATE IN_PROGRESS", update="UPDATE IN_PROGRESS")], id="by both"),
    pytest.param([described(), described()], id="not at once"),
]


@pytest.mark.parametrize("looks", UNDER_WAY)
def test_a_changed_schema_moves_the_dataset_in_place_and_the_old_one_goes(looks: list[dict[str, Any]]) -> None:
    personalize = moving(*looks, described(schema=NEW_SCHEMA))
    assert glue(personalize, "update", MOVED, WANTED) == {"arn": ARN, "schema_arn": NEW_SCHEMA}
    assert personalize.params("UpdateDataset") == {"datasetArn": ARN, "schemaArn": NEW_SCHEMA}
    assert deleted(personalize) == [SCHEMA]
    assert not {"DeleteDataset", "TagResource"} & set(personalize.operations)


@pytest.mark.parametrize(
    "look",
    [described("UPDATE IN_PROGRESS"), described(update="CREATE IN_PROGRESS"), described("UPDATE PENDING", NEW_SCHEMA)],
)
def test_a_move_that_an_interrupted_apply_began_is_awaited_not_repeated(look: dict[str, Any]) -> None:
    personalize = moving(DescribeDataset=[look, look, described(schema=NEW_SCHEMA)])
    assert glue(personalize, "update", MOVED, WANTED) == {"arn": ARN, "schema_arn": NEW_SCHEMA}
    assert "UpdateDataset" not in personalize.operations


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(described(update="CREATE FAILED", failureReason="columns may not go"), id="create failed"),
        pytest.param(described(update="UPDATE FAILED", failureReason="columns may not go"), id="update failed"),
    ],
)
def test_a_schema_that_personalize_refuses_fails_the_apply_in_its_words(ended: dict[str, Any]) -> None:
    personalize = moving(described("UPDATE IN_PROGRESS"), ended)
    with pytest.raises(SchemaRefusedError, match="columns may not go"):
        glue(personalize, "update", MOVED, WANTED)
    assert deleted(personalize) == []


def test_a_status_alone_tells_of_a_failure_too() -> None:
    personalize = moving(described("UPDATE IN_PROGRESS"), described("UPDATE FAILED"))
    with pytest.raises(SchemaRefusedError, match="UPDATE FAILED"):
        glue(personalize, "update", MOVED, WANTED)


@pytest.mark.parametrize("failed", [described("UPDATE FAILED"), described(update="UPDATE FAILED")])
def test_a_failure_of_an_earlier_move_is_not_this_ones(failed: dict[str, Any]) -> None:
    personalize = moving(
        failed,
        described("UPDATE IN_PROGRESS"),
        described(schema=NEW_SCHEMA),
        DescribeDataset=[failed, failed, described("UPDATE IN_PROGRESS"), described(schema=NEW_SCHEMA)],
    )
    assert glue(personalize, "update", MOVED, WANTED) == {"arn": ARN, "schema_arn": NEW_SCHEMA}


def test_a_move_that_is_never_seen_is_told() -> None:
    with pytest.raises(BroughtToNothingError, match="the new schema of acme-shop-items"):
        glue(moving(described()), "update", MOVED, WANTED)


def test_a_schema_that_personalize_does_not_take_is_told_with_what_to_do() -> None:
    refusal = InvalidInput("InvalidInputException", "The schema can't be replaced.", "UpdateDataset")
    personalize = moving(UpdateDataset=refusal)
    with pytest.raises(SchemaRefusedError, match=r"acme-shop-items: The schema can't be replaced\. .*Take the"):
        glue(personalize, "update", MOVED, WANTED)


def test_taken_back_the_refused_schema_goes_and_nothing_moves() -> None:
    personalize = moving()
    glue(personalize, "update", WANTED, MOVED)
    assert "UpdateDataset" not in personalize.operations
    assert deleted(personalize) == [NEW_SCHEMA]


def test_a_schema_that_is_used_elsewhere_stays() -> None:
    personalize = moving(described(schema=NEW_SCHEMA), DeleteSchema=BUSY)
    assert glue(personalize, "update", MOVED, WANTED) == {"arn": ARN, "schema_arn": NEW_SCHEMA}


@pytest.mark.parametrize("absent", [("status",), ("status", "latestDatasetUpdate")])
def test_one_that_tells_no_status_of_its_own_is_there(absent: tuple[str, ...]) -> None:
    found = described(schema=NEW_SCHEMA, update="ACTIVE")
    for key in absent:
        del found["dataset"][key]
    personalize = moving(DescribeDataset=found)
    assert glue(personalize, "update", MOVED, WANTED)["schema_arn"] == NEW_SCHEMA
    assert "CreateDataset" not in personalize.operations


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


# ------------------------------------------------------------------ deleted


def test_it_is_deleted_once_nothing_is_imported_any_more_and_its_schemas_go() -> None:
    others = [BY_HAND, arn("schema", f"{FAMILY}-of-mine"), arn("schema", "acme-shop-users-11111111")]
    personalize = Scripted(
        DeleteDataset=[BUSY, {}],
        DescribeDataset=[described("DELETE PENDING"), GONE],
        ListSchemas=schemas(SCHEMA, NEW_SCHEMA, *others),
        DeleteSchema={},
    )
    assert glue(personalize, "delete") == {}
    assert personalize.operations[:4] == ["DeleteDataset", "DeleteDataset", "DescribeDataset", "DescribeDataset"]
    assert deleted(personalize) == [SCHEMA, NEW_SCHEMA]


def test_one_that_is_gone_needs_no_deletion() -> None:
    personalize = Scripted(DeleteDataset=GONE, ListSchemas=schemas(SCHEMA), DeleteSchema=GONE)
    assert glue(personalize, "delete") == {}


def test_a_protected_one_stays() -> None:
    personalize = Scripted()
    with pytest.raises(ProtectedError, match="dataset acme-shop-items, with its data, stays"):
        glue(personalize, "delete", {**WANTED, "deletion_protection": True})
    assert personalize.calls == []
