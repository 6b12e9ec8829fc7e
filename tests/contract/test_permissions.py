"""The AWS calls that a function makes are exactly what its role allows: nothing missing, nothing to spare.

So is what it makes them on: an action is told with the kind of thing, parents included (``action/kind``).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from functions.errors import ServiceError
from tests.contract.account import Account
from tests.contract.scenarios import SCENARIOS, Refused, Scenario
from tests.contract.table import FUNCTIONS, allowed

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")  # a direct call counts nothing

GRANTS = [(function, action) for function in FUNCTIONS for action in sorted(allowed(function))]

Play = Callable[[Scenario, str | None], set[str]]


@pytest.fixture(scope="module")
def play(listener: Account) -> Play:
    """Play a scenario in an empty account, perhaps with an action denied."""

    def fresh(scenario: Scenario, denied: str | None) -> set[str]:
        listener.empty()
        return scenario.play(listener, denied)

    return fresh


@pytest.fixture(scope="module")
def taken(play: Play) -> dict[str, set[str]]:
    """Return the actions that each scenario takes when all is allowed."""
    return {str(scenario): play(scenario, None) for scenario in SCENARIOS}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_takes_the_actions_of_its_role_all_of_them_and_no_other(
    function: str, taken: dict[str, set[str]]
) -> None:
    of_function = [taken[str(each)] for each in SCENARIOS if each.function == function]
    assert set().union(*of_function) == allowed(function)


@pytest.mark.parametrize(("function", "action"), GRANTS, ids=[f"{function}-{action}" for function, action in GRANTS])
def test_no_action_can_be_spared(function: str, action: str, taken: dict[str, set[str]], play: Play) -> None:
    """Whoever takes an action away from a role finds a message in the queue, or a failed call; never silence."""
    needing = [each for each in SCENARIOS if each.function == function and action in taken[str(each)]]
    assert needing, f"no scenario of {function} takes {action}"
    for scenario in needing:
        with pytest.raises((Refused, ServiceError, ClientError)):
            play(scenario, action)
