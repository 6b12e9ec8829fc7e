"""Train a new version of one solution."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from functions import history, names
from functions.engine import IN_LINE, Observed, Step, tags
from functions.errors import NotFound
from functions.model import Message, Wait
from functions.outcomes import Await, Call, InLine, Make, Outcome
from functions.ports import Personalize, Ports
from functions.shell import consumer
from functions.slots import VERSION
from functions.statuses import meaning
from functions.timing import Estimate, estimate

SKEW = timedelta(minutes=10)
"""How far Personalize's clock may be from ours."""


def observe(message: Message, ports: Ports) -> Observed:
    """Look how long the solution's earlier versions took, and whether this run's is among them.

    A version costs money: that a second one of its name would be refused is not all that is relied on.
    """
    versions = history.versions(message.solution.arn, ports.personalize)
    begun = datetime.fromisoformat(message.plan.begun_at) - SKEW
    of_this_run = [version for version in versions if version["creationDateTime"] >= begun]
    found = _left_behind(message, versions) or _named(_name(message), of_this_run, ports.personalize)
    mode = message.plan.training_mode
    alike = [version for version in versions if version.get("trainingMode", mode) == mode]
    return {"expected": estimate(history.durations(alike))} | (_there(found) if found else {})


def _there(version: history.Entry) -> Observed:
    since: datetime = version["creationDateTime"]
    return {VERSION: version["solutionVersionArn"], "since": since.isoformat()}


def _left_behind(message: Message, versions: list[history.Entry]) -> history.Entry | None:
    """Return the version that an earlier run left behind, unless it has come to nothing since."""
    arn = message.plan.trained.get(message.branch)
    alive = [each for each in versions if each["solutionVersionArn"] == arn and meaning(each["status"]) != "failed"]
    return alive[0] if alive else None


def decide(message: Message, observed: Observed, now: datetime, floor: float) -> Outcome:
    """Make the version that is named for the run, then wait for it."""
    if VERSION in observed:
        expected: Estimate | None = observed["expected"]
        wait = Wait("solution_version", observed[VERSION], since=observed.get("since"), key=VERSION)
        return Await((replace(wait, expected=expected.typical, spread=expected.spread) if expected else wait,))
    if observed.get(IN_LINE):
        return InLine("in line for a slot of the quota of trainings")
    return Make(
        (
            Call(
                key=VERSION,
                operation="CreateSolutionVersion",
                params={
                    "name": _name(message),
                    "solutionArn": message.solution.arn,
                    "trainingMode": message.plan.training_mode,
                    **tags(message),
                },
                arn_key="solutionVersionArn",
            ),
        )
    )


def _name(message: Message) -> str:
    return names.solution_version(message.plan.name, message.run_id, message.branch)


def find(message: Message, call: Call, personalize: Personalize) -> str:
    """Find the version by its name, among all of the solution's."""
    found = _named(call.params["name"], history.versions(message.solution.arn, personalize), personalize)
    if found is None:
        raise NotFound("ResourceNotFoundException", f"no version is named {call.params['name']}", call.operation)
    return str(found["solutionVersionArn"])


def _named(name: str, versions: list[history.Entry], personalize: Personalize) -> history.Entry | None:
    """Return the version of this name.

    The ARN of a named version is not documented, and ListSolutionVersions tells no names:
    https://docs.aws.amazon.com/personalize/latest/dg/API_SolutionVersionSummary.html
    """
    for version in versions:
        arn = str(version["solutionVersionArn"])
        described = personalize.call("DescribeSolutionVersion", {"solutionVersionArn": arn})["solutionVersion"]
        if described.get("name") == name:
            return version
    return None


STEP = Step("train", observe, decide, find, counted=True)
handler = consumer(STEP)
