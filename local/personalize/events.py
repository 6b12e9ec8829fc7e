"""The Put operations: records that come one by one, kept apart from bulk imports.

https://docs.aws.amazon.com/personalize/latest/dg/incremental-data-updates.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from local.personalize import jsons
from local.personalize.data.schemas import NUMBERS, Field, Schema, plain
from local.personalize.data.tables import Row, Table
from local.personalize.errors import InUseError, InvalidInputError, NotFoundError
from local.personalize.kinds.base import Request
from local.personalize.lifecycle import CREATE
from local.personalize.models import Record
from local.personalize.validation import finite
from local.personalize.world import World

_RESERVED = frozenset(map(plain, ("userId", "sessionId", "eventType", "timestamp", "recommendationId", "impression")))
"""Names that the properties of an event can't have, whatever their case."""
_NO_SESSIONS = ("null", "undefined")
logger = logging.getLogger(__name__)

_BITS, _FLOATS = {"int": 32, "long": 64}, ("float", "double")


def put_events(world: World, request: Request) -> dict[str, Any]:
    """Add events to the interactions of the tracker's group.

    They count from the next training on, and for recommendations at once. Without a user, the session stands for
    one: who asks for recommendations gives the session's ID then.
    """
    with world.lock:
        table = _interactions(world, request["trackingId"])
        session, user = request["sessionId"], request.get("userId")
        if session.lower() in _NO_SESSIONS:
            logger.warning("the sessionId %r is what a program writes that has none: its users become one", session)
            if world.decisions["session-named-null"] == "ignore":
                return {}
        rows = [(event, _event_row(event, user or session, session, table.schema)) for event in request["eventList"]]
        for event, row in rows:
            if "ITEM_ID" not in row:
                logger.warning("an event of the type %s names no item, and is not kept", event["eventType"])
        kept = [(event.get("eventId"), row) for event, row in rows if "ITEM_ID" in row]
        _stream(table, kept, session if user is None else None)
        if user is not None:
            table.knows(session, user)
    return {}


def put_action_interactions(world: World, request: Request) -> dict[str, Any]:
    """Add events to the action interactions of the group, whose dataset has a tracker of its own."""
    with world.lock:
        table = _action_interactions(world, request["trackingId"])
        events = [(each.get("eventId"), _action_row(each, table.schema)) for each in request["actionInteractions"]]
        _stream(table, events)
    return {}


def put_items(world: World, request: Request) -> dict[str, Any]:
    """Add items, or replace those that there are."""
    return _put(world, request, "ITEMS", "items", "itemId", "ITEM_ID")


def put_users(world: World, request: Request) -> dict[str, Any]:
    """Add users, or replace those that there are."""
    return _put(world, request, "USERS", "users", "userId", "USER_ID")


def put_actions(world: World, request: Request) -> dict[str, Any]:
    """Add actions, or replace those that there are."""
    return _put(world, request, "ACTIONS", "actions", "actionId", "ACTION_ID")


def _put(world: World, request: Request, kind: str, listed: str, member: str, key: str) -> dict[str, Any]:
    with world.lock:
        dataset = world.get("Dataset", request["datasetArn"])
        if dataset.attributes["datasetType"] != kind:
            raise InvalidInputError(f"{dataset.arn} holds {dataset.attributes['datasetType']}, not {kind}.")
        if dataset.status != "ACTIVE":
            raise InUseError(f"{dataset.arn} is {dataset.status}, and must be ACTIVE.")
        table = world.state.tables[dataset.arn]
        rows = [
            _typed({**_properties(each.get("properties")), plain(key): each[member]}, table.schema)
            for each in request[listed]
        ]
        for row in rows:
            table.stream(row)
    return {}


def _stream(table: Table, events: Iterable[tuple[str | None, Row]], anonymous: str | None = None) -> None:
    """Add events, of an anonymous session if they are; of those with the same ID, the first one counts."""
    for event_id, row in events:
        if event_id and event_id in table.event_ids:
            continue
        if event_id:
            table.event_ids.add(event_id)
        table.stream(row, anonymous)


def _interactions(world: World, tracking_id: str) -> Table:
    trackers = (each for each in world.of("EventTracker") if each.attributes["trackingId"] == tracking_id)
    tracker: Record | None = next(trackers, None)
    if tracker is None:
        raise InvalidInputError(f"There is no event tracker with the tracking ID {tracking_id}.")
    early = tracker.life.path == CREATE and world.decisions["events-before-tracker"] == "take"
    if tracker.status != "ACTIVE" and not early:
        raise InvalidInputError(f"The event tracker {tracker.arn} is {tracker.status}, and must be ACTIVE.")
    for dataset in world.in_group("Dataset", tracker.attributes["datasetGroupArn"]):
        if dataset.attributes["datasetType"] == "INTERACTIONS" and dataset.arn in world.state.tables:
            return world.state.tables[dataset.arn]
    raise InvalidInputError(f"The dataset group of {tracker.arn} has no ACTIVE Interactions dataset.")


