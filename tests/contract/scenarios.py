"""What each function does, in scenarios that together make every call it can make.

A scenario prepares the account, hands its event to the real handler, and holds that nothing was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from functions.errors import AlreadyExists, InUse, InvalidInput, LimitExceeded, NotFound, UnknownPipeline
from functions.glue.request import Wanted
from functions.glue.solutions import name_of
from functions.model import (
    FILTERS,
    IMPORTS,
    Deadlines,
    Ending,
    Message,
    Request,
    Trigger,
    Upload,
    Uploaded,
    Wait,
    dump,
    dump_short,
)
from functions.records import QUIET, Branch, Lease, Memory, Trained, Turnstile
from functions.settings import QUOTAS
from functions.slots import VERSION as OF_TRAININGS
from functions.watchdog import WATCH
from tests.contract.account import BUCKET, Account
from tests.contract.table import handler
from tests.support.build import (
    CAMPAIGN,
    CHOSEN,
    GROUP,
    IMPORT_JOB,
    IN_STOCK,
    NOW,
    OLD_VERSION,
    ROLE,
    RUN_ID,
    SOLUTION,
    UNSERVED,
    VERSION,
    arn,
    holder,
    message,
    pipeline,
    plan,
    run,
)
from tests.support.lambda_context import Context
from tests.support.scripted import Answer

Event = dict[str, Any]


class Refused(Exception):
    """A batch did not go through."""


def nothing(account: Account) -> None:
    """Prepare nothing."""


@dataclass(frozen=True)
class Scenario:
    """One invocation of a function. ``raises`` is the error that is right."""

    function: str
    name: str
    event: Event
    personalize: dict[str, Answer | Sequence[Answer]] = field(default_factory=dict)
    prepare: Callable[[Account], None] = nothing
    raises: type[Exception] | None = None

    def __str__(self) -> str:
        return f"{self.function}-{self.name}"

    def play(self, account: Account, denied: str | None = None) -> set[str]:
        """Run it; raise if anything is refused. Return the actions that it took."""
        account.declare(pipeline(filters={"in-stock": IN_STOCK}, dataset_group_arn=GROUP))
        self.prepare(account)
        with account.hearing(denied, **{"ListFilters": {"Filters": []}, **self.personalize}):
            if self.raises:
                with pytest.raises(self.raises):
                    handler(self.function)(self.event, Context())
            elif failed := handler(self.function)(self.event, Context()).get("batchItemFailures"):
                raise Refused(failed)
        return account.seen


def batch(*bodies: str) -> Event:
    """Return an SQS batch, as Lambda hands it over."""
    sent = str(int(NOW.timestamp() * 1000))
    return {
        "Records": [
            {
                "messageId": f"m-{number}",
                "receiptHandle": f"r-{number}",
                "body": body,
                "attributes": {"SentTimestamp": sent, "ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
            }
            for number, body in enumerate(bodies)
        ]
    }


# ------------------------------------------------------------------ start


def trigger(kind: Any = "schedule", **request: Any) -> Event:
    """Return a batch of one trigger."""
    return batch(dump(Trigger(kind, "t-1", Request("shop", **request), time=NOW.isoformat())))


def upload(key: str) -> Event:
    """Return a batch of one upload."""
    return batch(dump(Uploaded("upload", "t-1", NOW.isoformat(), Upload("data", key))))


def uploaded(account: Account) -> None:
    """Put a file where interactions are imported from."""
    account.upload("shop/interactions/part-1.csv")


BOTH = plan(
    solutions={"for-you": CHOSEN, "similar": UNSERVED},
    deadlines=Deadlines(stop_training=True),
    filters={"in-stock": IN_STOCK},
    dataset_group_arn=GROUP,
)


def gone_quiet(account: Account, step: str) -> None:
    """Let the message of a run to a step be lost."""
    branch = IMPORTS if step == "import" else "for-you"
    branches = {IMPORTS: Branch(status="SUCCEEDED"), "for-you": Branch()}
    branches[branch] = Branch(message=dump_short(message(step, branch)))
    then = (datetime.now(UTC) - QUIET).isoformat()
    account.ledger.create_run(run(branches=branches, plan=BOTH, dispatched_at=then, updated_at=then))
    account.ledger.save_lease("shop", Lease(active=holder(RUN_ID, pinned=True)))


def remembering(account: Account) -> None:
    """Let earlier runs have imported and trained."""
    jobs: dict[str, tuple[str, ...]] = {"interactions": (IMPORT_JOB,), "items": (IMPORT_JOB,)}
    trained: dict[str, tuple[Trained, ...]] = {"for-you": (Trained(VERSION, "FULL", NOW.isoformat(), deployed=True),)}
    account.ledger.save_memory("shop", Memory(imports=jobs, trained=trained))


AT = {"creationDateTime": NOW, "lastUpdatedDateTime": NOW + timedelta(minutes=9)}
NO_JOBS: dict[str, Answer] = {"ListDatasetImportJobs": {"datasetImportJobs": []}}
IMPORTED = {"jobName": "acme-by-hand", "status": "ACTIVE", "creationDateTime": NOW, "lastUpdatedDateTime": NOW}
START = [
    Scenario("start", "first run", trigger(), {**NO_JOBS}, uploaded),
    Scenario("start", "nothing to import", trigger(what="train"), {**NO_JOBS}),
    Scenario("start", "uploads that have not settled", trigger("upload"), prepare=uploaded),
    Scenario("start", "an upload that changed nothing", trigger("upload"), {**NO_JOBS}),
    Scenario(
        "start", "an upload, as EventBridge tells it", upload("shop/interactions/part-1.csv"), {**NO_JOBS}, uploaded
    ),
    Scenario(
        "start",
        "an upload that another run imported",
        trigger("upload"),
        {"ListDatasetImportJobs": {"datasetImportJobs": [IMPORTED]}, "ListSolutionVersions": {"solutionVersions": []}},
    ),
    Scenario(
        "start",
        "what the lists do not show",
        trigger("upload"),
        {
            **NO_JOBS,
            "ListSolutionVersions": {"solutionVersions": []},
            "DescribeDatasetImportJob": {"datasetImportJob": IMPORTED},
            "DescribeSolutionVersion": {"solutionVersion": {"solutionVersionArn": VERSION, "status": "ACTIVE", **AT}},
        },
        remembering,
    ),
    Scenario("start", "a solution that there is not", trigger(solutions=("gone",))),
    *(
        Scenario("start", f"a run that went quiet before {step}", batch(WATCH), prepare=partial(gone_quiet, step=step))
        for step in ("import", "train", "deploy", "poll", "finish")
    ),
    Scenario("start", "by hand", {"pipeline": "shop"}),
    Scenario("start", "by hand, unknown", {"pipeline": "shoop"}, raises=UnknownPipeline),
]

# ------------------------------------------------------------------ import, train, deploy, poll, finish


def told(code: type[Any], name: str, text: str = "why") -> Exception:
    """Return an error of Personalize's."""
    return code(name, text, "an operation")  # type: ignore[no-any-return] # one of ServiceError's


