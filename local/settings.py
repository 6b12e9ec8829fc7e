"""What can be set about a local AWS, and the environment variables that say it."""

from __future__ import annotations

import contextlib
import math
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

DEFAULT_PORT = 4566
DEFAULT_REGION = "eu-west-1"
# ministack takes a twelve-digit access key for the account's number, and for its root user.
DEFAULT_ACCOUNT = "123456789012"
SECRET_KEY = "test"  # noqa: S105 - not a secret: ministack accepts this for the root user of any account
LOOPBACK = "127.0.0.1"

T = TypeVar("T")

_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9_.-]+|\[[0-9a-f:]+\])(:\d{1,5})?/?")
_OWN_PORTS = {"http": ":80", "https": ":443"}

OVERRIDING = (
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
)
"""Variables that would turn a client away from what `Settings.client_env` says, or sign with what does not fit.

https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html#EVarSettings
"""


@dataclass(frozen=True)
class Tls:
    """A certificate for 127.0.0.1, its key, and the authority that clients must trust."""

    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True)
class Settings:
    """One local AWS: where it listens and how it behaves."""

    port: int = DEFAULT_PORT
    region: str = DEFAULT_REGION
    account: str = DEFAULT_ACCOUNT
    durations: str = "demo"
    auth: bool = False
    deliver_twice: bool = False
    tls: Tls | None = None
    log_level: str = "INFO"
    seed: int = 0
    state: Path | None = None
    role_delay: float = 0.0
    concurrency: int | None = None
    origins: tuple[str, ...] = ()

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read the variables that `to_env` writes; what is absent or empty keeps its default.

        ValueError names the variable whose value can't be used.
        """

        def read(name: str, reader: Callable[[str], T], default: T) -> T:
            try:
                return reader(env[name]) if env.get(name) else default
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error

        tls = None
        if env.get("LOCAL_TLS_CERTIFICATE"):
            tls = Tls(
                certificate=Path(env["LOCAL_TLS_CERTIFICATE"]),
                key=Path(env["LOCAL_TLS_KEY"]),
                authority=Path(env["LOCAL_TLS_AUTHORITY"]),
            )
        return cls(
            port=read("LOCAL_PORT", port_of, cls.port),
            region=read("LOCAL_REGION", region_of, cls.region),
            account=env.get("LOCAL_ACCOUNT", cls.account),
            durations=env.get("LOCAL_DURATIONS", cls.durations),
            auth=read("AUTH", _flag, False),
            deliver_twice=read("DELIVER_TWICE", _flag, False),
            tls=tls,
            log_level=env.get("LOG_LEVEL", cls.log_level),
            seed=read("LOCAL_SEED", whole_number, cls.seed),
            role_delay=read("LOCAL_ROLE_DELAY", seconds_of, cls.role_delay),
            concurrency=read("LOCAL_CONCURRENCY", count_of, None),
            origins=read("LOCAL_ORIGINS", lambda text: tuple(map(origin_of, text.split())), ()),
            state=read("LOCAL_STATE", lambda text: Path(text).resolve(), None),
        )

    def to_env(self) -> dict[str, str]:
        """Write the settings as the environment variables of the gateway's process."""
        env = {
            "LOCAL_PORT": str(self.port),
            "LOCAL_REGION": self.region,
            "LOCAL_ACCOUNT": self.account,
            "LOCAL_DURATIONS": self.durations,
            "AUTH": _word(self.auth),
            "DELIVER_TWICE": _word(self.deliver_twice),
            "LOG_LEVEL": self.log_level,
            "LOCAL_SEED": str(self.seed),
            "LOCAL_ROLE_DELAY": str(self.role_delay),
            "LOCAL_CONCURRENCY": str(self.concurrency or ""),
            "LOCAL_ORIGINS": " ".join(self.origins),
            "LOCAL_STATE": str(self.state or ""),
        }
        if self.tls:
            env |= {
                "LOCAL_TLS_CERTIFICATE": str(self.tls.certificate),
                "LOCAL_TLS_KEY": str(self.tls.key),
                "LOCAL_TLS_AUTHORITY": str(self.tls.authority),
            }
        return env

    def ministack_env(self) -> dict[str, str]:
        """Return the variables that ministack reads when it is imported."""
        env = {
            "BIND_HOST": LOOPBACK,  # its default is every interface
            "GATEWAY_PORT": str(self.port),  # Lambda workers find the gateway by it
            "MINISTACK_HOST": LOOPBACK,  # the host in queue URLs
            "MINISTACK_REGION": self.region,
            "MINISTACK_ACCOUNT_ID": self.account,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "AUTH": _word(self.auth),
            "LOG_LEVEL": self.log_level,
            # For whoever signs without credentials of their own, as Lambda workers do without AUTH.
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if self.concurrency is not None:
            env["LAMBDA_ACCOUNT_CONCURRENCY"] = str(self.concurrency)
        if self.state:
            env |= {
                "PERSIST_STATE": "1",
                "STATE_DIR": str(self.state / "ministack"),
                "S3_PERSIST": "1",
                "S3_DATA_DIR": str(self.state / "s3"),
            }
        if self.tls:
            env |= {
                "USE_SSL": "1",
                "MINISTACK_SSL_CERT": str(self.tls.certificate),
                "MINISTACK_SSL_KEY": str(self.tls.key),
                "AWS_CA_BUNDLE": str(self.tls.authority),
            }
        return env

    @property
    def endpoint(self) -> str:
        """The one URL that answers for all services."""
        return f"{'https' if self.tls else 'http'}://{LOOPBACK}:{self.port}"

    def client_env(self) -> dict[str, str]:
        """Return what a client (Terraform, boto3, the CLI) needs in its environment, and nothing more."""
        env = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if self.tls:
            env["AWS_CA_BUNDLE"] = str(self.tls.authority)
        return env

    def to_paste(self, env: Mapping[str, str]) -> list[str]:
        """Return the lines that turn a shell to this account; `env` is such a shell's environment."""
        exports = [f"export {name}={shlex.quote(value)}" for name, value in self.client_env().items()]
        return [f"unset {' '.join(overriding(env))}", *exports]


def origin_of(text: str) -> str:
    """Return the origin of web pages as browsers write it; ValueError if the text is none."""
    match = _ORIGIN.fullmatch(text.lower())
    if not match:
        raise ValueError(f"{text!r} is not the origin of web pages, as http://localhost:3000 is")
    scheme, host, port = match.groups("")
    return f"{scheme}://{host}{'' if port == _OWN_PORTS.get(scheme) else port}"


def overriding(env: Mapping[str, str]) -> list[str]:
    """Return the variables that whoever uses a local account must not have set: one service's endpoint is another."""
    own_endpoints = {name for name in env if name.startswith("AWS_ENDPOINT_URL_")}
    return sorted({*OVERRIDING, *own_endpoints})


def port_of(text: str) -> int:
    """Read a port; ValueError if it is none."""
    if text.isdecimal() and 0 < int(text) < 65_536:
        return int(text)
    raise ValueError(f"{text!r} is not a port, which is a number from 1 to 65535")


def region_of(text: str) -> str:
    """Read a region's name; ValueError if it is none."""
    if re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", text):
        return text
    raise ValueError(f"{text!r} is not a region, as {DEFAULT_REGION} is")


def whole_number(text: str) -> int:
    """Read a number; ValueError if it is none."""
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    raise ValueError(f"{text!r} is not a whole number")


def count_of(text: str) -> int | None:
    """Read a number of things; ValueError if it is none."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise ValueError(f"{text!r} is not a whole number from 1 on")


def seconds_of(text: str) -> float:
    """Read seconds; ValueError if they are none."""
    with contextlib.suppress(ValueError):
        if 0 <= float(text) < math.inf:
            return float(text)
    raise ValueError(f"{text!r} is not a number of seconds")


def _flag(text: str) -> bool:
    try:
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.strip().lower()]
    except KeyError:
        raise ValueError(f"{text!r} is neither true nor false") from None


def _word(flag: bool) -> str:
    return "true" if flag else "false"
