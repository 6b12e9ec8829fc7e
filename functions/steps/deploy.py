"""Bring a trained version to its campaign. The first creation and every later update are the same step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from functions.engine import Observed, Step, after_refusal, tags
from functions.errors import NotFound, UnknownPipeline
from functions.model import Campaign, Message, Wait
from functions.names import solution_of, stranger
from functions.outcomes import Await, Call, Done, Fail, Make, Outcome, Pause, Skip
from functions.ports import Ledger, Ports
from functions.shell import consumer
from functions.statuses import meaning, standing
from functions.times import written
from functions.timing import estimate


def observe(message: Message, ports: Ports) -> Observed:
    """Look at the campaign as it is, if it is declared still: one that is being removed is nothing to look at."""
    if not _declared_still(message, ports.ledger):
        return {"declared": False}
    arn = _declared(message).arn
    earlier = ports.ledger.memory(message.pipeline).moves.get(arn, ())
    try:
        current = ports.personalize.call("DescribeCampaign", {"campaignArn": arn})["campaign"]
    except NotFound:
        current = None
    return {"declared": True, "campaign": current, "earlier": earlier}


def _declared_still(message: Message, ledger: Ledger) -> bool:
    """Whether the campaign is declared now. All else of it is as pinned, but a removed one must not come back."""
    try:
        now = ledger.pipeline(message.pipeline).solutions.get(message.branch)
    except UnknownPipeline:
        return False
    return now is not None and now.campaign is not None and now.campaign.arn == _declared(message).arn


def decide(message: Message, observed: Observed, now: datetime, floor: float) -> Outcome:
    """Create the campaign, or move it to the version; do nothing where it serves it as declared."""
    declared = _declared(message)
    if not observed["declared"]:
        return Skip(f"campaign {declared.name} is not declared any more")
    current = observed["campaign"]
    if "moved" in observed:
        return _await(message, current, observed["earlier"])
    if current is None:
        return Make((_create(message, declared),))
    if serves := _somebody_elses(message, current):
        return Fail(
            f"campaign {declared.name} serves {serves}, which is none of {message.plan.name}'s solutions: choose "
            "another campaign.name, or set campaign.adopt = true to have it moved"
        )
    return _move(message, current, observed["earlier"], after_refusal(message, now, floor))


def _somebody_elses(message: Message, current: dict[str, Any]) -> str | None:
    """Return the solution that the campaign serves where that is somebody else's, and it is not to be adopted."""
    return None if _declared(message).adopt else stranger(current["solutionVersionArn"], message.plan.name)


def _move(message: Message, current: dict[str, Any], earlier: Sequence[int], pause: float) -> Outcome:
    """Move the campaign to the version, unless it serves it as declared, or is on its way there."""
    declared = _declared(message)
    latest = standing(current)
    serves = _serves(latest, message)
    match meaning(latest["status"]):
        case "ready" if serves:
            return Done()
        case "ready":
            return Make((_update(message, declared, latest),))
        case "waiting" if not serves:
            return Pause(pause, f"campaign {declared.name} is being changed")
        case "waiting":
            return _await(message, current, earlier)
        case _:  # what failed may be an earlier run's: this one's own is told by `poll`, to which it has gone on
            return Make((_update(message, declared, current),))  # the campaign is as it was before


def _serves(latest: dict[str, Any], message: Message) -> bool:
    """Whether the campaign's latest state is the version with the configuration as declared."""
    return (
        latest.get("solutionVersionArn") == message.solution_version
        and latest.get("minProvisionedTPS", 1) == _declared(message).min_provisioned_tps
        and _lacking(latest, message) == {}
    )


_UNLESS_DECLARED: dict[str, Any] = {
    "enableMetadataWithRecommendations": False,
    "itemExplorationConfig": {"explorationWeight": "0.3", "explorationItemAgeCutOff": "30"},
    "rankingInfluence": {"POPULARITY": 0.0, "FRESHNESS": 0.0},
    "syncWithLatestSolutionVersion": False,
}
"""What a campaign does where nobody says otherwise: what was declared once, and is not any more, is set back to it.

https://docs.aws.amazon.com/personalize/latest/dg/API_CampaignConfig.html
https://docs.aws.amazon.com/personalize/latest/dg/native-recipe-new-item-USER_PERSONALIZATION.html
"""


