"""EventBridge: where outcomes go."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from functions.errors import PipelineError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "personalize-pipelines"


class NotPut(PipelineError):
    """EventBridge refused an event."""


class EventBridge:
    """One event bus."""

    def __init__(self, client: Callable[[], EventBridgeClient], bus: str) -> None:
        self._client = client
        self._bus = bus

    def put(self, detail_type: str, detail: dict[str, Any]) -> None:
        """Put one event; raise :class:`NotPut` if EventBridge refuses it."""
        entry = {
            "Source": SOURCE,
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
            "EventBusName": self._bus,
        }
        answer = self._client().put_events(Entries=[entry])  # type: ignore[list-item] # a plain dict
        if answer["FailedEntryCount"]:
            raise NotPut(f"EventBridge refused an event: {answer['Entries'][0].get('ErrorMessage')}")
