"""Every example is applied as it stands, run until its campaigns serve, and taken down.

All but `local`, which `make demo` applies: the README's own module is much the same, and tried by `test_readme`.
Only what a test can't wait for is changed in a copy: looks come at once, files rest for seconds, and in the end nothing
is protected any more.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from local.account import LocalAccount
from scripts.sample_data import generate
from scripts.terraform import NO_CHANGES, Terraform
from tests.e2e.deployment import ROOT, Deployment
from tests.support.package import fresh_zip
from tests.support.pages import Block, Terminal, blocks

EXAMPLES = ROOT / "terraform" / "examples"
REGIONS = {"complete": "eu-central-1"}

QUICKLY = """\
module "personalize" {
  source              = "%s"
  poll_floor_seconds  = 1
  typical_minutes     = { import_job = 0.05, solution_version = 0.05, campaign = 0.05 }
"""
UNPROTECTED = """\
  deletion_protection = false
  force_destroy       = true
"""
TOLD = """\
output "personalize" {
  value = module.personalize
}
"""


@dataclass(frozen=True)
class Example:
    """How an example is used: how its runs start, what it needs, and which events there are in each pipeline."""

    start: Callable[[Deployment], None]
    variables: Callable[[LocalAccount], dict[str, object]]
    events: dict[str, tuple[str, ...]] = field(default_factory=dict)


# ------------------------------------------------------------------ what each example is about


def released(account: LocalAccount) -> dict[str, object]:
    """Put the zip where a release pipeline would."""
    s3 = account.session().client("s3")
    s3.create_bucket(Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.upload_file(fresh_zip(), "releases", "personalize/1.2.0.zip")
    return {"package": {"s3_bucket": "releases", "s3_key": "personalize/1.2.0.zip"}}


def bucket_of_others(account: LocalAccount) -> dict[str, object]:
    """Make the bucket that holds the data already."""
    s3 = account.session().client("s3")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return {"bucket_name": "lake", "package": fresh_zip()}


def by_hand(deployment: Deployment) -> None:
    """Call the pipeline by hand."""
    answer, failed = deployment.invoke("start", {"pipeline": deployment.pipeline})
    assert not failed, answer


def by_event(deployment: Deployment) -> None:
    """Do what the bucket's owner does, and ask on the team's bus, as the example's README does."""
    outputs = deployment.outputs
    policy = json.loads(outputs["bucket_policy"])
    deployment.client("s3").put_bucket_policy(Bucket="lake", Policy=json.dumps(policy))
    (asks,) = blocks(EXAMPLES / "events" / "README.md", "sh")
    with tempfile.TemporaryDirectory() as home, Terminal(Path(home), Path(home)) as terminal:
        terminal.tried(Block("sh", (), "\n".join(deployment.account.settings.to_paste({})), "make local"))
        answer = json.loads(terminal.tried(asks))
    assert answer["FailedEntryCount"] == 0, answer


USES = {
    "complete": Example(by_hand, released, {"shop": ("view", "view", "purchase"), "films": ("Watch",)}),
    "events": Example(by_event, bucket_of_others),
}

# ------------------------------------------------------------------ data that fits a schema


def table(schema: dict[str, Any], events: tuple[str, ...]) -> bytes:
    """Return a CSV file with the columns of a schema: sample data, or something of the right type."""
    sample = generate(users=160, items=90, interactions=6_000)
    kind = schema["name"]
    users = pd.DataFrame({"USER_ID": sample.interactions["USER_ID"].unique()})
    rows = {"Interactions": sample.interactions, "Items": sample.items, "Users": users}[kind]
    made = {"EVENT_TYPE": events, "IN_STOCK": ("yes", "no")}
    of_type = {"float": (9.5, 12.25, 30.0), "long": (1, 2, 3), "string": ("first", "second", "third")}

