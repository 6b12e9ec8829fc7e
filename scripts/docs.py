"""The module's tables of inputs and outputs, from the module itself, and the table of costs, from the bench.

`python -m scripts.docs` writes them between `<!-- inputs -->` and `<!-- /inputs -->`, and so on; with `--check` it
changes nothing and exits with 1 where inputs or outputs are out of date. What a run costs moves a little with every
change of the chain: a test holds that page to a tenth of it.

Reads what `terraform fmt` has put in form, which `make lint` asserts: a block opens and closes at the start of a
line, an argument stands two spaces in.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from scripts.bench import cost
from scripts.bench.world import silence

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}$', re.MULTILINE | re.DOTALL)


class DocsError(Exception):
    """Raised when a README has no place for a table; the message names it."""


@dataclass(frozen=True)
class Block:
    """A variable or an output. `default` is None where a value must be given."""

    kind: str
    name: str
    description: str
    type: str
    default: str | None


def read(module: Path) -> list[Block]:
    """Return the variables and outputs of a module, by name."""
    found = [
        Block(
            kind=kind,
            name=name,
            description=_text(_argument(body, "description") or ""),
            type=_argument(body, "type") or "",
            default=_argument(body, "default"),
        )
        for path in sorted(module.glob("*.tf"))
        for kind, name, body in _BLOCK.findall(path.read_text(encoding="utf-8"))
    ]
    return sorted(found, key=lambda block: block.name)


def render(blocks: list[Block], kind: str) -> str:
    """Return the Markdown for all blocks of one kind."""
    chosen = [block for block in blocks if block.kind == kind]
    if kind == "output":
        rows = [f"| `{block.name}` | {_inline(block.description)} |" for block in chosen]
        return "\n".join(["| name | |", "|---|---|", *rows])
    rows = [
        f"| `{block.name}` | `{_type(block)}` | {_default(block)} | {_inline(_lead(block.description))} |"
        for block in chosen
    ]
    details = [
        f"<details>\n<summary>The fields of <code>{block.name}</code></summary>\n\n{fields}\n\n</details>"
        for block in chosen
        if (fields := _fields(block.description))
    ]
    return "\n\n".join(["\n".join(["| name | type | default | |", "|---|---|---|---|", *rows]), *details])


def insert(readme: str, marker: str, text: str) -> str:
    """Put a text between a marker's two comments."""
    pattern = re.compile(rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)", re.DOTALL)
    if not pattern.search(readme):
        raise DocsError(f"<!-- {marker} --> and <!-- /{marker} --> are missing")
    return pattern.sub(lambda match: f"{match[1]}{text}\n{match[2]}", readme)


def main(arguments: list[str] | None = None) -> int:
    """Write the tables, or say where they are out of date."""
    parser = argparse.ArgumentParser(description="Write the tables of inputs, outputs and costs.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where a table is out of date")
    options = parser.parse_args(arguments)
    console = Console(stderr=True)

    readme = ROOT / "terraform" / "README.md"
    before = readme.read_text(encoding="utf-8")
    blocks = read(ROOT / "terraform")
    try:
        after = insert(insert(before, "inputs", render(blocks, "variable")), "outputs", render(blocks, "output"))
    except DocsError as error:
        console.print(f"{readme.relative_to(ROOT)}: {error}", style="red", markup=False)
        return 1
    if options.check:
        if after != before:
            console.print(
                f"{readme.relative_to(ROOT)}: the tables are out of date; run `make docs`", style="red", markup=False
            )
        return int(after != before)
    readme.write_text(after, encoding="utf-8")
    silence()
    page = ROOT / "docs" / "cost.md"
    page.write_text(insert(page.read_text(encoding="utf-8"), "costs", cost.markdown(cost.run())), encoding="utf-8")
    return 0


def _argument(body: str, name: str) -> str | None:
    """Return an argument's expression as written, or None where it is not given."""
    match = re.search(rf"^  {name} +=[ ](.*(?:\n(?:    .*|  [)}}\]]+|  EOT|))*)", body, re.MULTILINE)
    return match[1].rstrip() if match else None


def _text(expression: str) -> str:
    """Return the text of a string or of an indented heredoc."""
    if expression.startswith("<<-"):
        lines = expression.split("\n")
        end = next(index for index, line in enumerate(lines) if line.strip() == lines[0].removeprefix("<<-"))
        return textwrap.dedent("\n".join(lines[1:end])).strip()
    return expression.strip('"').replace('\\"', '"')


def _lead(description: str) -> str:
    """Return what comes before the list of fields."""
    return re.split(r"^- ", description, maxsplit=1, flags=re.MULTILINE)[0].strip()


def _fields(description: str) -> str:
    """Return the list of fields, if there is one."""
    return description[len(_lead(description)) :].strip()


def _type(block: Block) -> str:
    """Return the type without an object's fields, which the description has. A comment says what `any` stands for."""
    return re.sub(r"\(\{.*\}\)", "", block.type.removeprefix("any # "), flags=re.DOTALL)


def _default(block: Block) -> str:
    return "required" if block.default is None else f"`{block.default}`"


def _inline(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
