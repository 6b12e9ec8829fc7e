"""The ports' twins in memory, for tests and benches. They pass the same contract tests as the adapters onto AWS."""

from __future__ import annotations

import hashlib
import json
import secrets
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from functions.adapters.personalize import translate_error
from functions.errors import Conflict, UnknownPipeline
from functions.model import Message, Pipeline, RunStatus, dump_short
from functions.names import bears
from functions.ports import IN_VAIN, Listing, Mark, Stored
from functions.records import Branch, Lease, Memory, Run, Turnstile
from functions.times import written
from local.personalize import Personalize
from local.personalize.errors import ServiceError


@dataclass
class MemoryLedger:
    """The ledger as a few dictionaries."""

    declared: dict[str, Pipeline] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)
    turnstiles: dict[str, Turnstile] = field(default_factory=dict)
    memories: dict[str, Memory] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)

    def pipelines(self) -> list[str]:
        return sorted(self.declared)

    def folders(self) -> dict[str, str]:
        return {
            dataset.location: f"{name}/{kind}"
            for name, pipeline in self.declared.items()
            for kind, dataset in pipeline.datasets.items()
        }

    def pipeline(self, name: str) -> Pipeline:
        if name not in self.declared:
            raise UnknownPipeline(name, self.pipelines())
        return self.declared[name]

    def lease(self, pipeline: str) -> Lease:
        return self.leases.get(pipeline, Lease())

    def save_lease(self, pipeline: str, lease: Lease) -> None:
        if self.lease(pipeline).version != lease.version:
            raise Conflict(pipeline)
        self.leases[pipeline] = replace(lease, version=lease.version + 1)

    def lease_version(self, pipeline: str) -> int:
        return self.leases.get(pipeline, Lease()).version

    def unfinished(self, pipeline: str) -> list[Run]:
        found = [run for (of, _), run in self.runs.items() if of == pipeline]
        return [run for run in found if not run.over or run.status == "JOINED" or run.told_at is None]

    def tried(self, message_id: str, at: datetime) -> int:
        self.tries[message_id] = self.tries.get(message_id, 0) + 1
        return self.tries[message_id]

    def claim(self, cause: str, run_id: str, at: datetime) -> str:
        return self.claims.setdefault(cause, run_id)

    def memory(self, pipeline: str) -> Memory:
        return self.memories.get(pipeline, Memory())

    def save_memory(self, pipeline: str, memory: Memory) -> None:
        if self.memory(pipeline).version != memory.version:
            raise Conflict(pipeline)
        self.memories[pipeline] = replace(memory, version=memory.version + 1)

    def turnstile(self, kind: str) -> Turnstile:
        return self.turnstiles.get(kind, Turnstile())

    def save_turnstile(self, kind: str, turnstile: Turnstile) -> None:
        if self.turnstile(kind).version != turnstile.version:
            raise Conflict(kind)
        self.turnstiles[kind] = replace(turnstile, version=turnstile.version + 1)

    def run(self, pipeline: str, run_id: str) -> Run | None:
        return self.runs.get((pipeline, run_id))

    def create_run(self, run: Run) -> None:
        self.runs.setdefault((run.pipeline, run.run_id), run)

    def begin_run(self, run: Run) -> Run:
        standing = self.runs.get((run.pipeline, run.run_id))
        if standing and standing.status == "QUEUED":
            self.runs[run.pipeline, run.run_id] = run
            return run
        return standing or run

    def update_run(self, pipeline: str, run_id: str, at: datetime, **fields: Any) -> None:
        if run := self.run(pipeline, run_id):
            self.runs[pipeline, run_id] = replace(run, updated_at=written(at), **fields)

    def end_run(self, pipeline: str, run_id: str, status: RunStatus, at: datetime, **fields: Any) -> bool:
        run = self.run(pipeline, run_id)
        if run is None or run.over:
            return False
        ended = replace(run, status=status, updated_at=written(at), finished_at=written(at), **fields)
        self.runs[pipeline, run_id] = ended
        return True

    def intend(self, message: Message, at: datetime | None, before: str | None) -> bool:
        run = self.run(message.pipeline, message.run_id)
        if run is None or run.branches[message.branch].making != before:
            return False
        making = replace(run.branches[message.branch], making=written(at) if at else None)
        self.runs[run.pipeline, run.run_id] = replace(run, branches={**run.branches, message.branch: making})
        return True

    def advance(self, message: Message, at: datetime, sent: Sequence[Message], mark: Mark | None = None) -> None:
        run = self.run(message.pipeline, message.run_id)
        if run is None:
            return
        branch = run.branches[message.branch]
        stands = branch.status != "RUNNING" and bool(mark and mark.status)
        moved = branch.hop < message.hop + 1 and not stands
        if moved:
            step = sent[0].step if sent else message.step
            carried = next((dump_short(each) for each in sent if each.branch == message.branch), None)
            branch = replace(branch, hop=message.hop + 1, step=step, message=carried, moved_at=written(at))
            if mark and mark.phase and mark.started is not None:
                branch = replace(branch, steps={**branch.steps, mark.phase: mark.begun(at)})
            if mark and mark.status:
                branch = replace(branch, status=mark.status, reason=mark.reason)
            for name in mark.skipped if mark else ():
                run = replace(
                    run,
                    branches={**run.branches, name: replace(run.branches[name], status="SKIPPED", reason=IN_VAIN)},
                )
        if mark and mark.phase and mark.finished and mark.phase in branch.steps:
            ended = {**branch.steps[mark.phase], **mark.ended(at)}
            branch = replace(branch, steps={**branch.steps, mark.phase: ended})
        self._keep(run, message.branch, branch, at if moved else None)

    def _keep(self, run: Run, name: str, branch: Branch, at: datetime | None) -> None:
        updated = written(at) if at else run.updated_at
        kept = replace(run, branches={**run.branches, name: branch}, updated_at=updated)
        self.runs[run.pipeline, run.run_id] = kept


