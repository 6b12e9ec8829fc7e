"""Deliberate breakages of the code, by the part of it that they break.

Each must make the simulation fail, or some other fast test where no history can show it: if none does, an invariant is
missing, a fault or a test.
"""

from __future__ import annotations

from tests.simulation.mutations import adapters, chain, glue, steps

MUTATIONS = (*chain.MUTATIONS, *steps.MUTATIONS, *adapters.MUTATIONS, *glue.MUTATIONS)
