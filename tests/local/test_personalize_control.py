"""Validation, names, order of deletion, quotas, lists and tags."""

from __future__ import annotations

from typing import Any

import pytest

from local.personalize.errors import (
    AlreadyExistsError,
    InUseError,
    InvalidInputError,
    InvalidNextTokenError,
    LimitExceededError,
    NotFoundError,
    TooManyTagsError,
    UnknownOperationError,
)
from tests.local.personalize_account import INTERACTIONS, Account, trained_group

GROUP = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/none"


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        ("CreateDatasetGroup", {}, "Value 'null' at 'name' failed to satisfy constraint: Member must not be null"),
        ("CreateDatasetGroup", {"name": "a" * 64}, "Member must have length less than or equal to 63"),
        ("CreateDatasetGroup", {"name": "has space"}, "regular expression pattern"),
        ("CreateDatasetGroup", {"name": 7}, "Member must be of type string"),
        ("CreateDatasetGroup", {"name": "g", "domain": "BANKING"}, "enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]"),
        ("CreateDatasetGroup", {"name": "g", "tags": [{"tagKey": "k"}]}, "'tags.1.member.tagValue'"),
        ("CreateDatasetGroup", {"name": "g", "kmsKeyArn": "arn:aws:kms:x:123456789012:key/1"}, "roleArn"),
        ("ListDatasets", {"maxResults": 101}, "Member must have value less than or equal to 100"),
        ("ListDatasets", {"maxResults": True}, "Member must be of type integer"),
        ("CreateSolution", {"name": "s", "datasetGroupArn": "x"}, "'datasetGroupArn'"),
    ],
)
def test_the_model_is_enforced(operation: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        Account()(operation, **params)
    assert message in refusal.value.message
    assert refusal.value.http_status == 400


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(InvalidInputError, match="2 validation errors detected"):
        Account()("CreateSchema")


def test_errors_have_the_models_status() -> None:
    account = Account()
    for call, status in ((account, 400), (account.runtime, 404)):
        operation = "DescribeCampaign" if call is account else "GetRecommendations"
        with pytest.raises(NotFoundError) as missing:
            call(operation, campaignArn="arn:aws:personalize:eu-west-1:123456789012:campaign/none")
        assert missing.value.http_status == status
        assert missing.value.code == "ResourceNotFoundException"


def test_an_operation_that_there_is_not() -> None:
    with pytest.raises(UnknownOperationError, match="no operation MakeTea"):
        Account()("MakeTea")


def test_names_are_unique_and_a_repeat_says_so_before_all_else() -> None:
    account = Account(quotas={"dataset-groups": 1})
    account.group("g")
    with pytest.raises(AlreadyExistsError, match="dataset-group/g already exists"):
        account.group("g")
    group = trained_group_of(account)
    solution = account.solution(group, "aws-sims", "s")
    version = account.version(solution, name="run-1")
    with pytest.raises(AlreadyExistsError, match=version):
        account.version(solution, name="run-1", trainingMode="UPDATE")
    account.campaign(version, "c")
    with pytest.raises(AlreadyExistsError):
        account.campaign(version, "c")
    with pytest.raises(AlreadyExistsError):
        account.start_import(f"{group.replace('dataset-group', 'dataset')}/INTERACTIONS", "s3://b/none", "i")


def trained_group_of(account: Account) -> str:
    account("DeleteDatasetGroup", datasetGroupArn=account("ListDatasetGroups")["datasetGroups"][0]["datasetGroupArn"])
    return trained_group(account)


def test_the_order_of_deletion() -> None:
    account = Account()
    group = trained_group(account, items=False)
    dataset = account("ListDatasets", datasetGroupArn=group)["datasets"][0]["datasetArn"]
    schema = account("ListSchemas")["schemas"][0]["schemaArn"]
    tracker = account("CreateEventTracker", name="t", datasetGroupArn=group)["eventTrackerArn"]
    solution = account.solution(group, "aws-popularity-count")
    campaign = account.campaign(account.version(solution))
    for operation, params, user in (
        ("DeleteSchema", {"schemaArn": schema}, dataset),
        ("DeleteSolution", {"solutionArn": solution}, campaign),
        ("DeleteDatasetGroup", {"datasetGroupArn": group}, dataset),
    ):
        with pytest.raises(InUseError, match=f"in use by {user}"):
            account(operation, **params)
    account("DeleteCampaign", campaignArn=campaign)
    account("DeleteSolution", solutionArn=solution)
    assert account("ListSolutions")["solutions"] == []
    with pytest.raises(NotFoundError):
        account("ListSolutionVersions", solutionArn=solution)
    assert account("ListSolutionVersions")["solutionVersions"] == []
    account("DeleteDataset", datasetArn=dataset)
    assert account("ListDatasetImportJobs")["datasetImportJobs"] == []
    account("DeleteSchema", schemaArn=schema)
    with pytest.raises(InUseError, match=tracker):
        account("DeleteDatasetGroup", datasetGroupArn=group)
    account("DeleteEventTracker", eventTrackerArn=tracker)
    account("DeleteDatasetGroup", datasetGroupArn=group)
    assert account("ListDatasetGroups")["datasetGroups"] == []


def test_what_is_under_way_holds_up_deletion() -> None:
    account = Account(durations={"DatasetImportJob": {"*": 60}, "SolutionVersion": {"*": 60}, "Campaign": {"*": 60}})
    group = account.group()
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    location = account.put("b/x.csv", "USER_ID\n")
    job = account.start_import(dataset, location, "j")
    with pytest.raises(InUseError, match=f"{job} .CREATE PENDING"):
        account("DeleteDataset", datasetArn=dataset)
    account.clock.advance(60)
    account("DeleteDataset", datasetArn=dataset)


def test_a_training_holds_up_its_data_and_its_solution() -> None:
    account = Account(durations={"SolutionVersion": {"*": 60}})
    group = trained_group(account)
    solution = account.solution(group, "aws-sims")
    version = account.version(solution)
    for operation, params in (
        ("DeleteSolution", {"solutionArn": solution}),
        ("DeleteDataset", {"datasetArn": f"{group.replace('dataset-group', 'dataset')}/INTERACTIONS"}),
    ):
        with pytest.raises(InUseError, match=version):
            account(operation, **params)
    with pytest.raises(InUseError, match="must be ACTIVE"):
        account.campaign(version)
    with pytest.raises(InUseError, match="must be ACTIVE"):
        account("GetSolutionMetrics", solutionVersionArn=version)


def test_a_filter_waits_for_campaigns_that_are_being_deleted() -> None:
    account = Account(durations={"Campaign": {"delete": 60}})
    group = trained_group(account)
    expression = 'EXCLUDE ItemID WHERE Items.GENRES IN ("g1")'
    made = account("CreateFilter", name="f", datasetGroupArn=group, filterExpression=expression)["filterArn"]
    campaign = account.campaign(account.version(account.solution(group, "aws-popularity-count")))
    account("DeleteCampaign", campaignArn=campaign)
    with pytest.raises(InUseError, match=campaign):
        account("DeleteFilter", filterArn=made)
    account.clock.advance(60)
    account("DeleteFilter", filterArn=made)


def test_quotas() -> None:
    account = Account(durations={"DatasetImportJob": {"*": 60}}, quotas={"filters": 0, "active-solutions": 1})
    for number in range(5):
        account.group(f"g{number}")
    with pytest.raises(LimitExceededError, match="More than 5 dataset groups in a region"):
        account.group("g5")
    group = account("ListDatasetGroups")["datasetGroups"][0]["datasetGroupArn"]
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    for number in range(5):
        account.start_import(dataset, "s3://b/x", f"j{number}")
    with pytest.raises(LimitExceededError) as refusal:
        account.start_import(dataset, "s3://b/x", "j5")
    assert refusal.value.message == "More than 5 resources with PENDING or IN_PROGRESS status."
    account.clock.advance(60)
    account.start_import(dataset, "s3://b/x", "j5")
    account("CreateEventTracker", name="t1", datasetGroupArn=group)
    with pytest.raises(LimitExceededError, match="event trackers"):
        account("CreateEventTracker", name="t2", datasetGroupArn=group)
    account.solution(group, "aws-sims")
    with pytest.raises(LimitExceededError, match="active solutions in a dataset group"):
        account.solution(group, "aws-similar-items")
    account.service.world.quotas["active-solutions"] = 2
    account.solution(group, "aws-similar-items")


def test_lists_have_pages_and_filters() -> None:
    account = Account(quotas={"dataset-groups": 50})
    for number in range(7):
        account.group(f"g{number}")
    seen, token = [], None
    while True:
        page = account("ListDatasetGroups", maxResults=3, **({"nextToken": token} if token else {}))
        seen += [each["name"] for each in page["datasetGroups"]]
        token = page.get("nextToken")
        if not token:
            break
        account("DeleteDatasetGroup", datasetGroupArn=page["datasetGroups"][0]["datasetGroupArn"])
    assert seen == [f"g{number}" for number in range(7)]
    first = account("ListDatasetGroups", maxResults=1)
    for operation, token in (("ListDatasetGroups", "bm9uc2Vuc2U="), ("ListSchemas", first["nextToken"])):
        with pytest.raises(InvalidNextTokenError):
            account(operation, nextToken=token)
    arns = [each["datasetGroupArn"] for each in account("ListDatasetGroups")["datasetGroups"]]
    account.dataset(arns[0], "Interactions", INTERACTIONS)
    assert len(account("ListDatasets", datasetGroupArn=arns[0])["datasets"]) == 1
    assert account("ListDatasets", datasetGroupArn=arns[1])["datasets"] == []


def test_tags() -> None:
    account = Account()
    arn = account.group(tags=[{"tagKey": "team", "tagValue": "a"}])
    account("TagResource", resourceArn=arn, tags=[{"tagKey": "team", "tagValue": "b"}, {"tagKey": "x", "tagValue": ""}])
    account("UntagResource", resourceArn=arn, tagKeys=["x", "never there"])
    assert account("ListTagsForResource", resourceArn=arn)["tags"] == [{"tagKey": "team", "tagValue": "b"}]
    many = [{"tagKey": f"k{number}", "tagValue": "v"} for number in range(50)]
    with pytest.raises(TooManyTagsError):
        account("TagResource", resourceArn=arn, tags=many)
    with pytest.raises(InvalidInputError, match="reserved"):
        account("TagResource", resourceArn=arn, tags=[{"tagKey": "aws:x", "tagValue": "v"}])
    with pytest.raises(InvalidInputError, match="can't have tags"):
        account("ListTagsForResource", resourceArn=account.schema("Interactions", INTERACTIONS))
    with pytest.raises(NotFoundError):
        account("ListTagsForResource", resourceArn=GROUP)


def test_recipes_are_listed_and_unknown_ones_refused() -> None:
    account = Account()
    first = account("ListRecipes")
    recipes = [*first["recipes"], *account("ListRecipes", nextToken=first["nextToken"])["recipes"]]
    assert len(recipes) == 22
    for recipe in recipes:
        shown = account("DescribeRecipe", recipeArn=recipe["recipeArn"])["recipe"]
        assert shown["status"] == "ACTIVE"
    assert {each["domain"] for each in account("ListRecipes", domain="ECOMMERCE")["recipes"]} == {"ECOMMERCE"}
    group = account.group()
    with pytest.raises(NotFoundError, match=r"recipe does not exist: .*/aws-nope\. The recipes for solutions are"):
        account.solution(group, "aws-nope")
    with pytest.raises(InvalidInputError, match="recommenders of the domain"):
        account.solution(group, "aws-vod-top-picks")
    config = {"algorithmHyperParameters": {"hidden_dimension": "9999"}}
    with pytest.raises(InvalidInputError, match="hidden_dimension"):
        account.solution(group, "aws-user-personalization", solutionConfig=config)


def test_a_solution_trains_by_itself_unless_told_otherwise() -> None:
    account = Account()
    arn = account.solution(account.group(), "aws-sims", performAutoTraining=None)
    assert account("DescribeSolution", solutionArn=arn)["solution"]["performAutoTraining"] is True


def test_a_campaign_refuses_what_cannot_be_served() -> None:
    account = Account()
    group = trained_group(account)
    version = account.version(account.solution(group, "aws-item-affinity"))
    assert account.status("SolutionVersion", version) == "ACTIVE"
    with pytest.raises(InvalidInputError, match="can't serve aws-item-affinity: use a batch segment job"):
        account.campaign(version)
