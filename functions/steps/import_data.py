"""Import what has changed: one import job per dataset, all at once, or as slots of the quota come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from functions.engine import IN_LINE, Observed, Step, tags
from functions.model import Message, Wait
from functions.names import sibling_arn
from functions.outcomes import Await, Call, Fail, InLine, Make, Outcome
from functions.ports import Personalize, Ports
from functions.shell import consumer
from functions.slots import lacking as lacking_of


def observe(message: Message, ports: Ports) -> Observed:
    """Nothing to look up: the jobs' names are pinned, and Personalize refuses a second one of a name."""
    return {}


def decide(message: Message, observed: Observed, now: datetime, floor: float) -> Outcome:
    """Make every job that is not made yet and has a slot, then wait for those that are made.

    Nothing is imported, and paid for, where the files of one dataset can't be: no solution would train on the rest.
    """
    if problems := [job.problem for job in message.plan.imports.values() if job.problem]:
        return Fail(" ".join(["nothing was imported.", *problems]))
    in_line = observed.get(IN_LINE, set())
    lacking = lacking_of(message)
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
        if dataset in lacking and dataset not in observed and dataset not in in_line
    )
    if missing:
        return Make(missing)
    waits = tuple(replace(wait, look_at=None) for wait in message.waits if not wait.done)  # for these alone
    waits += tuple(
        Wait("dataset_import_job", observed[dataset], expected=job.expected, spread=job.spread, key=dataset)
        for dataset, job in message.plan.imports.items()
        if dataset in observed
    )
    done = tuple(wait for wait in message.waits if wait.done)
    if in_line and not waits:
        return InLine("in line for a slot of the quota of imports", done)
    return Await(waits + done)


def find(message: Message, call: Call, personalize: Personalize) -> str:
    """Return the ARN of the job, which its name makes."""
    return sibling_arn(call.params["datasetArn"], "dataset-import-job", call.params["jobName"])


STEP = Step("import", observe, decide, find, counted=True)
handler = consumer(STEP)
