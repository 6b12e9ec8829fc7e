"""Lambda stops a function that runs for the 17th time in one chain of requests, unless it may run in a loop."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.account import LocalAccount
from local.shims.lineage import parse
from tests.local.support import TRUST, unique, wait

LOOP = """
import json
import os
import boto3

def handler(event, context):
    if "Records" not in event:
        if event["left"]:
            event = {"left": event["left"] - 1}
            name = context.function_name
            answer = boto3.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
            return json.load(answer["Payload"])
        return os.environ["_X_AMZN_TRACE_ID"]
    sqs = boto3.client("sqs")
    for record in event["Records"]:
        message = json.loads(record["body"])
        message["n"] += 1
        ended = message["n"] > message["rounds"]
        url = message["done"] if ended else os.environ["NEXT"]
        body = json.dumps(message)
        if message["n"] % 2:
            sqs.send_message(QueueUrl=url, MessageBody=body)
        else:
            sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": body}])
"""


class Chain:
    """Functions that hand a message round: each has a queue of its own, and sends to the next one's."""

    def __init__(self, session: boto3.Session, functions: int, seconds: int) -> None:
        self.session, self.sqs, self.functions = session, session.client("sqs"), session.client("lambda")
        self.dead, self.done = self._queue(unique("dead")), self._queue(unique("done"))
        redrive = json.dumps({"deadLetterTargetArn": self._arn(self.dead), "maxReceiveCount": 1})
        self.queues = [
            self._queue(unique("round"), {"VisibilityTimeout": str(seconds), "RedrivePolicy": redrive})
            for _ in range(functions)
        ]
        following = [*self.queues[1:], self.queues[0]]
        self.names = [self._function(queue, then, seconds) for queue, then in zip(self.queues, following, strict=True)]

    def begin(self, rounds: int) -> None:
        """Send the first message: the functions run `rounds` times together, if nothing stops them."""
        body = json.dumps({"n": 1, "rounds": rounds, "done": self.done})
        self.sqs.send_message(QueueUrl=self.queues[0], MessageBody=body)

    def arrives(self, url: str) -> int:
        """Return the number of the run that a message that arrives was for."""

        def look() -> Any:
            answer = self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
            return next(iter(answer.get("Messages", [])), None)

        return int(json.loads(wait(look, 20)["Body"])["n"])

    def _queue(self, name: str, attributes: Any = MappingProxyType({})) -> str:
        return str(self.sqs.create_queue(QueueName=name, Attributes=dict(attributes))["QueueUrl"])

    def _arn(self, url: str) -> str:
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        return str(found["QueueArn"])

    def _function(self, queue: str, following: str, seconds: int) -> str:
        name = unique("loop")
        iam = self.session.client("iam")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("main.py", LOOP)
        self.functions.create_function(
            FunctionName=name,
            Role=role,
            Runtime="python3.13",
            Handler="main.handler",
            Code={"ZipFile": code.getvalue()},
            Environment={"Variables": {"NEXT": following}},
            Timeout=seconds,
        )
        self.functions.get_waiter("function_active_v2").wait(FunctionName=name)
        self.functions.create_event_source_mapping(EventSourceArn=self._arn(queue), FunctionName=name, BatchSize=1)
        return name


@pytest.fixture
def chain(account: LocalAccount) -> Callable[..., Chain]:
    return lambda functions, seconds=4: Chain(account.session(), functions, seconds)


def test_the_seventeenth_invocation_in_a_chain_is_refused(chain: Callable[..., Chain]) -> None:
    loop = chain(1)
    loop.begin(rounds=16)
    assert loop.arrives(loop.done) == 17
    loop.begin(rounds=40)  # another chain counts anew
    assert loop.arrives(loop.dead) == 17


def test_a_function_that_may_loop_does(chain: Callable[..., Chain]) -> None:
    loop = chain(1)
    (name,) = loop.names
    assert loop.functions.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Terminate"
    loop.functions.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
    assert loop.functions.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Allow"
    loop.begin(rounds=40)
    assert loop.arrives(loop.done) == 41


def test_each_function_is_counted_by_itself(chain: Callable[..., Chain]) -> None:
    loop = chain(2)
    loop.begin(rounds=32)
    assert loop.arrives(loop.done) == 33
    loop.functions.put_function_recursion_config(FunctionName=loop.names[0], RecursiveLoop="Allow")
    loop.begin(rounds=40)
    assert loop.arrives(loop.dead) == 34  # the second one's seventeenth


def test_functions_that_call_functions_are_counted_too(chain: Callable[..., Chain]) -> None:
    loop = chain(1, seconds=60)

    def call(left: int) -> Any:
        answer = loop.functions.invoke(FunctionName=loop.names[0], Payload=json.dumps({"left": left}))
        return json.load(answer["Payload"])

    assert list(parse(call(3)).values()) == [4]
    (key,) = parse(call(0))
    header = f"Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:{key}:16"
    events = loop.functions.meta.events
    events.register("before-call", lambda params, **_: params["headers"].update({"X-Amzn-Trace-Id": header}))
    with pytest.raises(ClientError) as raised:
        call(0)
    assert raised.value.response["Error"]["Code"] == "RecursiveInvocationException"


def test_a_lineage_is_read_as_sdks_write_it() -> None:
    header = (
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=25:a87bd80c:1%7C68fd508a:5"
    )
    assert parse(header) == {"a87bd80c": 1, "68fd508a": 5}
    assert parse("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1") == {}


def test_a_new_account_runs_few_functions_at_a_time() -> None:
    with LocalAccount(concurrency=1) as small:
        loop = Chain(small.session(), 1, 60)
        answer = loop.functions.invoke(FunctionName=loop.names[0], Payload=json.dumps({"left": 1}))  # calls itself
        assert "TooManyRequestsException" in json.load(answer["Payload"])["errorMessage"]
