"""A local AWS that is kept in a folder: after a stop or a kill, all is there again."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.account import LocalAccount, LocalAccountError
from local.folder import FolderError, claim
from tests.local.personalize_account import INTERACTIONS, ROLE, avro, taste_data
from tests.local.support import allow, make_function, set_bucket_policy, set_policy, trust, wait

SAVED = 3.0
"""Seconds after which what has changed must be on the disk."""


def stop(account: LocalAccount) -> None:
    account.stop()


def kill(account: LocalAccount) -> None:
    time.sleep(SAVED)
    os.kill(account.pid, signal.SIGKILL)
    account.stop()  # what is left: the workers


def campaign(session: Any) -> tuple[str, str]:
    """Import, train and deploy; return the campaign and the dataset."""
    session.client("s3").create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    reads = allow("s3:GetObject", "s3:ListBucket", on=["arn:aws:s3:::data", "arn:aws:s3:::data/*"])
    set_bucket_policy(session, "data", {**reads, "Principal": {"Service": "personalize.amazonaws.com"}})
    trusts = trust("personalize.amazonaws.com")
    session.client("iam").create_role(RoleName="personalize", AssumeRolePolicyDocument=trusts)
    set_policy(session, "personalize", reads)
    session.client("s3").put_object(Bucket="data", Key="i.csv", Body=taste_data().to_csv(index=False).encode())
    personalize = session.client("personalize")
    group = personalize.create_dataset_group(name="g")["datasetGroupArn"]
    schema = personalize.create_schema(name="s", schema=avro("Interactions", INTERACTIONS))["schemaArn"]
    dataset = personalize.create_dataset(name="d", datasetGroupArn=group, schemaArn=schema, datasetType="Interactions")[
        "datasetArn"
    ]
    begin_import(session, dataset, "first")
    wait(lambda: status(session, "first") == "ACTIVE")
    solution = personalize.create_solution(
        name="s",
        datasetGroupArn=group,
        recipeArn="arn:aws:personalize:::recipe/aws-user-personalization-v2",
        performAutoTraining=False,
    )["solutionArn"]
    version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    describe = personalize.describe_solution_version
    wait(lambda: describe(solutionVersionArn=version)["solutionVersion"]["status"] == "ACTIVE", 60)
    arn = personalize.create_campaign(name="c", solutionVersionArn=version)["campaignArn"]
    wait(lambda: personalize.describe_campaign(campaignArn=arn)["campaign"]["status"] == "ACTIVE")
    return arn, dataset


def begin_import(session: Any, dataset: str, name: str) -> None:
    session.client("personalize").create_dataset_import_job(
        jobName=name, datasetArn=dataset, dataSource={"dataLocation": "s3://data/i.csv"}, roleArn=ROLE
    )


def status(session: Any, job: str) -> str:
    arn = f"arn:aws:personalize:eu-west-1:123456789012:dataset-import-job/{job}"
    found = session.client("personalize").describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]
    return str(found["status"])


@pytest.mark.parametrize("end", [stop, kill])
def test_all_is_there_again(tmp_path: Path, end: Callable[[LocalAccount], None]) -> None:
    state = tmp_path / "state"
    with LocalAccount(durations="instant", state=state) as account:
        session = account.session()
        arn, dataset = campaign(session)
        tracking = session.client("personalize").create_event_tracker(
            name="t",
            datasetGroupArn=session.client("personalize").list_dataset_groups()["datasetGroups"][0]["datasetGroupArn"],
        )["trackingId"]
        event: Any = {"eventType": "watch", "itemId": "i3", "sentAt": 1_800_000_000}
        session.client("personalize-events").put_events(
            trackingId=tracking, sessionId="1", userId="new", eventList=[event]
        )
        queue = session.client("sqs").create_queue(QueueName="q")["QueueUrl"]
        session.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")
        function, role = make_function(session)
        account.control.advance(3600)
        account.control.time_next("DatasetImportJob", 6)
        begin_import(session, dataset, "second")
        account.control.hang_next("DatasetImportJob")
        begin_import(session, dataset, "third")
        runtime = session.client("personalize-runtime")
        before = [runtime.get_recommendations(campaignArn=arn, userId=user)["itemList"] for user in ("u1", "new")]
        port, moment = account.settings.port, account.control.now()
        end(account)

    with LocalAccount(durations="instant", state=state) as account:
        session = account.session()
        assert account.settings.port == port
        assert account.control.now() > moment
        runtime = session.client("personalize-runtime")
        after = [runtime.get_recommendations(campaignArn=arn, userId=user)["itemList"] for user in ("u1", "new")]
        assert after == before
        assert status(session, "second") != "CREATE FAILED"
        wait(lambda: status(session, "second") == "ACTIVE")
        assert status(session, "third") == "CREATE IN_PROGRESS"
        account.control.release("third")
        wait(lambda: status(session, "third") == "ACTIVE")
        assert session.client("s3").get_object(Bucket="data", Key="i.csv")["Body"].read().startswith(b"USER_ID")
        (message,) = session.client("sqs").receive_message(QueueUrl=queue)["Messages"]
        assert message["Body"] == "hello"
        assert session.client("iam").get_role(RoleName=function)["Role"]["Arn"] == role
        answer = session.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"name": "made"}))
        assert json.load(answer["Payload"])["arn"].endswith("dataset-group/made")


def test_a_folder_is_for_one_account_at_a_time(tmp_path: Path) -> None:
    with LocalAccount(state=tmp_path) as first:
        owner = rf"^{tmp_path} is in use by another local AWS \(process {os.getpid()}\); stop that one, or take another"
        with pytest.raises(LocalAccountError, match=owner):
            LocalAccount(state=tmp_path, port=1).start()
        linked = tmp_path.with_name("linked")
        linked.symlink_to(tmp_path)
        with pytest.raises(LocalAccountError, match=owner):
            LocalAccount(state=linked).start()
        # Even if who started it has died: the process itself holds the folder.
        assert first._lock
        first._lock.close()
        with pytest.raises(FolderError):
            claim(tmp_path)
    claim(tmp_path).close()


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "personalize" / "123456789012-eu-west-1"
    folder.mkdir(parents=True)
    (folder / "state").write_bytes(b'{"format": 0}\n')
    with pytest.raises(LocalAccountError, match="kept by another version"):
        LocalAccount(state=tmp_path).start()
