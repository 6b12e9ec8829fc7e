"""Dataset groups: made, taken over, never changed, and deleted with what interrupted applies have left in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.errors import InvalidInput, about_access
from functions.glue.contents import Contents
from functions.glue.fixed import FIXED, refuse_other
from functions.glue.patience import BroughtToNothingError
from functions.glue.request import Change, Wanted
from functions.glue.tags import create_tags, retag
from functions.glue.things import Things

LOOKS_AT_A_ROLE = 36
"""Three minutes, at five seconds between two looks: IAM tells of a new role within less."""


@dataclass(frozen=True)
class DatasetGroups:
    """The dataset groups of all pipelines."""

    things: Things
    contents: Contents

    def bring(self, change: Change) -> dict[str, Any]:
        """Make the group, or take over the one of this name."""
        wanted, arn = change.wanted, change.wanted.arn
        if self._made(wanted, arn):
            return {"arn": arn}
        refuse_other(self.things, arn, {key: wanted.request.get(key) for key in FIXED})
        retag(self.things.personalize, arn, change)
        return {"arn": arn}

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete the group; first what was made under its names, and belongs to no resource any more."""
        wanted, arn = change.wanted, change.wanted.arn
        wanted.refuse_deletion(f"dataset group {wanted.request['name']}, with all that is in it,")
        self.contents.clear(arn)
        self.things.remove("DatasetGroup", arn)
        return {}

    def _made(self, wanted: Wanted, arn: str) -> bool:
        """Make the group; return whether it is new.

        A role that was made a moment ago is not known everywhere yet. Personalize may refuse the call for that, or come
        to nothing later.
        """
        params = {**wanted.request, **create_tags(wanted.tags)}
        for looks in range(LOOKS_AT_A_ROLE):
            try:
                return self.things.make("DatasetGroup", arn, params)
            except (InvalidInput, BroughtToNothingError) as error:
                told = error.message if isinstance(error, InvalidInput) else error.reason
                if "roleArn" not in params or not about_access(told) or looks == LOOKS_AT_A_ROLE - 1:
                    raise
                self.things.patience.rest(str(error))
        raise AssertionError("the loop returns or raises")
