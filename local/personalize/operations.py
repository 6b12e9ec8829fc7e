"""Create, Describe, List, Update and Delete, the same for every kind; and tags."""

from __future__ import annotations

import base64
import binascii
import copy
import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from botocore.model import ListShape, StructureShape

from local.personalize import lagging
from local.personalize.errors import (
    AlreadyExistsError,
    InUseError,
    InvalidInputError,
    InvalidNextTokenError,
    LimitExceededError,
    NotFoundError,
    TooManyTagsError,
)
from local.personalize.kinds.base import Kind, Parent, Request
from local.personalize.models import Attributes, Life, Record
from local.personalize.recipes import RECIPES, algorithm, feature_transformation, recipe_of
from local.personalize.service_models import CONTROL, operation_model, output_members, service_model
from local.personalize.world import World

T = TypeVar("T")
Answer = dict[str, Any]
Operation = Callable[[World, Request], Answer]

_MAX_TAGS = 50
_PAGE = 100
_RECIPES = 11
"""So many are on a page of recipes at most."""


def operations_of(kind: Kind) -> dict[str, Operation]:
    """Return the operations that the service's model has for a kind."""
    candidates: dict[str, Callable[[Kind, World, Request], Answer]] = {
        f"Create{kind.name}": create,
        f"Describe{kind.name}": describe,
        f"List{kind.name}s": list_all,
        f"Update{kind.name}": update,
        f"Delete{kind.name}": delete,
    }
    known = service_model(CONTROL).operation_names
    return {name: functools.partial(run, kind) for name, run in candidates.items() if name in known}


def create(kind: Kind, world: World, request: Request) -> Answer:
    """Make a resource and send it on its way."""
    tags = _as_tags({}, request.get("tags", []))
    # A repeat must find the name taken before anything else can be wrong: callers rely on it.
    if kind.name_member in request:
        _refuse_namesake(kind.namesake(world, request, ""))
    request = kind.resolve(world, request)
    for parent in kind.parents:
        if parent.member in request:
            _usable(kind, world, parent, request[parent.member])
    attributes = kind.attributes(world, request)
    arn = kind.arn(world, request, attributes)
    _refuse_namesake(kind.namesake(world, request, arn))
    now = world.engine.now()
    record = Record(
        kind=kind.name,
        arn=arn,
        name=request.get(kind.name_member, ""),
        serial=world.state.next_serial(),
        attributes={**copy.deepcopy(attributes), kind.arn_member: arn},
        life=Life(None, now, now),
        tags=tags,
    )
    _check_quotas(kind, world, record)
    world.state.records[arn] = record
    if kind.create:
        world.engine.begin(record, record.life, kind.create)
    return copy.deepcopy(record.attributes)


def _usable(kind: Kind, world: World, parent: Parent, arn: str) -> None:
    """Refuse a parent that can't be built upon now, by an error that the model has for the creation."""
    life = world.get(parent.kind, arn).life
    if parent.early and life.path and life.path.name == "create":
        return
    try:
        world.active(parent.kind, arn)
    except InUseError as error:
        if error.code in {shape.name for shape in operation_model(CONTROL, f"Create{kind.name}").error_shapes}:
            raise
        raise InvalidInputError(error.message) from error


def describe(kind: Kind, world: World, request: Request) -> Answer:
    """Show a resource."""
    record = lagging.get(world, kind.name, request[kind.arn_member])
    return {kind.member: view(kind, world, record)}


def list_all(kind: Kind, world: World, request: Request) -> Answer:
    """Show all resources of a kind, or those that belong to the parent that the request names."""
    operation = f"List{kind.name}s"
    filters = {k: v for k, v in request.items() if k not in ("nextToken", "maxResults")}
    errors = {shape.name for shape in operation_model(CONTROL, operation).error_shapes}
    for arn in filters.values() if NotFoundError.code in errors else ():
        if arn not in world.state.records:
            raise NotFoundError(f"Resource Arn {arn} does not exist.")
    records = [record for record in lagging.records(world, kind.name) if _matches(world, record, filters)]
    page, token = paginate(operation, _in_order(kind, world, records), request)
    members = output_members(operation).items()
    member = next(name for name, shape in members if isinstance(shape, ListShape))
    return {member: [view(kind, world, record) for record in page], "nextToken": token}


