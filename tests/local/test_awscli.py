"""The AWS CLI, unmodified, goes from nothing to recommendations and back to nothing.

The steps are those of https://docs.aws.amazon.com/personalize/latest/dg/getting-started-cli.html and of the pages that
it leads to. The CLI is AWS's own from PyPI; only its environment says that the account is a local one.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.account import LocalAccount
from tests.local.personalize_account import INTERACTIONS, TASTES, avro, taste_data

ROOT = Path(__file__).resolve().parents[2]
AWS = ROOT / ".venv-awscli" / "bin" / "aws"
BUCKET = "getting-started"
SERVICE = "personalize.amazonaws.com"
RECIPE = "arn:aws:personalize:::recipe/aws-user-personalization"
_SECONDS = 60.0


class Cli:
    """The `aws` command in an environment that points to a local account."""

    def __init__(self, account: LocalAccount, folder: Path) -> None:
        # No configuration of whoever runs the tests, and no pager.
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_PAGER": "",
            "AWS_EC2_METADATA_DISABLED": "true",
            **account.env,
        }
        self.folder = folder

    def __call__(self, *arguments: str) -> dict[str, Any]:
        """Run a command that must succeed, and return its answer."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"aws {' '.join(arguments)}: {done.stderr}"
        answer: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip().startswith("{") else {}
        return answer

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever comes of it."""
        return subprocess.run(
            [str(AWS), *arguments], env=self._env, cwd=self.folder, capture_output=True, text=True, check=False
        )

    def personalize(self, operation: str, *arguments: str) -> dict[str, Any]:
        """Run a command of the control plane."""
        return self("personalize", operation, *arguments)

    def made(self, kind: str, *arguments: str) -> str:
        """Create a resource, wait as a script would, and return its ARN."""
        answer = self.personalize(f"create-{kind}", *arguments)
        arn = str(next(value for key, value in answer.items() if key.endswith("Arn")))
        if kind != "schema":
            self.wait(kind, arn)
        return arn

    def wait(self, kind: str, arn: str) -> None:
        """Describe a resource until it is ACTIVE."""
        deadline = time.monotonic() + _SECONDS
        while True:
            (shown,) = self.personalize(f"describe-{kind}", f"--{kind}-arn", arn).values()
            if shown["status"] == "ACTIVE":
                return
            assert "FAILED" not in shown["status"], shown
            assert time.monotonic() < deadline, f"{arn} is {shown['status']} after {_SECONDS:.0f} s"
            time.sleep(0.2)

    def deleted(self, kind: str, arn: str) -> None:
        """Delete a resource, and wait until it is gone."""
        self.personalize(f"delete-{kind}", f"--{kind}-arn", arn)
        deadline = time.monotonic() + _SECONDS
        while (left := self.run("personalize", f"describe-{kind}", f"--{kind}-arn", arn)).returncode == 0:
            assert time.monotonic() < deadline, f"{arn} is still there"
            time.sleep(0.2)
        assert "(ResourceNotFoundException)" in left.stderr

    def file(self, name: str, content: object) -> str:
        """Write a file beside the commands, and return how they name it."""
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / name).write_text(text)
        return f"file://{name}"


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    assert AWS.exists(), "make test installs the AWS CLI; by itself: make .venv-awscli/.ready"
    with LocalAccount(durations="instant") as account:
        yield Cli(account, tmp_path_factory.mktemp("cli"))


def a_bucket_and_a_role(cli: Cli) -> str:
    """Make what Personalize reads and writes, with the policies that it asks for; return the role's ARN.

    https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-s3-access.html
    """
    cli("s3", "mb", f"s3://{BUCKET}")
    resources = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    allowed = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"], "Resource": resources}
    ours = {"Version": "2012-10-17", "Statement": [{**allowed, "Principal": {"Service": SERVICE}}]}
    cli("s3api", "put-bucket-policy", "--bucket", BUCKET, "--policy", cli.file("bucket.json", ours))
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": SERVICE}}
    trusted = cli.file("trust.json", {"Version": "2012-10-17", "Statement": [trust]})
    made = cli("iam", "create-role", "--role-name", "Personalize", "--assume-role-policy-document", trusted)
    theirs = cli.file("role.json", {"Version": "2012-10-17", "Statement": [allowed]})
    cli("iam", "put-role-policy", "--role-name", "Personalize", "--policy-name", "S3", "--policy-document", theirs)
    return str(made["Role"]["Arn"])


def test_getting_started(cli: Cli) -> None:
    role = a_bucket_and_a_role(cli)

    group = cli.made("dataset-group", "--name", "MovieRatings")
    document = cli.file("schema.json", avro("Interactions", INTERACTIONS))
    schema = cli.made("schema", "--name", "MovieRatings", "--schema", document)
    dataset = cli.made(
        "dataset",
        *("--name", "MovieRatings", "--dataset-group-arn", group),
        *("--dataset-type", "Interactions", "--schema-arn", schema),
    )
    taste_data().to_csv(cli.folder / "ratings.csv", index=False)
    cli("s3", "cp", "ratings.csv", f"s3://{BUCKET}/ratings.csv")
    cli.made(
        "dataset-import-job",
        *("--job-name", "MovieRatings", "--dataset-arn", dataset, "--role-arn", role),
        *("--data-source", f"dataLocation=s3://{BUCKET}/ratings.csv"),
    )

    solution = cli.made(
        "solution",
        *("--name", "Movies", "--dataset-group-arn", group, "--recipe-arn", RECIPE, "--no-perform-auto-training"),
    )
    version = cli.made("solution-version", "--solution-arn", solution)
    metrics = cli.personalize("get-solution-metrics", "--solution-version-arn", version)["metrics"]
    assert metrics["precision_at_10"] > 0
    campaign = cli.made("campaign", "--name", "Movies", "--solution-version-arn", version, "--min-provisioned-tps", "1")
    assert liked(recommended(cli, campaign)) > 2 / TASTES
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'
    unseen = cli.made("filter", "--name", "Unseen", "--dataset-group-arn", group, "--filter-expression", expression)
    first, *_ = recommended(cli, campaign, "--filter-arn", unseen)
    watches(cli, group, first)
    assert first not in recommended(cli, campaign, "--filter-arn", unseen)

    jobs_write_what_they_found(cli, role, version)
    nothing_is_left(cli, group, campaign=campaign, solution=solution, filter=unseen, dataset=dataset, schema=schema)


def recommended(cli: Cli, campaign: str, *more: str) -> list[str]:
    answer = cli("personalize-runtime", "get-recommendations", "--campaign-arn", campaign, "--user-id", "u4", *more)
    assert answer["recommendationId"]
    return [each["itemId"] for each in answer["itemList"]]


def liked(items: list[str]) -> float:
    """Return the share of items that are to the taste of u4."""
    return sum(int(item[1:]) % TASTES == 0 for item in items[:10]) / 10


def watches(cli: Cli, group: str, item: str) -> None:
    """Record that u4 watches an item, by an event tracker that is deleted afterwards."""
    made = cli.personalize("create-event-tracker", "--name", "Movies", "--dataset-group-arn", group)
    cli.wait("event-tracker", made["eventTrackerArn"])
    event = {"eventType": "watch", "itemId": item, "sentAt": dt.datetime.now(dt.UTC).timestamp()}
    events = cli.file("events.json", [event])
    cli(
        *("personalize-events", "put-events", "--tracking-id", made["trackingId"]),
        *("--user-id", "u4", "--session-id", "evening", "--event-list", events),
    )
    cli.deleted("event-tracker", made["eventTrackerArn"])


def jobs_write_what_they_found(cli: Cli, role: str, version: str) -> None:
    lines = "".join(json.dumps({"userId": f"u{number}"}) + "\n" for number in range(20))
    cli.file("users.json", lines)
    cli("s3", "cp", "users.json", f"s3://{BUCKET}/users.json")
    source, target = f"s3://{BUCKET}/users.json", f"s3://{BUCKET}/found/"
    cli.made(
        "batch-inference-job",
        *("--job-name", "Movies", "--solution-version-arn", version, "--role-arn", role, "--num-results", "5"),
        *("--job-input", f"s3DataSource={{path={source}}}"),
        *("--job-output", f"s3DataDestination={{path={target}}}"),
    )
    cli("s3", "cp", f"{target}users.json.out", "found.json")
    found = [json.loads(line) for line in (cli.folder / "found.json").read_text().splitlines()]
    assert [each["input"]["userId"] for each in found] == [f"u{number}" for number in range(20)]
    assert all(len(each["output"]["recommendedItems"]) == 5 for each in found)


def nothing_is_left(cli: Cli, group: str, **made: str) -> None:
    for kind, arn in made.items():
        cli.deleted(kind, arn)
    cli.deleted("dataset-group", group)
    assert cli.personalize("list-dataset-groups") == {"datasetGroups": []}
    cli("s3", "rb", f"s3://{BUCKET}", "--force")


def test_mistakes_are_told_as_the_cli_tells_them(cli: Cli) -> None:
    missing = cli.run("personalize", "describe-campaign", "--campaign-arn", "arn:aws:personalize:r:a:campaign/none")
    assert missing.returncode != 0
    assert "An error occurred (ResourceNotFoundException) when calling the DescribeCampaign operation" in missing.stderr
    wrong = cli.run("personalize", "create-dataset-group", "--name", "not a name")
    assert "(InvalidInputException)" in wrong.stderr
    assert "'name'" in wrong.stderr
