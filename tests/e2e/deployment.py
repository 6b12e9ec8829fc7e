"""A stack on a local AWS, and what a test does with it."""

from __future__ import annotations

import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

from boto3.dynamodb.types import TypeDeserializer

from local.account import LocalAccount
from scripts.sample_data import generate
from scripts.terraform import Terraform

ROOT = Path(__file__).resolve().parents[2]
STACK = Path(__file__).resolve().parent / "stack"
ZIP = ROOT / "build" / "package.zip"
PATIENCE = 120.0
"""Seconds after which a test gives up waiting: far beyond what anything takes."""

T = TypeVar("T")
_read = TypeDeserializer().deserialize


@dataclass
class Deployment:
    """The applied stack."""

    account: LocalAccount
    terraform: Terraform

    def client(self, service: str) -> Any:
        """Return a boto3 client, as the account's root."""
        return self.account.session().client(service)  # type: ignore[call-overload] # any service's name

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The module's outputs."""
        outputs = self.terraform.outputs()["personalize"]
        assert isinstance(outputs, dict)
        return outputs

    # -------------------------------------------------------------- act

    def upload(self, kind: str, body: bytes, name: str = "data.csv") -> None:
        """Put a file under a dataset's prefix."""
        bucket, _, prefix = self.outputs["upload_prefixes"]["shop"][kind].removeprefix("s3://").partition("/")
        self.client("s3").put_object(Bucket=bucket, Key=prefix + name, Body=body)

    def fire(self, schedule: str) -> None:
        """Do what EventBridge Scheduler does when a schedule's time comes: send its input to its target."""
        scheduler, name = self.client("scheduler"), self.outputs["schedules"]["shop"][schedule]
        target = scheduler.get_schedule(Name=name, GroupName=self.outputs["schedule_group"])["Target"]
        queue = target["Arn"].rpartition(":")[2]
        sqs = self.client("sqs")
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=target["Input"])

    def invoke(self, function: str, payload: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Call a function by hand; return its answer and whether it is an error."""
        name = self.outputs["function_names"][function]
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload))
        return json.loads(answer["Payload"].read()), "FunctionError" in answer

    def upload_both(self) -> None:
        """Put both datasets' files, one right after the other."""
        bodies = {kind: csv(kind) for kind in ("items", "interactions")}
        for kind, body in bodies.items():
            self.upload(kind, body)

    # -------------------------------------------------------------- look

    def runs(self) -> list[dict[str, Any]]:
        """Return the runs of the pipeline, oldest first."""
        pages = (
            self.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.outputs["ledger_table"],
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": "run#shop"}},
            )
        )
        items = [{key: _read(value) for key, value in item.items()} for page in pages for item in page["Items"]]
        return sorted(items, key=lambda item: str(item["created_at"]))

    def trips(self) -> list[dict[str, Any]]:
        """Return the runs that made something: not those that joined another, or found nothing new."""
        return [run for run in self.runs() if run["status"] not in ("JOINED", "SKIPPED")]

    def wait_for_runs(self, count: int) -> list[dict[str, Any]]:
        """Wait until ``count`` runs have made something and nothing is under way; return those runs."""

        def ended() -> list[dict[str, Any]] | None:
            trips = self.trips()
            over = all(run["status"] in ("SUCCEEDED", "FAILED") for run in trips)
            return trips if len(trips) >= count and over else None

        return self.wait(ended, lambda: f"{count} ended runs; there are {[run['status'] for run in self.runs()]}")

    def wait_for_run(self, run_id: str) -> dict[str, Any]:
        """Wait until a run has ended, and return it."""

        def ended() -> dict[str, Any] | None:
            over = ("SUCCEEDED", "FAILED", "SKIPPED", "JOINED")
            return next((run for run in self.runs() if run["run_id"] == run_id and run["status"] in over), None)

        return self.wait(ended, lambda: f"the end of {run_id}; there are {[run['status'] for run in self.runs()]}")

    def wait(self, look: Callable[[], T | None], what: Callable[[], str]) -> T:
        """Look until there is something to return."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if (found := look()) is not None:
                return found
            self.account.check()
            time.sleep(0.3)
        raise AssertionError(f"waited in vain for {what()}; the log is {self.account.log}")

    def made(self) -> Counter[str]:
        """Count what the runs made: import jobs, solution versions and campaigns."""
        personalize = self.client("personalize")
        return Counter(
            imports=len(personalize.list_dataset_import_jobs()["datasetImportJobs"]),
            versions=len(personalize.list_solution_versions()["solutionVersions"]),
            campaigns=len(personalize.list_campaigns()["campaigns"]),
        )

    def served(self) -> dict[str, str]:
        """Return the version that each campaign serves."""
        personalize, served = self.client("personalize"), {}
        for solution, arn in self.outputs["campaign_arns"]["shop"].items():
            served[solution] = personalize.describe_campaign(campaignArn=arn)["campaign"]["solutionVersionArn"]
        return served

    def dead_letters(self) -> list[str]:
        """Return the bodies of all dead letters."""
        sqs = self.client("sqs")
        return [
            message["Body"]
            for url in self.outputs["dlq_urls"].values()
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        ]


@contextmanager
def deployed(name: str, **options: Any) -> Iterator[Deployment]:
    """Start a local AWS, apply the stack, and take both down at the end."""
    work = ROOT / "build" / "e2e" / name
    with LocalAccount(durations="instant", build=work, **options) as account:
        (work / "terraform.tfstate").unlink(missing_ok=True)
        terraform = Terraform(STACK, work, {"package": str(ZIP)}, account.env)
        terraform.init()
        terraform.apply()
        try:
            yield Deployment(account, terraform)
        finally:
            terraform.destroy()


@cache
def csv(kind: str, seed: int = 1) -> bytes:
    """Return sample data, small enough to train in a moment."""
    data = generate(users=80, items=60, interactions=3_000, seed=seed)
    buffer = io.StringIO()
    (data.interactions if kind == "interactions" else data.items).to_csv(buffer, index=False)
    return buffer.getvalue().encode()
