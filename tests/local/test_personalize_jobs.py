"""Exports of datasets, and deletions of users."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pandas as pd
import pytest

from local.personalize.errors import InvalidInputError, LimitExceededError
from tests.local.personalize_account import INTERACTIONS, ITEMS, ROLE, USERS, Account, avro, taste_data

NOW = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


class Store:
    """A group with interactions and items, in bulk and one by one."""

    def __init__(self, **options: Any) -> None:
        self.account = Account(quotas={"minimum-imported-interactions": 1}, **options)
        self.group = self.account.group()
        self.interactions = self.account.dataset(self.group, "Interactions", INTERACTIONS)
        self.items = self.account.dataset(self.group, "Items", ITEMS)
        self.users = self.account.dataset(self.group, "Users", USERS)
        self.tracking = self.account("CreateEventTracker", name="t", datasetGroupArn=self.group)["trackingId"]

    def bulk(self, dataset: str, text: str, name: str) -> None:
        job = self.account.import_(dataset, self.account.put("b/in.csv", text), name)
        assert job["status"] == "ACTIVE", job

    def event(self, user: str, item: str) -> None:
        event = {"eventType": "watch", "itemId": item, "sentAt": NOW}
        self.account.events("PutEvents", trackingId=self.tracking, userId=user, sessionId="s", eventList=[event])

    def export(self, dataset: str, mode: str | None = None, name: str = "e", path: str = "s3://b/out/") -> str:
        """Export, and return the file."""
        modes = {"ingestionMode": mode} if mode else {}
        output = {"s3DataDestination": {"path": path}}
        arn = self.account(
            "CreateDatasetExportJob", jobName=name, datasetArn=dataset, roleArn=ROLE, jobOutput=output, **modes
        )["datasetExportJobArn"]
        job = self.account("DescribeDatasetExportJob", datasetExportJobArn=arn)["datasetExportJob"]
        assert job["status"] == "ACTIVE", job
        assert job["ingestionMode"] == (mode or "PUT")
        return self.account.objects.contents[f"b/out/{name}.csv"].decode()

    def delete_users(self, location: str, name: str = "d") -> dict[str, Any]:
        source = {"dataLocation": location}
        arn = self.account(
            "CreateDataDeletionJob", jobName=name, datasetGroupArn=self.group, dataSource=source, roleArn=ROLE
        )["dataDeletionJobArn"]
        job: dict[str, Any] = self.account("DescribeDataDeletionJob", dataDeletionJobArn=arn)["dataDeletionJob"]
        return job


def test_exports_of_items() -> None:
    store = Store()
    store.bulk(store.items, 'ITEM_ID,GENRES,PRICE\na,x|y,1\nb,"say \\"so\\", a\\\\b",\n', "i")
    for price in (2, 3, 3):
        properties = json.dumps({"genres": ["x", "z"], "price": price})
        store.account.events("PutItems", datasetArn=store.items, items=[{"itemId": "a", "properties": properties}])
    header = "ITEM_ID,GENRES,PRICE\n"
    tricky = 'b,"say \\"so\\", a\\\\b",\n'
    assert store.export(store.items, "BULK", "bulk") == header + "a,x|y,1.0\n" + tricky
    assert store.export(store.items, None, "put") == header + "a,x|z,2.0\na,x|z,3.0\n"
    assert store.export(store.items, "ALL", "all") == header + tricky + "a,x|z,3.0\n"
    # What was exported can be imported again, and is the same.
    before = store.account.service.world.state.tables[store.items].indexed()["GENRES"].to_dict()
    job = store.account.import_(store.items, "s3://b/out/all.csv", "again")
    assert job["status"] == "ACTIVE"
    assert store.account.service.world.state.tables[store.items].indexed()["GENRES"].to_dict() == before


def test_exports_of_interactions() -> None:
    store = Store()
    row = "u1,i1,1700000000,watch,\n"
    store.bulk(store.interactions, f"USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n{row}{row}", "i")
    store.event("u1", "i2")
    frame = pd.read_csv(io.StringIO(store.export(store.interactions, "ALL")))
    assert frame["ITEM_ID"].tolist() == ["i1", "i2"]  # records that are the same in all fields are exported once
    assert (
        store.account("ListDatasetExportJobs", datasetArn=store.interactions)["datasetExportJobs"][0]["jobName"] == "e"
    )
    assert store.account("ListDatasetExportJobs", datasetArn=store.items)["datasetExportJobs"] == []


def test_an_export_that_cannot_write_fails_with_a_reason() -> None:
    store = Store()
    output = {"s3DataDestination": {"path": "s3://forbidden/out"}}
    arn = store.account("CreateDatasetExportJob", jobName="x", datasetArn=store.items, roleArn=ROLE, jobOutput=output)[
        "datasetExportJobArn"
    ]
    job = store.account("DescribeDatasetExportJob", datasetExportJobArn=arn)["datasetExportJob"]
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"] == "Could not write s3://forbidden/out/x.csv: Access Denied"
    with pytest.raises(InvalidInputError, match="Invalid S3 output path"):
        store.export(store.items, path="https://b/out/")


def test_users_are_deleted_with_all_their_data() -> None:
    store = Store()
    store.bulk(store.interactions, taste_data().to_csv(index=False), "i")
    store.bulk(store.users, "USER_ID,AGE\nu1,20\nu2,50\nu3,\n", "u")
    for user in ("u1", "u2", "u5"):
        store.event(user, "i7")
    store.account.put("b/gone/1.csv", "USER_ID\nu1\nnobody\n")
    store.account.put("b/gone/more/2.csv", "USER_ID\nu5\n")
    store.account.put("b/gone/readme.txt", "not read")
    tables = store.account.service.world.state.tables
    snapshot = tables[store.interactions].snapshot()
    job = store.delete_users("s3://b/gone/")
    assert job["status"] == "COMPLETED"
    had = taste_data()["USER_ID"].isin(["u1", "u5"]).sum()
    assert job["numDeleted"] == had + 1 + 2  # interactions in bulk, a user, two events
    frame = tables[store.interactions].snapshot().frame()
    assert not {"u1", "u5"} & set(frame["USER_ID"])
    assert "u1" not in frame["USER_ID"].cat.categories
    assert len(frame) == len(taste_data()) - had + 1
    assert tables[store.interactions].of_user("u1").empty
    assert len(tables[store.interactions].of_user("u2")) == (taste_data()["USER_ID"] == "u2").sum() + 1
    assert set(tables[store.users].indexed().index) == {"u2", "u3"}
    assert len(snapshot.frame()) == len(taste_data()) + 3  # a training under way keeps what it has


def test_what_is_new_to_a_model_stays_new_when_older_rows_are_deleted() -> None:
    store = Store()
    store.bulk(store.interactions, taste_data().to_csv(index=False), "i")
    store.event("u1", "i7")
    store.event("u2", "i7")
    table = store.account.service.world.state.tables[store.interactions]
    seen = table.snapshot().seen
    store.event("u2", "i9")
    store.account.put("b/gone.csv", "USER_ID\nu1\n")
    assert store.delete_users("s3://b/gone.csv")["status"] == "COMPLETED"
    assert [row["ITEM_ID"] for row in table.since(seen)] == ["i9"]
    store.event("u3", "i11")
    assert [row["ITEM_ID"] for row in table.since(seen)] == ["i9", "i11"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("USERID\nu1\n", "Input CSV is missing the following columns:[USER_ID]. File: s3://b/gone/1.csv, line 1."),
        (f"USER_ID\nu1\n{'u' * 257}\n", "Length cannot be more than 256 characters for USER_ID"),
        ("USER_ID\n" + "u1\n" * 20, "has 68 bytes, and at most 50 are allowed"),
    ],
)
def test_a_bad_list_of_users_fails_with_a_reason(content: str, reason: str) -> None:
    store = Store()
    if "bytes" in reason:
        store.account.service.world.quotas["data-deletion-bytes"] = 50
    store.account.put("b/gone/1.csv", content)
    job = store.delete_users("s3://b/gone/")
    assert job["status"] == "FAILED"
    assert reason in job["failureReason"]
    assert "numDeleted" not in job


def test_the_life_of_a_deletion() -> None:
    store = Store(durations={"DataDeletionJob": {"*": 100}})
    store.account.put("b/gone.csv", "USER_ID\nu1\n")
    for number in range(5):
        assert store.delete_users("s3://b/gone.csv", f"d{number}")["status"] == "PENDING"
    with pytest.raises(LimitExceededError, match="More than 5 resources with PENDING or IN_PROGRESS status"):
        store.delete_users("s3://b/gone.csv", "d5")
    page = store.account("ListDataDeletionJobs", datasetGroupArn=store.group, maxResults=2)
    assert [job["jobName"] for job in page["dataDeletionJobs"]] == ["d4", "d3"]  # the newest first
    page = store.account("ListDataDeletionJobs", datasetGroupArn=store.group, nextToken=page["nextToken"])
    assert [job["jobName"] for job in page["dataDeletionJobs"]] == ["d2", "d1", "d0"]
    assert "nextToken" not in page
    store.account.clock.advance(20)
    arn = page["dataDeletionJobs"][-1]["dataDeletionJobArn"]
    for seconds, status in ((0, "IN_PROGRESS"), (79, "IN_PROGRESS"), (1, "COMPLETED")):
        store.account.clock.advance(seconds)
        assert store.account.status("DataDeletionJob", arn) == status


def test_a_deletion_that_a_restart_interrupts_deletes() -> None:
    store = Store(durations={"DataDeletionJob": {"*": 100}})
    store.bulk(store.users, "USER_ID,AGE\nu1,20\nu2,50\n", "u")
    store.account.put("b/gone.csv", "USER_ID\nu1\n")
    arn = store.delete_users("s3://b/gone.csv")["dataDeletionJobArn"]
    store.account.clock.advance(50)
    assert store.account.status("DataDeletionJob", arn) == "IN_PROGRESS"
    store.account.restart()
    store.account.clock.advance(50)
    job = store.account("DescribeDataDeletionJob", dataDeletionJobArn=arn)["dataDeletionJob"]
    assert (job["status"], job["numDeleted"]) == ("COMPLETED", 1)
    assert set(store.account.service.world.state.tables[store.users].indexed().index) == {"u2"}


def test_sizes_of_imports_are_limited() -> None:
    store = Store()
    location = store.account.put("b/in.csv", "ITEM_ID,GENRES,PRICE\na,x,1\n")
    store.account.import_(store.items, location, "j1")
    store.account.service.world.quotas["incremental-import-bytes"] = 10
    job = store.account.import_(store.items, location, "j2", importMode="INCREMENTAL")
    assert "has 27 bytes, and at most 10 are allowed" in job["failureReason"]
    assert store.account.import_(store.items, location, "j3", importMode="FULL")["status"] == "ACTIVE"


def test_interactions_need_a_thousand_records_in_either_mode() -> None:
    account = Account()
    dataset = account.dataset(account.group(), "Interactions", INTERACTIONS)
    account.import_(dataset, account.put("b/1.csv", taste_data()), "j1")
    few = account.put("b/2.csv", taste_data().head(999))
    for mode in ("FULL", "INCREMENTAL"):
        job = account.import_(dataset, few, mode, importMode=mode, publishAttributionMetricsToS3=True)
        assert "needs at least 1000" in job["failureReason"]
        assert job["publishAttributionMetricsToS3"] is True


def test_texts_are_cut_and_headers_are_the_same_in_all_files() -> None:
    account = Account()
    fields: list[dict[str, Any]] = [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "DESCRIPTION", "type": ["null", "string"], "textual": True},
    ]
    schema = account("CreateSchema", name="s", schema=avro("Items", fields))["schemaArn"]
    wanted = {"name": "d", "datasetGroupArn": account.group(), "schemaArn": schema}
    dataset = account("CreateDataset", datasetType="Items", **wanted)["datasetArn"]
    account.put("b/p/1.csv", f'ITEM_ID,DESCRIPTION\na,"{"long, " * 5000}"\n')
    assert account.import_(dataset, "s3://b/p/", "j1")["status"] == "ACTIVE"
    table = account.service.world.state.tables[dataset]
    assert len(str(table.indexed().loc["a", "DESCRIPTION"])) == 20_000
    properties = json.dumps({"description": "x" * 30_000})
    account.events("PutItems", datasetArn=dataset, items=[{"itemId": "b", "properties": properties}])
    assert len(str(table.indexed().loc["b", "DESCRIPTION"])) == 20_000
    account.put("b/p/2.csv", "DESCRIPTION,ITEM_ID\nx,b\n")
    reason = account.import_(dataset, "s3://b/p/", "j2")["failureReason"]
    assert reason.startswith("Column headers must match across all files: s3://b/p/2.csv, line 1 has [DESCRIPTION, ")
