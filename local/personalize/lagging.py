"""Reads that lag behind writes, if somebody orders it: nothing in AWS's documents promises that they don't.

What was made a moment ago is not found and not listed, though its name is taken; what changed its status has the old
one; what is gone is still there. Other attributes don't lag.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta

from local.personalize.errors import NotFoundError
from local.personalize.models import Life, Record, Update
from local.personalize.world import World


def get(world: World, kind: str, arn: str) -> Record:
    """Return the resource as a reader sees it; raises NotFoundError."""
    if not world.lag:
        return world.get(kind, arn)
    found = next((each for each in records(world, kind) if each.arn == arn), None)
    if found is None:
        raise NotFoundError.of(kind, arn)
    return found


def records(world: World, kind: str) -> Iterator[Record]:
    """Return the resources of a kind as a reader sees them, oldest first."""
    if not world.lag:
        yield from world.of(kind)
        return
    moment = world.engine.now() - timedelta(seconds=world.lag)
    gone = (each for each in world.journal.gone if each.kind == kind and each.life.updated_at > moment)
    for record in sorted([*gone, *world.of(kind)], key=lambda each: each.serial):
        seen = _as_of(record, moment)
        if seen is not None:
            yield seen


def _as_of(record: Record, moment: datetime) -> Record | None:
    life = _life(record.life, moment)
    latest = _life(record.update.life, moment) if record.update else None
    update = Update(record.update.attributes, latest) if record.update and latest else None
    return dataclasses.replace(record, life=life, update=update) if life else None


def _life(life: Life, moment: datetime) -> Life | None:
    if life.created_at > moment:
        return None
    past = [(at, status) for at, status in life.timeline if life.created_at <= at <= moment]
    if not past:
        return None if life.timeline else life  # a schema has no status
    at, status = past[-1]
    reason = life.failure_reason if status == life.status else None
    return dataclasses.replace(life, status=status, updated_at=at, failure_reason=reason)
