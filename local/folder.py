"""A folder that a local AWS is kept in belongs to one process at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

_LOCK, _PORT = "lock", "port"


class FolderError(Exception):
    """A folder can't be had; the text says which, why, and what to do."""


def claim(folder: Path) -> IO[str]:
    """Make a folder this process's own, for as long as what is returned is open. Raises FolderError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("a+")
    except OSError as error:
        raise FolderError(f"{folder} can't be used ({error.strerror}); take another folder.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        owner = lock.read().strip()
        lock.close()
        raise FolderError(
            f"{folder} is in use by another local AWS (process {owner}); stop that one, or take another folder."
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def kept_port(folder: Path) -> int | None:
    """Return the port that the local AWS of a folder had: queue URLs name it."""
    path = folder / _PORT
    return int(path.read_text()) if path.exists() else None


def keep_port(folder: Path, port: int) -> None:
    """Note the port for the next one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _PORT).write_text(str(port))