THERE = told(AlreadyExists, "ResourceAlreadyExistsException")
GONE = told(NotFound, "ResourceNotFoundException")
BUSY = told(InUse, "ResourceInUseException")
FULL = told(LimitExceeded, "LimitExceededException", "More than 5 resources with PENDING or IN_PROGRESS status.")
WRONG = told(InvalidInput, "InvalidInputException")


def under_way(account: Account) -> None:
    """Let a run be under way, and hold the lease."""
    over = Branch(status="SUCCEEDED")
    branches = {IMPORTS: Branch(), FILTERS: over, "for-you": Branch(), "similar": over}
    account.ledger.create_run(run(branches=branches, plan=BOTH))
    account.ledger.save_lease("shop", Lease(active=holder(RUN_ID, pinned=True)))


def all_taken(account: Account) -> None:
    """Let a run be under way that has slots, and another one be in line behind it."""
    under_way(account)
    other = "20261123t214500-ffffff"
    carried = {IMPORTS: TO_IMPORT, "for-you": TO_TRAIN}
    branches = {name: Branch(message=dump_short(each)) for name, each in carried.items()}
    account.ledger.create_run(run(other, branches=branches, plan=BOTH, updated_at=datetime.now(UTC).isoformat()))
    keys = {"import": "*/interactions", "train": "for-you/version"}
    for kind, key in keys.items():
        waiting = (f"shop/{other}/{key}",)
        held = [f"shop/{RUN_ID}/{key}", *(f"shop/{RUN_ID}/for-you/{n}" for n in range(QUOTAS[kind] - 1))]
        account.ledger.save_turnstile(kind, Turnstile(0, dict.fromkeys(held, NOW.isoformat()), waiting))