def _lacking(latest: dict[str, Any], message: Message) -> dict[str, Any]:
    """Return what of the configuration must be changed; Personalize may add defaults where something was left out.

    Nothing is set back that the recipe does not take: the campaign may have it from the solution that it served before,
    and with this one it would be refused.
    """
    found = latest.get("campaignConfig") or {}
    usual = {} if _serves_another(latest, message) else dict(_UNLESS_DECLARED)
    if not message.solution.updates:  # the same recipe takes both
        usual.pop("itemExplorationConfig", None)
    wanted = _completed(_declared(message).config, usual, found)
    return {key: value for key, value in wanted.items() if not _holds(found.get(key), value)}


def _serves_another(latest: dict[str, Any], message: Message) -> bool:
    """Whether the campaign serves another solution, of another recipe perhaps."""
    version = latest.get("solutionVersionArn")
    return version is not None and solution_of(version) != message.solution.arn


def _completed(declared: dict[str, Any], usual: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return what is declared, with the usual value of all else that is found."""
    wanted = {key: value for key, value in usual.items() if key in found and key not in declared} | declared
    return {
        key: _completed(value if key in declared else {}, usual.get(key, {}), found.get(key) or {})
        if isinstance(value, dict)
        else value
        for key, value in wanted.items()
    }


def _holds(found: Any, wanted: Any) -> bool:
    """Whether what is wanted is found; numbers may be spelled otherwise."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return all(_holds(found.get(key), value) for key, value in wanted.items())
    try:
        return bool(float(found) == float(wanted))
    except (TypeError, ValueError):
        return bool(found == wanted)


def _create(message: Message, declared: Campaign) -> Call:
    params = {"name": declared.name, **_settings(message, declared, declared.config), **tags(message)}
    return Call("moved", "CreateCampaign", params, "campaignArn")


def _update(message: Message, declared: Campaign, found: dict[str, Any]) -> Call:
    """Return the call. What the campaign has from another solution is replaced, if only by nothing."""
    config = declared.config | _lacking(found, message)
    replaced = bool(found.get("campaignConfig")) and _serves_another(found, message)
    params = {"campaignArn": declared.arn, **_settings(message, declared, config, replaced)}
    return Call("moved", "UpdateCampaign", params, "campaignArn")


def _settings(message: Message, declared: Campaign, config: dict[str, Any], replaced: bool = False) -> dict[str, Any]:
    return {
        "solutionVersionArn": message.solution_version,
        "minProvisionedTPS": declared.min_provisioned_tps,
        **({"campaignConfig": config} if config or replaced else {}),
    }


def _await(message: Message, before: dict[str, Any] | None, earlier: Sequence[int]) -> Await:
    """Wait for the campaign; how long it took before tells how long that may take.

    Personalize tells of the latest time, and to the second; the ledger knows of those before, newest first.
    """
    previous = standing(before) if before else None
    latest = []
    if previous and meaning(previous["status"]) == "ready":
        latest = [(previous["lastUpdatedDateTime"] - previous["creationDateTime"]).total_seconds()]
    expected = estimate([*latest, *earlier[len(latest) :]])
    over = previous["creationDateTime"] if previous and meaning(previous["status"]) != "waiting" else None
    wait = Wait(
        "campaign",
        _declared(message).arn,
        version=message.solution_version,
        instead_of=written(over) if over else None,
    )
    return Await((replace(wait, expected=expected.typical, spread=expected.spread) if expected else wait,))


def _declared(message: Message) -> Campaign:
    campaign = message.solution.campaign
    if campaign is None:  # `flow` sends nothing here without one
        raise ValueError(f"solution {message.branch} has no campaign")
    return campaign


STEP = Step("deploy", observe, decide)
handler = consumer(STEP)
