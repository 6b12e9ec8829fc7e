"""The handlers' shell: a bad message harms no other, and every log line tells its run."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from functions.model import FILTERS, IMPORTS, Ending, Message, Request, Trigger, dump
from functions.records import Branch
from functions.steps.start import cause_of
from functions.telemetry import logger
from tests.contract.account import Account
from tests.contract.scenarios import OF_CAMPAIGN, OF_IMPORTS, SCENARIOS, Scenario, batch, serving
from tests.contract.table import STEPS, handler
from tests.support.build import IMPORT_JOB, NOW, RUN_ID, VERSION, message, pipeline, plan, record, run
from tests.support.lambda_context import Context

Line = dict[str, Any]


class Log(io.StringIO):
    """What was logged, line by line."""

    @property
    def lines(self) -> list[Line]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    """Read along what the functions log."""
    stream = Log()
    handed = logger.registered_handler
    assert isinstance(handed, logging.StreamHandler)
    before = handed.setStream(stream)
    yield stream
    handed.setStream(before)


OF_RUNS = [each for each in SCENARIOS if each.function != "glue" and not each.raises]


@pytest.mark.filterwarnings("ignore:No application metrics")
@pytest.mark.parametrize("scenario", OF_RUNS, ids=str)
def test_every_log_line_tells_its_run(scenario: Scenario, account: Account, log: Log) -> None:
    scenario.play(account)
    assert log.lines
    told = {line["run_id"] for line in log.lines}
    assert len(told) == 1
    assert scenario.function == "start" or told == {RUN_ID}
    assert {line["pipeline"] for line in log.lines} == {"shop"}
    assert {line["function_request_id"] for line in log.lines} == {"request-1"}


GOOD: dict[str, str] = {
    "start": dump(Trigger("schedule", "t-1", Request("shop"), time=NOW.isoformat())),
    "import": dump(message("import")),
    "train": dump(message("train", "for-you", phase="train")),
    "filter": dump(message("filter", FILTERS, phase="filter")),
    "deploy": dump(message("deploy", "for-you", phase="deploy", solution_version=VERSION)),
    "poll": dump(OF_CAMPAIGN),
    "finish": dump(message("finish", "for-you", ending=Ending("SUCCEEDED"))),
}
ANSWERS: dict[str, Any] = {
    "ListDatasetImportJobs": {"datasetImportJobs": []},
    "CreateDatasetImportJob": {"datasetImportJobArn": IMPORT_JOB},
    "ListSolutionVersions": {"solutionVersions": []},
    "CreateSolutionVersion": {"solutionVersionArn": VERSION},
    "DescribeCampaign": serving(VERSION),
}
BAD = ["", "hello", "[]", "{}", '{"run_id": "r"}', dump(message("poll")).replace('"version":1', '"version":2')]


@pytest.mark.parametrize("step", STEPS)
def test_a_bad_message_stays_and_the_good_ones_go(step: str, account: Account, log: Log) -> None:
    account.declare(pipeline())
    account.ledger.create_run(run(branches={IMPORTS: Branch(), FILTERS: Branch(), "for-you": Branch()}, plan=plan()))
    event = batch(BAD[1], GOOD[step], *BAD)
    with account.hearing(**ANSWERS):
        answer = handler(step)(event, Context())
    failed = [each["itemIdentifier"] for each in answer["batchItemFailures"]]
    assert failed == ["m-0", *(f"m-{number + 2}" for number in range(len(BAD)))]

    cause = cause_of(record(GOOD[step]), account.ledger) if step == "start" else None
    good = cause[1] if cause else RUN_ID
    moved = account.ledger.run("shop", good)
    assert moved
    assert step == "start" or any(branch.hop for branch in moved.branches.values())
    for line in log.lines:
        left = "stays in its queue" in line["message"]
        assert ("run_id" in line) is not left or step == "start", line  # what names a pipeline there has a run, too
        assert not left or "InvalidMessage" in line["exception"]


def test_a_batch_of_bad_messages_fails_message_by_message(account: Account) -> None:
    answer = handler("poll")(batch(*BAD), Context())
    assert len(answer["batchItemFailures"]) == len(BAD)


def test_a_failure_is_logged_with_its_run(account: Account, log: Log) -> None:
    account.ledger.create_run(run(branches={IMPORTS: Branch()}, plan=plan()))
    with account.hearing(denied="personalize:DescribeDatasetImportJob/import_jobs"):
        answer = handler("poll")(batch(dump(OF_IMPORTS)), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}
    (line,) = log.lines
    assert (line["run_id"], line["branch"], line["level"]) == (RUN_ID, IMPORTS, "ERROR")
    assert "AccessDeniedException" in line["exception"]


def test_a_message_may_be_of_any_solution_name(account: Account) -> None:
    carried: Message = message("finish", "for-you_2.1", ending=Ending("SUCCEEDED"))
    account.ledger.create_run(run(branches={IMPORTS: Branch(status="SUCCEEDED"), "for-you_2.1": Branch()}, plan=plan()))
    answer = handler("finish")(batch(dump(carried)), Context())
    assert answer == {"batchItemFailures": []}
