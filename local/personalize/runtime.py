"""GetRecommendations and GetPersonalizedRanking.

What a request needs is taken under the lock, and it is then answered without it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from local.personalize.data.tables import Row, Table
from local.personalize.errors import InvalidInputError, NotFoundError
from local.personalize.filters import grammar
from local.personalize.filters.evaluation import Subject, passes
from local.personalize.kinds.base import Request
from local.personalize.learning.interactions import EventRule
from local.personalize.learning.models import Trained
from local.personalize.learning.rankers import Factors, Neighbours, Popular, Trending
from local.personalize.models import Record
from local.personalize.recipes import ACTIONS, RANKING, RELATED, USER, Recipe, recipe_of
from local.personalize.world import World

_DEFAULT_RESULTS, _MAX_RESULTS, _MAX_WITH_METADATA = 25, 500, 50
_SHARPNESS = 10.0
_LIVE_SHARE = 0.3

Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Served:
    """What a campaign serves at this moment, and what is known of who asks."""

    recipe: Recipe
    model: Trained
    user: str | None
    events: tuple[Row, ...]
    """What the user did since the model was trained."""
    tables: Mapping[str, Table]
    filter: grammar.Filter | None
    filter_values: Mapping[str, str]
    metadata: tuple[str, ...]


def get_recommendations(world: World, request: Request) -> dict[str, Any]:
    """Return the best items for a user, or beside an item."""
    served = _served(world, request)
    recipe = served.recipe
    if recipe.type in (RANKING, ACTIONS):
        other = "GetPersonalizedRanking" if recipe.type == RANKING else "GetActionRecommendations"
        raise InvalidInputError(f"The campaign serves {recipe.name}: use {other}.")
    if recipe.type == USER and served.user is None:
        raise InvalidInputError(f"userId must be given, since the campaign serves {recipe.name}.")
    if recipe.type == RELATED and "itemId" not in request:
        raise InvalidInputError(f"itemId must be given, since the campaign serves {recipe.name}.")
    if "promotions" in request:
        raise InvalidInputError("The local Personalize does not serve promotions yet.")
    limit = _MAX_WITH_METADATA if served.metadata else _MAX_RESULTS
    count = request.get("numResults", _DEFAULT_RESULTS)
    if count > limit:
        raise InvalidInputError(f"numResults must be at most {limit}, and is {count}.")
    scores, allowed = _scores(served, request.get("itemId"))
    allowed &= _filtered(served)
    chosen = _best(np.where(allowed, scores, -np.inf), min(count, int(allowed.sum())))
    shown = _softmax(scores)[chosen] if recipe.scores else None
    return {"itemList": _items(served, chosen, shown), "recommendationId": _recommendation_id()}


def get_personalized_ranking(world: World, request: Request) -> dict[str, Any]:
    """Return the given items in the order that fits a user; those that training has not seen come last."""
    served = _served(world, request)
    if served.recipe.type != RANKING:
        raise InvalidInputError(f"The campaign serves {served.recipe.name}: use GetRecommendations.")
    names = list(dict.fromkeys(request["inputList"]))
    limit = _MAX_WITH_METADATA if served.metadata else _MAX_RESULTS
    if not 1 <= len(names) <= limit:
        raise InvalidInputError(f"inputList must hold 1 to {limit} items, and holds {len(names)}.")
    codes = served.model.item_codes
    passed = _filtered(served)
    known = np.array([codes[name] for name in names if name in codes and passed[codes[name]]], np.int64)
    scores, _ = _scores(served, None)
    order = known[np.argsort(-scores[known], kind="stable")]
    ranking = _items(served, order, _softmax(scores[order]) if len(order) else np.empty(0))
    ranking += [{"itemId": name, "score": 0.0} for name in names if name not in codes]
    return {"personalizedRanking": ranking, "recommendationId": _recommendation_id()}


def _served(world: World, request: Request) -> Served:
    if "campaignArn" not in request:
        what = "recommenders yet" if "recommenderArn" in request else "requests without a campaignArn"
        raise InvalidInputError(f"The local Personalize does not serve {what}.")
    with world.lock:
        campaign = world.get("Campaign", request["campaignArn"])
        if campaign.status != "ACTIVE":
            raise NotFoundError(f"The campaign {campaign.arn} is {campaign.status}, and must be ACTIVE.")
        version = world.get("SolutionVersion", campaign.attributes["solutionVersionArn"])
        model = world.state.trained[version.arn]
        group = version.attributes["datasetGroupArn"]
        tables = {
            dataset.attributes["datasetType"]: world.state.tables[dataset.arn]
            for dataset in world.in_group("Dataset", group)
            if dataset.arn in world.state.tables
        }
        user = request.get("userId")
        return Served(
            recipe=recipe_of(version.attributes["recipeArn"]),
            model=model,
            user=user,
            events=_events_since(tables.get("INTERACTIONS"), user, model.events_seen),
            tables=tables,
            filter=_filter(world, request, group),
            filter_values=request.get("filterValues", {}),
            metadata=_metadata(campaign, request, tables),
        )


def _events_since(table: Table | None, user: str | None, seen: int) -> tuple[Row, ...]:
    if table is None or user is None:
        return ()
    return tuple(table.streamed[at] for at in table.by_user.get(user, []) if at >= seen)


def _filter(world: World, request: Request, group: str) -> grammar.Filter | None:
    if "filterArn" not in request:
        return None
    record = world.get("Filter", request["filterArn"])
    if record.attributes["datasetGroupArn"] != group:
        raise InvalidInputError(f"{record.arn} is a filter of another dataset group than the campaign's.")
    if record.status != "ACTIVE":
        raise InvalidInputError(f"The filter {record.arn} is {record.status}, and must be ACTIVE.")
    expression = grammar.parse(record.attributes["filterExpression"])
    if any(clause.target != "itemid" for clause in expression.clauses):
        raise InvalidInputError(f"The filter {record.arn} is not about items.")
    return expression


def _metadata(campaign: Record, request: Request, tables: Mapping[str, Table]) -> tuple[str, ...]:
    columns = request.get("metadataColumns", {}).get("ITEMS", [])
    if columns and not campaign.attributes.get("campaignConfig", {}).get("enableMetadataWithRecommendations"):
        raise InvalidInputError("metadataColumns needs a campaign with enableMetadataWithRecommendations.")
    known = tables["ITEMS"].schema.by_name if "ITEMS" in tables else {}
    unknown = [column for column in columns if column not in known]
    if unknown or len(columns) > 10:
        raise InvalidInputError(f"metadataColumns takes at most 10 columns of Items; unknown: [{','.join(unknown)}].")
    return tuple(columns)


def _scores(served: Served, item: str | None) -> tuple[Scores, Mask]:
    """Return a score for each item, and which items may be recommended at all."""
    model, ranker = served.model, served.model.ranker
    allowed = np.ones(len(model.items), bool)
    popularity = model.popularity.astype(np.float64)
    if isinstance(ranker, Neighbours):
        code = model.item_codes.get(item or "")
        if code is None:  # an item that is not known: the popular ones
            return popularity, allowed
        allowed[code] = False
        # Popularity decides between items that nobody takes with this one.
        return ranker.beside(code) + 1e-6 * popularity / max(1.0, popularity.max(initial=0)), allowed
    if isinstance(ranker, Popular | Trending):
        return ranker.scores.astype(np.float64), allowed
    row, live = _history(served)
    if row.nnz == 0 or not isinstance(ranker, Factors):  # a user of whom nothing is known
        total = popularity.sum()
        return popularity / total if total else popularity, allowed
    if model.skip_known and served.recipe.type == USER:
        allowed[row.indices] = False
    code = model.user_codes.get(served.user or "")
    scores = ranker.for_history(row) if live or code is None else ranker.for_user(code)
    return scores.astype(np.float64), allowed


def _history(served: Served) -> tuple[sp.csr_matrix, bool]:
    """Return what the user did as a row over items, and whether there is something that training has not seen.

    What is new counts for at least three tenths of the whole, however long the history: the last thing that
    somebody did says most about the next.
    """
    model = served.model
    code = model.user_codes.get(served.user or "")
    nothing = np.zeros((1, len(model.items)), np.float32)
    row = model.history[code] if code is not None else sp.csr_matrix(nothing)
    if not served.recipe.live:
        return row, False
    fresh = np.zeros(len(model.items), np.float32)
    for event in served.events:
        item = model.item_codes.get(event["ITEM_ID"])
        if item is not None:
            fresh[item] += _weight(event, model.rules)
    if not fresh.any():
        return row, False
    boost = max(1.0, _LIVE_SHARE / (1 - _LIVE_SHARE) * float(row.sum()) / float(fresh.sum()))
    return (row + sp.csr_matrix(fresh * np.float32(boost))).tocsr(), True


def _weight(event: Row, rules: tuple[EventRule, ...]) -> float:
    weights = [
        rule.weight
        for rule in rules
        if rule.type in (None, event.get("EVENT_TYPE"))
        and (rule.threshold is None or (event.get("EVENT_VALUE") or 0.0) >= rule.threshold)
    ]
    return max(weights, default=0.0)


def _filtered(served: Served) -> Mask:
    if served.filter is None:
        return np.ones(len(served.model.items), bool)
    names = served.model.item_index
    items, users = served.tables.get("ITEMS"), served.tables.get("USERS")
    interactions = served.tables.get("INTERACTIONS")
    subject = Subject(
        items=items.aligned(names) if items else pd.DataFrame(index=names),
        item_codes=served.model.item_codes,
        interactions=interactions.of_user(served.user or "") if interactions else pd.DataFrame(),
        user=users.indexed().reindex([served.user]).dropna(how="all") if users else pd.DataFrame(),
    )
    return passes(served.filter, subject, served.filter_values)


def _best(scores: Scores, count: int) -> NDArray[np.int64]:
    """Return the positions of the highest scores, best first."""
    top = np.argpartition(-scores, count)[:count] if count < len(scores) else np.arange(len(scores))
    return top[np.lexsort((top, -scores[top]))]


def _softmax(scores: Scores) -> Scores:
    """Return scores that add up to 1, in the same order."""
    powers = np.exp(_SHARPNESS * (scores - scores.max()))
    shares: Scores = powers / powers.sum()
    return shares


def _items(served: Served, chosen: NDArray[np.int64], scores: Scores | None) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = [{"itemId": str(served.model.items[code])} for code in chosen]
    if scores is not None:
        for each, score in zip(items, scores, strict=True):
            each["score"] = float(score)
    if served.metadata:
        rows = served.tables["ITEMS"].indexed().reindex([each["itemId"] for each in items])
        for each, values in zip(items, rows[list(served.metadata)].to_dict("records"), strict=True):
            each["metadata"] = {str(column): str(value) for column, value in values.items() if pd.notna(value)}
    return items


def _recommendation_id() -> str:
    return f"RID-{uuid.uuid4()}"
