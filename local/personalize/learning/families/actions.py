"""Next best actions: how likely a user is to take each action.

https://docs.aws.amazon.com/personalize/latest/dg/native-recipe-next-best-action.html
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.optimize
from numpy.typing import NDArray
from scipy.special import expit

from local.personalize.learning.families.factors import Factors, dimension, factorise
from local.personalize.learning.order import Fitted, Material, Who

_ENOUGH = 50
_DAY = 86_400
_SPAN = 42 * _DAY
_RIDGE = 1.0
_TEST_SHARE = 0.1
_MOST_ACTIONS = 1000
_LIKELY = 0.5
_SEED = 20180522

Vector = NDArray[np.float64]


@dataclass
class Propensities:
    """A logistic regression for each action, on where a user is among the items."""

    names: NDArray[np.object_]
    factors: Factors
    weights: Vector
    """Actions by features; the last feature is always 1."""
    known: NDArray[np.bool_]
    """Which actions have been taken, and not taken, often enough."""

    def propensities(self, who: Who) -> Vector:
        """Return how likely somebody is to take each action; 0 for those that too little is known of."""
        vector = np.zeros(self.factors.model.factors) if who.history.nnz == 0 else self.factors.vector(who)
        chances = expit(self.weights @ _features(vector[None, :])[0])
        return np.where(self.known, chances, 0.0)


@dataclass(frozen=True)
class _Decisions:
    """Who took which action, or did not."""

    user: NDArray[np.int64]
    action: NDArray[np.int64]
    taken: NDArray[np.bool_]


def fit(material: Material) -> Fitted:
    """Learn who takes which action; without action interactions, all actions are unknown."""
    actions = material.order.data["ACTIONS"].frame(upsert=True)
    names = np.array(sorted(actions["ACTION_ID"].astype(str))[:_MOST_ACTIONS], dtype=object)
    factors = factorise(material.whole, dimension(material))
    decisions = _decisions(material, names)
    features = _features(factors.model.user_factors)
    test = np.random.default_rng(_SEED).random(len(features)) < _TEST_SHARE
    held = test[decisions.user]
    weights, known = _regressions(decisions, ~held, features, len(names))
    metrics = _measured(decisions, held, features, weights, known)
    weights, known = _regressions(decisions, np.ones_like(held), features, len(names))
    return Fitted(metrics, actions=Propensities(names, factors, weights, known))


def _features(vectors: NDArray[np.floating]) -> Vector:
    """Return directions, since how far out a vector is tells only how much somebody has done."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = vectors / np.where(lengths > 0, lengths, 1.0)
    return np.column_stack((directions * np.sqrt(vectors.shape[1]), np.ones(len(vectors)))).astype(np.float64)


def _decisions(material: Material, names: NDArray[np.object_]) -> _Decisions:
    """Read the newest six weeks: an action seen, and taken within the period after that, was taken."""
    snapshot = material.order.data.get("ACTION_INTERACTIONS")
    frame = snapshot.frame() if snapshot is not None else pd.DataFrame()
    if frame.empty:
        nothing = np.empty(0, np.int64)
        return _Decisions(nothing, nothing, np.empty(0, bool))
    frame = frame[frame["TIMESTAMP"] > frame["TIMESTAMP"].max() - _SPAN]
    user = pd.Index(material.interactions.users, dtype=object).get_indexer(frame["USER_ID"].astype(object))
    action = pd.Index(names, dtype=object).get_indexer(frame["ACTION_ID"].astype(object))
    kind = frame["EVENT_TYPE"].astype(str).str.upper().str.replace("[ _]", "", regex=True).to_numpy()
    usable = (user >= 0) & (action >= 0) & np.isin(kind, ("TAKEN", "NOTTAKEN", "VIEWED"))
    rows = pd.DataFrame({"user": user, "action": action, "time": frame["TIMESTAMP"].to_numpy(np.int64)})[usable]
    rows["taken"] = kind[usable] == "TAKEN"
    period = int(float(material.order.parameters.get("action_optimization_period", 14))) * _DAY
    following = rows.sort_values("time", ascending=False)
    next_taken = following["time"].where(following["taken"])
    next_taken = next_taken.groupby([following["user"], following["action"]]).ffill()
    soon = (next_taken - following["time"] <= period) & ~following["taken"]
    rows = following[~soon].sort_index()
    return _Decisions(rows["user"].to_numpy(np.int64), rows["action"].to_numpy(np.int64), rows["taken"].to_numpy(bool))


def _regressions(
    decisions: _Decisions, used: NDArray[np.bool_], features: Vector, actions: int
) -> tuple[Vector, NDArray[np.bool_]]:
    weights, known = np.zeros((actions, features.shape[1])), np.zeros(actions, bool)
    share = used.mean() if len(used) else 1.0
    for action in np.unique(decisions.action[used]):
        rows = used & (decisions.action == action)
        taken = decisions.taken[rows]
        # A part is held out for measuring, so that so many fewer must be enough there.
        if min(taken.sum(), (~taken).sum()) >= _ENOUGH * share:
            weights[action] = _regression(features[decisions.user[rows]], taken.astype(np.float64))
            known[action] = True
    return weights, known


def _regression(rows: Vector, taken: Vector) -> Vector:
    """Fit a logistic regression with ridge, by scipy's L-BFGS."""

    def loss(weights: Vector) -> tuple[float, Vector]:
        margins = rows @ weights
        value = np.logaddexp(0, margins).sum() - taken @ margins + _RIDGE / 2 * weights[:-1] @ weights[:-1]
        slope = rows.T @ (expit(margins) - taken) + _RIDGE * np.append(weights[:-1], 0.0)
        return float(value), slope

    found = scipy.optimize.minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B")
    weights: Vector = found.x
    return weights


def _measured(
    decisions: _Decisions, held: NDArray[np.bool_], features: Vector, weights: Vector, known: NDArray[np.bool_]
) -> dict[str, float]:
    """Return the means over actions of how well users are told who did not take part in the training."""
    precisions, recalls, areas = [], [], []
    for action in np.flatnonzero(known):
        rows = held & (decisions.action == action)
        taken = decisions.taken[rows]
        if not taken.any() or taken.all():
            continue
        chances = expit(features[decisions.user[rows]] @ weights[action])
        likely = chances >= _LIKELY
        precisions.append(float(taken[likely].mean()) if likely.any() else 0.0)
        recalls.append(float(likely[taken].mean()))
        areas.append(_area(chances, taken))
    return {
        "coverage": float(known.mean()) if len(known) else 0.0,
        "precision": float(np.mean(precisions)) if precisions else 0.0,
        "recall": float(np.mean(recalls)) if recalls else 0.0,
        "area_under_curve": float(np.mean(areas)) if areas else 0.0,
    }


def _area(chances: Vector, taken: NDArray[np.bool_]) -> float:
    """Return the chance that one who took the action is ranked before one who did not."""
    ranks = pd.Series(chances).rank().to_numpy()
    yes, no = int(taken.sum()), int((~taken).sum())
    return float((ranks[taken].sum() - yes * (yes + 1) / 2) / (yes * no))
