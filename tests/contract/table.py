"""terraform/pipeline.json, read."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

TERRAFORM = Path(__file__).parents[2] / "terraform"
TABLE: dict[str, Any] = json.loads((TERRAFORM / "pipeline.json").read_text())
STEPS: dict[str, dict[str, Any]] = TABLE["steps"]
FUNCTIONS: dict[str, dict[str, Any]] = {**STEPS, "glue": TABLE["glue"]}


def handler(function: str) -> Any:
    """Return a function's handler, imported as Lambda does."""
    module, _, name = FUNCTIONS[function]["handler"].rpartition(".")
    return getattr(importlib.import_module(module), name)


def allowed(function: str) -> set[str]:
    """Return what a function's role lets its code do: action/kind of thing, and for a send action/step it goes to."""
    row = FUNCTIONS[function]
    actions = {f"{action}/{kind}" for kind, granted in row["permissions"].items() for action in granted}
    return actions | {f"sqs:SendMessage/{step}" for step in row.get("next", [])}
