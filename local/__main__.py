"""`python -m local`: a local AWS in the foreground. Prints what to export, and serves until Ctrl-C."""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from local.certificates import make_certificate
from local.folder import FolderError, claim, kept_port
from local.gateway.server import run
from local.listening import PortError, listen
from local.personalize.durations import profile_of
from local.personalize.keeping import StateError
from local.settings import (
    DEFAULT_PORT,
    Settings,
    count_of,
    origin_of,
    port_of,
    region_of,
    seconds_of,
    whole_number,
)

_BUILD = Path(__file__).resolve().parents[1] / "build" / "local"


def main() -> None:
    """Read the options, whose defaults are environment variables, and serve."""
    try:
        settings, tls = _parse()
        lock = claim(settings.state) if settings.state else None
        listener = listen(settings.port)
        if tls:
            settings = dataclasses.replace(settings, tls=make_certificate(_BUILD / f"tls-{settings.port}"))
        _tell(settings)
        with lock or listener:
            run(settings, listener)
    except (FolderError, PortError, StateError) as error:
        raise SystemExit(f"error: {error}") from error


def _tell(settings: Settings) -> None:
    console = Console()
    console.print("[bold]A local AWS with Amazon Personalize.[/] In the shell that will use it:\n")
    for line in settings.to_paste(os.environ):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    pages = f"Pages of {', '.join(settings.origins)} may call Personalize. " if settings.origins else ""
    console.print(
        f"\nDurations: {settings.durations}. IAM: {'enforced' if settings.auth else 'not enforced'}. "
        f"State {f'is kept in {settings.state}' if settings.state else 'lives as long as this process'}. "
        f"{pages}Ctrl-C stops it.\n"
        "The keys are made up: what reaches the real AWS by mistake is refused there. Version 1 of the AWS CLI sends "
        "`aws sqs` there: give it --endpoint-url.\n"
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in a line of its own, without all that could be right."""
        self.exit(2, f"error: {message}; --help lists all options.\n")


def _parse() -> tuple[Settings, bool]:
    """Read the options; the second is whether to serve HTTPS."""
    parser = _Parser(prog="python -m local", description=__doc__)
    try:
        defaults = Settings.from_env(os.environ)
    except ValueError as error:
        parser.error(str(error))
    parser.add_argument("--port", type=_as(port_of), help=f"LOCAL_PORT (that of the state's folder, or {DEFAULT_PORT})")
    parser.add_argument("--region", type=_as(region_of), default=defaults.region, help="LOCAL_REGION (%(default)s)")
    parser.add_argument(
        "--durations",
        type=_as(_durations),
        default=defaults.durations,
        help="LOCAL_DURATIONS: how long Personalize takes: instant, demo, realistic, or JSON (%(default)s)",
    )
    parser.add_argument(
        "--seed", type=_as(whole_number), default=defaults.seed, help="LOCAL_SEED: what durations are drawn from"
    )
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
        type=_as(seconds_of),
        default=defaults.role_delay,
        help="LOCAL_ROLE_DELAY: seconds that Personalize has not heard yet of a role that was made (%(default)s)",
    )
    parser.add_argument(
        "--concurrency",
        type=_as(count_of),
        default=defaults.concurrency,
        help="LOCAL_CONCURRENCY: Lambda functions that run at a time, 10 in a new account (as many as come)",
    )
    parser.add_argument(
        "--allow-origin",
        type=_as(origin_of),
        action="append",
        metavar="ORIGIN",
        help="LOCAL_ORIGINS: web pages from there may call Personalize, as http://localhost:3000 (none may)",
    )
    parser.add_argument(
        "--log-level",
        choices=["DEBUG", "INFO", "WARNING", "ERROR"],
        default="WARNING",
        help="of the server's own log (%(default)s)",
    )
    options = parser.parse_args()
    state = options.state.resolve() if options.state else None
    port = options.port or ("LOCAL_PORT" in os.environ and defaults.port) or (state and kept_port(state))
    settings = dataclasses.replace(
        defaults,
        port=port or DEFAULT_PORT,
        region=options.region,
        durations=options.durations,
        auth=options.auth,
        deliver_twice=options.deliver_twice,
        log_level=options.log_level,
        seed=options.seed,
        role_delay=options.role_delay,
        concurrency=options.concurrency,
        origins=tuple(options.allow_origin or defaults.origins),
        state=state,
    )
    return settings, options.tls


def _durations(text: str) -> str:
    profile_of(text)
    return text


def _as(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return an option's type, whose error is told as it is."""

    def of(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return of


if __name__ == "__main__":
    main()
