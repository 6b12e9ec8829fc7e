"""An account for each test, and handlers that are at home in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from functions.adapters import clients
from functions.shell import live_ports
from tests.contract.account import ENVIRONMENT, Account, listen


@pytest.fixture(scope="session")
def listener() -> Iterator[Account]:
    """One account hears of all calls: clients, tables and queues are slow to make, so they are made once."""
    account = Account()
    clients.session.cache_clear()
    live_ports.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        listen(clients.session(), account)
        with mock_aws():
            account.make()
            yield account
    clients.session.cache_clear()
    live_ports.cache_clear()


@pytest.fixture
def account(listener: Account) -> Account:
    """Give an account as Terraform leaves it."""
    listener.empty()
    return listener
