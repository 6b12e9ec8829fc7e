"""Histories only grow, for nobody can delete import jobs or versions: what a run asks of Personalize must not."""

from __future__ import annotations

import pytest

from tests.support.history import calls_of_a_run


def test_what_a_run_asks_does_not_grow_with_what_there_was() -> None:
    assert calls_of_a_run(20_000) == pytest.approx(calls_of_a_run(100), abs=2)
