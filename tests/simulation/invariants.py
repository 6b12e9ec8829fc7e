"""What must hold whatever happens: looked at with every change, and at the end."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from functions.inputs import fingerprint
from functions.model import FILTERS, IMPORTS, Campaign, Pipeline, dump
from functions.records import SILENCE, Branch, Lease, Run, Turnstile
from functions.times import written
from local.personalize.models import Record

if TYPE_CHECKING:
    from tests.simulation.cloud import Cloud
    from tests.simulation.lambdas import Invocation

K = TypeVar("K")
V = TypeVar("V")


EXCUSES = (
    "with data to train on",
    "it was deleted meanwhile",
    "DELETE PENDING",
    "DELETE IN_PROGRESS",
    "trainingMode UPDATE",
    "training_mode UPDATE",
)
"""What a run may fail of where nothing goes wrong: it trains before anything was imported, Terraform deletes the
campaign that it waits for, or an update is asked for of what can't be updated."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.+Z-]*")

HANGS = timedelta(minutes=20)
"""What was taken over is made anew where it is younger than its deadline by less than this."""

UNDER_WAY = {"DatasetImportJob": "import", "SolutionVersion": "train"}
"""What counts against a quota while it is under way, and the quota."""


GIVEN_UP = ("no sign of life", " tries; ", "can't be read", "can't read")
"""Why a run may end while branches of it go on."""

ALIVE = 120.0
"""How long an invocation may go on that began before something changed, and how far clocks may differ."""

CLOCKS_DIFFER = 12.0
VERSION = "SolutionVersion"


class Broken(BaseException):
    """An invariant does not hold. Not an Exception: the code that broke it must not handle it."""


class Watched(dict[K, V]):
    """A dictionary that tells of each change, before it is made: key, old value, new value."""

    def __init__(self, changed: Callable[[K, V | None, V], None]) -> None:
        super().__init__()
        self._changed = changed

    def __setitem__(self, key: K, value: V) -> None:
        self._changed(key, self.get(key), value)
        super().__setitem__(key, value)

    def setdefault(self, key: K, default: V) -> V:
        if key not in self:
            self[key] = default
        return self[key]


def run_id(at: datetime, cause: str) -> str:
    """Return the id that a trigger's run must have: worked out apart from the code, which may be wrong."""
    return f"{at:%Y%m%dt%H%M%S}-{hashlib.sha256(cause.encode()).hexdigest()[:6]}"


def _works(branch: Branch) -> bool:
    """Whether a branch is at work: one that is about to end, well or not, has given up what it was at."""
    return branch.status == "RUNNING" and branch.step != "finish"


def _between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def _changes(operation: str) -> bool:
    return operation.startswith(("Create", "Update"))


def _dataset(record: Record) -> str:
    return str(record.attributes["datasetArn"])


