"""What the steps need of the outside. AWS is behind it in the cloud, memory in the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from functions.guarded import rest
from functions.model import BranchStatus, Message, Pipeline, RunStatus
from functions.records import Lease, Memory, Run, Turnstile
from functions.settings import Settings
from functions.times import written
from functions.timing import Shift


class Personalize(Protocol):
    """Amazon Personalize's control plane, by its own names of operations and fields."""

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation; raise a :class:`functions.errors.ServiceError` if it is refused."""
        ...

    def pages(self, operation: str, key: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the entries under ``key`` of every page of a List operation."""
        ...


class Queues(Protocol):
    """The SQS queues that this function may send to, by step."""

    def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
        """Send each body to the step's queue, to be seen after ``delay`` (0 to 900) seconds; raise if refused."""
        ...


@dataclass(frozen=True)
class Stored:
    """An object in S3.

    ``modified`` is when its upload was begun: one of several parts is there only later.
    ``checksum`` is the strongest that S3 has of its content, with its algorithm, where it was asked for and has one.
    """

    key: str
    etag: str
    size: int
    modified: datetime
    checksum: str | None = None

    @property
    def content(self) -> str:
        """What stands for the content: the same file uploaded again has the same.

        Under SSE-KMS an ETag is no digest, and of an upload in parts it is one of the parts' sizes, too.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
        """
        return f"{self.checksum or self.etag} {self.size}"


@dataclass(frozen=True)
class Listing:
    """What lies under a prefix: the files of the first level, and the folders below it (as prefixes of keys)."""

    files: tuple[Stored, ...] = ()
    folders: tuple[str, ...] = ()


class Objects(Protocol):
    """The data bucket. Locations are ``s3://bucket/prefix/``."""

    def under(self, location: str) -> Listing:
        """List the first level under a prefix: Personalize imports nothing from the folders below it.

        https://docs.aws.amazon.com/personalize/latest/dg/bulk-data-import-step.html
        """
        ...

    def with_checksums(self, location: str, files: Sequence[Stored]) -> list[Stored]:
        """Return files under a location with their checksums; raise :class:`functions.errors.NotReadable`."""
        ...

    def beginnings(self, location: str, files: Sequence[Stored], size: int) -> dict[str, bytes]:
        """Return the first bytes of files, by key: ``size`` of them, or all; none of one that has gone meanwhile.

        Raise :class:`functions.errors.NotReadable`.
        """
        ...


class Bus(Protocol):
    """The EventBridge bus that outcomes are put on."""

    def put(self, detail_type: str, detail: dict[str, Any]) -> None:
        """Put one event; raise if it is refused."""
        ...


class Ledger(Protocol):
    """The run ledger. Reads are consistent; writes that lose a race raise :class:`functions.errors.Conflict`."""

    def pipelines(self) -> list[str]:
        """Return the names of the declared pipelines."""
        ...

    def pipeline(self, name: str) -> Pipeline:
        """Return a pipeline as declared now; raise :class:`functions.errors.UnknownPipeline`."""
        ...

    def folders(self) -> dict[str, str]:
        """Return what is declared to lie where: location (``s3://bucket/prefix/``) → ``pipeline/dataset``."""
        ...

    def lease(self, pipeline: str) -> Lease:
        """Return the pipeline's lease (an empty one before its first run).

        Raise :class:`functions.errors.Unreadable` where another version has written it.
        """
        ...

    def save_lease(self, pipeline: str, lease: Lease) -> None:
        """Write the lease, one version on; raise Conflict if another was written since it was read."""
        ...

    def lease_version(self, pipeline: str) -> int:
        """Return the version of a lease, be it readable or not."""
        ...

    def unfinished(self, pipeline: str) -> list[Run]:
        """Return the runs of a pipeline that have not ended, or whose end is untold, and those that have joined others.

        What can't be read is not among them. It reads all records.
        """
        ...

    def turnstile(self, kind: str) -> Turnstile:
        """Return the turnstile of a quota (an empty one before its first use)."""
        ...

    def save_turnstile(self, kind: str, turnstile: Turnstile) -> None:
        """Write the turnstile, one version on; raise Conflict if another was written since it was read."""
        ...

    def run(self, pipeline: str, run_id: str) -> Run | None:
        """Return a run, None if there is none; raise :class:`functions.errors.Unreadable`."""
        ...

    def create_run(self, run: Run) -> None:
        """Write a new run; one that is there stays as it is."""
        ...

    def begin_run(self, run: Run) -> Run:
        """Write a run as begun if it is queued still; return it as it stands, begun by whichever came first."""
        ...

    def update_run(self, pipeline: str, run_id: str, at: datetime, **fields: str | int | None) -> None:
        """Set top-level fields of a run that is there, and its time of last update."""
        ...

    def end_run(self, pipeline: str, run_id: str, status: RunStatus, at: datetime, **fields: str | None) -> bool:
        """End a run that has not ended yet; return whether this did. How a run has ended is never rewritten."""
        ...

    def tried(self, message_id: str, at: datetime) -> int:
        """Count a try of a message, and return how many have been counted."""
        ...

    def claim(self, cause: str, run_id: str, at: datetime) -> str:
        """Return the run of a direct call, which is ``run_id`` unless the same call has been made before."""
        ...

    def memory(self, pipeline: str) -> Memory:
        """Return what the pipeline's runs have left behind (nothing before the first has ended)."""
        ...

    def save_memory(self, pipeline: str, memory: Memory) -> None:
        """Write the memory, one version on; raise Conflict if another was written since it was read."""
        ...

    def intend(self, message: Message, at: datetime | None, before: str | None) -> bool:
        """Note on a message's branch that a version is about to be made (None: that it was not), unless others have.

        ``before`` is what stood there; where something else does, nothing is noted, and False is returned.
        """
        ...

    def advance(self, message: Message, at: datetime, sent: Sequence[Message], mark: Mark | None = None) -> None:
        """Move a branch's cursor past the message (never back), noting what was sent and what it reached.

        How a branch has ended is never rewritten.
        """
        ...


