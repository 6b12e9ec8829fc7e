"""Breaking the code on purpose is seen: a sample of the mutations, by the simulation. `make mutations` tries all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulation.many import catch
from tests.simulation.mutating import Mutation, versions
from tests.simulation.mutations import MUTATIONS

SAMPLE = [each for each in MUTATIONS[:32] if not each.tests and not each.equivalent][::3]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_breaks_code_that_is_there(mutation: Mutation) -> None:
    original, broken = (version.__code__ for version in versions(mutation))
    parts = ("co_code", "co_consts", "co_names")
    assert any(getattr(original, part) != getattr(broken, part) for part in parts)


def test_mutations_have_names_of_their_own() -> None:
    assert len({each.name for each in MUTATIONS}) == len(MUTATIONS)


def test_every_mutation_of_a_sample_is_caught(record_property: Callable[[str, object], None]) -> None:
    caught = list(catch(SAMPLE))
    assert [each.mutation.name for each in caught if each.seed is None] == []
    assert len(caught) == len(SAMPLE) >= 10
    record_property("figure", f"simulation: {len(caught)} of {len(MUTATIONS)} mutations of the code, all caught")
