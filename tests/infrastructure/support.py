"""What the tests of the Terraform module share."""

from __future__ import annotations

import shutil
from pathlib import Path

from scripts.terraform import Terraform, TerraformError

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "terraform"
BUILD = ROOT / "build" / "infrastructure"
ZIP = ROOT / "build" / "package.zip"


def copy_of_module(name: str) -> Path:
    """Copy the module to a folder under build/, so that the tree stays clean and files can be added."""
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(MODULE, folder, ignore=shutil.ignore_patterns(".terraform*", "examples", "*.tfstate*"))
    return folder


def work_of(folder: Path) -> Path:
    """Return where the state and the providers of a copy go."""
    return folder.with_name(f"{folder.name}-work")


def report_of_test(folder: Path, file: str) -> tuple[bool, str]:
    """Run one test file of an initialised copy; answers whether it passed, and what was printed, on one line."""
    try:
        passed, report = True, Terraform(folder, work_of(folder)).test([f"tests/{file}"])
    except TerraformError as error:
        passed, report = False, str(error)
    return passed, " ".join(report.split())  # Terraform breaks lines to fit a terminal
