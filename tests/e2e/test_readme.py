"""The README, tried by a newcomer: in a folder of their own, beside the checkout, on `make local` with its defaults.

Everything that it shows is done in its order, from an empty folder to recommendations, and on to the end of it all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scripts.package import ROOT
from tests.support.package import fresh_zip
from tests.support.pages import Block, Terminal, blocks
from tests.support.ports import free_port

README = ROOT / "README.md"
DEMO = "make demo"
"""Of the block that is not tried here: what the demo does in minutes, the other tests of this folder do."""

SETTLING = timedelta(seconds=300)
"""For so long uploads rest by default, which whoever asks for a run by hand does not wait for."""

RECORDS = """aws dynamodb query --table-name acme-ledger --key-condition-expression 'pk = :runs' \\
  --expression-attribute-values '{":runs": {"S": "run#shop"}}' --query 'Items[].[status.S, created_at.S, started_at.S]'
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Return a terminal in a folder that has the checkout in it."""
    fresh_zip()
    beside, home = tmp_path / "beside", tmp_path / "home"
    beside.mkdir()
    home.mkdir()
    (beside / "personalize-pipelines").symlink_to(ROOT)
    return Terminal(beside, home, {"LOCAL_PORT": str(free_port())})


def test_a_newcomer_gets_all_the_way(terminal: Terminal, record_property: Callable[[str, object], None]) -> None:
    story = [block for block in blocks(README, "sh", "hcl") if DEMO not in block.text]
    times: dict[str, float] = {}
    printed: dict[str, str] = {}
    with terminal:
        for block in story:
            printed[block.text] = terminal.tried(block)
            times[block.text] = time.monotonic()
            if "get-recommendations" in block.text:
                runs = json.loads(terminal.tried(Block("sh", (), RECORDS, "the ledger")))

    asked = said(story, "get-recommendations")
    answer, _ = json.JSONDecoder().raw_decode(printed[asked])
    assert len(answer["itemList"]) == 25
    took = times[asked] - times[said(story, "terraform apply")]
    record_property("figure", f"README: from apply to the first recommendation {took:.0f} s")
    first = min(run for run in runs if run[0] == "SUCCEEDED")
    assert datetime.fromisoformat(first[2]) - datetime.fromisoformat(first[1]) < SETTLING
    assert '"run_id"' in printed[said(story, '"what": "train"')]
    assert '"FailedEntryCount": 0' in printed[said(story, "aws events put-events")]
    assert '"TaskHandle"' in printed[said(story, "start-message-move-task")]
    assert '"Items"' in printed[said(story, '"slots"')]
    assert "Destroy complete!" in printed[said(story, "terraform destroy")]


def said(story: list[Block], words: str) -> str:
    """Return the one block that says something."""
    (block,) = (block.text for block in story if words in block.text)
    return block
