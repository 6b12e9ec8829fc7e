"""What happened: kept as it comes, told only if somebody wants to read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from rich.console import Console
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
        table = Table("time", "step", "run", "branch", "what happened", "fault", title="history", expand=True)
        for event in self.events[-(last or len(self.events)) :]:
            style = "red" if event.fault else None
            table.add_row(
                _clock(event.seconds), event.who, event.run, event.branch, event.what, event.fault, style=style
            )
        console.print(table)

    def digest(self) -> int:
        """Return a number that stands for all of it."""
        return hash(tuple(event[0] for event in self.events)) ^ len(self.events)


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds, 1)))[:-5] if seconds % 1 else str(timedelta(seconds=seconds))
