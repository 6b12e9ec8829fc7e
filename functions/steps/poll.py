"""Wait for what Personalize is doing: look when it is time to, and answer ready, wait or failed.

What is over gives its slot of the quota back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from functions import slots, turnstile
from functions.engine import LAG, Observed, Step
from functions.errors import REFUSALS, InvalidMessage, NotFound, NothingNew
from functions.model import FILTERS, IMPORTS, Kind, Message, Phase, Plan, Wait, parse_short
from functions.outcomes import Done, Fail, InLine, Outcome, Pause, Skip
from functions.ports import Ledger, Personalize, Ports
from functions.records import Branch, Run
from functions.shell import consumer
from functions.statuses import meaning, standing, status_of, updating
from functions.telemetry import logger
from functions.times import written
from functions.timing import LONGEST, USUALLY, Belief, Estimate, Rival, Shift, UnderWay, believed, next_look, shift_of


@dataclass(frozen=True)
class Progress:
    """How far a resource is, since when, and when it last moved.

    ``doubtful``: what is told may be older than what was asked for.
    """

    status: str
    since: datetime | None = None
    reason: str | None = None
    doubtful: bool = False
    moved: datetime | None = None

    @property
    def took(self) -> int | None:
        """How many seconds it took, once it is over; None where Personalize tells no two times."""
        if self.since is None or self.moved is None or self.moved <= self.since:
            return None
        return max(1, round((self.moved - self.since).total_seconds()))


def _plain(described: dict[str, Any], wait: Wait) -> Progress:
    return Progress(
        status_of(described),
        described["creationDateTime"],
        described.get("failureReason"),
        moved=described.get("lastUpdatedDateTime"),
    )


def _campaign(described: dict[str, Any], wait: Wait) -> Progress:
    """Read the latest update: it has a status of its own, while the campaign stays ACTIVE on its old version.

    Either may be absent, as recordings of datasets show: the campaign's own status then tells.
    """
    update = described.get("latestCampaignUpdate")
    latest = standing(described)
    if not update and wait.instead_of is None and updating(latest["status"]):
        return _plain(latest, wait)  # on its way, and to where is not told
    # What was asked for may not show yet: this is what was there before.
    before = wait.instead_of is not None and written(latest["creationDateTime"]) == wait.instead_of
    failed_before = before and meaning(latest["status"]) == "failed"
    if latest.get("solutionVersionArn") != wait.version and not failed_before:
        moved = f"it was moved to {latest.get('solutionVersionArn')} by someone else meanwhile"
        return Progress("CREATE FAILED", latest["creationDateTime"], moved, doubtful=True)
    return replace(_plain(latest, wait), doubtful=before)


HURRY = 0.5
"""How many times as far apart looks are while somebody is in line for the slots of what is waited for: one that is idle
holds up everybody."""

MADE: dict[Phase, Kind] = {
    "import": "dataset_import_job",
    "filter": "filter",
    "train": "solution_version",
    "deploy": "campaign",
}
"""What each phase makes."""

MOST_SHIFTS = 6
"""How many other phases of a run tell, at most, how it does today."""

EARLY = timedelta(seconds=1)
"""SQS delays by whole seconds: a look may come so much before its time."""

_KINDS = {
    "dataset_import_job": ("DescribeDatasetImportJob", "datasetImportJobArn", "datasetImportJob", _plain),
    "solution_version": ("DescribeSolutionVersion", "solutionVersionArn", "solutionVersion", _plain),
    "campaign": ("DescribeCampaign", "campaignArn", "campaign", _campaign),
    "filter": ("DescribeFilter", "filterArn", "filter", _plain),
}
"""Kind → the operation that describes it, its parameter, the key of its answer, and how to read that."""

_LABELS: dict[Kind, str] = {
    "dataset_import_job": "import job",
    "solution_version": "solution version",
    "campaign": "campaign",
    "filter": "filter",
}


@dataclass(frozen=True)
class Pace:
    """What tells when to look: how long things take where no history tells, and what the rest of the run shows.

    ``crowded``: somebody is in line for the slots of what is waited for, so each is looked at in its own time.
    ``shifts``: how far what is over was off what was expected. ``rivals``: the other branches.
    """

    typical: Mapping[Kind, float]
    crowded: bool = False
    shifts: tuple[Shift, ...] = ()
    rivals: tuple[Rival, ...] = ()

    def next_look(self, ways: Sequence[UnderWay], floor: float) -> float:
        """Return in how many seconds to look."""
        if self.crowded:
            return min(next_look([way], floor, HURRY) for way in ways)
        return next_look(ways, floor, rivals=self.rivals)

    def usual(self, kind: Kind) -> Estimate:
        """Return how long something takes of which no history tells."""
        return replace(USUALLY[kind], typical=self.typical.get(kind, USUALLY[kind].typical))

    def told(self, wait: Wait) -> Estimate:
        """Return how long something should take."""
        usual = self.usual(wait.kind)
        return usual if wait.expected is None else Estimate(wait.expected, wait.spread or usual.spread)

    def belief(self, wait: Wait) -> Belief:
        """Return how long something is believed to take, as the run goes."""
        return believed(self.told(wait), known=wait.expected is not None, shifts=self.shifts)


def observe(message: Message, ports: Ports) -> Observed:
    """Look at what is waited for, once its time has come: at one after the other, until one is under way.

    The message waits for all of them, so while one is under way nothing depends on the others but their slots.
    """
    now, appointed, crowded = ports.clock(), _appointment(message), _somebody_is_in_line(message, ports.ledger)
    its_time = appointed is not None and now >= appointed - EARLY
    if appointed and not its_time and not crowded:
        return {"seen": {}}
    pace = _pace(message, ports.ledger.run(message.pipeline, message.run_id), ports.settings.typical, crowded, now)
    seen: dict[str, Progress] = {}
    # Who came into line after the appointment was made must not wait for the slowest of them.
    if its_time or _first_look(message, pace, now, ports.settings.poll_floor) <= 0:
        for wait in _not_done(message):
            seen[wait.arn] = _look(wait, ports.personalize)
            if meaning(seen[wait.arn].status) == "waiting" and not pace.crowded:
                break
    return {"seen": seen, "pace": pace}


def _not_done(message: Message) -> list[Wait]:
    return [wait for wait in message.waits if not wait.done]


def _somebody_is_in_line(message: Message, ledger: Ledger) -> bool:
    kind = slots.kind_of(message)
    return kind is not None and bool(ledger.turnstile(kind).waiting)


def _look(wait: Wait, personalize: Personalize) -> Progress:
    operation, parameter, key, read = _KINDS[wait.kind]
    try:
        return read(personalize.call(operation, {parameter: wait.arn})[key], wait)
    except NotFound:
        return Progress("CREATE FAILED", reason="it was deleted meanwhile", doubtful=True)


def _pace(message: Message, run: Run | None, typical: Mapping[Kind, float], crowded: bool, now: datetime) -> Pace:
    pace = Pace(typical, crowded)
    branches = dict(run.branches) if run else {}
    own = [shift for wait in message.waits if wait.took and (shift := shift_of([(wait.took, pace.told(wait))]))]
    pace = replace(pace, shifts=(*own, *_shifts(message, branches))[:MOST_SHIFTS])
    if message.branch == IMPORTS:
        return pace
    rivals = (
        _rival(message, name, branch, pace, now)
        for name, branch in branches.items()
        if name not in (IMPORTS, message.branch) and branch.status == "RUNNING"
    )
    return replace(pace, rivals=tuple(rivals))


def _shifts(message: Message, branches: Mapping[str, Branch]) -> Iterator[Shift]:
    """Yield how far off the phases of the run were that are over: the imports, this branch's, the others'."""
    first = [name for name in (IMPORTS, message.branch) if name in branches]
    for name in dict.fromkeys((*first, *branches)):
        for step in branches[name].steps.values():
            if off := step.get("shift"):
                yield Shift(off["by"] / 100, off["spread"] / 100, off["things"])


def _rival(message: Message, name: str, branch: Branch, pace: Pace, now: datetime) -> Rival:
    """Return what another branch waits for. One that waits for nothing yet has all before it."""
    phase, wait = _at(name, branch, message.plan)
    belief = pace.belief(wait) if wait else believed(pace.usual(MADE[phase]), known=False, shifts=pace.shifts)
    campaign = believed(pace.usual(MADE["deploy"]), known=False, shifts=pace.shifts).likeliest.typical
    lead = {("train", "deploy"): campaign, ("deploy", "train"): -campaign}.get((message.phase, phase), 0.0)
    if wait is None:
        return Rival(belief, 0.0, lead=lead)
    seen = _elapsed(wait, datetime.fromisoformat(wait.seen_at)) if wait.seen_at else 0.0
    return Rival(belief, _elapsed(wait, now), seen, lead)


def _at(name: str, branch: Branch, plan: Plan) -> tuple[Phase, Wait | None]:
    """Return the phase of a branch, and what it waits for, by the message that carries it on."""
    try:
        carried = parse_short(branch.message, plan) if branch.message else None
    except InvalidMessage:  # another version's
        carried = None
    if carried is None:
        return "filter" if name == FILTERS else "deploy" if "deploy" in branch.steps else "train", None
    return carried.phase, next((wait for wait in carried.waits if not wait.done), None)


def decide(message: Message, observed: Observed, now: datetime, floor: float) -> Outcome:
    """Go on when all are ready. Where one has failed, wait for the others, then tell every reason."""
    seen: dict[str, Progress] = observed["seen"]
    unseen = [wait for wait in _not_done(message) if wait.arn not in seen]
    if unseen and not seen:
        return _not_yet(message, observed.get("pace"), now, floor)
    under_way, failed, done = [], [], [wait for wait in message.waits if wait.done]
    for wait in (wait for wait in message.waits if wait.arn in seen):
        match meaning(seen[wait.arn].status):
            case "waiting":
                under_way.append(replace(wait, seen_at=written(now)))
            case "failed" | "ready" if seen[wait.arn].doubtful and _just_asked_for(wait, now):
                under_way.append(wait)
            case "failed":
                failed.append(wait)
            case "ready":
                done.append(replace(wait, done=True, took=seen[wait.arn].took))
    if under_way:
        return _again(message, (*under_way, *unseen, *failed, *done), observed, now, floor)
    if failed and all(NothingNew.is_told_by(seen[wait.arn].reason or "") for wait in failed):
        return Skip(f"nothing new to train on: {seen[failed[0].arn].reason}")
    if failed:
        reasons = [f"{_named(wait)}: {seen[wait.arn].reason or seen[wait.arn].status}" for wait in failed]
        return Fail("; ".join(reasons))
    if slots.lacking(message):
        return InLine("what there were slots for is done, the others are in line", tuple(done))
    took = [(wait.took, observed["pace"].told(wait)) for wait in done if wait.took]
    return Done(max((seconds for seconds, _ in took), default=None), shift_of(took))


def settle(message: Message, observed: Observed, ports: Ports) -> None:
    """Give back the slots of what is over, well or not."""
    now, seen = ports.clock(), observed["seen"]
    over = [wait.key for wait in message.waits if wait.key and wait.arn in seen and _is_over(seen[wait.arn], wait, now)]
    turnstile.give_back(message, over, ports)


def _is_over(progress: Progress, wait: Wait, now: datetime) -> bool:
    doubtful = progress.doubtful and _just_asked_for(wait, now)
    return meaning(progress.status) != "waiting" and not doubtful


def _not_yet(message: Message, pace: Pace | None, now: datetime, floor: float) -> Pause:
    """Wait for the time of the look, which the first message works out: for what should take longest, first."""
    appointed, waits = _appointment(message), message.waits
    if pace:
        own = now + timedelta(seconds=_first_look(message, pace, now, floor))
        appointed = min(appointed or own, own)
        waits = tuple(sorted(waits, key=lambda wait: (wait.done, -pace.told(wait).typical)))
    return _pause(message, waits, appointed or now, now, "nothing should be ready yet")


def _again(message: Message, waits: tuple[Wait, ...], observed: Observed, now: datetime, floor: float) -> Pause:
    """Wait for the next look at what was seen under way. What is ready needs none, what has failed the last one."""
    pace: Pace = observed["pace"]
    progress: Progress = observed["seen"][waits[0].arn]
    seconds = floor
    if meaning(progress.status) == "waiting":
        seconds = pace.next_look(list(_under_way(waits, observed, now)), floor)
    return _pause(message, waits, now + timedelta(seconds=seconds), now, f"{_named(waits[0])} is {progress.status}")


def _under_way(waits: Sequence[Wait], observed: Observed, now: datetime) -> Iterator[UnderWay]:
    """Yield what was seen under way, and what was not looked at."""
    for wait in (wait for wait in waits if not wait.done):
        belief, elapsed = observed["pace"].belief(wait), _elapsed(wait, now)
        progress: Progress | None = observed["seen"].get(wait.arn)
        if progress is None:
            yield UnderWay(belief, elapsed)
        elif meaning(progress.status) == "waiting":
            elapsed = (now - progress.since).total_seconds() if progress.since else elapsed
            yield UnderWay(belief, max(0.0, elapsed), seen=True)


def _pause(message: Message, waits: tuple[Wait, ...], look_at: datetime, now: datetime, why: str) -> Pause:
    """Wait for a look, which is not later than the phase's deadline.

    Nor so late that nothing could follow: a history with one job that hung tells of many hours.
    """
    if message.since:
        left = datetime.fromisoformat(message.since) + message.plan.deadlines.of(message.phase) - now
        longest = left / 2 if left > 2 * timedelta(seconds=LONGEST) else left
        look_at = max(now, min(look_at, now + longest))
    first, *others = waits
    noted = (replace(first, look_at=written(look_at)), *(replace(wait, look_at=None) for wait in others))
    return Pause(min(LONGEST, max(0.0, (look_at - now).total_seconds())), why, noted)


def _first_look(message: Message, pace: Pace, now: datetime, floor: float) -> float:
    return pace.next_look([UnderWay(pace.belief(wait), _elapsed(wait, now)) for wait in _not_done(message)], floor)


def _appointment(message: Message) -> datetime | None:
    told = message.waits[0].look_at
    return datetime.fromisoformat(told) if told else None


def _elapsed(wait: Wait, now: datetime) -> float:
    return max(0.0, (now - datetime.fromisoformat(wait.since)).total_seconds()) if wait.since else 0.0


def _named(wait: Wait) -> str:
    name = wait.arn.partition(f":{wait.kind.replace('_', '-')}/")[2] or wait.arn
    return f"{_LABELS[wait.kind]} {name}"


def _just_asked_for(wait: Wait, now: datetime) -> bool:
    return wait.since is not None and now - datetime.fromisoformat(wait.since) < LAG


def give_up(message: Message, personalize: Personalize) -> str:
    """Stop a training that takes too long, if that is asked for: it would go on, and cost.

    What is refused must not hide why the branch ends, so it is told beside that: the training may have ended just then.
    """
    refused = []
    for wait in message.waits if message.plan.deadlines.stop_training else ():
        if wait.kind == "solution_version":
            try:
                personalize.call("StopSolutionVersionCreation", {"solutionVersionArn": wait.arn})
            except REFUSALS as error:
                logger.warning("not stopped: %s", error)
                refused.append(f"it could not be stopped ({error})")
    return "; ".join(refused)


STEP = Step("poll", observe, decide, give_up=give_up, settle=settle)
handler = consumer(STEP)
