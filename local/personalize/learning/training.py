"""Training: from a group's tables to a model with its metrics."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from local.personalize.errors import JobFailedError
from local.personalize.learning.families import FAMILIES, Family
from local.personalize.learning.interactions import Codes, Interactions
from local.personalize.learning.metrics import evaluate, popular_lists, skips_known, split
from local.personalize.learning.models import Trained
from local.personalize.learning.order import Material, Order


def train(order: Order) -> Trained:
    """Train a model, and measure it on a part of the data that it did not see before the last touch."""
    began = time.perf_counter()
    family = FAMILIES[order.family]
    missing = [name for name in order.needs if name not in order.data]
    if missing:
        raise JobFailedError(f"There is no data to train on in the datasets [{','.join(missing)}].")
    interactions = _interactions(order, family)
    material = Material(order, interactions, split(interactions), interactions.whole)
    fitted = family.fit(material)
    return Trained(
        recipe=order.recipe,
        items=interactions.items,
        users=interactions.users,
        history=material.whole,
        fitted=fitted,
        popularity=interactions.takers.astype(np.float32),
        born=_born(order, interactions),
        until=int(interactions.time.max(initial=0)),
        skip_known=skips_known(interactions),
        rules=order.rules,
        seen={name: snapshot.seen for name, snapshot in order.data.items()},
        baseline=evaluate(popular_lists(material.parts), material.parts),
        hours=(time.perf_counter() - began) / 3600,
    )


def _interactions(order: Order, family: Family) -> Interactions:
    items = order.items() if family.catalogue else None
    catalogue: Sequence[str] = () if items is None else items["ITEM_ID"].astype(str).tolist()
    snapshot = order.data.get("INTERACTIONS")
    if snapshot is None:
        return Interactions.none(catalogue)
    if order.previous is None:  # sessions and their users come together at a full training
        snapshot = snapshot.joined()
    interactions = Interactions.from_frame(snapshot.frame(), order.rules, catalogue)
    _check_minimum(interactions, order)
    return _cut(interactions, order)


def _cut(interactions: Interactions, order: Order) -> Interactions:
    """Leave out users and items with extreme numbers of interactions, if the solution says so."""
    for name, cut in (("user_history_length", "of_users"), ("item_interaction_count", "of_items")):
        low, high = (order.parameters.get(f"{side}_{name}_percentile") for side in ("min", "max"))
        if low is not None or high is not None:
            interactions = getattr(interactions, cut)(float(low or 0.0), float(high or 1.0))
    return interactions


def _born(order: Order, interactions: Interactions) -> Codes:
    """Return when items were made: as they say, or by their first interaction, or just now.

    https://docs.aws.amazon.com/personalize/latest/dg/items-datasets.html
    """
    until = int(interactions.time.max(initial=0))
    born = np.full(len(interactions.items), until, np.int64)
    np.minimum.at(born, interactions.item, interactions.time)
    items = order.items()
    if items is None or "CREATION_TIMESTAMP" not in items:
        return born
    said = items.set_index(items["ITEM_ID"].astype(object))["CREATION_TIMESTAMP"]
    said = said.reindex(pd.Index(interactions.items, dtype=object))
    told = said.notna().to_numpy(bool)
    born[told] = said[told].to_numpy(np.int64)
    return born


def _check_minimum(interactions: Interactions, order: Order) -> None:
    if len(interactions) < order.minimum_interactions:
        events = sorted({rule.type for rule in order.rules if rule.type})
        of_type = f" of the type {' or '.join(events)}" if events else ""
        raise JobFailedError(
            f"There are {len(interactions)} interactions to train on after filtering, and at least "
            f"{order.minimum_interactions}{of_type} are needed."
        )
    users = int((interactions.counts >= 2).sum())
    if users < order.minimum_users:
        raise JobFailedError(
            f"There are {users} users with at least 2 interactions each, and at least {order.minimum_users} are needed."
        )
