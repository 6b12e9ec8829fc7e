"""The story, phase by phase. Each phase does one thing, shows it, and notes what came of it in the summary."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pandas as pd
from rich.text import Text

from local.account import LocalAccount
from local.personalize.learning.metrics import popularity_baseline
from scripts.demo.audience import Audience, Fan
from scripts.demo.bill import a_month
from scripts.demo.display import Display, run_line, run_table
from scripts.demo.inventory import inventory
from scripts.demo.next_steps import Step, next_steps
from scripts.demo.outcomes import Outcomes
from scripts.demo.runs import Run, find, parse
from scripts.demo.summary import BROKEN, PERSONAL, Failure, Item, Recommendations, RunSummary, Summary
from scripts.demo.tables import bill_table, draw_metrics, item_list, metrics_table, moved, side_by_side, told
from scripts.package import ROOT, ZIP
from scripts.sample_data import SampleData
from scripts.stack import Stack
from scripts.terraform import Terraform

BUILD = ROOT / "build" / "demo"
EXAMPLE = ROOT / "terraform" / "examples" / "local"
PIPELINE, SCHEDULE, SIMILAR, FILTER = "movies", "nightly", "similar", "genre"

PATIENCE = 300.0
"""Seconds without any news of a run after which the demo gives up."""

# What the first upload holds back, so that the second brings something new.
_HELD_BACK = 0.05

DESTRUCTION = ["terraform destroy", "what is left"]

PHASES = [
    "start the local AWS",
    "terraform apply",
    "upload data",
    "run 1: the schedule fires",
    "metrics",
    "recommendations",
    "events change a list",
    "run 2: an upload",
    "run 3: by hand",
    "run 4: a broken file",
    "what it would cost",
    "second plan",
    *DESTRUCTION,
]


class StoryError(Exception):
    """Raised when the story cannot go on."""


class Story:
    """The local AWS, the stack on it, and what has been seen so far."""

    def __init__(self, data: SampleData, display: Display, summary: Summary) -> None:
        self.data = data
        self.display = display
        self.summary = summary
        self.account = LocalAccount(durations="demo", build=BUILD / "local")
        self._existed: set[str] = set()
        self._stack: Stack | None = None
        cut = max(1, int(len(data.interactions) * (1 - _HELD_BACK)))
        self._first = data.interactions.iloc[:cut]
        self.audience = Audience(SampleData(self._first, data.items))

    @property
    def stack(self) -> Stack:
        """The applied stack."""
        if self._stack is None:
            raise StoryError("there is no stack yet")
        return self._stack

    # ------------------------------------------------------------------ begin and end

    def start(self) -> None:
        """Start the local AWS, and note what is there before anything is made."""
        with self.display.phase("start the local AWS"):
            self.account.start()
            self._existed = inventory(self.account.session())

    def apply(self) -> None:
        """Apply the example."""
        work = BUILD / "terraform"
        (work / "terraform.tfstate").unlink(missing_ok=True)
        progress = Progress(self.display)
        variables = {"package": str(ZIP), "quotas": {"trainings": 1}}  # so that one of the two has to wait in line
        terraform = Terraform(EXAMPLE, work, variables, self.account.env, progress.line)
        self._stack = Stack(self.account.session(), terraform, PIPELINE)
        with self.display.phase("terraform apply"):
            terraform.init()
            terraform.apply()

    def destroy(self) -> None:
        """Destroy what was applied, if anything was."""
        if self._stack is not None:
            with self.display.phase("terraform destroy"):
                self._stack.terraform.destroy()

    def look_around(self) -> None:
        """Ask the services what is there that was not there before."""
        with self.display.phase("what is left"):
            self.summary.left_after_destroy = sorted(inventory(self.account.session()) - self._existed)

    # ------------------------------------------------------------------ data and runs

    def upload(self) -> None:
        """Write the data and put it into the bucket."""
        with self.display.phase("upload data"):
            SampleData(self._first, self.data.items).write(BUILD / "data")
            for kind in ("items", "interactions"):
                self.stack.upload(kind, (BUILD / "data" / f"{kind}.csv").read_bytes(), f"{kind}.csv")
            users, items = self._first["USER_ID"].nunique(), len(self.data.items)
            self.display.show(
                f"Uploaded [bold]{len(self._first):,}[/] interactions of {users:,} users with {items:,} items."
            )

    def run_by_schedule(self) -> None:
        """Fire the schedule. The uploads have asked for a run too: the two become one."""
        with self.display.phase("run 1: the schedule fires"):
            known = frozenset[str]()
            self.stack.fire(SCHEDULE)
            self._follow("schedule", lambda runs: find(runs, "schedule", known))

    def run_by_upload(self) -> None:
        """Upload the interactions again, with the newest ones that were held back."""
        with self.display.phase("run 2: an upload"):
            known = self._known()
            paths = self.data.write(BUILD / "data")
            self.stack.upload("interactions", paths["interactions"].read_bytes(), "interactions.csv")
            self._follow("upload", lambda runs: find(runs, "upload", known))

    def run_by_hand(self) -> None:
        """Call the start function, which answers the run's id."""
        with self.display.phase("run 3: by hand"):
            answer, failed = self.stack.invoke("start", {"pipeline": PIPELINE})
            if failed:
                raise StoryError(f"the direct call failed: {answer.get('errorMessage')}")
            run_id = answer["run_id"]
            self._follow("manual", lambda runs: next((run for run in runs if run.run_id == run_id), None))

    def run_with_a_broken_file(self) -> None:
        """Upload a file without a column that the schema has: the run fails, and tells why in both places."""
        with self.display.phase("run 4: a broken file"), Outcomes(self.stack.session) as outcomes:
            known = self._known()
            self.stack.upload("interactions", b"USER_ID,ITEM_ID,EVENT_TYPE\nuser-0001,item-0001,like\n", BROKEN)
            try:
                run = self._seen("upload", lambda runs: find(runs, "upload", known))
            finally:
                self.stack.remove("interactions", BROKEN)
            self.summary.failure = Failure(run.run_id, run.status, run.reason, outcomes.next())
            self.display.show(told(self.summary.failure))

    def price(self) -> None:
        """Show what this would cost a month on AWS."""
        with self.display.phase("what it would cost"):
            sizes = [(BUILD / "data" / f"{kind}.csv").stat().st_size for kind in ("interactions", "items")]
            bill = a_month(sum(sizes) / 1e9)
            self.summary.dollars_a_month = {line.what: line.dollars for line in bill}
            self.display.show(bill_table(bill))

    def _known(self) -> frozenset[str]:
        return frozenset(str(record["run_id"]) for record in self.stack.runs())

    def _follow(self, trigger: str, pick: Callable[[list[Run]], Run | None]) -> None:
        """Show a run until it is over; note it, and what the campaigns then serve."""
        run = self._seen(trigger, pick)
        self.summary.runs.append(RunSummary.of(run, trigger, self.stack.served() if run.made("deploy") else {}))
        if run.status != "SUCCEEDED":
            why = run.reason or "; ".join(run.failures()) or "no reason given"
            raise StoryError(f"the run by {trigger} is {run.status}: {why}")

    def _seen(self, trigger: str, pick: Callable[[list[Run]], Run | None]) -> Run:
        """Show a run until it and all that it set off are over, and return it."""
        last_news, seen = time.monotonic(), ""
        while True:
            runs = [parse(record) for record in self.stack.runs()]
            run = pick(runs)
            if run is not None:
                self.display.detail(run_table(run), run_line(run))
                if run.over and run.status != "JOINED" and all(each.over for each in runs):
                    break
            news = " ".join(run_line(each) for each in runs)
            if news != seen:
                last_news, seen = time.monotonic(), news
            elif time.monotonic() - last_news > PATIENCE:
                raise StoryError(f"no news of the run by {trigger} for {PATIENCE:.0f} s: {seen or 'it never began'}")
            self.account.check()
            time.sleep(0.4)
        self.display.show(run_table(run))
        return run

    # ------------------------------------------------------------------ what came of it

    def measure(self) -> None:
        """Show the solutions' metrics beside those of popularity on the same split."""
        with self.display.phase("metrics"):
            personalize = self.stack.session.client("personalize")
            for solution, arn in self.summary.runs[0].versions.items():
                self.summary.metrics[solution] = personalize.get_solution_metrics(solutionVersionArn=arn)["metrics"]
            frame = pd.DataFrame(self._first[["USER_ID", "ITEM_ID", "TIMESTAMP"]])
            self.summary.baseline = popularity_baseline(frame)
            self.display.show(metrics_table(self.summary.metrics, self.summary.baseline))
            draw_metrics(self.summary.metrics, self.summary.baseline, BUILD / "metrics.png")

    def recommend(self) -> None:
        """Show lists of users with different tastes, a filtered one, and similar items."""
        with self.display.phase("recommendations"):
            fans = self.audience.fans(3)
            self.display.show(
                side_by_side(
                    *(
                        item_list(
                            f"{fan.user_id}, who takes {fan.share:.0%} {fan.loves}",
                            self._for_user(fan.user_id, 8),
                        )
                        for fan in fans
                    )
                )
            )
            self._filtered(fans[0])
            examples = [self.audience.popular(fan.loves, 1)[0] for fan in fans[:2]]
            self.display.show(
                side_by_side(*(item_list(f"similar to {item.title}", self._similar(item, 6)) for item in examples))
            )

    def _filtered(self, fan: Fan) -> None:
        items = self._for_user(fan.user_id, 6, genre=fan.unknown)
        if not items:
            raise StoryError(f"the filter {FILTER} with {fan.unknown} left no recommendations for {fan.user_id}")
        if wrong := [item.title for item in items if fan.unknown not in item.genres.split("|")]:
            raise StoryError(f"the filter {FILTER} with {fan.unknown} let through {wrong}")
        self.display.show(item_list(f"{fan.user_id}, filtered to {fan.unknown}", items))

    def send_events(self) -> None:
        """Let a user discover a genre, and show how the list changes without any training."""
        with self.display.phase("events change a list"):
            fan = self.audience.newcomer()
            before = self._for_user(fan.user_id, 10)
            discovered = self.audience.popular(fan.unknown, 10, not_of=fan.user_id)
            self._put_events(fan.user_id, discovered)
            deadline = time.monotonic() + 15
            after = self._for_user(fan.user_id, 10)
            while after == before and time.monotonic() < deadline:
                time.sleep(0.3)
                after = self._for_user(fan.user_id, 10)
            self.summary.recommendations = Recommendations(before, after)
            liked = item_list(f"{fan.user_id}, {fan.taken} items so far, discovers {fan.unknown}", discovered)
            self.display.show(side_by_side(liked, *moved(before, after)))

    def _put_events(self, user_id: str, items: list[Item]) -> None:
        events = self.stack.session.client("personalize-events")
        session_id = str(uuid4())
        for item in items:
            events.put_events(
                trackingId=self.stack.outputs["tracking_ids"][PIPELINE],
                userId=user_id,
                sessionId=session_id,
                eventList=[{"eventType": "like", "itemId": item.item_id, "sentAt": datetime.now(UTC)}],
            )

    def _for_user(self, user_id: str, count: int, genre: str | None = None) -> list[Item]:
        runtime = self.stack.session.client("personalize-runtime")
        campaign = self.stack.outputs["campaign_arns"][PIPELINE][PERSONAL]
        if genre is None:
            answer = runtime.get_recommendations(campaignArn=campaign, userId=user_id, numResults=count)
        else:
            answer = runtime.get_recommendations(
                campaignArn=campaign,
                userId=user_id,
                numResults=count,
                filterArn=self.stack.outputs["filter_arns"][PIPELINE][FILTER],
                filterValues={"GENRE": f'"{genre}"'},
            )
        return self.audience.items(item["itemId"] for item in answer["itemList"])

    def _similar(self, item: Item, count: int) -> list[Item]:
        answer = self.stack.session.client("personalize-runtime").get_recommendations(
            campaignArn=self.stack.outputs["campaign_arns"][PIPELINE][SIMILAR],
            itemId=item.item_id,
            numResults=count,
        )
        return self.audience.items(each["itemId"] for each in answer["itemList"])

    def next_steps(self) -> list[Step]:
        """Return what to try on what has been made."""
        user = self.audience.newcomer()
        item = self.audience.popular(user.unknown, 1, not_of=user.user_id)[0]
        return next_steps(self.stack.outputs, PIPELINE, PERSONAL, user.user_id, item.item_id)

    def plan_again(self) -> None:
        """Plan a second time: the runs must not have moved anything that Terraform owns."""
        with self.display.phase("second plan"):
            self.summary.plan_exit_code, text = self.stack.terraform.plan()
            if self.summary.plan_exit_code:
                self.display.show(Text(text))


class Progress:
    """Counts the resources that Terraform has done with."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._done = self._of = 0

    def line(self, line: str) -> None:
        """Take a line of Terraform's output."""
        if found := re.match(r"Plan: (\d+) to add, (\d+) to change, (\d+) to destroy", line):
            self._done, self._of = 0, sum(map(int, found.groups()))
        elif re.search(r": (Creation|Modifications|Destruction) complete", line):
            self._done += 1
            if self._of:
                self._display.detail(Text(f"{self._done} of {self._of} resources", "dim"))
