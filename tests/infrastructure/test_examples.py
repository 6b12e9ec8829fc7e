"""Every example, and what the pages of the documentation show, can be planned. `tests/e2e` applies the README's."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.account import LocalAccount
from scripts.terraform import CHANGES, Terraform
from tests.infrastructure.support import BUILD, MODULE, ROOT, ZIP
from tests.support.pages import Block, blocks

EXAMPLES = MODULE / "examples"
VARIABLES: dict[str, dict[str, object]] = {
    "complete": {"package": {"s3_bucket": "releases", "s3_key": "package.zip"}},
    "events": {"bucket_name": "lake", "package": str(ZIP)},
    "local": {"package": str(ZIP)},
}
BLOCKS = [block for page in sorted((ROOT / "docs").glob("*.md")) for block in blocks(page, "hcl")]


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_an_example_can_be_planned(account: LocalAccount, example: str) -> None:
    assert (EXAMPLES / example / "README.md").is_file()
    work = BUILD / f"example-{example}"
    terraform = Terraform(EXAMPLES / example, work, variables=VARIABLES[example], environment=account.env)
    terraform.init()
    code, text = terraform.plan()
    assert code == CHANGES, text


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_what_a_page_shows_can_be_planned(account: LocalAccount, block: Block, tmp_path: Path) -> None:
    (tmp_path / "terraform").symlink_to(MODULE)
    provider = 'provider "aws" {\n  region = "eu-west-1"\n}\n\n'
    (tmp_path / "main.tf").write_text(f"{provider}{block.text}", encoding="utf-8")
    terraform = Terraform(tmp_path, tmp_path / "work", environment=account.env)
    terraform.init()
    code, text = terraform.plan()
    assert code == CHANGES, text
