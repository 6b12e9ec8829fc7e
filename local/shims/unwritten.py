"""Objects of S3 that can't be written now: ministack logs it, and goes on as if they were."""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import contextvars
import errno
import functools
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
_WRITERS = (
    "_delete_persisted_object",
    "_delete_version_file",
    "_persist_delete_marker",
    "_persist_displaced_version",
    "_persist_object",
)

_failed: contextvars.ContextVar[list[OSError] | None] = contextvars.ContextVar("failed", default=None)


class Unwritten:
    """What is to be written, in its order: a version that was displaced is read from where the next one goes."""

    def __init__(self) -> None:
        self.failures = 0
        self._pending: list[Callable[[], None]] = []
        self._lock = threading.RLock()

    def write(self) -> None:
        """Write all. Raises OSError if it still can't be done."""
        with self._lock:
            while self._pending:
                self._pending[0]()
                self._pending.pop(0)

    def later(self, function: Callable[..., None]) -> Callable[..., None]:
        """Return a function of ministack's that is called later, after all that are to be, if it can't be now."""

        @functools.wraps(function)
        def writing(*arguments: Any) -> None:
            def write() -> None:
                failed: list[OSError] = []
                token = _failed.set(failed)
                try:
                    function(*arguments)
                finally:
                    _failed.reset(token)
                if failed:
                    raise failed[0]

            try:
                if _failed.get() is None:  # not one that another one calls
                    self.write()
                write()
            except OSError:
                if _failed.get() is not None:
                    raise
                with self._lock:
                    self.failures += 1
                    self._pending.append(functools.partial(contextvars.copy_context().run, write))

        return writing


def writes_objects_later() -> Unwritten:
    """Have ministack's S3 keep what it could not write."""
    from ministack.services import s3

    unwritten = Unwritten()
    for name in _WRITERS:
        setattr(s3, name, unwritten.later(getattr(s3, name)))
    s3.logger.addFilter(_notice)
    return unwritten


def _notice(record: logging.LogRecord) -> bool:
    failed, error = _failed.get(), sys.exc_info()[1]
    if failed is not None and isinstance(error, OSError) and error.errno in _FULL:
        failed.append(error)
    return True
