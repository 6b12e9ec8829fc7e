"""local/README.md, tried as it stands: its commands in a terminal, its Python in a process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.account import LocalAccount
from scripts.package import ROOT
from tests.support.pages import Block, Terminal, blocks, documented_cli
from tests.support.ports import free_port

README = ROOT / "local" / "README.md"
OLD_CLI = ROOT / ".venv-awscli" / "bin" / "aws"
AT_HAND = {"AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "t", "AWS_ENDPOINT_URL_IAM": "http://127.0.0.1:9"}
"""What somebody who uses AWS may have in their shell already; what `make local` prints takes it away."""


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a terminal in the checkout, in which `make local` has been pasted."""
    home = tmp_path_factory.mktemp("home")
    settings = {"LOCAL_PORT": str(free_port()), "LOCAL_DURATIONS": "instant", **AT_HAND}
    with Terminal(ROOT, home, settings) as opened:
        opened.tried(Block("sh", (), "make local\n", "make local"))
        yield opened


def test_its_commands_do_what_they_say(terminal: Terminal) -> None:
    printed = {block.text: terminal.tried(block) for block in blocks(README, "sh")}
    (asked,) = (text for text in printed.values() if "itemList" in text)
    assert re.search(r'"precision_at_10": 0\.[0-9]*[1-9]', asked)
    assert re.search(r'"itemId": "item-\d+"', asked)
    (clock,) = (text for command, text in printed.items() if "/clock" in command)
    assert json.loads(clock)["frozen"] is True


@pytest.mark.parametrize("block", blocks(README, "python"), ids=lambda block: block.place)
def test_its_python_runs(block: Block, tmp_path: Path) -> None:
    begun = "from local.account import LocalAccount\nwith LocalAccount() as account:\n"
    text = (
        block.text
        if "import LocalAccount" in block.text
        else begun + "".join(f"    {line}\n" for line in block.text.splitlines())
    )
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=ROOT,
        env={"PATH": str(documented_cli().parent), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_version_1_of_the_cli_asks_the_real_aws_for_queues_unless_it_is_told(
    account: LocalAccount, tmp_path: Path
) -> None:
    """The trap that the page speaks of. On the day that this fails, the page need not speak of it any more."""
    where = {
        "PATH": str(OLD_CLI.parent),
        "HOME": str(tmp_path),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "1",
        **account.env,
    }
    command = [str(OLD_CLI), "sqs", "list-queues"]
    astray = subprocess.run(command, env=where, capture_output=True, text=True, check=False)
    assert astray.returncode != 0
    assert "queue.amazonaws.com" in astray.stderr or "proxy" in astray.stderr
    led = subprocess.run(
        [*command, "--endpoint-url", account.endpoint], env=where, capture_output=True, text=True, check=False
    )
    assert led.returncode == 0, led.stderr