@dataclass
class Witness:
    """Sees what is done, and raises :class:`Broken` for what must not be."""

    cloud: Cloud
    triggers: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Run id → pipeline and kind of every trigger that was taken on."""
    made: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(run, what) → how often it was made."""
    events: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Run → the statuses that events told, in order."""
    garbage: set[str] = field(default_factory=set)
    """Messages that are none: they stay dead."""
    nonsense: dict[str, str] = field(default_factory=dict)
    """Run id → pipeline of every trigger that nobody can make sense of."""
    touched: set[str] = field(default_factory=set)
    """Campaigns that somebody changed by hand: they need not serve what a run brought them."""
    put_back: bool = False
    """Whether somebody has put back the times in the records, so that they look old."""
    _before: dict[str, Any] = field(default_factory=dict)
    _failed: bool = False

    # -------------------------------------------------------------- the ledger

    def run_changed(self, key: tuple[str, str], old: Run | None, new: Run) -> None:
        """See a run's record change."""
        pipeline, run = key
        if old is None:
            return
        if old.over and (new.status, new.reason) != (old.status, old.reason):
            raise Broken(f"run {run} had ended {old.status}, and is {new.status} now: how it ended was rewritten")
        if old.plan is not None and new.plan is not old.plan and new.plan != old.plan:
            raise Broken(f"run {run} began with another plan than it has now")
        if new.status == "RUNNING" and old.status != "RUNNING":
            for (name, other), record in self.cloud.ledger.runs.items():
                if name == pipeline and other != run and record.status == "RUNNING":
                    raise Broken(f"runs {other} and {run} of {pipeline} are under way at the same time")
        # Where its times were put back by hand, they do not tell how far apart two deliveries were.
        if old.dispatched_at and not self.put_back and _between(old.dispatched_at, str(new.dispatched_at)) > ALIVE:
            raise Broken(f"run {run} was begun a second time, long after the first")
        if new.branches is not old.branches:
            for name, branch in old.branches.items():
                now = new.branches[name]
                if now.hop < branch.hop:
                    raise Broken(f"branch {name} of {run} went back from message {branch.hop} to {now.hop}")
                if branch.status != "RUNNING" and now.status != branch.status:
                    raise Broken(f"branch {name} of {run} had ended {branch.status}, and is {now.status} now")

    def lease_changed(self, pipeline: str, old: Lease | None, new: Lease) -> None:
        """See a lease change."""
        if old is None:
            return
        if old.active and (new.active is None or new.active.run_id != old.active.run_id):
            run = self.cloud.ledger.runs.get((pipeline, old.active.run_id))
            waits = [new.active, new.next] if run and run.status == "QUEUED" else []  # of one that is made anew
            there = any(holder and run and run.run_id in (holder.run_id, *holder.joined) for holder in waits)
            if run and not run.over and not there:
                raise Broken(f"run {run.run_id} lost the lease of {pipeline} before it had ended: it is {run.status}")
        kept = [each for holder in (new.active, new.next) if holder for each in (holder.run_id, *holder.joined)]
        if old.next and old.next.run_id not in kept:
            raise Broken(f"run {old.next.run_id} was remembered as the next of {pipeline}, and is forgotten")

    def turnstile_changed(self, kind: str, old: Turnstile | None, new: Turnstile) -> None:
        """See the turnstile of a quota change: it holds no more than there is, and nobody is overtaken."""
        there = self.cloud.options.slots[kind]
        if len(new.holders) > there:
            raise Broken(f"{len(new.holders)} have a slot of {kind}, and there are {there}")
        if kind in self.cloud.others.anew:
            return
        before = old or Turnstile()
        for token in before.holders.keys() - new.holders.keys():
            self._given_back(kind, token)
        admitted = [token for token in before.waiting if token in new.holders]
        passed = [token for token in before.waiting if token in new.waiting]
        if admitted and passed and before.waiting.index(admitted[-1]) > before.waiting.index(passed[0]):
            raise Broken(f"{admitted[-1]} has got a slot of {kind}, and {passed[0]} was before it")
        if [token for token in new.waiting if token in before.waiting] != passed:
            raise Broken(f"places in the line of {kind} were changed: {before.waiting}, then {new.waiting}")

    def _given_back(self, kind: str, token: str) -> None:
        """See that a slot is given back only by who needs it no more."""
        pipeline, run_id, branch, key = token.split("/")
        run = self.cloud.ledger.runs.get((pipeline, run_id))
        if run is None or run.over or run.plan is None:
            return
        if run.branches[branch].status != "RUNNING" or run.branches[branch].step == "finish":
            return
        given_up = run.silent_for(self.cloud.agenda.now()) >= SILENCE - timedelta(seconds=ALIVE)
        if given_up or ("run", pipeline, run_id) in self.cloud.others.strange:
            return
        for record in self._going(kind):
            of_run = record.name == run.plan.imports[key].job_name if kind == "import" else run_id in record.name
            if of_run and (kind == "import" or record.attributes["solutionArn"] == run.plan.solutions[branch].arn):
                raise Broken(f"the slot of {token} is given back, and {record.name} is {record.status}")

    def _going(self, kind: str) -> list[Record]:
        """Return what counts against a quota now."""
        self.cloud.service.advance()
        records = self.cloud.service.world.state.records.values()
        return [
            r for r in records if UNDER_WAY.get(r.kind) == kind and r.status in ("CREATE PENDING", "CREATE IN_PROGRESS")
        ]

    def refused_for_quota(self, who: Invocation, operation: str) -> None:
        """See a LimitExceeded: alone in the region, only what runs have given up may be more than was counted."""
        kind = {"CreateDatasetImportJob": "import", "CreateSolutionVersion": "train"}.get(operation)
        if kind is None or not self.cloud.options.alone or kind in self.cloud.others.anew:
            return
        strange = self.cloud.others.strange  # what can't be read gives way
        runs = [each for key, each in self.cloud.ledger.runs.items() if not each.over and ("run", *key) not in strange]
        own = [record.name for record in self._going(kind) if any(self._works_on(run, record) for run in runs)]
        if len(own) >= self.cloud.options.slots[kind]:
            raise Broken(f"{who.run} was refused for the quota of {kind}, which runs use up by themselves: {own}")

    def _works_on(self, run: Run, record: Record) -> bool:
        """Whether a branch of the run is at this."""
        if run.plan is None:
            return False
        if record.kind == "DatasetImportJob":
            jobs = {job.job_name for job in run.plan.imports.values()}
            return record.name in jobs and _works(run.branches[IMPORTS])
        holders = self.cloud.ledger.turnstile("train").holders
        return any(
            solution.arn == record.attributes["solutionArn"] and _works(run.branches[name])
            for name, solution in run.plan.solutions.items()
            # What it has taken over was given up, and counts from when there is a slot for it.
            if run.run_id in record.name
            or (
                record.arn in run.branches[name].steps.get("train", {}).get("arns", [])
                and self.cloud.agenda.now() - record.life.created_at < run.plan.deadlines.of("train") - HANGS
                and f"{run.pipeline}/{run.run_id}/{name}/version" in holders
            )
        )

    def is_behind(self, run_id: str, body: str) -> bool:
        """Whether a message is one that its branch has left behind: a duplicate, and nothing may come of it."""
        run = self._named(run_id)
        try:
            told = json.loads(body)
            branch = run.branches.get(told.get("branch")) if run else None
            return branch is not None and told["step"] != "finish" and branch.hop > told["hop"]
        except (ValueError, KeyError, AttributeError):
            return False

    def worked_behind(self, run_id: str, branch: str, step: str) -> None:
        """See a message sent for one that its branch had left behind when its handling began."""
        raise Broken(f"a duplicate of a message of {run_id}/{branch} to {step} was worked: messages multiply")

    # -------------------------------------------------------------- the bus

    def told(self, detail: dict[str, Any]) -> None:
        """See an event on the bus."""
        self.events[detail["run_id"]].append(detail["status"])

    # -------------------------------------------------------------- Personalize

    def about_to_call(self, who: Invocation, operation: str, params: dict[str, Any]) -> None:
        """See a call to Personalize before it takes effect."""
        if operation == "UpdateCampaign":
            self.cloud.service.advance()
            record = self.cloud.service.world.state.records.get(params["campaignArn"])
            self._before = dict(record.attributes) if record else {}
            self._failed = record is not None and (
                record.status != "ACTIVE" or (record.update is not None and record.update.life.status != "ACTIVE")
            )

    def called(self, who: Invocation, operation: str, params: dict[str, Any], answer: dict[str, Any]) -> None:
        """See a call to Personalize that has taken effect."""
        run = self._named(who.run)
        if run and run.over and _between(str(run.finished_at), who.clock().isoformat()) > ALIVE and _changes(operation):
            raise Broken(f"{operation} for run {run.run_id}, which has ended {run.status} long ago")
        if run and run.status in ("QUEUED", "JOINED") and _changes(operation):
            raise Broken(f"{operation} for run {run.run_id}, which is {run.status}: it never began")
        match operation:
            case "CreateDatasetImportJob":
                dataset = params["datasetArn"].rpartition("/")[2]
                self._made_once(who, f"import job of {dataset}")
                self._had_a_slot("import", who, run, dataset.lower())
            case "CreateSolutionVersion":
                self._made_once(who, f"version of {params['solutionArn'].rpartition('/')[2]}")
                self._had_a_slot("train", who, run, "version")
                if run and run.plan:
                    self._not_in_vain(run, who.branch, params)
            case "UpdateCampaign":
                self.made[who.run, f"update of {params['campaignArn'].rpartition('/')[2]}"] += 1
                self._moved(who, params)
            case "CreateCampaign":
                self._made_once(who, f"campaign {params['name']}")

    def _had_a_slot(self, kind: str, who: Invocation, run: Run | None, key: str) -> None:
        """See that what counts against a quota is made by who has a slot of it, unless the run was ended meanwhile."""
        anew = kind in self.cloud.others.anew
        if run and not anew and not run.over and run.branches[who.branch].status == "RUNNING":
            token = f"{run.pipeline}/{run.run_id}/{who.branch}/{key}"
            if token not in self.cloud.ledger.turnstile(kind).holders:
                raise Broken(f"{token} is made, and has no slot of {kind}")

    def _named(self, run_id: str) -> Run | None:
        return next((run for (_, key), run in self.cloud.ledger.runs.items() if key == run_id), None)

    def _not_in_vain(self, run: Run, branch: str, params: dict[str, Any]) -> None:
        """See that nothing is trained where a version is at hand: trained in vain, on the data as it is."""
        if run.plan is None or run.plan.imports or run.request.force:
            return
        records = list(self.cloud.service.world.state.records.values())
        group = run.plan.solutions[branch].arn.rpartition("/")[2].rpartition("-")[0].removesuffix(f"-{branch}")
        imported = [r.life.updated_at for r in records if r.kind == "DatasetImportJob" and f"/{group}/" in _dataset(r)]
        versions = [
            r for r in records if r.attributes.get("solutionArn") == params["solutionArn"] and r.kind == VERSION
        ]
        if len(versions) < 2 or versions[-2].status != "ACTIVE":
            return
        latest = versions[-2]
        if run.trigger == "upload" and latest.life.created_at > max(imported):
            raise Broken(f"run {run.run_id} trains {branch} for uploads that {latest.name} was trained for already")
        maker = next((each for (_, key), each in self.cloud.ledger.runs.items() if key in latest.name), None)
        if maker is None or maker.plan is None or not maker.over or re.search("can't (be )?read", str(maker.reason)):
            return
        last = next(each for each in self._ended_last_first(run.pipeline) if branch in each.branches)
        alike = maker.plan.training_mode == run.plan.training_mode
        known = latest.arn in maker.branches[branch].steps.get("train", {}).get("arns", ())
        in_vain = known and alike and maker.branches[branch].status != "SUCCEEDED" and last is maker
        if in_vain and latest.life.created_at > max(imported):
            raise Broken(f"run {run.run_id} trains {branch} anew, and {latest.name} was trained and never deployed")

    def _ended_last_first(self, pipeline: str) -> list[Run]:
        """Return the runs of a pipeline that have ended, the last first, whatever their ids say."""
        ended = [run for (name, _), run in self.cloud.ledger.runs.items() if name == pipeline and run.finished_at]
        return sorted(ended, key=lambda run: str(run.finished_at), reverse=True)

    def _made_once(self, who: Invocation, what: str) -> None:
        self.made[who.run, what] += 1
        if self.made[who.run, what] > 1 and not what.startswith("campaign"):
            raise Broken(f"run {who.run} made a second {what}")

    def _moved(self, who: Invocation, params: dict[str, Any]) -> None:
        before, campaign = self._before, params["campaignArn"].rpartition("/")[2]
        told = ("solutionVersionArn", "minProvisionedTPS", "campaignConfig")
        if not self._failed and all(before.get(key) == params.get(key) for key in told):
            raise Broken(f"campaign {campaign} was updated to the version and configuration that it has")
        records = self.cloud.service.world.state.records
        was, will = records.get(before["solutionVersionArn"]), records.get(params["solutionVersionArn"])
        same = was and will and was.attributes["solutionArn"] == will.attributes["solutionArn"]
        if was and will and same and will.serial < was.serial:
            raise Broken(f"campaign {campaign} was moved back from {was.name} to {will.name}")

    # -------------------------------------------------------------- the end

    def settled(self) -> None:
        """See that everything has come to its end."""
        for run_id, (pipeline, kind) in self.triggers.items():
            self._ended(run_id, pipeline, kind)
        for run_id, pipeline in self.nonsense.items():
            self._ended(run_id, pipeline, "nonsensical")
            if (run := self.cloud.ledger.runs[pipeline, run_id]).status != "FAILED":
                raise Broken(f"run {run_id} was asked for in terms that nobody understands, and is {run.status}")
        for run in self.cloud.ledger.runs.values():
            if not run.over:
                raise Broken(f"run {run.run_id} of {run.pipeline} waits for ever: it is {run.status}")
            if run.status == "FAILED" and not run.reason:
                raise Broken(f"run {run.run_id} FAILED without a reason")
            self._was_told(run)
            if wrong := [each for each in _TIME.findall(dump(run)) if written(datetime.fromisoformat(each)) != each]:
                raise Broken(f"times of run {run.run_id} have another form: {wrong}")
            self._branches(run)
            if self.cloud.options.gentle and run.status == "FAILED" and not any(r in str(run.reason) for r in EXCUSES):
                raise Broken(f"run {run.run_id} FAILED, and nothing went wrong that it may fail of: {run.reason}")
        for step, letters in self.cloud.sqs.dead.items():
            for letter in letters:
                if letter.body not in self.garbage:
                    raise Broken(
                        f"a dead letter of {step} was redriven, and neither completes nor is dropped: {letter}"
                    )
        for kind, turnstile in self.cloud.ledger.turnstiles.items():
            if turnstile.holders or turnstile.waiting:
                raise Broken(f"slots of {kind} are never given back: {turnstile}")
        self._known()
        self._deployed()
        if self.cloud.options.gentle:
            self._imported()

    def _ended(self, run_id: str, pipeline: str, kind: str) -> None:
        run = self.cloud.ledger.runs.get((pipeline, run_id))
        if run is None:
            raise Broken(f"the {kind} trigger of {pipeline} made no run: {run_id} is not in the ledger")
        if run.status == "JOINED":
            other = self.cloud.ledger.runs.get((pipeline, run.joined or ""))
            if other is None or not other.over:
                raise Broken(f"run {run_id} joined {run.joined}, which {'is ' + other.status if other else 'is none'}")
            self._does(other, run)

    def _does(self, run: Run, joined: Run) -> None:
        """See that a run did what was asked by a trigger that joined it."""
        if run.started_at is None:
            return
        if _between(joined.created_at, run.started_at) < -CLOCKS_DIFFER:
            raise Broken(f"run {joined.run_id} joined {run.run_id} after that had begun")
        did, asked = run.request, joined.request
        names = None if asked.what == "import" else asked.solutions
        fewer = did.solutions is not None and (names is None or not set(names) <= set(did.solutions))
        if did.what not in ("everything", asked.what) or did.force < asked.force or (fewer and asked.what != "import"):
            raise Broken(f"run {joined.run_id} joined {run.run_id}, which did not do what it asked: {asked}, {did}")

    def _was_told(self, run: Run) -> None:
        told, tells = self.events[run.run_id], run.status in ("SUCCEEDED", "FAILED")
        silent = not told and not tells
        if not silent and set(told) != {run.status}:
            raise Broken(f"run {run.run_id} is {run.status}, and its events told {', '.join(told) or 'nothing'}")

    def _branches(self, run: Run) -> None:
        """See that no branch was left behind because another one failed."""
        given_up = run.reason and any(why in run.reason for why in GIVEN_UP)
        if run.plan is None or (run.status == "FAILED" and given_up):
            return
        for name, branch in run.branches.items():
            trains = name not in (IMPORTS, FILTERS)
            if trains and branch.status == "SUCCEEDED" and "train" not in branch.steps:
                raise Broken(f"run {run.run_id} trained {name}, and does not know which version")
        going = [name for name, branch in run.branches.items() if branch.status == "RUNNING" and name != IMPORTS]
        if going:
            raise Broken(f"run {run.run_id} is {run.status}, and its branches {', '.join(going)} have not ended")
        skipped = [
            name
            for name, branch in run.branches.items()
            if branch.status == "SKIPPED" and branch.reason == "the imports failed"
        ]
        if skipped and run.branches[IMPORTS].status != "FAILED":
            raise Broken(f"run {run.run_id}: {', '.join(skipped)} were skipped, and the imports did not fail")

    def _imported(self) -> None:
        """See that all data was imported: each upload was told to `start`."""
        for pipeline, declared in self.cloud.ledger.declared.items():
            if any((pipeline, "upload") == trigger for trigger in self.triggers.values()):
                self._data_is_new(declared)

    def _data_is_new(self, declared: Pipeline) -> None:
        jobs = [r for r in self.cloud.service.world.state.records.values() if r.kind == "DatasetImportJob"]
        for name, dataset in declared.datasets.items():
            files = self.cloud.objects.under(dataset.location).files
            mark = fingerprint(dataset, self.cloud.objects.with_checksums(dataset.location, files))
            of_dataset = [job for job in jobs if _dataset(job) == dataset.arn and job.status == "ACTIVE"]
            if not of_dataset or not of_dataset[-1].name.endswith(mark):
                raise Broken(f"{declared.pipeline}: what was uploaded last of {name} was never imported")

    def _known(self) -> None:
        """See that nothing was made that no run knows of."""
        plans = [run.plan for run in self.cloud.ledger.runs.values() if run.plan]
        jobs = {job.job_name for plan in plans for job in plan.imports.values()}
        campaigns = {
            solution.campaign.arn for plan in plans for solution in plan.solutions.values() if solution.campaign
        }
        versions = {
            (solution.arn, run.run_id)
            for run in self.cloud.ledger.runs.values()
            if run.plan
            for solution in run.plan.solutions.values()
        }
        for record in self.cloud.service.world.state.records.values():
            match record.kind:
                case "DatasetImportJob" if record.name not in jobs:
                    raise Broken(f"no run knows of the import job {record.name}")
                case "SolutionVersion" if not any(
                    record.attributes["solutionArn"] == arn and run in record.name for arn, run in versions
                ):
                    raise Broken(f"no run knows of the version {record.name} of {record.attributes['solutionArn']}")
                case "Campaign" if record.arn not in campaigns:
                    raise Broken(f"no run knows of the campaign {record.name}")
                case "Campaign" if record.arn not in self._declared_campaigns():
                    raise Broken(f"campaign {record.name} is {record.status}, and is not declared any more")

    def _declared_campaigns(self) -> set[str]:
        solutions = [each for declared in self.cloud.ledger.declared.values() for each in declared.solutions.values()]
        return {solution.campaign.arn for solution in solutions if solution.campaign}

    def _deployed(self) -> None:
        """See that each campaign serves what a run brought it last.

        Or newer: an update that hung may have come to its end after its run was given up.
        """
        for pipeline, declared in self.cloud.ledger.declared.items():
            for name, solution in declared.solutions.items():
                if solution.campaign is None or solution.campaign.arn in self.touched:
                    continue
                brought = [
                    run.branches[name]
                    for run in self._ended_last_first(pipeline)
                    if name in run.branches
                    and run.branches[name].status == "SUCCEEDED"
                    and run.plan
                    and run.plan.solutions[name].campaign
                ]
                brought.sort(key=lambda branch: str(branch.steps.get("deploy", {}).get("started_at", "")), reverse=True)
                if brought and brought[0].steps.get("train"):
                    self._serves(solution.campaign, brought[0].steps["train"]["arns"][0])

    def _serves(self, campaign: Campaign, version: str) -> None:
        record = self.cloud.service.world.state.records.get(campaign.arn)
        if record is None:
            raise Broken(f"campaign {campaign.name} is not there, and should serve {version}")
        served = str(record.attributes["solutionVersionArn"])
        records = self.cloud.service.world.state.records
        if version in records and records[served].serial < records[version].serial:
            raise Broken(f"campaign {campaign.name} serves {served}, and should serve {version}")

    def all_is_new(self, runs: dict[str, str]) -> None:
        """See that a last run of each pipeline (pipeline → run id), with no trouble, has brought everything about."""
        for pipeline, run_id in runs.items():
            run = self.cloud.ledger.runs.get((pipeline, run_id))
            if run and not self.cloud.options.alone and "LimitExceeded" in str(run.reason):
                continue  # others use the quota up that the runs were not told of, and there is no line for it
            if run is None or run.status != "SUCCEEDED":
                why = f"is {run.status}: {run.reason}" if run else "never began"
                raise Broken(f"the last run of {pipeline}, without any trouble, {why}")
            self._data_is_new(self.cloud.ledger.declared[pipeline])
            for each in self.cloud.ledger.declared[pipeline].filters.values():
                made = self.cloud.service.world.state.records.get(each.arn)
                if made is None or made.status != "ACTIVE":
                    raise Broken(f"filter {each.name} is declared, and is {made.status if made else 'not there'}")
            for name, solution in self.cloud.ledger.declared[pipeline].solutions.items():
                if solution.campaign:
                    self._serves(solution.campaign, run.branches[name].steps["train"]["arns"][0])
                    record = self.cloud.service.world.state.records[solution.campaign.arn]
                    tps, wanted = record.attributes["minProvisionedTPS"], solution.campaign.min_provisioned_tps
                    if tps != wanted:
                        raise Broken(f"campaign {solution.campaign.name} has {tps} TPS, and {wanted} are declared")
