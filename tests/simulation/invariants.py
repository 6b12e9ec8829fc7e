"""What must hold whatever happens: looked at with every change, and at the end."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from functions.model import IMPORTS, Campaign
from functions.records import Lease, Run

if TYPE_CHECKING:
    from tests.simulation.cloud import Cloud
    from tests.simulation.lambdas import Invocation

K = TypeVar("K")
V = TypeVar("V")


EXCUSES = ("with data to train on", "it was deleted meanwhile", "DELETE PENDING", "DELETE IN_PROGRESS")
"""What a run may fail of where nothing goes wrong: it trains before it was ever told to import, or Terraform deletes the
campaign that it waits for."""


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

    def setdefault(self, key: K, default: V) -> V:  # type: ignore[override] # the ledger's twin always gives a default
        if key not in self:
            self[key] = default
        return self[key]


def run_id(at: datetime, cause: str) -> str:
    """Return the id that a trigger's run must have: worked out apart from the code, which may be wrong."""
    return f"{at:%Y%m%dt%H%M%S}-{hashlib.sha256(cause.encode()).hexdigest()[:6]}"


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
    refused: set[str] = field(default_factory=set)
    """Runs whose last event could not be put."""
    garbage: set[str] = field(default_factory=set)
    """Messages that are none: they stay dead."""
    touched: set[str] = field(default_factory=set)
    """Campaigns that somebody changed by hand: they need not serve what a run brought them."""
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
            if run and not run.over:
                raise Broken(f"run {run.run_id} lost the lease of {pipeline} before it had ended: it is {run.status}")
        if old.next and old.next.run_id not in [holder.run_id for holder in (new.active, new.next) if holder]:
            raise Broken(f"run {old.next.run_id} was remembered as the next of {pipeline}, and is forgotten")

    # -------------------------------------------------------------- the bus

    def told(self, detail: dict[str, Any]) -> None:
        """See an event on the bus."""
        self.events[detail["run_id"]].append(detail["status"])
        self.refused.discard(detail["run_id"])

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
        match operation:
            case "CreateDatasetImportJob":
                self._made_once(who, f"import job of {params['datasetArn'].rpartition('/')[2]}")
            case "CreateSolutionVersion":
                self._made_once(who, f"version of {params['solutionArn'].rpartition('/')[2]}")
            case "UpdateCampaign":
                self.made[who.run, f"update of {params['campaignArn'].rpartition('/')[2]}"] += 1
                self._moved(who, params)
            case "CreateCampaign":
                self._made_once(who, f"campaign {params['name']}")

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
        for run, (pipeline, kind) in self.triggers.items():
            self._ended(run, pipeline, kind)
        for run in self.cloud.ledger.runs.values():
            if not run.over:
                raise Broken(f"run {run.run_id} of {run.pipeline} waits for ever: it is {run.status}")
            if run.status == "FAILED" and not run.reason:
                raise Broken(f"run {run.run_id} FAILED without a reason")
            if run.status in ("SUCCEEDED", "FAILED"):
                self._was_told(run)
            self._branches(run)
            if self.cloud.options.gentle and run.status == "FAILED" and not any(r in str(run.reason) for r in EXCUSES):
                raise Broken(f"run {run.run_id} FAILED, and nothing went wrong that it may fail of: {run.reason}")
        for step, letters in self.cloud.sqs.dead.items():
            for letter in letters:
                if letter.body not in self.garbage:
                    raise Broken(
                        f"a dead letter of {step} was redriven, and neither completes nor is dropped: {letter}"
                    )
        self._known()
        self._deployed()

    def _ended(self, run_id: str, pipeline: str, kind: str) -> None:
        run = self.cloud.ledger.runs.get((pipeline, run_id))
        if run is None:
            raise Broken(f"the {kind} trigger of {pipeline} made no run: {run_id} is not in the ledger")
        if run.status == "JOINED":
            other = self.cloud.ledger.runs.get((pipeline, run.joined or ""))
            if other is None or not other.over:
                raise Broken(f"run {run_id} joined {run.joined}, which {'is ' + other.status if other else 'is none'}")

    def _was_told(self, run: Run) -> None:
        if run.status not in self.events[run.run_id] and run.run_id not in self.refused:
            told = ", ".join(self.events[run.run_id]) or "nothing"
            raise Broken(f"run {run.run_id} is {run.status}, and its events told {told}")

    def _branches(self, run: Run) -> None:
        """See that no branch was left behind because another one failed."""
        given_up = run.reason and ("no sign of life" in run.reason or " tries; " in run.reason)
        if run.plan is None or (run.status == "FAILED" and given_up):
            return
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

    def _deployed(self) -> None:
        """See that each campaign serves what the last run that brought it something brought it, or newer: an update
        that hung may have come to its end after its run was given up.
        """
        for pipeline, declared in self.cloud.ledger.declared.items():
            for name, solution in declared.solutions.items():
                if solution.campaign is None or solution.campaign.arn in self.touched:
                    continue
                brought = [
                    run.branches[name]
                    for run in self.cloud.ledger.latest_runs(pipeline, 100)
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
        if served.rpartition("/")[0] != version.rpartition("/")[0] or records[served].serial < records[version].serial:
            raise Broken(f"campaign {campaign.name} serves {served}, and should serve {version}")

    def all_is_new(self, runs: dict[str, str]) -> None:
        """See that a last run of each pipeline (pipeline → run id), with no trouble, has brought everything about."""
        for pipeline, run_id in runs.items():
            run = self.cloud.ledger.runs.get((pipeline, run_id))
            if run is None or run.status != "SUCCEEDED":
                why = f"is {run.status}: {run.reason}" if run else "never began"
                raise Broken(f"the last run of {pipeline}, without any trouble, {why}")
            for name, solution in self.cloud.ledger.declared[pipeline].solutions.items():
                if solution.campaign:
                    self._serves(solution.campaign, run.branches[name].steps["train"]["arns"][0])
                    record = self.cloud.service.world.state.records[solution.campaign.arn]
                    tps, wanted = record.attributes["minProvisionedTPS"], solution.campaign.min_provisioned_tps
                    if tps != wanted:
                        raise Broken(f"campaign {solution.campaign.name} has {tps} TPS, and {wanted} are declared")
