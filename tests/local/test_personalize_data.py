"""Schemas, imports and their failures, and schemas that evolve."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pandas as pd
import pytest

from local.personalize.errors import InUseError, InvalidInputError
from tests.local.personalize_account import INTERACTIONS, ITEMS, USERS, Account, avro, column, item_data, taste_data

HEADER = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n"
GOOD = "".join(f"u{at % 50},00{at % 9},{1_700_000_000 + at},watch,\n" for at in range(1000))


SHOP_ITEMS = [column("ITEM_ID"), column("PRICE", "float"), column("CATEGORY_L1", ["string"], categorical=True)]
FILM_ITEMS = [column("ITEM_ID"), column("CREATION_TIMESTAMP", "long"), column("GENRES", categorical=True)]
NULL_TEXT = column("PRODUCT_DESCRIPTION", ["null", "string"], textual=True)


@pytest.mark.parametrize(
    ("kind", "fields", "domain"),
    [
        ("Items", SHOP_ITEMS, "ECOMMERCE"),
        ("Items", [*SHOP_ITEMS, NULL_TEXT, column("GENDER", ["null", "string"], categorical=True)], "ECOMMERCE"),
        ("Items", FILM_ITEMS, "VIDEO_ON_DEMAND"),
        ("Items", [*FILM_ITEMS, column("PRICE", ["null", "float"])], "VIDEO_ON_DEMAND"),
        ("Items", [column("ITEM_ID"), column("PRICE", "double"), column("TITLE"), column("NEW", "boolean")], None),
        ("Items", [column("ITEM_ID"), column("A", textual=True)], None),
        ("Users", [column("USER_ID"), column("SUBSCRIPTION_MODEL", categorical=True)], "VIDEO_ON_DEMAND"),
        ("Users", [column("USER_ID"), *(column(f"X{at}", "int") for at in range(25))], "ECOMMERCE"),
        ("Interactions", [*INTERACTIONS[:4], *(column(f"X{at}") for at in range(5))], "ECOMMERCE"),
        ("Actions", [column("ACTION_ID"), column("A", "int"), column("ACTION_EXPIRATION_TIMESTAMP", "long")], None),
    ],
)
def test_good_schemas(kind: str, fields: list[dict[str, Any]], domain: str | None) -> None:
    account = Account()
    schema = account("CreateSchema", name="s", schema=avro(kind, fields), domain=domain)["schemaArn"]
    shown = account("DescribeSchema", schemaArn=schema)["schema"]
    assert (json.loads(shown["schema"])["fields"], shown.get("domain")) == (fields, domain)


@pytest.mark.parametrize(
    ("kind", "fields", "domain", "message"),
    [
        ("Interactions", [column("USER_ID"), column("ITEM_ID")], None, r"required fields are missing: \[TIMESTAMP\]"),
        ("Interactions", INTERACTIONS[:3], "ECOMMERCE", r"in the domain ECOMMERCE: \[EVENT_TYPE\]"),
        ("Interactions", [*INTERACTIONS[:2], column("TIMESTAMP", "string")], None, "must be of type long"),
        ("Interactions", [*INTERACTIONS, *(column(f"X{at}") for at in range(6))], None, "at most 5 are allowed"),
        ("Interactions", [*INTERACTIONS[:3], column("EVENTTYPE"), column("EVENT_TYPE")], None, "must be unique"),
        ("Items", [column("ITEM_ID")], None, "needs at least 1 metadata field"),
        ("Items", [column("ITEM_ID", ["null", "string"]), column("G")], None, "ITEM_ID must not be null"),
        ("Items", [column("ITEM_ID"), column("A", textual=True), column("B", textual=True)], None, "can be textual"),
        ("Items", [column("ITEM_ID"), column("A", "int", categorical=True)], None, "not a string"),
        ("Items", ITEMS, "ECOMMERCE", r"\[CATEGORY_L1\]"),
        ("Items", [*ITEMS, column("CREATION_TIMESTAMP", "int")], None, "CREATION_TIMESTAMP must be of type long"),
        (
            "Items",
            [*ITEMS, column("CREATION_TIMESTAMP", ["null", "long"])],
            None,
            "CREATION_TIMESTAMP must not be null",
        ),
        (
            "Items",
            [column("ITEM_ID"), column("TITLE")],
            None,
            "at least 1 metadata field .categorical, textual or numer",
        ),
        ("Items", [column("ITEM_ID"), column("CREATION_TIMESTAMP", "long")], None, "at least 1 metadata field"),
        ("Items", [*SHOP_ITEMS[:2], column("CATEGORY_L1")], "ECOMMERCE", "CATEGORY_L1 must be categorical"),
        ("Items", [*SHOP_ITEMS, column("PRODUCT_DESCRIPTION")], "ECOMMERCE", "PRODUCT_DESCRIPTION must be textual"),
        (
            "Items",
            [SHOP_ITEMS[0], column("PRICE", "double"), SHOP_ITEMS[2]],
            "ECOMMERCE",
            "PRICE must be of type float",
        ),
        ("Items", FILM_ITEMS[:2], "VIDEO_ON_DEMAND", r"in the domain VIDEO_ON_DEMAND: \[GENRES\]"),
        (
            "Interactions",
            [*INTERACTIONS[:4], column("EVENT_VALUE", "double")],
            None,
            "EVENT_VALUE must be of type float",
        ),
        ("Interactions", [*INTERACTIONS[:3], column("EVENT_TYPE", categorical=True)], None, "must not be categorical"),
        ("Interactions", [*INTERACTIONS, column("IMPRESSION", "long")], None, "IMPRESSION must be of type string"),
        ("Users", [column("USER_ID"), column("A", textual=True)], None, "at most 0 fields can be textual"),
        ("Users", [*USERS, column("SUBSCRIPTION_MODEL")], "VIDEO_ON_DEMAND", "SUBSCRIPTION_MODEL must be categorical"),
        ("Users", [column("USER_ID"), *(column(f"X{at}", "int") for at in range(26))], None, "at most 25 are allowed"),
        ("Actions", [column("ACTION_ID"), column("VALUE", "long")], None, "at least 1 metadata field"),
        ("Actions", [column("ACTION_ID"), *(column(f"X{at}", "int") for at in range(11))], None, "at most 10 are"),
        (
            "Actions",
            [column("ACTION_ID"), column("A", "int"), column("VALUE", "int")],
            None,
            "VALUE must be of type long",
        ),
        ("ActionInteractions", INTERACTIONS, None, r"required fields are missing: \[ACTION_ID\]"),
        ("Users", [column("USER_ID"), column("A", ["string", "int"])], None, "a list of one and null"),
        ("Users", [column("USER_ID"), {"name": "A", "type": {"type": "array", "items": "string"}}], None, "types are"),
        *(
            (
                "Users",
                [*USERS, column("A", kind)],
                None,
                rf"The field A has the type {re.escape(json.dumps(kind))}; types",
            )
            for kind in ("text", 7, None, {}, {"type": "array"}, ["null", {}], [])
        ),
        ("Users", [{"name": "USER_ID"}], None, "'USER_ID' is missing 'type'"),
        ("Weather", USERS, None, "it must be one of Interactions, Items, Users"),
    ],
)
def test_bad_schemas(kind: str, fields: list[dict[str, Any]], domain: str | None, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Account()("CreateSchema", name="s", schema=avro(kind, fields), domain=domain)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"type": "record"}', '{"type": "record", "name": "Items"}'])
def test_what_is_no_avro_record_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="schema"):
        Account()("CreateSchema", name="s", schema=text)


@pytest.mark.parametrize("name", ["genre-l1", "1GENRE", "GENRE L1", "GENRE.L1", "", "Ä", " GENRE"])
def test_a_field_has_a_name_as_avro_spells_them(name: str) -> None:
    fields = [column("ITEM_ID"), column("_GENRE_2b", categorical=True)]
    assert Account().schema("Items", fields)
    with pytest.raises(InvalidInputError, match=r"not valid|not a valid"):
        Account().schema("Items", [*fields, column(name, categorical=True)])


def test_a_dataset_takes_a_schema_of_its_type_and_domain() -> None:
    account = Account()
    group, shop = account.group(), account.group("shop", domain="ECOMMERCE")
    schema = account.schema("Interactions", INTERACTIONS)
    made = {"name": "d", "schemaArn": schema, "datasetGroupArn": group}
    with pytest.raises(InvalidInputError, match="is for INTERACTIONS, and the dataset is to hold ITEMS"):
        account("CreateDataset", **made, datasetType="items")
    with pytest.raises(InvalidInputError, match="not a dataset type"):
        account("CreateDataset", **made, datasetType="Weather")
    with pytest.raises(InvalidInputError, match=r"domain \(none\) is not the dataset group's \(ECOMMERCE\)"):
        account("CreateDataset", **{**made, "datasetGroupArn": shop}, datasetType="Interactions")
    arn = account("CreateDataset", **made, datasetType="iNteractions")["datasetArn"]
    assert arn.endswith(":dataset/group/INTERACTIONS")
    assert account("DescribeDataset", datasetArn=arn)["dataset"]["datasetType"] == "INTERACTIONS"


def interactions(account: Account) -> str:
    return account.dataset(account.group(), "Interactions", INTERACTIONS)


def rows(account: Account, dataset: str) -> pd.DataFrame:
    bulk = account.service.world.state.tables[dataset].bulk
    assert bulk is not None
    return bulk


def test_a_file_is_imported_as_it_is() -> None:
    account = Account()
    dataset = interactions(account)
    # Another order of columns, one more than needed, and IDs that only look like numbers.
    lines = [f"{1_700_000_000 + at},u{at % 50},x,00{at % 9},watch,{at / 2 if at % 3 else ''}" for at in range(1000)]
    text = "TIMESTAMP,USER_ID,MORE,ITEM_ID,EVENT_TYPE,EVENT_VALUE\r\n" + "\r\n".join(lines) + "\r\n"
    job = account.import_(dataset, account.put("b/one.csv", text), "j")
    assert job["status"] == "ACTIVE"
    assert job["importMode"] == "FULL"
    frame = rows(account, dataset)
    assert list(frame.columns) == ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE"]
    assert frame["ITEM_ID"].iloc[7] == "007"
    assert frame["TIMESTAMP"].iloc[7] == 1_700_000_007
    assert frame["EVENT_VALUE"].isna().sum() == 334


def test_the_files_of_a_folder_s_first_level_are_imported() -> None:
    account = Account()
    dataset = interactions(account)
    account.put("b/p/", b"")
    account.put("b/p/1.csv", HEADER + GOOD)
    account.put("b/p/2.csv", HEADER + GOOD.replace("u1,", "new,").replace(",1700", ",1600"))
    account.put("b/p/dt=2026-01-01/part-0.csv", "not read")
    account.put("b/p2.csv", "not read")
    assert account.import_(dataset, "s3://b/p/", "j")["status"] == "ACTIVE"
    assert len(rows(account, dataset)) == 2000
    assert "new" in set(rows(account, dataset)["USER_ID"])


def test_a_folder_of_sub_folders_has_no_data() -> None:
    account = Account()
    dataset = interactions(account)
    account.put("b/p/dt=2026-01-01/part-0.csv", HEADER + GOOD)
    job = account.import_(dataset, "s3://b/p/", "j")
    assert job["status"] == "CREATE FAILED"
    assert "p/dt=2026-01-01/part-0.csv is in a sub folder, and only the first level" in job["failureReason"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("USER_ID,TIMESTAMP,EVENT_TYPE\n", "Input CSV is missing the following columns:[ITEM_ID, EVENT_VALUE]"),
        (
            HEADER + GOOD + "u,i,1700000000000,watch,\n",
            "line 1002, column TIMESTAMP: '1700000000000' is in milliseconds",
        ),
        (HEADER + "u,i,soon,watch,\n" + GOOD, "line 2, column TIMESTAMP: 'soon' is not of type long"),
        (HEADER + GOOD + "u,i,,watch,\n", "line 1002, column TIMESTAMP: '' is empty"),
        (HEADER + GOOD + "u,i,-5,watch,\n", "column TIMESTAMP: '-5' is not an epoch time"),
        (HEADER + GOOD + "u,i,99999999999999999999,watch,\n", "line 1002, column TIMESTAMP"),
        (HEADER + GOOD + ",i,1700000000,watch,\n", "line 1002, column USER_ID: '' is empty"),
        (
            HEADER + GOOD + f"{'u' * 257},i,1700000000,watch,\n",
            "more than 256 characters for USER_ID.",
        ),
        (HEADER + GOOD + "u,i,1700000000,watch,high\n", "column EVENT_VALUE: 'high' is not of type float"),
        (HEADER + GOOD + "u,i,1700000000\n", "Expected 5 fields in line 1002, saw 3"),
        (HEADER + "\n\n" + GOOD + "u,i,1700000000,watch\n", "Expected 5 fields in line 1004, saw 4"),
        (
            HEADER + '"u,1",i,1700000000,"a ""b"" \\"c\\",",\n' + GOOD + "u,i,1700000000,watch\n",
            "in line 1003, saw 4",
        ),
        (HEADER + GOOD + 'u,"i\ni",1700000000,watch,\n', "line 1002: a record must be on a single line"),
        (HEADER + "\n" + GOOD + "u,i,x,watch,\n", "line 1003, column TIMESTAMP: 'x' is not of type long"),
        (HEADER + "\n" + GOOD + "u,i,-1,watch,\n", "line 1003, column TIMESTAMP: '-1' is not an epoch time"),
        (
            HEADER + GOOD + f"u,i,1700000000,{'x' * 1001},\n",
            "more than 1000 characters for EVENT_TYPE",
        ),
        (HEADER.replace("ITEM_ID", "ITEM_ID,ITEMID"), "line 1: columns must have unique names"),
        (HEADER.replace("ITEM_ID", '"ITEM_ID"'), "columns:[ITEM_ID]. File: s3://b/bad.csv, line 1. Don't enclose"),
        (HEADER + GOOD + "u,i,1700000000,watch,1,2,3\n", "Expected 5 fields in line 1002, saw 7"),
        (HEADER + "u,i,1700000000,watch,1,2\n" + GOOD, "Expected 5 fields in line 2, saw 6"),
        (HEADER + GOOD + '"u,i,1700000000,watch,1\n', "line 1002: a record must be on a single line"),
        (HEADER.encode() + GOOD.encode() + b"\xff\xfe,i,1700000000,watch,\n", "line 1002 is not UTF-8"),
        (HEADER + GOOD + "u,i,nan,watch,\n", "line 1002, column TIMESTAMP: 'nan' is not of type long"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        ("", "is empty"),
        (HEADER + GOOD[:200].rpartition("\n")[0], "needs at least 1000"),
    ],
)
def test_a_bad_file_fails_with_a_reason(content: str | bytes, reason: str) -> None:
    account = Account()
    dataset = interactions(account)
    job = account.import_(dataset, account.put("b/bad.csv", content), "j")
    assert job["status"] == "CREATE FAILED"
    assert reason in job["failureReason"]
    assert "b/bad.csv" in job["failureReason"]
    assert account.service.world.state.tables[dataset].empty


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("s3://b/none/", "There is no data at s3://b/none/"),
        ("s3://b/p", "a prefix must end in /"),
        ("s3://forbidden/x", "Could not read s3://forbidden/x: Access Denied"),
        ("https://b/x", "not an S3 location"),
    ],
)
def test_a_bad_location_fails_with_a_reason(location: str, reason: str) -> None:
    account = Account()
    account.put("b/p/1.csv", HEADER + GOOD)
    job = account.import_(interactions(account), location, "j")
    assert job["status"] == "CREATE FAILED"
    assert reason in job["failureReason"]


def test_one_bad_file_of_a_prefix_is_named() -> None:
    account = Account()
    account.put("b/p/1.csv", HEADER + GOOD)
    account.put("b/p/2.csv", HEADER + GOOD + "u,i,1700000000000,watch,\n")
    assert "s3://b/p/2.csv, line 1002" in account.import_(interactions(account), "s3://b/p/", "j")["failureReason"]


def test_full_replaces_and_incremental_upserts() -> None:
    account = Account(quotas={"minimum-imported-interactions": 1})
    dataset = account.dataset(account.group(), "Items", ITEMS)
    with pytest.raises(InvalidInputError, match="the first import must be FULL"):
        account.start_import(dataset, "s3://b/x", "early", importMode="INCREMENTAL")
    account.import_(dataset, account.put("b/1.csv", "ITEM_ID,GENRES,PRICE\na,x,1\nb,x|y,\na,z,2\n"), "j1")
    assert sorted(rows(account, dataset)["ITEM_ID"]) == ["a", "b"]
    change = account.put("b/2.csv", "ITEM_ID,GENRES,PRICE\nb,new,3\nc,,4\n")
    account.import_(dataset, change, "j2", importMode="INCREMENTAL")
    found = rows(account, dataset).set_index("ITEM_ID")
    assert found["PRICE"].to_dict() == {"a": 2.0, "b": 3.0, "c": 4.0}
    assert found["GENRES"].isna().to_dict() == {"a": False, "b": False, "c": True}
    account.import_(dataset, change, "j3", importMode="FULL")
    assert sorted(rows(account, dataset)["ITEM_ID"]) == ["b", "c"]


def test_a_failed_import_leaves_the_rows_that_there_were() -> None:
    account = Account()
    dataset = interactions(account)
    account.import_(dataset, account.put("b/1.csv", taste_data()), "j1")
    before = rows(account, dataset)
    account.import_(dataset, account.put("b/1.csv", "nothing\n"), "j2")
    assert rows(account, dataset) is before


def test_a_schema_that_gains_a_column_keeps_the_rows() -> None:
    account = Account(durations={"Dataset": {"update": 100}})
    group = account.group()
    dataset = account.dataset(group, "Items", ITEMS)
    account.import_(dataset, account.put("b/1.csv", item_data()), "j1")
    wider = account.schema("Items-2", [*ITEMS, column("STUDIO", ["null", "string"], categorical=True)])
    account("UpdateDataset", datasetArn=dataset, schemaArn=wider)
    shown = account("DescribeDataset", datasetArn=dataset)["dataset"]
    assert shown["status"] == "UPDATE PENDING"
    assert shown["schemaArn"] != wider
    assert shown["latestDatasetUpdate"]["status"] == "UPDATE PENDING"
    assert shown["latestDatasetUpdate"]["schemaArn"] == wider
    with pytest.raises(InUseError, match="in use by"):
        account("DeleteSchema", schemaArn=wider)
    account.clock.advance(20)
    assert account.status("Dataset", dataset) == "UPDATE IN_PROGRESS"
    with pytest.raises(InUseError, match="is UPDATE IN_PROGRESS, and must be ACTIVE"):
        account.start_import(dataset, "s3://b/1.csv", "meanwhile")
    account.clock.advance(80)
    shown = account("DescribeDataset", datasetArn=dataset)["dataset"]
    assert shown["schemaArn"] == wider
    assert shown["latestDatasetUpdate"]["status"] == "ACTIVE"
    frame = rows(account, dataset)
    assert len(frame) == len(item_data())
    assert frame["STUDIO"].isna().all()
    account("DeleteSchema", schemaArn=account("ListSchemas")["schemas"][0]["schemaArn"])
    # New files have the column, and a filter may name it.
    content = "ITEM_ID,GENRES,PRICE,STUDIO\nnew,x,1,Big\n"
    account.import_(dataset, account.put("b/2.csv", content), "j2", importMode="INCREMENTAL")
    assert rows(account, dataset).set_index("ITEM_ID").loc["new", "STUDIO"] == "Big"
    expression = 'INCLUDE ItemID WHERE Items.STUDIO IN ("Big")'
    account("CreateFilter", name="f", datasetGroupArn=group, filterExpression=expression)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (ITEMS[:2], r"fields of the previous schema are missing: \[PRICE\]"),
        ([*ITEMS[:2], column("PRICE", "float")], r"changed their type or attributes: \[PRICE\]"),
        ([ITEMS[0], column("GENRES", ["null", "string"]), ITEMS[2]], r"changed their type or attributes: \[GENRES\]"),
        ([*ITEMS, column("STUDIO")], r"new fields must support null: \[STUDIO\]"),
    ],
)
def test_a_schema_that_does_not_keep_the_columns_is_refused(fields: list[dict[str, Any]], message: str) -> None:
    account = Account()
    dataset = account.dataset(account.group(), "Items", ITEMS)
    with pytest.raises(InvalidInputError, match=message):
        account("UpdateDataset", datasetArn=dataset, schemaArn=account.schema("Items-2", fields))


def test_the_schema_of_interactions_cannot_be_replaced() -> None:
    account = Account()
    dataset = interactions(account)
    wider = account.schema("Interactions-2", [*INTERACTIONS, column("DEVICE", ["null", "string"])])
    with pytest.raises(InvalidInputError, match="INTERACTIONS dataset can't be replaced"):
        account("UpdateDataset", datasetArn=dataset, schemaArn=wider)


def test_streamed_records_are_kept_apart_from_bulk_ones() -> None:
    account = Account()
    group = account.group()
    interactions, items = account.dataset(group, "Interactions", INTERACTIONS), account.dataset(group, "Items", ITEMS)
    account.import_(interactions, account.put("b/i.csv", taste_data()), "i1")
    account.import_(items, account.put("b/items.csv", item_data()), "items1")
    tracking = account("CreateEventTracker", name="t", datasetGroupArn=group)["trackingId"]
    event = {"eventType": "like", "itemId": "i1", "sentAt": dt.datetime.now(dt.UTC), "eventId": "once"}
    for _ in range(2):
        account.events("PutEvents", trackingId=tracking, userId="u1", sessionId="s", eventList=[event])
    properties = json.dumps({"genres": ["g9", "g8"], "price": "2.5"})
    account.events("PutItems", datasetArn=items, items=[{"itemId": "i0", "properties": properties}])
    account.import_(interactions, account.put("b/i.csv", taste_data()), "i2")
    account.import_(items, account.put("b/items.csv", item_data()), "items2")
    tables = account.service.world.state.tables
    assert len(tables[interactions].snapshot().frame()) == len(taste_data()) + 1
    assert tables[items].indexed().loc["i0"].to_dict() == {"GENRES": "g9|g8", "PRICE": 2.5}
    assert len(tables[items].indexed()) == len(item_data())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"trackingId": "wrong"}, "no event tracker"),
        ({"properties": "[1]"}, "JSON object"),
        ({"properties": "{"}, "JSON object"),
        ({"properties": '{"userId": "x"}'}, "can't hold userId"),
        ({"eventType": None}, "'eventList.1.member.eventType'"),
        ({"sentAt": "today"}, "type timestamp"),
        ({"sentAt": 1_764_000_000_000}, "'1764000000000' at 'eventList.1.member.sentAt'"),  # milliseconds
        ({"properties": '{"deep": ' + "[" * 1000}, "JSON object: it is nested too deep"),
        ({"properties": f'{{"deep": {"[" * 200}{"]" * 200}}}'}, "JSON object: it is nested too deep"),
    ],
)
def test_bad_events(more: dict[str, Any], message: str) -> None:
    account = Account()
    group = account.group()
    account.dataset(group, "Interactions", INTERACTIONS)
    tracking = account("CreateEventTracker", name="t", datasetGroupArn=group)["trackingId"]
    event = {"eventType": "like", "itemId": "i1", "sentAt": dt.datetime.now(dt.UTC), **more}
    tracking = event.pop("trackingId", tracking)
    with pytest.raises(InvalidInputError, match=message):
        account.events("PutEvents", trackingId=tracking, sessionId="s", eventList=[event])


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ('{"genres": NaN}', "JSON object: NaN is no value of JSON"),
        ('{"price": -Infinity}', "JSON object: -Infinity is no value of JSON"),
        ('{"price": 1e999}', "PRICE must be of type double, and is inf"),
        ('{"price": "nan"}', "PRICE must be of type double, and is 'nan'"),
        ('{"price": true}', "PRICE must be of type double, and is True"),
        ('{"stock": true}', "STOCK must be of type int, and is True"),
        ('{"stock": 1e999}', "STOCK must be of type int, and is inf"),
    ],
)
def test_numbers_of_an_item_are_numbers(properties: str, message: str) -> None:
    account = Account()
    fields = [column("ITEM_ID"), column("GENRES", ["null", "string"], categorical=True)]
    fields += [column("PRICE", ["null", "double"]), column("STOCK", ["null", "int"])]
    dataset = account.dataset(account.group(), "Items", fields)
    with pytest.raises(InvalidInputError, match=message):
        account.events("PutItems", datasetArn=dataset, items=[{"itemId": "1", "properties": properties}])
    good = '{"genres": [[["a"]], "b"], "price": "2.5", "stock": 3}'
    account.events("PutItems", datasetArn=dataset, items=[{"itemId": "1", "properties": good}])
    (row,) = account.service.world.state.tables[dataset].since(0)
    assert (row["PRICE"], row["STOCK"]) == (2.5, 3)
