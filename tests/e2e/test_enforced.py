"""The same chain in a new account with IAM enforced, over TLS: every function has the rights that it needs.

So has who applies. Few functions run at a time there, and a role is not known everywhere at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from local.account import LocalAccount
from scripts.terraform import NO_CHANGES, TerraformError
from tests.e2e.applying import Applier
from tests.e2e.deployment import Deployment, deployed


@pytest.fixture(scope="module")
def people() -> list[Applier]:
    """Return who has applied."""
    return []


@pytest.fixture(scope="module")
def enforced(people: list[Applier]) -> Iterator[Deployment]:
    """Apply and destroy as somebody who has the documented policy, and no more."""

    def applier(account: LocalAccount, work: Path) -> Mapping[str, str]:
        people.append(Applier(account, work))
        return people[0].env

    with deployed("enforced", by=applier, auth=True, tls=True, concurrency=10, role_delay=60) as deployment:
        yield deployment


def test_with_iam_enforced_the_whole_chain_passes(enforced: Deployment) -> None:
    enforced.two_runs()
    assert [run["status"] for run in enforced.trips()] == ["SUCCEEDED"] * 2
    assert enforced.made() == {"imports": 2, "versions": 4, "campaigns": 2}
    assert not enforced.dead_letters()


def test_who_applies_cannot_do_without_a_statement(enforced: Deployment, people: list[Applier]) -> None:
    (applier,) = people
    applier.allow_all_but("Queues")
    with pytest.raises(TerraformError, match="not authorized to perform: sqs:GetQueueAttributes"):
        enforced.terraform.plan()
    applier.allow_all_but("Glue")
    with pytest.raises(TerraformError, match="not authorized to perform: lambda:InvokeFunction"):
        enforced.change(deletion_protection=True)
    applier.allow_all_but()
    enforced.change(deletion_protection=False)
    code, text = enforced.terraform.plan()
    assert code == NO_CHANGES, text
