"""What to try on an account that the demo has left running: commands for another terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """Something to try, and what to type."""

    title: str
    command: str


def next_steps(outputs: Mapping[str, Any], pipeline: str, solution: str, user_id: str, item_id: str) -> list[Step]:
    """Return five commands of the AWS CLI for a stack, by its outputs."""
    files = outputs["upload_prefixes"][pipeline]["interactions"]
    campaign = outputs["campaign_arns"][pipeline][solution]
    return [
        Step(
            "How the latest runs went, and why one failed",
            f"aws dynamodb query --table-name {outputs['ledger_table']} --no-scan-index-forward --max-items 5 "
            "--output table --key-condition-expression 'pk = :runs' "
            f'--expression-attribute-values \'{{":runs": {{"S": "run#{pipeline}"}}}}\' '
            "--query 'Items[].[sk.S, trigger.S, status.S, reason.S]'",
        ),
        Step(
            "A recommendation",
            f"aws personalize-runtime get-recommendations --campaign-arn {campaign} "
            f"--user-id {user_id} --num-results 5",
        ),
        Step(
            "An event, after which the list is another",
            f"aws personalize-events put-events --tracking-id {outputs['tracking_ids'][pipeline]} --user-id {user_id} "
            f'--session-id mine --event-list "[{{\\"eventType\\": \\"like\\", \\"itemId\\": \\"{item_id}\\", '
            '\\"sentAt\\": $(date +%s)}]"',
        ),
        Step(
            f"A broken file: its run fails in seconds, and 1. tells why. Then take it away: aws s3 rm {files}mine.csv",
            f"printf 'USER_ID,ITEM_ID\\nuser-0001,item-0001\\n' | aws s3 cp - {files}mine.csv",
        ),
        Step(
            "A retraining, without importing anything",
            f'echo \'{{"pipeline": "{pipeline}", "what": "train"}}\' | '
            f"aws lambda invoke --function-name {outputs['function_names']['start']} "
            "--payload fileb:///dev/stdin /dev/stdout",
        ),
    ]
