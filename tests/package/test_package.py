"""The zip: the same bytes each time, small, without boto3, and every handler in it runs under Lambda's own client."""

from __future__ import annotations

import json
import stat
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.package import LIMIT, Package, PackageError, build
from tests.contract.table import TABLE
from tests.package.runtime import invoke

STEPS = {name: step["handler"] for name, step in TABLE["steps"].items()}

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # nobody listens: a call to AWS would fail
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_FUNCTION_NAME": "smoke",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_REGION": "eu-west-1",
    "AWS_SECRET_ACCESS_KEY": "none",
    "EVENT_BUS": "default",
    "LEDGER_TABLE": "ledger",
    "MAX_TRIES": "5",
    "POLL_FLOOR_SECONDS": "20",
    "POWERTOOLS_METRICS_NAMESPACE": "PersonalizePipelines",
    "POWERTOOLS_SERVICE_NAME": "smoke",
    "QUEUES": json.dumps({step: f"http://127.0.0.1:9/{step}" for step in STEPS}),
}


def test_two_builds_are_the_same_bytes(package: Package, tmp_path: Path) -> None:
    again = build(tmp_path / "again.zip")
    assert again.sha256 == package.sha256
    assert again.path.read_bytes() == package.path.read_bytes()


def test_is_small_and_holds_what_belongs_in_it(package: Package) -> None:
    with zipfile.ZipFile(package.path) as archive:
        infos = archive.infolist()
    names = [info.filename for info in infos]
    assert package.size == package.path.stat().st_size < LIMIT
    assert names == sorted(names)
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {stat.filemode(info.external_attr >> 16) for info in infos} == {"-rw-r--r--"}
    # Lambda brings boto3; compiled code would tie the zip to a processor.
    tops = {name.partition("/")[0] for name in names}
    assert not tops & {"boto3", "botocore", "s3transfer", "local", "scripts", "tests", "bin"}
    assert not [name for name in names if name.endswith((".so", ".pyc", "/RECORD"))]
    assert {"functions/__init__.py", "aws_lambda_powertools/__init__.py", "dacite/__init__.py"} <= set(names)


def test_bytecode_needs_the_runtimes_python(tmp_path: Path) -> None:
    if sys.version_info[:2] == (3, 13):
        pytest.skip("this is the runtime's Python")
    with pytest.raises(PackageError, match=r"but the runtime is 3\.13"):
        build(tmp_path / "package.zip", bytecode=sys.executable)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("step", STEPS)
def test_a_step_runs_under_lambdas_client(step: str, path: list[Path]) -> None:
    event = {"Records": [_record("not-json", "{"), _record("no-message", "{}")]}
    answer, log = invoke(STEPS[step], event, path, ENVIRONMENT)
    assert answer.kind == "response", log
    assert [failure["itemIdentifier"] for failure in answer.body["batchItemFailures"]] == [
        "not-json",
        "no-message",
    ]


@pytest.mark.parametrize(
    ("handler", "event", "error"),
    [
        (STEPS["start"], {}, "InvalidRequest"),
        (STEPS["start"], {"pipeline": "shop", "what": "all"}, "InvalidRequest"),
        (STEPS["poll"], {"Records": None}, "InvalidRequest"),
        (TABLE["glue"]["handler"], None, "InvalidMessage"),
    ],
)
def test_what_is_wrong_has_a_code_for_scripts(handler: str, event: object, error: str, path: list[Path]) -> None:
    answer, log = invoke(handler, event, path, ENVIRONMENT)
    assert (answer.kind, answer.body["errorType"]) == ("error", error), log
    assert len(answer.body["errorMessage"].split()) >= 5


def test_glue_runs_under_lambdas_client(path: list[Path]) -> None:
    protect = {"resource": "guard", "deletion_protection": True, "tf": {"action": "delete"}}
    answer, log = invoke(TABLE["glue"]["handler"], protect, path, ENVIRONMENT)
    assert answer.kind == "error", log
    assert answer.body["errorType"] == "ProtectedError"
    assert "protection" in answer.body["errorMessage"]
    answer, log = invoke(TABLE["glue"]["handler"], {**protect, "deletion_protection": False}, path, ENVIRONMENT)
    assert (answer.kind, answer.body) == ("response", {}), log


def test_the_clean_environment_misses_what_is_missing(path: list[Path]) -> None:
    answer, log = invoke("moto.core.handler", {}, path, ENVIRONMENT)
    assert answer.kind == "init/error", log
    assert "No module named 'moto'" in answer.body["errorMessage"]


def _record(identifier: str, body: str) -> dict[str, object]:
    return {
        "messageId": identifier,
        "receiptHandle": "handle",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795000000000"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:smoke",
        "awsRegion": "eu-west-1",
    }
