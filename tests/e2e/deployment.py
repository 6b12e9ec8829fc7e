"""A stack on a local AWS of its own, and what a test does with it."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from local.account import LocalAccount
from scripts.sample_data import generate
from scripts.stack import Stack
from scripts.terraform import Terraform
from tests.support.package import fresh_zip

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent / "stack"
PIPELINE = "shop"
PATIENCE = 240.0
"""Seconds after which a test gives up waiting: far beyond what anything takes."""

T = TypeVar("T")


@dataclass
class Deployment(Stack):
    """The applied stack, with the account that it is in."""

    account: LocalAccount

    # -------------------------------------------------------------- act

    def upload_both(self) -> None:
        """Put both datasets' files, one right after the other."""
        bodies = {kind: csv(kind) for kind in ("items", "interactions")}
        for kind, body in bodies.items():
            self.upload(kind, body)

    def change(self, **variables: object) -> None:
        """Apply with other values of the configuration's variables, from now on."""
        self.terraform = replace(self.terraform, variables={**self.terraform.variables, **variables})
        self.terraform.apply()

    def kill_apply(self, when: Callable[[], object], **variables: object) -> None:
        """Begin to apply with other values, and kill Terraform with its provider as soon as ``when`` is true."""
        self.terraform = replace(self.terraform, variables={**self.terraform.variables, **variables})
        log = self.terraform.work / "killed.log"
        with log.open("w") as output, self.terraform.applying(output) as process:
            self.wait(lambda: when() or (process.poll() is not None) or None, lambda: "the moment to kill Terraform")
            assert process.poll() is None, f"Terraform had ended by itself: {log.read_text()}"
            self._stop_between_writes(process.pid)
            os.killpg(process.pid, signal.SIGKILL)

    def _stop_between_writes(self, group: int) -> None:
        """Stop Terraform where its state's file is whole: a local one is written in place, and half of it is none.

        That is the local backend's own weakness, and not what is tried here: one in S3 is put as a whole.
        """

        def whole() -> bool | None:
            os.killpg(group, signal.SIGSTOP)
            try:
                json.loads((self.terraform.work / "terraform.tfstate").read_text())
            except ValueError:
                os.killpg(group, signal.SIGCONT)
                return None
            return True

        self.wait(whole, lambda: "a moment at which Terraform does not write its state")

    def two_runs(self) -> None:
        """Let uploads start a first run, and the schedule a second."""
        self.upload_both()
        self.wait_for_trips(1)
        self.fire("nightly")
        self.wait_for_trips(2)

    # -------------------------------------------------------------- look

    def client(self, service: str) -> Any:
        """Return a boto3 client, as the account's root."""
        return self.session.client(service)  # type: ignore[call-overload] # any service's name

    def trips(self) -> list[dict[str, Any]]:
        """Return the runs that made something: not those that joined another, or found nothing new."""
        return [run for run in self.runs() if run["status"] not in ("JOINED", "SKIPPED")]

    def wait_for_trips(self, count: int) -> list[dict[str, Any]]:
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

    def dead_letters(self) -> list[str]:
        """Return the bodies of all dead letters."""
        sqs = self.client("sqs")
        return [
            message["Body"]
            for url in self.outputs["dlq_urls"].values()
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        ]


@contextmanager
def deployed(
    name: str,
    folder: Path = FOLDER,
    variables: dict[str, Any] | None = None,
    by: Callable[[LocalAccount, Path], Mapping[str, str]] | None = None,
    **options: Any,
) -> Iterator[Deployment]:
    """Start a local AWS, apply a configuration to it, and take both down at the end; ``by`` gives their keys."""
    work = ROOT / "build" / "e2e" / name
    (work / "terraform.tfstate").unlink(missing_ok=True)
    with LocalAccount(build=work, **{"durations": "instant", **options}) as account:
        environment = by(account, work / "applier") if by else account.env
        terraform = Terraform(folder, work, {"package": str(fresh_zip()), **(variables or {})}, environment)
        terraform.init()
        terraform.apply()
        deployment = Deployment(account.session(), terraform, PIPELINE, account)
        try:
            yield deployment
        finally:
            deployment.terraform.destroy()


@cache
def csv(kind: str, seed: int = 1) -> bytes:
    """Return sample data, small enough to train in a moment."""
    data = generate(users=80, items=60, interactions=3_000, seed=seed)
    buffer = io.StringIO()
    (data.interactions if kind == "interactions" else data.items).to_csv(buffer, index=False)
    return buffer.getvalue().encode()
