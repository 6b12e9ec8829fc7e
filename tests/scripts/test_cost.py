"""What the chain costs a month: the documentation says what is worked out, and the arithmetic is right."""

from __future__ import annotations

import re

import pytest

from scripts.bench import cost, prices
from scripts.package import ROOT

RUN = {
    "hours": 1.0,
    "lambda": 50.0,
    "sqs": 150.0,
    "personalize": 40.0,
    "events": 1.0,
    "dynamodb read units": 200.0,
    "dynamodb write units": 300.0,
}


def test_an_idle_chain_pays_for_asking_its_queues() -> None:
    idle = cost.month(0, RUN)
    asked = len(cost.STEPS) * 5 * (30 * 24 * 3600 / 20)
    assert idle["queues, asked while empty"] == pytest.approx(asked * prices.PRICES["sqs"])
    assert idle["queues, asked while empty"] > 1
    assert idle["functions"] == pytest.approx(1440 * prices.PRICES["lambda"]), "the watchdog, every half an hour"
    assert idle["ledger"] < 0.01


def test_what_runs_use_grows_with_them_and_the_rest_does_not() -> None:
    none, one, hundred = (cost.month(pipelines, RUN) for pipelines in (0, 1, 100))
    for what in ("functions", "queues, messages", "ledger", "logs", "traces", "events and schedules"):
        assert hundred[what] - none[what] == pytest.approx(100 * (one[what] - none[what])), what
    for what in ("queues, asked while empty", cost.ALARMS):
        assert hundred[what] == none[what], what


def test_the_page_says_what_is_worked_out() -> None:
    """Within a tenth: each change of the chain moves it a little; `make docs` writes it anew."""
    table = (ROOT / "docs" / "cost.md").read_text().partition("<!-- costs -->")[2].partition("<!-- /costs -->")[0]
    written = dict(re.findall(r"^\| (.+?) \| (.+) \|$", table, re.M))
    for what, *figures in cost.rows(cost.run())[1:]:
        told = [float(each.strip("* ")) for each in written[what].split("|")]
        assert told == pytest.approx([float(each.strip("*")) for each in figures], rel=0.1, abs=0.02), what


def test_the_readme_names_the_range() -> None:
    least, *_, most = (float(each.strip("*")) for each in cost.rows(cost.run())[-2][1:])
    readme = " ".join((ROOT / "README.md").read_text().split())
    told = re.search(r"The chain itself costs about \$(\d+) to \$(\d+) a month", readme)
    assert told, "README.md, Cost"
    assert float(told[1]) == pytest.approx(least, rel=0.25)
    assert float(told[2]) == pytest.approx(most, rel=0.25)
