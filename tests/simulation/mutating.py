"""Break a function of the code on purpose: in this process, or in one of pytest's.

As a plugin of pytest (`-p tests.simulation.mutating`) it breaks what the environment variable MUTATION names.
"""

from __future__ import annotations

import importlib
import inspect
import os
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any


@dataclass(frozen=True)
class Mutation:
    """A function's source with one thing changed. ``where`` is "module:function", or "module:Class.method".

    ``tests``: no history can show it, some other test does. ``equivalent`` says why nothing can, where nothing changes
    that anybody could see.
    """

    name: str
    where: str
    old: str
    new: str
    tests: bool = False
    equivalent: str = ""


@contextmanager
def mutated(mutation: Mutation) -> Iterator[None]:
    """Have the code broken meanwhile, wherever the function is known by its name."""
    original, broken = versions(mutation)
    code = original.__code__
    original.__code__ = broken.__code__  # every module that has imported it meets the other code
    try:
        yield
    finally:
        original.__code__ = code


def versions(mutation: Mutation) -> tuple[FunctionType, FunctionType]:
    """Return the function as it is, and as it is broken; raise LookupError where what is to change is not there."""
    module_name, _, path = mutation.where.partition(":")
    module = importlib.import_module(module_name)
    *owner, name = path.split(".")
    held = vars(getattr(module, owner[0]) if owner else module)[name]
    source = textwrap.dedent(inspect.getsource(_function(held)))
    if source.count(mutation.old) != 1:
        raise LookupError(f"{mutation.name}: {mutation.where} has no (or no single) {mutation.old!r}")
    return _function(held), _compiled(source.replace(mutation.old, mutation.new), mutation.where, module, name)


def _compiled(source: str, where: str, module: ModuleType, name: str) -> FunctionType:
    scope: dict[str, Any] = {}
    exec(compile(f"from __future__ import annotations\n{source}", where, "exec"), vars(module), scope)  # noqa: S102
    return _function(scope[name])


def _function(held: Any) -> FunctionType:
    """Return the function behind a class method, a property or a cache."""
    bare = getattr(held, "fget", None) or getattr(held, "__func__", None) or held
    function: FunctionType = inspect.unwrap(bare)
    return function


def pytest_configure() -> None:
    """Break what the environment names, for as long as this process lives."""
    from tests.simulation.mutations import MUTATIONS

    name = os.environ["MUTATION"]
    original, broken = versions(next(each for each in MUTATIONS if each.name == name))
    original.__code__ = broken.__code__
