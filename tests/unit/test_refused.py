"""Quotas that others in the region use up as well: what Personalize refuses in spite of a slot."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from functions import turnstile
from functions.engine import advance
from functions.model import Message, Wait
from functions.steps import import_data, poll
from tests.support.build import (
    NOW,
)
from tests.support.line import AT, BUSY, SETS, Scene, tokens, told
from tests.support.scripted import Scripted


@pytest.mark.parametrize(("waited", "pause"), [(0, 60), (1200, 120), (7200, 300)])
def test_a_quota_that_others_use_up_is_waited_for_with_the_slot_kept(waited: float, pause: float) -> None:
    scene = Scene()
    scene.add("a")
    scene.personalize = Scripted(CreateDatasetImportJob=BUSY)
    since = (NOW - timedelta(seconds=waited)).isoformat()
    advance(import_data.STEP, told("a", since=since), scene.ports)
    ((step, next_one, delay),) = scene.sent
    assert (step, next_one.since) == ("import", since)
    assert delay == pytest.approx(pause, rel=0.25)
    assert tuple(scene.stile.holders) == tokens("a", *SETS[:2])


def refused_beside(scene: Scene, wait: Wait) -> Message:
    """Have the second of a run's imports be refused while its first is waited for; return what it goes on by."""
    scene.personalize = Scripted(CreateDatasetImportJob=BUSY)
    advance(import_data.STEP, told("a", hop=4, waits=(wait,), since=AT), scene.ports)
    ((step, next_one, delay),) = scene.sent
    assert (step, delay) == ("poll", 0)
    return next_one


def test_what_is_refused_does_not_hold_up_the_looks_at_what_was_made() -> None:
    made = Wait("dataset_import_job", "arn:i", since=AT, key="interactions")
    scene = Scene(*tokens("a", "interactions"))
    scene.add("a", told("a", hop=4, waits=(made,)))
    next_one = refused_beside(scene, made)
    assert [wait.arn for wait in next_one.waits] == ["arn:i"]
    assert next_one.again
    assert NOW < datetime.fromisoformat(next_one.again) <= NOW + timedelta(minutes=2)
    assert tuple(scene.stile.holders) == tokens("a", "interactions", "items")


def test_what_was_refused_is_asked_for_again_when_its_time_has_come_and_not_before() -> None:
    made = Wait("dataset_import_job", "arn:i", since=AT, key="interactions")
    scene = Scene(*tokens("a", "interactions"))
    scene.add("a", told("a", hop=4, waits=(made,)))
    next_one = refused_beside(scene, made)
    scene.queues.sent.clear()
    turnstile.call_up(next_one, scene.ports)
    assert scene.sent == []
    assert next_one.again
    later = datetime.fromisoformat(next_one.again)
    turnstile.call_up(next_one, replace(scene.ports, clock=lambda: later))
    assert [step for step, _, _ in scene.sent] == ["import"]


def test_who_is_done_but_for_what_was_refused_waits_until_it_may_ask_again() -> None:
    over = Wait("dataset_import_job", "arn:i", since=AT, key="interactions", look_at=AT)
    again = (NOW + timedelta(seconds=40)).isoformat()
    carried = told("a", "poll", hop=5, waits=(over,), since=AT, again=again)
    scene = Scene(*tokens("a", "interactions", "items"))
    scene.add("a", carried)
    job = {"datasetImportJob": {"status": "ACTIVE", "creationDateTime": NOW}}
    scene.personalize = Scripted(DescribeDatasetImportJob=job)
    advance(poll.STEP, carried, scene.ports)
    ((step, next_one, delay),) = scene.sent
    assert (step, delay, [wait.done for wait in next_one.waits]) == ("import", 40, [True])
