"""What was measured, against the goals: a table, a file, a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.bench_local.gateway import Served
from scripts.bench_local.library import Measured
from scripts.bench_local.quality import FIRST, Quality, Score
from scripts.bench_local.timing import Stopwatch, exponent

IMPORT_GOAL, TRAINING_GOAL, SERVING_GOAL = 3.0, 1.3, 10.0
SERVING_SECONDS = 0.005
LINEAR = 1.0


@dataclass(frozen=True)
class Figure:
    """One line: ours beside what it stands on, in seconds unless a unit is said, and whether the goal is met."""

    name: str
    ours: float
    beside: float | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None
    unit: str = "s"


@dataclass(frozen=True)
class Report:
    """All figures of a run."""

    rounds: int
    requests: dict[str, dict[str, float]]
    """Threads to operation to requests per second."""
    floor: Stopwatch
    """Times of DescribeDatasetGroup, which has nothing to do."""
    library: tuple[Measured, ...]
    served: tuple[Served, ...]
    quality: Quality

    def figures(self) -> Iterator[Figure]:
        """Return the lines of the table."""
        for threads, rates in self.requests.items():
            for operation, rate in rates.items():
                yield Figure(f"{operation}, {threads} at a time", rate, unit="/s")
        for each in self.library:
            yield from _beside_libraries(each)
        yield Figure("DescribeDatasetGroup by HTTP: median", self.floor.median)
        yield Figure("  p99, the floor of this machine", self.floor.p99)
        recommends = {each.size: each.recommends for each in self.library}
        for served in self.served:
            yield from _serving(served, recommends[served.size].median, recommends[served.size].p99)
        yield from self._growth()

    def _growth(self) -> Iterator[Figure]:
        sizes = [each.size for each in self.library]
        for name, times in (
            ("import", [each.imports.median for each in self.library]),
            ("training", [each.trainings.median for each in self.library]),
            ("serving", [each.raw.median for each in self.served]),
        ):
            power = exponent(sizes, times)
            met = power <= LINEAR + 0.05  # a straight line through three points that were measured
            yield Figure(f"{name} grows with the size to the power of", power, goal="≤ 1", met=met, unit="")


def _beside_libraries(each: Measured) -> Iterator[Figure]:
    size = f"{each.size:,}"
    ours = each.imports.median
    yield Figure(f"import of {size} rows, rows per second", each.size / ours, unit="/s")
    for name, read in each.reads.items():
        ratio, goal = ours / read.median, IMPORT_GOAL if name == "pandas" else None
        met = ratio <= goal if goal else None
        yield Figure(f"  beside {name}'s bare read", ours, read.median, ratio, _at_most(goal), met)
    ours, bare = each.trainings.median, each.fits.median
    met = ours / bare <= TRAINING_GOAL
    yield Figure(f"training on {size}, beside implicit's ALS", ours, bare, ours / bare, _at_most(TRAINING_GOAL), met)


def _serving(each: Served, median: float, p99: float) -> Iterator[Figure]:
    size = f"{each.size:,}"
    yield Figure(f"import of {size} rows over HTTP, from S3", each.imported)
    yield Figure(f"training on {size} over HTTP", each.trained)
    for name, watch in (("HTTP", each.raw), ("boto3", each.client)):
        yield Figure(f"GetRecommendations by {name}, {size}: median", watch.median, median, watch.median / median)
        ratio = watch.p99 / p99
        met = ratio <= SERVING_GOAL or watch.p99 <= SERVING_SECONDS
        goal = f"{_at_most(SERVING_GOAL)} or {SERVING_SECONDS * 1000:g} ms"
        yield Figure("  p99, beside implicit's recommend", watch.p99, p99, ratio, goal, met)


def show(report: Report, console: Console) -> None:
    """Print the table."""
    table = Table(title=f"The local Personalize, medians of {report.rounds}", title_justify="left")
    table.add_column("")
    for column in ("ours", "beside", "ratio", "goal"):
        table.add_column(column, justify="right")
    for each in report.figures():
        colour = "" if each.met is None else "[green]" if each.met else "[yellow]"
        ratio = "" if each.ratio is None else f"{colour}{each.ratio:.2f}"
        ours = _shown(each.ours, each.unit)
        table.add_row(
            each.name,
            ours if each.ratio is not None else f"{colour}{ours}",
            "" if each.beside is None else _shown(each.beside, each.unit),
            ratio,
            each.goal,
        )
    console.print(table)


def show_quality(quality: Quality, console: Console) -> None:
    """Print how good the recommendations are."""
    title = f"Found in the first {FIRST} places, with standard errors: {quality.data}"
    table = Table(title=title, title_justify="left")
    for column in ("", "HR@10", "NDCG@10", "goal"):
        table.add_column(column, justify="left" if not column else "right")
    for name, score in quality.others.items():
        table.add_row(name, *_found(score))
    for length, score in quality.ours.items():
        colour = "[green]" if quality.met(length) else "[yellow]"
        table.add_row(f"ours, of lists of {length}", *(colour + each for each in _found(score)), "as implicit's ALS")
    console.print(table)


def _found(score: Score) -> tuple[str, str]:
    return f"{score.hits:.4f} ± {score.hits_error:.4f}", f"{score.gain:.4f} ± {score.gain_error:.4f}"


def _at_most(times: float | None) -> str:
    return f"≤ {times:g} times" if times else ""


def _shown(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.2f} ms"
    return f"{value:,.0f} {unit}" if unit else f"{value:.2f}"


def write(report: Report, path: Path) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figures = [asdict(each) for each in report.figures()]
    content = {"rounds": report.rounds, "figures": figures, "quality": asdict(report.quality)}
    path.write_text(json.dumps(content, indent=2) + "\n")


def draw(report: Report, path: Path) -> None:
    """Draw how times grow, ours beside the libraries'."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    sizes = [each.size for each in report.library]
    panels = {
        "import": (
            {"import": [each.imports.median for each in report.library]}
            | {
                f"{name}'s read": [each.reads[name].median for each in report.library]
                for name in report.library[0].reads
            }
        ),
        "training": {
            "training": [each.trainings.median for each in report.library],
            "implicit's ALS": [each.fits.median for each in report.library],
        },
        "GetRecommendations": {
            "HTTP, p99": [each.raw.p99 for each in report.served],
            "HTTP, median": [each.raw.median for each in report.served],
            "implicit's recommend, median": [each.recommends.median for each in report.library],
        },
    }
    figure, axes = plt.subplots(1, len(panels), figsize=(13, 4), layout="constrained")
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for name, times in lines.items():
            axis.loglog(sizes, times, marker="o", label=name)
        first = next(iter(lines.values()))[0]
        axis.loglog(sizes, [first * size / sizes[0] for size in sizes], ":", color="grey", label="linear")
        axis.set(title=title, xlabel="interactions", ylabel="seconds")
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)
