"""An account for each test, and handlers that are at home in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.account import Account, opened


@pytest.fixture(scope="session")
def listener() -> Iterator[Account]:
    """One account for all tests."""
    with opened() as account:
        yield account


@pytest.fixture
def account(listener: Account) -> Account:
    """Give an account as Terraform leaves it."""
    listener.empty()
    return listener
