"""An AWS account in process: moto for most of it, told answers for Personalize; it notes and denies IAM actions.

The handlers run in it with the real adapters and boto3; botocore's `before-call` event is where it listens.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel
from moto import mock_aws

from functions.adapters import clients
from functions.adapters.bus import EventBridge
from functions.adapters.declarations import DynamoDeclarations
from functions.adapters.dynamodb import DynamoLedger
from functions.adapters.queues import SqsQueues
from functions.adapters.s3 import S3Objects
from functions.errors import ServiceError
from functions.model import Pipeline, dump
from functions.shell import live_ports
from local.gateway.authorization import checks
from local.gateway.ministack import Caller
from local.gateway.protocol import Route
from tests.contract.table import STEPS
from tests.support.scripted import Answer, Scripted

REGION = "eu-west-1"
TABLE = "acme-ledger"
BUCKET = "data"
QUEUES = {step: f"https://sqs.{REGION}.amazonaws.com/123456789012/acme-{step}" for step in STEPS}

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "LEDGER_TABLE": TABLE,
    "QUEUES": json.dumps(QUEUES),
    "MAX_TRIES": "5",
    "POLL_FLOOR_SECONDS": "0.01",  # glue really waits
}

CALLER = Caller("123456789012", REGION, "testing")

_SPELLED_OTHERWISE = {
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}

# The kinds of things that permissions.tf knows: by the resource type in an ARN, and by the service that has but one.
_KINDS = {
    "campaign": "campaigns",
    "dataset": "datasets",
    "dataset-group": "dataset_groups",
    "dataset-import-job": "import_jobs",
    "event-tracker": "event_trackers",
    "filter": "filters",
    "recipe": "recipes",
    "role": "service_role",
    "schema": "schemas",
    "solution": "solutions",
}
# A dataset that was made by hand may have a schema of any name, which glue reads to compare.
_WIDER = {"personalize:DescribeSchema": "any_schema"}
_ONLY_KINDS = {"dynamodb": "ledger", "events": "bus", "s3": "bucket"}
_OF_ACTIONS = {"s3:GetObject": "data"}


def actions_of(service: str, operation: str, params: dict[str, Any]) -> list[str]:
    """Return the IAM actions that a call needs, with what it needs them on: as ``allowed`` tells what is granted.

    Of Personalize, they are what the local gateway asks where it enforces IAM.
    """
    if service == "personalize":
        asked = checks(CALLER, Route(service, operation), params)
        return [f"{check.action}/{_WIDER.get(check.action) or _kind(check.resource)}" for check in asked]
    name = f"{service}:{operation}"
    action = _SPELLED_OTHERWISE.get(name, name)
    if action == "sqs:SendMessage":
        return [f"{action}/{params['QueueUrl'].rpartition('-')[2]}"]
    return [f"{action}/{_OF_ACTIONS.get(action) or _ONLY_KINDS[service]}"]


def _kind(resource: str) -> str:
    return "any" if resource == "*" else _KINDS[resource.split(":", 5)[5].partition("/")[0]]


@dataclass
class Account:
    """What stands between the functions and AWS. ``seen`` holds the actions; ``denied`` is refused."""

    seen: set[str] = field(default_factory=set)
    denied: str | None = None
    personalize: Scripted = field(default_factory=Scripted)
    listening: bool = False

    def __call__(self, model: OperationModel, params: dict[str, Any], **_: Any) -> Any:
        """Hear of a call before it is made, and answer it where moto should not."""
        if not self.listening:
            return None
        service, operation = model.service_model.signing_name, model.name
        body = json.loads(params["body"]) if service in ("personalize", "sqs") else {}
        actions = actions_of(service, operation, body)
        self.seen.update(actions)
        if self.denied in actions:
            return _refused("AccessDeniedException", f"not authorized to perform {self.denied}")
        if service != "personalize":
            return None
        try:
            return _http(200), self.personalize.call(operation, body)
        except ServiceError as error:
            return _refused(error.code, error.message)

    @contextmanager
    def hearing(self, denied: str | None = None, **answers: Answer | Sequence[Answer]) -> Iterator[None]:
        """Note (and deny) what is done meanwhile; ``answers`` are Personalize's."""
        self.seen, self.denied, self.personalize, self.listening = set(), denied, Scripted(**answers), True
        try:
            yield
        finally:
            self.listening = False

    # -------------------------------------------------------------- what is in it

    def make(self) -> None:
        """Make what Terraform makes: table, queues, bucket."""
        dynamodb = client("dynamodb")
        dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        for step in QUEUES:
            client("sqs").create_queue(QueueName=f"acme-{step}")
        client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    def empty(self) -> None:
        """Leave table and bucket as Terraform made them: quicker than making them anew."""
        items = client("dynamodb").scan(TableName=TABLE, ProjectionExpression="pk, sk")["Items"]
        for key in items:
            client("dynamodb").delete_item(TableName=TABLE, Key=key)
        for stored in client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", []):
            client("s3").delete_object(Bucket=BUCKET, Key=stored["Key"])

    def declare(self, pipeline: Pipeline) -> None:
        """Declare a pipeline, as Terraform and glue do: its campaigns are items of their own."""
        for key, solution in pipeline.solutions.items():
            if solution.campaign:
                self.declarations.declare(pipeline.pipeline, key, asdict(solution.campaign))
        solutions = {key: replace(solution, campaign=None) for key, solution in pipeline.solutions.items()}
        self._declare("pipeline", pipeline.pipeline, dump(replace(pipeline, solutions=solutions)))
        named = {each.location: f"{pipeline.pipeline}/{name}" for name, each in pipeline.datasets.items()}
        self._declare("folders", "folders", json.dumps({**self.ledger.folders(), **named}))

    def rewrite(self, pk: str, sk: str, attribute: str, change: Callable[[str], str]) -> None:
        """Change a text in the ledger, as other code would have written it."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        item = client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]
        client("dynamodb").put_item(TableName=TABLE, Item={**item, attribute: {"S": change(item[attribute]["S"])}})

    def _declare(self, pk: str, sk: str, spec: str) -> None:
        item = {"pk": {"S": pk}, "sk": {"S": sk}, "spec": {"S": spec}}
        client("dynamodb").put_item(TableName=TABLE, Item=item)

    def upload(self, key: str, body: bytes = b"USER_ID,ITEM_ID,TIMESTAMP\n") -> None:
        """Put a file into the bucket."""
        client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)

    @property
    def declarations(self) -> DynamoDeclarations:
        return DynamoDeclarations(lambda: client("dynamodb"), TABLE)

    @property
    def ledger(self) -> DynamoLedger:
        return DynamoLedger(lambda: client("dynamodb"), TABLE)

    @property
    def queues(self) -> SqsQueues:
        return SqsQueues(lambda: client("sqs"), QUEUES)

    @property
    def objects(self) -> S3Objects:
        return S3Objects(lambda: client("s3"))

    def bus(self, name: str = "default") -> EventBridge:
        """Return the adapter onto a bus."""
        return EventBridge(lambda: client("events"), name)


_clients: dict[str, Any] = {}


def client(service: str) -> Any:
    """Return the client of a service, the same one every time: making one is slow."""
    if service not in _clients:
        _clients[service] = clients.session().client(service)  # type: ignore[call-overload] # any service's name
    return _clients[service]


@contextmanager
def opened() -> Iterator[Account]:
    """Give an account that hears of all calls: clients, tables and queues are slow to make, so they are made once."""
    account = Account()
    clients.session.cache_clear()
    live_ports.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        clients.session().events.register("before-call", account)
        with mock_aws():
            account.make()
            yield account
    clients.session.cache_clear()
    live_ports.cache_clear()


def _http(status: int) -> AWSResponse:
    return AWSResponse("https://aws", status, HTTPHeaders(), None)


def _refused(code: str, message: str) -> tuple[AWSResponse, dict[str, Any]]:
    return _http(400), {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
