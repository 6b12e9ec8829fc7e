"""Every List operation has pages, tokens and filters; every kind that can have tags has them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import ListShape, StructureShape

from local.personalize.errors import InvalidInputError, InvalidNextTokenError, NotFoundError, TooManyTagsError
from local.personalize.service_models import CONTROL, operation_model, output_members, service_model
from tests.local.personalize_account import Account
from tests.local.personalize_prepared import MAKERS, REQUESTS, TAGS, Prepared, member_of

NAMES = service_model(CONTROL).operation_names
LISTS = [name for name in NAMES if "nextToken" in output_members(name)]
_PAGING = ("nextToken", "maxResults")
_NEVER = "arn:aws:personalize:eu-west-1:123456789012:kind/none"


def taggable(kind: str) -> bool:
    shape = operation_model(CONTROL, f"Create{kind}").input_shape
    return isinstance(shape, StructureShape) and "tags" in shape.members


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return Prepared()


def entries(account: Account, operation: str, **params: Any) -> list[dict[str, Any]]:
    """Return what a list lists, from its only page, or its two where they are pages of recipes."""
    member = next(name for name, shape in output_members(operation).items() if isinstance(shape, ListShape))
    answer = account(operation, **params)
    found: list[dict[str, Any]] = answer[member]
    if operation == "ListRecipes":
        answer = account(operation, **params, nextToken=answer["nextToken"])
        found = [*found, *answer[member]]
    assert "nextToken" not in answer, f"{operation} has more pages"
    return found


def two_at_least(prepared: Prepared, operation: str) -> None:
    kind = operation.removeprefix("List").removesuffix("s")
    if kind in MAKERS:
        prepared.one(kind)
        prepared.make(kind)
    elif operation == "ListMetricAttributionMetrics":
        prepared.one("MetricAttribution")


@pytest.mark.parametrize("operation", LISTS)
def test_pages(prepared: Prepared, operation: str) -> None:
    account = prepared.account
    two_at_least(prepared, operation)
    base = {"metricAttributionArn": prepared.one("MetricAttribution")} if operation.endswith("Metrics") else {}
    whole = entries(account, operation, **base)
    assert len(whole) >= (1 if base else 2)
    member = next(name for name, shape in output_members(operation).items() if isinstance(shape, ListShape))
    walked, token = [], None
    while True:
        page = account(operation, **base, maxResults=1, **({"nextToken": token} if token else {}))
        assert len(page[member]) == 1
        walked += page[member]
        token = page.get("nextToken")
        if token is None:
            break
        for other in {"ListSchemas", "ListRecipes"} - {operation}:
            with pytest.raises(InvalidNextTokenError):
                account(other, nextToken=token)
    assert walked == whole
    with pytest.raises(InvalidNextTokenError) as refusal:
        account(operation, **base, nextToken="bm9uc2Vuc2U=")
    assert refusal.value.http_status == 400


@pytest.mark.parametrize("operation", LISTS)
def test_filters_of_lists(prepared: Prepared, operation: str) -> None:
    account = prepared.account
    two_at_least(prepared, operation)
    shape = operation_model(CONTROL, operation).input_shape
    members = [name for name in shape.members if name not in _PAGING] if shape else []
    parents = [name for name in members if name.endswith("Arn")]
    whole = entries(account, operation) if operation != "ListMetricAttributionMetrics" else []
    for parent in parents:
        kind = parent[0].upper() + parent[1:].removesuffix("Arn")
        owners = [each[parent] for each in entries(account, f"List{kind}s")]
        parts = [entries(account, operation, **{parent: owner}) for owner in owners]
        if whole:
            assert sorted(map(str, whole)) == sorted(str(each) for part in parts for each in part)
        assert any(parts)
        if NotFoundError.code in {error.name for error in operation_model(CONTROL, operation).error_shapes}:
            with pytest.raises(NotFoundError):
                account(operation, **{parent: _NEVER})
    assert parents or operation in ("ListDatasetGroups", "ListSchemas", "ListRecipes")


def test_recipes_are_listed_by_domain_and_provider() -> None:
    account = Account()
    whole = entries(account, "ListRecipes")
    assert entries(account, "ListRecipes", recipeProvider="SERVICE") == whole
    domains = {domain: entries(account, "ListRecipes", domain=domain) for domain in ("ECOMMERCE", "VIDEO_ON_DEMAND")}
    for domain, recipes in domains.items():
        assert {each["domain"] for each in recipes} == {domain}
        assert len(recipes) == 5
    assert sum("domain" not in each for each in whole) == len(whole) - 10


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_tags_of_each_kind(prepared: Prepared, kind: str) -> None:
    account = prepared.account
    arn = prepared.one(kind)
    if not taggable(kind):
        for operation, more in (("TagResource", {"tags": TAGS}), ("ListTagsForResource", {})):
            with pytest.raises(InvalidInputError, match="can't have tags"):
                account(operation, resourceArn=arn, **more)
        return
    shown = {"resourceArn": arn}
    assert account("ListTagsForResource", **shown)["tags"] == TAGS
    account("TagResource", **shown, tags=[{"tagKey": "team", "tagValue": "b"}, {"tagKey": "x", "tagValue": ""}])
    account("UntagResource", **shown, tagKeys=["x", "never there"])
    assert account("ListTagsForResource", **shown)["tags"] == [{"tagKey": "team", "tagValue": "b"}]
    account("TagResource", **shown, tags=TAGS)
    many = [{"tagKey": f"k{number}", "tagValue": "v"} for number in range(51)]
    with pytest.raises(TooManyTagsError):
        prepared.begin(kind, tags=many)
    assert "tags" not in account(f"Describe{kind}", **{f"{member_of(kind)}Arn": arn})[member_of(kind)]


def test_every_kind_that_can_be_made_is_here() -> None:
    assert {name.removeprefix("Create") for name in NAMES if name.startswith("Create")} == set(MAKERS)
    assert {name for _, name in REQUESTS} >= set(NAMES)
