"""Deterministic names: what makes a repeated message harmless.

Personalize's names have 1 to 63 characters of ``[a-zA-Z0-9_-]``, and a job's name is unique in its account and
region, so every name that a run makes holds the run's id.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime

LONGEST = 63


def digest(text: str, length: int) -> str:
    """Return the first ``length`` hexadecimal digits of the text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def run_id(at: datetime, cause: str) -> str:
    """Return the id of the run that a cause makes: sortable by time, the same for a repeated delivery."""
    return f"{at:%Y%m%dt%H%M%S}-{digest(cause, 6)}"


def import_job(name: str, run: str, dataset: str, fingerprint: str) -> str:
    """Return the name of an import job; it ends in the fingerprint of the data that it imports."""
    return f"{name}-{run}-{dataset}-{fingerprint}"


def fingerprint_of(job_name: str) -> str:
    """Return the fingerprint that a job's name ends in (for a job made by hand: whatever it ends in)."""
    return job_name.rpartition("-")[2]


def solution_version(name: str, run: str, solution: str) -> str:
    """Return the name of the version that a run trains, cut to size with a digest if it is too long."""
    full = f"{name}-{run}-{solution}"
    return full if len(full) <= LONGEST else f"{full[: LONGEST - 7]}-{digest(full, 6)}"


def is_of_family(solution: str, family: str) -> bool:
    """Whether a solution's ARN (or name) is the family's with a digest at its end."""
    return re.fullmatch(rf"{re.escape(family)}-[0-9a-f]{{8}}", solution) is not None


def bears(name: str, family: str) -> bool:
    """Whether a name is the family's, with or without a digest at its end."""
    return name == family or is_of_family(name, family)


def solution_of(version: str) -> str:
    """Return the ARN of the solution that a version is of."""
    return version.rpartition("/")[0]


def stranger(version: str, deployment: str) -> str | None:
    """Return the solution that a version is of, unless it is the deployment's: their names begin with its own."""
    solution = solution_of(version)
    return None if solution.rpartition("/")[2].startswith(f"{deployment}-") else solution


def sibling_arn(arn: str, kind: str, name: str) -> str:
    """Return the ARN of another resource in the account and region of ``arn``."""
    return f"{arn.rsplit(':', 1)[0]}:{kind}/{name}"


def fingerprint(parts: Iterable[str]) -> str:
    """Return eight hexadecimal digits that stand for these parts, in any order."""
    return digest("\n".join(sorted(parts)), 8)
