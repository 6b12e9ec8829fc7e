"""What Personalize keeps, whatever its kind: how it is made, found, awaited and removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from functions.errors import AlreadyExists, InUse, LimitExceeded, NotFound, PipelineError
from functions.glue.patience import LOOKS_AT_A_DENIAL, Patience
from functions.ports import Personalize
from functions.statuses import gone, status_of

Kind = Literal["Campaign", "Dataset", "DatasetGroup", "EventTracker", "Filter", "Solution"]


class NoRoomError(PipelineError):
    """A quota of what stays is used up: no waiting helps."""

    def __init__(self, kind: Kind, told: LimitExceeded) -> None:
        one = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind).strip()
        super().__init__(
            f"There is no room for another {one}: {told.message} What was changed is kept beside what replaced it, and "
            f"counts, too. Delete what nobody uses any more (aws personalize delete-{one.replace(' ', '-')}), or have "
            "the quota raised, and then apply again."
        )


@dataclass(frozen=True)
class Things:
    """Personalize's things, each under its kind's own name: ``DatasetGroup`` has a ``datasetGroupArn``."""

    personalize: Personalize
    patience: Patience

    def make(self, kind: Kind, arn: str, params: dict[str, Any]) -> bool:
        """Make a thing of which the ARN is known, and wait until it is there; return whether it is new.

        One that is there already was made by an interrupted apply, or by hand. One that came to nothing, or is on its
        way out, goes first. It is looked for before, since a quota that is used up may refuse a call for what is there.
        """
        unseen = 0
        while True:
            if found := self.find(kind, arn):
                if gone(status_of(found)):
                    self.remove(kind, arn)
                    continue
                self.ready(kind, arn)
                return False
            try:
                self.personalize.call(f"Create{kind}", params)
            except LimitExceeded as full:
                raise NoRoomError(kind, full) from full
            except (AlreadyExists, InUse, NotFound) as told:  # it, or what it belongs to, is not to be seen yet
                unseen += 1
                if unseen > LOOKS_AT_A_DENIAL:
                    raise
                self.patience.rest(str(told))
                continue
            self.ready(kind, arn)
            return True

    def describe(self, kind: Kind, arn: str) -> dict[str, Any]:
        """Return a thing as it is; raise :class:`functions.errors.NotFound`."""
        member = kind[0].lower() + kind[1:]
        described: dict[str, Any] = self.personalize.call(f"Describe{kind}", {f"{member}Arn": arn})[member]
        return described

    def find(self, kind: Kind, arn: str) -> dict[str, Any] | None:
        """Return a thing as it is, None where there is none."""
        try:
            return self.describe(kind, arn)
        except NotFound:
            return None

    def ready(self, kind: Kind, arn: str) -> None:
        """Wait until a thing is ACTIVE; raise with Personalize's reason where it comes to nothing."""
        self.patience.until_ready(named(arn), lambda: self.describe(kind, arn))

    def remove(self, kind: Kind, arn: str) -> None:
        """Delete a thing once nothing uses it any more, and wait until it is gone."""
        member = f"{kind[0].lower()}{kind[1:]}Arn"
        try:
            self.patience.until_free(named(arn), lambda: self.personalize.call(f"Delete{kind}", {member: arn}))
        except NotFound:
            return
        self.patience.until_gone(named(arn), lambda: self.describe(kind, arn))


def named(arn: str) -> str:
    """Return what an ARN names, for people: the kind and the name."""
    return arn.rpartition(":")[2].replace("/", " ", 1)
