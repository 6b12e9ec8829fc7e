"""The only users of boto3: each adapter is a port onto one service."""

from __future__ import annotations

from functions.adapters.bus import EventBridge
from functions.adapters.clients import lazily
from functions.adapters.dynamodb import DynamoLedger
from functions.adapters.personalize import AmazonPersonalize
from functions.adapters.queues import SqsQueues
from functions.adapters.s3 import S3Objects
from functions.ports import Ports
from functions.settings import Settings


def connect(settings: Settings) -> Ports:
    """Return the ports onto AWS; each client is made when it is first used."""
    return Ports(
        settings=settings,
        personalize=AmazonPersonalize(lazily("personalize")),
        queues=SqsQueues(lazily("sqs"), settings.queues),
        ledger=DynamoLedger(lazily("dynamodb"), settings.ledger_table),
        objects=S3Objects(lazily("s3")),
        bus=EventBridge(lazily("events"), settings.event_bus),
    )
