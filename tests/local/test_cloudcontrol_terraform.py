"""Terraform's own provider against the gateway: a failure, apply, a clean plan, a change in place, destroy."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.account import LocalAccount
from scripts.terraform import NO_CHANGES, Terraform, TerraformError
from tests.local.support import unique

FOLDER = Path(__file__).parent / "terraform"


@pytest.mark.timeout(180)
def test_terraform_applies_plans_clean_and_destroys(account: LocalAccount, tmp_path: Path) -> None:
    name = unique("tf")
    personalize = account.session().client("personalize")

    def terraform(team: str) -> Terraform:
        variables = {"name": name, "team": team}
        return Terraform(FOLDER, tmp_path, variables=variables, environment=account.env)

    terraform("a").init()
    taken = personalize.create_dataset_group(name=name)["datasetGroupArn"]
    with pytest.raises(TerraformError, match="AlreadyExists"):
        terraform("a").apply()
    personalize.delete_dataset_group(datasetGroupArn=taken)
    terraform("a").apply()
    outputs = terraform("a").outputs()
    group, tracker = outputs["group"], outputs["tracker"]
    assert isinstance(group, str)
    assert isinstance(tracker, dict)
    assert tracker["TrackingId"]
    code, text = terraform("a").plan()
    assert code == NO_CHANGES, text

    terraform("b").apply()
    arn = tracker["EventTrackerArn"]
    assert terraform("b").outputs()["group"] == group
    assert personalize.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "team", "tagValue": "b"}]

    terraform("b").destroy()
    assert group not in [found["datasetGroupArn"] for found in personalize.list_dataset_groups()["datasetGroups"]]
