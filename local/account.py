"""`LocalAccount`: a local AWS in a process of its own, for tests and the demo."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

import boto3
import urllib3

from local.certificates import make_certificate
from local.folder import FolderError, claim, kept_port
from local.listening import PortError, listen, turn_away
from local.settings import SECRET_KEY, Settings, origin_of

if TYPE_CHECKING:
    from local.personalize.control import Control

_ROOT = Path(__file__).resolve().parents[1]
_READY_SECONDS = 60.0
_STOP_SECONDS = 8.0


class LocalAccountError(Exception):
    """The local AWS did not start, or ended while it was needed; the text ends with its last log lines."""


@dataclass(frozen=True)
class Credentials:
    """Keys of an IAM user or of a role's session."""

    access_key: str
    secret_key: str
    session_token: str | None = None


class LocalAccount:
    """Starts a local AWS on a free port, and stops it with all its Lambda workers.

    with LocalAccount(durations="instant") as account:
        account.session().client("personalize").list_recipes()
        subprocess.run(["terraform", "apply"], env=os.environ | account.env)

    durations: how long Personalize takes: "instant", "demo", "realistic", or JSON of kind and path to spans.
    seed: what realistic durations are drawn from.
    state: a folder that all is kept in; another account with the folder goes on where this one ended.
    auth: IAM is enforced, and Lambda functions run as their roles.
    tls: serve HTTPS; `env` then names the authority to trust.
    deliver_twice: every SQS message that is sent arrives twice.
    role_delay: seconds that Personalize has not heard yet of an IAM role that was made, as on AWS.
    concurrency: how many Lambda functions run at a time in the account, as 10 in a new one; None: as many as come.
    origins: those of the web pages that may call Personalize, as http://localhost:3000; no page may, otherwise.
    build: where the log and the temporary files go.
    """

    def __init__(
        self,
        *,
        durations: str = "instant",
        auth: bool = False,
        tls: bool = False,
        deliver_twice: bool = False,
        region: str = Settings.region,
        account: str = Settings.account,
        port: int | None = None,
        build: Path = _ROOT / "build" / "local",
        log_level: str = "INFO",
        seed: int = 0,
        state: Path | None = None,
        role_delay: float = 0.0,
        concurrency: int | None = None,
        origins: Iterable[str] = (),
    ) -> None:
        self._options = Settings(
            region=region,
            account=account,
            durations=durations,
            auth=auth,
            deliver_twice=deliver_twice,
            log_level=log_level,
            seed=seed,
            state=state.resolve() if state else None,
            role_delay=role_delay,
            concurrency=concurrency,
            origins=tuple(origin_of(each) for each in origins),
        )
        self._tls = tls
        self._port = port
        self._build = build
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: socket.socket | None = None
        self._lock: IO[str] | None = None
        self.settings = self._options
        self.log = build / "gateway.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """The URL of all services."""
        return self.settings.endpoint

    @property
    def env(self) -> dict[str, str]:
        """The variables that turn any AWS client to this account, as its root user."""
        return self.settings.client_env()

    def session(self, credentials: Credentials | None = None) -> boto3.Session:
        """Return a boto3 session whose clients speak to this account: as root, or with the keys given."""
        keys = credentials or Credentials(self.settings.account, SECRET_KEY)
        session = boto3.Session(
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.session_token,
            region_name=self.settings.region,
        )
        # Per session, and not through os.environ: two accounts may be up at once.
        store = session._session.get_component("config_store")
        store.set_config_variable("endpoint_url", self.endpoint)
        if self.settings.tls:
            store.set_config_variable("ca_bundle", str(self.settings.tls.authority))
        # Once this account has ended, its port may be another's.
        session.events.register("before-send", lambda **_: self.check())
        return session

    @property
    def control(self) -> Control:
        """How Personalize is steered: trouble, quotas, durations, the clock, and what happened."""
        return self.control_of()

    def control_of(self, **whose: str) -> Control:
        """Return the control of another `account` or `region`."""
        from local.steering import control_at  # with all of Personalize: not every account needs it in this process

        self.check()
        tls = self.settings.tls
        return control_at(self.endpoint, authority=tls.authority if tls else None, **whose)

    @property
    def pid(self) -> int:
        """The gateway's process; its Lambda workers are of the same process group."""
        self.check()
        assert self._process  # noqa: S101 - checked
        return self._process.pid

    def start(self) -> None:
        """Start the process and wait until it answers. Raises LocalAccountError."""
        if self._process:
            raise LocalAccountError(f"the local AWS is running already: {self.endpoint}")
        try:
            self._launch()
            self._wait_until_ready()
        except BaseException as error:
            self.stop()
            if isinstance(error, FolderError | PortError):
                raise LocalAccountError(str(error)) from error
            raise

    def _launch(self) -> None:
        self._build.mkdir(parents=True, exist_ok=True)
        state = self._options.state
        self._lock = claim(state) if state else None
        self._listener = listen(self._port or (kept_port(state) if state else None))
        port = self._listener.getsockname()[1]
        tls = make_certificate(self._build / f"tls-{port}") if self._tls else None
        self.settings = dataclasses.replace(self._options, port=port, tls=tls)
        self.log = self._build / f"gateway-{port}.log"
        held = [each.fileno() for each in (self._listener, self._lock) if each]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - this package's own module
                [sys.executable, "-m", "local.gateway", *map(str, held)],
                cwd=_ROOT,
                env=os.environ | self.settings.to_env(),
                pass_fds=held,
                stdin=subprocess.PIPE,  # its end tells the process that we are gone, however we went
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own: Lambda workers end with it
            )
        # If the process ends before us, nobody else is to get the port, and what our clients send to it.
        threading.Thread(target=turn_away, args=(self._listener, self._process.wait), daemon=True).start()

    def stop(self) -> None:
        """Stop the process and its Lambda workers; to call it twice does no harm."""
        process, self._process = self._process, None
        if process:
            self._end(process)
        listener, self._listener = self._listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        lock, self._lock = self._lock, None
        if lock:
            lock.close()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # workers that were busy

    def check(self) -> None:
        """Raise if the process has ended."""
        if self._process is None or self._process.poll() is not None:
            raise LocalAccountError(f"the local AWS is not running; its log ends:\n{self._log_tail()}")

    def _wait_until_ready(self) -> None:
        ca_certs = str(self.settings.tls.authority) if self.settings.tls else None
        deadline = time.monotonic() + _READY_SECONDS
        with urllib3.PoolManager(ca_certs=ca_certs, retries=False, timeout=2.0) as pool:
            while time.monotonic() < deadline:
                self.check()
                try:
                    if pool.request("GET", f"{self.endpoint}/_ministack/health").status == 200:
                        return
                except urllib3.exceptions.HTTPError:
                    time.sleep(0.05)
        raise LocalAccountError(f"no answer from {self.endpoint}; its log ends:\n{self._log_tail()}")

    def _log_tail(self, lines: int = 30) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
