"""The zip as Lambda unpacks it, beside the newest SDK and beside the oldest."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from scripts.package import ROOT, Package, build
from tests.package.runtime import lambda_packages

SDKS = ("newest", "oldest")


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build(tmp_path_factory.mktemp("zip") / "package.zip")


@pytest.fixture(scope="session")
def task(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that a function finds its code in."""
    unpacked = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(package.path) as archive:
        archive.extractall(unpacked)
    return unpacked


@pytest.fixture(scope="session", params=SDKS)
def packages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all that Lambda's runtime brings; its SDK is the newest, or the oldest."""
    sdk: list[str] = []
    if request.param == "oldest":
        sdk = [str(path) for path in (ROOT / ".venv-oldsdk").glob("lib/python*/site-packages")]
        assert sdk, "the oldest SDK is not installed: run `make test`"
    return lambda_packages(tmp_path_factory.mktemp("runtime") / "packages", sdk)


@pytest.fixture
def path(task: Path, packages: Path) -> list[Path]:
    """Return where a function looks for modules."""
    return [task, packages]
