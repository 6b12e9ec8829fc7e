"""What the bench makes of its times: nothing is timed here."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from scripts.bench_local.gateway import Served
from scripts.bench_local.library import Measured
from scripts.bench_local.quality import Quality
from scripts.bench_local.report import Report, draw, show, write
from scripts.bench_local.sample import write as write_sample
from scripts.bench_local.timing import Stopwatch, exponent, repeated

SIZES = (10_000, 100_000, 1_000_000)


def report(*, imports: float = 2.0, training: float = 1.2, power: float = 1.0, p99: float = 0.004) -> Report:
    """Return what a machine would measure whose libraries take a microsecond for each interaction."""
    library = [
        Measured(
            size,
            imports=Stopwatch([imports * 1e-6 * size**power]),
            reads={"pandas": Stopwatch([1e-6 * size**power])},
            trainings=Stopwatch([training * 1e-6 * size]),
            fits=Stopwatch([1e-6 * size]),
            recommends=Stopwatch([1e-4]),
        )
        for size in SIZES
    ]
    watch = Stopwatch([p99])
    served = tuple(Served(size, 1, 1, watch, watch) for size in SIZES)
    return Report(3, {"1": {"ListRecipes": 900.0}}, watch, tuple(library), served, Quality("made up", {}, {}))


@pytest.mark.parametrize(
    ("more", "missed"),
    [
        ({}, set()),
        ({"imports": 3.1}, {"  beside pandas's bare read"}),
        (
            {"training": 1.4},
            {f"training on {size:,}, beside implicit's ALS" for size in SIZES},
        ),
        ({"power": 1.2}, {"import grows with the size to the power of"}),
        ({"p99": 0.006}, {"  p99, beside implicit's recommend"}),
    ],
)
def test_goals(more: dict[str, float], missed: set[str]) -> None:
    assert {each.name for each in report(**more).figures() if each.met is False} == missed


def test_ten_times_the_library_will_do_on_a_slow_machine() -> None:
    slow = report(p99=0.02)
    for each in slow.library:
        each.recommends.times = [0.002]
    assert all(each.met is not False for each in slow.figures())


def test_it_is_shown_written_and_drawn(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=120)
    show(report(), console)
    assert isinstance(console.file, io.StringIO)
    assert "900 /s" in console.file.getvalue()
    write(report(), tmp_path / "out" / "local.json")
    figures = json.loads((tmp_path / "out" / "local.json").read_text())["figures"]
    assert {"name": "ListRecipes, 1 at a time", "ours": 900.0, "unit": "/s"}.items() <= figures[0].items()
    draw(report(), tmp_path / "local.png")
    assert (tmp_path / "local.png").stat().st_size > 10_000


def test_timing() -> None:
    assert exponent([10, 100, 1000], [0.3, 3.0, 30.0]) == pytest.approx(1)
    assert exponent([10, 100, 1000], [1, 100, 10_000]) == pytest.approx(2)
    calls: list[int] = []
    watch = repeated(20, calls.append)
    assert calls == list(range(-2, 20))
    assert len(watch.times) == 20


def test_a_sample_is_what_it_says(tmp_path: Path) -> None:
    sample = write_sample(2000, tmp_path)
    frame = pd.read_csv(sample.path)
    assert len(frame) == 2000
    assert frame["USER_ID"].nunique() <= sample.users == 100
    assert frame["ITEM_ID"].nunique() <= sample.items == 20
