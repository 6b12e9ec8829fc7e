"""The process of a local account: it starts with a reason when it cannot, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local.account import LocalAccount, LocalAccountError
from local.settings import Settings, Tls
from tests.local.support import make_function, wait

ROOT = Path(__file__).resolve().parents[2]
ORPHAN = """
import os
from local.account import LocalAccount
account = LocalAccount()
account.start()
print(account.settings.port, flush=True)
os._exit(1)
"""


def session_members(leader: int) -> list[int]:
    """Return the processes of a session that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[3] == str(leader) and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_stopping_leaves_no_process_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with LocalAccount() as account:
        session = account.session()
        function, _ = make_function(session)
        session.client("lambda").invoke(FunctionName=function, Payload=b'{"Records": []}')
        leader = account.pid
        assert len(session_members(leader)) == 2  # the gateway and one worker
        assert list(tmp_path.iterdir())
    assert session_members(leader) == []
    assert not list(tmp_path.iterdir())
    assert not is_open(account.settings.port)
    account.stop()


def test_an_account_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", ORPHAN], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    wait(lambda: not is_open(int(ended.stdout)))
    wait(lambda: not list(tmp_path.iterdir()))


def test_a_taken_port_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(LocalAccountError, match="Address already in use"):
            LocalAccount(port=taken.getsockname()[1]).start()


def test_an_unknown_profile_is_said() -> None:
    with pytest.raises(LocalAccountError, match="no durations profile"):
        LocalAccount(durations="slow").start()


def test_two_accounts_know_nothing_of_each_other(account: LocalAccount) -> None:
    with LocalAccount(account="210987654321", region="us-east-1") as other:
        ours, theirs = (a.session().client("personalize") for a in (account, other))
        theirs.create_dataset_group(name="theirs")
        (group,) = theirs.list_dataset_groups()["datasetGroups"]
        assert group["datasetGroupArn"] == "arn:aws:personalize:us-east-1:210987654321:dataset-group/theirs"
        assert "theirs" not in [found["name"] for found in ours.list_dataset_groups()["datasetGroups"]]


def test_settings_survive_the_environment() -> None:
    tls = Tls(Path("/a"), Path("/b"), Path("/c"))
    settings = Settings(
        port=1, region="us-east-1", durations="{}", auth=True, deliver_twice=True, tls=tls, seed=3, state=Path("/s")
    )
    assert Settings.from_env(settings.to_env()) == settings
    assert Settings.from_env({}) == Settings()
