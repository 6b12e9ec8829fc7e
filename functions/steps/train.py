"""Train a new version of one solution."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from functions import history, names, turnstile
from functions.engine import IN_LINE, LAG, MAKING, Observed, Step, tags
from functions.errors import NotSeenYet
from functions.model import Message, Wait
from functions.outcomes import Await, Call, InLine, Make, Outcome
from functions.planning import versions_of
from functions.ports import Personalize, Ports
from functions.shell import consumer
from functions.slots import VERSION
from functions.statuses import meaning, stopping
from functions.times import written
from functions.timing import Estimate, estimate

UNDER_WAY = "under way"
"""Among what is observed: how far a version is that was there before."""

SKEW = timedelta(minutes=10)
"""How far Personalize's clock may be from ours."""


def observe(message: Message, ports: Ports) -> Observed:
    """Look how long the solution's earlier versions took, and whether the one that is needed is there.

    A version costs money: that a second one of its name would be refused is not all that is relied on.
    """
    remembered = versions_of(message.branch, ports.ledger.memory(message.pipeline))
    mode = message.plan.training_mode
    versions = history.latest_versions(message.solution.arn, remembered, ports.personalize)
    alike = [version for version in versions if version.get("trainingMode", mode) == mode]
    making = _making(message, ports)
    found = _left_behind(message, ports) or (_made(message, making, ports) if making else None)
    return {"expected": estimate(history.durations(alike)), MAKING: making} | (_there(found) if found else {})


def _there(version: history.Entry) -> Observed:
    since: datetime = version["creationDateTime"]
    return {VERSION: version["solutionVersionArn"], "since": written(since), UNDER_WAY: meaning(version["status"])}


def _left_behind(message: Message, ports: Ports) -> history.Entry | None:
    """Return the version that an earlier run left behind, if it is trained, or may come to be.

    One that trains for as long as a run may wait for it hangs, or as good as: its deadline counts from its creation.
    Nothing comes of one that is being stopped.
    """
    arn = message.plan.trained.get(message.branch)
    version = history.version(arn, ports.personalize) if arn else None
    if version is None or meaning(version["status"]) == "failed" or stopping(version["status"]):
        return None
    hangs = ports.clock() - version["creationDateTime"] >= message.plan.deadlines.of("train") - SKEW - LAG
    return None if meaning(version["status"]) == "waiting" and hangs else version


def _making(message: Message, ports: Ports) -> str | None:
    """Return when an earlier delivery was about to make the run's version, None where none has come so far."""
    run = ports.ledger.run(message.pipeline, message.run_id)
    return run.branches[message.branch].making if run else None


def _made(message: Message, making: str, ports: Ports) -> history.Entry | None:
    """Return the version that an earlier delivery has made, though it did not live to tell so; None if it did not.

    It may not be seen at once, and the other delivery may be at it still.
    """
    begun = datetime.fromisoformat(message.plan.begun_at) - SKEW
    found = _named(_name(message), begun, message.solution.arn, ports.personalize)
    if found is None and ports.clock() - datetime.fromisoformat(making) < LAG:
        raise NotSeenYet("an earlier delivery may have made the version, and it is not to be seen yet")
    return found


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


def settle(message: Message, observed: Observed, ports: Ports) -> None:
    """Take a slot for a version that an earlier run left behind, and that trains still: that run's was given back."""
    taken_over = message.plan.trained.get(message.branch)
    if taken_over and observed.get(VERSION) == taken_over and observed.get(UNDER_WAY) == "waiting":
        turnstile.take(message, [VERSION], ports)


def _name(message: Message) -> str:
    return names.solution_version(message.plan.name, message.run_id, message.branch)


def _named(name: str, begun: datetime, solution_arn: str, personalize: Personalize) -> history.Entry | None:
    """Return the version of this name, among those that were made since the run has begun.

    The ARN of a named version is not documented, and ListSolutionVersions tells no names, nor in which order it lists:
    https://docs.aws.amazon.com/personalize/latest/dg/API_SolutionVersionSummary.html
    """
    for version in history.versions(solution_arn, personalize):
        if version["creationDateTime"] >= begun:
            described = history.version(version["solutionVersionArn"], personalize)
            if described and described.get("name") == name:
                return version
    return None


STEP = Step("train", observe, decide, settle=settle, counted=True, costly=True)
handler = consumer(STEP)
