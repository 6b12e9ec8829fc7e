"""The pages in docs/ and the README name files, tests and switches that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.personalize.undecided import QUESTIONS
from scripts.package import ROOT

NAMED = ("README.md", "CONTRIBUTING.md", "terraform/README.md")
PAGES = [*(ROOT / name for name in NAMED), *sorted((ROOT / "docs").glob("*.md"))]
LOCAL = ROOT / "local" / "README.md"
EXAMPLES = sorted((ROOT / "terraform" / "examples").glob("*/README.md"))
RULES = ROOT / "docs" / "aws-rules.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:docs|functions|local|scripts|terraform|tests)/[\w./-]+)`", text)
    linked = re.findall(r"\]\((?!https?://|#)([^)#]+)\)", text)
    missing = [name for name in named if not (ROOT / name).exists()]
    missing += [link for link in linked if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "local" / "README.md", *EXAMPLES], ids=lambda page: str(page.relative_to(ROOT))
)
def test_what_a_page_has_made_is_a_target(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    asked = re.findall(r"^ *make (?:-C \S+ )?([a-z-]+)|`make ([a-z-]+)", text, re.MULTILINE)
    assert {name for pair in asked for name in pair if name} <= targets


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.parent.name)
def test_what_an_example_is_given_is_a_variable_of_it(page: Path) -> None:
    given = re.findall(r"-var '?(\w+)=", page.read_text(encoding="utf-8"))
    variables = (page.parent / "variables.tf").read_text(encoding="utf-8")
    assert [name for name in given if f'variable "{name}"' not in variables] == []


def test_the_readme_leads_to_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if page.parent.name == "docs" and f"(docs/{page.name})" not in readme] == []


def test_every_rule_is_held_by_something() -> None:
    rows = [line.split("|") for line in RULES.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    rules = [row for row in rows if len(row) == 7 and row[1].strip() not in ("Rule", "---")]
    assert len(rules) > 10
    assert [row[1] for row in rules if "tests/" not in row[5] and "simulation" not in row[5]] == []


def test_every_open_question_of_the_local_personalize_is_told() -> None:
    told = RULES.read_text(encoding="utf-8")
    assert [name for name in QUESTIONS if f"`{name}`" not in told] == []
