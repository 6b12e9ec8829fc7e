"""Bring a trained version to its campaign. The first creation and every later update are the same step."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions.engine import Observed, Step, tags
from functions.errors import NotFound
from functions.model import Campaign, Message, Wait
from functions.outcomes import Await, Call, Done, Make, Outcome, Pause
from functions.ports import Personalize
from functions.shell import consumer
from functions.statuses import meaning
from functions.timing import expectation, quota_pause


def observe(message: Message, personalize: Personalize) -> Observed:
    """Look at the campaign as it is."""
    try:
        answer = personalize.call("DescribeCampaign", {"campaignArn": _declared(message).arn})
    except NotFound:
        return {"campaign": None}
    return {"campaign": answer["campaign"]}


def decide(message: Message, observed: Observed, now: datetime, floor: float) -> Outcome:
    """Create the campaign, or move it to the version; do nothing where it serves it as declared."""
    declared, current = _declared(message), observed["campaign"]
    if "moved" in observed:
        return _await(message, current)
    if current is None:
        return Make((_create(message, declared),))
    latest = current.get("latestCampaignUpdate") or current
    serves = _serves(latest, message.solution_version, declared)
    match meaning(latest["status"]):
        case "ready" if serves:
            return Done()
        case "waiting" if not serves:
            return Pause(quota_pause(floor), f"campaign {declared.name} is being changed")
        case _ if serves:
            return _await(message, current)
        case _:
            return Make((_update(message, declared),))


def _serves(latest: dict[str, Any], version: str | None, declared: Campaign) -> bool:
    """Whether the campaign's latest state is the version with the configuration as declared."""
    return (
        latest.get("solutionVersionArn") == version
        and latest.get("minProvisionedTPS", 1) == declared.min_provisioned_tps
        and _holds(latest.get("campaignConfig") or {}, declared.config)
    )


def _holds(found: Any, declared: Any) -> bool:
    """Whether what is declared is found; Personalize may add what was left out."""
    if isinstance(found, dict) and isinstance(declared, dict):
        return all(_holds(found.get(key), value) for key, value in declared.items())
    return bool(found == declared)


def _create(message: Message, declared: Campaign) -> Call:
    params = {"name": declared.name, **_settings(message, declared), **tags(message)}
    return Call("moved", "CreateCampaign", params, "campaignArn")


def _update(message: Message, declared: Campaign) -> Call:
    params = {"campaignArn": declared.arn, **_settings(message, declared)}
    return Call("moved", "UpdateCampaign", params, "campaignArn")


def _settings(message: Message, declared: Campaign) -> dict[str, Any]:
    config = {"campaignConfig": declared.config} if declared.config else {}
    return {
        "solutionVersionArn": message.solution_version,
        "minProvisionedTPS": declared.min_provisioned_tps,
        **config,
    }


def _await(message: Message, before: dict[str, Any] | None) -> Await:
    """Wait for the campaign; its previous update tells how long that may take."""
    previous = (before or {}).get("latestCampaignUpdate") or before
    durations = []
    if previous and meaning(previous["status"]) == "ready":
        durations = [(previous["lastUpdatedDateTime"] - previous["creationDateTime"]).total_seconds()]
    arn = _declared(message).arn
    return Await((Wait("campaign", arn, expectation(durations), message.solution_version),))


def _declared(message: Message) -> Campaign:
    campaign = message.solution.campaign
    if campaign is None:  # `flow` sends nothing here without one
        raise ValueError(f"solution {message.branch} has no campaign")
    return campaign


def find(message: Message, call: Call, personalize: Personalize) -> str:
    """Return the ARN of the campaign: an earlier delivery has created it."""
    return _declared(message).arn


STEP = Step("deploy", observe, decide, find)
handler = consumer(STEP)
