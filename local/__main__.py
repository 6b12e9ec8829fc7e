"""`python -m local`: a local AWS in the foreground. Prints what to export, and serves until Ctrl-C."""

from __future__ import annotations

import argparse
import dataclasses
import os
import shlex
import socket
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from local.certificates import make_certificate
from local.gateway.server import run
from local.personalize.keeping import StateError
from local.settings import LOOPBACK, Settings

_BUILD = Path(__file__).resolve().parents[1] / "build" / "local"


def main() -> None:
    """Read the options, whose defaults are environment variables, and serve."""
    settings = _parse()
    console = Console()
    console.print("[bold]A local AWS with Amazon Personalize.[/] In the shell that will use it:\n")
    for name, value in settings.client_env().items():
        console.print(f"export {name}={escape(shlex.quote(value))}", soft_wrap=True, highlight=False)
    console.print(
        f"\nDurations: {settings.durations}. IAM: {'enforced' if settings.auth else 'not enforced'}. "
        f"State {f'is kept in {settings.state}' if settings.state else 'lives as long as this process'}. "
        "Ctrl-C stops it.\n"
    )
    try:
        run(settings)
    except StateError as error:
        raise SystemExit(f"error: {error}") from error


def _parse() -> Settings:
    defaults = Settings.from_env(os.environ)
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--port", type=int, default=defaults.port, help="LOCAL_PORT (%(default)s)")
    parser.add_argument("--region", default=defaults.region, help="LOCAL_REGION (%(default)s)")
    parser.add_argument(
        "--durations",
        default=defaults.durations,
        help="LOCAL_DURATIONS: how long Personalize takes: instant, demo, realistic, or JSON (%(default)s)",
    )
    parser.add_argument("--seed", type=int, default=defaults.seed, help="LOCAL_SEED: what durations are drawn from")
    parser.add_argument(
        "--state", type=Path, default=defaults.state, help="LOCAL_STATE: a folder to keep all in (nothing is kept)"
    )
    parser.add_argument(
        "--auth", action=argparse.BooleanOptionalAction, default=defaults.auth, help="AUTH: enforce IAM"
    )
    parser.add_argument("--tls", action="store_true", help="serve HTTPS with a certificate made for it")
    parser.add_argument(
        "--deliver-twice",
        action=argparse.BooleanOptionalAction,
        default=defaults.deliver_twice,
        help="DELIVER_TWICE: every SQS message arrives twice",
    )
    parser.add_argument(
        "--role-delay",
        type=float,
        default=defaults.role_delay,
        help="LOCAL_ROLE_DELAY: seconds that Personalize has not heard yet of a role that was made (%(default)s)",
    )
    parser.add_argument(
        "--concurrency",
        type=int,
        default=defaults.concurrency,
        help="LOCAL_CONCURRENCY: Lambda functions that run at a time, 10 in a new account (as many as come)",
    )
    parser.add_argument("--log-level", default="WARNING", help="of the server's own log (%(default)s)")
    options = parser.parse_args()
    with socket.socket() as probe:
        if probe.connect_ex((LOOPBACK, options.port)) == 0:
            parser.error(f"something listens on port {options.port} already; choose another with --port")
    return dataclasses.replace(
        defaults,
        port=options.port,
        region=options.region,
        durations=options.durations,
        auth=options.auth,
        deliver_twice=options.deliver_twice,
        tls=make_certificate(_BUILD / f"tls-{options.port}") if options.tls else defaults.tls,
        log_level=options.log_level,
        seed=options.seed,
        role_delay=options.role_delay,
        concurrency=options.concurrency,
        state=options.state.resolve() if options.state else None,
    )


if __name__ == "__main__":
    main()