def and_remembered(account: Account) -> None:
    """Let a trigger be remembered beside it, and a run be in line for its slots."""
    all_taken(account)
    account.ledger.create_run(run("heir", status="QUEUED"))
    lease = account.ledger.lease("shop")
    account.ledger.save_lease("shop", replace(lease, next=holder("heir")))


def filtering(account: Account) -> None:
    """Let a run be under way that makes filters."""
    account.ledger.create_run(run(branches={IMPORTS: Branch(status="SUCCEEDED"), FILTERS: Branch()}, plan=BOTH))


def step(function: str, name: str, carried: Message, **answers: Answer | Sequence[Answer]) -> Scenario:
    """Return the scenario of one message of the run."""
    prepare = {"finish": and_remembered, "poll": all_taken, "filter": filtering}.get(function, under_way)
    return Scenario(function, name, batch(dump(replace(carried, plan=BOTH))), answers, prepare)


TO_IMPORT = message("import")
IMPORTING = [
    step("import", "a job", TO_IMPORT, CreateDatasetImportJob={"datasetImportJobArn": IMPORT_JOB}),
    step("import", "full quota", TO_IMPORT, CreateDatasetImportJob=FULL),
    step("import", "rejected", TO_IMPORT, CreateDatasetImportJob=WRONG),
]

TO_TRAIN = message("train", "for-you", phase="train")
LISTED = {"solutionVersions": [{"solutionVersionArn": VERSION, "status": "CREATE PENDING", **AT}]}
LISTED_BEFORE = {
    "solutionVersions": [{**LISTED["solutionVersions"][0], "creationDateTime": NOW - timedelta(days=1)}],
}
NAMED = {"solutionVersion": {"solutionVersionArn": VERSION, "name": f"acme-{RUN_ID}-for-you"}}


def cut_off(account: Account) -> None:
    """Let a delivery have died that was about to make a version."""
    under_way(account)
    account.ledger.intend(TO_TRAIN, NOW, None)


TRAINING = [
    step(
        "train",
        "a version",
        TO_TRAIN,
        ListSolutionVersions={"solutionVersions": []},
        CreateSolutionVersion={"solutionVersionArn": VERSION},
    ),
    step(
        "train",
        "made before",
        TO_TRAIN,
        ListSolutionVersions=LISTED_BEFORE,
        CreateSolutionVersion=THERE,
    ),
    replace(
        step("train", "found", TO_TRAIN, ListSolutionVersions=LISTED, DescribeSolutionVersion=NAMED), prepare=cut_off
    ),
    step("train", "full quota", TO_TRAIN, ListSolutionVersions=LISTED_BEFORE, CreateSolutionVersion=FULL),
    step("train", "rejected", TO_TRAIN, ListSolutionVersions=LISTED_BEFORE, CreateSolutionVersion=WRONG),
]

TO_DEPLOY = message("deploy", "for-you", phase="deploy", solution_version=VERSION)
MADE = {"campaignArn": CAMPAIGN.arn}


