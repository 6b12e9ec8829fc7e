"""Import what has changed: one import job per dataset, all at once."""

from __future__ import annotations

from datetime import datetime

from functions.engine import Observed, Step, tags
from functions.model import Message, Wait
from functions.names import sibling_arn
from functions.outcomes import Await, Call, Make, Outcome
from functions.ports import Personalize, Ports
from functions.shell import consumer


def observe(message: Message, ports: Ports) -> Observed:
    """Nothing to look up: the jobs' names are pinned, and Personalize refuses a second one of a name."""
    return {}


def decide(message: Message, observed: Observed, now: datetime, floor: float) -> Outcome:
    """Make every job that is not made yet, then wait for all of them."""
    missing = tuple(
        Call(
            key=dataset,
            operation="CreateDatasetImportJob",
            params={
                "jobName": job.job_name,
                "datasetArn": job.dataset_arn,
                "dataSource": {"dataLocation": job.location},
                "roleArn": message.plan.role_arn,
                "importMode": "FULL",
                **tags(message),
            },
            arn_key="datasetImportJobArn",
        )
        for dataset, job in message.plan.imports.items()
        if dataset not in observed
    )
    if missing:
        return Make(missing)
    return Await(
        tuple(
            Wait("dataset_import_job", observed[dataset], expected=job.expected, spread=job.spread)
            for dataset, job in message.plan.imports.items()
        )
    )


def find(message: Message, call: Call, personalize: Personalize) -> str:
    """Return the ARN of the job, which its name makes."""
    return sibling_arn(call.params["datasetArn"], "dataset-import-job", call.params["jobName"])


STEP = Step("import", observe, decide, find)
handler = consumer(STEP)
