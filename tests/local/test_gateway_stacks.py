"""CloudFormation's stacks with Personalize's types, over the same handlers as Cloud Control's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError

from local.account import LocalAccount
from tests.local.support import SCHEMA, allow, make_data_bucket, make_service_role, trust, unique, user_with

Resources = dict[str, Any]
_OFTEN: Any = {"Delay": 0.2, "MaxAttempts": 150}


class StackFailed(Exception):
    """A stack did not come to the end that was waited for: why, resource by resource."""


class Stack:
    """One stack, and what became of it."""

    def __init__(self, session: boto3.Session) -> None:
        self.name = unique("stack")
        self.cloudformation = session.client("cloudformation")
        self.personalize = session.client("personalize")

    def create(self, resources: Resources, outputs: Mapping[str, Any] | None = None, **more: Any) -> None:
        body = json.dumps({"Resources": resources, "Outputs": outputs or {}} | more.pop("template", {}))
        self.cloudformation.create_stack(StackName=self.name, TemplateBody=body, **more)
        self._wait("stack_create_complete")

    def update(self, resources: Resources, **more: Any) -> None:
        self.cloudformation.update_stack(StackName=self.name, TemplateBody=json.dumps({"Resources": resources}), **more)
        self._wait("stack_update_complete")

    def delete(self) -> None:
        self.cloudformation.delete_stack(StackName=self.name)
        self._wait("stack_delete_complete")

    def outputs(self) -> dict[str, str]:
        (stack,) = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def arn(self, resource: str) -> str:
        """Return what the stack made for a resource of its template."""
        found = self.cloudformation.describe_stack_resource(StackName=self.name, LogicalResourceId=resource)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def reasons(self) -> list[str]:
        """Return why resources failed."""
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return [each.get("ResourceStatusReason", "") for each in events if each["ResourceStatus"].endswith("FAILED")]

    def _wait(self, what: Any) -> None:
        try:
            self.cloudformation.get_waiter(what).wait(StackName=self.name, WaiterConfig=_OFTEN)
        except WaiterError as error:
            raise StackFailed(self.reasons()) from error


@pytest.fixture(scope="module")
def session(account: LocalAccount) -> boto3.Session:
    return account.session()


@pytest.fixture
def stack(session: boto3.Session) -> Iterator[Stack]:
    made = Stack(session)
    yield made
    made.delete()


def foundation(name: str) -> Resources:
    """Return a schema, a group, a dataset, a solution and a tracker."""
    arn = {"Fn::GetAtt": ["Group", "DatasetGroupArn"]}
    return {
        "Group": {"Type": "AWS::Personalize::DatasetGroup", "Properties": {"Name": name}},
        "Schema": {"Type": "AWS::Personalize::Schema", "Properties": {"Name": name, "Schema": json.dumps(SCHEMA)}},
        "Data": {
            "Type": "AWS::Personalize::Dataset",
            "Properties": {
                "Name": name,
                "DatasetGroupArn": {"Ref": "Group"},
                "DatasetType": "Interactions",
                "SchemaArn": {"Fn::GetAtt": ["Schema", "SchemaArn"]},
            },
        },
        "Tracker": {
            "Type": "AWS::Personalize::EventTracker",
            "DependsOn": "Data",
            "Properties": {"Name": name, "DatasetGroupArn": arn},
        },
        "Solution": {
            "Type": "AWS::Personalize::Solution",
            "Properties": {
                "Name": name,
                "DatasetGroupArn": arn,
                "RecipeArn": "arn:aws:personalize:::recipe/aws-similar-items",
                "PerformHPO": "false",
            },
        },
    }


def test_a_stack_is_made_and_deleted(stack: Stack) -> None:
    outputs = {
        "Ref": {"Value": {"Ref": "Group"}},
        "Tracking": {"Value": {"Fn::GetAtt": ["Tracker", "TrackingId"]}},
        "Solution": {"Value": {"Fn::Sub": "${Solution.SolutionArn}"}},
    }
    stack.create(foundation(stack.name), outputs, Tags=[{"Key": "team", "Value": "shop"}])
    found, personalize = stack.outputs(), stack.personalize
    group = personalize.describe_dataset_group(datasetGroupArn=found["Ref"])["datasetGroup"]
    assert (group["name"], group["status"]) == (stack.name, "ACTIVE")
    tracker = personalize.describe_event_tracker(eventTrackerArn=stack.arn("Tracker"))["eventTracker"]
    assert found["Tracking"] == tracker["trackingId"]
    solution = personalize.describe_solution(solutionArn=found["Solution"])["solution"]
    assert solution["performHPO"] is False
    tags = personalize.list_tags_for_resource(resourceArn=found["Ref"])["tags"]
    assert tags == [{"tagKey": "team", "tagValue": "shop"}]
    stack.delete()
    for kind in ("dataset_groups", "schemas", "datasets", "event_trackers", "solutions"):
        assert stack.name not in _all(stack, kind)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        personalize.describe_dataset_group(datasetGroupArn=found["Ref"])


def _all(stack: Stack, kind: str) -> list[str]:
    """Return the names of what there is of a kind."""
    operation: Any = f"list_{kind}"
    pages = stack.personalize.get_paginator(operation).paginate()
    return [str(each["name"]) for page in pages for value in page.values() if isinstance(value, list) for each in value]


def test_text_is_taken_for_what_the_schema_asks(stack: Stack) -> None:
    resources = foundation(stack.name)
    resources["Solution"]["Properties"]["PerformHPO"] = {"Ref": "Hpo"}
    parameter = {"Parameters": {"Hpo": {"Type": "String"}}}
    stack.create(resources, template=parameter, Parameters=[{"ParameterKey": "Hpo", "ParameterValue": "true"}])
    solution = stack.personalize.describe_solution(solutionArn=stack.arn("Solution"))["solution"]
    assert solution["performHPO"] is True


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda r: r["Solution"]["Properties"].update(RecipeArn="arn:aws:personalize:::recipe/none"), "NotFound"),
        (lambda r: r["Solution"]["Properties"].pop("Name"), "'Name' is a required property"),
        (lambda r: r["Solution"]["Properties"].update(Colour="red"), "Colour"),
        (lambda r: r["Solution"]["Properties"].update(PerformHPO="perhaps"), "PerformHPO"),
        (lambda r: r["Schema"]["Properties"].update(Schema="{}"), "HandlerErrorCode: InvalidRequest"),
    ],
)
def test_a_stack_that_fails_leaves_nothing(stack: Stack, spoil: Callable[[Resources], None], why: str) -> None:
    resources = foundation(stack.name)
    spoil(resources)
    with pytest.raises(StackFailed):
        stack.create(resources)
    assert any(why in reason for reason in stack.reasons())
    (found,) = stack.cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
    assert found["StackStatus"] == "ROLLBACK_COMPLETE"
    for kind in ("dataset_groups", "schemas", "solutions"):
        assert stack.name not in _all(stack, kind)


def test_what_fails_only_once_it_was_made_is_deleted_too(account: LocalAccount, stack: Stack) -> None:
    account.control.fail_next("DatasetGroup", "No capacity.", matching=f"{stack.name}*")
    with pytest.raises(StackFailed):
        stack.create(foundation(stack.name))
    assert any('"No capacity."' in reason and "NotStabilized" in reason for reason in stack.reasons())
    assert stack.name not in _all(stack, "dataset_groups")


def test_a_dataset_imports_the_data_it_names(session: boto3.Session, stack: Stack) -> None:
    bucket = make_data_bucket(session, "s3:GetObject", "s3:ListBucket")
    rows = "".join(f"u{number % 40},i{number % 25},{1_700_000_000 + number}\n" for number in range(1_000))
    session.client("s3").put_object(Bucket=bucket, Key="a.csv", Body=f"USER_ID,ITEM_ID,TIMESTAMP\n{rows}".encode())
    on = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    resources = foundation(stack.name)
    resources["Data"]["Properties"]["DatasetImportJob"] = {
        "JobName": stack.name,
        "DataSource": {"DataLocation": f"s3://{bucket}/a.csv"},
        "RoleArn": make_service_role(session, allow("s3:GetObject", "s3:ListBucket", on=on)),
    }
    stack.create(resources)
    (job,) = stack.personalize.list_dataset_import_jobs(datasetArn=stack.arn("Data"))["datasetImportJobs"]
    assert (job["jobName"], job["status"]) == (stack.name, "ACTIVE")


class TestUpdates:
    """What an update changes in place, replaces, or refuses."""

    def test_tags_change_in_place(self, stack: Stack) -> None:
        resources = foundation(stack.name)
        resources["Tracker"]["Properties"]["Tags"] = [{"Key": "a", "Value": "1"}]
        stack.create(resources)
        before = stack.arn("Tracker")
        resources["Tracker"]["Properties"]["Tags"] = [{"Key": "b", "Value": "2"}]
        stack.update(resources)
        assert stack.arn("Tracker") == before
        tags = stack.personalize.list_tags_for_resource(resourceArn=before)["tags"]
        assert tags == [{"tagKey": "b", "tagValue": "2"}]

    def test_a_new_name_replaces(self, stack: Stack) -> None:
        resources = foundation(stack.name)
        stack.create(resources)
        before = stack.arn("Solution")
        resources["Solution"]["Properties"]["Name"] = f"{stack.name}-2"
        stack.update(resources)
        assert stack.arn("Solution") == f"{before}-2"
        assert stack.name not in _all(stack, "solutions")

    def test_the_same_name_cannot_be_made_twice(self, stack: Stack) -> None:
        resources = foundation(stack.name)
        stack.create(resources)
        resources["Solution"]["Properties"]["RecipeArn"] = "arn:aws:personalize:::recipe/aws-user-personalization"
        with pytest.raises(StackFailed):
            stack.update(resources)
        assert any("HandlerErrorCode: AlreadyExists" in reason for reason in stack.reasons())
        solution = stack.personalize.describe_solution(solutionArn=stack.arn("Solution"))["solution"]
        assert solution["recipeArn"].endswith("/aws-similar-items")

    def test_a_dataset_with_another_schema_is_made_anew(self, stack: Stack) -> None:
        resources = foundation(stack.name)
        stack.create(resources)
        arn = stack.arn("Data")
        wider = {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "EVENT_TYPE", "type": "string"}]}
        resources["Wider"] = {
            "Type": "AWS::Personalize::Schema",
            "Properties": {"Name": f"{stack.name}-2", "Schema": json.dumps(wider)},
        }
        resources["Data"]["Properties"]["SchemaArn"] = {"Ref": "Wider"}
        del resources["Tracker"]
        stack.update(resources)
        dataset = stack.personalize.describe_dataset(datasetArn=arn)["dataset"]
        assert dataset["schemaArn"].endswith(f"{stack.name}-2")

    def test_a_refused_replacement_brings_the_dataset_back(self, stack: Stack) -> None:
        resources = foundation(stack.name)
        stack.create(resources)
        resources["Data"]["Properties"]["SchemaArn"] = stack.arn("Schema") + "-none"
        with pytest.raises(StackFailed):
            stack.update(resources)
        dataset = stack.personalize.describe_dataset(datasetArn=stack.arn("Data"))["dataset"]
        assert dataset["schemaArn"] == stack.arn("Schema")

    def test_what_leaves_the_template_is_deleted(self, stack: Stack) -> None:
        resources = foundation(stack.name)
        stack.create(resources)
        del resources["Solution"]
        stack.update(resources)
        assert stack.name not in _all(stack, "solutions")


def test_a_stack_makes_what_its_caller_may(guarded: LocalAccount) -> None:
    group = {"Group": {"Type": "AWS::Personalize::DatasetGroup", "Properties": {"Name": unique("group")}}}
    stack = Stack(user_with(guarded, allow("cloudformation:*")))
    with pytest.raises(StackFailed):
        stack.create(group)
    assert any("personalize:CreateDatasetGroup" in reason for reason in stack.reasons())
    stack = Stack(user_with(guarded, allow("cloudformation:*", "personalize:*")))
    stack.create(group)
    assert stack.arn("Group").endswith(group["Group"]["Properties"]["Name"])  # type: ignore[index]


_OVER_HTTPS = """
import json
from http.client import HTTPSConnection
from urllib.parse import urlsplit

