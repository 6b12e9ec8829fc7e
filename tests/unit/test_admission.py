"""Who runs, who waits, who joins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from functions.admission import Admission, admit, change_lease, hand_over, pin
from functions.errors import Conflict
from functions.guarded import ATTEMPTS
from functions.model import Request
from functions.records import Lease
from tests.support.build import holder
from tests.support.memory import MemoryLedger

FORCED = Request("shop", force=True)
A, B, C = holder("a"), holder("b"), holder("c", request=FORCED)
UPLOAD = holder("u", trigger="upload")


def begun(run_id: str = "a") -> Any:
    return holder(run_id, pinned=True)


@pytest.mark.parametrize(
    ("lease", "new", "expected"),
    [
        pytest.param(Lease(), A, Admission(Lease(active=A), "active"), id="free"),
        pytest.param(Lease(active=A), A, Admission(Lease(active=A), "active"), id="active already"),
        pytest.param(Lease(active=begun()), A, Admission(Lease(active=begun()), "active"), id="begun already"),
        pytest.param(
            Lease(active=A),
            C,
            Admission(Lease(active=replace(A, request=FORCED, joined=("c",))), "joined", joined="a"),
            id="joins one that has not begun",
        ),
        pytest.param(Lease(active=begun()), B, Admission(Lease(active=begun(), next=B), "next"), id="is remembered"),
        pytest.param(
            Lease(active=begun(), next=B),
            B,
            Admission(Lease(active=begun(), next=B), "next"),
            id="is remembered already",
        ),
        pytest.param(
            Lease(active=begun(), next=B),
            C,
            Admission(Lease(active=begun(), next=replace(B, request=FORCED, joined=("c",))), "joined", joined="b"),
            id="joins the one remembered",
        ),
        pytest.param(
            Lease(active=UPLOAD),
            A,
            Admission(Lease(active=replace(A, run_id="u", joined=("a",))), "joined", joined="u"),
            id="an upload that a schedule joins runs as a schedule",
        ),
        pytest.param(
            Lease(active=A),
            UPLOAD,
            Admission(Lease(active=replace(A, joined=("u",))), "joined", joined="a"),
            id="a schedule that an upload joins stays one",
        ),
        pytest.param(
            Lease(active=replace(begun(), joined=("b",))),
            B,
            Admission(Lease(active=replace(begun(), joined=("b",))), "joined", joined="a"),
            id="joined one that has begun meanwhile",
        ),
        pytest.param(
            Lease(active=begun(), next=replace(B, joined=("c",))),
            C,
            Admission(Lease(active=begun(), next=replace(B, joined=("c",))), "joined", joined="b"),
            id="joined the one remembered",
        ),
    ],
)
def test_admit(lease: Lease, new: Any, expected: Admission) -> None:
    first = admit(lease, new)
    assert first == expected
    assert admit(first.lease, new).lease == first.lease


def handed_over(lease: Lease, run_id: str) -> Lease:
    return hand_over(lease, run_id, "now")


def untold(lease: Lease, run_id: str) -> Lease:
    return hand_over(lease, run_id, "now", untold=True)


@pytest.mark.parametrize(
    ("change", "lease", "after"),
    [
        pytest.param(pin, Lease(active=A), Lease(active=begun()), id="pin"),
        pytest.param(pin, Lease(active=begun()), Lease(active=begun()), id="pin again"),
        pytest.param(pin, Lease(active=B), Lease(active=B), id="pin another's"),
        pytest.param(pin, Lease(), Lease(), id="pin nobody's"),
        pytest.param(handed_over, Lease(active=begun()), Lease(), id="hand over to nobody"),
        pytest.param(
            handed_over,
            Lease(active=begun(), next=B),
            Lease(active=replace(B, after="a", turn_at="now")),
            id="hand over to the next",
        ),
        pytest.param(handed_over, Lease(active=B), Lease(active=B), id="hand over another's"),
        pytest.param(handed_over, Lease(), Lease(), id="hand over nobody's"),
        pytest.param(untold, Lease(active=begun()), Lease(untold=("a",)), id="nobody could be told"),
        pytest.param(untold, Lease(active=B), Lease(active=B, untold=("a",)), id="nobody could be told of one refused"),
    ],
)
def test_a_lease_changes_hands(change: Callable[[Lease, str], Lease], lease: Lease, after: Lease) -> None:
    assert change(lease, "a") == after
    assert change(after, "a") == after


# ------------------------------------------------------------------ against other writers


class Contended(MemoryLedger):
    """A ledger in which others write the lease first, ``times`` times."""

    times = 3

    def save_lease(self, pipeline: str, lease: Lease) -> None:
        if self.times:
            self.times -= 1
            current = self.lease(pipeline)
            super().save_lease(pipeline, replace(current, next=holder(f"other-{self.times}")))
        super().save_lease(pipeline, lease)


def test_a_change_is_made_on_what_others_wrote() -> None:
    ledger = Contended()
    after = change_lease(ledger, "shop", lambda lease: replace(lease, active=A))
    assert after.next == holder("other-0")
    assert ledger.lease("shop") == replace(after, version=4)


def test_no_change_writes_nothing() -> None:
    ledger = MemoryLedger()
    assert change_lease(ledger, "shop", lambda lease: lease) == Lease()
    assert ledger.leases == {}


def test_a_lease_that_always_changes_is_an_error() -> None:
    ledger = Contended()
    ledger.times = ATTEMPTS
    with pytest.raises(Conflict, match="'shop' changed 20 times in a row"):
        change_lease(ledger, "shop", lambda lease: replace(lease, active=A))
