"""What the functions send does not depend on how old the runtime's SDK is.

Every operation of Personalize that a role allows is called with every parameter that its model knows, whatever a
declaration may hold. Of the other services, the calls are those of the contract's scenarios.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from scripts.package import ROOT
from tests.contract.table import FUNCTIONS, allowed
from tests.package.runtime import clean
from tests.package.test_package import ENVIRONMENT

Call = dict[str, Any]

PERSONALIZE = ServiceModel(Loader().load_service_model("personalize", "service-2"), "personalize")


def full(shape: Shape) -> Any:
    """Return a value of the shape with everything in it."""
    if isinstance(shape, StructureShape):
        return {name: full(member) for name, member in shape.members.items()}
    if isinstance(shape, ListShape):
        return [full(shape.member)]
    if isinstance(shape, MapShape):
        return {full(shape.key): full(shape.value)}
    if shape.type_name == "string":
        return (shape.metadata.get("enum") or ["x" * shape.metadata.get("min", 1)])[0]
    return True if shape.type_name == "boolean" else shape.metadata.get("min", 1)


def of_personalize() -> Iterator[Call]:
    """Yield each operation that a role allows, in full."""
    actions = sorted({action for function in FUNCTIONS for action in allowed(function)})
    for operation in {action.partition("/")[0].partition(":")[2]: None for action in actions}:
        if operation in PERSONALIZE.operation_names:
            shape = PERSONALIZE.operation_model(operation).input_shape
            assert shape
            yield {"service": "personalize", "operation": operation, "params": full(shape)}


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """Return the calls that the functions make."""
    written = tmp_path_factory.mktemp("scenarios") / "calls.json"
    command = [sys.executable, "-m", "tests.package.calls", str(written)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    calls: list[Call] = json.loads(written.read_text())
    return calls


def replay(calls: list[Call], path: list[Path]) -> list[Call]:
    """Return the calls with the ``body`` that was sent, or why one was ``refused``."""
    script = Path(__file__).with_name("replay.py")
    done = subprocess.run(
        **clean([str(script)], path, ENVIRONMENT), input=json.dumps(calls), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def refused(calls: list[Call]) -> dict[str, str]:
    """Return why each refused operation was."""
    return {call["operation"]: call["refused"] for call in calls if "refused" in call}


def test_all_that_may_be_declared_is_sent_to_personalize(path: list[Path]) -> None:
    calls = list(of_personalize())
    assert {"CreateSolution", "CreateCampaign", "UpdateCampaign", "UpdateSolution"} <= {
        call["operation"] for call in calls
    }
    told = replay(calls, path)
    assert refused(told) == {}
    for call in told:
        assert json.loads(call["body"]) == call["params"], call["operation"]


def test_every_call_of_a_function_is_sent(path: list[Path], scenarios: list[Call]) -> None:
    assert {call["service"] for call in scenarios} == {"personalize", "dynamodb", "events", "s3", "sqs"}
    assert refused(replay(scenarios, path)) == {}


def test_the_oldest_sdk_alone_would_refuse(task: Path, packages: Path, tmp_path: Path) -> None:
    """Without its model the zip depends on the runtime: this is what the tests above hold."""
    bare = shutil.copytree(task, tmp_path / "bare", ignore=shutil.ignore_patterns("models"))
    old = re.search(
        r"^Version: 1\.40\.", next(packages.glob("botocore-*"), Path()).joinpath("METADATA").read_text(), re.M
    )
    why = refused(replay(list(of_personalize()), [bare, packages]))
    if old:
        assert "performIncrementalUpdate" in why["CreateSolution"]
        assert "includedDatasetColumns" in why["CreateSolution"]
        assert "rankingInfluence" in why["CreateCampaign"]
    else:
        assert why == {}
