"""Histories with all faults on: as many as CI has time for. `make simulate` plays more."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from scripts.package import ROOT
from tests.simulation.faults import KINDS
from tests.simulation.many import play_all
from tests.simulation.play import play

SEEDS = 200
"""A minute and a half on two busy cores."""


def test_no_history_breaks_an_invariant(record_property: Callable[[str, object], None]) -> None:
    summary = play_all(range(SEEDS))
    assert not summary.broken, f"look at one with `make simulate SEED=…`: {summary.broken}"
    assert summary.seeds == SEEDS
    assert not KINDS - summary.struck.keys(), "kinds of faults that never struck"
    assert {"SUCCEEDED", "FAILED", "SKIPPED", "JOINED"} == summary.runs.keys()
    outcomes = ", ".join(f"{count} {status}" for status, count in summary.runs.most_common())
    told = f"simulation: {summary.seeds} seeds, {summary.struck.total():,} faults, runs {outcomes}"
    record_property("figure", told)


@pytest.mark.parametrize("seed", [3, 17])
def test_a_seed_is_the_same_history_in_every_process(seed: int) -> None:
    code = f"from tests.simulation.play import play; print(*play({seed}).history.events, sep='\\n')"
    environment = {
        "POWERTOOLS_METRICS_NAMESPACE": "x",
        "POWERTOOLS_SERVICE_NAME": "x",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    }
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**environment, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert told[0].count("\n") > 100
    assert told[0] == told[1]


def test_faults_can_be_switched_off() -> None:
    outcome = play(1, without=KINDS)
    assert outcome.broken is None
    assert not outcome.struck
    assert set(outcome.runs) <= {"SUCCEEDED", "SKIPPED", "JOINED", "FAILED"}
