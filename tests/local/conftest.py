"""Local accounts for the tests of the gateway: one open, one with IAM and TLS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.account import LocalAccount


@pytest.fixture(scope="session")
def account() -> Iterator[LocalAccount]:
    """Run an account where everybody is root, and nothing takes time."""
    with LocalAccount(durations="instant") as running:
        yield running


@pytest.fixture(scope="session")
def guarded() -> Iterator[LocalAccount]:
    """Run an account that enforces IAM, over TLS."""
    with LocalAccount(durations="instant", auth=True, tls=True) as running:
        yield running
