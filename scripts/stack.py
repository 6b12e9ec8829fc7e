"""The applied module, as its users see it: outputs, uploads, schedules, direct calls, and the ledger's runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

from boto3 import Session
from boto3.dynamodb.types import TypeDeserializer

from scripts.terraform import Terraform

_read = TypeDeserializer().deserialize


class StackError(Exception):
    """Raised when the stack does not answer as it should."""


@dataclass
class Stack:
    """One applied configuration with the output `personalize`, and one of its pipelines."""

    session: Session
    terraform: Terraform
    pipeline: str

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The module's outputs."""
        outputs = self.terraform.outputs().get("personalize")
        if not isinstance(outputs, dict):
            raise StackError("the configuration has no output named personalize")
        return outputs

    def upload(self, kind: str, body: bytes, name: str = "data.csv") -> None:
        """Put a file under a dataset's prefix."""
        location = self.outputs["upload_prefixes"][self.pipeline][kind]
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        self.session.client("s3").put_object(Bucket=bucket, Key=prefix + name, Body=body)

    def fire(self, schedule: str) -> None:
        """Do what EventBridge Scheduler does at a schedule's time: send the target's input to the target."""
        name = self.outputs["schedules"][self.pipeline][schedule]
        scheduler = self.session.client("scheduler")
        found = scheduler.get_schedule(Name=name, GroupName=self.outputs["schedule_group"])
        target = found["Target"]
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
        attributes = {
            "<aws.scheduler.schedule-arn>": found["Arn"],
            "<aws.scheduler.scheduled-time>": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "<aws.scheduler.execution-id>": str(uuid4()),
            "<aws.scheduler.attempt-number>": "1",
        }
        body = target["Input"]
        for attribute, value in attributes.items():
            body = body.replace(attribute, value)
        sqs = self.session.client("sqs")
        queue = sqs.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    def invoke(self, function: str, payload: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Call a function by hand; return its answer and whether it is an error."""
        name = self.outputs["function_names"][function]
        answer = self.session.client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload))
        return json.loads(answer["Payload"].read()), "FunctionError" in answer

    def runs(self) -> list[dict[str, Any]]:
        """Return the ledger's records of the pipeline's runs, oldest first."""
        pages = (
            self.session.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.outputs["ledger_table"],
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"run#{self.pipeline}"}},
                ConsistentRead=True,
            )
        )
        items = [{key: _read(value) for key, value in item.items()} for page in pages for item in page["Items"]]
        return sorted(items, key=lambda item: str(item["created_at"]))

    def served(self) -> dict[str, str]:
        """Return the ARN of the version that each campaign serves, by solution."""
        personalize = self.session.client("personalize")
        return {
            solution: personalize.describe_campaign(campaignArn=arn)["campaign"]["solutionVersionArn"]
            for solution, arn in self.outputs["campaign_arns"][self.pipeline].items()
        }
