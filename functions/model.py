"""What travels: requests, triggers, pinned plans and messages, and their JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import timedelta
from itertools import chain
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

import dacite

from functions.errors import InvalidMessage, InvalidRequest, UnknownSolution

What = Literal["everything", "import", "train"]
TrainingMode = Literal["FULL", "UPDATE"]
TriggerKind = Literal["schedule", "upload", "event", "manual"]
Phase = Literal["import", "filter", "train", "deploy"]
Kind = Literal["dataset_import_job", "filter", "solution_version", "campaign"]
RunStatus = Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "SKIPPED", "JOINED"]
BranchStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "SKIPPED"]

IMPORTS = "*"
"""The branch that every run begins with; all others but the next are named for their solution."""

FILTERS = "*filters"
"""The branch that makes filters which are not there yet. No solution has such a name."""

VERSION = 1
"""The form of the messages. Functions of another version leave a message to its queue's retries."""


# ------------------------------------------------------------------ what was asked


@dataclass(frozen=True)
class Request:
    """What a trigger asks of a pipeline. ``solutions`` None means all of them."""

    pipeline: str
    what: What = "everything"
    solutions: tuple[str, ...] | None = None
    training_mode: TrainingMode = "FULL"
    force: bool = False

    def __post_init__(self) -> None:
        if not self.pipeline:
            raise InvalidMessage("'pipeline' is empty: give the name of one.")
        if self.solutions == ():
            raise InvalidMessage("'solutions' is an empty list: leave it out to train all of them.")

    def joined(self, other: Request) -> Request:
        """Return one request that does what both ask: the wider scope, the fuller training.

        One that only imports has no say in what is trained, and how.
        """
        training = [each for each in (self, other) if each.what != "import"]
        scopes = [each.solutions for each in training]
        named = [names for names in scopes if names is not None]
        return Request(
            pipeline=self.pipeline,
            what=self.what if self.what == other.what else "everything",
            solutions=tuple(sorted(set(chain(*named)))) if named and len(named) == len(scopes) else None,
            training_mode="UPDATE" if {each.training_mode for each in training} == {"UPDATE"} else "FULL",
            force=self.force or other.force,
        )


@dataclass(frozen=True)
class Trigger:
    """One cause of a run. The same ``id`` is the same cause, however often it is delivered.

    ``hop`` counts how often it was sent back to wait.
    """

    trigger: TriggerKind
    id: str
    request: Request
    time: str | None = None
    run_id: str | None = None
    hop: int = 0


@dataclass(frozen=True)
class Upload:
    """An object that was uploaded, with its key as EventBridge tells it.

    S3's own notifications encode keys; of EventBridge's no document says so. Nothing hangs on it: a key is compared
    with declared prefixes only, and the rule's pattern has matched it as it stands.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """

    bucket: str
    key: str


@dataclass(frozen=True)
class Uploaded:
    """What EventBridge sends of an upload, at the ``time`` when the object was there: its folder tells the pipeline."""

    trigger: Literal["upload"]
    id: str
    time: str
    upload: Upload


# ------------------------------------------------------------------ what is declared (Terraform writes it)


@dataclass(frozen=True)
class Dataset:
    """A dataset, and where its CSV files lie (``s3://bucket/prefix/``).

    ``columns`` are its schema's, with their Avro types: "null" among them means that a column may be empty.
    """

    arn: str
    schema_arn: str
    location: str
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Filter:
    """A filter of recommendations. Its name ends in a digest of the expression: a changed one is another filter."""

    name: str
    arn: str
    expression: str


@dataclass(frozen=True)
class Campaign:
    """How a solution is served. ``config`` is Personalize's campaignConfig, in its own spelling.

    ``adopt``: a campaign of this name that serves somebody else's solution is taken over.
    """

    name: str
    arn: str
    min_provisioned_tps: int = 1
    config: dict[str, Any] = field(default_factory=dict)
    adopt: bool = False


@dataclass(frozen=True)
class Solution:
    """What is trained, and the campaign that serves it, if any. ``updates``: its recipe takes UPDATE trainings."""

    arn: str
    campaign: Campaign | None = None
    updates: bool = False


@dataclass(frozen=True)
class Deadlines:
    """The longest that each phase may take, in hours; ``stop_training`` stops what trains for longer.

    Filters may take as long as campaigns.
    """

    import_hours: float = 24
    train_hours: float = 72
    deploy_hours: float = 12
    stop_training: bool = False

    def of(self, phase: Phase) -> timedelta:
        """Return the longest that a phase may take."""
        hours = {
            "import": self.import_hours,
            "filter": self.deploy_hours,
            "train": self.train_hours,
            "deploy": self.deploy_hours,
        }
        return timedelta(hours=hours[phase])


