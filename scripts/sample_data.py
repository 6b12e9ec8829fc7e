"""Data to try the pipelines with: made up from a seed, or read from a folder in MovieLens form.

Made-up users have tastes: each loves one to three genres, and each item has a hidden place within its genre that some
users are closer to than others. What a user picks follows taste more than fame, so a recommender that learns tastes
beats a list of the popular by a wide margin, and the titles of a list show whose list it is.

`python -m scripts.sample_data FOLDER` writes interactions.csv and items.csv.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scripts.titles import GENRES, titles

INTERACTIONS = ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE")
ITEMS = ("ITEM_ID", "TITLE", "GENRES", "CREATION_TIMESTAMP")

# 2026-01-01T00:00:00Z: fixed, since the same seed must give the same files on any day.
_NOW = 1_767_225_600
_DAY = 86_400

# A user's share of picks by genre is this much sharper than the tastes drawn.
_GENRE_WEIGHT = 3.2
_FINE_WEIGHT = 1.3
_FAME_WEIGHT = 0.55
_FINE_TASTES = 6

# What a MovieLens rating must be to count as liking the film.
LIKED = 3.5


class SampleDataError(Exception):
    """Raised when a folder does not hold MovieLens data; says which file and column."""


@dataclass(frozen=True)
class SampleData:
    """Interactions and items, with Personalize's columns."""

    interactions: pd.DataFrame
    items: pd.DataFrame

    @property
    def titles(self) -> dict[str, str]:
        """Title by item id."""
        return dict(zip(self.items["ITEM_ID"], self.items["TITLE"], strict=True))

    @property
    def genres(self) -> dict[str, str]:
        """Genres by item id, with | between them."""
        return dict(zip(self.items["ITEM_ID"], self.items["GENRES"], strict=True))

    def write(self, folder: Path) -> dict[str, Path]:
        """Write one CSV per dataset type; answers their paths by type."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = {"interactions": folder / "interactions.csv", "items": folder / "items.csv"}
        for kind, frame in (("interactions", self.interactions), ("items", self.items)):
            frame.to_csv(paths[kind], index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
        return paths


def generate(*, users: int = 1_200, items: int = 1_500, interactions: int = 100_000, seed: int = 7) -> SampleData:
    """Make up about `interactions` interactions; the same arguments give the same data."""
    random = np.random.default_rng(seed)
    catalogue, genre_of, fine_of, fame = _catalogue(random, items)
    loves = _tastes(random, users)
    fine_tastes = random.normal(size=(users, len(GENRES), _FINE_TASTES)) / np.sqrt(_FINE_TASTES)
    wanted = _activity(random, users, interactions, items)

    parts = []
    for user in range(users):
        fine = np.einsum("ik,ik->i", fine_tastes[user][genre_of.argmax(axis=1)], fine_of)
        affinity = _GENRE_WEIGHT * (genre_of @ loves[user]) + _FINE_WEIGHT * fine
        # Gumbel noise on the logits and then the largest: draws without putting back, in order of preference.
        noisy = affinity + _FAME_WEIGHT * fame + random.gumbel(size=items)
        picked = np.argpartition(-noisy, wanted[user])[: wanted[user]]
        random.shuffle(picked)
        liked = affinity[picked] + random.normal(scale=0.8, size=len(picked)) > np.median(affinity[picked])
        parts.append(
            pd.DataFrame(
                {
                    "USER_ID": f"user-{user + 1:04d}",
                    "ITEM_ID": catalogue["ITEM_ID"].to_numpy()[picked],
                    "TIMESTAMP": _times(random, len(picked)),
                    "EVENT_TYPE": np.where(liked, "like", "view"),
                }
            )
        )
    frame = pd.concat(parts).sort_values(["TIMESTAMP", "USER_ID", "ITEM_ID"], ignore_index=True)
    return SampleData(frame, catalogue)


def _catalogue(
    random: np.random.Generator, items: int
) -> tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the items, and of each: its genres' weights, its place within its first genre, and its fame."""
    pools = {genre: iter(random.permutation(titles(genre))) for genre in GENRES}
    main = np.arange(items) % len(GENRES)
    weights = np.zeros((items, len(GENRES)))
    rows = []
    for index, genre in enumerate(main):
        chosen = [int(genre)]
        if random.random() < 0.45:
            chosen.append(int((genre + random.integers(1, len(GENRES))) % len(GENRES)))
        weights[index, chosen] = [1.0, 0.45][: len(chosen)]
        year = 2025 - int(random.exponential(12)) % 70
        name = next(pools[GENRES[genre]], f"Untitled {GENRES[genre]} {index}")
        created = _NOW - int(random.integers(200, 3_000)) * _DAY
        rows.append((f"item-{index + 1:04d}", f"{name} ({year})", "|".join(GENRES[one] for one in chosen), created))
    place = random.normal(size=(items, _FINE_TASTES))
    fame = -np.log(random.permutation(items) + 10.0)
    return pd.DataFrame(rows, columns=list(ITEMS)), weights, place, fame - fame.mean()


