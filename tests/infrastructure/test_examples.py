"""Every example, and what the README shows, can be planned."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path

import pytest

from local.account import LocalAccount
from scripts.terraform import CHANGES, Terraform
from tests.infrastructure.support import BUILD, MODULE, ROOT, ZIP

EXAMPLES = MODULE / "examples"
VARIABLES: dict[str, dict[str, object]] = {
    "complete": {"package": {"s3_bucket": "releases", "s3_key": "package.zip"}},
    "events": {"bucket_name": "lake", "package": str(ZIP)},
    "local": {"package": str(ZIP)},
}
BLOCKS = [
    textwrap.dedent(block)
    for block in re.findall(r"^ *```hcl\n(.*?)```", (ROOT / "README.md").read_text(), re.M | re.S)
]

SCHEMAS = MODULE / "examples" / "complete" / "schemas"


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_an_example_can_be_planned(account: LocalAccount, example: str) -> None:
    assert (EXAMPLES / example / "README.md").is_file()
    work = BUILD / f"example-{example}"
    terraform = Terraform(EXAMPLES / example, work, variables=VARIABLES[example], environment=account.env)
    terraform.init()
    code, text = terraform.plan()
    assert code == CHANGES, text


@pytest.mark.parametrize("block", BLOCKS)
def test_what_the_readme_shows_can_be_planned(account: LocalAccount, block: str, tmp_path: Path) -> None:
    (tmp_path / "terraform").symlink_to(MODULE)
    (tmp_path / "build").mkdir()
    shutil.copy(ZIP, tmp_path / "build" / "package.zip")
    (tmp_path / "schemas").mkdir()
    for kind in ("interactions", "items", "users"):
        shutil.copy(SCHEMAS / f"shop-{kind}.json", tmp_path / "schemas" / f"{kind}.json")
    (tmp_path / "main.tf").write_text(f'provider "aws" {{\n  region = "eu-west-1"\n}}\n\n{block}', encoding="utf-8")
    terraform = Terraform(tmp_path, tmp_path / "work", environment=account.env)
    terraform.init()
    code, text = terraform.plan()
    assert code == CHANGES, text
