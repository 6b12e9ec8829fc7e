"""The events that tell how runs ended, heard as a team would hear them: a rule on the bus, and a queue behind it."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

from boto3 import Session

_NAME = "demo-outcomes"
_SECONDS = 20


class Outcomes:
    """Hears of failed runs while the block lasts."""

    def __init__(self, session: Session) -> None:
        self._events, self._sqs = session.client("events"), session.client("sqs")
        self._url = ""

    def __enter__(self) -> Self:
        pattern = {"source": ["personalize-pipelines"], "detail-type": ["Personalize run failed"]}
        self._url = self._sqs.create_queue(QueueName=_NAME)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self._events.put_rule(Name=_NAME, EventPattern=json.dumps(pattern))
        self._events.put_targets(Rule=_NAME, Targets=[{"Id": "queue", "Arn": arn}])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.remove_targets(Rule=_NAME, Ids=["queue"])
        self._events.delete_rule(Name=_NAME)
        self._sqs.delete_queue(QueueUrl=self._url)

    def next(self) -> dict[str, Any]:
        """Return the detail of the next event, or nothing if none comes."""
        messages = self._sqs.receive_message(QueueUrl=self._url, WaitTimeSeconds=_SECONDS).get("Messages", [])
        detail: dict[str, Any] = json.loads(messages[0]["Body"])["detail"] if messages else {}
        return detail
