"""The environment, and what is said where it is wrong."""

from __future__ import annotations

import pytest

from functions.errors import InvalidSettings
from functions.settings import Settings

GOOD = {"LEDGER_TABLE": "acme-ledger", "MAX_TRIES": "5", "QUEUES": '{"poll": "https://sqs/acme-poll"}'}


def test_what_must_be_set() -> None:
    assert Settings.from_environment(GOOD) == Settings(
        "acme-ledger", {"poll": "https://sqs/acme-poll"}, poll_floor=5.0, max_tries=5, event_bus="default"
    )


def test_what_may_be_set() -> None:
    settings = Settings.from_environment(
        {**GOOD, "POLL_FLOOR_SECONDS": "0.5", "EVENT_BUS": "team", "QUOTAS": '{"import": 3}'}
    )
    assert (settings.poll_floor, settings.event_bus) == (0.5, "team")
    assert settings.quotas == {"import": 3, "train": 20}
    assert Settings.from_environment({**GOOD, "TYPICAL_SECONDS": '{"campaign": 90.5}'}).typical == {"campaign": 90.5}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"LEDGER_TABLE": ""}, "LEDGER_TABLE is not set"),
        ({"QUEUES": ""}, "QUEUES is not set"),
        ({"QUEUES": "{"}, "QUEUES, QUOTAS and TYPICAL_SECONDS must be JSON objects"),
        ({"QUEUES": "[]"}, "QUEUES must be a JSON object"),
        ({"POLL_FLOOR_SECONDS": "often"}, "POLL_FLOOR_SECONDS and MAX_TRIES numbers: .*'often'"),
        ({"QUOTAS": "[5]"}, "QUOTAS and TYPICAL_SECONDS must be JSON objects"),
        ({"QUOTAS": '{"train": 0}'}, "QUOTAS must be whole numbers from 1 on: .*'train': 0"),
        ({"TYPICAL_SECONDS": "{"}, "QUOTAS and TYPICAL_SECONDS must be JSON objects"),
        ({"TYPICAL_SECONDS": "[]"}, "TYPICAL_SECONDS must be a JSON object of seconds by dataset_import_job, "),
        ({"TYPICAL_SECONDS": '{"campain": 60}'}, "TYPICAL_SECONDS must be a JSON object"),
        ({"TYPICAL_SECONDS": '{"campaign": 0}'}, "TYPICAL_SECONDS must be a JSON object"),
        ({"MAX_TRIES": "5.5"}, "MAX_TRIES numbers: .*'5.5'"),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidSettings, match=told):
        Settings.from_environment({**GOOD, **wrong})


@pytest.mark.parametrize("name", GOOD)
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(InvalidSettings, match=f"{name} is not set"):
        Settings.from_environment({key: value for key, value in GOOD.items() if key != name})