@dataclass
class MemoryDeclarations:
    """What glue declares: by pipeline the campaigns, with solution and specification, and what was left behind."""

    declared: dict[str, dict[str, tuple[str, dict[str, Any]]]] = field(default_factory=dict)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    left: dict[str, list[str]] = field(default_factory=dict)

    def campaigns(self, pipeline: str) -> dict[str, str]:
        return {name: solution for name, (solution, _) in self.declared.get(pipeline, {}).items()}

    def declare(self, pipeline: str, solution: str, spec: dict[str, Any]) -> None:
        self.declared.setdefault(pipeline, {})[spec["name"]] = (solution, spec)

    def withdraw(self, pipeline: str, campaign: str) -> None:
        self.declared.get(pipeline, {}).pop(campaign, None)

    def withdraw_filter(self, pipeline: str, family: str) -> None:
        if declared := self.ledger.declared.get(pipeline):
            filters = {key: each for key, each in declared.filters.items() if not bears(each.name, family)}
            self.ledger.declared[pipeline] = replace(declared, filters=filters)

    def is_declared(self, pipeline: str) -> bool:
        return pipeline in self.ledger.declared

    def running(self, pipeline: str) -> bool:
        return self.ledger.lease(pipeline).active is not None

    def left_behind(self, pipeline: str) -> list[str]:
        return sorted(self.left.get(pipeline, []))

    def leave_behind(self, pipeline: str, solution: str) -> None:
        self.left[pipeline] = sorted({*self.left.get(pipeline, []), solution})

    def forget(self, pipeline: str, solution: str) -> None:
        self.left[pipeline] = [each for each in self.left.get(pipeline, []) if each != solution]


@dataclass
class MemoryBuckets:
    """Buckets, of which these hold files."""

    full: frozenset[str] = frozenset()

    def filled(self, bucket: str) -> bool:
        return bucket in self.full


@dataclass
class MemoryQueues:
    """Queues that keep what is sent: (step, body, delay in seconds)."""

    sent: list[tuple[str, str, float]] = field(default_factory=list)

    def send(self, step: str, bodies: list[str], delay: float = 0) -> None:
        assert 0 <= delay <= 900, "SQS delays a message by 15 minutes at most"
        self.sent += [(step, body, delay) for body in bodies]


