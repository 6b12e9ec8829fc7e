"""Which IAM actions on which resources a Personalize operation needs.

By the service authorization reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonpersonalize.html
A creation is checked against the ARN that it will make, a list or what comes with a tracking ID against "*", and some
are checked against what they name besides: their parents. A request with tags needs personalize:TagResource as well,
and one that names a role needs iam:PassRole on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.gateway.ministack import Caller
from local.gateway.protocol import Route

Params = Mapping[str, Any]

PRINCIPAL = "personalize.amazonaws.com"

# What is created → the resource type in its ARN, and the parameter that names it.
_CREATED_BY_NAME: Mapping[str, tuple[str, str]] = {
    "CreateBatchInferenceJob": ("batch-inference-job", "jobName"),
    "CreateBatchSegmentJob": ("batch-segment-job", "jobName"),
    "CreateCampaign": ("campaign", "name"),
    "CreateDataDeletionJob": ("data-deletion-job", "jobName"),
    "CreateDatasetExportJob": ("dataset-export-job", "jobName"),
    "CreateDatasetGroup": ("dataset-group", "name"),
    "CreateDatasetImportJob": ("dataset-import-job", "jobName"),
    "CreateFilter": ("filter", "name"),
    "CreateMetricAttribution": ("metric-attribution", "name"),
    "CreateRecommender": ("recommender", "name"),
    "CreateSchema": ("schema", "name"),
    "CreateSolution": ("solution", "name"),
}

# Operations on what there is → the parameters that may hold its ARN, where it is not the operation's noun.
_NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "CreateSolutionVersion": ("solutionArn",),
    "GetActionRecommendations": ("campaignArn",),
    "GetPersonalizedRanking": ("campaignArn",),
    "GetRecommendations": ("campaignArn", "recommenderArn"),
    "GetSolutionMetrics": ("solutionVersionArn",),
    "ListTagsForResource": ("resourceArn",),
    "PutActions": ("datasetArn",),
    "PutItems": ("datasetArn",),
    "PutUsers": ("datasetArn",),
    "StopSolutionVersionCreation": ("solutionVersionArn",),
    "TagResource": ("resourceArn",),
    "UntagResource": ("resourceArn",),
}

# What a request names besides, and is checked on too → the parameters that hold the ARNs.
_DOCUMENTED_PARENTS: Mapping[str, tuple[str, ...]] = {
    "CreateBatchInferenceJob": ("solutionVersionArn",),
    "CreateCampaign": ("solutionVersionArn",),
    "CreateDataDeletionJob": ("datasetGroupArn",),
    "CreateDataset": ("datasetGroupArn",),
    "CreateDatasetExportJob": ("datasetArn",),
    "CreateDatasetImportJob": ("datasetArn",),
    "CreateEventTracker": ("datasetGroupArn",),
    "CreateFilter": ("datasetGroupArn",),
    "CreateMetricAttribution": ("datasetGroupArn",),
    "CreateRecommender": ("datasetGroupArn",),
    "CreateSolution": ("datasetGroupArn",),
}

# The reference is silent on these, but AWS's own automation of Personalize lets its roles do it on them, too (it has no
# UpdateDataset: that is by analogy). Strict here, so that who passes here is not refused there.
# https://github.com/aws-solutions/maintaining-personalized-experiences-with-machine-learning
_LIKELY_PARENTS: Mapping[str, tuple[str, ...]] = {
    "CreateBatchSegmentJob": ("solutionVersionArn",),
    "CreateDataset": ("schemaArn",),
    "CreateRecommender": ("recipeArn",),
    "CreateSolution": ("recipeArn",),
    "UpdateCampaign": ("solutionVersionArn",),
    "UpdateDataset": ("schemaArn",),
}

_VERBS = ("Delete", "Describe", "Start", "Stop", "Update")


@dataclass(frozen=True)
class Check:
    """One question to IAM."""

    action: str
    resource: str
    context: Mapping[str, str | list[str]] = field(default_factory=dict)


def checks(caller: Caller, route: Route, params: Params) -> Iterator[Check]:
    """Say what the caller must be allowed, so that it may call the operation."""
    resource = _resource(caller, route.operation, params)
    tags = {tag["tagKey"]: tag["tagValue"] for tag in params.get("tags") or [] if len(tag) == 2}
    context: dict[str, str | list[str]] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    if tags:
        context["aws:TagKeys"] = list(tags)
    for each in (resource, *_parents(route.operation, params)):
        yield Check(f"personalize:{route.operation}", each, context)
    if tags and route.operation != "TagResource":
        yield Check("personalize:TagResource", resource, context)
    for role in _roles(params):
        yield Check("iam:PassRole", role, {"iam:PassedToService": PRINCIPAL})


def _resource(caller: Caller, operation: str, params: Params) -> str:
    prefix = f"arn:aws:personalize:{caller.region}:{caller.account}"
    if operation in _CREATED_BY_NAME:
        kind, name = _CREATED_BY_NAME[operation]
        return f"{prefix}:{kind}/{params.get(name, '')}"
    if operation == "CreateDataset":
        group = str(params.get("datasetGroupArn", "")).rpartition("/")[2]
        return f"{prefix}:dataset/{group}/{str(params.get('datasetType', '')).upper()}"
    if operation == "CreateEventTracker":
        return f"{prefix}:event-tracker/*"  # its id is not known before it is there
    for member in _NAMED_BY.get(operation, (_noun_arn(operation),)):
        if params.get(member):
            return str(params[member])
    return "*"


def _parents(operation: str, params: Params) -> Iterator[str]:
    for member in (*_DOCUMENTED_PARENTS.get(operation, ()), *_LIKELY_PARENTS.get(operation, ())):
        if params.get(member):
            yield str(params[member])


def _noun_arn(operation: str) -> str:
    for verb in _VERBS:
        if operation.startswith(verb):
            noun = operation.removeprefix(verb)
            return f"{noun[:1].lower()}{noun[1:]}Arn"
    return ""


def _roles(params: Params) -> Iterator[str]:
    for key, value in params.items():
        if key == "roleArn" and isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _roles(value)
