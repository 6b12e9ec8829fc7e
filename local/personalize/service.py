"""`Personalize`: one account's Amazon Personalize in one region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import OperationNotFoundError

from local.personalize import events, operations, runtime
from local.personalize.arns import Arns
from local.personalize.clock import SteeredClock, utc_now
from local.personalize.console import Console
from local.personalize.control import Control
from local.personalize.durations import Durations, Spans
from local.personalize.errors import ServiceError, UnknownOperationError
from local.personalize.journal import Call
from local.personalize.kinds import KINDS, recommenders, training
from local.personalize.lifecycle import Engine
from local.personalize.models import Appointment, Path, Record, State
from local.personalize.operations import Operation
from local.personalize.ports import Clock, NoObjects, Objects
from local.personalize.quotas import QUOTAS
from local.personalize.service_models import CONTROL, EVENTS, RUNTIME, SERVICES, error_status, operation_model, shaped
from local.personalize.trouble import Troubles
from local.personalize.undecided import Decisions, defaults
from local.personalize.validation import validated
from local.personalize.work import InlineWork, Job, PoolWork, Work
from local.personalize.world import World, random_id

_READING = ("Describe", "Get", "List")


class Personalize:
    """Answers the operations of personalize, personalize-events and personalize-runtime.

    objects: S3, as imports read it.
    clock: the present moment; a virtual one makes time a matter of the test.
    durations: "instant", "demo", "realistic", or spans by kind and path (see `durations`).
    seed: what durations are drawn from.
    work: "inline" (in the caller's thread) or "pool" (heavy work in threads), or a `Work` of one's own.
    quotas: values that differ from `quotas.QUOTAS`.
    state: one that was kept from before.
    decisions: of what no document settles (see `undecided`); shared with who made them, and changed by `control`.
    new_id: makes the IDs that some ARNs end in; one of its own lets a test tell them beforehand.

    `control` steers it: trouble, quotas, durations, the clock, and what happened.
    """

    def __init__(
        self,
        *,
        account: str,
        region: str,
        objects: Objects | None = None,
        clock: Clock = utc_now,
        durations: str | Spans = "instant",
        seed: int = 0,
        work: Work | str = "inline",
        quotas: Mapping[str, int] | None = None,
        state: State | None = None,
        new_id: Callable[[], str] = random_id,
        decisions: Decisions | None = None,
    ) -> None:
        self._work: Work = {"inline": InlineWork, "pool": PoolWork}[work]() if isinstance(work, str) else work
        self.clock = clock if isinstance(clock, SteeredClock) else SteeredClock(clock)
        self.world = World(
            arns=Arns(account, region),
            state=state or State(),
            objects=objects or NoObjects(),
            clock=self.clock,
            kinds=KINDS,
            quotas={**QUOTAS, **(quotas or {})},
            new_id=new_id,
            decisions=defaults() if decisions is None else decisions,
        )
        self.troubles = Troubles(self.clock)
        jobs = _Jobs(self.world)
        engine = Engine(jobs, self.clock, Durations(durations, seed), self._work, self._due)
        engine.fates = self.troubles.fate
        self.world.engine = engine
        self.world.make = lambda kind, request: operations.create(KINDS[kind], self.world, request)
        self._planes = _planes()
        self._calls_that_change = 0
        self._at_start = dict(self.world.quotas), (durations, seed)
        self.console = Console(self)
        self.control = Control(self.console.perform)
        with self.world.lock:
            engine.resume(list(self.world.state.records.values()))
        self.clock.follow(self._moved)

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out an operation. Raises ServiceError."""
        moment = self.clock()
        try:
            answer = self._answer(service, operation, params)
        except ServiceError as error:
            modelled = error_status(service, error.code) if service in SERVICES else 400
            error.http_status = error.ordered_status or modelled
            self.world.journal.calls.append(Call(moment, service, operation, params, error.code, error.message))
            raise
        self.world.journal.calls.append(Call(moment, service, operation, params, "OK"))
        return answer

    def _answer(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        run = self._operation(service, operation)
        model = operation_model(service, operation)
        with self.world.lock:
            self.troubles.throttle(operation, self.world.decisions["too-many-calls"])
            self.troubles.refuse(operation, after=False)
        request = validated(model.input_shape, params)
        with self.world.lock:
            self.world.engine.advance()
            # Events and runtime take the lock for as long as they need it, which is not long.
            answer = run(self.world, request) if service == CONTROL else None
        if answer is None:
            answer = run(self.world, request)
        with self.world.lock:
            if not operation.startswith(_READING):
                self._calls_that_change += 1
            self.troubles.refuse(operation, after=True)
        shown: dict[str, Any] = shaped(model.output_shape, answer) if model.output_shape else {}
        return shown

    @property
    def changes(self) -> int:
        """A number that grows whenever the state may have changed."""
        return self._calls_that_change + self.world.engine.changes

    def reset(self) -> None:
        """Be as new: nothing made, nothing ordered."""
        with self.world.lock:
            self.world.engine.clear()
            self.world.state = State()
            self.world.quotas, durations = dict(self._at_start[0]), self._at_start[1]
            self.world.decisions.update(defaults())
            self.world.lag = 0.0
            self.world.engine.durations = Durations(*durations)
            self.troubles.clear()
            self.troubles.set_rates(dict.fromkeys(self.troubles.rates))
            self.world.journal.forget()

    def operations(self, service: str) -> frozenset[str]:
        """Return the operations that are served."""
        return frozenset(self._planes.get(service, {}))

    def advance(self) -> None:
        """Let what is due happen. Every call does so first."""
        with self.world.lock:
            self.world.engine.advance()

    def _due(self) -> None:
        """Be called by an alarm. It may have come too soon, if clocks differ; but none is of use while time stands."""
        with self.world.lock:
            self.world.engine.advance()
            if not self.clock.frozen:
                self.world.engine.reschedule()

    def _moved(self) -> None:
        with self.world.lock:
            self.world.engine.advance()
            self.world.engine.reschedule()

    def popularity_baseline(self, solution_version_arn: str) -> dict[str, float]:
        """Return the metrics of recommending the same popular items to all, on a version's own split."""
        self.advance()
        with self.world.lock:
            self.world.active("SolutionVersion", solution_version_arn)
            return dict(self.world.state.trained[solution_version_arn].baseline)

    def close(self) -> None:
        """Start no more work."""
        self._work.close()

    def _operation(self, service: str, operation: str) -> Operation:
        try:
            operation_model(service, operation)
        except (OperationNotFoundError, ValueError) as error:
            raise UnknownOperationError(f"{service} has no operation {operation}") from error
        found = self._planes.get(service, {}).get(operation)
        if found is None:
            raise UnknownOperationError(f"{operation} is not served by the local Personalize yet")
        return found


def _planes() -> dict[str, dict[str, Operation]]:
    control: dict[str, Operation] = {
        "TagResource": operations.tag,
        "UntagResource": operations.untag,
        "ListTagsForResource": operations.list_tags,
        "ListRecipes": operations.list_recipes,
        "DescribeRecipe": operations.describe_recipe,
        "DescribeAlgorithm": operations.describe_algorithm,
        "DescribeFeatureTransformation": operations.describe_feature_transformation,
        "ListMetricAttributionMetrics": operations.list_metrics,
        "StopSolutionVersionCreation": training.stop_version,
        "GetSolutionMetrics": training.get_metrics,
        "StartRecommender": recommenders.start_recommender,
        "StopRecommender": recommenders.stop_recommender,
    }
    for kind in KINDS.values():
        control.update(operations.operations_of(kind))
    return {
        CONTROL: control,
        EVENTS: {
            "PutActionInteractions": events.put_action_interactions,
            "PutActions": events.put_actions,
            "PutEvents": events.put_events,
            "PutItems": events.put_items,
            "PutUsers": events.put_users,
        },
        RUNTIME: {
            "GetRecommendations": runtime.get_recommendations,
            "GetPersonalizedRanking": runtime.get_personalized_ranking,
            "GetActionRecommendations": runtime.get_action_recommendations,
        },
    }


class _Jobs:
    """The engine's way to the kinds."""

    def __init__(self, world: World) -> None:
        self._world = world

    def job(self, record: Record, path: Path) -> Job | None:
        return self._world.kinds[record.kind].job(self._world, record, path)

    def done(self, record: Record, path: Path, result: object) -> None:
        kind = self._world.kinds[record.kind]
        kind.done(self._world, record, path, result)
        if path == kind.update and record.update:  # equal, for a path that was kept is another object
            record.attributes.update(record.update.attributes)

    def settled(self, record: Record, path: Path) -> None:
        self._world.kinds[record.kind].settled(self._world, record, path)

    def gone(self, record: Record) -> None:
        operations.remove(self._world, record)

    def appointed(self, record: Record, appointment: Appointment) -> None:
        if self._world.state.records.get(record.arn) is record:
            self._world.kinds[record.kind].appointed(self._world, record, appointment)
