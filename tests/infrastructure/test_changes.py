"""One stack, applied to a local AWS, and then changed in the ways that could cost a team its data."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from local.account import LocalAccount
from scripts.terraform import CHANGES, NO_CHANGES, Terraform, TerraformError
from tests.infrastructure.support import BUILD, ZIP

STACK = Path(__file__).parent / "stack"
Stack = Callable[..., Terraform]


@pytest.fixture(scope="module")
def stack(account: LocalAccount) -> Stack:
    """Return the applied stack; called with variables, the stack with these."""
    work = BUILD / "changes"
    shutil.rmtree(work, ignore_errors=True)

    def terraform(**variables: object) -> Terraform:
        return Terraform(STACK, work, variables={"package": str(ZIP), **variables}, environment=account.env)

    terraform().init()
    terraform().apply()
    return terraform


def there(account: LocalAccount) -> dict[str, list[str]]:
    """Return the names of all that is in Personalize."""
    personalize = account.session().client("personalize")
    return {
        "dataset_groups": sorted(each["name"] for each in personalize.list_dataset_groups()["datasetGroups"]),
        "datasets": sorted(each["name"] for each in personalize.list_datasets()["datasets"]),
        "event_trackers": sorted(each["name"] for each in personalize.list_event_trackers()["eventTrackers"]),
        "filters": sorted(each["name"] for each in personalize.list_filters()["Filters"]),
        "schemas": sorted(each["name"] for each in personalize.list_schemas()["schemas"]),
        "solutions": sorted(each["name"] for each in personalize.list_solutions()["solutions"]),
    }


def declared(account: LocalAccount) -> list[str]:
    """Return the names of all that is declared in the ledger, and of what starts runs."""
    table = account.session().client("dynamodb").scan(TableName="changing-ledger")
    schedules = account.session().client("scheduler").list_schedules()["Schedules"]
    rules = account.session().client("events").list_rules()["Rules"]
    names = [item["sk"]["S"] for item in table["Items"]]
    return sorted(names + [each["Name"] for each in [*schedules, *rules]])


def test_a_second_plan_has_nothing_to_do(stack: Stack) -> None:
    code, text = stack().plan()
    assert code == NO_CHANGES, text


def test_a_changed_tag_replaces_nothing(stack: Stack, account: LocalAccount) -> None:
    before = there(account)
    stack(team="shop", deletion_protection=True).apply()
    assert there(account) == before
    personalize = account.session().client("personalize")
    arns = [
        personalize.list_dataset_groups()["datasetGroups"][0]["datasetGroupArn"],
        personalize.list_datasets()["datasets"][0]["datasetArn"],
        personalize.list_event_trackers()["eventTrackers"][0]["eventTrackerArn"],
    ]
    tags = [personalize.list_tags_for_resource(resourceArn=arn)["tags"] for arn in arns]
    assert tags == [[{"tagKey": "team", "tagValue": "shop"}]] * 3


def test_deletion_protection_refuses_before_anything_is_gone(stack: Stack, account: LocalAccount) -> None:
    before = there(account)
    with pytest.raises(TerraformError, match="Deletion protection is on: everything of 'changing' stays"):
        stack(team="shop", deletion_protection=True).destroy()
    assert there(account) == before


def test_nor_can_a_protected_pipeline_be_dropped(stack: Stack, account: LocalAccount) -> None:
    before = there(account), declared(account)
    with pytest.raises(TerraformError, match="everything of pipeline 'books' stays"):
        stack(team="shop", deletion_protection=True, books=False).apply()
    assert (there(account), declared(account)) == before


def test_the_protection_goes_and_comes_in_place(stack: Stack) -> None:
    """A flip replaces nothing: what is replaced is deleted first, and what depends on it is made anew."""
    code, text = stack(team="shop").plan()
    assert code == CHANGES
    assert "Plan: 0 to add, " in text, text
    assert ", 0 to destroy." in text, text
    stack(team="shop").apply()
    assert stack(team="shop").plan()[0] == NO_CHANGES


def test_a_new_domain_is_refused_and_nothing_is_lost(stack: Stack, account: LocalAccount) -> None:
    before = there(account), declared(account)
    assert "changing-films-similar" in before[1], "The campaign is declared."
    for _ in range(2):  # the provider alone takes an update that failed for done
        with pytest.raises(TerraformError) as told:
            stack(team="shop", domain="ECOMMERCE").apply()
        message = " ".join(str(told.value).split())
        assert "changing-films exists with domain none, not ECOMMERCE. Personalize can't change that" in message
        assert "declare a pipeline of another name beside this one" in message
    assert (there(account), declared(account)) == before
    stack(team="shop").apply()
    assert stack(team="shop").plan()[0] == NO_CHANGES
    assert (there(account), declared(account)) == before


def test_what_is_somebody_elses_is_refused_before_anything_is_gone(stack: Stack, account: LocalAccount) -> None:
    personalize = account.session().client("personalize")
    group = next(
        each["datasetGroupArn"]
        for each in personalize.list_dataset_groups()["datasetGroups"]
        if each["name"] == "changing-films"
    )
    solution = personalize.create_solution(
        name="by-hand",
        datasetGroupArn=group,
        recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
        performAutoTraining=False,
    )["solutionArn"]
    before = there(account), declared(account)
    with pytest.raises(TerraformError, match="solution by-hand"):
        stack().destroy()
    assert (there(account), declared(account)) == before
    personalize.delete_solution(solutionArn=solution)


def test_a_filled_bucket_is_refused_before_anything_is_gone(stack: Stack, account: LocalAccount) -> None:
    s3 = account.session().client("s3")
    bucket = s3.list_buckets()["Buckets"][0]["Name"]
    s3.put_object(Bucket=bucket, Key="films/interactions/data.csv", Body=b"x")
    stack(force_destroy=False).apply()
    before = there(account), declared(account)
    with pytest.raises(TerraformError, match="force_destroy"):
        stack(force_destroy=False).destroy()
    assert (there(account), declared(account)) == before
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_a_schema_that_personalize_refuses_can_be_taken_back(stack: Stack, account: LocalAccount) -> None:
    before = there(account)
    for _ in range(2):  # the provider alone takes an update that failed for done
        with pytest.raises(TerraformError, match="can't be replaced"):
            stack(columns=["EVENT_TYPE"]).apply()
    stack().apply()
    assert stack().plan()[0] == NO_CHANGES
    assert there(account) == before


def test_a_pipeline_can_be_dropped_from_the_others(stack: Stack, account: LocalAccount) -> None:
    stack(books=False).apply()
    left = there(account)
    assert left["dataset_groups"] == ["changing-films"]
    assert not [name for names in left.values() for name in names if "books" in name]


def test_destroy_leaves_nothing(stack: Stack, account: LocalAccount) -> None:
    stack(books=False).destroy()
    session = account.session()
    assert not any(there(account).values())
    assert session.client("lambda").list_functions()["Functions"] == []
    assert session.client("sqs").list_queues().get("QueueUrls", []) == []
    assert session.client("iam").list_roles()["Roles"] == []
    assert session.client("logs").describe_log_groups()["logGroups"] == []
