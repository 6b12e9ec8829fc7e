"""Tags, as Personalize spells them."""

from __future__ import annotations

from typing import Any

from functions.glue.request import Change
from functions.ports import Personalize


def create_tags(tags: dict[str, str]) -> dict[str, Any]:
    """Return the ``tags`` parameter of a create call, none where there are none."""
    return {"tags": _pairs(tags)} if tags else {}


def retag(personalize: Personalize, arn: str, change: Change) -> None:
    """Bring a resource's tags from what they were to what they should be; tags of others stay."""
    wanted, before = change.wanted.tags, change.before.tags if change.before else {}
    if changed := {key: value for key, value in wanted.items() if before.get(key) != value}:
        personalize.call("TagResource", {"resourceArn": arn, "tags": _pairs(changed)})
    if gone := sorted(before.keys() - wanted.keys()):
        personalize.call("UntagResource", {"resourceArn": arn, "tagKeys": gone})


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"tagKey": key, "tagValue": value} for key, value in sorted(tags.items())]
