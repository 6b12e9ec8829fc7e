"""What no document and no recording settles: how it is decided here, and what else the service may do.

The first choice of each is the default, and the stricter one: what passes here is not refused there. Who steers the
local Personalize decides otherwise (`Control.decide`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A behaviour that is not settled.

    choices: what the service may do, the default first.
    """

    about: str
    choices: tuple[str, ...]

    @property
    def default(self) -> str:
        """What is done unless somebody decides otherwise."""
        return self.choices[0]


QUESTIONS: Mapping[str, Question] = {
    "byte-order-mark": Question("a CSV file begins with a byte-order mark", ("refuse", "read")),
    "empty-file": Question("a file without a line lies beside the data, as _SUCCESS does", ("refuse", "skip")),
    "empty-item-value": Question(
        "a column of Items that is not nullable has an empty value, ITEM_ID excepted", ("text", "refuse", "take")
    ),
    "events-before-tracker": Question("PutEvents names a tracker that is not ACTIVE yet", ("refuse", "take")),
    "filter-on-empty-data": Question(
        "CreateFilter names a dataset that holds no record yet", ("refuse", "fail", "take")
    ),
    "header-in-other-letters": Question(
        "a file's header spells a column in other letters than the schema (upper and lower case)", ("refuse", "take")
    ),
    "header-in-quotation-marks": Question("a column's name stands in quotation marks", ("refuse", "take")),
    "optimization-of-another-recipe": Question(
        "performHPO is true with a recipe none of whose hyperparameters can be tuned, or hpoObjective is given",
        ("refuse", "ignore"),
    ),
    "order-of-lists": Question("campaigns, datasets, filters, recommenders or solutions are listed", ("none", "age")),
    "prefix-without-slash": Question("a location names a folder, and does not end in a slash", ("refuse", "read")),
    "quotation-mark-in-value": Question(
        "a quotation mark is within a value that does not stand in quotation marks", ("refuse", "take")
    ),
    "schema-name-in-other-letters": Question(
        "a schema's record is named for its dataset type, but spelled otherwise", ("refuse", "take")
    ),
    "session-named-null": Question('an event\'s sessionId is "null" or "undefined"', ("take", "ignore")),
    "setting-of-another-recipe": Question(
        "eventsConfig, itemExplorationConfig or rankingInfluence is given for a recipe whose page does not have it",
        ("refuse", "ignore"),
    ),
    "source-of-key-use": Question(
        "a key's policy lets Personalize in under a condition of aws:SourceAccount or aws:SourceArn", ("untold", "told")
    ),
    "too-many-calls": Question(
        "calls come faster than a rate that is set", ("ThrottlingException", "LimitExceededException")
    ),
}

Decisions = dict[str, str]


def defaults() -> Decisions:
    """Return how all is decided at the start."""
    return {name: question.default for name, question in QUESTIONS.items()}
