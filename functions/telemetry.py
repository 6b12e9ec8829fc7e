"""One logger, tracer and set of metrics for all functions; Powertools reads their settings from the environment."""

from __future__ import annotations

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics
from aws_lambda_powertools.tracing import Tracer

logger = Logger()
metrics = Metrics()
tracer = Tracer(auto_patch=False)  # the clients patch botocore when they are made: here it would be imported at once
