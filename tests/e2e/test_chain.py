"""The whole chain on the local AWS, in the order in which a team meets it. Each test goes on from the last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.demo.next_steps import next_steps
from scripts.terraform import NO_CHANGES
from tests.e2e.deployment import Deployment, csv, deployed
from tests.support.pages import Block, Terminal

LISTS = ("dataset_groups", "datasets", "schemas", "event_trackers", "filters", "solutions", "campaigns")


@pytest.fixture(scope="module")
def stack() -> Iterator[Deployment]:
    with deployed("plain") as deployment:
        yield deployment


def filters(stack: Deployment) -> dict[str, str]:
    return {each["filterArn"]: each["status"] for each in stack.client("personalize").list_filters()["Filters"]}


def test_a_second_plan_changes_nothing(stack: Deployment) -> None:
    code, text = stack.terraform.plan()
    assert code == NO_CHANGES, text
    assert filters(stack) == {}, "Personalize refuses them while there is no data"


def test_a_schedule_imports_trains_and_deploys(stack: Deployment) -> None:
    # The event of the upload itself: the files are there before the pipeline has ever run.
    stack.upload_both()
    (run,) = stack.wait_for_trips(1)
    assert (run["status"], run["trigger"]) == ("SUCCEEDED", "upload")
    assert not run["warnings"]
    assert filters(stack) == dict.fromkeys(stack.outputs["filter_arns"]["shop"].values(), "ACTIVE")

    stack.fire("nightly")
    run = stack.wait_for_trips(2)[-1]
    assert (run["status"], run["trigger"]) == ("SUCCEEDED", "schedule")
    assert stack.made() == {"imports": 2, "versions": 4, "campaigns": 2}, "nothing new to import, both trained again"


def test_campaigns_answer(stack: Deployment) -> None:
    runtime, arns = stack.client("personalize-runtime"), stack.outputs["campaign_arns"]["shop"]
    answer = runtime.get_recommendations(campaignArn=arns["for-you"], userId="1", numResults=5)
    assert len(answer["itemList"]) == 5
    item = answer["itemList"][0]["itemId"]
    similar = runtime.get_recommendations(campaignArn=arns["similar"], itemId=item, numResults=5)["itemList"]
    assert item not in [each["itemId"] for each in similar]


def test_a_call_by_hand_answers_the_run_id(stack: Deployment) -> None:
    before = stack.served()
    answer, failed = stack.invoke("start", {"pipeline": "shop", "what": "train", "solutions": ["similar"]})
    assert not failed
    run = stack.wait_for_trips(3)[-1]
    assert (run["run_id"], run["trigger"], run["status"]) == (answer["run_id"], "manual", "SUCCEEDED")
    after = stack.served()
    assert after["similar"] != before["similar"]
    assert after["for-you"] == before["for-you"]


@pytest.mark.parametrize(
    ("payload", "code", "told"),
    [
        ({"pipeline": "shopp"}, "UnknownPipeline", "Declared pipelines: shop"),
        ({"pipeline": "shop", "solutions": ["foryou"]}, "UnknownSolution", "Its solutions: for-you, similar"),
        ({"pipeline": "shop", "what": "all"}, "InvalidRequest", "what"),
        ({}, "InvalidRequest", "pipeline"),
    ],
)
def test_a_wrong_call_by_hand_is_told_what_there_is(
    stack: Deployment, payload: dict[str, object], code: str, told: str
) -> None:
    answer, failed = stack.invoke("start", payload)
    assert failed
    assert answer["errorType"] == code
    assert told in answer["errorMessage"]


def test_the_teams_own_event_starts_a_run(stack: Deployment) -> None:
    before = len(stack.trips())
    detail = {"pipeline": "shop", "what": "train", "solutions": ["similar"]}
    entry = {"Source": "shop.catalogue", "DetailType": "Personalize retrain requested", "Detail": json.dumps(detail)}
    stack.client("events").put_events(Entries=[entry])
    run = stack.wait_for_trips(before + 1)[-1]
    assert (run["trigger"], run["status"]) == ("event", "SUCCEEDED")


def test_ten_uploads_make_one_run_or_two(stack: Deployment) -> None:
    before = [run["run_id"] for run in stack.runs()]
    bodies = [csv("interactions", seed=number) for number in range(10)]
    for number, body in enumerate(bodies):
        stack.upload("interactions", body, name=f"part-{number}.csv")

    def all_told() -> list[str] | None:
        new = [run["status"] for run in stack.runs() if run["run_id"] not in before]
        return new if len(new) == 10 and not {"QUEUED", "RUNNING"} & set(new) else None

    statuses = stack.wait(all_told, lambda: f"ten triggers: {[run['status'] for run in stack.runs()]}")
    assert 1 <= statuses.count("SUCCEEDED") <= 2
    assert statuses.count("FAILED") == 0


def test_an_upload_elsewhere_does_nothing(stack: Deployment) -> None:
    before = len(stack.runs())
    stack.client("s3").put_object(Bucket=stack.outputs["bucket"], Key="elsewhere/data.csv", Body=b"x")
    # A run by hand that comes after it shows that the upload was not merely slow.
    answer, _ = stack.invoke("start", {"pipeline": "shop", "what": "train", "solutions": ["similar"]})
    stack.wait_for_run(answer["run_id"])
    assert len(stack.runs()) == before + 1


def test_a_failed_import_fails_the_run_with_its_reason(stack: Deployment) -> None:
    bucket, _, prefix = stack.outputs["upload_prefixes"]["shop"]["interactions"].removeprefix("s3://").partition("/")
    before, versions = len(stack.trips()), stack.made()["versions"]
    stack.upload("interactions", b"USER_ID,ITEM_ID,EVENT_TYPE\nu,i,view\n", name="broken.csv")
    run = stack.wait_for_trips(before + 1)[-1]
    assert run["status"] == "FAILED"
    assert "TIMESTAMP" in str(run["reason"])
    assert "broken.csv" in str(run["reason"])
    assert stack.made()["versions"] == versions
    stack.client("s3").delete_object(Bucket=bucket, Key=prefix + "broken.csv")


def test_a_schema_gains_a_column_and_the_dataset_keeps_its_rows(stack: Deployment) -> None:
    personalize, arn = stack.client("personalize"), stack.outputs["dataset_arns"]["shop"]["items"]
    runtime, campaign = stack.client("personalize-runtime"), stack.outputs["campaign_arns"]["shop"]["for-you"]

    def dramas() -> list[str]:
        answer = runtime.get_recommendations(
            campaignArn=campaign, userId="1", filterArn=stack.outputs["filter_arns"]["shop"]["drama"]
        )
        return sorted(item["itemId"] for item in answer["itemList"])

    before, answered, jobs = personalize.describe_dataset(datasetArn=arn)["dataset"], dramas(), stack.made()["imports"]
    assert answered
    stack.change(columns=["STUDIO"])

    after = personalize.describe_dataset(datasetArn=arn)["dataset"]
    assert after["creationDateTime"] == before["creationDateTime"], "the same dataset, not a new one"
    assert after["schemaArn"] != before["schemaArn"]
    schemas = [schema["schemaArn"] for schema in personalize.list_schemas()["schemas"] if "items" in schema["name"]]
    assert schemas == [after["schemaArn"]], "the old schema is gone"
    assert dramas() == answered, "a filter that reads the rows that were imported before answers the same"
    assert stack.made()["imports"] == jobs
    assert stack.terraform.plan()[0] == NO_CHANGES


def test_a_changed_filter_is_made_beside_the_old_one(stack: Deployment) -> None:
    runtime, campaign = stack.client("personalize-runtime"), stack.outputs["campaign_arns"]["shop"]["for-you"]
    old = stack.outputs["filter_arns"]["shop"]["drama"]
    stack.change(columns=["STUDIO"], drama='INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")')
    outputs = stack.terraform.outputs()["personalize"]
    assert isinstance(outputs, dict)
    new = outputs["filter_arns"]["shop"]["drama"]
    assert new != old
    for arn in (old, new):
        assert runtime.get_recommendations(campaignArn=campaign, userId="1", filterArn=arn)["itemList"]


def test_a_changed_hyperparameter_keeps_the_campaign(stack: Deployment) -> None:
    arn, before = stack.outputs["campaign_arns"]["shop"]["for-you"], stack.served()["for-you"]
    stack.change(recency="false")
    assert stack.served()["for-you"] == before, "it serves on until the next run"
    answer, _ = stack.invoke("start", {"pipeline": "shop", "what": "train", "solutions": ["for-you"]})
    assert stack.wait_for_run(answer["run_id"])["status"] == "SUCCEEDED"
    served = stack.served()["for-you"]
    assert served.rpartition("/")[0] != before.rpartition("/")[0]
    assert stack.client("personalize").describe_campaign(campaignArn=arn)["campaign"]["status"] == "ACTIVE"


def test_what_the_demo_proposes_to_try_does_what_it_says(stack: Deployment, tmp_path: Path) -> None:
    look, ask, send, broken, retrain = next_steps(stack.outputs, "shop", "for-you", "user-0001", "item-0001")
    with Terminal(tmp_path, tmp_path) as terminal:

        def typed(*lines: str) -> str:
            return terminal.tried(Block("sh", (), "\n".join(lines), lines[0]))

        typed(*stack.account.settings.to_paste({}))
        answer, _ = json.JSONDecoder().raw_decode(typed(retrain.command))
        assert stack.wait_for_run(answer["run_id"])["status"] == "SUCCEEDED"
        before = json.loads(typed(ask.command))["itemList"]
        typed(send.command)
        assert len(before) == 5
        assert json.loads(typed(ask.command))["itemList"] != before
        typed(broken.command)
        stack.wait(
            lambda: "mine.csv" in str(stack.runs()[-1].get("reason")) or None, lambda: "the run of a broken file"
        )
        table = typed(look.command)
        stack.remove("interactions", "mine.csv")
    assert "SUCCEEDED" in table
    assert "FAILED" in table
    assert "mine.csv" in table


def test_what_cannot_be_parsed_reaches_the_dead_letters(stack: Deployment) -> None:
    sqs, url = stack.client("sqs"), stack.outputs["queue_urls"]["poll"]
    usual = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
    try:
        sqs.send_message(QueueUrl=url, MessageBody="{not json")
        bodies = stack.wait(lambda: stack.dead_letters() or None, lambda: "a dead letter")
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=usual)
    assert bodies == ["{not json"]


def test_destroy_leaves_nothing(stack: Deployment) -> None:
    stack.terraform.destroy()
    personalize = stack.client("personalize")
    left = {name: getattr(personalize, f"list_{name}")() for name in LISTS}
    for name, answer in left.items():
        answer.pop("ResponseMetadata")
        assert not any(answer.values()), (name, answer)
