"""What a dataset group keeps for ever, and is refused to be declared otherwise."""

from __future__ import annotations

from typing import Any

from functions.errors import PipelineError
from functions.glue.things import Things

FIXED = {"domain": "domain", "kmsKeyArn": "KMS key"}
"""What it is made with, in the API's words and in people's."""


class GroupDiffersError(PipelineError):
    """The dataset group is there with another domain or key, which Personalize cannot change."""

    def __init__(self, name: str, differences: list[str]) -> None:
        super().__init__(
            f"Dataset group {name} exists with {' and '.join(differences)}. Personalize can't change that: declare "
            "what the group has, or declare a pipeline of another name beside this one and move over to it. Nothing "
            "was changed."
        )


def refuse_other(things: Things, arn: str, declared: dict[str, Any]) -> None:
    """Raise :class:`GroupDiffersError` where the group is not what is declared; ``declared`` may tell a part of it."""
    found = things.describe("DatasetGroup", arn)
    differences = [
        f"{FIXED[key]} {found.get(key) or 'none'}, not {value or 'none'}"
        for key, value in declared.items()
        if found.get(key) != value
    ]
    if differences:
        raise GroupDiffersError(arn.rpartition("/")[2], differences)