def serving(version: str, status: str = "ACTIVE") -> dict[str, Any]:
    """Return a campaign as described."""
    return {"campaign": {"solutionVersionArn": version, "status": status, "minProvisionedTPS": 1, **AT}}


ELSEWHERE = arn("solution", "other-shop-for-you-0a1b2c3d/v1")


def undeclared(account: Account) -> None:
    """Let the campaign be taken out of the declaration while the run is under way."""
    under_way(account)
    account.declarations.withdraw("shop", CAMPAIGN.name)


TO_FILTER = message("filter", FILTERS, phase="filter")
NEW_FILTER: dict[str, Answer] = {"CreateFilter": {"filterArn": IN_STOCK.arn}}
FAILED_FILTER = {"filter": {"filterArn": IN_STOCK.arn, "status": "CREATE FAILED", **AT}}
FILTERING = [
    step("filter", "made", TO_FILTER, DescribeFilter=GONE, **NEW_FILTER),
    step("filter", "failed before", TO_FILTER, DescribeFilter=FAILED_FILTER, DeleteFilter={}),
    step("filter", "rejected", TO_FILTER, DescribeFilter=GONE, CreateFilter=WRONG),
]

DEPLOYING = [
    step("deploy", "first", TO_DEPLOY, DescribeCampaign=GONE, CreateCampaign=MADE),
    step("deploy", "move", TO_DEPLOY, DescribeCampaign=serving(OLD_VERSION), UpdateCampaign=MADE),
    step("deploy", "being changed", TO_DEPLOY, DescribeCampaign=serving(OLD_VERSION, "CREATE PENDING")),
    step("deploy", "deployed before", TO_DEPLOY, DescribeCampaign=serving(VERSION)),
    step("deploy", "somebody else's", TO_DEPLOY, DescribeCampaign=serving(ELSEWHERE)),
    replace(step("deploy", "not declared any more", TO_DEPLOY), prepare=undeclared),
]


def polling(branch: str, phase: Any, wait: Wait) -> Message:
    """Return a message that waits."""
    return message("poll", branch, phase=phase, waits=(wait,), solution_version=VERSION)


DUE, NOT_YET = (datetime(year, 1, 1, tzinfo=UTC).isoformat() for year in (2000, 2999))
OF_IMPORTS = polling(IMPORTS, "import", Wait("dataset_import_job", IMPORT_JOB, key="interactions", look_at=DUE))
OF_TRAINING = polling("for-you", "train", Wait("solution_version", VERSION, key=OF_TRAININGS, look_at=DUE))
OF_CAMPAIGN = polling("for-you", "deploy", Wait("campaign", CAMPAIGN.arn, version=VERSION, look_at=DUE))
OF_FILTER = polling(FILTERS, "filter", Wait("filter", IN_STOCK.arn, look_at=DUE))
POLLING = [
    step("poll", "nothing yet", polling("for-you", "train", Wait("solution_version", VERSION, look_at=NOT_YET))),
    step("poll", "just begun", polling("for-you", "train", Wait("solution_version", VERSION))),
    step("poll", "imported", OF_IMPORTS, DescribeDatasetImportJob={"datasetImportJob": {"status": "ACTIVE", **AT}}),
    step(
        "poll", "failed", OF_IMPORTS, DescribeDatasetImportJob={"datasetImportJob": {"status": "CREATE FAILED", **AT}}
    ),
    step(
        "poll", "training", OF_TRAINING, DescribeSolutionVersion={"solutionVersion": {"status": "CREATE PENDING", **AT}}
    ),
    step(
        "poll",
        "training for too long",
        replace(OF_TRAINING, since=(NOW - timedelta(days=9)).isoformat()),
        DescribeSolutionVersion={"solutionVersion": {"status": "CREATE IN_PROGRESS", **AT}},
        StopSolutionVersionCreation={},
    ),
    step("poll", "trained", OF_TRAINING, DescribeSolutionVersion={"solutionVersion": {"status": "ACTIVE", **AT}}),
    step("poll", "deployed", OF_CAMPAIGN, DescribeCampaign=serving(VERSION)),
    step("poll", "filtered", OF_FILTER, DescribeFilter={"filter": {"status": "ACTIVE", **AT}}),
]

