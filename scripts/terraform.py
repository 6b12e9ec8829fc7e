"""Terraform, driven from Python: the one place that knows python-terraform and its traps.

python-terraform makes the command lines. Running them is done here, because its own `cmd` cannot hand over
lines as they come and takes the environment from the process, and its `destroy` and `output(name)` send what
Terraform refuses.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

import python_terraform

_FLAG = python_terraform.IsFlagged

# `terraform plan -detailed-exitcode`: nothing to do, or something.
NO_CHANGES: Literal[0] = 0
CHANGES: Literal[2] = 2


class TerraformError(Exception):
    """Raised when a Terraform command fails; the message is Terraform's own."""

    def __init__(self, command: str, exit_code: int, message: str) -> None:
        super().__init__(f"terraform {command} ended with {exit_code}:\n{message.strip()}")
        self.command = command
        self.exit_code = exit_code


def _ignore(line: str) -> None:
    pass


@dataclass(frozen=True)
class Terraform:
    """One configuration with a state of its own.

    `folder` holds the configuration. State and providers go to `work`, so that the folder stays clean.
    `environment` is laid over the process's own. `on_line` gets each line of output as it is printed.
    """

    folder: Path
    work: Path
    variables: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    on_line: Callable[[str], None] = _ignore

    def init(self) -> None:
        """Install providers and modules; TF_PLUGIN_DIR may name a folder that holds the providers."""
        self._do("init", plugin_dir=os.environ.get("TF_PLUGIN_DIR") or None, input=False)

    def validate(self) -> None:
        """Check the configuration without reading any state."""
        self._do("validate")

    def plan(self) -> tuple[Literal[0, 2], str]:
        """Answer 0 where nothing would change and 2 where something would, and the plan's text."""
        code, text = self._run("plan", (NO_CHANGES, CHANGES), detailed_exitcode=_FLAG, **self._inputs())
        return (NO_CHANGES if code == NO_CHANGES else CHANGES), text

    def planned(self, path: Path) -> tuple[Literal[0, 2], dict[str, Any]]:
        """Plan into a file; answer as `plan` does, and the plan as `terraform show -json` has it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"out": str(path.resolve()), "detailed_exitcode": _FLAG, **self._inputs()}
        code, _ = self._run("plan", (NO_CHANGES, CHANGES), **options)
        _, text = self._run("show", (0,), str(path.resolve()), json=_FLAG)
        return (NO_CHANGES if code == NO_CHANGES else CHANGES), json.loads(text)

    def graph(self) -> str:
        """Return which resource waits for which, as Graphviz reads it."""
        return self._do("graph")

    def apply(self) -> None:
        """Apply without asking."""
        self._do("apply", auto_approve=_FLAG, **self._inputs())

    @contextmanager
    def applying(self, output: IO[str]) -> Iterator[subprocess.Popen[str]]:
        """Apply in a process group of its own, which may be killed, while the block runs; then wait for its end."""
        with self._process("apply", output, auto_approve=_FLAG, **self._inputs()) as process:
            yield process

    def destroy(self) -> None:
        """Destroy without asking."""
        self._do("destroy", auto_approve=_FLAG, **self._inputs())

    def outputs(self) -> dict[str, object]:
        """All outputs by name, as values."""
        _, text = self._run("output", (0,), json=_FLAG, state=str(self._state))
        return {name: output["value"] for name, output in json.loads(text).items()}

    def test(self, filters: Sequence[str] = ()) -> str:
        """Run the configuration's *.tftest.hcl files, or those in `filters`; answers what was printed."""
        return self._do("test", filter=list(filters), var=dict(self.variables) or None)

    @property
    def _state(self) -> Path:
        return self.work.resolve() / "terraform.tfstate"

    def _inputs(self) -> dict[str, object]:
        return {"state": str(self._state), "input": False, "var": dict(self.variables) or None}

    def _do(self, command: str, **options: object) -> str:
        return self._run(command, (0,), **options)[1]

    def _run(self, command: str, accepted: Sequence[int], *arguments: str, **options: object) -> tuple[int, str]:
        with self._process(command, subprocess.PIPE, *arguments, **options) as process:
            code, out, err = _follow(process, self.on_line)
        if code not in accepted:
            raise TerraformError(command, code, err or out)
        return code, out

    @contextmanager
    def _process(
        self, command: str, output: int | IO[str], *arguments: str, **options: object
    ) -> Iterator[subprocess.Popen[str]]:
        self.work.mkdir(parents=True, exist_ok=True)
        cli = python_terraform.Terraform(working_dir=str(self.folder))
        try:
            line = cli.generate_cmd_string(
                command, *arguments, **options, **({} if command == "output" else {"no_color": _FLAG})
            )
            with subprocess.Popen(
                line,
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                text=True,
                encoding="utf-8",
                start_new_session=output != subprocess.PIPE,
            ) as process:
                yield process
        except OSError as error:
            raise TerraformError(command, 127, f"{error}: is Terraform installed and on the PATH?") from error
        finally:
            cli.temp_var_files.clean_up()

    def _environment(self) -> dict[str, str]:
        environment = {
            **os.environ,
            "TF_IN_AUTOMATION": "1",
            "TF_DATA_DIR": str(self.work.resolve() / ".terraform"),
            **self.environment,
        }
        # Terraform stops where this names a file that does not exist.
        if not Path(environment.get("TF_CLI_CONFIG_FILE", "")).is_file():
            environment.pop("TF_CLI_CONFIG_FILE", None)
        return environment


def _follow(process: subprocess.Popen[str], on_line: Callable[[str], None]) -> tuple[int, str, str]:
    """Read both streams at once: one that nobody reads fills up, and then Terraform stops."""
    errors: list[str] = []

    def collect(stream: IO[str]) -> None:
        errors.extend(stream)

    if process.stdout is None or process.stderr is None:
        raise ValueError("both streams must be pipes")
    reader = threading.Thread(target=collect, args=(process.stderr,), daemon=True)
    reader.start()
    lines = []
    for line in process.stdout:
        lines.append(line)
        on_line(line.rstrip("\n"))
    reader.join()
    return process.wait(), "".join(lines), "".join(errors)
