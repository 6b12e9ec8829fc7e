"""All that is used of ministack, which is young and untyped: the one module that imports it.

It reads its environment when it is imported, so this module imports it only inside functions.
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from typing import cast

from local.gateway.http import AsgiApp


def asgi_app() -> AsgiApp:
    """Return ministack as an ASGI app."""
    from ministack.app import app

    return cast(AsgiApp, app)


def stop_workers() -> None:
    """End the Lambda workers, which ministack leaves running at shutdown."""
    from ministack.core import lambda_runtime

    lambda_runtime.reset()
