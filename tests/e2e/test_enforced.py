"""The same chain with IAM enforced, over TLS: every function has the rights that it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.deployment import Deployment, deployed


@pytest.fixture(scope="module")
def enforced() -> Iterator[Deployment]:
    with deployed("enforced", auth=True, tls=True) as deployment:
        yield deployment


def test_with_iam_enforced_the_whole_chain_passes(enforced: Deployment) -> None:
    enforced.two_runs()
    assert [run["status"] for run in enforced.trips()] == ["SUCCEEDED"] * 2
    assert enforced.made() == {"imports": 2, "versions": 4, "campaigns": 2}
    assert not enforced.dead_letters()