FINISHING = [
    step("finish", "success", message("finish", "for-you", ending=Ending("SUCCEEDED"))),
    step("finish", "failure", message("finish", IMPORTS, ending=Ending("FAILED", "why"))),
    step("finish", "failed training", message("finish", "for-you", phase="train", ending=Ending("FAILED", "why"))),
]

# ------------------------------------------------------------------ glue

NEW_SCHEMA = arn("schema", "acme-shop-items-22222222")
OLD_SCHEMA, BY_HAND_SCHEMA = arn("schema", "acme-shop-items-11111111"), arn("schema", "by-hand")
DATASET_ARN = arn("dataset", "acme-shop/ITEMS")
TEXT = '{"type": "record"}'
DATASET: Event = {
    "resource": "dataset",
    "request": {"name": "acme-shop-items", "datasetGroupArn": GROUP, "datasetType": "items"},
    "schema": {"name": "acme-shop-items-22222222", "schema": TEXT},
    "tags": {"team": "search"},
}
DATASETS = {"datasets": [{"name": "acme-shop-items", "datasetArn": DATASET_ARN, "status": "ACTIVE"}]}
SCHEMAS = {
    "schemas": [
        {"name": each.rpartition("/")[2], "schemaArn": each} for each in (OLD_SCHEMA, NEW_SCHEMA, BY_HAND_SCHEMA)
    ]
}
GROUP_WANTED: Event = {
    "resource": "dataset_group",
    "arn": GROUP,
    "request": {
        "name": "acme-shop",
        "kmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/0123",
        "roleArn": ROLE,
    },
    "tags": {"team": "search"},
}
TRACKER = arn("event-tracker", "0a1b2c3d")
TRACKER_WANTED: Event = {
    "resource": "event_tracker",
    "request": {"name": "acme-shop", "datasetGroupArn": GROUP},
    "tags": {"team": "search"},
}
TRACKERS = {"eventTrackers": [{"name": "acme-shop", "eventTrackerArn": TRACKER, "status": "ACTIVE"}]}
EXPRESSION = 'INCLUDE ItemID WHERE Items.GENRES IN ("Drama")'
FILTER_ARN = arn("filter", "acme-shop-drama-11111111")
FILTER: Event = {
    "resource": "filter",
    "name": "acme-shop-drama",
    "pipeline": "shop",
    "request": {"name": "acme-shop-drama-11111111", "datasetGroupArn": GROUP, "filterExpression": EXPRESSION},
    "tags": {"team": "search"},
}
MADE_FILTERS = {"Filters": [{"name": "acme-shop-drama-11111111", "filterArn": FILTER_ARN, "status": "ACTIVE"}]}
SOLUTION_WANTED: Event = {
    "resource": "solution",
    "name": "acme-shop-for-you",
    "pipeline": "shop",
    "campaign_arn": CAMPAIGN.arn,
    "request": {
        "datasetGroupArn": GROUP,
        "recipeArn": "arn:aws:personalize:::recipe/aws-sims",
        "performAutoTraining": True,
    },
    "tags": {"team": "search"},
}
OURS = arn("solution", name_of(Wanted("solution", name=SOLUTION_WANTED["name"], request=SOLUTION_WANTED["request"])))
SOLUTIONS = {
    "solutions": [
        {"name": each.rpartition("/")[2], "solutionArn": each, "creationDateTime": NOW, "status": "ACTIVE"}
        for each in (SOLUTION, OURS)
    ]
}
CAMPAIGNS = {"campaigns": [{"name": CAMPAIGN.name, "campaignArn": CAMPAIGN.arn, "status": "ACTIVE"}]}
CAMPAIGN_WANTED: Event = {
    "resource": "campaign",
    "name": "acme",
    "pipeline": "shop",
    "solution": "for-you",
    "request": {"campaignArn": CAMPAIGN.arn},
    "spec": {"name": CAMPAIGN.name, "arn": CAMPAIGN.arn},
}
TAGS_BEFORE = {"tags": {"owner": "me"}}
OTHER_RECIPE = {"recipeArn": "arn:aws:personalize:::recipe/aws-popularity-count"}
NOTHING_INSIDE: dict[str, Answer | Sequence[Answer]] = {
    "ListDatasets": {"datasets": []},
    "ListEventTrackers": {"eventTrackers": []},
    "ListFilters": {"Filters": []},
    "ListMetricAttributions": {"metricAttributions": []},
    "ListRecommenders": {"recommenders": []},
    "ListSchemas": {"schemas": []},
    "ListSolutions": {"solutions": []},
}


