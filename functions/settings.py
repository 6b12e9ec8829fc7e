"""The function's environment, parsed once at cold start."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from functions.errors import InvalidSettings
from functions.model import Kind

QUOTAS: Mapping[str, int] = {"import": 5, "train": 20}
"""What may be pending or in progress in a region. https://docs.aws.amazon.com/personalize/latest/dg/limits.html"""


@dataclass(frozen=True)
class Settings:
    """What Terraform tells a step.

    ``queues`` maps the steps that this one may send to onto their queue URLs; ``poll_floor`` is the shortest
    wait between two looks at the same resource, in seconds; ``max_tries`` is how often a message is tried before it is
    given up; ``typical`` is how many seconds what Personalize makes takes, by kind, until its history tells;
    ``quotas`` is how much may be pending or in progress, by the step that makes it.
    """

    ledger_table: str
    queues: Mapping[str, str]
    poll_floor: float
    max_tries: int
    event_bus: str
    quotas: Mapping[str, int] = field(default_factory=lambda: QUOTAS)
    typical: Mapping[Kind, float] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings; raise :class:`InvalidSettings` naming the variable at fault."""
        try:
            queues = json.loads(_required(environ, "QUEUES"))
            floor = float(environ.get("POLL_FLOOR_SECONDS", "5"))
            max_tries = int(_required(environ, "MAX_TRIES"))
            typical = json.loads(environ.get("TYPICAL_SECONDS", "{}"))
            quotas = {**QUOTAS, **json.loads(environ.get("QUOTAS", "{}"))}
        except (TypeError, ValueError) as error:
            told = "QUEUES, QUOTAS and TYPICAL_SECONDS must be JSON objects, POLL_FLOOR_SECONDS and MAX_TRIES numbers"
            raise InvalidSettings(f"{told}: {error}") from error
        if not isinstance(queues, dict):
            raise InvalidSettings("QUEUES must be a JSON object of step names and queue URLs.")
        if not isinstance(typical, dict) or not all(_is_typical(*each) for each in typical.items()):
            raise InvalidSettings(f"TYPICAL_SECONDS must be a JSON object of seconds by {', '.join(get_args(Kind))}.")
        if not all(isinstance(slots, int) and slots >= 1 for slots in quotas.values()):
            raise InvalidSettings(f"QUOTAS must be whole numbers from 1 on: {quotas}")
        return cls(
            ledger_table=_required(environ, "LEDGER_TABLE"),
            queues=queues,
            poll_floor=floor,
            max_tries=max_tries,
            event_bus=environ.get("EVENT_BUS", "default"),
            quotas=quotas,
            typical=typical,
        )


def _is_typical(kind: str, seconds: object) -> bool:
    return kind in get_args(Kind) and isinstance(seconds, int | float) and seconds > 0


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise InvalidSettings(f"The environment variable {name} is not set; the Terraform module sets it.")
    return value
