"""What comes next: from a message and its step's outcome to the messages that follow.

import ─► poll ─► train ─► poll ─► deploy ─► poll ─► finish
└ nothing to import ─┘    └ no campaign ─────────────┘      (poll ─► import, where slots came one by one)
                └► filter ─► poll ─► finish                 (where filters are lacking)
"""

from __future__ import annotations

from collections.abc import Mapping

from functions.model import FILTERS, IMPORTS, Ending, Message, Plan, parse_short
from functions.outcomes import Await, Done, Fail, InLine, Outcome, Pause, Skip
from functions.records import Branch


def following(message: Message, outcome: Outcome) -> list[Message]:
    """Return the messages that carry the run on. A pause sends the same message once more.

    What is in line for a slot goes to the step that makes it. The time there is not the phase's.
    """
    match outcome:
        case Await(waits, again):
            return [message.to("poll", waits=waits, again=again)]
        case Pause(waits=waits):
            return [message.to(message.step, waits=message.waits if waits is None else waits)]
        case InLine(waits=waits):
            return [message.to(message.phase, waits=waits, since=None)]
        case Fail(reason):
            return [message.to("finish", ending=Ending("FAILED", reason))]
        case Skip(reason):
            return [message.to("finish", ending=Ending("SKIPPED", reason))]
        case Done():
            return _after(message)
        case _:
            raise TypeError(f"{outcome} is no ending of a step")


def opening(run_id: str, pipeline: str, plan: Plan) -> list[Message]:
    """Return the messages that a run begins with."""
    first = Message(run_id=run_id, pipeline=pipeline, step="import", branch=IMPORTS, plan=plan)
    return [first] if plan.imports else _after(first)


def carrying_on(run_id: str, pipeline: str, plan: Plan, branches: Mapping[str, Branch]) -> list[Message]:
    """Return the messages that a run under way goes on by, from its record: each branch's last, or its first."""
    first = Message(run_id=run_id, pipeline=pipeline, step="import", branch=IMPORTS, plan=plan)
    going = {name: branch for name, branch in branches.items() if branch.status == "RUNNING"}
    if IMPORTS in going:
        going = {IMPORTS: going[IMPORTS]}  # the others begin when it is over
    fresh = {each.branch: each for each in ([first] if plan.imports else []) + _after(first)}
    return [parse_short(branch.message, plan) if branch.message else fresh[name] for name, branch in going.items()]


def _after(message: Message) -> list[Message]:
    """Return what follows the phase that a message has completed."""
    match message.phase:
        case "import" if message.plan.solutions or message.plan.filters:
            filters = Message(
                run_id=message.run_id,
                pipeline=message.pipeline,
                step="filter",
                branch=FILTERS,
                plan=message.plan,
                phase="filter",
            )
            return ([filters] if message.plan.filters else []) + [
                Message(
                    run_id=message.run_id,
                    pipeline=message.pipeline,
                    step="train",
                    branch=name,
                    plan=message.plan,
                    phase="train",
                )
                for name in message.plan.solutions
            ]
        case "train" if message.solution.campaign:
            waited_for = message.waits[0].arn
            return [message.to("deploy", phase="deploy", waits=(), since=None, asked=None, solution_version=waited_for)]
        case _:
            return [message.to("finish", ending=Ending("SUCCEEDED"))]
