"""300 pipelines: every document and name of the plan is within AWS's limits. `make bench-plan` measures its time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from local.account import LocalAccount
from scripts.bench_plan.__main__ import configuration, exponent, measure
from scripts.terraform import CHANGES
from tests.infrastructure.support import BUILD

PIPELINES = 300

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Document:
    """Something that AWS limits: where it is, what it is, its size and the most that AWS takes."""

    address: str
    what: str
    size: int
    most: int


# Attributes that are names → their longest. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html and their neighbours.
NAMES: Mapping[str, tuple[str, int]] = {
    "aws_cloudwatch_event_rule": ("name", 64),
    "aws_cloudwatch_event_target": ("rule", 64),
    "aws_cloudwatch_log_group": ("name", 512),
    "aws_cloudwatch_metric_alarm": ("alarm_name", 255),
    "aws_dynamodb_table": ("name", 255),
    "aws_iam_role": ("name", 64),
    "aws_iam_role_policy": ("name", 128),
    "aws_lambda_function": ("function_name", 64),
    "aws_s3_bucket": ("bucket", 63),
    "aws_scheduler_schedule": ("name", 64),
    "aws_scheduler_schedule_group": ("name", 64),
    "aws_sqs_queue": ("name", 80),
}

# What may be unknown at plan: it holds ids that Personalize gives. terraform/tests/resources.tftest.hcl gives them, and
# measures it. Everything else must be seen.
UNKNOWN = {("aws_dynamodb_table_item", "item")}


def compact(text: str) -> int:
    """Return the characters of a policy as IAM counts them: without white space."""
    return len(json.dumps(json.loads(text), separators=(",", ":")))


def documents(resource: Resource) -> Iterator[Document]:
    """Say what of a planned resource has a limit."""
    kind, address, values = resource["type"], resource["address"], resource["values"]

    def known(attribute: str) -> str:
        value = values.get(attribute)
        if value is None and (kind, attribute) not in UNKNOWN:
            raise AssertionError(f"{address}: its {attribute} is not known at plan, so nobody can measure it.")
        return value or ""

    if kind in NAMES:
        attribute, most = NAMES[kind]
        yield Document(address, attribute, len(known(attribute)), most)
    if kind == "aws_iam_role_policy":
        yield Document(address, "inline policies", compact(known("policy")), 10240)
    if kind == "aws_iam_role":
        yield Document(address, "trust policy", compact(known("assume_role_policy")), 2048)
        yield Document(address, "inline policies", 0, 10240)
    if kind == "aws_sqs_queue":
        yield Document(address, "policy", len(known("policy").encode()), 8192)
    if kind == "aws_s3_bucket_policy":
        yield Document(address, "policy", len(known("policy").encode()), 20 * 1024)
    if kind == "aws_cloudwatch_event_rule":
        yield Document(address, "pattern", len(known("event_pattern")), 2048)
    if kind == "aws_cloudwatch_event_target":
        yield Document(address, "template", len(values["input_transformer"][0]["input_template"]), 8192)
    if kind == "aws_scheduler_schedule":
        yield Document(address, "input", len(values["target"][0]["input"].encode()), 256 * 1024)
    if kind == "aws_lambda_function":
        variables = (values.get("environment") or [{}])[0].get("variables", {})
        yield Document(address, "environment", len(json.dumps(variables).encode()), 4096)
    if kind == "aws_lambda_invocation":
        yield Document(address, "payload", len((values.get("input") or "").encode()), 6 * 1024 * 1024)
        for path, name in personalize_names(json.loads(values.get("input") or "{}")):
            yield Document(address, path, len(name), 63)
    if kind == "aws_dynamodb_table_item":
        yield Document(address, "item", len(known("item").encode()), 400 * 1000)


def personalize_names(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Find the names that glue gives to things in Personalize: 63 characters at most."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key == "name" and isinstance(each, str) and path.endswith(("request", "schema")):
                yield f"{path}.name", each
            else:
                yield from personalize_names(each, f"{path}.{key}".lstrip("."))


def resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    """Walk through all modules."""
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources(child)


@pytest.fixture(scope="module")
def planned(account: LocalAccount) -> list[Resource]:
    """Plan the 300 once."""
    terraform = configuration(account, PIPELINES)
    terraform.init()
    code, plan = terraform.planned(BUILD / "sizes.plan")
    assert code == CHANGES
    return list(resources(plan["planned_values"]["root_module"]))


@pytest.mark.timeout(900)
def test_a_plans_work_grows_in_proportion(account: LocalAccount, planned: list[Resource]) -> None:
    """By the processors' time, which others on the machine hardly change: 388 s for 100 pipelines had the power 2.5."""
    growth = exponent([(size, measure(account, size).processor_seconds) for size in (1, 30, 90)])
    assert growth <= 1.4, "make bench-plan measures it, on a quiet machine"


@pytest.mark.timeout(900)
def test_everything_fits(planned: list[Resource]) -> None:
    found = [document for resource in planned for document in documents(resource)]
    large = sorted({f"{d.address}: {d.what} {d.size} of {d.most}" for d in found if d.size > d.most})
    assert not large, "\n".join(large)


def test_no_role_has_more_than_one_policy(planned: list[Resource]) -> None:
    """All inline policies of a role count together, so that one each is what the other test measures."""
    policies = [each["address"].rpartition(".")[0] for each in planned if each["type"] == "aws_iam_role_policy"]
    roles = [each["address"] for each in planned if each["type"] == "aws_iam_role"]
    assert len(policies) == len(roles)


def test_all_that_takes_tags_has_them(planned: list[Resource]) -> None:
    tags = {each["address"]: each["values"]["tags"] for each in planned if "tags" in each["values"]}
    assert {address for address, given in tags.items() if given != {"team": "search"}} == set()
    assert {"aws_iam_role", "aws_lambda_function", "aws_sqs_queue", "aws_dynamodb_table", "aws_s3_bucket"} <= {
        each["type"] for each in planned if each["address"] in tags
    }


def test_a_bus_has_few_rules(planned: list[Resource]) -> None:
    rules = [each["values"]["event_bus_name"] for each in planned if each["type"] == "aws_cloudwatch_event_rule"]
    assert 0 < len(rules) <= 100, "A bus takes 300, and others have some, too."
    watched = [
        key["prefix"]
        for each in planned
        if each["type"] == "aws_cloudwatch_event_rule"
        for key in json.loads(each["values"]["event_pattern"])["detail"].get("object", {}).get("key", [])
    ]
    assert len(set(watched)) == len(watched) == 3 * PIPELINES


def test_a_document_that_is_too_large_is_seen() -> None:
    rule = {
        "type": "aws_cloudwatch_event_rule",
        "address": "rule",
        "values": {"name": "n" * 65, "event_pattern": "p" * 2049},
    }
    assert [(each.what, each.size > each.most) for each in documents(rule)] == [("name", True), ("pattern", True)]
