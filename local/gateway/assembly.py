"""Puts the gateway together: which handler answers for which service."""

from __future__ import annotations

from local.gateway import ministack
from local.gateway.app import Gateway
from local.gateway.http import Handler
from local.settings import Settings


def assemble(settings: Settings) -> Gateway:
    """Build the app; ministack's environment must have been set."""
    handlers: dict[str, Handler] = {}
    return Gateway(ministack=ministack.asgi_app(), handlers=handlers)
