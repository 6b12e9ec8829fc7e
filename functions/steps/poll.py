"""Wait for what Personalize is doing: look, and answer ready, wait or failed. What is over gives its slot back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from functions import turnstile
from functions.engine import Observed, Step
from functions.errors import InUse, InvalidInput, NotFound
from functions.model import Kind, Message, Wait
from functions.outcomes import Done, Fail, InLine, Outcome, Pause
from functions.ports import Personalize, Ports
from functions.shell import consumer
from functions.slots import lacking
from functions.statuses import meaning
from functions.telemetry import logger
from functions.timing import pause


@dataclass(frozen=True)
class Progress:
    """How far a resource is, and since when. ``doubtful``: what is told may be older than what was asked for."""

    status: str
    since: datetime | None = None
    reason: str | None = None
    doubtful: bool = False


def _plain(described: dict[str, Any], wait: Wait) -> Progress:
    return Progress(described["status"], described["creationDateTime"], described.get("failureReason"))


def _campaign(described: dict[str, Any], wait: Wait) -> Progress:
    """Read the latest update: it has a status of its own, while the campaign stays ACTIVE on its old version."""
    latest = described.get("latestCampaignUpdate") or described
    if latest.get("solutionVersionArn") != wait.version:
        moved = f"it was moved to {latest.get('solutionVersionArn')} by someone else meanwhile"
        return Progress("CREATE FAILED", latest["creationDateTime"], moved, doubtful=True)
    return _plain(latest, wait)


LAG = timedelta(minutes=5)
"""How long after a call Personalize may still describe what was before it: nothing says that reads are consistent."""

_KINDS = {
    "dataset_import_job": ("DescribeDatasetImportJob", "datasetImportJobArn", "datasetImportJob", _plain),
    "solution_version": ("DescribeSolutionVersion", "solutionVersionArn", "solutionVersion", _plain),
    "campaign": ("DescribeCampaign", "campaignArn", "campaign", _campaign),
}
"""Kind → the operation that describes it, its parameter, the key of its answer, and how to read that."""

_LABELS: dict[Kind, str] = {
    "dataset_import_job": "import job",
    "solution_version": "solution version",
    "campaign": "campaign",
}


def observe(message: Message, ports: Ports) -> Observed:
    """Look at everything that the message waits for still."""
    observed: Observed = {}
    for wait in (wait for wait in message.waits if not wait.done):
        operation, parameter, key, read = _KINDS[wait.kind]
        try:
            observed[wait.arn] = read(ports.personalize.call(operation, {parameter: wait.arn})[key], wait)
        except NotFound:
            observed[wait.arn] = Progress("CREATE FAILED", reason="it was deleted meanwhile", doubtful=True)
    return observed


def decide(message: Message, observed: Observed, now: datetime, floor: float) -> Outcome:
    """Go on when all are ready. Where one has failed, wait for the others, then tell every reason."""
    pauses, reasons, done = [], [], [wait.arn for wait in message.waits if wait.done]
    for wait in (wait for wait in message.waits if not wait.done):
        progress: Progress = observed[wait.arn]
        match meaning(progress.status):
            case "waiting":
                elapsed = (now - progress.since).total_seconds() if progress.since else 0.0
                pauses.append(pause(max(0.0, elapsed), wait.expected, floor))
            case "failed" if progress.doubtful and _just_asked_for(wait, now):
                pauses.append(floor)
            case "failed":
                name = wait.arn.partition(f":{wait.kind.replace('_', '-')}/")[2] or wait.arn
                reasons.append(f"{_LABELS[wait.kind]} {name}: {progress.reason or progress.status}")
            case "ready":
                done.append(wait.arn)
    waits = tuple(replace(wait, done=wait.arn in done) for wait in message.waits)
    if pauses:
        return Pause(min(pauses), f"{len(pauses)} of {len(waits)} not ready", None if waits == message.waits else waits)
    if reasons:
        return Fail("; ".join(reasons))
    if lacking(message):
        return InLine("what there were slots for is done, the others are in line", waits)
    return Done()


def settle(message: Message, observed: Observed, ports: Ports) -> None:
    """Give back the slots of what is over, well or not."""
    now = ports.clock()
    over = [
        wait.key
        for wait in message.waits
        if wait.key and wait.arn in observed and _is_over(observed[wait.arn], wait, now)
    ]
    turnstile.give_back(message, over, ports)


def _is_over(progress: Progress, wait: Wait, now: datetime) -> bool:
    doubtful = progress.doubtful and _just_asked_for(wait, now)
    return meaning(progress.status) != "waiting" and not doubtful


def _just_asked_for(wait: Wait, now: datetime) -> bool:
    return wait.since is not None and now - datetime.fromisoformat(wait.since) < LAG


def give_up(message: Message, personalize: Personalize) -> None:
    """Stop a training that takes too long, if that is asked for: it would go on, and cost."""
    if not message.plan.deadlines.stop_training:
        return
    for wait in message.waits:
        if wait.kind == "solution_version":
            try:
                personalize.call("StopSolutionVersionCreation", {"solutionVersionArn": wait.arn})
            except (InUse, InvalidInput, NotFound) as error:  # it has ended meanwhile
                logger.info("not stopped: %s", error)


STEP = Step("poll", observe, decide, give_up=give_up, settle=settle)
handler = consumer(STEP)
