"""The process: hypercorn with the gateway, until a signal or the end of the parent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from local.gateway.http import AsgiApp, Message, Receive, Scope, Send
from local.settings import Settings

if TYPE_CHECKING:
    from local.gateway.assembly import Assembly

_GRACE_SECONDS = 1.5


def run(settings: Settings, listener: socket.socket, *, until_stdin_ends: bool = False) -> None:
    """Serve until SIGTERM, SIGINT or, for a child that must not outlive its parent, the end of stdin.

    listener: listens on the settings' port, in a process that has claimed the settings' folder.
    """
    # Both before ministack is imported: it reads its settings then, and Lambda workers inherit them.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]  # the caller's profile or endpoint is not this account's
    os.environ.pop("PYTHONPATH", None)  # a function must find its own package, not this checkout
    os.environ.update(settings.ministack_env())
    # Lambda code is unpacked in the temporary folder: one of our own is removed as a whole.
    temporary = tempfile.mkdtemp(prefix="local-aws-")
    os.environ["TMPDIR"] = tempfile.tempdir = temporary
    from local.gateway.assembly import assemble

    try:
        assembly = assemble(settings)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise

    def end(failure: BaseException | None) -> None:
        assembly.close()
        shutil.rmtree(temporary, ignore_errors=True)
        if failure:
            traceback.print_exception(failure)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1 if failure else 0)  # the loop's own end would wait for the threads of Lambda invocations

    asyncio.run(_serve(settings, listener, assembly, until_stdin_ends, end))


async def _serve(
    settings: Settings,
    listener: socket.socket,
    assembly: Assembly,
    until_stdin_ends: bool,
    end: Callable[[BaseException | None], None],
) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from local.gateway.ministack import stop_workers

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = settings.log_level
    if settings.tls:
        config.certfile = str(settings.tls.certificate)
        config.keyfile = str(settings.tls.key)

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_report)
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    if until_stdin_ends:
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    serving = asyncio.create_task(serve(cast(Any, _app(assembly)), config, shutdown_trigger=stop.wait))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    # A client that holds a TLS connection, or a function at work, must not hold up the end.
    await asyncio.wait([serving], timeout=_GRACE_SECONDS)
    stop_workers()
    end(serving.exception() if serving.done() else None)


def _app(assembly: Assembly) -> AsgiApp:
    """Return the app that goes on with what was under way before, once ministack is up."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def started(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                assembly.open()

        await assembly.app(scope, receive, started if scope["type"] == "lifespan" else send)

    return app


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # A client that leaves without closing its TLS session: they all do, and it is no news.
    if not isinstance(context.get("exception"), TimeoutError):
        loop.default_exception_handler(context)


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    sys.stdin.buffer.read()
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(stop.set)
