"""What `make bench-local` measures of quality, on the data that there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from scripts.bench_local.quality import LENGTHS, Quality, Score, measure
from scripts.bench_local.report import show_quality
from scripts.bench_local.sample import tasteful


@pytest.fixture(scope="module")
def quality(tmp_path_factory: pytest.TempPathFactory) -> Quality:
    folder = tmp_path_factory.mktemp("ratings")
    names = {"USER_ID": "userId", "ITEM_ID": "movieId", "TIMESTAMP": "timestamp"}
    tasteful(users=200, items=600).rename(columns=names).to_csv(folder / "ratings.csv", index=False)
    return measure(folder)


def test_recommendations_are_as_good_as_the_librarys_at_every_length(quality: Quality) -> None:
    assert tuple(quality.ours) == LENGTHS
    assert [length for length in LENGTHS if not quality.met(length)] == []
    popular = quality.others["what is popular"]
    assert all(score.gain > popular.gain + popular.gain_error for score in quality.ours.values())


def test_they_are_printed_with_their_data(quality: Quality, tmp_path: Path) -> None:
    with (tmp_path / "told").open("w") as told:
        show_quality(quality, Console(file=told, width=140))
    text = (tmp_path / "told").read_text()
    assert "ratings" in text
    assert all(f"ours, of lists of {length}" in text for length in LENGTHS)


def test_what_is_found_is_counted_by_its_place() -> None:
    score = Score.of(np.array([0, -1, 2, -1]))
    assert (score.hits, score.gain) == (0.5, (1 + 0.5) / 4)
