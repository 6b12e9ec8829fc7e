"""What a person reads who has made a mistake: the field that holds it, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.terraform import Terraform
from tests.infrastructure.support import MODULE, copy_of_module, report_of_test, work_of

MISTAKES = Path(__file__).parent / "mistakes"

MESSAGES = {
    "inputs": (
        "pipelines[…].domain: ECOMMERCE, VIDEO_ON_DEMAND, or left out for a Custom dataset group. Wrong in: movies.",
        'begin and end with a letter or digit. Wrong: "my books".',
        "pipelines[…].datasets: interactions is missing in: reads.",
        "pipelines[…].deadlines: at least 0.25 hours each. Less in: reads.",
        'the types are interactions, items and users. Wrong: pipelines["actions"].datasets["actions"].',
    ),
    "schemas": (
        'pipelines["broken"].datasets["interactions"].schema: not JSON; give the Avro schema as text',
        'pipelines["named"].datasets["interactions"].schema: its "name" is "Clicks"; for interactions it is',
        'pipelines["short"].datasets["interactions"].schema: required columns are missing: TIMESTAMP (long).',
        'pipelines["typed"].datasets["interactions"].schema: columns of the wrong type: TIMESTAMP must be long.',
        'pipelines["shop"].datasets["items"].schema: required columns are missing: CATEGORY_L1 (string), PRICE',
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
        'pipelines["movies"].schedules["five"].expression: "cron(0 3 * * ?)" is none that EventBridge Scheduler takes.',
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
    for mistakes in MISTAKES.iterdir():
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
