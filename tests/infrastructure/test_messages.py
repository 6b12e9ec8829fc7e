"""What a person reads who has made a mistake: the field that holds it, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.terraform import Terraform
from tests.infrastructure.support import MODULE, copy_of_module, report_of_test, work_of

MISTAKES = Path(__file__).parent / "mistakes"

MESSAGES = {
    "keys": (
        'pipelines["movies"]: there is no "eventTracker" here; did you mean event_tracker? It takes domain, datasets,',
        'pipelines["movies"]: there is no "retrain_on_uploads" here; did you mean retrain_on_upload?',
        'pipelines["movies"]: there is no "schedule" here; did you mean schedules?',
        'pipelines["movies"].retrain_on_upload: there is no "settleSeconds" here; did you mean settle_seconds?',
        'pipelines["movies"].deadlines: there is no "train_hour" here; did you mean train_hours?',
        'pipelines["movies"].datasets["interactions"]: there is no "s3_path" here. It takes schema, prefix.',
        'pipelines["movies"].schedules["nightly"]: there is no "timeZone" here; did you mean timezone?',
        'pipelines["movies"].solutions["for-you"]: there is no "performHPO" here; did you mean perform_hpo?',
        'pipelines["movies"].solutions["for-you"]: there is no "campaing" here; did you mean campaign?',
        'pipelines["movies"].solutions["for-you"].campaign: there is no "minProvisionedTPS" here; did you mean'
        " min_provisioned_tps? It takes name, adopt, min_provisioned_tps, config.",
        'solutions["for-you"].campaign.config: there is no "itemExplorationConfig" here; did you mean',
        'solutions["for-you"].solution_config: there is no "hpoConfig" here; did you mean hpo_config?',
        'solution_config.auto_training_config: there is no "schedulingExpresion" here; did you mean',
        'solution_config.optimization_objective: there is no "itemAttribute" here; did you mean item_attribute?',
        'solution_config.training_data_config: there is no "excludedDatasetColumns" here; did you mean',
        'solution_config.events_config.event_parameters_list[1]: there is no "wieght" here; did you mean weight?',
        'solution_config.hpo_config.hpo_resource_config: there is no "maxNumberOfTrainingJobs" here; did you mean',
        'algorithm_hyper_parameter_ranges.integer_hyper_parameter_ranges[0]: there is no "step" here. It takes name,',
        'pipelines["movies"].solutions["popular"]: there is no "min_provisioned_tps" here; did you mean'
        " min_provisioned_tps, in campaign?",
        # A required field that is misspelt is told of twice: Terraform misses it, and here it is.
        'pipelines["movies"].solutions["lost"]: there is no "recpie" here; did you mean recipe?',
        'element "movies": attribute "solutions": element "lost": attribute "recipe" is required.',
    ),
    "inputs": (
        "pipelines[…].domain: ECOMMERCE, VIDEO_ON_DEMAND, or left out for a Custom dataset group. Wrong in: movies.",
        'begin and end with a letter or digit. Wrong: "my books".',
        "pipelines[…].datasets: interactions is missing in: reads.",
        "pipelines[…].deadlines: at least 0.25 hours each. Less in: reads.",
        'the types are interactions, items and users. Wrong: pipelines["actions"].datasets["actions"].',
    ),
    "variables": (
        'alarms: there is no "topics" here; it takes actions.',
        'package: there is no "file" here; it takes path, s3_bucket, s3_key, s3_object_version, source_code_hash.',
        'quotas: there is no "import" here; it takes campaigns, dataset_groups, filters, imports, schemas, solutions,',
        "quotas: whole numbers from 1 on. Wrong: trainings = 0.",
        'typical_minutes: there is no "training" here; it takes campaign, filter, import_job, solution_version.',
        "typical_minutes: more than 0 each; leave one out for its default. Wrong: campaign = -1.",
    ),
    "solutions": (
        'pipelines["movies"].solutions["misspelt"].recipe: there is no recipe "aws-user-personalisation"; choose one of'
        " aws-item-affinity, aws-item-attribute-affinity, aws-personalized-ranking,",
        'pipelines["movies"].solutions["video"].recipe: aws-vod-top-picks makes recommenders, not solutions;',
        'pipelines["movies"].solutions["segments"].campaign: aws-item-affinity makes segments in batches',
        'pipelines["movies"].solutions["first"].campaign.name: "front-page" is also the campaign of'
        ' pipelines["books"].solutions["second"];',
        'pipelines["movies"].solutions["explorer"].campaign.config.item_exploration_config: aws-user-personalization-v2'
        " does not take it; take it out. It is for aws-user-personalization.",
        'pipelines["movies"].solutions["tuned"].solution_config.hpo_config.hpo_objective: Personalize does not support'
        " it; take it out.",
        'pipelines["movies"].solutions["idle"].campaign.min_provisioned_tps: at least 1.',
    ),
    "schedules": (
        'pipelines["movies"].schedules["unknown"].solutions: the pipeline has no for-me; it has for-you.',
        'pipelines["movies"].schedules["update"].training_mode: UPDATE is for solutions with aws-user-personalization',
        'pipelines["movies"].schedules["nothing"].what: "retrain"; choose everything, import or train.',
    ),
}


@pytest.fixture(scope="module")
def module() -> Path:
    """Return a copy of the module whose tests make the mistakes, and expect no failure."""
    folder = copy_of_module("messages")
    # Provider, overrides and fixtures are those of the module's own tests.
    head = (MODULE / "tests" / "rejects_inputs.tftest.hcl").read_text(encoding="utf-8").partition('run "accepts')[0]
    for mistakes in MISTAKES.glob("*.hcl"):
        test = head + mistakes.read_text(encoding="utf-8")
        (folder / "tests" / f"mistakes_{mistakes.stem}.tftest.hcl").write_text(test, encoding="utf-8")
    Terraform(folder, work_of(folder)).init()
    return folder


@pytest.mark.parametrize("mistakes", MESSAGES)
def test_an_error_names_its_field(module: Path, mistakes: str) -> None:
    passed, report = report_of_test(module, f"mistakes_{mistakes}.tftest.hcl")
    assert not passed
    missing = [message for message in MESSAGES[mistakes] if message not in report]
    assert not missing, report
