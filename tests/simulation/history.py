"""What happened: kept as it comes, told only if somebody wants to read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table


class Event(NamedTuple):
    """One thing that happened. ``fault`` is the kind of fault that was injected, if one was."""

    seconds: float
    who: str
    run: str
    branch: str
    what: str
    fault: str


@dataclass
class History:
    """Everything that happened, in order."""

    events: list[Event] = field(default_factory=list)

    def note(self, seconds: float, who: str, what: str, run: str = "", branch: str = "", fault: str = "") -> None:
        """Keep one thing that happened."""
        self.events.append(Event(seconds, who, run, branch, what, fault))

    def show(self, console: Console, last: int | None = None) -> None:
        """Print it, or its last events."""
        table = Table(box=None, pad_edge=False, title="history", title_justify="left")
        for name in ("time", "who", "run", "branch", "what happened", "fault"):
            table.add_column(name, no_wrap=True)
        for event in self.events[-(last or len(self.events)) :]:
            told = (escape(text) for text in (event.who, event.run, event.branch, event.what[:120], event.fault))
            table.add_row(_clock(event.seconds), *told, style="red" if event.fault else None)
        console.print(table)


def _clock(seconds: float) -> str:
    return f"{timedelta(seconds=int(seconds))}.{int(seconds * 10) % 10}"
