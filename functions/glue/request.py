"""What Terraform sends: the resource as it should be, what is done to it, and how it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from functions.errors import InvalidMessage, PipelineError
from functions.model import parse


class ProtectedError(PipelineError):
    """Something would be deleted while deletion protection is on."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Deletion protection is on: {what} stays. To remove it, set deletion_protection = false, apply while it "
            "is still declared, and then remove it or destroy. Nothing was deleted."
        )


@dataclass(frozen=True)
class Wanted:
    """A resource as declared. ``request`` holds the create call's parameters in Personalize's own spelling.

    A campaign, which a run creates, has its ARN there. ``name`` is a solution's without the digest at its end, the
    deployment's that a campaign belongs to, or what a guard guards.
    """

    resource: Literal["dataset", "solution", "campaign", "guard"]
    deletion_protection: bool = False
    name: str = ""
    campaign_arn: str | None = None
    adopt: bool = False
    request: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def refuse_deletion(self, what: str) -> None:
        """Raise :class:`ProtectedError` where deletion protection is on."""
        if self.deletion_protection:
            raise ProtectedError(what)


@dataclass(frozen=True)
class Change:
    """What Terraform asks for. ``before`` is the resource as last applied."""

    action: Literal["create", "update", "delete"]
    wanted: Wanted
    before: Wanted | None


def read(event: dict[str, Any]) -> Change:
    """Read an invocation: Terraform's, or one without its ``tf`` key, which asks for the resource as create does.

    Raises :class:`functions.errors.InvalidMessage` for anything else.
    """
    wanted = parse(Wanted, {key: value for key, value in event.items() if key != "tf"})
    life_cycle = event.get("tf", {"action": "create"})
    action = life_cycle.get("action") if isinstance(life_cycle, dict) else None
    if action not in ("create", "update", "delete"):
        raise InvalidMessage(f'Terraform sends {{"tf": {{"action": "create"}}}}, update or delete; not {life_cycle!r}.')
    before = {key: value for key, value in (life_cycle.get("prev_input") or {}).items() if key != "tf"}
    return Change(action, wanted, parse(Wanted, before) if before else None)
