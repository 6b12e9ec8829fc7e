"""What is asked, and what the answer is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.personalize.data.tables import Row, Table
from local.personalize.filters import grammar
from local.personalize.learning.models import Trained
from local.personalize.models import Record
from local.personalize.recipes import Recipe, recipe_of
from local.personalize.serving.settings import Settings
from local.personalize.world import World


@dataclass(frozen=True)
class Source:
    """A trained model and the tables of its dataset group."""

    recipe: Recipe
    model: Trained
    tables: Mapping[str, Table]
    """By dataset type."""
    settings: Settings = field(default_factory=Settings)

    @classmethod
    def of(cls, world: World, trained: Record, config: Mapping[str, Any] | None = None) -> Source:
        """Take what a solution version or a recommender serves from; the caller holds the lock.

        config: that of the campaign, the recommender or the batch job.
        """
        recipe = recipe_of(trained.attributes["recipeArn"])
        return cls(
            recipe=recipe,
            model=world.state.trained[trained.arn],
            tables=tables_of(world, trained.attributes["datasetGroupArn"]),
            settings=Settings.of(recipe, config or {}),
        )


@dataclass(frozen=True)
class Query:
    """A question to a model."""

    source: Source
    user: str | None = None
    item: str | None = None
    filter: grammar.Filter | None = None
    filter_values: Mapping[str, str] = field(default_factory=dict)

    @property
    def asks_for_taken(self) -> bool:
        """Whether its filter asks for what the user has dealt with."""
        return self.filter is not None and self.filter.asks_for_taken

    @property
    def events(self) -> Sequence[Row]:
        """What the user did since the model was trained."""
        table = self.source.tables.get("INTERACTIONS")
        if table is None or self.user is None:
            return ()
        return table.since_of(self.user, self.source.model.events_seen)


SCORE_DIGITS = 7
"""Of a score after the point, as the service shows it (recorded)."""


@dataclass(frozen=True)
class Pick:
    """One of the best."""

    name: str
    score: float | None = None
    promotion: str | None = None
    """The promotion that brought it in."""
    reason: str | None = None
    """Why it is there, if it would not be by itself."""


def tables_of(world: World, group: str) -> dict[str, Table]:
    """Return a dataset group's tables by dataset type."""
    return {
        dataset.attributes["datasetType"]: world.state.tables[dataset.arn]
        for dataset in world.in_group("Dataset", group)
        if dataset.arn in world.state.tables
    }
