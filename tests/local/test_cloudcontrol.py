"""Cloud Control as its users call it: asynchronous, strict about create-only properties, readable when it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.account import LocalAccount
from tests.local.support import (
    SCHEMA,
    allow,
    make_data_bucket,
    make_service_role,
    set_policy,
    unique,
    user_with,
    wait,
)

GROUP, TRACKER = "AWS::Personalize::DatasetGroup", "AWS::Personalize::EventTracker"
DATASET, TYPE_OF_SCHEMA = "AWS::Personalize::Dataset", "AWS::Personalize::Schema"
ATTRIBUTION = "AWS::Personalize::MetricAttribution"
ENDED = {"SUCCESS", "FAILED", "CANCEL_COMPLETE"}


class Control:
    """A client that can wait for the end of a request."""

    def __init__(self, session: Any) -> None:
        self.client = session.client("cloudcontrol")

    def create(self, kind: str, **desired: Any) -> dict[str, Any]:
        return self.ended(self.client.create_resource(TypeName=kind, DesiredState=json.dumps(desired)))

    def update(self, kind: str, arn: str, *patch: dict[str, Any]) -> dict[str, Any]:
        document = json.dumps(patch)
        return self.ended(self.client.update_resource(TypeName=kind, Identifier=arn, PatchDocument=document))

    def delete(self, kind: str, arn: str) -> dict[str, Any]:
        return self.ended(self.client.delete_resource(TypeName=kind, Identifier=arn))

    def read(self, kind: str, arn: str) -> dict[str, Any]:
        found = self.client.get_resource(TypeName=kind, Identifier=arn)["ResourceDescription"]
        properties: dict[str, Any] = json.loads(found["Properties"])
        return properties

    def ended(self, answer: dict[str, Any]) -> dict[str, Any]:
        token = answer["ProgressEvent"]["RequestToken"]

        def look() -> dict[str, Any] | None:
            event = self.client.get_resource_request_status(RequestToken=token)["ProgressEvent"]
            return event if event["OperationStatus"] in ENDED else None

        return wait(look)


@pytest.fixture
def control(account: LocalAccount) -> Control:
    return Control(account.session())


@pytest.fixture
def group(control: Control) -> Iterator[str]:
    """Make a dataset group."""
    arn = control.create(GROUP, Name=unique("group"))["Identifier"]
    yield arn
    control.client.delete_resource(TypeName=GROUP, Identifier=arn)


def code_of(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return str(raised.value.response["Error"]["Code"])


def test_a_resource_from_creation_to_deletion(control: Control) -> None:
    name = unique("group")
    answer = control.client.create_resource(TypeName=GROUP, DesiredState=json.dumps({"Name": name}))
    first = answer["ProgressEvent"]
    assert (first["Operation"], first["OperationStatus"], first["TypeName"]) == ("CREATE", "IN_PROGRESS", GROUP)
    event = control.ended(answer)
    arn = event["Identifier"]
    assert event["OperationStatus"] == "SUCCESS"
    assert control.read(GROUP, arn) == {"Name": name, "DatasetGroupArn": arn}
    listed = control.client.get_paginator("list_resources").paginate(TypeName=GROUP)
    assert arn in [found["Identifier"] for page in listed for found in page["ResourceDescriptions"]]
    assert control.delete(GROUP, arn)["OperationStatus"] == "SUCCESS"
    with pytest.raises(ClientError) as raised:
        control.read(GROUP, arn)
    assert code_of(raised) == "ResourceNotFoundException"


def test_the_api_and_cloud_control_see_the_same(control: Control, account: LocalAccount, group: str) -> None:
    schema = control.create(TYPE_OF_SCHEMA, Name=unique("schema"), Schema=json.dumps(SCHEMA))["Identifier"]
    assert json.loads(control.read(TYPE_OF_SCHEMA, schema)["Schema"]) == SCHEMA
    name = unique("dataset")
    desired = {"Name": name, "DatasetGroupArn": group, "DatasetType": "Interactions", "SchemaArn": schema}
    dataset = control.create(DATASET, **desired)["Identifier"]
    assert control.read(DATASET, dataset) == {**desired, "DatasetArn": dataset}
    personalize = account.session().client("personalize")
    assert personalize.describe_dataset(datasetArn=dataset)["dataset"]["name"] == name

    assert control.delete(TYPE_OF_SCHEMA, schema)["ErrorCode"] == "ResourceConflict"
    assert control.delete(DATASET, dataset)["OperationStatus"] == "SUCCESS"
    assert control.delete(TYPE_OF_SCHEMA, schema)["OperationStatus"] == "SUCCESS"


def test_tags_change_in_place_and_names_do_not(control: Control, group: str) -> None:
    name = unique("tracker")
    tags = [{"Key": "team", "Value": "a"}, {"Key": "gone", "Value": "x"}]
    arn = control.create(TRACKER, Name=name, DatasetGroupArn=group, Tags=tags)["Identifier"]
    assert control.read(TRACKER, arn)["TrackingId"]
    read = control.read(TRACKER, arn)["Tags"]
    place = next(index for index, tag in enumerate(read) if tag["Key"] == "team")
    event = control.update(
        TRACKER,
        arn,
        {"op": "replace", "path": f"/Tags/{place}/Value", "value": "b"},
        {"op": "remove", "path": f"/Tags/{1 - place}"},
    )
    assert event["OperationStatus"] == "SUCCESS"
    assert control.read(TRACKER, arn)["Tags"] == [{"Key": "team", "Value": "b"}]

    for path, kind in (("/Name", "createOnly"), ("/TrackingId", "readOnly")):
        with pytest.raises(ClientError, match=rf"{kind}Properties \[/properties{path}\]") as raised:
            control.update(TRACKER, arn, {"op": "replace", "path": path, "value": "other"})
        assert code_of(raised) == "ValidationException"
    control.delete(TRACKER, arn)


def test_a_dataset_brings_its_first_data(control: Control, account: LocalAccount, group: str) -> None:
    session, name = account.session(), unique("items")
    fields = [{"name": "ITEM_ID", "type": "string"}, {"name": "PRICE", "type": "float"}]
    document = json.dumps({**SCHEMA, "name": "Items", "fields": fields})
    schema = control.create(TYPE_OF_SCHEMA, Name=name, Schema=document)["Identifier"]
    bucket = make_data_bucket(session, "s3:GetObject", "s3:ListBucket")
    session.client("s3").put_object(Bucket=bucket, Key="items.csv", Body=b"ITEM_ID,PRICE\na,1\n")
    role = make_service_role(session, allow("s3:GetObject", "s3:ListBucket"))
    job = {"JobName": name, "RoleArn": role, "DataSource": {"DataLocation": f"s3://{bucket}/items.csv"}}
    desired = {"Name": name, "DatasetGroupArn": group, "DatasetType": "Items", "SchemaArn": schema}
    event = control.create(DATASET, **desired, DatasetImportJob=job)
    assert event["OperationStatus"] == "SUCCESS", event
    dataset = event["Identifier"]
    (done,) = session.client("personalize").list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"]
    assert (done["jobName"], done["status"]) == (name, "ACTIVE")

    set_policy(session, role.rpartition("/")[2], allow("s3:ListBucket"))
    event = control.update(
        DATASET, dataset, {"op": "add", "path": "/DatasetImportJob", "value": {**job, "JobName": f"{name}-2"}}
    )
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "InvalidRequest")
    assert "s3:GetObject on " in event["StatusMessage"]
    control.delete(DATASET, dataset)
    control.delete(TYPE_OF_SCHEMA, schema)


def test_a_metric_attribution_from_creation_to_deletion(control: Control, account: LocalAccount, group: str) -> None:
    name = unique("impact")
    fields = [*SCHEMA["fields"], {"name": "EVENT_TYPE", "type": "string"}]
    schema = control.create(TYPE_OF_SCHEMA, Name=name, Schema=json.dumps({**SCHEMA, "fields": fields}))["Identifier"]
    wanted = {"Name": name, "DatasetGroupArn": group, "DatasetType": "Interactions", "SchemaArn": schema}
    dataset = control.create(DATASET, **wanted)["Identifier"]
    role = make_service_role(account.session())
    metrics = [{"EventType": "CLICK", "MetricName": "CLICKS", "Expression": "SAMPLECOUNT()"}]
    desired = {"Name": name, "DatasetGroupArn": group, "Metrics": metrics, "MetricsOutputConfig": {"RoleArn": role}}
    bad = [{**metrics[0], "Expression": "AVG(Items.PRICE)"}]
    event = control.create(ATTRIBUTION, **{**desired, "Metrics": bad})
    assert event["ErrorCode"] == "InvalidRequest"
    assert "SAMPLECOUNT()" in event["StatusMessage"]
    arn = control.create(ATTRIBUTION, **desired)["Identifier"]
    assert control.read(ATTRIBUTION, arn) == {**desired, "MetricAttributionArn": arn, "Status": "ACTIVE"}

    output = {"Path": "s3://bucket/metrics/"}
    patch = {"op": "add", "path": "/MetricsOutputConfig/S3DataDestination", "value": output}
    assert control.update(ATTRIBUTION, arn, patch)["OperationStatus"] == "SUCCESS"
    assert control.read(ATTRIBUTION, arn)["MetricsOutputConfig"] == {"RoleArn": role, "S3DataDestination": output}
    with pytest.raises(ClientError, match=r"createOnlyProperties \[/properties/Metrics\]"):
        control.update(ATTRIBUTION, arn, {"op": "replace", "path": "/Metrics/0/MetricName", "value": "OTHER"})

    assert control.delete(DATASET, dataset)["ErrorCode"] == "ResourceConflict"
    for kind, identifier in ((ATTRIBUTION, arn), (DATASET, dataset), (TYPE_OF_SCHEMA, schema)):
        assert control.delete(kind, identifier)["OperationStatus"] == "SUCCESS"


def test_failures_say_why(control: Control, group: str) -> None:
    name = group.rpartition("/")[2]
    event = control.create(GROUP, Name=name)
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "AlreadyExists")
    assert event["StatusMessage"]
    nowhere = group.replace(name, "nowhere")
    assert control.create(TRACKER, Name=unique("t"), DatasetGroupArn=nowhere)["ErrorCode"] == "NotFound"
    assert control.delete(GROUP, nowhere)["ErrorCode"] == "NotFound"
    assert control.create(TYPE_OF_SCHEMA, Name=unique("s"), Schema="{}")["ErrorCode"] == "InvalidRequest"


@pytest.mark.parametrize(
    ("kind", "desired", "code"),
    [
        (GROUP, {}, "ValidationException"),
        (GROUP, {"Name": "a", "Colour": "red"}, "ValidationException"),
        (GROUP, {"Name": "a", "DatasetGroupArn": "arn"}, "ValidationException"),
        ("AWS::Personalize::Recommender", {"Name": "a"}, "TypeNotFoundException"),
    ],
)
def test_what_the_type_does_not_allow_is_refused_at_once(
    control: Control, kind: str, desired: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as raised:
        control.create(kind, **desired)
    assert code_of(raised) == code


def test_a_type_without_updates_refuses_them(control: Control, group: str) -> None:
    with pytest.raises(ClientError) as raised:
        control.update(GROUP, group, {"op": "add", "path": "/Domain", "value": "ECOMMERCE"})
    assert code_of(raised) == "UnsupportedActionException"


def test_a_client_token_makes_one_request(control: Control) -> None:
    token, desired = unique("token"), json.dumps({"Name": unique("group")})
    events = [
        control.client.create_resource(TypeName=GROUP, DesiredState=desired, ClientToken=token)["ProgressEvent"]
        for _ in range(2)
    ]
    assert events[0]["RequestToken"] == events[1]["RequestToken"]


def test_other_types_are_ministacks(control: Control, account: LocalAccount) -> None:
    with pytest.raises(ClientError) as raised:
        control.client.get_resource(TypeName="AWS::Logs::LogGroup", Identifier="none")
    assert code_of(raised) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as raised:
        control.client.get_resource_request_status(RequestToken="none")
    assert code_of(raised) == "RequestTokenNotFoundException"


def test_describe_type_gives_the_schema(account: LocalAccount) -> None:
    cloudformation = account.session().client("cloudformation")
    described = cloudformation.describe_type(Type="RESOURCE", TypeName=TRACKER)
    assert json.loads(described["Schema"])["typeName"] == TRACKER
    assert described["ProvisioningType"] == "FULLY_MUTABLE"
    assert cloudformation.describe_type(Type="RESOURCE", TypeName=GROUP)["ProvisioningType"] == "IMMUTABLE"
    with pytest.raises(cloudformation.exceptions.TypeNotFoundException):
        cloudformation.describe_type(Type="RESOURCE", TypeName="AWS::Personalize::Recommender")


def test_cloud_control_acts_with_the_callers_permissions(guarded: LocalAccount) -> None:
    with pytest.raises(ClientError, match="cloudformation:CreateResource") as raised:
        Control(user_with(guarded, allow("s3:ListBucket"))).create(GROUP, Name=unique("group"))
    assert code_of(raised) == "AccessDeniedException"

    cloud_control = allow("cloudformation:CreateResource", "cloudformation:GetResourceRequestStatus")
    event = Control(user_with(guarded, cloud_control)).create(GROUP, Name=unique("group"))
    assert event["ErrorCode"] == "AccessDenied"
    assert "personalize:CreateDatasetGroup" in event["StatusMessage"]

    handler = allow("personalize:CreateDatasetGroup", "personalize:DescribeDatasetGroup")
    event = Control(user_with(guarded, cloud_control, handler)).create(GROUP, Name=unique("group"))
    assert event["OperationStatus"] == "SUCCESS"
