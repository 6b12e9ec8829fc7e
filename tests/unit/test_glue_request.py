"""What Terraform asks glue for."""

from __future__ import annotations

from typing import Any

import pytest

from functions.errors import InvalidMessage
from functions.glue.dispatch import apply
from functions.glue.request import Change, ProtectedError, Wanted, read
from tests.support.build import VirtualSleep, outside
from tests.support.scripted import Scripted

GUARD = {"resource": "guard", "deletion_protection": True}


@pytest.mark.parametrize(
    ("life_cycle", "before"),
    [
        ({"action": "create"}, None),
        ({"action": "create", "prev_input": None}, None),
        ({"action": "update", "prev_input": {"resource": "guard"}}, Wanted("guard")),
        (
            {"action": "delete", "prev_input": {**GUARD, "tf": {"action": "create", "prev_input": None}}},
            Wanted("guard", deletion_protection=True),
        ),
        ({"action": "update", "prev_input": {"resource": "guard", "of_a_newer_version": [1]}}, Wanted("guard")),
        ({"action": "update", "prev_input": {"resource": "of_an_older_version"}}, None),
        ({"action": "update", "prev_input": "no resource"}, None),
    ],
)
def test_the_resource_is_read_with_how_it_was(life_cycle: dict[str, Any], before: Wanted | None) -> None:
    assert read({**GUARD, "tf": life_cycle}) == Change(
        life_cycle["action"], Wanted("guard", deletion_protection=True), before
    )


def test_a_call_without_a_life_cycle_asks_for_the_resource() -> None:
    assert read(GUARD) == Change("create", Wanted("guard", deletion_protection=True), None)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({}, 'missing value for field "resource"'),
        ({**GUARD, "tf": "create"}, "Terraform sends"),
        ({**GUARD, "tf": {"action": "read"}}, "Terraform sends"),
        ({"tf": {"action": "create"}}, 'missing value for field "resource"'),
        ({"resource": "recommender", "tf": {"action": "create"}}, 'field "resource"'),
        ({**GUARD, "deletion_protection": "on", "tf": {"action": "create"}}, 'field "deletion_protection"'),
        ({**GUARD, "requests": {}, "tf": {"action": "create"}}, '"requests"'),
        ({**GUARD, "tags": {"a": 1}, "tf": {"action": "create"}}, 'field "tags"'),
    ],
)
def test_what_is_wrong_is_named(event: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidMessage, match=told):
        read(event)


def test_a_protected_resource_says_what_to_do() -> None:
    with pytest.raises(ProtectedError, match=r"Deletion protection is on: dataset x stays\. .*= false, apply") as told:
        Wanted("dataset", deletion_protection=True).refuse_deletion("dataset x")
    assert str(told.value).endswith("Nothing was deleted.")
    Wanted("dataset", deletion_protection=False).refuse_deletion("dataset x")


@pytest.mark.parametrize("action", ["create", "update"])
def test_the_guard_only_guards(action: str) -> None:
    personalize = Scripted()
    event = {**GUARD, "tf": {"action": action, "prev_input": {"resource": "guard"}}}
    assert apply(event, personalize, VirtualSleep().patience(), outside()) == {}


@pytest.mark.parametrize("protected", [True, False])
def test_the_guard_refuses_a_protected_destroy(protected: bool) -> None:
    event = {
        **GUARD,
        "name": "everything of pipeline 'shop'",
        "deletion_protection": protected,
        "tf": {"action": "delete", "prev_input": GUARD},
    }
    if not protected:
        assert apply(event, Scripted(), VirtualSleep().patience(), outside()) == {}
        return
    with pytest.raises(ProtectedError, match="everything of pipeline 'shop' stays"):
        apply(event, Scripted(), VirtualSleep().patience(), outside())
