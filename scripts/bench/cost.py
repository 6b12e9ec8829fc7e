"""What the chain itself costs a month: functions, queues, ledger, logs, metrics; nothing of Personalize's own bill.

What a run uses is counted over the real handlers. What is there without any run is counted from `pipeline.json`.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.bench import prices
from scripts.bench.waiting import HISTORY, NOISE, drawn, ours
from scripts.package import ROOT

PIPELINES = (1, 10, 100, 300)
SEEDS = 5
DAYS, HOURS, SECONDS = 30, 720, 2_592_000
"""In a month."""

POLLERS, LONG_POLL = 5, 20.0
"""Lambda asks an empty queue by five connections at once, each of which waits for up to 20 seconds.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
"""

WATCHES = 2 * HOURS
"""Every half an hour the watchdog looks: see `schedules.tf`."""

LOG_BYTES = 3_000
"""Of one invocation: Lambda's own three lines, ours, and the metrics, which are lines of the log, too."""

KEY_CALLS = 3
"""Of one invocation where the key is the team's own: the environment, a queue's data key and the ledger's, at most."""

STEADY_METRICS, METRICS_OF_RUNS = 2, 14
"""Metrics that each look of the watchdog counts, and those that runs add; each is billed for the hours that have it."""

ALARMS, KEY = OPTIONAL = ("alarms, where on", "a key of your own")

STEPS = json.loads((ROOT / "terraform" / "pipeline.json").read_text())["steps"]


def of_run() -> dict[str, float]:
    """Return what a run that knows some history uses, and the hours that it takes, as means."""
    outcomes = [ours(drawn(seed, NOISE)[: HISTORY + 1])[-1] for seed in range(SEEDS)]
    hours = statistics.mean(outcome.makespan for outcome in outcomes) / 3600
    return {"hours": hours} | {
        unit: statistics.mean(outcome.units[unit] for outcome in outcomes) for unit in outcomes[0].units
    }


def month(pipelines: int, run: Mapping[str, float]) -> dict[str, float]:
    """Return the dollars of a month by what they are for, for so many pipelines that run every night."""
    runs = pipelines * DAYS
    invocations = runs * run["lambda"] + WATCHES
    polled = len(STEPS) * POLLERS * SECONDS / LONG_POLL
    with_metrics = min(HOURS, DAYS * (run["hours"] + 1))
    used: dict[str, dict[str, float]] = {
        "functions": {"lambda": invocations},
        "queues, asked while empty": {"sqs": polled},
        "queues, messages": {"sqs": runs * run["sqs"] + 2 * WATCHES},
        "ledger": {
            "dynamodb read units": runs * run["dynamodb read units"] + WATCHES,
            "dynamodb write units": runs * run["dynamodb write units"],
        },
        "events and schedules": {"events": runs * run["events"], "schedules": runs},
        "logs": {"logs GB": invocations * LOG_BYTES / 1e9},
        "metrics": {"metric months": STEADY_METRICS + METRICS_OF_RUNS * with_metrics / HOURS},
        "traces": {"traces": invocations},
        ALARMS: {"alarm months": len(STEPS)},
        KEY: {"key months": 1, "kms": KEY_CALLS * invocations},
    }
    return {what: prices.dollars(units) for what, units in used.items()}


def run() -> dict[str, Any]:
    """Work out the months."""
    used = of_run()
    return {
        "prices_as_of": prices.AS_OF,
        "run": used,
        "months": {str(pipelines): month(pipelines, used) for pipelines in PIPELINES},
    }


def rows(results: Mapping[str, Any]) -> list[list[str]]:
    """Return the table, head first."""
    months: dict[str, dict[str, float]] = results["months"]
    kinds = list(next(iter(months.values())))
    parts = [[what, *(f"{of[what]:.2f}" for of in months.values())] for what in kinds]
    asked_for = [kind for kind in kinds if kind in OPTIONAL]
    always = [sum(of.values()) - sum(of[kind] for kind in asked_for) for of in months.values()]
    everything = [sum(of.values()) for of in months.values()]
    return [
        ["$ a month, for so many pipelines every night", *months],
        *parts,
        ["**in all, without alarms and key**", *(f"**{each:.2f}**" for each in always)],
        ["in all, with both", *(f"{each:.2f}" for each in everything)],
    ]


def markdown(results: Mapping[str, Any]) -> str:
    """Return the table for the documentation."""
    head, *body = rows(results)
    lines = [head, ["---", *("---:" for _ in head[1:])], *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def show(console: Console, results: Mapping[str, Any]) -> None:
    """Print the table."""
    head, *body = rows(results)
    table = Table(title=f"The chain's own cost, prices of {results['prices_as_of']}, us-east-1", title_justify="left")
    table.add_column(head[0])
    for each in head[1:]:
        table.add_column(each, justify="right")
    for row in body:
        table.add_row(*(cell.strip("*") for cell in row))
    console.print(table)
    used = results["run"]
    console.print(
        f"A run of three datasets and two solutions: {used['lambda']:.0f} invocations, {used['sqs']:.0f} requests of "
        f"SQS, {used['hours']:.1f} hours."
    )
