"""What a person sees while the demo goes on: the phases, and below them what the current one is about."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from scripts.demo.runs import IMPORTS, Run, Step


@dataclass
class Phase:
    """A part of the story."""

    name: str
    began: float | None = None
    seconds: float | None = None
    failed: bool = False


class Display:
    """A live list of phases. Where the output is no terminal, a line is printed for each thing that happens."""

    def __init__(self, names: list[str], console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.phases = {name: Phase(name) for name in names}
        self._detail: RenderableType = ""
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(get_renderable=self._render, console=self.console, refresh_per_second=8, transient=True)
        self._last_line = ""

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        self.console.print(self._list())

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Show a phase as under way, and then how long it took."""
        phase = self.phases[name]
        phase.began = time.monotonic()
        self.line(f"[bold]{name}[/]")
        try:
            yield
        except BaseException:
            phase.failed = True
            raise
        finally:
            phase.seconds = time.monotonic() - phase.began
            self._detail = ""

    def detail(self, shown: RenderableType, line: str = "") -> None:
        """Show something below the phases until the next call; `line` is its form where there is no terminal."""
        self._detail = shown
        if line:
            self.line(f"  {line}")

    def line(self, text: str) -> None:
        """Print a line where there is no terminal to draw on; the same one only once."""
        if not self.console.is_terminal and text != self._last_line:
            self._last_line = text
            self.console.print(text)

    def show(self, *shown: RenderableType) -> None:
        """Print something that stays, above the phases."""
        for each in shown:
            self.console.print(Padding(each, (0, 0, 1, 0)))

    @property
    def seconds(self) -> dict[str, float]:
        """How long each phase took, of those that have ended."""
        return {name: round(phase.seconds, 2) for name, phase in self.phases.items() if phase.seconds is not None}

    def _render(self) -> RenderableType:
        return Group(self._list(), Padding(self._detail, (0, 0, 0, 2)))

    def _list(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for phase in self.phases.values():
            if phase.began is None:
                table.add_row(Text("·", "dim"), Text(phase.name, "dim"), "")
            elif phase.seconds is None:
                elapsed = time.monotonic() - phase.began
                table.add_row(self._spinner, Text(phase.name, "bold"), Text(f"{elapsed:5.1f} s", "cyan"))
            else:
                mark = Text("✗", "red") if phase.failed else Text("✓", "green")
                table.add_row(mark, phase.name, Text(f"{phase.seconds:5.1f} s", "dim"))
        return table


def run_table(run: Run) -> RenderableType:
    """Draw a run: a row per branch, and its steps with their times."""
    now = datetime.now(UTC)
    table = Table(box=None, padding=(0, 3, 0, 0), show_header=False)
    for branch, (status, reason) in sorted(run.branches.items()):
        cells = [
            f"{'[green]✓[/]' if step.finished_at else '[cyan]●[/]'} {step.step} {_times(step, now)}"
            for step in run.steps
            if step.branch == branch
        ]
        if status == "FAILED":
            cells.append(f"[red]✗ {escape(reason or 'failed')}[/]")
        idle = "waiting" if status == "RUNNING" else "nothing to do"
        table.add_row(Text(_named(branch), "bold"), *cells or [f"[dim]{idle}[/]"])
    title = f"run {run.run_id}  [dim]by {run.trigger}[/]  {_coloured(run.status)}"
    return Group(Text.from_markup(title), Padding(table, (0, 0, 0, 2)))


def run_line(run: Run) -> str:
    """Say the same in one line."""
    steps = [f"{_named(step.branch)} {step.step} {'done' if step.finished_at else '…'}" for step in run.steps]
    return f"run {run.run_id} {run.trigger} {run.status}  {', '.join(steps)}"


def _times(step: Step, now: datetime) -> str:
    in_line = f" [dim]({step.in_line:.1f} s in line)[/]" if step.in_line else ""
    return f"{step.seconds(now):.1f} s{in_line}"


def _named(branch: str) -> str:
    return "data" if branch == IMPORTS else branch


def _coloured(status: str) -> str:
    colours = {"SUCCEEDED": "green", "FAILED": "red", "RUNNING": "cyan"}
    return f"[{colours.get(status, 'yellow')}]{status}[/]"
