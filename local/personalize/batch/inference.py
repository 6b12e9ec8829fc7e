"""What a batch inference job answers to a line, by the type of its recipe.

It answers from what training has seen: events that came later don't count.
https://docs.aws.amazon.com/personalize/latest/dg/getting-batch-recommendations.html
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass, replace

from local.personalize.batch.lines import Line, Output, request
from local.personalize.filters.grammar import Filter
from local.personalize.recipes import RANKING, RELATED
from local.personalize.serving.items import rank, recommend
from local.personalize.serving.query import SCORE_DIGITS, Pick, Query, Source


@dataclass(frozen=True)
class Inference:
    """Answers lines by a trained model."""

    source: Source
    version: str
    """The solution version's ARN."""
    filter: Filter | None
    count: int

    @property
    def nothing(self) -> Output:
        """What stands for the output of a line that can't be answered."""
        return self._output([])

    def __call__(self, line: Line) -> Output:
        """Answer a line; raises InvalidInputError."""
        recipe = self.source.recipe
        if recipe.type == RANKING:
            asked = request(line, "GetPersonalizedRanking", self.version, "userId", "itemList")
        else:
            needed = "itemId" if recipe.type == RELATED else "userId"
            asked = request(line, "GetRecommendations", self.version, needed)
        query = Query(
            source=self._as_trained,
            user=asked.get("userId"),
            item=asked.get("itemId"),
            filter=self.filter,
            filter_values=asked.get("filterValues", {}),
        )
        picks = rank(query, asked["inputList"]) if recipe.type == RANKING else recommend(query, self.count)
        return self._output(picks)

    @functools.cached_property
    def _as_trained(self) -> Source:
        """The source as if the model had seen all events that there will ever be: so that none of them is new."""
        model = self.source.model
        return replace(self.source, model=replace(model, seen={**model.seen, "INTERACTIONS": sys.maxsize}))

    def _output(self, picks: list[Pick]) -> Output:
        output: dict[str, object] = {"recommendedItems": [pick.name for pick in picks]}
        if self.source.recipe.scores:
            output["scores"] = [round(pick.score or 0.0, SCORE_DIGITS) for pick in picks]
        return output
