"""What the demo's pipeline would cost a month on AWS: Personalize's own bill, and the chain's."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scripts.bench import cost
from scripts.bench.prices import PERSONALIZE
from scripts.package import ROOT

NIGHTS = cost.DAYS
_PAGE = ROOT / "docs" / "cost.md"
"""Worked out by `make docs`, and held to what the chain uses by a test."""

TRAINING_HOURS = 38 / 60
"""Of a training: what `typical_minutes` expects of it. AWS may bill more hours than pass."""


@dataclass(frozen=True)
class Line:
    """A line of the bill. No dollars: the price is not known."""

    what: str
    dollars: float | None
    how: str


def a_month(gigabytes: float) -> list[Line]:
    """Work out the bill of one pipeline with two solutions, whose data is new every night."""
    price = PERSONALIZE
    hours = NIGHTS * TRAINING_HOURS
    chain = re.search(r"^\| \*\*in all, without alarms and key\*\* \| \*\*([\d.]+)", _PAGE.read_text(), re.MULTILINE)
    return [
        Line(
            "campaign of similar",
            cost.HOURS * price["tps hour"],
            f"1 transaction a second at least, for {cost.HOURS} hours at ${price['tps hour']:.2f}, asked or not",
        ),
        Line("for-you", None, "aws-user-personalization-v2 is priced by requests and interactions: see the page"),
        Line(
            "training similar",
            hours * price["training hour"],
            f"{NIGHTS} nights, {TRAINING_HOURS * 60:.0f} minutes each, at ${price['training hour']:.2f} an hour",
        ),
        Line(
            "ingestion",
            NIGHTS * gigabytes * price["GB"],
            f"{NIGHTS} times {gigabytes * 1000:.1f} MB at ${price['GB']:.2f} a GB",
        ),
        Line("the chain itself", float(chain[1]) if chain else None, "functions, queues, ledger, logs: docs/cost.md"),
    ]
