"""A local account for the tests that plan or apply."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.account import LocalAccount


@pytest.fixture(scope="module")
def account() -> Iterator[LocalAccount]:
    """Run an account in which nothing takes time."""
    with LocalAccount(durations="instant") as running:
        yield running
