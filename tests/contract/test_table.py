"""terraform/pipeline.json against the code."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from typing import Any

import botocore.session
import pytest

import functions.steps
from functions.engine import Step
from functions.flow import following, opening
from functions.glue.patience import LONGEST_STEP
from functions.model import FILTERS, IMPORTS, Message, Phase, Plan, Wait
from functions.outcomes import Await, Done, Fail, InLine, Outcome, Pause, Skip
from functions.settings import QUOTAS
from functions.slots import KINDS
from functions.steps import deploy, import_data, make_filters, poll, train
from functions.steps.start import first_messages
from tests.contract.table import FUNCTIONS, STEPS, TABLE, TERRAFORM, handler
from tests.support.build import CHOSEN, IN_STOCK, RUN_ID, UNSERVED, VERSION, message, plan

DECLARED: dict[str, Step] = {each.STEP.name: each.STEP for each in (import_data, make_filters, train, deploy, poll)}
BY_HAND = {"start", "finish"}
"""Steps that are no :class:`functions.engine.Step`: they work on the ledger."""

# ------------------------------------------------------------------ handlers


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_is_there(function: str) -> None:
    assert callable(handler(function))
    assert list(inspect.signature(handler(function)).parameters)[:2] == ["event", "context"]


def test_a_step_is_called_by_its_own_name() -> None:
    assert set(STEPS) == set(DECLARED) | BY_HAND
    for name, row in STEPS.items():
        module = importlib.import_module(row["handler"].rpartition(".")[0])
        assert name in BY_HAND or module.STEP is DECLARED[name]


def test_every_module_of_steps_is_one_of_the_table() -> None:
    modules = {f"functions.steps.{each.name}.handler" for each in pkgutil.iter_modules(functions.steps.__path__)}
    assert {row["handler"] for row in STEPS.values()} == modules


# ------------------------------------------------------------------ who sends to whom

BOTH = plan(solutions={"for-you": CHOSEN, "similar": UNSERVED}, filters={"in-stock": IN_STOCK})
CARRIED = [BOTH, plan(solutions={})]
WAITS = (Wait("campaign", "arn:c", version=VERSION),)
PAUSE, FAIL, SKIP, AWAIT, DONE = Pause(1, "why"), Fail("why"), Skip("why"), Await(WAITS), Done()
IN_LINE = InLine("why")

OUTCOMES: dict[str, list[tuple[Phase, Outcome]]] = {
    "import": [("import", AWAIT), ("import", PAUSE), ("import", IN_LINE), ("import", FAIL)],
    "filter": [("filter", outcome) for outcome in (AWAIT, DONE, PAUSE, FAIL, SKIP)],
    "train": [("train", AWAIT), ("train", PAUSE), ("train", IN_LINE), ("train", FAIL)],
    "deploy": [("deploy", AWAIT), ("deploy", DONE), ("deploy", PAUSE), ("deploy", FAIL), ("deploy", SKIP)],
    "poll": [
        *((phase, outcome) for phase in ("import", "filter", "train", "deploy") for outcome in (DONE, PAUSE, FAIL)),
        ("import", IN_LINE),
    ],
}
"""What a step decides in which phase; the engine adds a pause or a failure where Personalize refuses."""


def messages_in(step: str, phase: Phase) -> list[Message]:
    branches = {"import": [IMPORTS], "filter": [FILTERS]}.get(phase, ["for-you", "similar"])
    return [
        message(step, branch, plan=carried, phase=phase, waits=WAITS)
        for carried in CARRIED
        for branch in branches
        if branch in (IMPORTS, FILTERS) or branch in carried.solutions
    ]


@pytest.mark.parametrize("step", OUTCOMES)
def test_a_step_may_send_to_where_its_outcomes_lead(step: str) -> None:
    reached = {
        after.step
        for phase, outcome in OUTCOMES[step]
        for before in messages_in(step, phase)
        for after in following(before, outcome)
    }
    # Besides, whoever gives a slot back wakes the next in line, and whoever takes one may find others not woken.
    reached |= {"import", "train"} if step == "poll" else {step} if DECLARED[step].counted else set()
    assert reached == set(STEPS[step]["next"])


def test_start_may_send_to_where_runs_begin() -> None:
    plans: list[Plan] = [BOTH, plan(imports={}), plan(imports={}, solutions={})]
    reached = {each.step for carried in plans for each in opening(RUN_ID, "shop", carried)}
    reached |= {each.step for each in first_messages(RUN_ID, "shop", plan(imports={}, solutions={}))}
    # To itself: direct calls, and uploads that have not settled. And wherever a run that has gone quiet was.
    assert reached | set(STEPS) == set(STEPS["start"]["next"])


def test_finish_wakes_the_remembered_trigger_and_who_is_in_line_for_a_slot() -> None:
    assert STEPS["finish"]["next"] == ["start", *KINDS]


def test_what_counts_against_a_quota_is_made_by_the_steps_that_have_a_turnstile() -> None:
    counted = {name for name, step in DECLARED.items() if step.counted}
    assert counted == {*KINDS} == {*QUOTAS}


def reached_from(step: str) -> set[str]:
    """Return the steps that messages sent by one come to, at once or later."""
    reached, before = set(STEPS[step]["next"]), set[str]()
    while reached != before:
        before, reached = reached, reached | {after for each in reached for after in STEPS[each]["next"]}
    return reached


def test_every_step_can_be_reached_from_start() -> None:
    assert reached_from("start") == set(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_reaches_itself_may_be_part_of_a_loop_and_no_other(step: str) -> None:
    """Lambda stops others: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html."""
    assert STEPS[step].get("recursive", False) is (step in reached_from(step))


# ------------------------------------------------------------------ limits


@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_time_for_a_batch_and_its_queue_can_hide_that_long(step: str) -> None:
    timeout = STEPS[step]["timeout"]
    assert 30 <= timeout <= 900
    assert 6 * timeout <= 12 * 60 * 60  # the longest visibility timeout


def test_glue_outlasts_the_steps() -> None:
    assert {row["timeout"] for row in STEPS.values()} == {LONGEST_STEP}


def test_glue_has_all_the_time_that_a_lambda_can_have() -> None:
    assert TABLE["glue"]["timeout"] == 900


# ------------------------------------------------------------------ permissions


def symbols() -> set[str]:
    """Return the kinds of things that permissions.tf knows (a parser of HCL takes seconds for that)."""
    _, _, after = (TERRAFORM / "permissions.tf").read_text().partition("_resources = {\n")
    known = re.findall(r"^    (\w+) +=", after.partition("\n  }")[0], re.MULTILINE)
    assert "any" in known
    return {*known, "own_logs", "own_queue"}


def rows() -> list[tuple[str, str, list[str]]]:
    """Return (whose, symbol, actions) of every line of the table."""
    permissions: dict[str, dict[str, Any]] = {"runtime": TABLE["runtime"], "consumer": TABLE["consumer"]}
    permissions |= {name: row["permissions"] for name, row in FUNCTIONS.items()}
    return [(whose, symbol, actions) for whose, table in permissions.items() for symbol, actions in table.items()]


@pytest.mark.parametrize(("whose", "symbol", "actions"), rows())
def test_a_permission_is_on_something_known_and_in_order(whose: str, symbol: str, actions: list[str]) -> None:
    assert symbol in symbols()
    assert actions
    assert actions == sorted(set(actions))
    assert not any("*" in action for action in actions)


NO_OPERATION = {"iam:PassRole", "s3:ListBucket", "s3:ListBucketVersions", "xray:PutTelemetryRecords"}
"""Actions that go by another name than the API's operation; X-Ray's is one, of the same name."""


@pytest.mark.parametrize("action", sorted({action for *_, actions in rows() for action in actions} - NO_OPERATION))
def test_an_action_is_an_operation_of_its_service(action: str) -> None:
    service, _, operation = action.partition(":")
    model = botocore.session.get_session().get_service_model(service)
    assert operation in model.operation_names


LISTED = (
    *("Campaigns", "DatasetImportJobs", "Datasets", "EventTrackers", "Filters", "MetricAttributions", "Recommenders"),
    *("Schemas", "SolutionVersions", "Solutions"),
)
LISTS = {f"personalize:List{kind}" for kind in LISTED}


def test_only_lists_and_traces_are_on_everything() -> None:
    """These know no resource type.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonpersonalize.html
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    """
    anywhere = {action for whose, symbol, actions in rows() if symbol == "any" for action in actions}
    assert anywhere == LISTS | {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}


def test_what_lambda_itself_does_for_a_function() -> None:
    """Tracing and logs: what AWS documents, without making the log group, which is Terraform's.

    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html
    """
    assert TABLE["runtime"] == {
        "own_logs": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "any": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
    }


def test_what_lambda_itself_does_for_a_queue() -> None:
    """An event source mapping reads with the function's role.

    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaSQSQueueExecutionRole.html
    """
    assert TABLE["consumer"] == {
        "own_queue": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
    }