def a_dataset(schema: str = NEW_SCHEMA, **update: Any) -> dict[str, Any]:
    """Return a dataset as described."""
    return {"dataset": {"schemaArn": schema, "status": "ACTIVE", **update}}


def a_filter(name: str = FILTER["request"]["name"]) -> dict[str, Any]:
    """Return a filter as described."""
    return {"filter": {**FILTER["request"], "name": name, "status": "ACTIVE"}}


def a_solution(*, auto: bool = True, **update: Any) -> dict[str, Any]:
    """Return a solution as described."""
    return {"solution": {"status": "ACTIVE", "performAutoTraining": auto, **update}}


def glue(name: str, wanted: Event, action: str, **answers: Answer | Sequence[Answer]) -> Scenario:
    """Return the scenario of one of Terraform's calls."""
    other = {**wanted.get("request", {}), **(OTHER_RECIPE if wanted["resource"] == "solution" else {})}
    before = {**wanted, **TAGS_BEFORE, "request": other} if action == "update" else wanted
    return Scenario("glue", name, {**wanted, "tf": {"action": action, "prev_input": before}}, answers)


A_GROUP = {"datasetGroup": {"name": "acme-shop", "status": "ACTIVE", "kmsKeyArn": GROUP_WANTED["request"]["kmsKeyArn"]}}
A_TRACKER = {"eventTracker": {"name": "acme-shop", "status": "ACTIVE", "trackingId": "id"}}
IMPORTED = {"datasetImportJobs": [{"jobName": "by-hand", "status": "ACTIVE", **AT}]}

