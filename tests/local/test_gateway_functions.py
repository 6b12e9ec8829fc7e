"""How functions fail and answer: as under AWS's own runtime clients."""

from __future__ import annotations

import json
import shutil
from typing import Any

import boto3
import pytest

from local.account import LocalAccount
from tests.local.support import make_function, run_machine

CODE = """
import collections
import sys
from decimal import Decimal

count = 0

class OutOfStock(Exception):
    pass

def handler(event, context):
    global count
    count += 1
    match event["do"]:
        case "raise":
            raise OutOfStock("none left")
        case "count":
            return count
        case "decimal":
            return {"price": Decimal("19.90"), "pieces": [Decimal(3)], "none": Decimal("NaN")}
        case "tuple":
            return collections.namedtuple("Pair", "left right")(1, 2)
        case "set":
            return {1, 2}
        case "exit":
            sys.exit(3)
"""
NODE = """
class OutOfStock extends Error { constructor(m) { super(m); this.name = "OutOfStock"; } }
exports.handler = async (event) => {
  if (event.do === "raise") throw new OutOfStock("none left");
  if (event.do === "throw") throw "a string";
  return event;
};
"""


@pytest.fixture(scope="module")
def session(account: LocalAccount) -> boto3.Session:
    return account.session()


@pytest.fixture(scope="module")
def function(session: boto3.Session) -> str:
    return make_function(session, CODE)[0]


def invoke(session: boto3.Session, function: str, **event: Any) -> tuple[str | None, Any]:
    answer = session.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    assert answer["StatusCode"] == 200
    return answer.get("FunctionError"), json.load(answer["Payload"])


def test_an_error_has_its_type_message_and_stack(session: boto3.Session, function: str) -> None:
    kind, error = invoke(session, function, do="raise")
    assert (kind, error["errorType"], error["errorMessage"]) == ("Unhandled", "OutOfStock", "none left")
    (frame,) = error["stackTrace"]
    assert frame.startswith("  File ")
    assert frame.endswith('in handler\n    raise OutOfStock("none left")\n')
    assert error["requestId"]


def test_the_environment_lives_on_after_an_error(session: boto3.Session) -> None:
    function, _ = make_function(session, CODE)
    invoke(session, function, do="count")
    invoke(session, function, do="raise")
    assert invoke(session, function, do="count") == (None, 3)


@pytest.mark.parametrize(
    ("do", "answer"),
    [("decimal", {"price": 19.9, "pieces": [3], "none": float("nan")}), ("tuple", {"left": 1, "right": 2})],
)
def test_results_become_json_as_aws_writes_them(session: boto3.Session, function: str, do: str, answer: Any) -> None:
    kind, found = invoke(session, function, do=do)
    assert (kind, repr(found)) == (None, repr(answer))


@pytest.mark.parametrize(
    ("do", "name", "message"),
    [
        ("set", "Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"),
        ("exit", "Runtime.ExitError", "Runtime exited"),
    ],
)
def test_what_the_runtime_refuses_is_its_own_error(
    session: boto3.Session, function: str, do: str, name: str, message: str
) -> None:
    kind, error = invoke(session, function, do=do)
    assert (kind, error["errorType"]) == ("Unhandled", name)
    assert message in error["errorMessage"]


@pytest.mark.parametrize(
    ("code", "name", "message"),
    [
        ("import no_such_module", "Runtime.ImportModuleError", "Unable to import module 'main': No module named"),
        ("def other(): pass", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'main'"),
        ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'main'"),
        ("import os; os.environ['TABLE']", "KeyError", "'TABLE'"),
    ],
)
def test_a_function_that_cannot_begin_says_why(session: boto3.Session, code: str, name: str, message: str) -> None:
    function, _ = make_function(session, code)
    for _ in range(2):
        kind, error = invoke(session, function)
        assert (kind, error["errorType"]) == ("Unhandled", name)
        assert error["errorMessage"].startswith(message)


def test_a_function_that_cannot_run_here_says_so(session: boto3.Session) -> None:
    function, _ = make_function(session, "", "Main.class", "java21")
    kind, error = invoke(session, function)
    assert (kind, error["errorType"]) == ("Unhandled", "Runtime.NotSupportedLocally")
    assert "java21" in error["errorMessage"]


OLD_BOTOCORE = {
    "botocore/__init__.py": "__version__ = '1.29.165'",
    "botocore/handlers.py": "BUILTIN_HANDLERS = []",
    "botocore/session.py": """
class Session:
    def create_client(self, service_name, region_name=None, api_version=None, use_ssl=True, verify=None,
                      endpoint_url=None):
        return endpoint_url or "https://amazonaws.com"
""",
}
CALLS = """
from botocore.session import Session

def handler(event, context):
    return [Session().create_client("s3"), Session().create_client("s3", endpoint_url="http://other")]
"""


def test_an_sdk_from_before_the_variable_reaches_the_gateway(account: LocalAccount, session: boto3.Session) -> None:
    function, _ = make_function(session, CALLS, more=OLD_BOTOCORE)
    assert invoke(session, function) == (None, [account.endpoint, "http://other"])


@pytest.mark.skipif(not shutil.which("node"), reason="there is no Node.js here")
def test_errors_of_node_have_their_names(session: boto3.Session) -> None:
    function, _ = make_function(session, NODE, "main.js", "nodejs20.x")
    kind, error = invoke(session, function, do="raise")
    assert (kind, error["errorType"], error["errorMessage"]) == ("Unhandled", "OutOfStock", "none left")
    assert error["trace"][0] == "OutOfStock: none left"
    kind, error = invoke(session, function, do="throw")
    assert (kind, error["errorType"], error["errorMessage"]) == ("Unhandled", "string", "a string")


def test_step_functions_retry_and_catch_errors_by_their_names(session: boto3.Session, function: str) -> None:
    def caught(name: str) -> Any:
        return {"ErrorEquals": [name], "Next": name, "ResultPath": "$.error"}

    arn = session.client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    names = ("Other", "OutOfStock", "States.ALL")
    machine = {
        "StartAt": "Buy",
        "States": {
            "Buy": {"Type": "Task", "Resource": arn, "Catch": [caught(name) for name in names], "End": True},
            **{name: {"Type": "Pass", "Result": name, "ResultPath": "$.state", "End": True} for name in names},
        },
    }
    _, output = run_machine(session, machine, {"do": "raise"})
    assert output["state"] == "OutOfStock"
    assert output["error"]["Error"] == "OutOfStock"
    assert json.loads(output["error"]["Cause"])["errorMessage"] == "none left"
