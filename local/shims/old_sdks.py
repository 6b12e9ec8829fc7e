"""Functions that bring an SDK from before AWS_ENDPOINT_URL: they would call the real AWS.

botocore reads the variable since 1.31 (July 2023), and many a package pins one that is older.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from local.shims.bootstraps import changed

_CHANGES = {
    "    _ms_install_invoke_depth()\n    try:\n": """    _ms_install_invoke_depth()
    _reach_the_gateway()
    try:
""",
    "\ndef run():\n": """
def _reach_the_gateway():
    try:
        import botocore.session
    except ImportError:
        return
    if tuple(int(part) for part in botocore.__version__.split(".")[:2]) >= (1, 31):
        return
    create = botocore.session.Session.create_client

    def created(self, *args, **kwargs):
        if len(args) < 6 and not kwargs.get("endpoint_url"):
            kwargs["endpoint_url"] = os.environ.get("AWS_ENDPOINT_URL")
        return create(self, *args, **kwargs)

    botocore.session.Session.create_client = created

def run():
""",
}


def let_old_sdks_reach_the_gateway() -> None:
    """Give clients of such a botocore the endpoint that newer ones read themselves."""
    from ministack.core import lambda_runtime

    lambda_runtime._PYTHON_WORKER_SCRIPT = changed(lambda_runtime._PYTHON_WORKER_SCRIPT, _CHANGES)
