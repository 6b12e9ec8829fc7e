"""What can go wrong, and who can put it right. Everything derives from :class:`PipelineError`."""

from __future__ import annotations

import re


class PipelineError(Exception):
    """Base of every error that this package raises on purpose."""


class InvalidSettings(PipelineError):
    """An environment variable of the function is missing or malformed: Terraform sets them all."""


class InvalidMessage(PipelineError):
    """A message or a direct call is not of the expected form; raised before anything is done."""


class InvalidRequest(InvalidMessage):
    """A request is understood, and can't be done as it stands; or a direct call is none that can be understood."""


class UnknownPipeline(PipelineError):
    """A request names a pipeline that is not declared."""

    def __init__(self, name: str, declared: list[str]) -> None:
        there_are = ", ".join(sorted(declared)) or "none"
        super().__init__(f"There is no pipeline {name!r}. Declared pipelines: {there_are}.")


class UnknownSolution(PipelineError):
    """A request names a solution that its pipeline does not have."""

    def __init__(self, names: list[str], pipeline: str, declared: list[str]) -> None:
        there_are = ", ".join(sorted(declared)) or "none"
        wrong = ", ".join(sorted(names))
        super().__init__(f"Pipeline {pipeline!r} has no solution {wrong}. Its solutions: {there_are}.")


class Unreadable(PipelineError):
    """A record of the ledger is not of the form that this code reads: code of another version has written it.

    ``updated_at`` (ISO 8601) is when that was, where a run's record tells.
    """

    def __init__(self, text: str, updated_at: str | None = None) -> None:
        super().__init__(text)
        self.updated_at = updated_at


class NotReadable(PipelineError):
    """A file in the data bucket may not be read: a permission, or its key's, is missing."""


class NotLookedAfter(PipelineError):
    """The watchdog could not look after some of the runs or slots; it has looked after all others."""


class NotSeenYet(PipelineError):
    """Personalize says that a thing exists, and does not show it: its reads may lag behind its writes."""


class Conflict(PipelineError):
    """Another writer changed the ledger between a read and a write; reading again settles it."""


class ServiceError(PipelineError):
    """Personalize refused a call. ``code`` and ``message`` are the service's own."""

    def __init__(self, code: str, message: str, operation: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.code = code
        self.message = message
        self.operation = operation


class AlreadyExists(ServiceError):
    """A resource of this name is there: a repeated message, or one that died half way, made it."""


class NotFound(ServiceError):
    """The resource is not there."""


_ACCESS = re.compile(r"\b(role|key|kms|assume|permission|privilege|access|authori[sz]ed)", re.IGNORECASE)


def about_access(text: str) -> bool:
    """Whether a refusal, or the reason of a failure, is that a role may not do something: a new one may soon."""
    return bool(_ACCESS.search(text))


class InvalidInput(ServiceError):
    """Personalize rejects the request itself; sending it again will not help, unless its role is new."""

    @property
    def about_access(self) -> bool:
        """Whether it is the role, or what it may do, that is rejected."""
        return about_access(self.message)


_KEPT = re.compile(
    r"\b(campaigns|datasets|dataset (groups|fields)|event trackers|filters|recommenders|schemas|solutions)\b", re.I
)
_PASSING = re.compile(r"pending|in[ _]progress|requests|rate\b|per second|being|try again", re.I)


class LimitExceeded(ServiceError):
    """A quota is used up, or calls come too fast. Most of it passes: see :attr:`passes`."""

    @property
    def passes(self) -> bool:
        """Whether waiting helps. It does not where the quota is one of things that stay until somebody deletes them.

        The texts are not documented, but for the one of calls that come too fast; so one that is not known to be final
        is waited for. https://docs.aws.amazon.com/personalize/latest/dg/API_CreateSolutionVersion.html
        """
        return bool(_PASSING.search(self.message)) or not _KEPT.search(self.message)


class InUse(ServiceError):
    """The resource is being changed; it will be free again."""


class NothingNew(ServiceError):
    """An UPDATE training has nothing to add to the last FULL one: there is nothing to do.

    https://github.com/aws-solutions/maintaining-personalized-experiences-with-machine-learning#training-mode
    """

    @staticmethod
    def is_told_by(text: str) -> bool:
        """Whether a refusal, or the reason of a failure, says so."""
        return "should be updates to at least one dataset" in text


class Throttled(ServiceError):
    """Too many calls a second, and the client's own retries did not help."""


REFUSALS = (NotFound, InvalidInput, LimitExceeded, InUse, NothingNew, Throttled)
"""Answers by which a call has made nothing."""
