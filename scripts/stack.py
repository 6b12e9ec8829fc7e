"""The applied module, as its users see it: outputs, uploads, schedules, direct calls, and the ledger's runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from boto3 import Session
from boto3.dynamodb.types import TypeDeserializer

from local.schedules import fire
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

    def remove(self, kind: str, name: str) -> None:
        """Delete a file under a dataset's prefix."""
        location = self.outputs["upload_prefixes"][self.pipeline][kind]
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        self.session.client("s3").delete_object(Bucket=bucket, Key=prefix + name)

    def fire(self, schedule: str) -> None:
        """Do what EventBridge Scheduler does at a schedule's time: send the target's input to the target."""
        fire(self.session, self.outputs["schedule_group"], self.outputs["schedules"][self.pipeline][schedule])

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
