"""The recipes of the plan (terraform/recipes.tf) and of the local Personalize: both take the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from local.personalize import undecided
from local.personalize.errors import InvalidInputError
from local.personalize.recipes import RECIPES, SEGMENTS, Recipe
from local.personalize.serving import settings
from tests.contract.table import TERRAFORM
from tests.local.personalize_account import INTERACTIONS, Account

TEXT = (TERRAFORM / "recipes.tf").read_text()
SOLUTIONS = (TERRAFORM / "solutions.tf").read_text()
TABLE = {
    name: {"segments": segments == "true", "updates": updates == "true", "takes": set(re.findall(r'"(\w+)"', takes))}
    for name, segments, updates, takes in re.findall(
        r'"(aws-[\w-]+)"\s*= \{ segments = (\w+), updates = (\w+), needs = \[.*?\], takes = \[(.*?)\] \}', TEXT
    )
}
LOCAL: Mapping[str, Recipe] = {recipe.name: recipe for recipe in RECIPES.values() if recipe.domain is None}

OF_SOLUTIONS: Mapping[str, dict[str, Any]] = {
    "events_config": {"solutionConfig": {"eventsConfig": {"eventParametersList": [{"eventType": "like"}]}}},
    "optimization_objective": {
        "solutionConfig": {"optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": "LOW"}}
    },
    "perform_hpo": {"performHPO": True},
    "perform_incremental_update": {"performIncrementalUpdate": True},
}
OF_CAMPAIGNS: Mapping[str, dict[str, Any]] = {
    "item_exploration_config": {"itemExplorationConfig": {"explorationWeight": "0.3"}},
}
ITEMS: list[dict[str, Any]] = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRES", "type": "string", "categorical": True},
    {"name": "PRICE", "type": "float"},
]


def test_both_have_the_same_recipes() -> None:
    assert set(TABLE) == set(LOCAL)
    assert {name for name, row in TABLE.items() if row["segments"]} == {
        name for name, recipe in LOCAL.items() if recipe.type == SEGMENTS
    }
    assert {name for name, row in TABLE.items() if row["updates"]} == {
        name for name, recipe in LOCAL.items() if recipe.updatable
    }
    domains = re.findall(r'"(aws-[\w-]+)"', TEXT.partition("_domain_recipes = [")[2].partition("]")[0])
    assert set(domains) == {recipe.name for recipe in RECIPES.values() if recipe.domain}


def test_every_setting_that_plan_limits_is_compared() -> None:
    limited = TEXT.partition("for setting, given in {")[2].partition("} : setting")[0]
    assert set(re.findall(r"^\s+(\w+) += \{", limited, re.MULTILINE)) == {*OF_SOLUTIONS, *OF_CAMPAIGNS}
    assert {setting for row in TABLE.values() for setting in row["takes"]} == {*OF_SOLUTIONS, *OF_CAMPAIGNS}


@pytest.mark.parametrize("recipe", TABLE)
def test_a_solution_takes_what_plan_says(recipe: str) -> None:
    account = Account()
    group = account.group()
    account.dataset(group, "Interactions", INTERACTIONS)
    account.dataset(group, "Items", ITEMS)
    taken = set()
    for setting, request in OF_SOLUTIONS.items():
        try:
            account.solution(group, recipe, setting.replace("_", "-"), **request)
        except InvalidInputError as error:
            assert recipe in str(error), error  # noqa: PT017 # refused for its recipe, and for nothing else
        else:
            taken.add(setting)
    assert taken == TABLE[recipe]["takes"] & set(OF_SOLUTIONS)


@pytest.mark.parametrize("recipe", [name for name, row in TABLE.items() if not row["segments"]])
def test_a_campaign_takes_what_plan_says(recipe: str) -> None:
    taken = set()
    for setting, config in OF_CAMPAIGNS.items():
        try:
            settings.check(LOCAL[recipe], config, undecided.defaults())
        except InvalidInputError as error:
            assert recipe in str(error), error  # noqa: PT017 # see above
        else:
            taken.add(setting)
    assert taken == TABLE[recipe]["takes"] & set(OF_CAMPAIGNS)


@pytest.mark.parametrize("recipe", [name for name, row in TABLE.items() if not row["segments"]])
def test_plan_warns_of_an_influence_that_the_local_personalize_refuses(recipe: str) -> None:
    sure = re.search(r'if s\.recipe != "([\w-]+)" && try\(length\(s\.campaign\.config\.ranking', SOLUTIONS)
    assert sure
    try:
        settings.check(LOCAL[recipe], {"rankingInfluence": {"FRESHNESS": 0.5}}, undecided.defaults())
        taken = True
    except InvalidInputError:
        taken = False
    assert taken == (recipe == sure[1])
