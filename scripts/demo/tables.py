"""Metrics and recommendations, drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.columns import Columns
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from scripts.demo.bill import Line
from scripts.demo.summary import METRIC, PERSONAL, Failure, Item

_HALF = 76
"""Characters of a panel, two of which stand beside each other in a log."""

_SHORT = {
    "mean_reciprocal_rank_at_25": "mean reciprocal rank at 25",
    "normalized_discounted_cumulative_gain": "NDCG",
}


def readable(metric: str) -> str:
    """Return a metric's name for people."""
    for name, short in _SHORT.items():
        metric = metric.replace(name, short)
    return metric.replace("_", " ")


def metrics_table(metrics: Mapping[str, Mapping[str, float]], baseline: Mapping[str, float]) -> Table:
    """Draw each solution's metrics beside those of recommending the popular to all."""
    table = Table(title="Measured on interactions that training did not see", title_justify="left")
    table.add_column("metric")
    for solution in metrics:
        table.add_column(solution, justify="right")
    table.add_column("popularity", justify="right")
    for metric, popular in baseline.items():
        cells = []
        for solution, values in metrics.items():
            value = values.get(metric)
            text = "" if value is None else f"{value:.4f}"
            if metric == METRIC and solution == PERSONAL and value and popular:
                text = f"[bold green]{text} ({value / popular:.1f} times)[/]"
            cells.append(text)
        table.add_row(readable(metric), *cells, f"{popular:.4f}")
    return table


def told(failure: Failure) -> Columns:
    """Draw how a run that failed is told: in the ledger, and on the bus."""
    ledger = f"[bold]{failure.status}[/] {failure.run_id}\n{escape(failure.reason or 'no reason')}"
    shown = {key: failure.event.get(key) for key in ("run_id", "pipeline", "status", "trigger", "finished_at")}
    bus = f"{escape(json.dumps(shown, indent=2))}\n[dim]and the reason, and each branch with its steps[/]"
    return side_by_side(
        Panel(ledger, title="the ledger says", title_align="left", width=_HALF),
        Panel(bus, title="the event on the bus says", title_align="left", width=_HALF),
    )


def bill_table(bill: Sequence[Line]) -> Table:
    """Draw what a month costs."""
    table = Table(title="What this would cost a month on AWS, if it ran every night", title_justify="left")
    for column in ("what", "$", "how it comes about"):
        table.add_column(column, justify="right" if column == "$" else "left")
    for line in bill:
        table.add_row(line.what, "?" if line.dollars is None else f"{line.dollars:,.2f}", f"[dim]{line.how}[/]")
    return table


def item_list(title: str, items: Sequence[Item], subtitle: str = "") -> Panel:
    """Draw a list of items with their genres."""
    table = Table.grid(padding=(0, 1))
    for position, item in enumerate(items, 1):
        table.add_row(f"[dim]{position}[/]", escape(item.title), f"[dim]{_genres(item)}[/]")
    return Panel(table, title=title, subtitle=subtitle, title_align="left", subtitle_align="left", expand=False)


def side_by_side(*panels: Panel) -> Columns:
    """Draw panels beside each other where there is room."""
    return Columns(panels, padding=(0, 1))


def moved(before: Sequence[Item], after: Sequence[Item]) -> tuple[Panel, Panel]:
    """Draw a list before and after, and mark what is new, what rose and what fell."""
    old = {item.item_id: position for position, item in enumerate(before)}
    stayed = {item.item_id for item in after}
    left, right = Table.grid(padding=(0, 1)), Table.grid(padding=(0, 1))
    for position, item in enumerate(before, 1):
        style = "" if item.item_id in stayed else "strike dim"
        left.add_row(f"[dim]{position}[/]", f"[{style or 'none'}]{escape(item.title)}[/]", f"[dim]{_genres(item)}[/]")
    for position, item in enumerate(after):
        was = old.get(item.item_id)
        if was is None:
            mark, style = "[green]new[/]", "bold green"
        elif was == position:
            mark, style = "", "none"
        else:
            mark = f"[cyan]▲{was - position}[/]" if was > position else f"[yellow]▼{position - was}[/]"
            style = "none"
        title = f"[{style}]{escape(item.title)}[/]"
        right.add_row(f"[dim]{position + 1}[/]", title, f"[dim]{_genres(item)}[/]", mark)
    return (
        Panel(left, title="before the events", title_align="left", expand=False),
        Panel(right, title="after", title_align="left", expand=False),
    )


def _genres(item: Item) -> str:
    return escape(item.genres.replace("|", ", "))


def draw_metrics(metrics: Mapping[str, Mapping[str, float]], baseline: Mapping[str, float], path: Path) -> None:
    """Draw the metrics as bars, a group per metric, into a PNG."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    names = [name for name in baseline if name != "coverage"]
    series = {**metrics, "popularity": baseline}
    width = 0.8 / len(series)
    figure, axes = plt.subplots(figsize=(10, 4.5), layout="constrained")
    for index, (label, values) in enumerate(series.items()):
        places = [position + (index - (len(series) - 1) / 2) * width for position in range(len(names))]
        colour = "#b8b8b8" if label == "popularity" else f"C{index}"
        bars = axes.bar(places, [values.get(name, 0.0) for name in names], width, label=label, color=colour)
        axes.bar_label(bars, fmt="%.3f", fontsize=7, padding=1)
    axes.set_xticks(range(len(names)), [readable(name).replace(" at ", "\nat ") for name in names])
    axes.set_title("Held-out interactions: each solution beside recommending the popular to all")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)
