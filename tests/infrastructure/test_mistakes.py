"""Declarations with one mistake each: plan tells the field, what was found and what would do, and tells nothing else.

What Personalize is asked for is given to the local one, too: it refuses what plan refuses, and takes what plan takes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from dateutil.zoneinfo import get_zonefile_instance

from local.personalize.data import schemas
from local.personalize.data.schemas import DATASET_TYPES, Column
from local.personalize.errors import InvalidInputError
from local.personalize.filters import grammar, rules
from local.personalize.hyperparameters import Hyperparameter, Number
from local.personalize.recipes import RECIPES
from scripts.terraform import Terraform, TerraformError
from tests.infrastructure.mistakes.declared import INTERACTIONS, ITEMS, USERS, Pipeline, dataset, pipeline, text
from tests.infrastructure.mistakes.filters import FILTERS
from tests.infrastructure.mistakes.schemas import SCHEMAS
from tests.infrastructure.mistakes.solutions import SOLUTIONS
from tests.infrastructure.mistakes.times import EXPRESSIONS, ZONES
from tests.infrastructure.support import BUILD, MODULE

DECLARATION = Path(__file__).parent / "declaration"
TABLES = MODULE / "modules" / "declaration"


def cases() -> dict[str, tuple[Pipeline, str]]:
    """Return a pipeline and what is told of it, by the pipeline's name."""

    def at(field: str) -> str:
        return f'pipelines["{{name}}"].{field}'

    made: dict[str, tuple[Pipeline, str]] = {}
    for key, (type_, domain, schema, told) in SCHEMAS.items():
        made[f"schema-{key}"] = dataset(type_, schema, domain), told and at(f'datasets["{type_}"].schema: {told}')
    for key, (expression, told) in FILTERS.items():
        made[f"filter-{key}"] = pipeline(filters={"it": expression}), told and at(f'filters["it"]: {told}')
    for key, (solution, told) in SOLUTIONS.items():
        made[f"solution-{key}"] = pipeline(solutions={"it": solution}), told and at(f'solutions["it"]{told}')
    for key, (expression, told) in EXPRESSIONS.items():
        schedules = {"it": {"expression": expression}}
        prefix = at(f'schedules["it"].expression: "{expression}" is none that EventBridge Scheduler takes: ')
        made[f"when-{key}"] = pipeline(schedules=schedules), told and prefix + told
    for number, (zone, told) in enumerate(ZONES.items()):
        schedules = {"it": {"expression": "rate(1 day)", "timezone": zone}}
        prefix = at(f'schedules["it"].timezone: there is no time zone "{zone}"; ')
        made[f"zone-{number}"] = pipeline(schedules=schedules), told and prefix + told
    expression, told = EXPRESSIONS["no-such-day"]
    off = pipeline(schedules={"it": {"expression": expression, "enabled": False}})
    made["when-off"] = (
        off,
        at(f'schedules["it"].expression: "{expression}" is none that EventBridge Scheduler takes: {told}'),
    )
    long = f"INCLUDE ItemID WHERE Items.YEAR IN ({', '.join(map(str, range(900)))})"
    made["filter-long"] = pipeline(filters={"it": long}), at(f'filters["it"]: {len(long)} characters of at most 2500.')
    without = pipeline(filters={"it": "INCLUDE ItemID WHERE Items.YEAR > 1 IF CurrentUser.AGE > 1"})
    del without["datasets"]["users"]
    told = "CurrentUser.AGE needs a dataset of users, and the pipeline has interactions and items only."
    made["filter-no-users"] = without, at(f'filters["it"]: {told}')
    columns = [{"name": f"C{n}", "type": "int"} for n in range(21)]
    crowded = dataset("items", text("Items", [*ITEMS, *columns]))
    conditions = [f"Items.{each['name']} > 1" for each in columns]
    parts = {"a": conditions[:10], "b": conditions[10:20], "c": conditions[20:]}
    crowded["filters"] = {key: f"INCLUDE ItemID WHERE {' OR '.join(part)}" for key, part in parts.items()}
    made["filter-many-columns"] = crowded, at("filters: 21 columns in all filters together, of at most 20.")
    return made


CASES = cases()


