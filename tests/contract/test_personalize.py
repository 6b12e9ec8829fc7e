"""Personalize: the adapter onto boto3 and the local service behind the same port behave the same."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ParamValidationError

from functions import errors
from functions.adapters.personalize import AmazonPersonalize
from local.personalize import Personalize
from tests.contract.account import Account, client
from tests.support.build import GROUP, arn
from tests.support.memory import LocalService


@pytest.fixture
def amazon() -> AmazonPersonalize:
    return AmazonPersonalize(lambda: client("personalize"))


def local() -> LocalService:
    return LocalService(Personalize(account="123456789012", region="eu-west-1"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceAlreadyExistsException", errors.AlreadyExists),
        ("ResourceNotFoundException", errors.NotFound),
        ("ResourceInUseException", errors.InUse),
        ("InvalidInputException", errors.InvalidInput),
        ("LimitExceededException", errors.LimitExceeded),
        ("ThrottlingException", errors.Throttled),
        ("AccessDeniedException", errors.ServiceError),
        ("InternalServerException", errors.ServiceError),
    ],
)
def test_a_refusal_is_an_error_of_ours(
    code: str, kind: type[errors.ServiceError], account: Account, amazon: AmazonPersonalize
) -> None:
    refusal = errors.ServiceError(code, "in Personalize's words", "")
    with account.hearing(DescribeCampaign=refusal, ListSolutions=refusal):
        with pytest.raises(errors.ServiceError) as called:
            amazon.call("DescribeCampaign", {"campaignArn": arn("campaign", "x")})
        with pytest.raises(errors.ServiceError) as listed:
            list(amazon.pages("ListSolutions", "solutions", {}))
    assert type(called.value) is type(listed.value) is kind
    assert str(called.value) == f"DescribeCampaign: {code}: in Personalize's words"
    assert str(listed.value) == f"ListSolutions: {code}: in Personalize's words"


def test_wrong_parameters_do_not_leave_the_house(account: Account, amazon: AmazonPersonalize) -> None:
    with account.hearing(), pytest.raises(ParamValidationError, match="campaignArn"):
        amazon.call("DescribeCampaign", {"campaign": "x"})
    assert account.personalize.calls == []


def test_all_pages_are_read(account: Account, amazon: AmazonPersonalize) -> None:
    def page(params: dict[str, Any]) -> dict[str, Any]:
        number = int(params.get("nextToken", 0))
        more = {"nextToken": str(number + 1)} if number < 2 else {}
        return {"solutions": [{"name": f"s{number}"}], **more}

    with account.hearing(ListSolutions=page):
        found = list(amazon.pages("ListSolutions", "solutions", {"datasetGroupArn": GROUP}))
    assert [each["name"] for each in found] == ["s0", "s1", "s2"]
    assert {params["datasetGroupArn"] for _, params in account.personalize.calls} == {GROUP}


def test_the_local_service_refuses_in_the_same_way() -> None:
    service = local()
    with pytest.raises(errors.NotFound, match="DescribeCampaign: ResourceNotFoundException"):
        service.call("DescribeCampaign", {"campaignArn": arn("campaign", "x")})
    service.call("CreateDatasetGroup", {"name": "acme-shop"})
    with pytest.raises(errors.AlreadyExists):
        service.call("CreateDatasetGroup", {"name": "acme-shop"})
    with pytest.raises(errors.InvalidInput):
        service.call("CreateDatasetGroup", {"name": "-"})


def test_all_pages_of_the_local_service_are_read() -> None:
    service = local()
    for number in range(5):
        service.call("CreateDatasetGroup", {"name": f"g{number}"})
    found = service.pages("ListDatasetGroups", "datasetGroups", {"maxResults": 2})
    assert sorted(each["name"] for each in found) == [f"g{number}" for number in range(5)]