@dataclass(frozen=True)
class Pipeline:
    """A pipeline as declared. ``name`` begins every name that its runs make.

    ``event_tracker``: there is one, so data comes in between the imports, too.
    """

    pipeline: str
    name: str
    role_arn: str
    datasets: dict[str, Dataset]
    solutions: dict[str, Solution]
    filters: dict[str, Filter] = field(default_factory=dict)
    dataset_group_arn: str = ""
    event_tracker: bool = False
    settle_seconds: int = 300
    tags: dict[str, str] = field(default_factory=dict)
    deadlines: Deadlines = Deadlines()

    def chosen(self, request: Request) -> dict[str, Solution]:
        """Return the solutions that the request trains; raise :class:`UnknownSolution` for a wrong name."""
        if request.what == "import":
            return {}
        if request.solutions is None:
            return dict(self.solutions)
        if wrong := [name for name in request.solutions if name not in self.solutions]:
            raise UnknownSolution(wrong, self.pipeline, list(self.solutions))
        return {name: self.solutions[name] for name in request.solutions}

    def check(self, request: Request) -> None:
        """Raise :class:`UnknownSolution` or :class:`InvalidRequest` where a run could not do what is asked."""
        others = [name for name, each in self.chosen(request).items() if not each.updates]
        if request.training_mode == "UPDATE" and others:
            raise InvalidRequest(
                "training_mode UPDATE is for solutions of the recipe aws-user-personalization only, not for "
                f"{', '.join(sorted(others))}: name others in 'solutions', or take FULL."
            )


# ------------------------------------------------------------------ what a message carries


@dataclass(frozen=True)
class Import:
    """One import job to make. ``expected`` is how many seconds it should take, ``spread`` how far that may be off.

    ``problem`` tells why none is to be made: what Personalize would refuse in the files, and what to do about it.
    """

    dataset_arn: str
    location: str
    job_name: str
    expected: float | None = None
    spread: float | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Plan:
    """A run's specification, pinned when it begins: later changes of the declaration count from the next run.

    ``trained`` names, by solution, a version that an earlier run trained and could not deploy: it is taken over.
    ``filters`` are those that are to be made in the dataset group. ``only_streamed``: nothing was ever imported, so one
    that is refused is no failure; its data may be yet to come.
    """

    name: str
    role_arn: str
    begun_at: str
    tags: dict[str, str] = field(default_factory=dict)
    imports: dict[str, Import] = field(default_factory=dict)
    solutions: dict[str, Solution] = field(default_factory=dict)
    training_mode: TrainingMode = "FULL"
    deadlines: Deadlines = Deadlines()
    trained: dict[str, str] = field(default_factory=dict)
    filters: dict[str, Filter] = field(default_factory=dict)
    only_streamed: bool = False
    dataset_group_arn: str = ""


@dataclass(frozen=True)
class Wait:
    """A resource that a run waits for, ``since`` (ISO 8601). ``version`` is what a campaign should come to serve.

    ``expected`` is how many seconds it should take, and ``spread`` how far that may be off, None where no history
    tells. It is not looked at before ``look_at`` (ISO 8601), which is worked out with the first message that waits.
    ``key`` tells, of what counts against a quota, which of the phase's things it is. ``instead_of`` is when what had
    failed before was begun (ISO 8601): it is not this one. One that is ``done`` is not looked at any more, and ``took``
    is how many seconds Personalize says that it took. ``seen_at`` (ISO 8601) is when a look has last shown it under
    way.
    """

    kind: Kind
    arn: str
    expected: float | None = None
    version: str | None = None
    since: str | None = None
    key: str | None = None
    done: bool = False
    spread: float | None = None
    look_at: str | None = None
    took: int | None = None
    instead_of: str | None = None
    seen_at: str | None = None


@dataclass(frozen=True)
class Ending:
    """How a branch ended, and why where it did not succeed."""

    status: Literal["SUCCEEDED", "FAILED", "SKIPPED"]
    reason: str | None = None