class Declarations(Protocol):
    """What glue writes into the ledger: the campaigns that are declared, and the solutions that are left behind."""

    def campaigns(self, pipeline: str) -> dict[str, str]:
        """Return the declared campaigns of a pipeline: name → the solution that it is to serve."""
        ...

    def declare(self, pipeline: str, solution: str, spec: dict[str, Any]) -> None:
        """Declare a campaign; ``spec`` is what :class:`functions.model.Campaign` reads.

        One that is declared already may move to another solution. It is the former one's until the pipeline's own
        declaration tells of the new one.
        """
        ...

    def withdraw(self, pipeline: str, campaign: str) -> None:
        """Take a campaign out of the declaration, if it is there."""
        ...

    def withdraw_filter(self, pipeline: str, family: str) -> None:
        """Take a filter, known by its name without digest, out of a pipeline's declaration, if it is there.

        Terraform destroys before it writes that declaration anew, and a run that begins in between reads the old one.
        """
        ...

    def is_declared(self, pipeline: str) -> bool:
        """Whether the pipeline is declared: Terraform takes that back before what belongs to it."""
        ...

    def running(self, pipeline: str) -> bool:
        """Whether a run of the pipeline may be under way."""
        ...

    def left_behind(self, pipeline: str) -> list[str]:
        """Return the names of the solutions that were left behind, without their digests."""
        ...

    def leave_behind(self, pipeline: str, solution: str) -> None:
        """Remember a solution that is declared no more, while a campaign still serves it."""
        ...

    def forget(self, pipeline: str, solution: str) -> None:
        """Forget a solution that was left behind."""
        ...


class Buckets(Protocol):
    """S3 buckets, as glue looks at them."""

    def filled(self, bucket: str) -> bool:
        """Whether a bucket holds any file, or any version of one that was deleted."""
        ...


IN_VAIN = "the imports failed"
"""Why a solution is skipped whose data could not be imported."""


@dataclass(frozen=True)
class Mark:
    """What a message reached: a phase begun (with every message, ``since`` then) or ended, a branch's end.

    ``took`` is how many seconds a phase that has ended took by Personalize's own clock, and ``shift`` how far its
    things were off what was expected.

    ``in_line`` is how many seconds a phase waited before it could begin; ``taken_over``: an earlier run has begun it.

    ``skipped`` are the branches that end with it, in vain: all in one write, or a run could end half.
    """

    phase: str | None = None
    started: tuple[str, ...] | None = None
    since: str | None = None
    finished: bool = False
    took: int | None = None
    shift: Shift | None = None
    status: BranchStatus | None = None
    reason: str | None = None
    skipped: tuple[str, ...] = ()
    in_line: int = 0
    taken_over: bool = False

    def begun(self, at: datetime) -> dict[str, Any]:
        """Return a phase that has begun, as a run's record has it."""
        step = {"started_at": self.since or written(at), "finished_at": None, "arns": list(self.started or ())}
        told = {"in_line": self.in_line, "taken_over": self.taken_over}
        return step | {key: value for key, value in told.items() if value}

    def ended(self, at: datetime) -> dict[str, Any]:
        """Return what to note of a phase that has ended."""
        noted: dict[str, Any] = {"finished_at": written(at)}
        if self.took is not None:
            noted["took"] = self.took
        if self.shift is not None:
            by, spread = round(100 * self.shift.by), max(1, round(100 * self.shift.spread))
            noted["shift"] = {"by": by, "spread": spread, "things": self.shift.things}
        return noted


@dataclass(frozen=True)
class Ports:
    """Everything outside, handed to the steps. ``rest`` passes the time between two tries to write the same record."""

    settings: Settings
    personalize: Personalize
    queues: Queues
    ledger: Ledger
    objects: Objects
    bus: Bus
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    rest: Callable[[int], None] = field(default=rest)
