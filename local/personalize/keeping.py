"""Keeps the state of a Personalize in a folder.

What is big (rows of bulk imports, trained models) never changes once it is made: each goes into a file of its own,
once. A table with what was streamed into it has a file, too, written anew when it has changed; so has all the rest.
The lock is held for as long as it takes to copy what can change; the writing is done without it.

The files are pickles: take a folder from nobody you don't trust.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import importlib.metadata
import io
import json
import pickle
import pkgutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from local import personalize
from local.personalize.data.tables import Table
from local.personalize.learning.models import Trained
from local.personalize.models import State

FORMAT = 1
LIBRARIES = ("implicit", "numpy", "pandas", "scipy")
"""Whose objects are in the pickles, as they were in the version that made them."""
_MAIN, _PART = "state", ".part"


class StateError(Exception):
    """A kept state can't be used: the text says why, and what to do."""


class Shelf:
    """One account's state in one region."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._header = _header()
        self._parts: dict[int, _Part] = {}
        """The objects that have files, by their ids."""

    def load(self) -> State | None:
        """Return what was kept, if anything. Raises StateError."""
        path = self._folder / _MAIN
        if not path.exists():
            return None
        header, _, body = path.read_bytes().partition(b"\n")
        if header != self._header:
            raise StateError(
                f"{path} was kept by another version of the local Personalize ({header[:200]!r}, and this one is "
                f"{self._header!r}): use that version, or another folder, or delete {self._folder}."
            )
        try:
            state: State = _Unpickler(io.BytesIO(body), lambda name: self._load(name).thing).load()
        except Exception as error:
            raise StateError(
                f"{path} can't be read ({error!r}): use another folder, or delete {self._folder}."
            ) from error
        return state

    def save(self, state: State, lock: AbstractContextManager[Any]) -> None:
        """Keep a state, which changes under the lock only. A process that dies meanwhile leaves what was there."""
        main, used = io.BytesIO(), _Used(self._parts)
        with lock:
            _Pickler(main, state, used).dump(state)
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            while used.new:
                part, snapshot = used.new.pop()
                content = io.BytesIO()
                pickler = _Pickler(content, snapshot, used)
                pickler.dump(snapshot)
                part.inner = pickler.named
                write_atomically(self._folder / part.name, content.getvalue())
            write_atomically(self._folder / _MAIN, self._header + b"\n" + main.getvalue())
            self._parts = used.parts
        finally:
            # What is not used, or was written for a state that could not be: on a full disk, its room is needed.
            names = {part.name for part in self._parts.values()}
            for path in self._folder.glob(f"*{_PART}"):
                if path.name not in names:
                    path.unlink()

    def _load(self, name: str) -> _Part:
        loaded = next((part for part in self._parts.values() if part.name == name), None)
        if loaded:
            return loaded
        inner: list[_Part] = []

        def named(other: str) -> object:
            inner.append(self._load(other))
            return inner[-1].thing

        with (self._folder / name).open("rb") as file:
            thing: object = _Unpickler(file, named).load()
        part = self._parts[id(thing)] = _Part(thing, _mark(thing), name, inner)
        return part


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file as a whole, or leave it as it was, and no trace of the attempt. Raises OSError."""
    temporary = path.with_name(f"{path.name}.new")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _part(name: str) -> object:
    """Stand for a part in a pickle; `_Unpickler` puts its own in this place."""
    raise NotImplementedError(name)


@dataclass
class _Part:
    """What has a file: the object itself (so that its id stays its own), and what it was like when it was written.

    `inner` are the parts that its file names.
    """

    thing: object
    mark: object
    name: str
    inner: list[_Part] = field(default_factory=list)


class _Used:
    """The parts that a state has now, and those of them that are to be written, as they were under the lock."""

    def __init__(self, before: Mapping[int, _Part]) -> None:
        self._before = before
        self.parts: dict[int, _Part] = {}
        self.new: list[tuple[_Part, object]] = []

    def part(self, thing: object) -> _Part:
        """Return an object's part: the one that it had, unless it has changed."""
        key = id(thing)
        if key in self.parts:
            return self.parts[key]
        mark, known = _mark(thing), self._before.get(key)
        if known is None or known.mark != mark:
            known = _Part(thing, mark, f"{uuid.uuid4().hex}{_PART}")
            self.new.append((known, _snapshot(thing)))
        self.parts[key] = known
        for inner in known.inner:
            self.part(inner.thing)
        return known


def _mark(thing: object) -> object:
    """Return what differs when a table has changed; the others never do."""
    if isinstance(thing, Table):
        return thing.version, len(thing.streamed), id(thing.bulk), id(thing.schema)
    return None


def _snapshot(thing: object) -> object:
    """Copy what may change while it is written."""
    if not isinstance(thing, Table):
        return thing
    copied = copy.copy(thing)
    for name, value in vars(copied).items():
        if isinstance(value, dict):
            setattr(copied, name, {key: list(each) if isinstance(each, list) else each for key, each in value.items()})
        elif isinstance(value, list | set):
            setattr(copied, name, copy.copy(value))
    return copied


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, whole: object, used: _Used) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._whole = whole
        self._used = used
        self.named: list[_Part] = []

    def reducer_override(self, thing: Any) -> Any:
        """Put a name for what has a file of its own."""
        if thing is self._whole or not isinstance(thing, pd.DataFrame | Trained | Table):
            return NotImplemented
        self.named.append(self._used.part(thing))
        return _part, (self.named[-1].name,)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, part: Callable[[str], object]) -> None:
        super().__init__(file)
        self._part = part

    def find_class(self, module: str, name: str) -> Any:
        """Find what a pickle names."""
        if (module, name) == (__name__, _part.__name__):
            return self._part
        return super().find_class(module, name)


def kept_classes() -> Iterator[type[Any]]:
    """Return the project's classes that a state can hold: all dataclasses of this package."""
    for found in pkgutil.walk_packages(personalize.__path__, f"{personalize.__name__}."):
        for each in vars(importlib.import_module(found.name)).values():
            if isinstance(each, type) and dataclasses.is_dataclass(each) and each.__module__ == found.name:
                yield each


def _header() -> bytes:
    """Return what must be the same to read a state: its format, the members of all in it, and the libraries."""
    members = sorted(
        f"{each.__module__}.{each.__qualname__}.{member.name}: {member.type}"
        for each in kept_classes()
        for member in fields(each)
    )
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    digest = hashlib.sha256("\n".join(members).encode()).hexdigest()[:12]
    return json.dumps({"format": FORMAT, "members": digest, **versions}).encode()
