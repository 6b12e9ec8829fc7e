"""DynamoDB: the run ledger.

One table; pk/sk are (pipeline, name), (call, request id), (campaign#name, campaign), (folders, folders), (lease, name),
(memory, name), (slots, step) and (run#name, run id).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from functions.adapters.table import Table
from functions.errors import Conflict, InvalidMessage, UnknownPipeline, Unreadable
from functions.model import Campaign, Message, Pipeline, RunStatus, dump, dump_short, parse
from functions.ports import IN_VAIN, Mark
from functions.records import Lease, Memory, Run, Turnstile
from functions.telemetry import logger
from functions.times import written

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT = timedelta(days=400)
"""How long a run's record stays (the table's TTL attribute is ``expires``)."""

_BUSY = {"ProvisionedThroughputExceededException", "ThrottlingException"}

T = TypeVar("T")
V = TypeVar("V", Memory, Turnstile)


@dataclass(frozen=True)
class _Folders:
    spec: dict[str, str]


class DynamoLedger:
    """The ledger's table."""

    def __init__(self, client: Callable[[], DynamoDBClient], table: str) -> None:
        self._table = Table(client, table)

    # -------------------------------------------------------------- declarations

    def pipelines(self) -> list[str]:
        """Return the names of the declared pipelines."""
        return sorted(item["sk"] for item in self._table.under("pipeline", "sk"))

    def pipeline(self, name: str) -> Pipeline:
        """Return a pipeline as declared now; raise :class:`functions.errors.UnknownPipeline`.

        Its campaigns are items of their own, which glue writes: one is taken out of here before it is deleted. One that
        moves to another solution is the former one's until the pipeline itself tells of the new one.
        """
        item = self._table.get("pipeline", name)
        if item is None:
            raise UnknownPipeline(name, self.pipelines())
        declared = _record(Pipeline, item["spec"])
        campaigns: dict[str, Campaign] = {}
        found = self._table.under(f"campaign#{name}", "sk, spec, solution, formerly")
        for each in sorted(found, key=lambda each: len(each["formerly"])):  # of two, who never moved has its place
            claimed = (key for key in (each["solution"], *each["formerly"]) if key in declared.solutions)
            if served := next((key for key in claimed if key not in campaigns), None):
                campaigns[served] = _record(Campaign, each["spec"])
        solutions = {key: replace(each, campaign=campaigns.get(key)) for key, each in declared.solutions.items()}
        return replace(declared, solutions=solutions)

    def folders(self) -> dict[str, str]:
        """Return what lies where: location → ``pipeline/dataset``. One item has all: an upload asks for it."""
        item = self._table.get("folders", "folders")
        return _record(_Folders, {"spec": json.loads(item["spec"])}).spec if item else {}

    # -------------------------------------------------------------- the lease

    def lease(self, pipeline: str) -> Lease:
        """Return the pipeline's lease, an empty one before its first run; raise Unreadable."""
        item = self._table.get("lease", pipeline)
        return _record(Lease, item["lease"]) if item else Lease()

    def save_lease(self, pipeline: str, lease: Lease) -> None:
        """Write the lease, one version on; raise Conflict if another was written since it was read."""
        self._save("lease", pipeline, lease.version, dump(replace(lease, version=lease.version + 1)))

    def lease_version(self, pipeline: str) -> int:
        """Return the version of a lease, be it readable or not."""
        item = self._table.get("lease", pipeline)
        return int(item["version"]) if item else 0

    def unfinished(self, pipeline: str) -> list[Run]:
        """Return the runs of a pipeline that have not ended, or whose end is untold, and those that have joined others.

        What can't be read is not among them. It reads all records.
        """
        unfinished = "#status IN (:queued, :running, :joined) OR attribute_type(told_at, :null)"
        items = self._table.under(
            f"run#{pipeline}",
            only=unfinished,
            names={"#status": "status"},
            values={":queued": "QUEUED", ":running": "RUNNING", ":joined": "JOINED", ":null": "NULL"},
        )
        found = []
        for item in items:
            with suppress(Unreadable):
                found.append(_run(item))
        return found

    # -------------------------------------------------------------- tries of a message

    def tried(self, message_id: str, at: datetime) -> int:
        """Count a try of a message, and return how many have been counted. A queue keeps a message for four days."""
        expires = int((at + timedelta(days=5)).timestamp())
        values = {":expires": expires, ":one": 1}
        changed = self._table.change("tries", message_id, "SET expires = :expires ADD tries :one", values)
        return int(changed["tries"])

    # -------------------------------------------------------------- direct calls

    def claim(self, cause: str, run_id: str, at: datetime) -> str:
        """Return the run of a direct call, which is ``run_id`` unless the same call has been made before.

        Lambda tries an asynchronous call again for six hours at most.
        """
        once = "SET run_id = if_not_exists(run_id, :run_id), expires = :expires"
        values = {":run_id": run_id, ":expires": int((at + timedelta(days=1)).timestamp())}
        changed = self._table.change("call", cause, once, values)
        return str(changed["run_id"])

    # -------------------------------------------------------------- what was left behind

    def memory(self, pipeline: str) -> Memory:
        """Return what the pipeline's runs have left behind, nothing before the first has ended.

        What another version has written and this one can't read is as good as nothing: Personalize's lists tell then.
        """
        return self._record_or(Memory, "memory", pipeline)

    def save_memory(self, pipeline: str, memory: Memory) -> None:
        """Write the memory, one version on; raise Conflict if another was written since it was read."""
        self._save("memory", pipeline, memory.version, dump(replace(memory, version=memory.version + 1)))

    # -------------------------------------------------------------- the quotas' turnstiles

    def turnstile(self, kind: str) -> Turnstile:
        """Return the turnstile of a quota, an empty one before its first use.

        One that another version has written and this one can't read begins anew: who is in line asks again within 15
        minutes, and what there is no room for then is refused by Personalize, and waits.
        """
        return self._record_or(Turnstile, "slots", kind)

    def save_turnstile(self, kind: str, turnstile: Turnstile) -> None:
        """Write the turnstile, one version on; raise Conflict if another was written since it was read.

        So it does where DynamoDB is too busy with this one item: who tries again later finds it less so.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
        """
        text = dump(replace(turnstile, version=turnstile.version + 1))
        try:
            self._save("slots", kind, turnstile.version, text)
        except ClientError as error:
            if error.response["Error"].get("Code") in _BUSY:
                raise Conflict(f"The turnstile of {kind} is written too often: {error}") from error
            raise

    # -------------------------------------------------------------- runs

    def run(self, pipeline: str, run_id: str) -> Run | None:
        """Return a run, None if there is none; raise :class:`functions.errors.Unreadable`."""
        item = self._table.get(f"run#{pipeline}", run_id)
        return _run(item) if item else None

    def create_run(self, run: Run) -> None:
        """Write a new run; one that is there stays as it is."""
        self._table.put(_item(run), "attribute_not_exists(pk)")

    def begin_run(self, run: Run) -> Run:
        """Write a run as begun if it is queued still; return it as it stands, begun by whichever came first."""
        queued = "#status = :queued"
        if self._table.put(_item(run), queued, {"#status": "status"}, {":queued": "QUEUED"}):
            return run
        return self.run(run.pipeline, run.run_id) or run

    def update_run(self, pipeline: str, run_id: str, at: datetime, **fields: str | int | None) -> None:
        """Set top-level fields of a run that is there, and its time of last update."""
        self._update(pipeline, run_id, {("updated_at",): written(at)} | {(k,): v for k, v in fields.items()})

    def end_run(self, pipeline: str, run_id: str, status: RunStatus, at: datetime, **fields: str | None) -> bool:
        """End a run that has not ended yet; return whether this did. How a run has ended is never rewritten."""
        told = {"status": status, "updated_at": written(at), "finished_at": written(at), **fields}
        return self._update(pipeline, run_id, {(name,): value for name, value in told.items()}, unless_over=True)

    def intend(self, message: Message, at: datetime | None, before: str | None) -> bool:
        """Note on a message's branch that a version is about to be made (None: that it was not), unless others have."""
        making = ("branches", message.branch, "making")
        now = written(at) if at else None
        return self._update(message.pipeline, message.run_id, {making: now}, standing=(making, before))

    def advance(self, message: Message, at: datetime, sent: Sequence[Message], mark: Mark | None = None) -> None:
        """Move a branch's cursor past the message (never back), noting what was sent and what it reached."""
        branch = ("branches", message.branch)
        changes: dict[tuple[str, ...], Any] = {
            ("updated_at",): written(at),
            (*branch, "hop"): message.hop + 1,
            (*branch, "moved_at"): written(at),
            (*branch, "step"): sent[0].step if sent else message.step,
            (*branch, "message"): next((dump_short(each) for each in sent if each.branch == message.branch), None),
        }
        if mark and mark.phase and mark.started is not None:
            changes[(*branch, "steps", mark.phase)] = mark.begun(at)
        if mark and mark.status:
            changes[(*branch, "status")] = mark.status
            changes[(*branch, "reason")] = mark.reason
        for name in mark.skipped if mark else ():
            changes[("branches", name, "status")] = "SKIPPED"
            changes[("branches", name, "reason")] = IN_VAIN
        running = (*branch, "status") if mark and mark.status else None
        self._update(message.pipeline, message.run_id, changes, cursor=(*branch, "hop"), running=running)
        if mark and mark.phase and mark.finished:
            ended: dict[tuple[str, ...], Any] = {
                (*branch, "steps", mark.phase, name): value for name, value in mark.ended(at).items()
            }
            self._update(message.pipeline, message.run_id, ended, present=(*branch, "steps", mark.phase))

    # -------------------------------------------------------------- requests

    def _save(self, pk: str, sk: str, read: int, text: str) -> None:
        """Write a record as text, one version on from the one that was read; raise Conflict if that is not there."""
        unchanged = "version = :read" if read else "attribute_not_exists(pk)"
        item = {"pk": pk, "sk": sk, "version": read + 1, pk: text}
        if not self._table.put(item, unchanged, values={":read": read} if read else None):
            raise Conflict(f"The {pk} of {sk!r} changed meanwhile.")

    def _record_or(self, kind: type[V], pk: str, sk: str) -> V:
        """Return a record that has a version; one that was never written, or that this code can't read, as it begins.

        It begins with the version that was read, so that it can be written.
        """
        item = self._table.get(pk, sk)
        if item is None:
            return kind()
        try:
            return _record(kind, item[pk])
        except Unreadable as error:
            logger.warning("the %s of %s begins anew: %s", pk, sk, error)
            return replace(kind(), version=item["version"])

    def _update(
        self,
        pipeline: str,
        run_id: str,
        changes: dict[tuple[str, ...], Any],
        cursor: tuple[str, ...] | None = None,
        present: tuple[str, ...] | None = None,
        running: tuple[str, ...] | None = None,
        unless_over: bool = False,
        standing: tuple[tuple[str, ...], str | None] | None = None,
    ) -> bool:
        names: dict[str, str] = {}

        def path(parts: tuple[str, ...]) -> str:
            return ".".join(names.setdefault(f"#{part}", f"#n{len(names)}") for part in parts)

        values = {f":v{number}": value for number, value in enumerate(changes.values())}
        sets = ", ".join(f"{path(parts)} = :v{number}" for number, parts in enumerate(changes))
        conditions = ["attribute_exists(pk)"]
        if cursor:
            conditions.append(f"{path(cursor)} < :v{list(changes).index(cursor)}")
        if present:
            conditions.append(f"attribute_exists({path(present)})")
        if standing:
            absent = f"attribute_not_exists({path(standing[0])}) OR " if standing[1] is None else ""
            conditions.append(f"({absent}{path(standing[0])} = :standing)")
            values |= {":standing": standing[1]}
        if running:
            conditions.append(f"{path(running)} = :running")
            values |= {":running": "RUNNING"}
        if unless_over:
            conditions.append(f"{path(('status',))} IN (:queued, :running)")
            values |= {":queued": "QUEUED", ":running": "RUNNING"}
        return self._table.update(
            f"run#{pipeline}",
            run_id,
            f"SET {sets}",
            " AND ".join(conditions),
            {alias: part[1:] for part, alias in names.items()},
            values,
        )


def _item(run: Run) -> dict[str, Any]:
    created = datetime.fromisoformat(run.created_at)
    return asdict(run) | {
        "pk": f"run#{run.pipeline}",
        "sk": run.run_id,
        "plan": dump(run.plan) if run.plan else None,
        "request": json.loads(dump(run.request)),
        "expires": int((created + KEPT).timestamp()),
    }


def _run(item: dict[str, Any]) -> Run:
    fields = {key: value for key, value in item.items() if key not in ("pk", "sk", "expires")}
    try:
        return _record(Run, fields | {"plan": json.loads(fields["plan"]) if fields["plan"] else None})
    except Unreadable as error:
        raise Unreadable(str(error), fields.get("updated_at")) from error


def _record(kind: type[T], content: str | dict[str, Any]) -> T:
    """Read what this or other code wrote; raise :class:`functions.errors.Unreadable` where that can't be done."""
    try:
        return parse(kind, content, strict=False)
    except InvalidMessage as error:
        raise Unreadable(f"The ledger holds what this version can't read: {error}") from error
