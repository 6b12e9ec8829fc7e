"""SQS: where messages go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from functions.errors import PipelineError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MOST, LARGEST = 10, 1_048_576
"""SendMessageBatch takes ten entries, and so many bytes of them all.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
"""


class NotSent(PipelineError):
    """SQS took some messages of a batch, and refused others. The batch may be sent again whole."""


class SqsQueues:
    """The queues that a function may send to."""

    def __init__(self, client: Callable[[], SQSClient], urls: Mapping[str, str]) -> None:
        self._client = client
        self._urls = urls

    def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
        """Send each body to the step's queue; raise :class:`NotSent` if SQS refuses any."""
        for batch in _batches(bodies):
            entries = [
                {"Id": str(number), "MessageBody": body, "DelaySeconds": round(delay)}
                for number, body in enumerate(batch)
            ]
            answer = self._client().send_message_batch(QueueUrl=self._urls[step], Entries=entries)  # type: ignore[arg-type] # plain dicts
            if refused := answer.get("Failed"):
                raise NotSent(f"SQS refused {len(refused)} messages to {step}: {refused[0].get('Message')}")


def _batches(bodies: list[str]) -> Iterator[list[str]]:
    """Yield the bodies in batches that SQS takes. One that is too large by itself is a batch, for SQS to refuse."""
    batch: list[str] = []
    size = 0
    for body in bodies:
        length = len(body.encode())
        if batch and (len(batch) == MOST or size + length > LARGEST):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += length
    if batch:
        yield batch
