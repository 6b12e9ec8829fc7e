"""The adapters to AWS."""

from __future__ import annotations

from tests.simulation.mutating import Mutation

MUTATIONS = (
    Mutation(
        "the ledger's records are read as they were",
        "functions.adapters.table:Table.get",
        "ConsistentRead=True",
        "ConsistentRead=False",
        tests=True,
    ),
    Mutation(
        "a campaign's declaration is read as it was",
        "functions.adapters.table:Table.under",
        "ConsistentRead=True",
        "ConsistentRead=False",
        tests=True,
    ),
    Mutation(
        "a record of DynamoDB is written whatever stands there",
        "functions.adapters.dynamodb:DynamoLedger._save",
        'unchanged = "version = :read" if read else "attribute_not_exists(pk)"',
        'unchanged = "version >= :read" if read else "attribute_not_exists(pk)"',
        tests=True,
    ),
    Mutation(
        "the cursor of DynamoDB stands still",
        "functions.adapters.dynamodb:DynamoLedger._update",
        "} < :v{list(changes).index(cursor)}",
        "} <= :v{list(changes).index(cursor)}",
        tests=True,
    ),
    Mutation(
        "how a run ended is rewritten in DynamoDB",
        "functions.adapters.dynamodb:DynamoLedger.end_run",
        ", unless_over=True",
        "",
        tests=True,
    ),
    Mutation(
        "messages that SQS refuses are lost",
        "functions.adapters.queues:SqsQueues.send",
        'if refused := answer.get("Failed"):',
        "if refused := []:",
        tests=True,
    ),
    Mutation(
        "more than ten messages are lost",
        "functions.adapters.queues:_batches",
        "if batch and (len(batch)",
        "if batch and False and (len(batch)",
        tests=True,
    ),
    Mutation(
        "events that EventBridge refuses are lost",
        "functions.adapters.bus:EventBridge.put",
        'if answer["FailedEntryCount"]:',
        "if False:",
        tests=True,
    ),
    Mutation(
        "an error while pages are read has no name",
        "functions.adapters.personalize:AmazonPersonalize.pages",
        "raise _translated(error, operation) from error",
        "raise",
        tests=True,
    ),
    Mutation(
        "folders are files",
        "functions.adapters.s3:S3Objects.under",
        ', Delimiter="/"',
        "",
        tests=True,
    ),
)
