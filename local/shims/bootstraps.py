"""Changing the scripts that ministack runs functions with."""

from __future__ import annotations

from collections.abc import Mapping


def changed(script: str, changes: Mapping[str, str]) -> str:
    """Return a script with pieces of it replaced, each of which must be there exactly once."""
    for old, new in changes.items():
        if script.count(old) != 1:
            raise RuntimeError(f"ministack's bootstrap is not the one that is known: it lacks {old!r}")
        script = script.replace(old, new)
    return script