def _in_order(kind: Kind, world: World, records: Iterable[Record]) -> list[tuple[int, Record]]:
    """Return records as List shows them, each with a number that grows."""
    if kind.unordered and world.decisions["order-of-lists"] == "none":
        return sorted(((_scatter(record.arn), record) for record in records), key=lambda entry: entry[0])
    if kind.newest_first:
        return [(-record.serial, record) for record in reversed(list(records))]
    return [(record.serial, record) for record in records]


def _scatter(arn: str) -> int:
    """Return a number that is always the same for an ARN, and says nothing about it."""
    return int.from_bytes(hashlib.sha256(arn.encode()).digest()[:6])


def update(kind: Kind, world: World, request: Request) -> Answer:
    """Begin an update: the resource stays as it is until that is done."""
    record = world.get(kind.name, _arn(kind.arn_member, request))
    if kind.update is None:
        raise InvalidInputError(f"{record.arn} can't be updated.")
    if record.updating:
        raise InUseError(f"{record.arn} can't be updated while another update is in progress.")
    if record.status not in kind.updatable_from:
        raise InUseError(
            f"{record.arn} is {record.status}; to be updated it must be {' or '.join(kind.updatable_from)}."
        )
    changes = copy.deepcopy(kind.updated(world, record, kind.resolve(world, request)))
    world.engine.update(record, changes, kind.update)
    return {kind.arn_member: record.arn}


def _arn(member: str, request: Request) -> str:
    if member not in request:  # the model does not require all that make no sense without
        raise InvalidInputError(f"{member} must be given.")
    arn: str = request[member]
    return arn


def delete(kind: Kind, world: World, request: Request) -> Answer:
    """Begin a deletion, unless something forbids it."""
    record = world.get(kind.name, request[kind.arn_member])
    kind.check_delete(world, record)
    if kind.delete:
        world.engine.begin(record, record.life, kind.delete)
    else:
        remove(world, record)
    return {}


def remove(world: World, record: Record) -> None:
    """Take a record away, and those that go with it."""
    for child, follows in list(world.children(record)):
        if follows:
            remove(world, child)
    world.state.records.pop(record.arn, None)
    world.journal.gone.append(record)
    world.kinds[record.kind].gone(world, record)


def view(kind: Kind, world: World, record: Record) -> Attributes:
    """Return all that can be shown of a resource."""
    values = {**record.attributes, **_life(record.life), "status": kind.status(record), **kind.view(world, record)}
    if kind.update_member and record.update:
        values[kind.update_member] = {**record.update.attributes, **_life(record.update.life)}
    return copy.deepcopy({key: value for key, value in values.items() if value is not None})


def _life(life: Life) -> Attributes:
    values = {
        "status": life.status,
        "creationDateTime": life.created_at,
        "lastUpdatedDateTime": life.updated_at,
        "failureReason": life.failure_reason,
    }
    return {key: value for key, value in values.items() if value is not None}


def _refuse_namesake(namesake: Record | None) -> None:
    if namesake is not None:
        raise AlreadyExistsError(f"Another resource with Arn {namesake.arn} already exists.")


def _check_quotas(kind: Kind, world: World, record: Record) -> None:
    group = world.group_of(record)
    for quota in kind.quotas:
        others = world.of(kind.name) if quota.scope == "region" else world.in_group(kind.name, group or "")
        used = sum(1 for other in others if not quota.pending or other.life.under_way)
        limit = world.quotas[quota.key]
        if used >= limit:
            raise LimitExceededError(quota.message(limit))


def _matches(world: World, record: Record, filters: Mapping[str, Any]) -> bool:
    for member, value in filters.items():
        shown = world.group_of(record) if member == "datasetGroupArn" else record.attributes.get(member)
        if shown != value:
            return False
    return True


