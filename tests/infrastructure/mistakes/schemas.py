"""Schemas: type of dataset, domain, schema, and what is told behind the field; "" where it is right."""
# ruff: noqa: E501 # a table: a row on a line

from __future__ import annotations

from collections.abc import Mapping

from tests.infrastructure.mistakes.declared import EVENT, GENRES, INTERACTIONS, ITEM, ITEMS, TIME, USER, USERS, text

LONG = "A" * 20_000
SCHEMAS: Mapping[str, tuple[str, str | None, str, str]] = {
    "not-json": ("items", None, "{", "not JSON; give the Avro schema as text, from file() or jsonencode()."),
    "no-record": ("items", None, text("Items", ITEMS, type="array"), 'not an Avro record; it needs "type": "record" and "fields".'),
    "no-fields": ("items", None, text("Items", []), 'not an Avro record; it needs "type": "record" and "fields".'),
    "name": ("items", None, text("items", ITEMS), 'its "name" is "items"; for items it is "Items".'),
    "namespace": ("items", None, text("Items", ITEMS, namespace="shop"), 'its "namespace" is "shop"; Personalize takes "com.amazonaws.personalize.schema" only.'),
    "long": ("items", None, text("Items", ITEMS, doc=LONG), "20331 characters of at most 20000."),
    "missing": ("interactions", None, text("Interactions", [USER, ITEM]), "there is no column TIMESTAMP, which must be there: long."),
    "missing-item": ("items", None, text("Items", ITEMS[1:]), "there is no column ITEM_ID, which must be there: string."),
    "missing-user": ("users", None, text("Users", USERS[1:]), "there is no column USER_ID, which must be there: string."),
    "small-letters": ("interactions", None, text("Interactions", [USER, {"name": "itemId", "type": "string"}, TIME]), "there is no column ITEM_ID, which must be there: string. There is itemId: write it ITEM_ID."),
    "hyphen": ("items", None, text("Items", [*ITEMS, {"name": "UNIT-PRICE", "type": "float"}]), 'a column is named "UNIT-PRICE"; names have letters, digits and underscores, and don\'t begin with a digit.'),
    "twice": ("items", None, text("Items", [*ITEMS, {"name": "genres_", "type": "float"}]), "the names GENRES and genres_ are the same to Personalize, which looks at neither capitals nor underscores; rename one."),
    "same": ("items", None, text("Items", [*ITEMS, GENRES]), "there are two columns GENRES; take one out."),
    "nested": ("items", None, text("Items", [*ITEMS, {"name": "TAGS", "type": {"type": "array", "items": "string"}}]), 'the type of TAGS is {"items":"string","type":"array"}; it must be one of boolean, string, double, float, int, long, or a list of one of them and "null".'),
    "union": ("items", None, text("Items", [*ITEMS, {"name": "V", "type": ["int", "string"]}]), 'the type of V is ["int","string"]; it must be one of boolean, string, double, float, int, long, or a list of one of them and "null".'),
    "number-in-categories": ("items", None, text("Items", [*ITEMS, {"name": "SIZE", "type": "int", "categorical": True}]), "SIZE is categorical, and of int; only strings can be."),
    "number-as-text": ("items", None, text("Items", [*ITEMS[:3], {"name": "SIZE", "type": "int", "textual": True}]), "SIZE is textual, and of int; only strings can be."),
    "type": ("interactions", None, text("Interactions", [USER, ITEM, {**TIME, "type": "string"}]), "TIMESTAMP must be long, and is string."),
    "double": ("interactions", None, text("Interactions", [*INTERACTIONS, {"name": "EVENT_VALUE", "type": "double"}]), "EVENT_VALUE must be float, and is double."),
    "null": ("interactions", None, text("Interactions", [USER, ITEM, {**TIME, "type": ["null", "long"]}]), 'TIMESTAMP takes null, and must not; make its type "long".'),
    "category": ("interactions", None, text("Interactions", [USER, ITEM, TIME, {**EVENT, "categorical": True}]), 'EVENT_TYPE must not be categorical; take "categorical" out.'),
    "nothing-to-learn": ("items", None, text("Items", [ITEM, {"name": "TITLE", "type": "string"}]), 'there is no column to learn from besides the ID; items need one that is a number, "categorical": true or "textual": true, or leave the dataset out.'),
    "only-reserved": ("items", None, text("Items", [ITEM, {"name": "CREATION_TIMESTAMP", "type": "long"}]), 'there is no column to learn from besides the ID; items need one that is a number, "categorical": true or "textual": true, or leave the dataset out.'),
    "users-nothing": ("users", None, text("Users", [USER, {"name": "CITY", "type": "string"}]), 'there is no column to learn from besides the ID; users need one that is a number or "categorical": true, or leave the dataset out.'),
    "many": ("interactions", None, text("Interactions", [*INTERACTIONS, *({"name": f"C{n}", "type": "int"} for n in range(6))]), "6 columns of your own, and interactions have at most 5."),
    "many-users": ("users", None, text("Users", [USER, *({"name": f"C{n}", "type": "int"} for n in range(26))]), "26 columns of your own, and users have at most 25."),
    "texts": ("items", None, text("Items", [*ITEMS, {"name": "B", "type": "string", "textual": True}]), "B, TEXT are textual; items have at most 1."),
    "text-of-users": ("users", None, text("Users", [*USERS, {"name": "B", "type": "string", "textual": True}]), "B is textual; users have no textual column."),
    "shop-without-price": ("items", "ECOMMERCE", text("Items", [ITEM, {"name": "CATEGORY_L1", "type": "string", "categorical": True}]), "there is no column PRICE, which must be there in the domain ECOMMERCE: float."),
    "shop-category": ("items", "ECOMMERCE", text("Items", [ITEM, {"name": "PRICE", "type": "float"}, {"name": "CATEGORY_L1", "type": "string"}]), 'CATEGORY_L1 must be categorical; add "categorical": true.'),
    "shop-description": ("items", "ECOMMERCE", text("Items", [ITEM, {"name": "PRICE", "type": "float"}, {"name": "CATEGORY_L1", "type": "string", "categorical": True}, {"name": "PRODUCT_DESCRIPTION", "type": "string"}]), 'PRODUCT_DESCRIPTION must be textual; add "textual": true.'),
    "video-without-type": ("interactions", "VIDEO_ON_DEMAND", text("Interactions", [USER, ITEM, TIME]), "there is no column EVENT_TYPE, which must be there in the domain VIDEO_ON_DEMAND: string."),
    "video-without-time": ("items", "VIDEO_ON_DEMAND", text("Items", [ITEM, {**GENRES, "type": "string"}]), "there is no column CREATION_TIMESTAMP, which must be there in the domain VIDEO_ON_DEMAND: long."),
    "video-users": ("users", "VIDEO_ON_DEMAND", text("Users", [USER, {"name": "SUBSCRIPTION_MODEL", "type": "int"}]), "SUBSCRIPTION_MODEL must be string, and is int."),
    "right": ("items", None, text("Items", [*ITEMS, {"name": "CREATION_TIMESTAMP", "type": "long"}]), ""),
    "right-users": ("users", "VIDEO_ON_DEMAND", text("Users", [USER, {"name": "SUBSCRIPTION_MODEL", "type": ["null", "string"], "categorical": True}]), ""),
    "right-shop": ("items", "ECOMMERCE", text("Items", [ITEM, {"name": "PRICE", "type": "float"}, {"name": "CATEGORY_L1", "type": "string", "categorical": True}, {"name": "GENDER", "type": ["string", "null"], "categorical": True}]), ""),
    "right-events": ("interactions", None, text("Interactions", [*INTERACTIONS, {"name": "EVENT_VALUE", "type": ["null", "float"]}, {"name": "DEVICE", "type": "string", "categorical": True}]), ""),
}  # fmt: skip
