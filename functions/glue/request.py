"""What Terraform sends: the resource as it should be, what is done to it, and how it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from functions.errors import InvalidMessage, PipelineError
from functions.model import parse
from functions.telemetry import logger

Kind = Literal["dataset_group", "dataset", "event_tracker", "filter", "solution", "campaign", "ready", "guard"]


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

    A campaign, which a run creates, has its ARN there. Further fields, by resource:

    - dataset_group, guard: ``arn`` is the group's.
    - solution, filter: ``name`` is theirs without the digest at its end, ``pipeline`` whose they are; ``campaign_arn``
      serves the solution.
    - dataset: ``schema`` are the parameters of CreateSchema.
    - campaign: ``name`` is the deployment's; ``solution`` is served, and ``spec`` is what a run reads of the campaign.
    - ready: ``resources`` are all of a pipeline's, by a key under which their answers are returned.
    - guard: ``name`` is what is guarded, ``datasets`` are the declared types; ``bucket`` must be empty to be deleted.
    """

    resource: Kind
    arn: str = ""
    deletion_protection: bool = False
    name: str = ""
    pipeline: str = ""
    solution: str = ""
    campaign_arn: str | None = None
    adopt: bool = False
    bucket: str | None = None
    datasets: tuple[str, ...] = ()
    request: dict[str, Any] = field(default_factory=dict)
    schema: dict[str, str] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
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
    before: Wanted | None = None


def read(event: object) -> Change:
    """Read an invocation: Terraform's, or one without its ``tf`` key, which asks for the resource as create does.

    What is to be deleted, and how a resource was before, may have been written by another version of the module.
    Raises :class:`functions.errors.InvalidMessage` for anything else.
    """
    if not isinstance(event, dict):
        raise InvalidMessage(f'Terraform sends an object, {{"resource": "…", "tf": …}}; not {event!r}.')
    life_cycle = event.get("tf", {"action": "create"})
    action = life_cycle.get("action") if isinstance(life_cycle, dict) else None
    wanted = parse(Wanted, _bare(event), strict=action != "delete")
    if action not in ("create", "update", "delete"):
        raise InvalidMessage(f'Terraform sends {{"tf": {{"action": "create"}}}}, update or delete; not {life_cycle!r}.')
    return Change(action, wanted, _earlier(life_cycle.get("prev_input")))


def _earlier(event: Any) -> Wanted | None:
    """Return the resource as it was, None where there was none or it cannot be read."""
    if not isinstance(event, dict) or not event:
        return None
    try:
        return parse(Wanted, _bare(event), strict=False)
    except InvalidMessage as error:
        logger.warning("how the resource was before cannot be read: %s", error)
        return None


def _bare(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "tf"}
