"""What comes next: from a message and its step's outcome to the messages that follow.

import ─► poll ─► train ─► poll ─► deploy ─► poll ─► finish
└ nothing to import ─┘    └ no campaign ─────────────┘
"""

from __future__ import annotations

from functions.model import IMPORTS, Ending, Message, Plan
from functions.outcomes import Await, Done, Fail, Outcome, Pause, Skip


def following(message: Message, outcome: Outcome) -> list[Message]:
    """Return the messages that carry the run on. A pause sends the same message once more."""
    match outcome:
        case Await(waits):
            return [message.to("poll", waits=waits)]
        case Pause():
            return [message.to(message.step)]
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


def _after(message: Message) -> list[Message]:
    """Return what follows the phase that a message has completed."""
    match message.phase:
        case "import" if message.plan.solutions:
            return [
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
            return [message.to("deploy", phase="deploy", waits=(), solution_version=message.waits[0].arn)]
        case _:
            return [message.to("finish", ending=Ending("SUCCEEDED"))]