@dataclass(frozen=True)
class Message:
    """A run on its way: who it is, what is pinned, where it stands.

    ``hop`` counts a branch's messages; ``since`` (ISO 8601) is when its phase was first worked on, not counting the
    time in line for a slot of a quota; ``asked`` is the same with it. Before ``again`` nothing is asked for that was
    refused.
    """

    run_id: str
    pipeline: str
    step: str
    branch: str
    plan: Plan
    hop: int = 0
    phase: Phase = "import"
    waits: tuple[Wait, ...] = ()
    solution_version: str | None = None
    ending: Ending | None = None
    since: str | None = None
    again: str | None = None
    asked: str | None = None
    version: int = VERSION

    def to(self, step: str, **changes: Any) -> Message:
        """Return the message that follows this one on the same branch."""
        return replace(self, step=step, hop=self.hop + 1, **changes)

    @property
    def solution(self) -> Solution:
        """The solution of this message's branch."""
        return self.plan.solutions[self.branch]


# ------------------------------------------------------------------ JSON

T = TypeVar("T")


def _listed(field_type: Any) -> Callable[[Any], Any]:
    """Take lists (and tuples) for tuples, nothing else: dacite alone takes a string for a list of its letters."""

    def check(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise dacite.WrongTypeError(field_type, value)
        return value

    return check


_TUPLES: tuple[Any, ...] = (tuple[str, ...], tuple[Wait, ...])
_STRICT = dacite.Config(cast=[tuple], strict=True, type_hooks={kind: _listed(kind) for kind in _TUPLES})
_LENIENT = replace(_STRICT, strict=False)


def parse(kind: type[T], text: str | dict[str, Any], *, strict: bool = True) -> T:
    """Read a dataclass from JSON; raise :class:`InvalidMessage` that names the field at fault.

    Where it is not ``strict``, fields that this code does not know are left out: a newer one has written them.
    """
    try:
        data = json.loads(text) if isinstance(text, str) else text
        if not isinstance(data, dict):
            raise InvalidMessage(f"A {kind.__name__.lower()} is a JSON object, not {_told(data)}.")
        value = dacite.from_dict(kind, data, config=_STRICT if strict else _LENIENT)
    except dacite.WrongTypeError as error:
        raise InvalidMessage(f"Not a valid {kind.__name__.lower()}: {_wrong(error)}") from error
    except dacite.UnexpectedDataError as error:
        raise InvalidMessage(f"Not a valid {kind.__name__.lower()}: {_unknown(error, kind)}") from error
    except (ValueError, dacite.DaciteError) as error:
        raise InvalidMessage(f"Not a valid {kind.__name__.lower()}: {error}") from error
    if isinstance(value, Message) and value.version != VERSION:
        raise InvalidMessage(f"This function reads messages of version {VERSION}, not {value.version}.")
    return value


def _wrong(error: dacite.WrongTypeError) -> str:
    """Say in plain words what a field has, and what it may have."""
    return f'field "{error.field_path}" is {_told(error.value)}: it takes {_takes(error.field_type)}.'


def _unknown(error: dacite.UnexpectedDataError, kind: type[Any]) -> str:
    """Say which keys are unknown, and which are known where they are."""
    known = [each.name for each in fields(kind)]
    nested = [each.name for each in fields(Request)] if kind is Trigger else []
    there_are = ", ".join(known) + (f"; in request: {', '.join(nested)}" if nested else "")
    return f"there is no field {', '.join(sorted(json.dumps(key) for key in error.keys))}; the fields are {there_are}."


def _told(value: Any) -> str:
    """Return a value as JSON has it, or what it is where that is long."""
    match value:
        case dict():
            return "an object"
        case list() | tuple():
            return "a list"
        case str() if len(value) > 40:
            return "a text"
        case _:
            return json.dumps(value)


def _takes(kind: Any) -> str:
    """Return what a field of a type takes."""
    choices = [each for each in get_args(kind) if each is not NoneType]
    if get_origin(kind) is Literal:
        return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))
    if get_origin(kind) is UnionType:
        return f"{' or '.join(_takes(each) for each in choices)}, or may be left out"
    return _PLAINLY.get(kind) or _PLAINLY.get(get_origin(kind)) or "another form"


_PLAINLY: dict[Any, str] = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "a whole number",
    str: "a text",
    tuple: "a list",
    tuple[str, ...]: "a list of names",
}


def dump(value: Any) -> str:
    """Write a dataclass as compact JSON."""
    return _compact(asdict(value))


def dump_short(message: Message) -> str:
    """Write a message without its plan, which the run's record holds."""
    return _compact({key: value for key, value in asdict(message).items() if key != "plan"})


def parse_short(text: str, plan: Plan) -> Message:
    """Read a message that was written without its plan, by this version or another one."""
    return parse(Message, {**json.loads(text), "plan": asdict(plan)}, strict=False)


def _compact(data: dict[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"))
