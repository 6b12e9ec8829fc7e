"""The process of a local account: it starts with a reason when it cannot, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3

from local.__main__ import _parse, main
from local.account import LocalAccount, LocalAccountError
from local.folder import keep_port
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
        port = taken.getsockname()[1]
        with pytest.raises(LocalAccountError, match=f"^Port {port} is in use by another program; take another one.$"):
            LocalAccount(port=port).start()


def test_an_account_at_a_taken_port_is_left_alone(account: LocalAccount) -> None:
    account.session().client("iam").create_user(UserName="kept")
    log = account.log.read_bytes()
    second = LocalAccount(port=account.settings.port)
    with pytest.raises(LocalAccountError, match="in use"):
        second.start()
    with pytest.raises(LocalAccountError, match="not running"):
        second.control.reset()
    with pytest.raises(LocalAccountError, match="not running"):
        second.session().client("iam").delete_user(UserName="kept")
    assert account.session().client("iam").get_user(UserName="kept")["User"]["UserName"] == "kept"
    assert account.log.read_bytes().startswith(log)


def test_nobody_gets_the_port_of_an_account_that_has_died() -> None:
    with LocalAccount() as account:
        iam, port = account.session().client("iam"), account.settings.port
        os.kill(account.pid, signal.SIGKILL)
        wait(lambda: account._process is not None and account._process.poll() is not None)
        with pytest.raises(LocalAccountError, match="in use"):
            LocalAccount(port=port).start()
        with pytest.raises((urllib3.exceptions.HTTPError, ConnectionError)):
            urllib3.request("GET", f"{account.endpoint}/_ministack/health", retries=False, timeout=5)
        with pytest.raises(LocalAccountError, match="not running"):
            iam.list_users()
    wait(lambda: not is_open(port))
    with LocalAccount(port=port) as other:
        other.session().client("iam").create_user(UserName="kept")
        with pytest.raises(LocalAccountError, match="not running"):
            account.control.reset()
        with pytest.raises(LocalAccountError, match="not running"):
            iam.list_users()


def test_an_account_is_started_once(account: LocalAccount) -> None:
    pid = account.pid
    with pytest.raises(LocalAccountError, match=f"running already: {account.endpoint}"):
        account.start()
    assert account.pid == pid


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--port abc", "argument --port: 'abc' is not a port, which is a number from 1 to 65535"),
        ("--port 65536", "argument --port: '65536' is not a port, which is a number from 1 to 65535"),
        ("--durations slow", "argument --durations: no durations profile 'slow'; there are instant, demo, realistic"),
        ("--durations {", "argument --durations: '{' is not JSON"),
        ("--concurrency 0", "argument --concurrency: '0' is not a whole number from 1 on"),
        ("--role-delay nan", "argument --role-delay: 'nan' is not a number of seconds"),
        ("--region mars", "argument --region: 'mars' is not a region, as eu-west-1 is"),
        ("--seed 1.5", "argument --seed: '1.5' is not a whole number"),
        (
            "--allow-origin *",
            "argument --allow-origin: '*' is not the origin of web pages, as http://localhost:3000 is",
        ),
        ("--prot 1", "unrecognized arguments: --prot 1"),
        ("--state /dev/null", "/dev/null can't be used (File exists); take another folder."),
        ("--port TAKEN", "Port TAKEN is in use by another program; take another one."),
        ("LOCAL_PORT=x", "LOCAL_PORT: 'x' is not a port, which is a number from 1 to 65535"),
        ("LOCAL_DURATIONS=slow", "argument --durations: no durations profile 'slow'; there are"),
        ("AUTH=maybe", "AUTH: 'maybe' is neither true nor false"),
        ("LOCAL_ORIGINS=localhost", "LOCAL_ORIGINS: 'localhost' is not the origin of web pages"),
    ],
)
def test_what_a_start_cannot_use_is_said_in_a_sentence(
    account: LocalAccount,
    arguments: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments, said = (text.replace("TAKEN", str(account.settings.port)) for text in (arguments, said))
    if not arguments.startswith("--"):
        monkeypatch.setenv(*arguments.split("="))
        arguments = ""
    monkeypatch.setattr(sys, "argv", ["local", *arguments.split(" ", 1)] if arguments else ["local"])
    with pytest.raises(SystemExit) as ended:
        main()
    text = capsys.readouterr().err or str(ended.value)
    assert text.startswith(f"error: {said}")
    assert len(text.splitlines()) == 1


def test_the_port_is_that_of_the_folder_unless_one_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def port(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["local", *arguments])
        return _parse()[0].port

    folder = ("--state", str(tmp_path))
    assert (port(), port(*folder)) == (4566, 4566)
    keep_port(tmp_path, 4999)
    assert (port(), port(*folder), port(*folder, "--port", "5000")) == (4566, 4999, 5000)
    monkeypatch.setenv("LOCAL_PORT", "5001")
    assert (port(), port(*folder), port(*folder, "--port", "5000")) == (5001, 5001, 5000)


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
