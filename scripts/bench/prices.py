"""What AWS asks, in one table: us-east-1, on demand, beyond the free tier, before any discount."""

from __future__ import annotations

from collections.abc import Mapping

AS_OF = "March 2026"
"""When the prices were read. They move: look again before you quote them.

CloudWatch's were taken from public texts of 2026, not from AWS's page; those of X-Ray and KMS were not looked up again.
"""

MEMORY_GB, BILLED_SECONDS = 0.5, 0.2
"""What every invocation is taken to be billed for, ours and others' alike: most of it is waiting for AWS's answers."""

_MILLION = 1_000_000

PRICES: Mapping[str, float] = {
    # https://aws.amazon.com/lambda/pricing/ ($0.20 per million requests, and memory by the second)
    "lambda": 0.20 / _MILLION + MEMORY_GB * BILLED_SECONDS * 0.0000166667,
    # https://aws.amazon.com/sqs/pricing/ (standard queues; a message of up to 64 KB)
    "sqs": 0.40 / _MILLION,
    # https://aws.amazon.com/dynamodb/pricing/on-demand/ (units of 4 KB read, and of 1 KB written)
    "dynamodb read units": 0.125 / _MILLION,
    "dynamodb write units": 0.625 / _MILLION,
    # https://aws.amazon.com/eventbridge/pricing/ (custom events, and Scheduler's invocations)
    "events": 1.00 / _MILLION,
    "schedules": 1.00 / _MILLION,
    # https://aws.amazon.com/cloudwatch/pricing/ (logs: taking in and a month of keeping; custom metrics; alarms)
    "logs GB": 0.50 + 0.03,
    "metric months": 0.30,
    "alarm months": 0.10,
    # https://aws.amazon.com/xray/pricing/ (traces recorded)
    "traces": 5.00 / _MILLION,
    # https://aws.amazon.com/kms/pricing/ (a key of your own, and what is asked of it)
    "key months": 1.00,
    "kms": 0.03 / 10_000,
    # https://aws.amazon.com/step-functions/pricing/ (standard workflows; a retry is a transition)
    "state transitions": 25.00 / _MILLION,
    # Calls of the control plane are free: they cost its limits, which are not documented.
    "personalize": 0.0,
}

PERSONALIZE: Mapping[str, float] = {"GB": 0.05, "training hour": 0.24, "tps hour": 0.20}
"""Ingestion, training and a campaign's minimum throughput, of recipes before v2, in us-east-1.

From two public texts of 2026 that agree, not from AWS's page: https://aws.amazon.com/personalize/pricing/
"""


def dollars(units: Mapping[str, float]) -> float:
    """Return what these units cost; raise KeyError for one without a price."""
    return sum(PRICES[unit] * count for unit, count in units.items())
