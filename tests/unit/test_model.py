"""Requests, messages, and their JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from functions.errors import InvalidMessage, UnknownSolution
from functions.model import Ending, Message, Pipeline, Request, Trigger, Wait, dump, dump_short, parse, parse_short
from functions.records import Lease, Run
from tests.support.build import (
    CHOSEN,
    GROUP,
    IMPORT_JOB,
    IN_STOCK,
    RUN_ID,
    VERSION,
    an_import,
    dataset,
    holder,
    message,
    pipeline,
    plan,
    run,
)

EVERYTHING_CARRIED = message(
    "poll",
    "for-you",
    plan=plan(imports={"items": an_import("items", expected=612.5)}, training_mode="UPDATE"),
    hop=3,
    phase="deploy",
    waits=(
        Wait("campaign", "arn:c", 12.5, VERSION, RUN_ID, spread=0.05, look_at="later"),
        Wait("dataset_import_job", IMPORT_JOB, key="items", done=True),
    ),
    solution_version=VERSION,
    ending=Ending("FAILED", "Personalize's words: ü"),
)


EVERYTHING_DECLARED = pipeline(
    datasets={"items": replace(dataset("items"), columns={"ITEM_ID": ("string",), "PRICE": ("null", "float")})},
    solutions={"for-you": replace(CHOSEN, updates=True)},
    filters={"in-stock": IN_STOCK},
    dataset_group_arn=GROUP,
    event_tracker=True,
)


@pytest.mark.parametrize(
    "value",
    [
        Request("shop"),
        Request("shop", "train", ("for-you", "similar"), "UPDATE", force=True),
        Trigger("event", "e-1", Request("shop", solutions=("for-you",)), time="2026-11-23T21:44:20Z"),
        pipeline(),
        EVERYTHING_DECLARED,
        message("import"),
        EVERYTHING_CARRIED,
        run(plan=plan(), dispatched_at="2026-11-23T21:44:20+00:00", warnings=("a file in a folder",)),
        Lease(3, holder("a", pinned=True), holder("b", after="a", request=Request("shop", solutions=("for-you",)))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert parse(type(value), dump(value)) == value


def test_a_message_of_every_solution_fits_into_sqs() -> None:
    solutions = {f"solution-{number:02}-{'x' * 40}": CHOSEN for number in range(10)}
    assert len(dump(message("train", plan=plan(solutions=solutions)))) < 64 * 1024


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        (Request, "{", "Not a valid request: Expecting property name"),
        (Request, "[]", "A request is a JSON object, not a list"),
        (Request, "null", "A request is a JSON object, not null"),
        (Request, {}, 'missing value for field "pipeline"'),
        (Request, {"pipeline": "p", "modell": "FULL"}, 'no field "modell"; the fields are pipeline, what, solutions,'),
        (Request, {"pipeline": 1}, 'field "pipeline"'),
        (Request, {"pipeline": "p", "what": "all"}, 'field "what" is "all": it takes everything, import or train.'),
        (Request, {"pipeline": "p", "training_mode": "AUTOTRAIN"}, 'field "training_mode"'),
        (Request, {"pipeline": "p", "force": "yes"}, 'field "force" is "yes": it takes true or false.'),
        (Request, {"pipeline": "p", "solutions": []}, "'solutions' is an empty list"),
        (Request, {"pipeline": "p", "solutions": [1]}, 'field "solutions"'),
        (
            Request,
            {"pipeline": "p", "solutions": "for-you"},
            'is "for-you": it takes a list of names.',
        ),
        (Request, {"pipeline": "p", "solutions": {"for-you": 1}}, 'field "solutions"'),
        (Request, {"pipeline": "p", "solutions": {}}, 'field "solutions"'),
        (Trigger, {"trigger": "cron", "id": "1", "request": {"pipeline": "p"}}, 'field "trigger"'),
        (Trigger, {"trigger": "event", "id": "1", "request": {"pipeline": 1}}, 'field "request.pipeline"'),
        (Trigger, {"trigger": "event", "id": "1"}, 'missing value for field "request"'),
        (Message, {"run_id": RUN_ID}, "missing value for field"),
        (Message, asdict(message("poll")) | {"waits": "campaign"}, 'field "waits"'),
        (Message, asdict(message("poll")) | {"waits": [{"kind": "batch", "arn": "a"}]}, 'field "waits.kind"'),
        (Message, asdict(message("poll")) | {"version": 2}, "reads messages of version 1, not 2"),
        (Pipeline, asdict(pipeline()) | {"settle_seconds": "300"}, 'field "settle_seconds"'),
        (Run, asdict(run()) | {"status": "DONE"}, 'field "status"'),
    ],
)
def test_bad_input_is_told_by_its_field(kind: type[Any], data: Any, told: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        parse(kind, data if isinstance(data, str) else json.loads(json.dumps(data)))
    assert told in str(caught.value)


def test_a_message_moves_on_by_a_hop() -> None:
    first = message("import")
    assert first.to("poll", waits=(Wait("campaign", "a"),)) == message("poll", hop=1, waits=(Wait("campaign", "a"),))


# ------------------------------------------------------------------ two requests in one

ALL = Request("shop")
IMPORT = Request("shop", "import")
TRAIN = Request("shop", "train")


def some(*solutions: str, **changes: Any) -> Request:
    return Request("shop", **{"what": "train", "solutions": solutions, **changes})


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        pytest.param(ALL, ALL, ALL, id="same"),
        pytest.param(ALL, IMPORT, ALL, id="everything holds import"),
        pytest.param(ALL, TRAIN, ALL, id="everything holds train"),
        pytest.param(IMPORT, IMPORT, IMPORT, id="import twice"),
        pytest.param(IMPORT, TRAIN, ALL, id="import and train are everything"),
        pytest.param(some("b"), some("a", "b"), some("a", "b"), id="union of solutions"),
        pytest.param(some("a"), TRAIN, TRAIN, id="some and all are all"),
        pytest.param(some("a"), IMPORT, some("a", what="everything"), id="an import asks for no solutions"),
        pytest.param(some("a"), ALL, ALL, id="some and everything"),
        pytest.param(
            Request("shop", training_mode="UPDATE"),
            Request("shop", training_mode="UPDATE"),
            Request("shop", training_mode="UPDATE"),
            id="update twice",
        ),
        pytest.param(Request("shop", training_mode="UPDATE"), ALL, ALL, id="full holds update"),
        pytest.param(
            Request("shop", "train", training_mode="UPDATE"),
            IMPORT,
            Request("shop", training_mode="UPDATE"),
            id="an import asks for no training mode",
        ),
        pytest.param(Request("shop", force=True), ALL, Request("shop", force=True), id="force stays"),
        pytest.param(
            Request("shop", "import", force=True),
            some("a"),
            some("a", what="everything", force=True),
            id="forced import",
        ),
    ],
)
def test_joined_does_what_both_ask_and_no_more(one: Request, other: Request, both: Request) -> None:
    assert one.joined(other) == both
    assert other.joined(one) == both
    assert both.joined(one) == both.joined(other) == both


# ------------------------------------------------------------------ which solutions


@pytest.mark.parametrize(
    ("request_", "chosen"),
    [
        (ALL, ["for-you", "similar"]),
        (TRAIN, ["for-you", "similar"]),
        (some("similar"), ["similar"]),
        (IMPORT, []),
        (Request("shop", "import", ("similar",)), []),
    ],
)
def test_chosen(request_: Request, chosen: list[str]) -> None:
    assert list(pipeline().chosen(request_)) == chosen


def test_a_wrong_solution_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownSolution, match=r"Pipeline 'shop' has no solution foo, zoo\. .*for-you, similar\."):
        pipeline().chosen(some("zoo", "similar", "foo"))


def test_a_newer_versions_message_is_read_with_what_is_known_of_it() -> None:
    told_by_newer = dump_short(message("poll")).replace('"hop":', '"in_a_year":1,"hop":')
    assert parse_short(told_by_newer, plan()) == message("poll")
