"""What comes next: from a message and its step's outcome to the messages that follow.

import ─► poll ─► train ─► poll ─► deploy ─► poll ─► finish
└ nothing to import ─┘    └ no campaign ─────────────┘      (poll ─► import, where slots came one by one)
                └► filter ─► poll ─► finish                 (where filters are lacking)
"""

from __future__ import annotations

from functions.model import FILTERS, IMPORTS, Ending, Message, Plan, parse_short
from functions.outcomes import Await, Done, Fail, InLine, Outcome, Overdue, Pause, Skip


def following(message: Message, outcome: Outcome) -> list[Message]:
    """Return the messages that carry the run on. A pause sends the same message once more.

    What is in line for a slot goes to the step that makes it. The time there is not the phase's, and no more is that
    for which Personalize refused a training, others having used up its quota.
    """
    match outcome:
        case Await(waits, again) if message.phase == "train":
            return [message.to("poll", waits=waits, again=again, since=None)]
        case Await(waits, again):
            return [message.to("poll", waits=waits, again=again)]
        case Pause(waits=waits):
            return [message.to(message.step, waits=message.waits if waits is None else waits)]
        case InLine(waits=waits):
            return [message.to(message.phase, waits=waits, since=None)]
        case Overdue(reason):
            return [message.to("finish", ending=Ending("FAILED", reason))]
        case Fail(reason) if message.branch == FILTERS and message.plan.only_streamed:
            told = f"nothing was imported yet, and a filter needs data in each dataset that it reads: {reason}"
            return [message.to("finish", ending=Ending("SKIPPED", told))]
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


def carrying_on(run_id: str, pipeline: str, plan: Plan, branch: str, last: str | None) -> Message:
    """Return the message that a branch of a run under way goes on by: its last, as the record has it, or its first.

    Raises InvalidMessage where another version has written it, so that this one can't read it.
    """
    if last:
        return parse_short(last, plan)
    first = Message(run_id=run_id, pipeline=pipeline, step="import", branch=IMPORTS, plan=plan)
    return {each.branch: each for each in ([first] if plan.imports else []) + _after(first)}[branch]


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