def _action_interactions(world: World, tracking_id: str) -> Table:
    for dataset in world.of("Dataset"):
        if dataset.attributes.get("trackingId") != tracking_id:
            continue
        if dataset.arn in world.state.tables and dataset.status == "ACTIVE":
            return world.state.tables[dataset.arn]
        raise InUseError(f"{dataset.arn} is {dataset.status}, and must be ACTIVE.")
    raise NotFoundError(f"There is no Action interactions dataset with the tracking ID {tracking_id}.")


def _event_row(event: Mapping[str, Any], user: str, session: str, schema: Schema) -> dict[str, Any]:
    """Return an event's row. Its item and value may stand among its properties, as half of the public code has them."""
    sent: datetime = event["sentAt"]
    properties = _event_properties(event)
    row = {
        **properties,
        "USERID": user,
        "SESSIONID": session,
        "ITEMID": event.get("itemId", properties.get("ITEMID")),
        "TIMESTAMP": int(sent.timestamp()),
        "EVENTTYPE": event["eventType"],
        "EVENTVALUE": event.get("eventValue", properties.get("EVENTVALUE")),
        "RECOMMENDATIONID": event.get("recommendationId"),
        "IMPRESSION": "|".join(event["impression"]) if event.get("impression") else None,
        "EVENTATTRIBUTIONSOURCE": event.get("metricAttribution", {}).get("eventAttributionSource"),
    }
    return _typed(row, schema)


def _action_row(event: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    happened: datetime = event["timestamp"]
    row = {
        **_event_properties(event),
        "USERID": event.get("userId", event["sessionId"]),
        "SESSIONID": event["sessionId"],
        "ACTIONID": event["actionId"],
        "TIMESTAMP": int(happened.timestamp()),
        "EVENTTYPE": event["eventType"],
        "RECOMMENDATIONID": event.get("recommendationId"),
        "IMPRESSION": "|".join(event["impression"]) if event.get("impression") else None,
    }
    return _typed(row, schema)


def _event_properties(event: Mapping[str, Any]) -> dict[str, Any]:
    properties = _read(event.get("properties"))
    reserved = sorted(name for name in properties if plain(name) in _RESERVED)
    if reserved:
        raise InvalidInputError(f"An event's properties can't hold {', '.join(reserved)}.")
    return _by_name(properties)


def _properties(text: str | None) -> dict[str, Any]:
    return _by_name(_read(text))


def _by_name(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return each by its name without what does not tell it from others: sku_name, skuName, SKU_NAME."""
    return {plain(name): value for name, value in properties.items()}


def _read(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        read = jsons.loads(text)
    except ValueError as error:
        raise InvalidInputError(f"properties must be a JSON object: {error}") from error
    if not isinstance(read, dict):
        raise InvalidInputError("properties must be a JSON object.")
    return read


_UNASKED = frozenset(
    map(plain, ("SESSION_ID", "EVENT_VALUE", "RECOMMENDATION_ID", "IMPRESSION", "EVENT_ATTRIBUTION_SOURCE"))
)
"""What every event brings, whether the schema has a column for it or not."""


def _typed(row: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the values that the schema has a column for, as its types say. Others are logged: nobody else tells."""
    typed: dict[str, Any] = {}
    columns = {plain(each.name) for each in schema.fields}
    if vain := sorted(name for name, value in row.items() if value is not None and name not in columns | _UNASKED):
        logger.warning("the schema of %s has no columns for %s: not kept", schema.type.name, ", ".join(vain))
    for each in schema.fields:
        value = row.get(plain(each.name))
        if value is None:
            if not each.nullable and each.name not in ("ITEM_ID", "EVENT_VALUE"):
                raise InvalidInputError(f"{each.name} must be given: the schema does not allow null.")
            continue
        try:
            typed[each.name] = _kept(_value(value, each.type), each, schema)
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidInputError(f"{each.name} must be of type {each.type}, and is {value!r}.") from error
    return typed


def _kept(value: Any, column: Field, schema: Schema) -> Any:
    """Return a value that keeps the column's rules: the same as for imports."""
    if isinstance(value, str):
        limit = schema.limit(column.name)
        if column.textual:
            return value[:limit]
        if len(value) > limit:
            raise InvalidInputError(f"Length cannot be more than {limit} characters for {column.name}.")
        if not schema.allows(column.name, value):
            choices = ", ".join(schema.type.choices[column.name])
            raise InvalidInputError(f"{column.name} must be one of {choices}, and is {value!r}.")
    elif column.name in schema.type.bounds:
        low, high = schema.type.bounds[column.name]
        if not low <= value <= high:
            raise InvalidInputError(f"{column.name} must be between {low} and {high}, and is {value}.")
    return value


def _value(value: Any, kind: str) -> Any:
    if isinstance(value, bool) and kind in NUMBERS:
        raise ValueError(value)
    if kind in _BITS:
        number = int(value)
        if number.bit_length() >= _BITS[kind]:
            raise ValueError(value)
        return number
    if kind in _FLOATS:
        if not finite(float(value)):
            raise ValueError(value)
        return float(value)
    if kind == "boolean":
        if str(value).lower() not in ("true", "false"):
            raise ValueError(value)
        return str(value).lower() == "true"
    return "|".join(map(str, value)) if isinstance(value, list) else str(value)
