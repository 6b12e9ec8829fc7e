"""One logger, set of metrics and tracer for all functions; Powertools reads their settings from the environment."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.tracing import Tracer

logger = Logger()
metrics = Metrics()


def sampled() -> bool:
    """Whether X-Ray records this invocation.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    return "Sampled=1" in os.environ.get("_X_AMZN_TRACE_ID", "")


@cache
def tracer() -> Tracer:
    """Return the tracer, with every call of boto3 traced.

    It is imported with the first sampled invocation, since that takes longer than all the rest of a cold start.
    """
    from aws_lambda_powertools.tracing import Tracer

    made = Tracer(auto_patch=False)
    made.patch(("botocore",))
    return made