def paginate(operation: str, entries: Iterable[tuple[int, T]], request: Request) -> tuple[list[T], str | None]:
    """Return a page of entries (each with a number, ascending), and the next page's token."""
    after = _read_token(operation, request["nextToken"]) if "nextToken" in request else None
    size = request.get("maxResults", _PAGE)
    left = [(number, entry) for number, entry in entries if after is None or number > after]
    page = left[:size]
    token = _write_token(operation, page[-1][0]) if len(left) > len(page) else None
    return [entry for _, entry in page], token


def _write_token(operation: str, after: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([operation, after]).encode()).decode()


def _read_token(operation: str, token: str) -> int:
    try:
        name, after = json.loads(base64.urlsafe_b64decode(token.encode()))
        if name == operation and isinstance(after, int):
            return after
    except (ValueError, TypeError, binascii.Error):
        pass
    raise InvalidNextTokenError("The token is not valid.")


def list_recipes(world: World, request: Request) -> Answer:
    """Show the recipes by name, or those of a domain.

    Recorded: a page has eleven at most, and the domain is looked at only then: a page of none may have a token.
    """
    recipes = sorted(RECIPES.values(), key=lambda recipe: recipe.name)
    size = min(request.get("maxResults", _RECIPES), _RECIPES)
    page, token = paginate("ListRecipes", enumerate(recipes, 1), {**request, "maxResults": size})
    domain = request.get("domain")
    return {"recipes": [each.describe() for each in page if domain in (None, each.domain)], "nextToken": token}


def describe_recipe(world: World, request: Request) -> Answer:
    """Show a recipe."""
    return {"recipe": recipe_of(request["recipeArn"]).describe()}


def describe_algorithm(world: World, request: Request) -> Answer:
    """Show what trains a recipe."""
    return {"algorithm": algorithm(request["algorithmArn"])}


def describe_feature_transformation(world: World, request: Request) -> Answer:
    """Show what prepares data for a recipe."""
    return {"featureTransformation": feature_transformation(request["featureTransformationArn"])}


def list_metrics(world: World, request: Request) -> Answer:
    """Show the metrics of a metric attribution."""
    attributes = world.get("MetricAttribution", _arn("metricAttributionArn", request)).attributes
    page, token = paginate("ListMetricAttributionMetrics", enumerate(attributes["metrics"], 1), request)
    return {"metrics": page, "nextToken": token}


def tag(world: World, request: Request) -> Answer:
    """Add tags, or change their values."""
    record = _taggable(world, request["resourceArn"])
    record.tags = _as_tags(record.tags, request["tags"])
    return {}


def untag(world: World, request: Request) -> Answer:
    """Take tags away; those that are not there don't matter."""
    record = _taggable(world, request["resourceArn"])
    record.tags = {key: value for key, value in record.tags.items() if key not in request["tagKeys"]}
    return {}


def list_tags(world: World, request: Request) -> Answer:
    """Show a resource's tags."""
    tags = _taggable(world, request["resourceArn"]).tags
    return {"tags": [{"tagKey": key, "tagValue": value} for key, value in tags.items()]}


def _taggable(world: World, arn: str) -> Record:
    record = world.state.records.get(arn)
    if record is None:
        raise NotFoundError(f"Resource Arn {arn} does not exist.")
    shape = operation_model(CONTROL, f"Create{record.kind}").input_shape
    if not isinstance(shape, StructureShape) or "tags" not in shape.members:
        raise InvalidInputError(f"{arn} can't have tags.")
    return record


def _as_tags(old: Mapping[str, str], tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    keys = [tag["tagKey"] for tag in tags]
    if len(set(keys)) != len(keys):
        raise InvalidInputError("A tag key is given twice.")
    for key in keys:
        if key.lower().startswith("aws:"):
            raise InvalidInputError(f"The tag key {key} is reserved for AWS.")
    merged = {**old, **{tag["tagKey"]: tag["tagValue"] for tag in tags}}
    if len(merged) > _MAX_TAGS:
        raise TooManyTagsError(f"A resource can't have more than {_MAX_TAGS} tags.")
    return merged
