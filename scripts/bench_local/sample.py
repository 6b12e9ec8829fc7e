"""Interactions to measure with: a few popular items, many that are not, and users that differ."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SCHEMA = json.dumps(
    {
        "type": "record",
        "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": "USER_ID", "type": "string"},
            {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"},
            {"name": "EVENT_TYPE", "type": "string"},
        ],
        "version": "1.0",
    }
)


@dataclass(frozen=True)
class Sample:
    """A CSV file of so many interactions; users and items grow with them."""

    size: int
    path: Path

    @property
    def users(self) -> int:
        """How many users there are."""
        return self.size // 20

    @property
    def items(self) -> int:
        """How many items there are."""
        return self.size // 100


def write(size: int, folder: Path) -> Sample:
    """Make a file."""
    sample = Sample(size, folder / f"interactions-{size}.csv")
    random = np.random.default_rng(size)
    fame = 1 / np.arange(1, sample.items + 1) ** 0.8
    frame = pd.DataFrame(
        {
            "USER_ID": random.integers(sample.users, size=size),
            "ITEM_ID": random.choice(sample.items, size, p=fame / fame.sum()),
            "TIMESTAMP": 1_700_000_000 + random.integers(30_000_000, size=size),
            "EVENT_TYPE": "watch",
        }
    )
    frame["USER_ID"] = "u" + frame["USER_ID"].astype(str)
    frame["ITEM_ID"] = "i" + frame["ITEM_ID"].astype(str)
    frame.to_csv(sample.path, index=False)
    return sample


def tasteful(users: int = 600, items: int = 2000, tastes: int = 12) -> pd.DataFrame:
    """Return interactions of users who each have a few tastes, and take what is popular among it, each item once."""
    random = np.random.default_rng(1)
    fame = 1 / np.arange(1, items + 1) ** 0.8
    kinds = random.dirichlet(np.full(tastes, 0.15), items)
    rows = []
    for user in range(users):
        liking = fame * (kinds @ random.dirichlet(np.full(tastes, 0.2)))
        chosen = random.choice(items, int(random.integers(20, 200)), replace=False, p=liking / liking.sum())
        times = np.sort(1_700_000_000 + random.integers(30_000_000, size=len(chosen)))
        rows.append(pd.DataFrame({"USER_ID": f"u{user}", "ITEM_ID": random.permutation(chosen), "TIMESTAMP": times}))
    frame = pd.concat(rows, ignore_index=True)
    return frame.assign(ITEM_ID="i" + frame["ITEM_ID"].astype(str))
