"""The port that a local AWS listens on: taken once, and held for as long as the process that asked for it lives."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable

from local.settings import LOOPBACK


class PortError(Exception):
    """A port can't be had; the text says which, why, and what to do."""


def listen(port: int | None = None) -> socket.socket:
    """Return a socket that listens on a port of 127.0.0.1, or on a free one. Raises PortError."""
    listener = socket.socket()
    # A port whose last connections are just over is free.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1 if port else 0)
    try:
        listener.bind((LOOPBACK, port or 0))
        listener.listen(128)
    except OSError as error:
        listener.close()
        why = "is in use by another program" if error.errno == errno.EADDRINUSE else f"can't be had: {error.strerror}"
        raise PortError(f"Port {port} {why}; take another one.") from error
    return listener


def turn_away(listener: socket.socket, after: Callable[[], object]) -> None:
    """Once `after` returns, close what connects, until the listener is shut down: so nobody else gets the port."""
    after()
    with contextlib.suppress(OSError):
        listener.setblocking(True)  # the process that has ended shared it, and had it otherwise
        while True:
            listener.accept()[0].close()