GLUE = [
    glue("group", GROUP_WANTED, "create", DescribeDatasetGroup=[GONE, A_GROUP], CreateDatasetGroup={}),
    glue("tagged group", GROUP_WANTED, "update", DescribeDatasetGroup=A_GROUP, TagResource={}, UntagResource={}),
    glue("no group", GROUP_WANTED, "delete", **NOTHING_INSIDE, DeleteDatasetGroup={}, DescribeDatasetGroup=GONE),
    glue(
        "dataset",
        DATASET,
        "create",
        DescribeDatasetGroup=A_GROUP,
        DescribeDataset=[GONE, GONE, a_dataset()],
        CreateSchema={},
        CreateDataset={"datasetArn": DATASET_ARN},
    ),
    glue(
        "changed schema",
        DATASET,
        "update",
        DescribeDataset=[a_dataset(OLD_SCHEMA), a_dataset(latestDatasetUpdate={"status": "ACTIVE"})],
        DescribeDatasetGroup=A_GROUP,
        CreateSchema=THERE,
        DescribeSchema={"schema": {"schema": TEXT}},
        UpdateDataset={"datasetArn": DATASET_ARN},
        TagResource={},
        UntagResource={},
        ListSchemas=SCHEMAS,
        DeleteSchema={},
    ),
    glue(
        "dataset made by hand",
        DATASET,
        "create",
        DescribeDataset=a_dataset(BY_HAND_SCHEMA),
        DescribeSchema={"schema": {"schema": TEXT}},
        TagResource={},
    ),
    glue("no dataset", DATASET, "delete", DeleteDataset={}, DescribeDataset=GONE, ListSchemas=SCHEMAS, DeleteSchema={}),
    glue(
        "tracker",
        TRACKER_WANTED,
        "create",
        ListEventTrackers={"eventTrackers": []},
        CreateEventTracker={"eventTrackerArn": TRACKER},
        DescribeEventTracker=A_TRACKER,
    ),
    glue(
        "tagged tracker",
        TRACKER_WANTED,
        "update",
        ListEventTrackers=TRACKERS,
        DescribeEventTracker=A_TRACKER,
        TagResource={},
        UntagResource={},
    ),
    glue(
        "no tracker",
        TRACKER_WANTED,
        "delete",
        ListEventTrackers=TRACKERS,
        DeleteEventTracker={},
        DescribeEventTracker=GONE,
    ),
    glue(
        "filter",
        FILTER,
        "create",
        DescribeFilter=[GONE, GONE, GONE, a_filter()],
        ListDatasets=DATASETS,
        ListDatasetImportJobs=IMPORTED,
        CreateFilter={},
    ),
    glue("tagged filter", FILTER, "update", DescribeFilter=[GONE, a_filter()], TagResource={}, UntagResource={}),
    glue("no filter", FILTER, "delete", ListFilters=MADE_FILTERS, DeleteFilter={}, DescribeFilter=GONE),
    glue(
        "solution",
        SOLUTION_WANTED,
        "create",
        CreateSolution={"solutionArn": OURS},
        DescribeSolution=[GONE, a_solution()],
    ),
    glue(
        "changed solution",
        SOLUTION_WANTED,
        "update",
        DescribeSolution=[
            GONE,
            a_solution(),
            a_solution(),
            a_solution(auto=False),
            a_solution(latestSolutionUpdate={"status": "ACTIVE"}),
        ],
        UpdateSolution={"solutionArn": OURS},
        TagResource={},
        UntagResource={},
        DescribeCampaign=serving(f"{OURS}/v1"),
        ListSolutions=SOLUTIONS,
        DeleteSolution={},
    ),
    glue(
        "changed solution, not served yet",
        SOLUTION_WANTED,
        "update",
        DescribeSolution=a_solution(),
        TagResource={},
        UntagResource={},
        DescribeCampaign=GONE,
        ListSolutions=SOLUTIONS,
        ListSolutionVersions={"solutionVersions": [{"solutionVersionArn": VERSION, "status": "ACTIVE", **AT}]},
        DeleteSolution=BUSY,
    ),
    glue(
        "no solution",
        SOLUTION_WANTED,
        "delete",
        ListCampaigns={"campaigns": []},
        ListSolutions=SOLUTIONS,
        ListSolutionVersions=LISTED,
        StopSolutionVersionCreation={},
        DeleteSolution={},
        DescribeSolution=GONE,
    ),
    glue(
        "no solution, and its campaign moves to another",
        SOLUTION_WANTED,
        "delete",
        ListCampaigns=CAMPAIGNS,
        ListSolutions=SOLUTIONS,
        DescribeSolution=a_solution(auto=False),
    ),
    glue("campaign", CAMPAIGN_WANTED, "create", DescribeCampaign=serving(VERSION)),
    glue(
        "no campaign",
        CAMPAIGN_WANTED,
        "delete",
        DescribeCampaign=[serving(VERSION), serving(VERSION), GONE],
        DeleteCampaign=[BUSY, {}],
    ),
    glue("guard", {"resource": "guard", "arn": GROUP, "pipeline": "shop"}, "delete", **NOTHING_INSIDE),
    glue("guard of the bucket", {"resource": "guard", "bucket": BUCKET}, "delete"),
]

SCENARIOS = [*START, *IMPORTING, *FILTERING, *TRAINING, *DEPLOYING, *POLLING, *FINISHING, *GLUE]
