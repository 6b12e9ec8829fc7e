"""What can be read of a trigger: its pipeline, and when its upload was complete."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from functions.model import Request, Trigger, TriggerKind
from functions.times import written
from functions.uploads import named_by, uploaded_at
from tests.support.build import NOW


@pytest.mark.parametrize(
    ("kind", "time", "complete"),
    [
        ("upload", NOW.isoformat(), written(NOW)),
        ("upload", None, None),
        ("schedule", NOW.isoformat(), None),
        ("event", NOW.isoformat(), None),
        ("manual", NOW.isoformat(), None),
    ],
)
def test_only_an_upload_tells_when_it_was_complete(kind: TriggerKind, time: str | None, complete: str | None) -> None:
    """What has joined it does not put off its rest."""
    assert uploaded_at(Trigger(kind, "id", Request("shop"), time=time)) == complete


@pytest.mark.parametrize(
    "told",
    [{}, {"pipeline": None}, {"pipeline": ["shop"]}, {"request": {"pipeline": 7}}, {"request": {"what": "all"}}, [], 7],
)
def test_what_names_no_pipeline_has_no_run(told: object) -> None:
    assert named_by(json.dumps(told)) is None
    assert named_by("{not json") is None


@pytest.mark.parametrize("told", [{"pipeline": "shop"}, {"request": {"pipeline": "shop"}, "time": "soon", "id": 7}])
def test_what_names_one_has_a_run_though_all_else_is_nonsense(told: object) -> None:
    named = named_by(json.dumps(told))
    assert named
    assert (named.pipeline, named.trigger, named.id, named.time) == ("shop", "event", None, None)


def test_what_can_be_read_is_read() -> None:
    told = {"pipeline": "shop", "trigger": "schedule", "id": "a", "time": NOW.isoformat(), "run_id": "r", "what": []}
    named = named_by(json.dumps(told))
    assert named
    assert (named.trigger, named.id, named.run_id) == ("schedule", "a", "r")
    assert named.time == datetime.fromisoformat(NOW.isoformat())
