"""One line of a batch job: read, checked as the request that it stands for, answered and written.

    {"input": {"userId": "4638"}, "output": {"recommendedItems": ["63992"], "scores": [0.015]}, "error": null}

A line that can't be answered has its reason in `error`, and hurts no other.
https://docs.aws.amazon.com/personalize/latest/dg/batch-data-upload.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from local.personalize import jsons
from local.personalize.errors import InvalidInputError, NotFoundError
from local.personalize.kinds.base import Request
from local.personalize.service_models import RUNTIME, operation_model
from local.personalize.validation import validated

Line = Mapping[str, Any]
Output = Mapping[str, Any]

_REQUESTS: Mapping[str, str] = {"itemList": "inputList"}
"""Members of a line that requests of the runtime call otherwise."""
_MEMBERS = ("userId", "itemId", "itemList", "filterValues", "context")


def answered(raw: bytes, answer: Callable[[Line], Output], nothing: Output) -> bytes:
    """Return the line that answers another; `nothing` stands for the output where there is an error."""
    shown: Any = raw.decode("utf-8", "replace")
    output, problem = nothing, None
    try:
        shown = _read(raw)
        output = answer(shown)
    except (InvalidInputError, NotFoundError) as error:
        problem = error.message
    return json.dumps({"input": shown, "output": output, "error": problem}, separators=(",", ":")).encode()


def request(line: Line, operation: str, resource: str, *needed: str) -> Request:
    """Return a line as the request to the runtime that it stands for; raises InvalidInputError.

    `resource` is the ARN of what answers: requests must name something.
    """
    missing = [member for member in needed if line.get(member) in (None, "", [])]
    if missing:
        raise InvalidInputError(f"The record must have {' and '.join(missing)}.")
    given = {_REQUESTS.get(member, member): line[member] for member in _MEMBERS if member in line}
    return validated(operation_model(RUNTIME, operation).input_shape, {"campaignArn": resource, **given})


def _read(raw: bytes) -> Line:
    try:
        line = jsons.loads(raw)
    except ValueError as error:
        raise InvalidInputError(f"The record is not valid JSON: {error}") from error
    if not isinstance(line, dict):
        raise InvalidInputError("The record is not a JSON object.")
    return line
