"""Breaking the code on purpose is seen."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.many import catch
from tests.simulation.mutations import MUTATIONS


def test_every_mutation_is_caught(record_property: Callable[[str, object], None]) -> None:
    caught = list(catch(MUTATIONS))
    assert [each.mutation.name for each in caught if each.seed is None] == []
    assert len(caught) == len(MUTATIONS) >= 10
    record_property("figure", f"simulation: {len(caught)} mutations of the code, all caught")
