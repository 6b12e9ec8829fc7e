"""A dataset group as glue is asked for it, on the local Personalize in virtual time."""

from __future__ import annotations

import json
from typing import Any

from tests.support.world import SCHEMAS, World, arn, interactions, items, recipe

NAME = "acme-shop"
GROUP = arn("dataset-group", NAME)
KEY = {"kmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/0123", "roleArn": "arn:aws:iam::123456789012:role/acme"}
PROTECTED: dict[str, Any] = {"deletion_protection": True}
EXPRESSION, OTHER = 'INCLUDE ItemID WHERE Items.GENRES IN ("even")', 'INCLUDE ItemID WHERE Items.GENRES IN ("odd")'


def group(**changes: Any) -> dict[str, Any]:
    return {"resource": "dataset_group", "arn": GROUP, "request": {"name": NAME, **changes}}


def dataset(kind: str) -> dict[str, Any]:
    return {
        "resource": "dataset",
        "request": {"name": f"{NAME}-{kind}", "datasetGroupArn": GROUP, "datasetType": kind},
        "schema": {"name": f"{NAME}-{kind}-99999999", "schema": json.dumps(SCHEMAS[kind])},
    }


TRACKER: dict[str, Any] = {"resource": "event_tracker", "request": {"name": NAME, "datasetGroupArn": GROUP}}
SOLUTION: dict[str, Any] = {
    "resource": "solution",
    "name": f"{NAME}-popular",
    "pipeline": "shop",
    "request": {"datasetGroupArn": GROUP, "recipeArn": recipe("popular"), "performAutoTraining": False},
}
GUARD: dict[str, Any] = {"resource": "guard", "arn": GROUP, "pipeline": "shop", "datasets": ["interactions", "items"]}


def drama(expression: str = EXPRESSION, mark: str = "11111111") -> dict[str, Any]:
    return {
        "resource": "filter",
        "name": f"{NAME}-drama",
        "request": {"name": f"{NAME}-drama-{mark}", "datasetGroupArn": GROUP, "filterExpression": expression},
    }


def changed() -> dict[str, Any]:
    return drama(OTHER, "22222222")


def by_hand(world: World, operation: str, **params: Any) -> str:
    """Make something as a person does; return its ARN once it is there."""
    answer = world.personalize.call(operation, params)
    world._sleep(600)
    return next(str(value) for key, value in answer.items() if key.endswith("Arn"))


def names(world: World) -> dict[str, list[str]]:
    """Return the names of all there is, by how it is listed."""
    lists = {
        "ListDatasetGroups": "datasetGroups",
        "ListSchemas": "schemas",
        "ListDatasets": "datasets",
        "ListEventTrackers": "eventTrackers",
        "ListFilters": "Filters",
        "ListSolutions": "solutions",
        "ListCampaigns": "campaigns",
    }
    found = {
        key: sorted(each["name"] for each in world.personalize.pages(name, key, {})) for name, key in lists.items()
    }
    return {key: listed for key, listed in found.items() if listed}


def called(world: World, operation: str) -> int:
    return [name for name, _ in world.personalize.calls].count(operation)


def filled(world: World, *kinds: str) -> None:
    """Make the group with its datasets, and import into those of these kinds."""
    world.glue("create", **group())
    for kind in ("interactions", "items"):
        world.glue("create", **dataset(kind))
        if kind in kinds:
            world.upload(kind, {"interactions": interactions(), "items": items()}[kind])
            by_hand(
                world,
                "CreateDatasetImportJob",
                jobName=f"{kind}-{world.now:%H%M%S}",
                datasetArn=arn("dataset", f"{NAME}/{kind.upper()}"),
                dataSource={"dataLocation": f"s3://data/shop/{kind}/"},
                roleArn=KEY["roleArn"],
            )


def foreign(world: World, kind: str) -> str:
    """Have somebody else make something in the group."""
    if kind == "solution":
        return by_hand(world, "CreateSolution", name="mine", datasetGroupArn=GROUP, recipeArn=recipe("popular"))
    if kind == "filter":
        return by_hand(world, "CreateFilter", name="mine", datasetGroupArn=GROUP, filterExpression=EXPRESSION)
    if kind == "event-tracker":
        return by_hand(world, "CreateEventTracker", name=f"{NAME}-2", datasetGroupArn=GROUP)
    if kind == "campaign":
        solution = world.glue("create", **SOLUTION)["arn"]
        version = by_hand(world, "CreateSolutionVersion", solutionArn=solution)
        return by_hand(world, "CreateCampaign", name="mine", solutionVersionArn=version)
    schema = world.personalize.call("CreateSchema", {"name": "mine", "schema": json.dumps(SCHEMAS["users"])})
    request = {"datasetGroupArn": GROUP, "datasetType": "Users", "schemaArn": schema["schemaArn"]}
    return by_hand(world, "CreateDataset", name="mine", **request)
