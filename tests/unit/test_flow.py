"""From a step's outcome to the messages that follow, for every outcome in every phase."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.flow import following, opening
from functions.model import FILTERS, IMPORTS, Ending, Message, Plan, Wait
from functions.outcomes import Await, Done, Fail, Make, Outcome, Pause, Skip
from tests.support.build import CHOSEN, RUN_ID, UNSERVED, VERSION, message, plan

BOTH = plan(solutions={"for-you": CHOSEN, "similar": UNSERVED})
ONLY_IMPORT = plan(solutions={})
ONLY_TRAIN = plan(imports={})
JOB, TRAINED, SERVED = (
    Wait("dataset_import_job", "arn:job"),
    Wait("solution_version", VERSION),
    Wait("campaign", "arn:c"),
)


def beginning(solution: str, carried: Plan) -> Message:
    return message("train", solution, plan=carried, phase="train")


POLLS = [
    message("poll", hop=2, phase="import", waits=(JOB,)),
    message("poll", "for-you", hop=2, phase="train", waits=(TRAINED,)),
    message("poll", "for-you", hop=2, phase="deploy", waits=(SERVED,), solution_version=VERSION),
]
MAKERS = [
    message("import", hop=1),
    message("train", "for-you", hop=1, phase="train"),
    message("deploy", "for-you", hop=1, phase="deploy", solution_version=VERSION),
]


@pytest.mark.parametrize("before", MAKERS, ids=lambda m: m.step)
def test_what_is_under_way_is_polled(before: Message) -> None:
    (after,) = following(before, Await((SERVED,)))
    assert after == before.to("poll", waits=(SERVED,))
    assert after.phase == before.phase


def test_the_time_of_being_refused_is_not_the_trainings() -> None:
    before = replace(message("train", "for-you", plan=plan(), phase="train"), since="2026-01-05T02:00:00.000+00:00")
    assert [each.since for each in following(before, Await((JOB,)))] == [None]
    importing = replace(before, step="import", branch=IMPORTS, phase="import")
    assert [each.since for each in following(importing, Await((JOB,)))] == [before.since]


@pytest.mark.parametrize("before", MAKERS + POLLS, ids=lambda m: f"{m.step} {m.phase}")
def test_a_pause_sends_the_same_once_more(before: Message) -> None:
    assert following(before, Pause(60, "why")) == [before.to(before.step)]
    waits = (Wait("campaign", "arn:c", look_at="later"),)
    assert following(before, Pause(60, "why", waits)) == [before.to(before.step, waits=waits)]


@pytest.mark.parametrize("before", MAKERS + POLLS, ids=lambda m: f"{m.step} {m.phase}")
def test_a_failure_ends_the_branch(before: Message) -> None:
    assert following(before, Fail("why")) == [before.to("finish", ending=Ending("FAILED", "why"))]


@pytest.mark.parametrize(("branch", "status"), [(FILTERS, "SKIPPED"), ("for-you", "FAILED")])
def test_where_data_is_only_streamed_a_filter_may_wait_for_its_own(branch: str, status: str) -> None:
    before = message("poll", branch, plan=plan(only_streamed=True))
    [after] = following(before, Fail("Items has no data"))
    assert after.ending
    assert (after.step, after.ending.status) == ("finish", status)
    assert "Items has no data" in str(after.ending.reason)


def test_what_is_not_wanted_any_more_ends_the_branch_without_a_failure() -> None:
    assert following(MAKERS[2], Skip("why")) == [MAKERS[2].to("finish", ending=Ending("SKIPPED", "why"))]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            message("poll", plan=BOTH, hop=2, waits=(JOB,)),
            [beginning("for-you", BOTH), beginning("similar", BOTH)],
            id="imported: every solution trains",
        ),
        pytest.param(
            message("poll", plan=ONLY_IMPORT, hop=2, waits=(JOB,)),
            [message("finish", plan=ONLY_IMPORT, hop=3, waits=(JOB,), ending=Ending("SUCCEEDED"))],
            id="imported, nothing to train",
        ),
        pytest.param(
            message("poll", "for-you", hop=2, phase="train", waits=(TRAINED,)),
            [message("deploy", "for-you", hop=3, phase="deploy", solution_version=VERSION)],
            id="trained: to the campaign",
        ),
        pytest.param(
            message("poll", "similar", plan=BOTH, hop=2, phase="train", waits=(TRAINED,)),
            [
                message(
                    "finish", "similar", plan=BOTH, hop=3, phase="train", waits=(TRAINED,), ending=Ending("SUCCEEDED")
                )
            ],
            id="trained, no campaign",
        ),
        pytest.param(POLLS[2], [POLLS[2].to("finish", ending=Ending("SUCCEEDED"))], id="deployed"),
        pytest.param(MAKERS[2], [MAKERS[2].to("finish", ending=Ending("SUCCEEDED"))], id="deployed before"),
    ],
)
def test_done(before: Message, after: list[Message]) -> None:
    assert following(before, Done()) == after


@pytest.mark.parametrize("outcome", [Make(())])
def test_a_step_ends_with_an_outcome_to_send_on(outcome: Outcome) -> None:
    with pytest.raises(TypeError, match="is no ending of a step"):
        following(message("import"), outcome)


@pytest.mark.parametrize(
    ("carried", "first"),
    [
        pytest.param(BOTH, [("import", IMPORTS)], id="imports first"),
        pytest.param(ONLY_IMPORT, [("import", IMPORTS)], id="imports only"),
        pytest.param(
            plan(imports={}, solutions=BOTH.solutions), [("train", "for-you"), ("train", "similar")], id="train"
        ),
        pytest.param(plan(imports={}, solutions={}), [("finish", IMPORTS)], id="nothing"),
    ],
)
def test_opening(carried: Plan, first: list[tuple[str, str]]) -> None:
    messages = opening(RUN_ID, "shop", carried)
    assert [(each.step, each.branch) for each in messages] == first
    assert {(each.run_id, each.pipeline, each.plan) == (RUN_ID, "shop", carried) for each in messages} == {True}


def test_branches_that_begin_begin_at_hop_0() -> None:
    assert {each.hop for each in opening(RUN_ID, "shop", ONLY_TRAIN)} == {0}
    assert {each.hop for each in following(message("poll", plan=BOTH, hop=9), Done())} == {0}
