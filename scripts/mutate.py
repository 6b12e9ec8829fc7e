"""Break the code on purpose, one place at a time: the simulation must see every breakage, or some other fast test.

    make mutations                                   all of them
    make mutations ARGS="lease watch"                those whose names hold one of the words
    make mutations ARGS="--json build/mutations.json"

Prints, for each, the seed or the test that caught it, and what did not hold. The exit status is 1 if one survives that
is not said to be equivalent.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "PersonalizePipelines")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "simulation")

from scripts.package import ROOT  # the functions read the environment when they are imported
from tests.simulation.many import Caught, catch  # the same
from tests.simulation.mutating import Mutation  # the same
from tests.simulation.mutations import MUTATIONS  # the same

FAST = ("tests/unit", "tests/contract", "tests/chain")
SECONDS = 900


@dataclass(frozen=True)
class Verdict:
    """What became of a mutation: who caught it (the simulation, a test, or nobody), where, and what did not hold."""

    mutation: Mutation
    by: str
    where: str
    why: str


def main() -> int:
    """Try all mutations, or those that the arguments name a part of."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("words", nargs="*", help="parts of the names of those to try")
    parser.add_argument("--seeds", type=int, default=200, help="as many histories are played of each")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, help="a file to write the verdicts to")
    asked = parser.parse_args()
    chosen = [each for each in MUTATIONS if not asked.words or any(word in each.name for word in asked.words)]
    console = Console(width=None if sys.stdout.isatty() else 240)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("mutations", total=len(chosen))
        verdicts = []
        for verdict in _verdicts(chosen, asked.seeds, asked.processes):
            verdicts.append(verdict)
            progress.console.print(
                f"{len(verdicts)}/{len(chosen)} {verdict.mutation.name}: {verdict.by} {verdict.where}"
            )
            progress.advance(task)
    verdicts.sort(key=lambda each: chosen.index(each.mutation))
    _show(console, verdicts)
    if asked.json:
        told = [{"mutation": each.mutation.name, "in": each.mutation.where, "by": each.by} for each in verdicts]
        found = [{**each, "where": v.where, "why": v.why} for each, v in zip(told, verdicts, strict=True)]
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if any(each.by == "nobody" for each in verdicts) else 0


def _verdicts(chosen: Sequence[Mutation], seeds: int, processes: int) -> Iterator[Verdict]:
    """Play with each; have those that the simulation does not see tried by the fast tests."""
    open_still = []
    for caught in catch([each for each in chosen if not each.tests], seeds, processes):
        if caught.seed is None:
            open_still.append(caught.mutation)
        else:
            yield _of_seed(caught)
    with ThreadPoolExecutor(processes) as pool:
        yield from pool.map(_by_tests, [*open_still, *(each for each in chosen if each.tests)])


def _of_seed(caught: Caught) -> Verdict:
    return Verdict(caught.mutation, "simulation", f"seed {caught.seed}", caught.why)


def _by_tests(mutation: Mutation) -> Verdict:
    """Run the fast tests on the broken code, until the first that fails: those that name its module come first."""
    module = mutation.where.partition(":")[0]
    near = [path for path in _fast() if re.search(rf"\b{re.escape(module)}\b", path.read_text())]
    for paths in filter(None, (near, _fast())):
        if caught := _failing(mutation, paths):
            return caught
    return Verdict(mutation, "equivalent" if mutation.equivalent else "nobody", "", mutation.equivalent)


@cache
def _fast() -> list[Path]:
    return sorted(path for folder in FAST for path in (ROOT / folder).glob("test_*.py"))


def _failing(mutation: Mutation, paths: Sequence[Path]) -> Verdict | None:
    command = [sys.executable, "-m", "pytest", "-p", "tests.simulation.mutating", "-n", "0", "-x", "-q", "--no-header"]
    try:
        tried = subprocess.run(
            [*command, *(str(path.relative_to(ROOT)) for path in paths)],
            cwd=ROOT,
            env={**os.environ, "MUTATION": mutation.name},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Verdict(mutation, "tests", "", f"they do not come to an end in {SECONDS} seconds")
    if failed := re.search(r"^(?:FAILED|ERROR) (\S+(?:\[.*?\])?)(?: - (.*))?$", tried.stdout, re.MULTILINE):
        return Verdict(mutation, "tests", failed[1], failed[2] or "")
    if tried.returncode:
        raise RuntimeError(f"{mutation.name}: {tried.stdout[-2000:]}{tried.stderr[-2000:]}")
    return None


def _show(console: Console, verdicts: Sequence[Verdict]) -> None:
    table = Table("mutation", "in", "caught by", "where", "what did not hold", title="mutations")
    for each in verdicts:
        style = {"nobody": "red", "equivalent": "dim"}.get(each.by)
        place = each.mutation.where.removeprefix("functions.")
        table.add_row(each.mutation.name, place, each.by, each.where, each.why[:120], style=style)
    console.print(table)
    by = Counter(each.by for each in verdicts)
    console.print(
        f"{len(verdicts)} mutations: {by['simulation']} caught by the simulation, {by['tests']} by other tests, "
        f"{by['nobody']} by nobody, {by['equivalent']} equivalent",
        style="bold red" if by["nobody"] else "bold green",
    )


if __name__ == "__main__":
    sys.exit(main())
