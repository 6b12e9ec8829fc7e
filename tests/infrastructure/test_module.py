"""`terraform test`: what the module makes and what it refuses, planned by the real provider without an account."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from scripts.terraform import Terraform
from tests.infrastructure.support import MODULE, copy_of_module, report_of_test, work_of

FILES = sorted(path.name for path in (MODULE / "tests").iterdir() if path.is_file())
Reports = dict[str, Future[tuple[bool, str]]]


@pytest.fixture(scope="module")
def reports() -> Iterator[Reports]:
    """Run all files, as many at a time as there are processors: Terraform itself runs one after the other."""
    folder = copy_of_module("module")
    Terraform(folder, work_of(folder)).init()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {file: pool.submit(report_of_test, folder, file) for file in FILES}


@pytest.mark.parametrize("file", FILES)
def test_terraform_test(reports: Reports, file: str) -> None:
    assert file.endswith(".tftest.hcl"), "Terraform never runs a test file that ends in anything else."
    passed, report = reports[file].result()
    assert passed, report


def test_terraform_files_are_in_form() -> None:
    found = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "-list=true", str(MODULE)],  # noqa: S607 # Terraform is on the PATH
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, f"`make format` mends these: {found.stdout}"
