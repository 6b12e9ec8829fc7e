"""What a page of the documentation shows, tried as a reader tries it: pasted into a terminal, from top to bottom.

A fenced block says what it is in its first words: ```` ```sh ```` is pasted, ```` ```sh until WORD ```` is pasted again
and again until its output has the word, and ```` ```hcl main.tf ```` is saved under that name.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from scripts.package import ROOT

PATIENCE = 240.0
"""Seconds for a block that is pasted until something has come about, and for a local AWS to start."""

_FENCE = re.compile(r"^( *)```(\w+)?([^\n]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_SERVER = re.compile(r"^make( -C \S+)? local\b")
_BASH = "/bin/bash"
_CLI = ROOT / ".venv-awscli2" / "bin"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, the words behind that, its text, and where it stands."""

    language: str
    words: tuple[str, ...]
    text: str
    place: str


def blocks(page: Path, *languages: str) -> list[Block]:
    """Return the blocks of a page that are of one of the languages, in their order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            found[2],
            tuple(found[3].split()),
            textwrap.dedent(found[4]),
            f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}",
        )
        for found in _FENCE.finditer(text)
        if found[2] in languages
    ]


class Terminal:
    """A shell that keeps its folder, variables and functions from one paste to the next, as a reader's does.

    Its environment is a fresh user's: nothing of whoever runs the tests but where programs are, and the variables that
    are given. `make … local` goes on in a terminal of its own, and what that prints is pasted into this one.
    """

    def __init__(self, folder: Path, home: Path, variables: Mapping[str, str] | None = None) -> None:
        self._state = home / "state.sh"
        self._log = home / "local.log"
        self._where = home / "where"
        self._where.write_text(str(folder))
        self._server: subprocess.Popen[bytes] | None = None
        self._env = {
            "PATH": f"{documented_cli().parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "AWS_PAGER": "",
            "LANG": "C.UTF-8",
            **{name: value for name, value in os.environ.items() if name in ("TF_PLUGIN_DIR", "TF_PLUGIN_CACHE_DIR")},
        }
        if os.environ.get("TF_PLUGIN_DIR"):
            self._env["TF_CLI_ARGS_init"] = f"-plugin-dir={os.environ['TF_PLUGIN_DIR']}"
        set_before = [f"export {name}={shlex.quote(value)}\n" for name, value in (variables or {}).items()]
        self._state.write_text("".join(set_before))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def folder(self) -> Path:
        """Where the shell is."""
        return Path(self._where.read_text().strip())

    def tried(self, block: Block) -> str:
        """Do what a reader does with a block; return what it printed."""
        if block.language != "sh":
            (self.folder / block.words[0]).write_text(block.text, encoding="utf-8")
            return ""
        if block.words[:1] == ("until",):
            return self._until(block, block.words[1])
        printed = ""
        pasted: list[str] = []
        for line in block.text.splitlines(keepends=True):
            if _SERVER.match(line):
                printed += self._paste("".join(pasted), block)
                pasted = []
                self._serve(line, block)
            else:
                pasted.append(line)
        return printed + self._paste("".join(pasted), block)

    def _until(self, block: Block, word: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while word not in (printed := self._paste(block.text, block)):
            assert time.monotonic() < deadline, f"{block.place} waits in vain for {word}: {printed}"
            time.sleep(5)
        return printed

    def _paste(self, text: str, block: Block) -> str:
        """Run commands; whatever asks for an approval gets a yes."""
        if not text.strip():
            return ""
        script = (
            f'source "{self._state}"; cd "$(cat "{self._where}")"; set -aeo pipefail\n{text}\n'
            f'set +ae; {{ export -p; declare -f; }} > "{self._state}"; pwd > "{self._where}"'
        )
        done = subprocess.run(
            [_BASH, "-c", script], env=self._env, input="yes\n" * 5, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block.place} failed:\n{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _serve(self, line: str, block: Block) -> None:
        self._stop()
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                [_BASH, "-c", f"source '{self._state}'; cd '{self.folder}'; exec {line}"],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while "Ctrl-C" not in (told := self._log.read_text()):
            assert self._server.poll() is None, f"{block.place}: {told}"
            assert time.monotonic() < deadline, f"{block.place} does not begin: {told}"
            time.sleep(0.1)
        self._paste("".join(re.findall(r"^(?:export|unset) .*\n", told, re.MULTILINE)), block)
        self._paste('until curl -sf "$AWS_ENDPOINT_URL/_ministack/health" > /dev/null; do sleep 0.2; done', block)

    def _stop(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        os.killpg(server.pid, signal.SIGINT)  # Ctrl-C
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def documented_cli() -> Path:
    """Return version 2 of the AWS CLI, which the pages speak of: the tests' own, or else what this machine has."""
    for candidate in (_CLI / "aws", shutil.which("aws")):
        if candidate and _version(candidate).startswith("aws-cli/2."):
            return Path(candidate)
    raise AssertionError("There is no AWS CLI of version 2: `make test` brings one for Linux on x86_64.")


def _version(program: str | Path) -> str:
    try:
        return subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:  # built for another machine
        return ""
