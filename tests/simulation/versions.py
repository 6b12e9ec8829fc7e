"""Code of another version: records that this one can't read, and messages that it must leave to the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.errors import Unreadable
from functions.model import VERSION
from functions.records import Run

if TYPE_CHECKING:
    from tests.simulation.cloud import Cloud

NEWER = VERSION + 1

Key = tuple[str, ...]
"""How a record is read: the ledger's method, and what it is called with."""

READS = {"lease", "pipeline", "run", "turnstile"}
WRITES = {"save_lease": "lease", "save_turnstile": "turnstile"}
"""Whoever writes one of these writes it anew."""

BEGINS_ANEW = {"turnstile"}
"""Records that the adapter takes for empty where it can't read them."""


@dataclass
class OtherVersions:
    """What another version of the code has left. ``strange`` are records that this one can't read.

    While ``newer_until`` is some time, a newer version has just been taken back: what it has sent and written down
    (until then) is of its own form.
    """

    cloud: Cloud
    strange: set[Key] = field(default_factory=set)
    newer_until: datetime | None = None
    anew: set[str] = field(default_factory=set)
    """Quotas whose turnstile began anew: some hold slots that it does not know of."""

    def body(self, body: str, sent: datetime) -> str:
        """Return a message as it is received."""
        return _newer(body) if self.newer_until and sent <= self.newer_until else body

    def run(self, run: Run) -> Run:
        """Return a run's record as it is read."""
        if self.newer_until is None:
            return run
        branches = {
            name: replace(branch, message=_newer(branch.message))
            if branch.message and branch.moved_at and datetime.fromisoformat(branch.moved_at) <= self.newer_until
            else branch
            for name, branch in run.branches.items()
        }
        return replace(run, branches=branches)

    def unreadable(self, pipeline: str) -> bool:
        """Whether the pipeline can't come to its end, as its lease or its declaration can't be read."""
        return bool({("lease", pipeline), ("pipeline", pipeline)} & self.strange)


def _newer(body: str) -> str:
    try:
        told = json.loads(body)
    except ValueError:
        return body
    return json.dumps({**told, "version": NEWER, "added": "later"}) if "version" in told else body


@dataclass(frozen=True)
class LedgerAsRead:
    """The ledger, as this version of the code meets it."""

    cloud: Cloud

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        ledger, others = self.cloud.ledger, self.cloud.others
        method = getattr(ledger, operation)

        def called(*args: Any, **kwargs: Any) -> Any:
            if operation in READS and (operation, *args) in others.strange:
                if operation not in BEGINS_ANEW:
                    written_at = ledger.runs[args].updated_at if operation == "run" and args in ledger.runs else None
                    told = f"The ledger holds what this version can't read: {operation} of {args[-1]}"
                    raise Unreadable(told, written_at)
                others.anew.add(args[0])
                there = method(*args)
                return type(there)(version=there.version)
            if operation in WRITES:
                others.strange.discard((WRITES[operation], args[0]))
            answer = method(*args, **kwargs)
            return others.run(answer) if operation == "run" and answer else answer

        return called
