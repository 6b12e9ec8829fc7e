"""Measure each handler's cold import from the unpacked zip, as a new Lambda environment would do it.

Each import has a process of its own, timed from outside: the interpreter's start is in every figure, and stands
in the table by itself too. boto3 comes from the Lambda runtime, so a stand-in takes its place. A second figure
shows the same import from a zip that holds bytecode (`make package BYTECODE=…`), and a third the sources with the
real boto3, which the handlers import with their first message. Machines differ: the last column, the ratio to
Powertools alone in the same run, says what is ours.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from scripts.package import ROOT, RUNTIME, ZIP

GOAL = 150.0
POWERTOOLS = "(Powertools alone)"
RESULT = ROOT / "build" / "bench" / "cold.json"

# What Terraform sets, since a module may read it when it is imported.
_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_REGION": "eu-west-1",
    "EVENT_BUS": "default",
    "LEDGER_TABLE": "ledger",
    "POWERTOOLS_METRICS_NAMESPACE": "PersonalizePipelines",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "QUEUES": "{}",
}

# What every handler needs of Powertools: the part of the figures that is not ours.
_POWERTOOLS = """
import aws_lambda_powertools.logging, aws_lambda_powertools.metrics, aws_lambda_powertools.utilities.batch
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
"""

# Answers every import of boto3 and botocore with an empty module that has any attribute.
_STAND_IN = """
import sys, types
from importlib.machinery import ModuleSpec
class Anything(type(sys)):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {"__init__": lambda self, *a, **k: None})
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("boto3", "botocore"):
            return ModuleSpec(name, self, is_package=True)
    def create_module(self, spec):
        return Anything(spec.name)
    def exec_module(self, module):
        pass
sys.meta_path.insert(0, Finder())
"""


@dataclass(frozen=True)
class Variant:
    """One way to import: from which folder, with what before, and what after."""

    name: str
    folder: Path
    prelude: str
    epilogue: str = ""


def handlers() -> dict[str, str]:
    """Return each function's module by name, from the table of steps."""
    table = json.loads((ROOT / "terraform" / "pipeline.json").read_text())
    functions = {**table["steps"], "glue": table["glue"]}
    return {name: function["handler"].rpartition(".")[0] for name, function in functions.items()}


def measure(python: str, code: str) -> float:
    """Return the milliseconds that a new interpreter takes for `code`."""
    # -I and -S: nothing of this machine's packages and settings. -B: no bytecode is left for the next time.
    command = [python, "-I", "-S", "-B", "-c", code]
    began = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=_ENVIRONMENT)
    took = (time.perf_counter() - began) * 1000
    if done.returncode:
        raise SystemExit(f"the import failed:\n{done.stderr}")
    return took


def variants(folder: Path, python: str) -> list[Variant]:
    """Unpack the zip twice: as it is, and with bytecode beside the sources."""
    plain, compiled = folder / "plain", folder / "compiled"
    with zipfile.ZipFile(ZIP) as archive:
        archive.extractall(plain)
    for cached in plain.rglob("__pycache__"):
        shutil.rmtree(cached)
    shutil.copytree(plain, compiled)
    compiling = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(compiled)]
    subprocess.run([python, *compiling], check=True)
    import boto3

    real = f"import sys; sys.path.append({str(Path(boto3.__file__).parent.parent)!r})\n"
    return [
        Variant("without_boto3", plain, _STAND_IN),
        Variant("with_bytecode", compiled, _STAND_IN),
        Variant("with_boto3", plain, real, "import boto3"),
    ]


def run(python: str, rounds: int, console: Console) -> tuple[float, dict[str, dict[str, float]]]:
    """Return the bare interpreter's median, and each handler's per variant."""
    bare: list[float] = []
    times: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        kinds = variants(Path(name), python)
        # Round by round: what slows the machine for a while slows everything alike.
        for _ in track(range(rounds), "importing", console=console, transient=True):
            bare.append(measure(python, "pass"))
            imports = {step: f"import {module}" for step, module in handlers().items()}
            for step, statement in {POWERTOOLS: _POWERTOOLS, **imports}.items():
                for kind in kinds:
                    path = f"import sys; sys.path.insert(0, {str(kind.folder)!r})"
                    code = "\n".join([kind.prelude, path, statement, kind.epilogue])
                    times.setdefault(step, {}).setdefault(kind.name, []).append(measure(python, code))
    medians = {
        step: {kind: statistics.median(values) for kind, values in by_kind.items()} for step, by_kind in times.items()
    }
    return statistics.median(bare), medians


@dataclass(frozen=True)
class Bench:
    """What is written to the file; times are medians in milliseconds, the interpreter's start included."""

    python: str
    rounds: int
    goal: float
    interpreter: float
    handlers: dict[str, dict[str, float]]


def show(bench: Bench, console: Console) -> None:
    """Print the table."""
    table = Table(title=f"Cold import, ms, median of {bench.rounds}, Python {bench.python}", title_justify="left")
    table.add_column("function")
    for column in ("without boto3", "with bytecode", "and boto3", "goal", "ratio"):
        table.add_column(column, justify="right")
    table.add_row("(bare interpreter)", *[f"{bench.interpreter:.0f}"] * 3, "", "")
    bound = bench.handlers[POWERTOOLS]["without_boto3"]
    for step, figures in bench.handlers.items():
        colour = "green" if figures["without_boto3"] <= bench.goal else "yellow"
        table.add_row(
            step,
            f"[{colour}]{figures['without_boto3']:.0f}",
            f"{figures['with_bytecode']:.0f}",
            f"{figures['with_boto3']:.0f}",
            f"{bench.goal:.0f}",
            f"{figures['without_boto3'] / bound:.2f}",
        )
    console.print(table)


def python_of_the_runtime() -> str:
    """Return a Python of Lambda's version where there is one, and this one otherwise."""
    found = shutil.which(f"python{RUNTIME}")
    # A version manager's shim may stand for a version that is not there.
    if found and subprocess.run([found, "--version"], check=False, capture_output=True).returncode == 0:
        return found
    return sys.executable


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="Measure the handlers' cold import.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--python", default=python_of_the_runtime())
    arguments = parser.parse_args()
    console = Console()
    asked = [arguments.python, "-c", "import platform; print(platform.python_version())"]
    version = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    interpreter, medians = run(arguments.python, arguments.rounds, console)
    rounded = {step: {kind: round(value, 1) for kind, value in kinds.items()} for step, kinds in medians.items()}
    bench = Bench(version, arguments.rounds, GOAL, round(interpreter, 1), rounded)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(asdict(bench), indent=2) + "\n")
    show(bench, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
