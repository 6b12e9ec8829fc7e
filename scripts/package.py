"""Build the functions' zip: the package `functions` and its locked dependencies, the same bytes every time.

Only pure-Python wheels go in, so that one zip serves x86_64 and arm64. boto3 stays out: the Lambda runtime brings it,
with its bytecode and its fixes. What it may lack is the newest of a service's parameters, so the model of Personalize
goes in, from the botocore that everything here is tested with. By default no bytecode goes in, since .pyc files differ
between patch versions of Python, and the zip is to be the same wherever it is built. `--bytecode python3.13` adds it
where a shorter cold start counts more: an import then takes about half as long (`make bench-cold` shows both).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import botocore
from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
ZIP = ROOT / "build" / "package.zip"
RUNTIME = "3.13"
LIMIT = 2 * 1000 * 1000

# Services that are called with parameters younger than the runtime's botocore may be.
_MODELS = ("personalize",)

# The first moment that a zip can express.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_UNIX = 3

_DROPPED_FOLDERS = {"__pycache__", "bin", "tests", "test", "wrapt-stubs"}
# Powertools' framework for HTTP APIs is more than half of it; these functions answer queues.
_DROPPED_PATHS = ("aws_lambda_powertools/event_handler",)
# Installer's notes say where and how a wheel was installed; the rest is of no use at run time.
_DROPPED_NAMES = {
    "RECORD",
    "INSTALLER",
    "REQUESTED",
    "direct_url.json",
    "requirements.in",
    "requirements.lock",
}
_DROPPED_ENDINGS = {".pyc", ".pyi", ".c", ".md"}


class PackageError(Exception):
    """Raised when the zip cannot be built, or is not what Lambda may be given."""


@dataclass(frozen=True)
class Package:
    """A built zip."""

    path: Path
    size: int
    sha256: str


def build(target: Path = ZIP, *, bytecode: str | None = None) -> Package:
    """Build the zip at `target`; `bytecode` names a Python of the runtime's version to compile with."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _install(folder)
        shutil.copytree(ROOT / "functions", folder / "functions", ignore=shutil.ignore_patterns("__pycache__"))
        _prune(folder)
        _add_models(folder / "functions" / "models")
        if bytecode:
            _compile(folder, bytecode)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Terraform or a test may be reading the zip that lies there: put the new one in its place at once.
        fresh = target.with_name(f".{target.name}.{os.getpid()}")
        _zip(folder, fresh)
    fresh.replace(target)
    content = target.read_bytes()
    if len(content) > LIMIT:
        raise PackageError(f"{target} has {len(content):,} bytes, more than {LIMIT:,}")
    return Package(target, len(content), hashlib.sha256(content).hexdigest())


def _install(folder: Path) -> None:
    lock = ROOT / "functions" / "requirements.lock"
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
        *("--target", str(folder), "--no-deps", "--require-hashes", "--only-binary", ":all:"),
        *("--implementation", "py", "--abi", "none", "--platform", "any", "--python-version", RUNTIME),
        *("--requirement", str(lock)),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise PackageError(f"pip could not install {lock.name}:\n{done.stderr.strip()}")


def _prune(folder: Path) -> None:
    for name in _DROPPED_PATHS:
        shutil.rmtree(folder / name)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if path.name in _DROPPED_FOLDERS:
                shutil.rmtree(path)
        elif path.name in _DROPPED_NAMES or path.suffix in _DROPPED_ENDINGS:
            path.unlink()


def _add_models(folder: Path) -> None:
    locked = re.search(r"^botocore==(\S+)", (ROOT / "requirements.lock").read_text(), re.M)
    if not locked or locked[1] != botocore.__version__:
        raise PackageError(f"botocore {botocore.__version__} is not the one in requirements.lock: run `make setup`")
    data = Path(botocore.__file__).parent / "data"
    for model in (path for service in _MODELS for path in data.glob(f"{service}/*/service-2.json.gz")):
        target = folder / model.relative_to(data)
        target.parent.mkdir(parents=True)
        shutil.copyfile(model, target)


def _compile(folder: Path, python: str) -> None:
    # Unchecked: Lambda's file times mean nothing. A fixed hash seed keeps the order of sets in constants.
    compiling = [
        "-m",
        "compileall",
        "-q",
        "-s",
        str(folder),
        "--invalidation-mode",
        "unchecked-hash",
        str(folder),
    ]
    try:
        asked = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        found = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
        if found != RUNTIME:
            raise PackageError(f"{python} is Python {found}, but the runtime is {RUNTIME}")
        subprocess.run([python, *compiling], check=True, env={**os.environ, "PYTHONHASHSEED": "0"})
    except (OSError, subprocess.CalledProcessError) as error:
        raise PackageError(f"{python} could not compile the sources: {error}") from error


def _zip(folder: Path, target: Path) -> None:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = _UNIX
            info.external_attr = _MODE
            archive.writestr(info, path.read_bytes())


def main() -> int:
    """Build the zip and say what came out."""
    parser = argparse.ArgumentParser(description="Build the functions' zip.")
    parser.add_argument("--output", type=Path, default=ZIP)
    parser.add_argument("--bytecode", metavar="PYTHON", help=f"a Python {RUNTIME} that adds the .pyc files")
    arguments = parser.parse_args()
    try:
        package = build(arguments.output, bytecode=arguments.bytecode)
    except PackageError as error:
        Console(stderr=True).print(f"[red]{error}")
        return 1
    shown = package.path.relative_to(ROOT) if package.path.is_relative_to(ROOT) else package.path
    Console().print(f"{shown}  {package.size:,} bytes  sha256 {package.sha256}", highlight=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
