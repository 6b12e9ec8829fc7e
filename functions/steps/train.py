"""Train a new version of one solution."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions import names
from functions.engine import Observed, Step, tags
from functions.errors import NotFound
from functions.model import Message, Wait
from functions.outcomes import Await, Call, Make, Outcome
from functions.ports import Personalize
from functions.shell import consumer
from functions.timing import expectation


def observe(message: Message, personalize: Personalize) -> Observed:
    """Look how long the solution's earlier versions took."""
    return {"expected": expectation(_durations(_versions(message, personalize)))}


def decide(message: Message, observed: Observed, now: datetime, floor: float) -> Outcome:
    """Make the version that is named for the run, then wait for it."""
    if "version" in observed:
        return Await((Wait("solution_version", observed["version"], expected=observed["expected"]),))
    plan = message.plan
    return Make(
        (
            Call(
                key="version",
                operation="CreateSolutionVersion",
                params={
                    "name": names.solution_version(plan.name, message.run_id, message.branch),
                    "solutionArn": message.solution.arn,
                    "trainingMode": plan.training_mode,
                    **tags(message),
                },
                arn_key="solutionVersionArn",
            ),
        )
    )


def find(message: Message, call: Call, personalize: Personalize) -> str:
    """Find the version by its name among the solution's versions, newest first.

    The ARN of a named version is not documented, and ListSolutionVersions tells no names:
    https://docs.aws.amazon.com/personalize/latest/dg/API_SolutionVersionSummary.html
    """
    for version in _versions(message, personalize):
        arn = str(version["solutionVersionArn"])
        described = personalize.call("DescribeSolutionVersion", {"solutionVersionArn": arn})["solutionVersion"]
        if described.get("name") == call.params["name"]:
            return arn
    raise NotFound("ResourceNotFoundException", f"no version is named {call.params['name']}", call.operation)


def _versions(message: Message, personalize: Personalize) -> list[dict[str, Any]]:
    found = personalize.pages("ListSolutionVersions", "solutionVersions", {"solutionArn": message.solution.arn})
    return sorted(found, key=lambda version: version["creationDateTime"], reverse=True)


def _durations(versions: list[dict[str, Any]]) -> list[float]:
    return [
        (version["lastUpdatedDateTime"] - version["creationDateTime"]).total_seconds()
        for version in versions
        if version["status"] == "ACTIVE"
    ]


STEP = Step("train", observe, decide, find)
handler = consumer(STEP)