@pytest.fixture(scope="module")
def told() -> dict[str, list[str]]:
    """Plan them all at once; answer all that is told, by pipeline."""
    variables = {"pipelines": {name: each for name, (each, _) in CASES.items()}}
    terraform = Terraform(DECLARATION, BUILD / "mistakes-work", variables=variables)
    terraform.init()
    with pytest.raises(TerraformError) as error:
        terraform.plan()
    found: dict[str, list[str]] = {}
    for part in str(error.value).split("Error: ")[1:]:
        for message in re.split(r'\s(?=pipelines\["[a-z0-9-]+"\])', " ".join(part.split()))[1:]:
            found.setdefault(re.findall(r'"(.+?)"', message)[0], []).append(message)
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_told_and_nothing_else(told: dict[str, list[str]], name: str) -> None:
    message = " ".join(CASES[name][1].replace("{name}", name).split())
    assert told.get(name, []) == ([message] if message else [])


@pytest.mark.parametrize("key", [key for key in SCHEMAS if key not in ("name", "namespace", "long")])
def test_the_local_personalize_refuses_the_same_schemas(key: str) -> None:
    """But for a name in other letters, its own question, and what the service's model has: its gateway checks that."""
    _, domain, schema, message = SCHEMAS[key]
    if message:
        with pytest.raises(InvalidInputError):
            schemas.parse(schema, domain)
    else:
        schemas.parse(schema, domain)


@pytest.mark.parametrize("key", FILTERS)
def test_the_local_personalize_refuses_the_same_filters(key: str) -> None:
    expression, message = FILTERS[key]
    fields = {"INTERACTIONS": INTERACTIONS, "ITEMS": ITEMS, "USERS": USERS}
    declared = {type_: schemas.parse(text(type_.title(), each)) for type_, each in fields.items()}
    if message:
        with pytest.raises(InvalidInputError):
            rules.check(grammar.parse(expression), declared)
    else:
        rules.check(grammar.parse(expression), declared)


def _columns(columns: Mapping[str, Column]) -> dict[str, dict[str, Any]]:
    kinds = ("null", "categorical", "textual")
    return {
        name: {"type": each.type, **{kind: True for kind in kinds if getattr(each, kind)}}
        for name, each in columns.items()
    }


def test_the_tables_of_schemas_are_those_of_the_local_personalize() -> None:
    table = json.loads((TABLES / "datasets.json").read_text(encoding="utf-8"))
    assert table == {
        name.lower(): {
            "record": name.title(),
            "required": _columns(kind.required),
            "reserved": _columns(kind.reserved),
            "max_extra": kind.max_extra,
            "max_textual": kind.max_textual,
            "informed": kind.informed,
            "domains": {
                name: {"required": _columns(each.required), "reserved": _columns(each.reserved)}
                for name, each in kind.domains.items()
            },
        }
        for name, kind in DATASET_TYPES.items()
        if name in ("INTERACTIONS", "ITEMS", "USERS")
    }


def _rule(place: str, known: Hyperparameter) -> dict[str, Any]:
    rule: dict[str, Any] = {"of": place, **({"tunable": True} if known.tunable else {})}
    if isinstance(known, Number):
        return {**rule, "min": known.low, "max": known.high, **({"whole": True} if known.whole else {})}
    return {**rule, "values": list(known.values)}


def test_the_tables_of_hyperparameters_are_those_of_the_local_personalize() -> None:
    table = json.loads((TABLES / "hyperparameters.json").read_text(encoding="utf-8"))
    assert table == {
        recipe.name: {
            **{each.name: _rule("algorithm", each) for each in recipe.hyperparameters},
            **{each.name: _rule("features", each) for each in recipe.featurization},
        }
        for recipe in RECIPES.values()
        if recipe.domain is None
    }


def test_the_time_zones_are_current() -> None:
    """By the database that python-dateutil brings, of 2024: where that is newer, `python -m scripts.timezones`."""
    names = set(json.loads((TABLES / "timezones.json").read_text(encoding="utf-8")))
    theirs = set(get_zonefile_instance().zones) - {"Factory"}
    assert names - theirs == {"America/Coyhaique"}, "new in 2025"
    assert theirs - names == {"Asia/Hanoi"}, "history, which few builds of the database have"
