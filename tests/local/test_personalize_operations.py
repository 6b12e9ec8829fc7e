"""Every operation of the three service models: a good call, and everything that the model forbids.

The list is botocore's: an operation that it gains fails here until it is served, and has a good request.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local.personalize.service_models import SERVICES, operation_model, service_model
from tests.local import personalize_wire as wire
from tests.local.personalize_breakages import Breakage, breakages
from tests.local.personalize_prepared import REQUESTS, Prepared

OPERATIONS = [(service, name) for service in SERVICES for name in service_model(service).operation_names]


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return Prepared()


def test_how_many_are_served(prepared: Prepared, record_property: Callable[[str, object], None]) -> None:
    served = {(service, name) for service in SERVICES for name in prepared.account.service.operations(service)}
    record_property("figure", f"operations of Amazon Personalize that are served: {len(served)} of {len(OPERATIONS)}")
    assert served <= set(OPERATIONS)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_an_operation(prepared: Prepared, service: str, operation: str) -> None:
    personalize = prepared.account.service
    assert operation in personalize.operations(service), f"{operation} is not served"
    assert (service, operation) in REQUESTS, f"{operation} has no good request in personalize_prepared.py"
    good = REQUESTS[service, operation](prepared)
    wire.call(personalize, service, operation, good)
    prepared.settle()
    shape = operation_model(service, operation).input_shape
    tried = list(breakages(shape, good)) if shape else []
    problems = [
        f"{broken.member}, {broken.constraint}: {found}"
        for broken in tried
        if (found := _wrongly_answered(prepared, service, operation, good, broken))
    ]
    assert not problems, "\n".join(problems)
    assert tried or not (shape and shape.members)


def _wrongly_answered(
    prepared: Prepared, service: str, operation: str, good: dict[str, object], broken: Breakage
) -> str | None:
    refusal = wire.refusal(prepared.account.service, service, operation, good, broken.params)
    if refusal is None:
        return "it was taken"
    fits = f"at '{broken.member}' failed to satisfy constraint: {broken.constraint}" in refusal.message
    if (refusal.code, refusal.status) == ("InvalidInputException", 400) and fits:
        return None
    return repr(refusal)
