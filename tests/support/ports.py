"""Ports for servers that a test starts itself."""

from __future__ import annotations

import socket

from local.settings import LOOPBACK


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
