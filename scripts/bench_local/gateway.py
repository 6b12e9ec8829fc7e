"""The local Personalize over HTTP, as clients meet it: a process of its own behind the gateway."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.account import LocalAccount
from local.personalize.service_models import CONTROL, RUNTIME, operation_model
from scripts.bench_local.library import FACTORS, RECIPE
from scripts.bench_local.sample import SCHEMA, Sample
from scripts.bench_local.timing import Stopwatch, repeated

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_BUCKET = "bench"
_PRINCIPAL = {"Service": "personalize.amazonaws.com"}
_SECONDS = 2.0
_POLL = 0.005
_CALLS = 2000


@dataclass
class Served:
    """One size, over HTTP."""

    size: int
    imported: float
    """Seconds from CreateDatasetImportJob to ACTIVE, S3 included."""
    trained: float
    raw: Stopwatch
    """GetRecommendations by a bare HTTP client: the server's part."""
    client: Stopwatch
    """GetRecommendations by boto3, as an application calls it."""


class Gateway:
    """A local AWS, and clients of it."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account
        session = account.session()
        self._s3, self._personalize = session.client("s3"), session.client("personalize")
        self._runtime = session.client("personalize-runtime")
        self._s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self._idle = self._personalize.create_dataset_group(name="idle")["datasetGroupArn"]
        self._role = self._permit(session.client("iam"))

    def floor(self) -> Stopwatch:
        """Take the times of a request that has nothing to do: what this machine does to all others, too."""
        url, headers, body = self._signed(CONTROL, "DescribeDatasetGroup", {"datasetGroupArn": self._idle})
        with urllib3.PoolManager(maxsize=1) as pool:
            return repeated(_CALLS, lambda at: _ok(pool, url, headers, body))

    def requests_per_second(self, threads: int) -> dict[str, float]:
        """Return how many requests of the control plane are answered, by operation."""
        return {
            "DescribeDatasetGroup": self._rate(threads, "DescribeDatasetGroup", {"datasetGroupArn": self._idle}),
            "ListRecipes": self._rate(threads, "ListRecipes", {}),
        }

    def serve(self, sample: Sample) -> Served:
        """Import and train a sample, and ask for recommendations of it."""
        name = f"size-{sample.size}"
        group = self._personalize.create_dataset_group(name=name)["datasetGroupArn"]
        schema = self._personalize.create_schema(name=name, schema=SCHEMA)["schemaArn"]
        dataset = self._personalize.create_dataset(
            name=name, datasetGroupArn=group, schemaArn=schema, datasetType="Interactions"
        )["datasetArn"]
        self._s3.upload_file(str(sample.path), _BUCKET, sample.path.name)
        began = time.perf_counter()
        job = self._personalize.create_dataset_import_job(
            jobName=name,
            datasetArn=dataset,
            dataSource={"dataLocation": f"s3://{_BUCKET}/{sample.path.name}"},
            roleArn=self._role,
        )["datasetImportJobArn"]
        self._wait(lambda: self._personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"])
        imported = time.perf_counter() - began
        solution = self._personalize.create_solution(
            name=name,
            datasetGroupArn=group,
            recipeArn=RECIPE,
            performAutoTraining=False,
            solutionConfig={"algorithmHyperParameters": {"hidden_dimension": str(FACTORS)}},
        )["solutionArn"]
        began = time.perf_counter()
        version = self._personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
        self._wait(lambda: self._personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"])
        trained = time.perf_counter() - began
        campaign = self._personalize.create_campaign(name=name, solutionVersionArn=version)["campaignArn"]
        self._wait(lambda: self._personalize.describe_campaign(campaignArn=campaign)["campaign"])
        return Served(sample.size, imported, trained, self._raw(sample, campaign), self._by_client(sample, campaign))

    def _permit(self, iam: IAMClient) -> str:
        """Let Personalize read the bucket, and return the role that it does so in."""
        reading = {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{_BUCKET}", f"arn:aws:s3:::{_BUCKET}/*"],
        }
        trusted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": _PRINCIPAL}
        role = iam.create_role(RoleName=_BUCKET, AssumeRolePolicyDocument=_policy(trusted))["Role"]["Arn"]
        iam.put_role_policy(RoleName=_BUCKET, PolicyName=_BUCKET, PolicyDocument=_policy(reading))
        self._s3.put_bucket_policy(Bucket=_BUCKET, Policy=_policy({**reading, "Principal": _PRINCIPAL}))
        return role

    def _wait(self, look: Callable[[], Any]) -> None:
        while (shown := look())["status"] != "ACTIVE":
            if "FAILED" in shown["status"]:
                raise SystemExit(f"it is {shown['status']}: {shown.get('failureReason')}")
            time.sleep(_POLL)

    def _raw(self, sample: Sample, campaign: str) -> Stopwatch:
        users = range(sample.users)
        requests = [self._signed(RUNTIME, "GetRecommendations", _asked(campaign, user)) for user in users[:1000]]
        with urllib3.PoolManager(maxsize=1) as pool:
            return repeated(_CALLS, lambda at: _ok(pool, *requests[at % len(requests)]))

    def _by_client(self, sample: Sample, campaign: str) -> Stopwatch:
        return repeated(
            _CALLS // 2, lambda at: self._runtime.get_recommendations(**_asked(campaign, at % sample.users))
        )

    def _rate(self, threads: int, operation: str, params: dict[str, Any]) -> float:
        url, headers, body = self._signed(CONTROL, operation, params)
        counts = [0] * threads
        end = time.perf_counter() + _SECONDS

        def ask(thread: int) -> None:
            with urllib3.PoolManager(maxsize=1) as pool:
                while time.perf_counter() < end:
                    _ok(pool, url, headers, body)
                    counts[thread] += 1

        _together(ask, range(threads))
        return sum(counts) / _SECONDS

    def _signed(self, service: str, operation: str, params: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
        """Return a request that can be sent again and again: without IAM nobody looks at its time."""
        model = operation_model(service, operation)
        url = self._account.endpoint + model.http["requestUri"]
        body = json.dumps(params).encode()
        headers = {"content-type": "application/json"}
        if service == CONTROL:
            headers["x-amz-target"] = f"{model.metadata['targetPrefix']}.{operation}"
        request = AWSRequest(model.http["method"], url, headers=headers, data=body)
        keys = Credentials(self._account.env["AWS_ACCESS_KEY_ID"], self._account.env["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(keys, "personalize", self._account.settings.region).add_auth(request)
        return url, dict(request.headers), body


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _asked(campaign: str, user: int) -> dict[str, Any]:
    return {"campaignArn": campaign, "userId": f"u{user}"}


def _ok(pool: urllib3.PoolManager, url: str, headers: dict[str, str], body: bytes) -> None:
    answer = pool.request("POST", url, headers=headers, body=body, retries=False)
    if answer.status != 200:
        raise SystemExit(f"{answer.status}: {answer.data.decode()}")


def _together(run: Callable[[int], None], numbers: Iterable[int]) -> None:
    threads = [threading.Thread(target=run, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
