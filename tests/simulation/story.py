"""What people, schedules and bad luck do to a cloud: drawn from a seed before it begins."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from functions.glue.dispatch import apply
from functions.glue.patience import Patience
from functions.model import Campaign, Deadlines, Pipeline
from functions.steps import start
from local.personalize.errors import ServiceError
from tests.simulation.clockwork import BEGINNING
from tests.simulation.cloud import PIPELINES, Cloud, content
from tests.simulation.invariants import run_id
from tests.simulation.lambdas import Invocation, PersonalizeOutside, about
from tests.support.build import outside
from tests.support.memory import MemoryDeclarations
from tests.support.world import recipe

HOUR = 3600.0
KINDS = {"import": "DatasetImportJob", "training": "SolutionVersion", "campaign": "Campaign", "filter": "Filter"}
SERVICES = ("personalize", "dynamodb", "sqs", "s3", "events")
OPERATIONS = (
    "ListDatasetImportJobs",
    "CreateDatasetImportJob",
    "DescribeDatasetImportJob",
    "CreateSolutionVersion",
    "DescribeSolutionVersion",
    "DescribeCampaign",
    "CreateCampaign",
    "UpdateCampaign",
    "advance",
    "advance",
    "update_run",
    "end_run",
    "save_lease",
)
"""Of Personalize, and the writes of the ledger: what of it is refused while the rest goes well."""


@dataclass
class Story:
    """Everything that happens to a cloud from outside, until the ``quiet`` moment."""

    cloud: Cloud
    rng: random.Random
    quiet: float = 0.0
    generations: dict[tuple[str, str], int] = field(default_factory=dict)
    wanted: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """(pipeline, solution) → the solution as Terraform last applied it, where it has changed it."""
    _numbers: int = 0

    def begin(self) -> None:
        """Draw what is to happen, and put it on the agenda."""
        cloud, rng = self.cloud, self.rng
        self.quiet = rng.uniform(2, 9) * HOUR
        for name in cloud.options.pipelines:
            self._declare(name)
            for kind in PIPELINES[name][1]:
                self.upload(name, kind)
        if not cloud.options.gentle:  # what nobody loses, nobody must put back
            cloud.agenda.after(rng.uniform(0, 1800), cloud.watch)
        for _ in range(rng.randint(2, 6)):
            self._at_any_time(self._trigger)
        if rng.random() < 0.6:
            moment, spread = rng.uniform(0, self.quiet), rng.choice((0.5, 0.5, 10, 300))
            for _ in range(rng.randint(2, 6)):
                cloud.agenda.after(moment + rng.uniform(0, spread), self._trigger)
        if rng.random() < 0.15:
            self._at_any_time(self._burst)
        for _ in range(rng.randint(0, 3)):
            self._at_any_time(self._configure)
        if not cloud.options.gentle:
            for _ in range(rng.randint(0, 3)):
                self._at_any_time(self._fate)
            for _ in range(rng.randint(0, 3)):
                self._at_any_time(self._by_hand)
        cloud.agenda.after(self.quiet, self.be_quiet)

    def _at_any_time(self, action: Callable[[], None]) -> None:
        self.cloud.agenda.after(self.rng.uniform(0, self.quiet), action)

    def be_quiet(self) -> None:
        """From here on nothing goes wrong any more."""
        cloud = self.cloud
        cloud.note("story", "quiet from here on: nothing goes wrong any more")
        cloud.faults.over = True
        cloud.down.clear()
        cloud.service.control.call_off()
        cloud.others.newer_until = None

    def _declare(self, name: str) -> None:
        declared = self.cloud.ledger.declared[name]
        limits = Deadlines() if self.cloud.options.gentle else Deadlines(4, 5, 3, stop_training=self.rng.random() < 0.5)
        self.cloud.ledger.declared[name] = replace(declared, deadlines=limits)

    def _pipeline(self) -> Pipeline:
        return self.cloud.ledger.declared[self.rng.choice(self.cloud.options.pipelines)]

    # -------------------------------------------------------------- triggers

    def upload(self, pipeline: str, kind: str) -> None:
        """Put a new file where a dataset is imported from."""
        generation = self.generations.get((pipeline, kind), 0)
        self.generations[pipeline, kind] = generation + 1
        self.cloud.objects.put(f"s3://data/{pipeline}/{kind}/part-1.csv", content(kind, generation % 4))

    def _trigger(self) -> None:
        kind = self.rng.choice(("schedule", "upload", "event", "manual"))
        name = self._pipeline().pipeline
        request: dict[str, Any] = {
            "what": self.rng.choice(("everything", "everything", "everything", "import", "train")),
            "force": self.rng.random() < 0.2,
        }
        if self.rng.random() < 0.2:
            request["solutions"] = [self.rng.choice(PIPELINES[name][0])]
        if not self.cloud.options.gentle and self.rng.random() < 0.05:
            request["solutions"] = ["no-such-solution"]
        elif self.rng.random() < 0.1 and self.cloud.faults.orders("an update is asked for"):
            request |= {"training_mode": "UPDATE", "what": "everything", "solutions": [PIPELINES[name][0][-1]]}
        if kind == "manual":
            self.by_hand({"pipeline": name, **request})
        elif kind == "upload":
            self.upload(name, self.rng.choice(PIPELINES[name][1]))
            self.send("upload", name)
        else:
            self.send(kind, name, **request)

    def _burst(self) -> None:
        """Have thirty triggers come at once, or nearly so."""
        if self.cloud.faults.orders("a burst of triggers"):
            spread = self.rng.choice((0.5, 10, 60))
            for _ in range(30):
                self.cloud.agenda.after(self.rng.uniform(0, spread), self._trigger)

    def _dated(self) -> datetime:
        """Return the time that a trigger tells: now, unless whoever sends it is late, or has another clock."""
        now, dice = BEGINNING + timedelta(seconds=int(self.cloud.agenda.seconds)), self.rng.random()
        if dice < 0.1 and self.cloud.faults.orders("a trigger comes an hour late"):
            return now - timedelta(hours=1)
        if dice > 0.96 and self.cloud.faults.orders("a trigger is dated years ahead"):
            return now.replace(year=2031)
        return now

    def send(self, kind: str, pipeline: str, **request: Any) -> str:
        """Have EventBridge send a trigger to `start`; return the id that its run must have."""
        cloud, at = self.cloud, self._dated()
        self._numbers += 1
        identifier = f"{kind}/{self._numbers}"
        told: dict[str, Any] = {"trigger": kind, "id": identifier, "time": at.isoformat()}
        if kind == "upload":  # its folder tells the pipeline
            told["upload"] = {"bucket": "data", "key": f"{pipeline}/{PIPELINES[pipeline][1][0]}/part-1.csv"}
        else:
            told["request"] = {"pipeline": pipeline, **request}
        run = run_id(at, f"{pipeline}/{identifier}")
        cloud.note(kind, f"trigger of {pipeline}: {request or ''}", run)
        cloud.witness.triggers[run] = (pipeline, kind)
        body = json.dumps(told)
        cloud.sqs.send("start", [body])
        if cloud.faults.strikes("EventBridge delivers twice"):
            cloud.agenda.after(self.rng.uniform(0, 900), partial(cloud.sqs.send, "start", [body]))
        return run

    def by_hand(self, request: dict[str, Any]) -> None:
        """Call `start` directly; what it answers is a promise."""
        cloud = self.cloud

        def called(invocation: Invocation) -> None:
            answer = start.by_hand(request, invocation.ports(), invocation.name)
            invocation.run = answer["run_id"]
            invocation.note(f"asked for by hand: {request}")
            cloud.witness.triggers[answer["run_id"]] = (request["pipeline"], "manual")

        cloud.run(Invocation(cloud, "start-by-hand"), called)

    # -------------------------------------------------------------- the configuration

    def _configure(self) -> None:
        """Have Terraform apply another configuration."""
        if self.cloud.applying or not self.cloud.faults.orders("the configuration changes"):
            return
        declared = self._pipeline()
        name, solution = self.rng.choice(sorted(declared.solutions.items()))
        if not self.cloud.options.gentle and self.rng.random() < 0.3:
            self._change_solution(declared.pipeline, name)
        elif solution.campaign is None or self.rng.random() < 0.5:
            campaign = solution.campaign or self._campaign(declared, name)
            changed = replace(campaign, min_provisioned_tps=self.rng.randint(1, 5))
            self.put_campaign(declared.pipeline, name, changed)
        else:
            self.put_campaign(declared.pipeline, name, None)
            self._delete_campaign(declared.pipeline, solution.campaign)

    def _campaign(self, declared: Pipeline, solution: str) -> Campaign:
        name = f"acme-{declared.pipeline}-{solution}"
        first = next(iter(declared.solutions.values()))
        return Campaign(name, f"{first.arn.rpartition(':')[0]}:campaign/{name}")

    def put_campaign(self, pipeline: str, solution: str, campaign: Campaign | None) -> None:
        """Write a campaign of the declaration, or take it out."""
        declared = self.cloud.ledger.declared[pipeline]
        changed = {**declared.solutions, solution: replace(declared.solutions[solution], campaign=campaign)}
        self.cloud.ledger.declared[pipeline] = replace(declared, solutions=changed)
        told = f"campaign with {campaign.min_provisioned_tps} TPS" if campaign else "no campaign any more"
        self.cloud.note("terraform", f"{pipeline}/{solution}: {told}")

    def _change_solution(self, pipeline: str, name: str) -> None:
        """Have glue change what can't be changed of a solution: another is made beside it, and declared then."""
        cloud = self.cloud
        before = self._wanted(pipeline, name)
        after = {
            **before,
            "request": {**before["request"], "performHPO": not before["request"].get("performHPO", False)},
        }
        made: list[str] = []

        def applied(invocation: Invocation) -> None:
            patience = Patience(invocation.seconds_left, 60.0, invocation.sleep)
            asked = {**after, "tf": {"action": "update", "prev_input": before}}
            made.append(apply(asked, PersonalizeOutside(invocation), patience, outside())["arn"])
            invocation.note(f"{pipeline}/{name} is {made[0].rpartition('/')[2]} now")

        def then() -> None:
            if made:
                declared = cloud.ledger.declared[pipeline]
                changed = {**declared.solutions, name: replace(declared.solutions[name], arn=made[0])}
                cloud.ledger.declared[pipeline] = replace(declared, solutions=changed)
                self.wanted[pipeline, name] = after
                cloud.applying = ""
            else:
                cloud.agenda.after(600, partial(self._change_solution, pipeline, name))

        cloud.applying = f"the change of {pipeline}/{name}"
        cloud.run(Invocation(cloud, "glue", timeout=900.0), applied, then)

    def _wanted(self, pipeline: str, name: str) -> dict[str, Any]:
        """Return the solution as Terraform last applied it."""
        base = f"acme-{pipeline}"
        first = next(iter(self.cloud.ledger.declared[pipeline].datasets.values()))
        group = f"{first.arn.rpartition(':')[0]}:dataset-group/{base}"
        made = {"datasetGroupArn": group, "recipeArn": recipe(name), "performAutoTraining": False}
        request = {"resource": "solution", "name": f"{base}-{name}", "request": made}
        campaign = {"campaign_arn": self._campaign(self.cloud.ledger.declared[pipeline], name).arn}
        return self.wanted.get((pipeline, name), {**request, **campaign})

    def _delete_campaign(self, pipeline: str, campaign: Campaign) -> None:
        """Have glue delete a campaign; where it fails, apply again until it does not."""
        cloud = self.cloud
        self.cloud.witness.touched.add(campaign.arn)
        request = {"campaignArn": campaign.arn}
        event = {"resource": "campaign", "name": "acme", "pipeline": pipeline, "request": request}

        def applied(invocation: Invocation) -> None:
            patience = Patience(invocation.seconds_left, 60.0, invocation.sleep)
            asked = {**event, "tf": {"action": "delete", "prev_input": event}}
            declarations = MemoryDeclarations(ledger=cloud.ledger)  # which knows whether a run is under way
            apply(asked, PersonalizeOutside(invocation), patience, outside(declarations))
            invocation.note(f"deleted campaign {campaign.name}")
            done.append(True)

        done: list[bool] = []

        def then() -> None:
            cloud.applying = "" if done else f"the deletion of {campaign.name}"
            if not done:
                cloud.agenda.after(600, partial(self._delete_campaign, pipeline, campaign))

        cloud.applying = f"the deletion of {campaign.name}"
        cloud.run(Invocation(cloud, "glue", timeout=900.0), applied, then)

    # -------------------------------------------------------------- bad luck

    def _fate(self) -> None:
        """Have the next import, training or campaign fail, or hang."""
        what, ends = self.rng.choice(tuple(KINDS)), self.rng.choice(("fails", "hangs"))
        kind = f"{'an' if what == 'import' else 'a'} {what} {ends}"
        if not self.cloud.faults.orders(kind):
            return
        control = self.cloud.service.control
        paths = ("create", "update") if what == "campaign" else ("create",)
        self.cloud.note("story", f"the next of this kind {ends}: {what}", fault=kind)
        for path in paths:
            if ends == "fails":
                control.fail_next(KINDS[what], "The service had not enough capacity.", path=path)
            else:
                control.hang_next(KINDS[what], path=path)

    def _by_hand(self) -> None:
        """Have somebody meddle, or something break for some time."""
        deeds: dict[str, Callable[[], str]] = {
            "a campaign is deleted by hand": self._delete_by_hand,
            "a campaign is moved by hand": self._move_by_hand,
            "a training is stopped by hand": self._stop_by_hand,
            "messages are lost": self._lose_messages,
            "a service is down": partial(self._break, SERVICES),
            "a permission is taken away": partial(self._break, OPERATIONS),
            "a message is garbage": self._garbage,
            "a request is nonsense": self._nonsense,
            "a record can't be read": self._estrange,
            "the code is rolled back": self._roll_back,
        }
        kind = self.rng.choice(tuple(deeds))
        self._as_soon_as_possible(kind, deeds[kind])

    def _as_soon_as_possible(self, kind: str, deed: Callable[[], str]) -> None:
        """Do a deed, which tells what it did; where there is nothing to do it to, try again later."""
        if kind not in self.cloud.faults.on or self.cloud.faults.over:
            return
        if told := deed():
            self.cloud.faults.orders(kind)
            self.cloud.note("story", told, fault=kind)
        else:
            self.cloud.agenda.after(900, partial(self._as_soon_as_possible, kind, deed))

    def _console(self, operation: str, **params: Any) -> bool:
        """Call Personalize as somebody in a console does; what it refuses is not done."""
        try:
            self.cloud.service.call("personalize", operation, params)
        except ServiceError:
            return False
        return True

    def _records(self, kind: str) -> list[Any]:
        self.cloud.service.advance()
        return [each for each in self.cloud.service.world.state.records.values() if each.kind == kind]

    def _delete_by_hand(self) -> str:
        for campaign in self._records("Campaign"):
            if self._console("DeleteCampaign", campaignArn=campaign.arn):
                self.cloud.witness.touched.add(campaign.arn)
                return f"campaign {campaign.name} is deleted by hand"
        return ""

    def delete_filters(self) -> None:
        """Delete all filters that are there."""
        for each in self._records("Filter"):
            if each.status == "ACTIVE":
                self._console("DeleteFilter", filterArn=each.arn)

    def _move_by_hand(self) -> str:
        for campaign in self._records("Campaign"):
            for version in self._records("SolutionVersion"):
                same = version.attributes["solutionArn"] == campaign.attributes["solutionArn"]
                if not same or version.arn == campaign.attributes["solutionVersionArn"]:
                    continue
                if self._console("UpdateCampaign", campaignArn=campaign.arn, solutionVersionArn=version.arn):
                    self.cloud.witness.touched.add(campaign.arn)
                    return f"campaign {campaign.name} is moved to {version.name} by hand"
        return ""

    def _stop_by_hand(self) -> str:
        for version in self._records("SolutionVersion"):
            if self._console("StopSolutionVersionCreation", solutionVersionArn=version.arn):
                return f"the training of {version.name} is stopped by hand"
        return ""

    def _lose_messages(self) -> str:
        """Lose every message of a run that holds the lease."""
        for lease in self.cloud.ledger.leases.values():
            if lease.active is None:
                continue
            lost = 0
            for step, letters in self.cloud.sqs.waiting.items():
                left = [letter for letter in letters if about(letter.body)[0] != lease.active.run_id]
                lost += len(letters) - len(left)
                self.cloud.sqs.waiting[step] = left
            if lost:
                return f"{lost} messages of {lease.active.run_id} are lost"
        return ""

    def _break(self, among: tuple[str, ...]) -> str:
        what, seconds = self.rng.choice(among), self.rng.uniform(0.1, 5) * HOUR
        self.cloud.down.add(what)
        self.cloud.agenda.after(seconds, partial(self.cloud.down.discard, what))
        return f"{what} does not work for {seconds / HOUR:.1f} hours"

    def _garbage(self) -> str:
        body = self.rng.choice(("{not json", '{"run_id": "r"}', '{"version": 99}'))
        body = f"{body}{' ' * len(self.cloud.witness.garbage)}"
        self.cloud.witness.garbage.add(body)
        step = self.rng.choice(("start", "import", "poll", "train", "deploy", "finish"))
        self.cloud.sqs.send(step, [body])
        return f"{body} is sent to {step}"

    def _nonsense(self) -> str:
        """Send what nobody can make sense of, but for the pipeline that it names."""
        cloud, name = self.cloud, self._pipeline().pipeline
        self._numbers += 1
        at, identifier = BEGINNING + timedelta(seconds=int(cloud.agenda.seconds)), f"event/{self._numbers}"
        wrong = self.rng.choice(({"what": "evrything"}, {"solutions": "for-you"}, {"force": 1}, {"nonsense": None}))
        told = {"trigger": "event", "id": identifier, "time": at.isoformat(), "request": {"pipeline": name, **wrong}}
        body = json.dumps(told)
        cloud.witness.garbage.add(body)
        cloud.witness.nonsense[run_id(at, f"{name}/{identifier}")] = name
        cloud.sqs.send("start", [body])
        return f"{body} is sent to start"

    def _estrange(self) -> str:
        """Have a record be of another version: for some hours, or until somebody mends it after all the trouble."""
        cloud, name = self.cloud, self._pipeline().pipeline
        under_way = [("run", *key) for key, run in cloud.ledger.runs.items() if not run.over]
        keys = [("lease", name), ("pipeline", name), ("turnstile", self.rng.choice(("import", "train"))), *under_way]
        key = self.rng.choice(keys)
        cloud.others.strange.add(key)
        if self.rng.random() < 0.5:
            cloud.agenda.after(self.rng.uniform(0.1, 5) * HOUR, partial(cloud.others.strange.discard, key))
        return f"another version has written {' '.join(key)}"

    def _roll_back(self) -> str:
        """Take back a newer version of the code; it comes again some hours later."""
        others, now = self.cloud.others, self.cloud.agenda.now()
        others.newer_until = now

        def forward() -> None:
            if others.newer_until == now:
                others.newer_until = None

        self.cloud.agenda.after(self.rng.uniform(0.1, 3) * HOUR, forward)
        return "the code is rolled back: what was sent and written until now is a newer version's"
