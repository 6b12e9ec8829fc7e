"""Keeps the state of a Personalize in a folder.

What is big (rows of bulk imports, trained models) never changes once it is made: each goes into a file of its own,
once. The rest is written anew whenever it changed. The files are pickles: take a folder from nobody you don't trust.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import pickle
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from local.personalize import models
from local.personalize.data.tables import Table
from local.personalize.learning.models import Trained
from local.personalize.models import State

FORMAT = 1
_MAIN, _PART = "state", ".part"


class StateError(Exception):
    """A kept state can't be used: the text says why, and what to do."""


class Shelf:
    """One account's state in one region."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: dict[int, tuple[object, str]] = {}
        """The objects that have files: by their ids, with themselves, so that an id stays theirs."""

    def load(self) -> State | None:
        """Return what was kept, if anything. Raises StateError."""
        path = self._folder / _MAIN
        if not path.exists():
            return None
        header, _, body = path.read_bytes().partition(b"\n")
        if header != _header():
            raise StateError(
                f"{path} was kept by another version of the local Personalize ({header[:100]!r}, and this one is "
                f"{_header()!r}): use that version, or another folder, or delete {self._folder}."
            )
        try:
            state: State = _Unpickler(io.BytesIO(body), self._part).load()
        except Exception as error:
            raise StateError(
                f"{path} can't be read ({error!r}): use another folder, or delete {self._folder}."
            ) from error
        return state

    def save(self, state: State, lock: AbstractContextManager[Any]) -> None:
        """Keep a state, which changes under the lock only. A process that dies meanwhile leaves what was there."""
        main = io.BytesIO()
        pickler = _Pickler(main, self._parts)
        with lock:
            pickler.dump(state)
        self._folder.mkdir(parents=True, exist_ok=True)
        for thing, name in pickler.new.values():
            write_atomically(self._folder / name, pickle.dumps(thing, pickle.HIGHEST_PROTOCOL))
        write_atomically(self._folder / _MAIN, _header() + b"\n" + main.getvalue())
        self._parts = pickler.used
        names = {name for _, name in self._parts.values()}
        for path in self._folder.glob(f"*{_PART}"):
            if path.name not in names:
                path.unlink()

    def _part(self, name: str) -> object:
        with (self._folder / name).open("rb") as file:
            thing = pickle.load(file)  # noqa: S301 - the user's own folder
        self._parts[id(thing)] = thing, name
        return thing


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file as a whole, or leave it as it was."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_bytes(content)
    temporary.replace(path)


def _part(name: str) -> object:
    """Stand for a part in a pickle; `_Unpickler` puts its own in this place."""
    raise NotImplementedError(name)


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, parts: dict[int, tuple[object, str]]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._parts = parts
        self.used: dict[int, tuple[object, str]] = {}
        self.new: dict[int, tuple[object, str]] = {}

    def reducer_override(self, thing: Any) -> Any:
        """Put a name for what is big."""
        if not isinstance(thing, pd.DataFrame | Trained):
            return NotImplemented
        key = id(thing)
        if key not in self.used:
            known = self._parts.get(key)
            self.used[key] = known or (thing, f"{uuid.uuid4().hex}{_PART}")
            if not known:
                self.new[key] = self.used[key]
        return _part, (self.used[key][1],)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, part: Callable[[str], object]) -> None:
        super().__init__(file)
        self._part = part

    def find_class(self, module: str, name: str) -> Any:
        """Find what a pickle names."""
        if (module, name) == (__name__, _part.__name__):
            return self._part
        return super().find_class(module, name)


def _header() -> bytes:
    """Return what must be the same to read a state: its format, and the members of all that is in it."""
    classes = [each for each in vars(models).values() if isinstance(each, type) and dataclasses.is_dataclass(each)]
    members = sorted(f"{each.__name__}.{field.name}" for each in [*classes, Table, Trained] for field in fields(each))
    digest = hashlib.sha256(" ".join(members).encode()).hexdigest()[:12]
    return json.dumps({"format": FORMAT, "members": digest}).encode()
