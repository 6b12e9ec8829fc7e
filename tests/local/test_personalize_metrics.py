"""Metrics and lists for many users at once are what one would count user by user."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from local.personalize.learning.families.factors import Factors
from local.personalize.learning.interactions import Interactions
from local.personalize.learning.metrics import DEPTH, Split, evaluate, popular_lists, ranked_lists, same_lists, split
from tests.local.personalize_account import taste_data

# Users who have few of many items, nearly all of a few, and some things twice.
SIZES = [(250, 240, 16), (40, 20, 19), (60, 30, 5)]


def interactions(users: int, items: int, each: int) -> Interactions:
    rows = taste_data(users, items, each)
    again = rows.iloc[:: users // 10].assign(TIMESTAMP=1)
    frame = pd.concat([rows, again], ignore_index=True)
    return Interactions.from_frame(frame.astype({"USER_ID": "category", "ITEM_ID": "category"}))


@pytest.mark.parametrize("sizes", SIZES)
def test_the_matrix(sizes: tuple[int, int, int]) -> None:
    found = interactions(*sizes)
    shape = (len(found.users), len(found.items))
    expected = sp.csr_matrix((found.weight, (found.user, found.item)), shape)
    assert np.array_equal(found.whole.toarray(), expected.toarray())
    pairs = set(zip(found.user.tolist(), found.item.tolist(), strict=True))
    assert found.repeats == pytest.approx(1 - len(pairs) / len(found))
    assert found.takers.tolist() == [sum(item == at for _, item in pairs) for at in range(len(found.items))]


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("skip_known", [True, False])
def test_one_ranking_for_all(sizes: tuple[int, int, int], skip_known: bool) -> None:
    parts = replace(split(interactions(*sizes)), skip_known=skip_known)
    ranking = np.random.default_rng(3).permutation(parts.train.shape[1])
    assert same_lists(ranking, parts).tolist() == ranked_lists(lambda _: ranking, parts).tolist()


def test_metrics_by_hand() -> None:
    parts = split(interactions(*SIZES[0]))
    lists = popular_lists(parts)
    assert evaluate(lists, parts) == pytest.approx(by_hand(lists.tolist(), parts))


def by_hand(lists: list[list[int]], parts: Split) -> dict[str, float]:
    sums: dict[str, float] = {}
    for row, listed in enumerate(lists):
        wanted = set(parts.held_out[row].indices.tolist())
        places = [place for place, item in enumerate(listed) if item in wanted]
        figures = {"mean_reciprocal_rank_at_25": 1 / (places[0] + 1) if places else 0.0}
        for depth in (5, 10, DEPTH):
            found = [place for place in places if place < depth]
            best = sum(1 / math.log2(place + 2) for place in range(min(len(wanted), depth)))
            gain = sum(1 / math.log2(place + 2) for place in found)
            figures[f"normalized_discounted_cumulative_gain_at_{depth}"] = gain / best
            figures[f"precision_at_{depth}"] = len(found) / depth
        sums = {name: sums.get(name, 0.0) + value for name, value in figures.items()}
    listed_at_all = {item for listed in lists for item in listed if item >= 0}
    return {
        "coverage": len(listed_at_all) / parts.train.shape[1],
        **{name: value / len(lists) for name, value in sums.items()},
    }


def test_threads_of_a_training_leave_the_processors_to_others() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment["OMP_DISPLAY_ENV"] = "true"  # the library then says how it is set, when it is loaded
    command = [sys.executable, "-c", "import local.personalize"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr
    assert re.search(r"OMP_WAIT_POLICY\s*=\s*'PASSIVE'", told)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("skip_known", [True, False])
def test_lists_of_factors_are_the_librarys(sizes: tuple[int, int, int], skip_known: bool) -> None:
    parts = replace(split(interactions(*sizes)), skip_known=skip_known)
    factors = Factors.fit(parts.train, factors=8, iterations=2)
    theirs, scores = factors.model.recommend(
        parts.users, parts.train[parts.users], N=min(DEPTH, sizes[1]), filter_already_liked_items=skip_known
    )
    expected = np.where(scores > np.finfo(np.float32).min, theirs, -1).tolist()
    assert [listed[: len(expected[0])] for listed in factors.lists(parts).tolist()] == expected
