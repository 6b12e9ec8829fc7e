"""The environment of all tests: what Lambda sets before the functions are imported."""

from __future__ import annotations

import os

os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "PersonalizePipelines")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "acme")
