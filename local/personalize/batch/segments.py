"""What a batch segment job answers to a line: the users who will most likely take an item, or items of a kind.

https://docs.aws.amazon.com/personalize/latest/dg/prepare-input-data-user-segment.html
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from local.personalize.batch.lines import Line, Output, request
from local.personalize.errors import InvalidInputError, NotFoundError
from local.personalize.filters.evaluation import Subject, matching, passes
from local.personalize.filters.grammar import Filter, parse_attributes
from local.personalize.filters.rules import check_attributes
from local.personalize.filters.subjects import subject
from local.personalize.serving.query import Source
from local.personalize.serving.users import interested

BY_ATTRIBUTE = "aws-item-attribute-affinity"


@dataclass(frozen=True)
class Segments:
    """Answers lines by a trained model."""

    source: Source
    version: str
    """The solution version's ARN."""
    filter: Filter | None
    count: int

    @property
    def nothing(self) -> Output:
        """What stands for the output of a line that can't be answered."""
        return _output([])

    def __call__(self, line: Line) -> Output:
        """Answer a line; raises InvalidInputError or NotFoundError."""
        by_attribute = self.source.recipe.name == BY_ATTRIBUTE
        items = self._with_attributes(line) if by_attribute else self._item(line)
        scores = interested(self.source.model, items)
        passed = self._passed(line)
        order = np.flatnonzero(passed)
        order = order[np.lexsort((order, -scores[order]))][: self.count]
        return _output([str(self.source.model.users[code]) for code in order])

    def _item(self, line: Line) -> NDArray[np.int64]:
        item = request(line, "GetRecommendations", self.version, "itemId")["itemId"]
        code = self.source.model.item_codes.get(item)
        if code is None:
            raise NotFoundError(f"The item {item} was not there when the solution version was trained.")
        return np.array([code], np.int64)

    def _with_attributes(self, line: Line) -> NDArray[np.int64]:
        text = line.get("itemAttributes")
        if not isinstance(text, str) or not text:
            raise InvalidInputError("The record must have itemAttributes.")
        expression = parse_attributes(text)
        items = self.source.tables.get("ITEMS")
        check_attributes(expression, {"ITEMS": items.schema} if items else {})
        if items is None:
            raise InvalidInputError("The dataset group has no Items dataset.")
        found = np.flatnonzero(matching(expression, items.aligned(self.source.model.item_index)))
        if not len(found):
            raise NotFoundError(f"No item that the solution version was trained on has {text}.")
        return found.astype(np.int64)

    def _passed(self, line: Line) -> NDArray[np.bool_]:
        if self.filter is None or self._subject is None:
            return np.ones(len(self.source.model.users), bool)
        given = {key: value for key, value in line.items() if key == "filterValues"}
        values = request(given, "GetRecommendations", self.version).get("filterValues", {})
        return passes(self.filter, self._subject, values)

    @functools.cached_property
    def _subject(self) -> Subject | None:
        """What the filter is asked about: the same for all lines."""
        if self.filter is None:
            return None
        model = self.source.model
        return subject(self.filter, self.source.tables, pd.Index(model.users, dtype=object), model.user_codes)


def _output(users: list[str]) -> Output:
    # The guide calls them recommendedUsers. What the service writes, and its own samples read, is usersList.
    return {"usersList": users, "recommendedUsers": users}
