"""How good the local Personalize's recommendations are, beside the library's own and what is popular.

Of each user the last interaction is held out; what a user has already is in no list. Found in the first ten places:
HR@10, the share of users whose item is there, and NDCG@10, which counts less the further down it is.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from scripts.bench_local.library import Local, fit
from scripts.bench_local.sample import tasteful

LENGTHS = (10, 25, 100, 500)
FIRST = 10
"""How many places of a list, however long, are looked at."""
_COLUMNS = {"userId": "USER_ID", "movieId": "ITEM_ID", "timestamp": "TIMESTAMP"}
_LIBRARY = {"implicit's ALS, its defaults": (100, 15), "implicit's ALS, 32 factors": (32, 17)}

Places = NDArray[np.int64]
"""For each user where the item that is held out stands, the first place being 0; -1 if it is not among the first."""


@dataclass(frozen=True)
class Score:
    """HR@10 and NDCG@10, with their standard errors."""

    hits: float
    hits_error: float
    gain: float
    gain_error: float

    @classmethod
    def of(cls, places: Places) -> Score:
        """Count what was found."""
        found = (places >= 0).astype(float)
        gain = np.where(places >= 0, 1 / np.log2(np.maximum(places, 0) + 2), 0.0)
        root = len(places) ** 0.5
        return cls(float(found.mean()), float(found.std()) / root, float(gain.mean()), float(gain.std()) / root)

    def matches(self, other: Score) -> bool:
        """Whether it is at least as good, within the noise: a standard error of the other's."""
        return self.hits >= other.hits - other.hits_error and self.gain >= other.gain - other.gain_error


@dataclass(frozen=True)
class Quality:
    """Ours, by the length of the list, beside others'."""

    data: str
    ours: dict[int, Score]
    others: dict[str, Score]

    def met(self, length: int) -> bool:
        """Whether lists of a length are as good as the library's own, within the noise."""
        return all(self.ours[length].matches(self.others[name]) for name in _LIBRARY)


def measure(folder: Path | None = None) -> Quality:
    """Train and ask: on MovieLens small, or on made-up data where there is none."""
    name, rows = _rows(folder)
    rows = rows.sort_values(["USER_ID", "TIMESTAMP", "ITEM_ID"], kind="stable", ignore_index=True)
    held = ~rows["USER_ID"].duplicated(keep="last") & rows["USER_ID"].duplicated(keep=False)
    known, wanted = rows[~held], rows[held].set_index("USER_ID")["ITEM_ID"]
    users, items = pd.Index(known["USER_ID"].unique()), pd.Index(known["ITEM_ID"].unique())
    codes = users.get_indexer(known["USER_ID"]), items.get_indexer(known["ITEM_ID"])
    taken = sp.csr_matrix((np.ones(len(known), np.float32), codes), shape=(len(users), len(items)))
    asked, right = users.get_indexer(wanted.index), items.get_indexer(wanted)
    popularity = np.asarray(taken.sum(axis=0)).ravel()
    scores = {"what is popular": np.tile(popularity, (len(users), 1))}
    for called, (factors, iterations) in _LIBRARY.items():
        model = fit(taken, factors, iterations)
        scores[called] = model.user_factors @ model.item_factors.T
    others = {called: Score.of(_found(each, taken, asked, right)) for called, each in scores.items()}
    return Quality(name, _ours(known, wanted), others)


def _found(scores: NDArray[Any], taken: sp.csr_matrix, users: Places, right: Places) -> Places:
    scores = scores.astype(np.float64)
    scores[taken.nonzero()] = -np.inf
    best = np.argsort(-scores[users], axis=1, kind="stable")[:, :FIRST] == right[:, np.newaxis]
    places: Places = np.where(best.any(axis=1), best.argmax(axis=1), -1)
    return places


def _ours(known: pd.DataFrame, wanted: pd.Series[Any]) -> dict[int, Score]:
    with tempfile.TemporaryDirectory() as name:
        known.assign(EVENT_TYPE="watch").to_csv(Path(name) / "known.csv", index=False)
        local = Local(Path(name))
        local.load("known.csv", "known")
        campaign = local.deploy(local.train("known"))

    def place(user: str, item: str, length: int) -> int:
        first = local.recommended(campaign, user, length)[:FIRST]
        return first.index(item) if item in first else -1

    return {
        length: Score.of(np.array([place(str(user), item, length) for user, item in wanted.items()]))
        for length in LENGTHS
    }


def _rows(folder: Path | None) -> tuple[str, pd.DataFrame]:
    """Return where the data is from, and USER_ID, ITEM_ID and TIMESTAMP of its ratings."""
    if folder is None:
        return "made-up data with tastes (DATA=folder takes MovieLens')", tasteful()
    return f"MovieLens in {folder}", _named(pd.read_csv(folder / "ratings.csv"))


def _named(ratings: pd.DataFrame) -> pd.DataFrame:
    rows = ratings.rename(columns=_COLUMNS)[list(_COLUMNS.values())]
    return rows.astype({"USER_ID": str, "ITEM_ID": str})
