"""Whom to show: users with a taste that can be seen, and what they do not know yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from scripts.demo.summary import Item
from scripts.sample_data import SampleData

# A genre that hardly anybody watches tells little about a taste.
_COMMON = 0.03
_ACTIVE = 20


@dataclass(frozen=True)
class Fan:
    """A user, the genre that stands out in what they took, and the one they took least of."""

    user_id: str
    loves: str
    unknown: str
    share: float
    taken: int
    """How many items they took."""


class Audience:
    """Looks up users and items in the data that the demo uploads."""

    def __init__(self, data: SampleData) -> None:
        self._items = data.items.set_index("ITEM_ID")[["TITLE", "GENRES"]]
        self._genres = self._items["GENRES"].str.split("|")
        taken = data.interactions[["USER_ID", "ITEM_ID"]]
        self._popular = taken["ITEM_ID"].value_counts()
        self._taken = taken
        by_genre = taken.merge(self._genres.explode().rename("GENRE"), left_on="ITEM_ID", right_index=True)
        counts = pd.crosstab(by_genre["USER_ID"], by_genre["GENRE"])
        overall = counts.sum() / counts.to_numpy().sum()
        self._activity = taken["USER_ID"].value_counts()
        active = self._activity.index[self._activity >= _ACTIVE]
        counts = counts.loc[counts.index.isin(active), overall >= _COMMON]
        self._share = counts.div(counts.sum(axis=1), axis=0)
        self._stands_out = self._share - overall[overall >= _COMMON]

    def fans(self, count: int) -> list[Fan]:
        """Return users whose taste stands out most, each for another genre."""
        found: dict[str, Fan] = {}
        for user in self._stands_out.max(axis=1).sort_values(ascending=False, kind="stable").index:
            fan = self._fan(str(user))
            found.setdefault(fan.loves, fan)
            if len(found) == count:
                break
        return list(found.values())

    def newcomer(self) -> Fan:
        """Return a user with a taste, too, who has not taken much yet: a few events more say a lot about them."""
        known = self._activity.reindex(self._stands_out.index)
        quiet = self._stands_out[known <= known.quantile(0.1)]
        return self._fan(str(quiet.max(axis=1).idxmax()))

    def _fan(self, user: str) -> Fan:
        loves, least = str(self._stands_out.loc[user].idxmax()), str(self._share.loc[user].idxmin())
        return Fan(user, loves, least, float(self._share.loc[user, loves]), int(self._activity[user]))

    def item(self, item_id: str) -> Item:
        """Return an item with its title."""
        if item_id not in self._items.index:
            return Item(item_id, item_id, "")
        row = self._items.loc[item_id]
        return Item(item_id, str(row["TITLE"]), str(row["GENRES"]))

    def items(self, item_ids: Iterable[str]) -> list[Item]:
        """Return items with their titles."""
        return [self.item(item_id) for item_id in item_ids]

    def popular(self, genre: str, count: int, *, not_of: str = "") -> list[Item]:
        """Return the most taken items of a genre, less those that a user has; those of it alone come first."""
        known = set(self._taken.loc[self._taken["USER_ID"] == not_of, "ITEM_ID"])
        matching = {str(item) for item, genres in self._genres.items() if genre in genres}
        ranked = [str(item) for item in self._popular.index if item in matching - known]
        return self.items(sorted(ranked, key=lambda item: len(self._genres[item]) > 1)[:count])
