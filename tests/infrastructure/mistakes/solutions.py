"""Solutions: a solution, and what is told behind its name; "" where it is right."""
# ruff: noqa: E501 # a table: a row on a line

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.infrastructure.mistakes.declared import Pipeline

PERSONAL = "aws-user-personalization"
RANGES = "solution_config.hpo_config.algorithm_hyper_parameter_ranges."


def searching(kind: str, **range_: Any) -> Pipeline:
    """Return a solution that searches for a hyperparameter."""
    ranges = {f"{kind}_hyper_parameter_ranges": [range_]}
    return {"recipe": PERSONAL, "solution_config": {"hpo_config": {"algorithm_hyper_parameter_ranges": ranges}}}


def using(**config: Any) -> Pipeline:
    """Return a solution with a solution_config."""
    return {"recipe": PERSONAL, "solution_config": config}


SOLUTIONS: Mapping[str, tuple[Pipeline, str]] = {
    "name": ({"recipe": PERSONAL, "hyperparameters": {"hiden_dimension": "64"}}, f".hyperparameters.hiden_dimension: {PERSONAL} has no hiden_dimension; it takes bptt, hidden_dimension, max_user_history_length_percentile, min_user_history_length_percentile, recency_mask."),
    "of-another": ({"recipe": "aws-popularity-count", "hyperparameters": {"bptt": "8"}}, ".hyperparameters.bptt: aws-popularity-count has no bptt; it takes none."),
    "too-much": ({"recipe": f"arn:aws:personalize:::recipe/{PERSONAL}", "hyperparameters": {"hidden_dimension": "1000"}}, '.hyperparameters.hidden_dimension: "1000"; it must be a whole number from 32 to 256.'),
    "not-whole": ({"recipe": PERSONAL, "hyperparameters": {"bptt": "2.5"}}, '.hyperparameters.bptt: "2.5"; it must be a whole number from 2 to 32.'),
    "no-number": ({"recipe": PERSONAL, "hyperparameters": {"bptt": "many"}}, '.hyperparameters.bptt: "many"; it must be a whole number from 2 to 32.'),
    "no-choice": ({"recipe": PERSONAL, "hyperparameters": {"recency_mask": "on"}}, '.hyperparameters.recency_mask: "on"; choose one of true, false.'),
    "share": (using(feature_transformation_parameters={"min_user_history_length_percentile": "5"}), '.solution_config.feature_transformation_parameters.min_user_history_length_percentile: "5"; it must be a number from 0 to 1.'),
    "no-feature": (using(feature_transformation_parameters={"bptt": "8"}), f".solution_config.feature_transformation_parameters.bptt: the preparation of {PERSONAL} has no bptt; it takes max_hist_length_percentile, max_user_history_length_percentile, min_hist_length_percentile, min_user_history_length_percentile."),
    "range": (searching("integer", name="bptt", min_value=1, max_value=40), f".{RANGES}integer_hyper_parameter_ranges[0]: from 1 to 40; bptt is from 2 to 32, min_value at most max_value."),
    "range-of-nothing": (searching("integer", name="model.id", min_value=1, max_value=40), f'.{RANGES}integer_hyper_parameter_ranges[0]: {PERSONAL} cannot search for "model.id"; it can for bptt, hidden_dimension, recency_mask.'),
    "range-of-another-kind": (searching("continuous", name="bptt", min_value=2, max_value=32), f".{RANGES}continuous_hyper_parameter_ranges[0]: bptt stands in integer_hyper_parameter_ranges."),
    "range-of-words": (searching("categorical", name="recency_mask", values=["true", "on"]), f".{RANGES}categorical_hyper_parameter_ranges[0]: the values of recency_mask are true, false; not on."),
    "jobs": (using(hpo_config={"hpo_resource_config": {"max_number_of_training_jobs": "41"}}), '.solution_config.hpo_config.hpo_resource_config.max_number_of_training_jobs: "41"; it must be a whole number from 1 to 40.'),
    "excluded": (using(training_data_config={"excluded_dataset_columns": {"items": ["GENRE"]}}), ".solution_config.training_data_config.excluded_dataset_columns.items: the schema has no GENRE; it has ADULT, GENRES, ITEM_ID, TEXT, YEAR."),
    "needed": (using(training_data_config={"excluded_dataset_columns": {"INTERACTIONS": ["USER_ID"]}}), ".solution_config.training_data_config.excluded_dataset_columns.INTERACTIONS: nothing can be trained without USER_ID; take it out."),
    "included": (using(training_data_config={"included_dataset_columns": {"actions": ["A"]}}), ".solution_config.training_data_config.included_dataset_columns.actions: the pipeline has no dataset of that type; it has interactions, items, users."),
    "both": (using(training_data_config={"included_dataset_columns": {"items": ["GENRES"]}, "excluded_dataset_columns": {"users": ["AGE"]}}), ".solution_config.training_data_config: excluded_dataset_columns or included_dataset_columns, not both."),
    "threshold": (using(event_value_threshold="three"), '.solution_config.event_value_threshold: "three" is no number.'),
    "objective": (using(optimization_objective={"item_attribute": "PRICE"}), ".solution_config.optimization_objective.item_attribute: the schema of the items has no PRICE; it has ADULT, GENRES, ITEM_ID, TEXT, YEAR."),
    "objective-of-words": (using(optimization_objective={"item_attribute": "GENRES"}), '.solution_config.optimization_objective.item_attribute: GENRES must be a number that cannot be null, and is ["null","string"].'),
    "exploration": ({"recipe": PERSONAL, "campaign": {"config": {"item_exploration_config": {"exploration_weight": "0.3"}}}}, ".campaign.config.item_exploration_config.exploration_weight: itemExplorationConfig has no exploration_weight; it takes explorationItemAgeCutOff, explorationWeight."),
    "exploration-weight": ({"recipe": PERSONAL, "campaign": {"config": {"item_exploration_config": {"explorationWeight": "30"}}}}, '.campaign.config.item_exploration_config.explorationWeight: "30"; it must be a number from 0 to 1.'),
    "tps": ({"recipe": PERSONAL, "campaign": {"min_provisioned_tps": 1.5}}, ".campaign.min_provisioned_tps: 1.5 is no whole number."),
    "right": ({"recipe": PERSONAL, "hyperparameters": {"hidden_dimension": "64", "recency_mask": "True", "max_user_history_length_percentile": "0.9"}, "campaign": {"config": {"item_exploration_config": {"explorationWeight": "0.3", "explorationItemAgeCutOff": "30.5"}}}, "solution_config": {"event_value_threshold": "3.5", "feature_transformation_parameters": {"min_hist_length_percentile": "0.1"}, "optimization_objective": {"item_attribute": "YEAR"}, "training_data_config": {"excluded_dataset_columns": {"ITEMS": ["GENRES"]}}, "hpo_config": {"hpo_resource_config": {"max_parallel_training_jobs": "10"}}}}, ""),
    "right-range": (searching("integer", name="hidden_dimension", min_value=32, max_value=256), ""),
    "of-no-recipe": ({"recipe": "aws-no-such", "hyperparameters": {"x": "1"}}, ""),
}  # fmt: skip
