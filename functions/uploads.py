"""From an upload to the pipeline that it is for: a few rules of EventBridge catch the uploads of all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from functions.errors import InvalidMessage
from functions.model import Request, Trigger, Upload, Uploaded, parse
from functions.ports import Ledger
from functions.telemetry import logger


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
    return datetime.fromisoformat(trigger.time).astimezone(UTC).isoformat()