def _tastes(random: np.random.Generator, users: int) -> NDArray[np.float64]:
    """Return how much each user loves each genre: one to three of them, and the rest hardly."""
    loves = random.uniform(-0.3, 0.1, size=(users, len(GENRES)))
    for user in range(users):
        loved = random.choice(len(GENRES), size=random.integers(1, 4), replace=False)
        loves[user, loved] = random.uniform(0.7, 1.2, size=len(loved))
    return loves


def _activity(random: np.random.Generator, users: int, interactions: int, items: int) -> NDArray[np.int64]:
    """Return how many items each user picks: some a few, some very many."""
    shares = random.lognormal(sigma=0.6, size=users)
    wanted: NDArray[np.int64] = np.rint(shares / shares.sum() * interactions).astype(np.int64)
    return wanted.clip(5, items // 4)


def _times(random: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Return moments within the last 180 days, ascending from the day the user joined."""
    joined = random.integers(30, 180) * _DAY
    moments = _NOW - random.integers(_DAY, joined, size=count, dtype=np.int64)
    return np.sort(moments).astype(np.int64)


def read_movielens(folder: Path, *, liked: float = LIKED) -> SampleData:
    """Read ratings.csv and movies.csv; a rating of at least `liked` is a "like", and the others are left out.

    A rating below that says that the user did not like the film, which is no reason to recommend more such.
    """
    ratings = _read(folder / "ratings.csv", ("userId", "movieId", "rating", "timestamp"))
    movies = _read(folder / "movies.csv", ("movieId", "title", "genres"))
    kept = ratings[ratings["rating"].astype(float) >= liked]
    if kept.empty:
        raise SampleDataError(f"{folder / 'ratings.csv'} has no rating of {liked} or more")
    interactions = pd.DataFrame(
        {
            "USER_ID": kept["userId"],
            "ITEM_ID": kept["movieId"],
            "TIMESTAMP": kept["timestamp"].astype(np.int64),
            "EVENT_TYPE": "like",
        }
    ).sort_values(["TIMESTAMP", "USER_ID", "ITEM_ID"], ignore_index=True)
    # MovieLens does not tell when a film was added: the day of its first rating comes closest.
    first = ratings["timestamp"].astype(np.int64).groupby(ratings["movieId"]).min()
    created = movies["movieId"].map(first).fillna(first.min()).astype(np.int64)
    items = pd.DataFrame(
        {
            "ITEM_ID": movies["movieId"],
            "TITLE": movies["title"],
            "GENRES": movies["genres"],
            "CREATION_TIMESTAMP": created,
        }
    )
    return SampleData(interactions, items.drop_duplicates("ITEM_ID", ignore_index=True))


def _read(path: Path, columns: Iterable[str]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise SampleDataError(f"there is no {path}") from error
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise SampleDataError(f"{path} has no column {', '.join(missing)}")
    return frame


def main() -> None:
    """Write made-up data into a folder."""
    parser = argparse.ArgumentParser(prog="python -m scripts.sample_data", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    generate().write(parser.parse_args().folder)


if __name__ == "__main__":
    main()