def handler(event, context):
    answer = {"Status": "SUCCESS", "PhysicalResourceId": "it", "Data": {"Said": event["ResourceProperties"]["Word"]}}
    answer |= {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    url = urlsplit(event["ResponseURL"])
    connection = HTTPSConnection(url.netloc)
    connection.request("PUT", f"{url.path}?{url.query}", json.dumps(answer))
    connection.getresponse()
"""
_MODULE = """
import cfnresponse
def handler(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Said": event["ResourceProperties"]["Word"]}, "it")
"""
_NODE_MODULE = """
const response = require("cfn-response");
exports.handler = (event, context) => {
  response.send(event, context, response.SUCCESS, {Said: event.ResourceProperties.Word}, "it");
};
"""


@pytest.mark.parametrize(
    ("runtime", "code"),
    [
        ("python3.13", _MODULE),
        ("python3.13", _OVER_HTTPS),
        pytest.param(
            "nodejs20.x",
            _NODE_MODULE,
            marks=pytest.mark.skipif(not shutil.which("node"), reason="there is no Node.js here"),
        ),
    ],
    ids=["the module", "HTTPS whatever the address", "the module of Node.js"],
)
def test_a_custom_resource_answers(session: boto3.Session, stack: Stack, runtime: str, code: str) -> None:
    role = make_service_role(session, trusts=trust("lambda.amazonaws.com"))
    properties = {"Handler": "index.handler", "Runtime": runtime, "Code": {"ZipFile": code}, "Role": role}
    resources = {
        "Function": {"Type": "AWS::Lambda::Function", "Properties": properties},
        "Custom": {
            "Type": "Custom::Word",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "Word": "yes"},
        },
    }
    stack.create(resources, {"Said": {"Value": {"Fn::GetAtt": ["Custom", "Said"]}}})
    assert stack.outputs() == {"Said": "yes"}
    assert stack.arn("Custom") == "it"
