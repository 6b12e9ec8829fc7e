"""Where the figures go: a JSON file for each bench, and a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"


def write(name: str, results: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Write the figures of a bench as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    return path


def draw_waiting(results: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Draw how late each policy is over how many calls it makes: less of both is better."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(8, 5), layout="constrained")
    for policy, found in results["policies"].items():
        (mark,) = axis.plot(found["personalize_calls"], 100 * found["lost_median"], "o", label=policy)
        p90 = [100 * found["lost_median"], 100 * found["lost_p90"]]
        axis.plot([found["personalize_calls"]] * 2, p90, color=mark.get_color(), alpha=0.4)
        if goal := results["goals"].get(policy):
            axis.axhline(100 * goal["lost"], color=mark.get_color(), linestyle=":", linewidth=1)
    budget = next(iter(results["policies"].values()))
    peers = budget["personalize_calls"] / budget["calls_beside_peer"]
    for allowed in {goal["calls_beside_peer"] for goal in results["goals"].values() if "calls_beside_peer" in goal}:
        axis.axvline(peers * allowed, color="grey", linestyle=":", linewidth=1)
    axis.set(
        xlabel="calls of Personalize in a run",
        ylabel="time lost, % of the critical path (median, up to p90)",
        title=f"{results['seeds']} runs of each; dotted: the goals",
        xscale="log",
        yscale="log",
    )
    axis.set_xticks([50, 100, 200, 300])
    axis.set_yticks([0.2, 0.5, 1, 2, 5, 10, 20])
    for each in (axis.xaxis, axis.yaxis):
        each.set_major_formatter("{x:g}")
        each.set_minor_formatter("")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "waiting.png"
    figure.savefig(path, dpi=150)
    plt.close(figure)
    return path
