"""What `make bench` measures: the real handlers in virtual time, and what their own code takes."""

import os

# The functions read the environment when they are imported.
os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "PersonalizePipelines")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "bench")
