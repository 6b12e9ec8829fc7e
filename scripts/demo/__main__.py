"""`python -m scripts.demo [--data FOLDER]`: exits with 0 only if everything that the story promises has come true."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local.account import LocalAccountError
from scripts.demo.display import Display
from scripts.demo.story import BUILD, PHASES, Story, StoryError
from scripts.demo.summary import Summary
from scripts.sample_data import SampleData, SampleDataError, generate, read_movielens
from scripts.stack import StackError
from scripts.terraform import TerraformError

_EXPECTED = (BotoCoreError, ClientError, LocalAccountError, StackError, StoryError, TerraformError)

# A log has no width of its own; three lists stand beside each other in this one.
_LOG_WIDTH = 160


def main() -> int:
    """Tell the story, clean up whatever happens, and say whether all of it came true."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="MovieLens' ratings.csv and movies.csv")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_LOG_WIDTH)
    try:
        data = read_movielens(arguments.data) if arguments.data else generate()
    except SampleDataError as error:
        console.print(f"[red]{error}")
        return 2
    summary = Summary()
    errors = tell(data, summary, console)
    problems = [*errors, *(summary.problems() if not errors else [])]
    summary.write(BUILD / "summary.json")
    for problem in problems:
        console.print(f"[red]✗[/] {problem}", markup=True)
    if not problems:
        console.print("[green]✓[/] Three runs, campaigns moved each time, a clean second plan, and nothing is left.")
    console.print(f"Written: {_shown(BUILD / 'summary.json')}, {_shown(BUILD / 'metrics.png')}")
    return 1 if problems else 0


def tell(data: SampleData, summary: Summary, console: Console) -> list[str]:
    """Go through the story, then take everything down; answer what stopped it or went wrong at its end."""
    errors: list[str] = []
    with Display(PHASES, console) as display:
        story = Story(data, display, summary)
        try:
            story.start()
            try:
                _act(story)
            except _EXPECTED as error:
                errors.append(str(error))
            finally:
                errors += _take_down(story)
        except _EXPECTED as error:
            errors.append(str(error))
        finally:
            story.account.stop()
            summary.phases = display.seconds
    return errors


def _act(story: Story) -> None:
    story.apply()
    story.upload()
    story.run_by_schedule()
    story.measure()
    story.recommend()
    story.send_events()
    story.run_by_upload()
    story.run_by_hand()
    story.plan_again()


def _take_down(story: Story) -> list[str]:
    try:
        story.destroy()
        story.look_around()
    except _EXPECTED as error:
        return [f"while taking everything down: {error}"]
    return []


def _shown(path: Path) -> Path:
    return path.relative_to(BUILD.parent.parent)


if __name__ == "__main__":
    sys.exit(main())
