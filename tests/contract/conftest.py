"""An account for each test, and handlers that are at home in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from tests.contract.account import Account, opened
from tests.contract.ledgers import Case, in_dynamodb, in_memory


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


@pytest.fixture(params=[in_memory, in_dynamodb], ids=["memory", "dynamodb"])
def case(request: pytest.FixtureRequest, account: Account) -> Case:
    """Give the ledger, and its twin."""
    return cast(Case, request.param(account))
