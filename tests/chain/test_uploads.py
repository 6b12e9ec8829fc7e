"""What is uploaded, and what comes of it: folders, files that are no CSV, columns, keys, and uploads that take long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.support.world import World, interactions, items


@pytest.fixture
def world() -> World:
    """Return a pipeline with data."""
    world = World()
    world.declare()
    world.upload("interactions", interactions())
    world.upload("items", items())
    return world


def test_an_upload_starts_the_pipeline_of_its_folder(world: World) -> None:
    world.uploaded("interactions")
    world.settle()
    (run,) = world.runs()
    assert (run.status, run.trigger, run.warnings) == ("SUCCEEDED", "upload", ())


def test_a_file_below_the_first_level_starts_nothing_and_the_next_run_tells_of_it(world: World) -> None:
    world.trigger()
    world.settle()
    world.upload("interactions", interactions(seed=1), name="dt=2026-01-01/part-0.csv")
    world.uploaded("interactions", "dt=2026-01-01/part-0.csv")
    world.settle()
    assert len(world.runs()) == 1
    world.trigger(identifier="nightly/2")
    world.settle()
    assert world.made()["imports"] == 2
    (warning,) = world.runs()[-1].warnings
    assert "interactions: Personalize imports nothing from folders below" in warning
    assert "dt=2026-01-01/" in warning
    assert world.bus.events[-1][1]["warnings"] == [warning]


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("_SUCCESS", b"", "No CSV file by its name: _SUCCESS"),
        ("0a1b.csv.metadata", b"x", "No CSV file by its name: 0a1b.csv.metadata"),
        ("part-2", b"PAR1\x15\x04", "No CSV file by its first bytes (Parquet): part-2"),
        ("part-2.csv", b"u1,i1,1\n", "Its first line names none of the columns: part-2.csv"),
    ],
)
def test_what_is_no_csv_of_the_dataset_stops_the_run_before_an_import(
    world: World, name: str, body: bytes, told: str
) -> None:
    world.upload("interactions", body, name=name)
    world.trigger()
    world.settle()
    (run,) = world.runs()
    assert run.status == "FAILED"
    assert str(run.reason).startswith("nothing was imported. interactions (s3://data/shop/interactions/): ")
    assert told in str(run.reason)
    assert (world.made()["imports"], world.made()["versions"], world.dead) == (0, 0, [])

    world.objects.files.pop(("data", f"shop/interactions/{name}"))
    world.trigger(identifier="nightly/2")
    world.settle()
    assert world.runs()[-1].status == "SUCCEEDED"


def test_a_new_column_that_the_files_lack_is_told_at_once_and_what_to_do_first(world: World) -> None:
    world.trigger()
    world.settle()
    shop = world.ledger.declared["shop"]
    changed = replace(
        shop.datasets["items"],
        schema_arn=f"{shop.datasets['items'].schema_arn}-2",
        columns={**shop.datasets["items"].columns, "BRAND": ("null", "string")},
    )
    world.ledger.declared["shop"] = replace(shop, datasets={**shop.datasets, "items": changed})
    world.trigger(identifier="nightly/2")
    world.settle()
    run = world.runs()[-1]
    assert run.status == "FAILED"
    assert "Lacks the columns [BRAND], which the schema has: part-1.csv. Upload files that have them" in str(run.reason)
    assert world.made()["imports"] == 2


def test_the_same_file_again_trains_nothing_though_a_key_makes_its_etag_another(world: World) -> None:
    world.objects.encrypted = True
    world.upload("interactions", interactions())
    world.trigger()
    world.settle()
    world.upload("interactions", interactions())
    world.uploaded("interactions")
    world.settle()
    assert [run.status for run in world.runs()] == ["SUCCEEDED", "SKIPPED"]
    assert world.made()["imports"] == 2


def test_a_file_that_took_an_hour_to_upload_rests_like_any_other(world: World) -> None:
    world.trigger()
    world.settle()
    complete = world.now
    begun = complete - timedelta(hours=1)
    world.objects.put("s3://data/shop/interactions/part-2.csv", interactions(seed=1), begun=begun)
    world.uploaded("interactions", "part-2.csv")
    world.settle()
    rested = datetime.fromisoformat(world.runs()[-1].started_at or "") - complete
    assert timedelta(seconds=60) <= rested <= timedelta(seconds=63)


@pytest.mark.parametrize(("trigger", "waits"), [("manual", False), ("event", False), ("schedule", True)])
def test_who_asks_for_a_run_does_not_wait_until_uploads_have_settled(world: World, trigger: str, waits: bool) -> None:
    """Nor is anything made twice when the upload's own message comes after all. A schedule asks nobody to hurry."""
    world.uploaded("interactions")
    world.step()
    asked = world.now
    world.trigger(trigger, identifier="asked")
    world.settle()
    upload, asking = sorted(world.runs(), key=lambda run: run.status == "JOINED")
    assert (upload.status, asking.status, asking.joined) == ("SUCCEEDED", "JOINED", upload.run_id)
    begun = datetime.fromisoformat(upload.started_at or "") - asked
    assert (begun > timedelta(seconds=50)) is waits
    assert (world.made()["imports"], world.made()["versions"]) == (2, 2)
    assert not world.dead
