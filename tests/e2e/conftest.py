"""Three deployments, applied side by side: an apply is waiting more than work."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts import package
from tests.e2e.deployment import ZIP, Deployment, deploy

ACCOUNTS = {
    "plain": {},
    "enforced": {"auth": True, "tls": True},
    "doubled": {"deliver_twice": True},
}


@pytest.fixture(scope="session")
def deployments() -> Iterator[dict[str, Deployment]]:
    package.build(ZIP)
    with ThreadPoolExecutor(len(ACCOUNTS)) as pool:
        started = {name: pool.submit(deploy, name, **options) for name, options in ACCOUNTS.items()}
        try:
            yield {name: future.result() for name, future in started.items()}
        finally:
            up = [future.result() for future in started.values() if not future.exception()]
            for ended in [pool.submit(deployment.take_down) for deployment in up]:
                ended.result()


@pytest.fixture(scope="session")
def stack(deployments: dict[str, Deployment]) -> Deployment:
    """Return the deployment without special conditions."""
    return deployments["plain"]


@pytest.fixture(scope="session")
def enforced(deployments: dict[str, Deployment]) -> Deployment:
    """Return the deployment where IAM is enforced, over TLS."""
    return deployments["enforced"]


@pytest.fixture(scope="session")
def doubled(deployments: dict[str, Deployment]) -> Deployment:
    """Return the deployment where every SQS message that is sent arrives twice."""
    return deployments["doubled"]