@dataclass
class MemoryBus:
    """A bus that keeps what is put: (detail-type, detail)."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def put(self, detail_type: str, detail: dict[str, Any]) -> None:
        self.events.append((detail_type, json.loads(json.dumps(detail))))


@dataclass
class MemoryObjects:
    """A bucket, for the functions and for the local Personalize (`list`, `read`, `write`).

    ``encrypted``: with a KMS key, under which the ETag of an object is no digest of it.
    """

    clock: Callable[[], datetime]
    files: dict[tuple[str, str], tuple[bytes, datetime]] = field(default_factory=dict)
    encrypted: bool = False
    _etags: dict[tuple[str, str], str] = field(default_factory=dict)

    def put(self, location: str, body: bytes, begun: datetime | None = None) -> None:
        """Put an object; an upload in parts is dated from when it was begun."""
        bucket, _, key = location.removeprefix("s3://").partition("/")
        self.files[bucket, key] = (body, begun or self.clock())
        self._etags[bucket, key] = secrets.token_hex(16) if self.encrypted else _md5(body)

    def under(self, location: str) -> Listing:
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        files: list[Stored] = []
        folders: dict[str, None] = {}
        for (where, key), (body, modified) in sorted(self.files.items()):
            folder, slash, _ = key.removeprefix(prefix).partition("/")
            if where != bucket or not key.startswith(prefix) or (key.endswith("/") and not folder):
                continue
            if slash:
                folders[f"{prefix}{folder}/"] = None
            elif folder:
                files.append(Stored(key, self._etags.get((bucket, key), _md5(body)), len(body), modified))
        return Listing(tuple(files), tuple(folders))

    def with_checksums(self, location: str, files: Sequence[Stored]) -> list[Stored]:
        bucket = location.removeprefix("s3://").partition("/")[0]
        there = {file.key: self.files.get((bucket, file.key)) for file in files}
        sums = {key: f"crc32:{zlib.crc32(found[0]):08x}" for key, found in there.items() if found}
        return [replace(file, checksum=sums.get(file.key)) for file in files]

    def beginnings(self, location: str, files: Sequence[Stored], size: int) -> dict[str, bytes]:
        bucket = location.removeprefix("s3://").partition("/")[0]
        there = {file.key: self.files.get((bucket, file.key)) for file in files}
        return {key: found[0][:size] for key, found in there.items() if found}

    def check(self, bucket: str, path: str, role: str) -> None:
        """Whoever asks may read."""

    def check_key(self, key: str, role: str) -> None:
        """Whoever asks may use it."""

    def list(self, bucket: str, prefix: str, role: str = "") -> list[tuple[str, int]]:
        return [
            (key, len(body))
            for (where, key), (body, _) in sorted(self.files.items())
            if where == bucket and key.startswith(prefix)
        ]

    def read(self, bucket: str, key: str, role: str = "") -> bytes:
        return self.files[bucket, key][0]

    def write(self, bucket: str, key: str, body: bytes, role: str = "") -> None:
        self.files[bucket, key] = (body, self.clock())


def _md5(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()  # noqa: S324 # as S3 does


def paged(
    call: Callable[[str, dict[str, Any]], dict[str, Any]], operation: str, key: str, params: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the entries under ``key`` of all pages of a List operation, each of which is a call."""
    token: dict[str, Any] = {}
    while True:
        page = call(operation, {**params, **token})
        yield from page.get(key, [])
        if not page.get("nextToken"):
            return
        token = {"nextToken": page["nextToken"]}


@dataclass
class LocalService:
    """The local Personalize behind the port of the functions; ``calls`` tells what was asked of it."""

    service: Personalize
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((operation, params))
        try:
            return self.service.call("personalize", operation, params)
        except ServiceError as error:
            raise translate_error(error.code, error.message, operation) from error

    def pages(self, operation: str, key: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        return paged(self.call, operation, key, params)
