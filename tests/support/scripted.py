"""Personalize with its answers told beforehand, held to botocore's model of the service on both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator

Told = dict[str, Any] | Exception
Answer = Told | Callable[[dict[str, Any]], Told]


@cache
def service_model() -> ServiceModel:
    """Return botocore's model of Personalize."""
    return botocore.session.get_session().get_service_model("personalize")


def check(operation: str, params: dict[str, Any]) -> None:
    """Raise if Personalize has no such operation, or it does not take these parameters."""
    _hold(service_model().operation_model(operation).input_shape, params, f"{operation}'s parameters")


def _hold(shape: Shape | None, value: dict[str, Any], what: str) -> None:
    if shape is None:  # an operation without an answer
        assert not value, what
        return
    report = ParamValidator().validate(value, shape)
    assert not report.has_errors(), f"{what}: {report.generate_report()}"


class Scripted:
    """A port onto Personalize. Each operation gives its answers in turn, the last one for ever.

    ``calls`` tells what was asked: (operation, parameters).
    """

    def __init__(self, **answers: Answer | Sequence[Answer]) -> None:
        self._answers = {name: told if isinstance(told, Sequence) else [told] for name, told in answers.items()}
        self._given: defaultdict[str, int] = defaultdict(int)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    @property
    def operations(self) -> list[str]:
        """The operations that were called, in order."""
        return [operation for operation, _ in self.calls]

    def params(self, operation: str) -> dict[str, Any]:
        """Return the parameters of the only call of an operation."""
        (params,) = (params for name, params in self.calls if name == operation)
        return params

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        check(operation, params)
        self.calls.append((operation, params))
        assert operation in self._answers, f"{operation} was not expected"
        told = self._answers[operation][min(self._given[operation], len(self._answers[operation]) - 1)]
        self._given[operation] += 1
        answer = told(params) if callable(told) else told
        if isinstance(answer, Exception):
            raise answer
        _hold(service_model().operation_model(operation).output_shape, answer, f"{operation}'s answer")
        return answer

    def pages(self, operation: str, key: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from self.call(operation, params)[key]