    def column(name: str, types: str | list[str]) -> Any:
        usual = next(of_type[each] for each in ([types] if isinstance(types, str) else types) if each != "null")
        if name in rows and name not in made:
            return rows[name]
        return list(islice(cycle(made.get(name, usual)), len(rows)))

    columns = {field["name"]: column(field["name"], field["type"]) for field in schema["fields"]}
    return pd.DataFrame(columns).to_csv(index=False).encode()


# ------------------------------------------------------------------ one example from nothing to nothing


def lived(name: str) -> None:
    """Apply, run, destroy."""
    use, folder = USES[name], ROOT / "build" / "e2e" / f"example-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    configuration = shutil.copytree(EXAMPLES / name, folder / name, ignore=shutil.ignore_patterns(".terraform*"))
    main = configuration / "main.tf"
    main.write_text(re.sub(r"(settle_seconds *= *)\d+", r"\g<1>3", main.read_text()))
    quickly = QUICKLY % (ROOT / "terraform")
    (configuration / "override.tf").write_text(f"{quickly}}}\n")
    if 'output "personalize"' not in (configuration / "outputs.tf").read_text():
        (configuration / "told.tf").write_text(TOLD)
    with LocalAccount(build=folder, region=REGIONS.get(name, "eu-west-1")) as account:
        terraform = Terraform(configuration, folder / "work", use.variables(account), account.env)
        terraform.init()
        terraform.apply()
        code, text = terraform.plan()
        assert code == NO_CHANGES, text
        outputs = Deployment(account.session(), terraform, "", account).outputs
        for pipeline in outputs["upload_prefixes"]:
            deployment = Deployment(account.session(), terraform, pipeline, account)
            run_until_it_serves(deployment, configuration, use)
        (configuration / "override.tf").write_text(f"{quickly}{UNPROTECTED}}}\n")
        terraform.apply()
        terraform.destroy()
        left_nothing(account)


def run_until_it_serves(deployment: Deployment, configuration: Path, use: Example) -> None:
    """Upload, start a run in the example's own way, and ask the campaigns."""
    pipeline = deployment.pipeline
    for kind in deployment.outputs["upload_prefixes"][pipeline]:
        schemas = configuration / "schemas"
        file = next(path for name in (f"{pipeline}-{kind}", kind) if (path := schemas / f"{name}.json").exists())
        deployment.upload(kind, table(json.loads(file.read_text()), use.events.get(pipeline, ("watch",))))
    use.start(deployment)
    runs = deployment.wait_for_trips(1)
    assert {run["status"] for run in runs} == {"SUCCEEDED"}, runs  # uploads may start one of their own
    assert not deployment.dead_letters()
    personalize = deployment.client("personalize")
    campaigns = deployment.outputs["campaign_arns"][pipeline]
    assert campaigns
    for solution, arn in campaigns.items():
        campaign = personalize.describe_campaign(campaignArn=arn)["campaign"]
        assert campaign["status"] == "ACTIVE", (solution, campaign)


def left_nothing(account: LocalAccount) -> None:
    """Hold that Personalize is as empty as before."""
    personalize = account.session().client("personalize")
    assert personalize.list_dataset_groups()["datasetGroups"] == []
    assert personalize.list_schemas()["schemas"] == []
    assert personalize.list_campaigns()["campaigns"] == []


# All lives count against whoever waits for the first of them.
pytestmark = pytest.mark.timeout(1200)

NAMES = sorted({path.name for path in EXAMPLES.iterdir() if path.is_dir()} - {"local"})


@pytest.fixture(scope="module")
def lives(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[None]]]:
    """Try all examples that are asked for, two at a time: most of it is waiting."""
    asked = [name for name in NAMES if any(f"[{name}]" in item.nodeid for item in request.session.items)]
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(lived, name) for name in asked}


@pytest.mark.parametrize("example", NAMES)
def test_an_example_is_applied_runs_and_is_destroyed(lives: dict[str, Future[None]], example: str) -> None:
    lives[example].result()
