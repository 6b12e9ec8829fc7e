"""Step Functions' tasks for Personalize."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.account import LocalAccount
from tests.local.support import SCHEMA, allow, run_machine, unique

_SDK = "arn:aws:states:::aws-sdk:"


@pytest.fixture(scope="module")
def session(account: LocalAccount) -> boto3.Session:
    return account.session()


@pytest.fixture
def name() -> str:
    return unique("task")


def task(action: str, parameters: Any = None, **more: Any) -> dict[str, Any]:
    """Return a task for Personalize, or for one of its other services (`personalizeruntime:…`)."""
    resource = _SDK + (action if ":" in action else f"personalize:{action}")
    given = {} if parameters is None else {"Parameters": parameters}
    return {"Type": "Task", "Resource": resource, **given, **({} if "Next" in more else {"End": True}), **more}


def alone(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": state}}


def test_members_are_in_pascal_case_both_ways(session: boto3.Session, name: str) -> None:
    machine = {
        "StartAt": "Create",
        "States": {
            "Create": task("createSchema", {"Name.$": "$.name", "Schema": json.dumps(SCHEMA)}, Next="Look"),
            "Look": task("describeSchema", {"SchemaArn.$": "$.SchemaArn"}),
        },
    }
    status, output = run_machine(session, machine, {"name": name})
    assert (status, output["Schema"]["Name"]) == ("SUCCEEDED", name)
    assert output["Schema"]["SchemaArn"].endswith(f"schema/{name}")
    made = dt.datetime.fromisoformat(output["Schema"]["CreationDateTime"])
    assert made.tzinfo
    session.client("personalize").delete_schema(schemaArn=output["Schema"]["SchemaArn"])


def test_only_the_first_letter_changes_and_no_key_of_a_map(session: boto3.Session) -> None:
    arn = "arn:aws:personalize:::recipe/aws-user-personalization"
    _, recipe = run_machine(session, alone(task("describeRecipe", {"RecipeArn": arn})), {})
    algorithm = alone(task("describeAlgorithm", {"AlgorithmArn": recipe["Recipe"]["AlgorithmArn"]}))
    _, output = run_machine(session, algorithm, {})
    assert "DefaultHyperParameters" in output["Algorithm"]
    assert "hidden_dimension" in output["Algorithm"]["DefaultHyperParameters"]
    ranges = output["Algorithm"]["DefaultHyperParameterRanges"]["IntegerHyperParameterRanges"]
    assert {"Name", "MinValue", "MaxValue"} <= set(ranges[0])


@pytest.mark.parametrize(
    ("action", "parameters", "error"),
    [
        ("describeSchema", {"SchemaArn": "none"}, "Personalize.ResourceNotFoundException"),
        ("createSchema", {"Name": "x", "Schema": "{}"}, "Personalize.InvalidInputException"),
        ("personalizeruntime:getRecommendations", {"UserId": "1"}, "PersonalizeRuntime.InvalidInputException"),
        (
            "personalizeevents:putEvents",
            {
                "TrackingId": "none",
                "SessionId": "s",
                "EventList": [{"EventType": "e", "SentAt": "2026-11-25T12:00:00Z"}],
            },
            "PersonalizeEvents.InvalidInputException",
        ),
    ],
)
def test_errors_have_the_names_that_catch_asks_for(
    session: boto3.Session, action: str, parameters: Any, error: str
) -> None:
    if parameters.get("SchemaArn"):
        parameters = {"SchemaArn": "arn:aws:personalize:eu-west-1:123456789012:schema/none"}
    caught = {"ErrorEquals": [error], "Next": "Caught", "ResultPath": "$"}
    machine = {
        "StartAt": "Do",
        "States": {"Do": task(action, parameters, Catch=[caught]), "Caught": {"Type": "Succeed"}},
    }
    status, output = run_machine(session, machine, {})
    assert (status, output.get("Error")) == ("SUCCEEDED", error)
    service = error.partition(".")[0]
    assert f"(Service: {service}, Status Code: 4" in output["Cause"]


def test_what_no_model_knows_has_the_name_of_the_base_class(account: LocalAccount, session: boto3.Session) -> None:
    account.control.refuse_next("ListSchemas", "ThrottlingException", "Rate exceeded")
    status, (error, _) = run_machine(session, alone(task("listSchemas", {})), {})
    assert (status, error) == ("FAILED", "Personalize.PersonalizeException")


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (task("createSchema", {"name": "x", "Schema": "{}"}), "The field 'name' is not supported by Step Functions"),
        (task("createSchema", {"Name": "x"}), "The field 'Schema' is required but was missing"),
        (task("createScheme", {"Name": "x"}), "is not recognized"),
        (task("CreateSchema", {"Name": "x", "Schema": "{}"}), "is not recognized"),
        (
            task("createSolution", {"Name": "x", "DatasetGroupArn.$": "$", "SolutionConfig": {"eventsConfig": {}}}),
            "The field 'eventsConfig' is not supported by Step Functions at /SolutionConfig",
        ),
        ({"Type": "Parallel", "Branches": [alone(task("createSchema", {"Name": "x"}))], "End": True}, "'Schema'"),
    ],
)
def test_a_task_that_cannot_work_is_refused_at_once(session: boto3.Session, state: Any, why: str) -> None:
    with pytest.raises(ClientError, match="InvalidDefinition") as refused:
        run_machine(session, alone(state), {})
    assert why in refused.value.response["Error"]["Message"]


def test_an_input_with_members_that_there_are_not_fails(session: boto3.Session) -> None:
    status, (error, cause) = run_machine(session, alone(task("listSchemas")), {"maxResults": 1})
    assert (status, error) == ("FAILED", "States.Runtime")
    assert "'maxResults'" in cause


def test_a_machine_does_what_its_role_may(guarded: LocalAccount) -> None:
    machine, session = alone(task("listSchemas", {})), guarded.session()
    status, (error, cause) = run_machine(session, machine, {})
    assert (status, error) == ("FAILED", "Personalize.PersonalizeException")
    assert "is not authorized to perform: personalize:ListSchemas" in cause
    assert run_machine(session, machine, {}, allow("personalize:ListSchemas")) == ("SUCCEEDED", {"Schemas": []})
