"""`python -m scripts.demo [--data FOLDER] [--keep]`: exits with 0 only if all that the story promises has come true."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local.account import LocalAccountError
from scripts.demo.display import Display
from scripts.demo.story import BUILD, DESTRUCTION, PHASES, Story, StoryError
from scripts.demo.summary import Summary
from scripts.sample_data import SampleDataError, generate, read_movielens
from scripts.stack import StackError
from scripts.terraform import TerraformError

_EXPECTED = (BotoCoreError, ClientError, LocalAccountError, StackError, StoryError, TerraformError)

# A log has no width of its own; three lists stand beside each other in this one.
_LOG_WIDTH = 160


def main() -> int:
    """Tell the story, clean up whatever happens, and say whether all of it came true."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="MovieLens' ratings.csv and movies.csv")
    parser.add_argument("--keep", action="store_true", help="leave the local AWS running at the end, until Ctrl-C")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_LOG_WIDTH)
    try:
        data = read_movielens(arguments.data) if arguments.data else generate()
    except SampleDataError as error:
        console.print(f"[red]{error}")
        return 2
    summary = Summary(kept=arguments.keep)
    display = Display(PHASES[: -len(DESTRUCTION)] if arguments.keep else PHASES, console)
    story = Story(data, display, summary)
    try:
        with display:
            errors = tell(story)
        problems = [*errors, *(summary.problems() if not errors else [])]
        summary.write(BUILD / "summary.json")
        for problem in problems:
            console.print(f"[red]✗[/] {problem}", markup=True)
        if not problems:
            console.print(
                "[green]✓[/] Three runs, campaigns moved each time, a failure that is told, a clean second plan"
                + ("." if summary.kept else ", and nothing is left.")
            )
        console.print(f"Written: {_shown(BUILD / 'summary.json')}, {_shown(BUILD / 'metrics.png')}")
        if summary.kept and not problems:
            keep(story, console)
    finally:
        story.account.stop()
    return 1 if problems else 0


def tell(story: Story) -> list[str]:
    """Go through the story, then take everything down, unless it is kept; answer what stopped it or went wrong."""
    errors: list[str] = []
    try:
        story.start()
        try:
            _act(story)
        except _EXPECTED as error:
            errors.append(str(error))
        finally:
            if not story.summary.kept:
                errors += _take_down(story)
    except _EXPECTED as error:
        errors.append(str(error))
    finally:
        story.summary.phases = story.display.seconds
    return errors


def keep(story: Story, console: Console) -> None:
    """Say what to try next on what the story has left, and leave it running until Ctrl-C."""
    console.print("\n[bold]The local AWS is yours now.[/] In another terminal, with the AWS CLI, paste first:\n")
    for line in story.account.settings.to_paste(os.environ):
        console.print(line, soft_wrap=True, markup=False)
    for number, step in enumerate(story.next_steps(), 1):
        console.print(f"\n[bold]{number}. {step.title}[/]")
        console.print(step.command, soft_wrap=True, markup=False)
    console.print("\n[bold]Ctrl-C[/] here ends it, and leaves nothing.")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            story.account.check()
            time.sleep(1)


def _act(story: Story) -> None:
    story.apply()
    story.upload()
    story.run_by_schedule()
    story.measure()
    story.recommend()
    story.send_events()
    story.run_by_upload()
    story.run_by_hand()
    story.run_with_a_broken_file()
    story.price()
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
