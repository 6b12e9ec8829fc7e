"""From an upload to the pipeline that it is for: a few rules of EventBridge catch the uploads of all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from functions.errors import InvalidMessage
from functions.model import Request, Trigger, TriggerKind, Upload, Uploaded, parse
from functions.ports import Ledger
from functions.telemetry import logger
from functions.times import written


def trigger_of(body: str, ledger: Ledger) -> Trigger | None:
    """Read a trigger, None if it is an upload that starts nothing; raise :class:`functions.errors.InvalidMessage`."""
    try:
        told = json.loads(body)
    except ValueError as error:
        raise InvalidMessage(f"Not a valid trigger: {error}") from error
    if not isinstance(told, dict) or "upload" not in told:
        return parse(Trigger, body)
    uploaded = parse(Uploaded, told)
    pipeline = pipeline_of(uploaded.upload, ledger.folders())
    if pipeline is None:
        return None
    return Trigger(uploaded.trigger, uploaded.id, Request(pipeline), time=uploaded.time)


@dataclass(frozen=True)
class Named:
    """What can be read of a trigger that can't be understood."""

    pipeline: str
    trigger: TriggerKind
    id: str | None
    time: datetime | None
    run_id: str | None


def named_by(body: str) -> Named | None:
    """Return what a trigger that can't be understood tells of its run, None where it names no pipeline."""
    try:
        told = json.loads(body)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    request = told.get("request")
    pipeline = request.get("pipeline") if isinstance(request, dict) else told.get("pipeline")
    if not isinstance(pipeline, str):
        return None
    kind: TriggerKind = told["trigger"] if told.get("trigger") in get_args(TriggerKind) else "event"
    return Named(
        pipeline,
        kind,
        _text(told, "id"),
        _time(told.get("time")),
        _text(told, "run_id"),
    )


def _text(told: dict[str, Any], key: str) -> str | None:
    value = told.get(key)
    return value if isinstance(value, str) and value else None


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    except ValueError:
        return None


def pipeline_of(upload: Upload, folders: Mapping[str, str]) -> str | None:
    """Return the pipeline of whose dataset an upload is, None for none: only files of the first level are imported.

    ``folders``: location (``s3://bucket/prefix/``) → ``pipeline/dataset``.
    """
    location = f"s3://{upload.bucket}/{upload.key}"
    folder = f"{location.rpartition('/')[0]}/"
    if folder in folders:
        return folders[folder].partition("/")[0]
    above = next((each for each in folders if folder.startswith(each)), None)
    if above:
        logger.warning("%s is below the first level of %s, which alone is imported: it starts nothing", location, above)
    else:
        logger.info("%s is not of a dataset that is declared: it starts nothing", location)
    return None


def uploaded_at(trigger: Trigger) -> str | None:
    """Return when an upload was complete (ISO 8601 in UTC), as far as its trigger tells."""
    if trigger.trigger != "upload" or trigger.time is None:
        return None
    return written(datetime.fromisoformat(trigger.time))
