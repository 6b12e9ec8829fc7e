"""What a solution version or a recommender has trained: an order with a snapshot of its group's data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.personalize.data.schemas import NUMBERS, dataset_type
from local.personalize.data.tables import Table
from local.personalize.errors import InvalidInputError
from local.personalize.learning.interactions import EventRule
from local.personalize.learning.models import Trained
from local.personalize.learning.order import Objective, Order
from local.personalize.recipes import Recipe
from local.personalize.serving.query import tables_of
from local.personalize.world import World


def order_of(
    world: World,
    recipe: Recipe,
    group: str,
    config: Mapping[str, Any],
    rules: tuple[EventRule, ...],
    previous: Trained | None = None,
) -> Order:
    """Order a training."""
    tables = tables_of(world, group)
    return Order(
        recipe=recipe.name,
        family=recipe.family,
        data={name: table.snapshot() for name, table in tables.items() if not table.empty},
        rules=rules,
        parameters=recipe.parameters(config),
        minimum_interactions=world.quotas["minimum-interactions"] if "INTERACTIONS" in recipe.datasets else 0,
        minimum_users=world.quotas["minimum-users"] if "INTERACTIONS" in recipe.datasets else 0,
        needs=recipe.datasets,
        unused=_unused(config.get("trainingDataConfig", {}), tables),
        objective=_objective(config),
        previous=previous,
    )


def check_data(world: World, recipe: Recipe, group: str) -> None:
    """Refuse to train without data that the recipe needs."""
    tables = tables_of(world, group)
    for name in recipe.datasets:
        if name not in tables or tables[name].empty:
            shown = name.capitalize().replace("_", " ")
            raise InvalidInputError(f"The dataset group {group} has no {shown} dataset with data to train on.")


def check_columns(world: World, group: str, config: Mapping[str, Any]) -> None:
    """Refuse a trainingDataConfig that names columns which are not there, or can't be done without."""
    training = config.get("trainingDataConfig", {})
    if "excludedDatasetColumns" in training and "includedDatasetColumns" in training:
        raise InvalidInputError("trainingDataConfig takes excludedDatasetColumns or includedDatasetColumns, not both.")
    tables = tables_of(world, group)
    for member in ("excludedDatasetColumns", "includedDatasetColumns"):
        for name, columns in training.get(member, {}).items():
            kind = dataset_type(name)
            known = tables[kind.name].schema.by_name if kind.name in tables else {}
            unknown = [column for column in columns if column not in known]
            if unknown:
                raise InvalidInputError(f"{member} names columns that {kind.name} has not: [{','.join(unknown)}].")
            needed = [column for column in columns if column in kind.required]
            if member == "excludedDatasetColumns" and needed:
                raise InvalidInputError(f"Training needs these columns of {kind.name}: [{','.join(needed)}].")


def check_objective(world: World, recipe: Recipe, group: str, config: Mapping[str, Any]) -> None:
    """Refuse an objective that the recipe does not take, or that is not a column of numbers.

    https://docs.aws.amazon.com/personalize/latest/dg/optimizing-solution-for-objective.html
    """
    objective = config.get("optimizationObjective")
    if not objective:
        return
    if not recipe.optimizes:
        raise InvalidInputError(f"optimizationObjective can't be given with {recipe.name}.")
    column, tables = objective.get("itemAttribute"), tables_of(world, group)
    field = tables["ITEMS"].schema.by_name.get(column) if "ITEMS" in tables else None
    if field is None:
        raise InvalidInputError(f"The Items dataset has no column {column} to optimize for.")
    if field.type not in NUMBERS or field.nullable:
        raise InvalidInputError(f"The column {column} must be a number that can't be null, to be optimized for.")


def _objective(config: Mapping[str, Any]) -> Objective | None:
    objective = config.get("optimizationObjective", {})
    sensitivity = objective.get("objectiveSensitivity", "OFF")
    return None if sensitivity == "OFF" else Objective(objective["itemAttribute"], sensitivity)


def _unused(training: Mapping[str, Any], tables: Mapping[str, Table]) -> dict[str, frozenset[str]]:
    unused = {name.upper(): frozenset(columns) for name, columns in training.get("excludedDatasetColumns", {}).items()}
    for name, columns in training.get("includedDatasetColumns", {}).items():
        if name.upper() in tables:
            unused[name.upper()] = frozenset(tables[name.upper()].schema.by_name) - set(columns)
    return unused
