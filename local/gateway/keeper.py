"""A folder that the local AWS is kept in, so that it is there again after the process has ended, however that was.

lock            held by the process that uses the folder
port            where it listened: queue URLs name it
clock           how Personalize's clock stands
personalize/    a folder for each account and region
ministack/, s3/ ministack's own
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from local.folder import keep_port, kept_port
from local.personalize import Personalize
from local.personalize.clock import Setting, SteeredClock
from local.personalize.keeping import Shelf, StateError, write_atomically
from local.personalize.models import State

logger = logging.getLogger(__name__)

_PAUSE, _SHARE = 1.0, 10
"""Seconds between two looks at what has changed, and how many times longer it rests than it worked."""


class UnsavedError(Exception):
    """What has changed can't be saved; the text says why."""


@dataclass
class _Kept:
    """Something that is saved when `changes` tells another number than last time."""

    changes: Callable[[], object]
    save: Callable[[], None]
    saved: object


class Keeper:
    """Saves what has changed, in a thread of its own: when somebody waits for it, and now and then.

    Who starts it has claimed the folder.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        before = kept_port(folder)
        if before not in (None, port):
            logger.warning("queue URLs from before name port %s, and this is port %s", before, port)
        try:
            keep_port(folder, port)
        except OSError as error:
            raise StateError(
                f"{folder} can't be written ({error.strerror}): make room, or take another folder."
            ) from error
        self._kept: list[_Kept] = []
        self.trouble: str | None = None
        """Why the last save failed, if it did."""
        self._wake = threading.Condition()
        self._waiting: list[concurrent.futures.Future[None]] = []
        self._ended = False
        self._shelves = {key: Shelf(folder / "personalize" / "-".join(key)) for key in self._keys()}
        self._states = {key: shelf.load() for key, shelf in self._shelves.items()}
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    def known(self) -> list[tuple[str, str]]:
        """Return the accounts and regions that have a state."""
        return list(self._shelves)

    def state(self, account: str, region: str) -> State | None:
        """Return the state from before, to begin with."""
        return self._states.pop((account, region), None)

    def keep(self, account: str, region: str, service: Personalize) -> None:
        """Save an account's Personalize from now on."""
        key = account, region
        shelf = self._shelves.setdefault(key, Shelf(self._folder / "personalize" / "-".join(key)))
        world = service.world
        self.watch(lambda: service.changes, lambda: shelf.save(world.state, world.lock))

    def clock(self) -> SteeredClock:
        """Return Personalize's clock, as it stood; it is saved from now on."""
        path = self._folder / "clock"
        clock = SteeredClock(setting=_read_clock(path))
        self.watch(lambda: clock.setting, lambda: _write_clock(path, clock.setting))
        return clock

    def watch(self, changes: Callable[[], object], save: Callable[[], None]) -> None:
        """Save something whenever `changes` tells something new."""
        self._kept.append(_Kept(changes, save, changes()))

    def save(self) -> None:
        """Save all that has changed. Raises UnsavedError; what could be saved is."""
        trouble = None
        for kept in list(self._kept):
            changes = kept.changes()
            if changes == kept.saved:
                continue
            try:
                kept.save()
                kept.saved = changes
            except Exception as error:
                if not self.trouble:
                    logger.exception("The state can't be saved now")
                trouble = trouble or error
        self.trouble = f"{self._folder}: {trouble}" if trouble else None
        if trouble:
            raise UnsavedError(self.trouble) from trouble

    async def kept(self) -> None:
        """Return once all that has changed so far is saved. Raises UnsavedError if it can't be."""
        if not self.trouble and all(each.changes() == each.saved for each in list(self._kept)):
            return
        saved: concurrent.futures.Future[None] = concurrent.futures.Future()
        with self._wake:
            if self._ended:
                raise UnsavedError(f"{self._folder}: the local AWS is stopping")
            self._waiting.append(saved)
            self._wake.notify()
        await asyncio.wrap_future(saved)

    def close(self) -> None:
        """Save for the last time."""
        with self._wake:
            self._ended = True
            self._wake.notify()
        self._thread.join()
        with contextlib.suppress(UnsavedError):  # it is in the log, and was never told to anyone
            self.save()

    def _run(self) -> None:
        pause = _PAUSE
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._ended, pause)
                waiting, self._waiting = self._waiting, []
                if self._ended and not waiting:
                    return
            began = time.monotonic()
            try:
                self.save()
            except UnsavedError as error:
                for each in waiting:
                    each.set_exception(error)
            else:
                for each in waiting:
                    each.set_result(None)
            pause = max(_PAUSE, _SHARE * (time.monotonic() - began))

    def _keys(self) -> Iterator[tuple[str, str]]:
        for path in sorted((self._folder / "personalize").glob("*-*")):
            account, _, region = path.name.partition("-")
            yield account, region


def _read_clock(path: Path) -> Setting:
    if not path.exists():
        return Setting()
    read = json.loads(path.read_text())
    frozen_at = datetime.fromisoformat(read["frozen_at"]) if read["frozen_at"] else None
    return Setting(timedelta(seconds=read["ahead"]), frozen_at)


def _write_clock(path: Path, setting: Setting) -> None:
    frozen_at = setting.frozen_at.isoformat() if setting.frozen_at else None
    write_atomically(path, json.dumps({"ahead": setting.ahead.total_seconds(), "frozen_at": frozen_at}).encode())
