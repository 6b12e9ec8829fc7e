"""Hyperparameters: their defaults, and what they may be.

https://docs.aws.amazon.com/personalize/latest/dg/customizing-solution-config-hpo.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from local.personalize.errors import InvalidInputError


@dataclass(frozen=True)
class Number:
    """A number between two bounds."""

    name: str
    default: str
    low: float
    high: float
    tunable: bool = False
    whole: bool = True

    @property
    def rule(self) -> str:
        """What a value must be, in words."""
        number = f"a{' whole' if self.whole else ''} number"
        bounds = f"of at least {self.low:g}" if self.high == inf else f"between {self.low:g} and {self.high:g}"
        return f"{number} {bounds}"

    def allows(self, value: str) -> bool:
        """Whether a value is within the bounds."""
        try:
            number = float(value)
        except ValueError:
            return False
        return self.low <= number <= self.high and (not self.whole or number.is_integer())


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    name: str
    default: str
    values: tuple[str, ...]
    tunable: bool = False

    @property
    def rule(self) -> str:
        """What a value must be, in words."""
        return f"one of [{', '.join(self.values)}]"

    def allows(self, value: str) -> bool:
        """Whether a value is one of the words, in whatever case."""
        return value.lower() in self.values


Hyperparameter = Number | Choice


def check(owner: str, known: Iterable[Hyperparameter], values: Mapping[str, str]) -> None:
    """Refuse a value that is out of its bounds."""
    for each in known:
        if each.name in values and not each.allows(values[each.name]):
            raise InvalidInputError(
                f"The hyperparameter {each.name} of {owner} must be {each.rule}, and is {values[each.name]!r}."
            )


def defaults(known: Iterable[Hyperparameter]) -> dict[str, str]:
    """Return the default of each."""
    return {each.name: each.default for each in known}


def ranges(known: Iterable[Hyperparameter]) -> dict[str, list[dict[str, Any]]]:
    """Return the default ranges as DescribeAlgorithm has them."""
    found: dict[str, list[dict[str, Any]]] = {
        "integerHyperParameterRanges": [],
        "continuousHyperParameterRanges": [],
        "categoricalHyperParameterRanges": [],
    }
    for each in known:
        shown: dict[str, Any] = {"name": each.name, "isTunable": each.tunable}
        if isinstance(each, Choice):
            found["categoricalHyperParameterRanges"].append({**shown, "values": list(each.values)})
        elif each.whole:
            bounds: dict[str, float] = {"minValue": int(each.low), "maxValue": int(each.high)}
            found["integerHyperParameterRanges"].append({**shown, **bounds})
        else:
            bounds = {"minValue": each.low, "maxValue": each.high}
            found["continuousHyperParameterRanges"].append({**shown, **bounds})
    return found
