"""The policy of the person who applies: a row for all that the module makes, and actions that IAM knows."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

MODULE = Path(__file__).resolve().parents[2] / "terraform"
APPLIER = MODULE / "modules" / "applier"

# A row for what an input asks of a resource.
NO_TYPES = {"force_destroy"}


def _table() -> dict[str, dict[str, list[str]]]:
    table = json.loads((APPLIER / "actions.json").read_text())
    return {kind: actions for kind, actions in table.items() if kind != "//"}


# The service authorization reference, as cfn-lint ships it: service → actions and the types of resources they know.
AUTHORIZATION: dict[str, Any] = json.loads(
    (resources.files("cfnlint.data") / "AdditionalSpecs" / "Policies.json").read_text()
)


def test_all_that_the_module_makes_has_a_row() -> None:
    files = [*MODULE.glob("*.tf"), *(MODULE / "modules" / "function").glob("*.tf")]
    made = {kind for file in files for kind in re.findall(r'^resource "(\w+)"', file.read_text(), re.M)}
    assert set(_table()) - NO_TYPES == made, "applier/actions.json says what the provider calls for each."


def test_actions_exist_and_know_their_resources() -> None:
    wrong = []
    for kind, action in sorted({(k, a) for rows in _table().values() for k, actions in rows.items() for a in actions}):
        service, _, name = action.partition(":")
        known = AUTHORIZATION[service]["Actions"].get(name.lower())
        if known is None:
            wrong.append(f"IAM knows no {action}.")
        # What knows no resource is allowed on everything; a mapping's creation knows the condition lambda:FunctionArn.
        elif bool(known.get("Resources")) == (kind == "any") and action != "lambda:CreateEventSourceMapping":
            wrong.append(f"{action} on {kind}: it knows {known.get('Resources', 'no resource')}.")
    assert not wrong
