"""What a run does, from trigger to event, whatever SQS does to its messages."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.endings import fail
from functions.errors import ServiceError
from functions.model import Deadlines
from functions.watchdog import WATCH
from tests.support.memory import LocalService
from tests.support.world import World, arn, interactions, items


@pytest.fixture
def world() -> World:
    return provisioned()


def provisioned(**options: Any) -> World:
    world = World(**options)
    world.declare()
    world.upload("interactions", interactions())
    world.upload("items", items())
    return world


def served(world: World, solution: str) -> str:
    campaign = world.service.call(
        "personalize", "DescribeCampaign", {"campaignArn": arn("campaign", f"acme-shop-{solution}")}
    )
    assert campaign["campaign"]["status"] == "ACTIVE"
    return str(campaign["campaign"]["solutionVersionArn"])


def test_a_first_run_imports_trains_and_creates_the_campaigns(world: World) -> None:
    world.trigger()
    world.settle()

    (run,) = world.runs()
    assert run.status == "SUCCEEDED"
    assert {name: branch.status for name, branch in run.branches.items()} == dict.fromkeys(
        ["*", "for-you", "similar"], "SUCCEEDED"
    )
    assert set(run.branches["for-you"].steps) == {"train", "deploy"}
    assert all(step["finished_at"] > step["started_at"] for b in run.branches.values() for step in b.steps.values())
    assert world.made() == {"imports": 2, "versions": 2, "updates": 0}
    ((kind, detail),) = world.bus.events
    assert kind == "Personalize run succeeded"
    assert detail["run_id"] == run.run_id
    assert not world.dead
    assert world.ledger.lease("shop").active is None


def test_the_next_run_imports_only_what_has_changed_and_moves_the_campaigns(world: World) -> None:
    world.trigger()
    world.settle()
    before = {solution: served(world, solution) for solution in ("for-you", "similar")}

    world.upload("interactions", interactions(seed=1))
    world.trigger(identifier="nightly/2")
    world.settle()

    assert world.runs()[-1].status == "SUCCEEDED"
    assert world.made() == {"imports": 3, "versions": 4, "updates": 2}
    for solution, version in before.items():
        assert served(world, solution) != version


@pytest.mark.parametrize("path", ["create", "update"])
def test_a_campaign_that_failed_once_is_asked_for_again_by_the_next_run(world: World, path: str) -> None:
    if path == "update":
        world.trigger()
        world.settle()
        world.upload("interactions", interactions(seed=1))
    world.service.control.fail_next("Campaign", "Internal failure.", path=path)
    world.trigger(identifier="it-fails")
    world.settle()
    failed = world.runs()[-1]
    assert failed.status == "FAILED"
    assert "Internal failure." in str(failed.reason)
    made = world.made()["versions"]

    world.trigger(identifier="the-next")
    world.settle()
    assert world.runs()[-1].status == "SUCCEEDED"
    (in_vain,) = [name for name, branch in failed.branches.items() if branch.status == "FAILED"]
    assert served(world, in_vain) == failed.branches[in_vain].steps["train"]["arns"][0]
    assert world.made()["versions"] == made + 1  # of the other solution


def test_forced_imports_take_everything_again(world: World) -> None:
    world.trigger()
    world.settle()
    world.trigger(identifier="by-hand", what="import", force=True)
    world.settle()
    assert world.made() == {"imports": 4, "versions": 2, "updates": 0}


@pytest.mark.parametrize("seed", range(3))
def test_every_message_twice_makes_what_once_makes(seed: int) -> None:
    made = []
    for twice in (False, True):
        world = provisioned(twice=twice)
        world.trigger(identifier="nightly/1")
        world.settle()
        world.upload("interactions", interactions(seed=seed + 1))
        world.trigger(identifier="nightly/2")
        world.settle()
        assert [run.status for run in world.runs()] == ["SUCCEEDED"] * 2
        assert not world.dead
        made.append(world.made())
    assert made[0] == made[1]


def test_doubled_messages_do_not_multiply() -> None:
    once, twice = provisioned(), provisioned(twice=True)
    for world in (once, twice):
        world.trigger()
        world.settle()
    assert twice.delivered.total() <= 4 * once.delivered.total()


def test_ten_uploads_within_a_minute_make_one_run(world: World) -> None:
    for number in range(10):
        world.upload("interactions", interactions(seed=number, rows=1500), name=f"part-{number}.csv")
        world.trigger("upload", identifier=f"event-{number}")
    world.settle()
    statuses = [run.status for run in world.runs()]
    assert statuses.count("SUCCEEDED") == 1
    assert statuses.count("JOINED") == 9


def test_uploads_during_a_run_are_remembered_once(world: World) -> None:
    world.trigger()
    while world.made()["versions"] == 0:
        world.step()
    for number in range(10):
        world.upload("interactions", interactions(seed=number, rows=1500), name=f"part-{number}.csv")
        world.trigger("upload", identifier=f"event-{number}")
    world.settle()
    statuses = [run.status for run in world.runs()]
    assert statuses.count("SUCCEEDED") == 2
    assert statuses.count("JOINED") == 9


def test_an_upload_that_changes_nothing_is_skipped(world: World) -> None:
    world.trigger()
    world.settle()
    world.trigger("upload", identifier="event-1")
    world.settle()
    assert world.runs()[-1].status == "SKIPPED"
    assert world.made()["versions"] == 2
    assert world.ledger.lease("shop").active is None


def test_a_failed_import_ends_the_run_with_the_services_own_reason(world: World) -> None:
    world.upload("interactions", b"USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,yesterday\n")
    world.trigger()
    world.settle()
    (run,) = world.runs()
    assert run.status == "FAILED"
    assert world.made()["imports"] == 2
    assert "TIMESTAMP" in (run.reason or "")
    assert world.made()["versions"] == 0
    assert [kind for kind, _ in world.bus.events] == ["Personalize run failed"]
    assert world.ledger.lease("shop").active is None


def test_one_branchs_failure_does_not_stop_the_other(world: World) -> None:
    world.trigger()
    world.settle()
    world.trigger(identifier="nightly/2", what="train", training_mode="UPDATE")  # no recipe here can be updated
    world.settle()
    assert world.runs()[-1].status == "FAILED"
    assert "for-you" in (world.runs()[-1].reason or "")
    assert world.ledger.lease("shop").active is None


def test_a_campaign_that_is_taken_out_meanwhile_is_not_made_by_the_run_under_way(world: World) -> None:
    world.trigger()
    while world.made()["versions"] < 2:
        world.step()
    declared = world.ledger.declared["shop"]
    left = {**declared.solutions, "for-you": replace(declared.solutions["for-you"], campaign=None)}
    world.ledger.declared["shop"] = replace(declared, solutions=left)
    world.settle()

    (run,) = world.runs()
    ended = run.branches["for-you"]
    assert (ended.status, ended.reason) == ("SKIPPED", "campaign acme-shop-for-you is not declared any more")
    assert (run.status, run.branches["similar"].status) == ("SUCCEEDED", "SUCCEEDED")
    made = world.service.call("personalize", "ListCampaigns", {})["campaigns"]
    assert [campaign["name"] for campaign in made] == ["acme-shop-similar"]
    assert not world.dead


def test_a_campaign_of_somebody_elses_is_moved_only_to_adopt_it(world: World) -> None:
    world.trigger()
    world.settle()
    declared, theirs = world.ledger.declared["shop"], served(world, "similar")
    campaign = declared.solutions["similar"].campaign
    assert campaign

    def declare(*, adopt: bool) -> None:
        chosen = replace(declared.solutions["for-you"], campaign=replace(campaign, adopt=adopt))
        world.ledger.declared["shop"] = replace(declared, name="other", solutions={"for-you": chosen})

    declare(adopt=False)
    world.trigger(identifier="nightly/2", what="train")
    world.settle()
    assert world.runs()[-1].status == "FAILED"
    assert "campaign acme-shop-similar serves" in (world.runs()[-1].reason or "")
    assert served(world, "similar") == theirs

    declare(adopt=True)
    world.trigger(identifier="nightly/3", what="train")
    world.settle()
    assert world.runs()[-1].status == "SUCCEEDED"
    assert "acme-shop-for-you-" in served(world, "similar")


def test_a_campaign_that_is_declared_for_another_solution_moves_to_it(world: World) -> None:
    world.trigger()
    world.settle()
    declared = world.ledger.declared["shop"]
    one, other = declared.solutions["for-you"], declared.solutions["similar"]
    swapped = {"for-you": replace(one, campaign=other.campaign), "similar": replace(other, campaign=one.campaign)}
    world.ledger.declared["shop"] = replace(declared, solutions=swapped)
    world.trigger(identifier="nightly/2", what="train")
    world.settle()
    assert world.runs()[-1].status == "SUCCEEDED"
    assert "acme-shop-for-you-" in served(world, "similar")
    assert "acme-shop-similar-" in served(world, "for-you")


def test_what_cannot_be_parsed_reaches_the_dead_letters_whole(world: World) -> None:
    world.send("poll", ["{not json"])
    world.send("train", [json.dumps({"run_id": "r"})])
    world.settle()
    assert sorted(world.dead) == sorted([("poll", "{not json"), ("train", json.dumps({"run_id": "r"}))])


def test_a_trigger_delivered_again_days_later_begins_nothing(world: World) -> None:
    for _ in range(2):
        world.trigger(time="2026-01-05T02:00:00Z")
        world.settle()
        world._sleep(3 * 24 * 3600)
    assert [run.status for run in world.runs()] == ["SUCCEEDED"]
    assert world.made()["versions"] == 2


def test_a_run_whose_messages_were_lost_gives_way(world: World) -> None:
    world.trigger()
    while world.made()["versions"] == 0:
        world.step()
    world._queue.clear()
    world._sleep(3 * 3600)
    world.trigger(identifier="nightly/2")
    world.settle()
    first, second = world.runs()
    assert (first.status, first.reason) == ("FAILED", "no sign of life for 3 hours: its messages are lost")
    assert second.status == "SUCCEEDED"
    assert [kind for kind, _ in world.bus.events] == ["Personalize run failed", "Personalize run succeeded"]


@pytest.mark.parametrize("lost_after", range(0, 20, 2))
def test_messages_that_are_lost_at_any_moment_are_sent_again_by_the_watchdog(lost_after: int) -> None:
    world = provisioned()
    world.trigger(time="2026-01-05T02:00:00Z")
    for _ in range(lost_after):
        world.step()
    if not world.runs():  # the trigger itself is EventBridge's to keep
        return
    world._queue.clear()
    while world.ledger.lease("shop").active:
        world._sleep(1800)
        world.send("start", [WATCH])
        world.settle()
    (run,) = world.runs()
    assert run.status == "SUCCEEDED"
    assert world.made() == {"imports": 2, "versions": 2, "updates": 0}
    assert not world.dead


def test_a_version_that_was_trained_and_not_deployed_is_taken_over_by_the_next_run(world: World) -> None:
    world.personalize = denying = Denying(world.service)
    denying.denied = "DescribeCampaign"
    world.trigger()
    world.settle()
    denying.denied = ""
    world.trigger(identifier="nightly/2")
    world.settle()
    assert [run.status for run in world.runs()] == ["FAILED", "SUCCEEDED"]
    assert world.made()["versions"] == 2
    world.trigger(identifier="nightly/3")
    world.settle()
    assert world.made()["versions"] == 4


def test_a_training_that_hangs_is_not_handed_on_from_run_to_run() -> None:
    """One refusal before it was made, and it is younger than its run's phase."""
    world = provisioned(durations={"SolutionVersion": {"create": 9e6, "stop": 60}, "*": {"*": 1}})
    world.ledger.declared["shop"] = replace(world.ledger.declared["shop"], deadlines=Deadlines(train_hours=2))
    world.service.control.refuse_next("CreateSolutionVersion", "ThrottlingException", "Slow down.", times=2)
    world.trigger()
    world.settle()
    world.trigger(identifier="nightly/2")
    world.settle()
    assert [run.status for run in world.runs()] == ["FAILED", "FAILED"]
    assert world.made()["versions"] == 4


def test_a_training_that_hangs_fails_at_its_deadline_and_is_stopped() -> None:
    world = provisioned(durations={"SolutionVersion": {"create": 9e6, "stop": 60}, "*": {"*": 1}})
    world.ledger.declared["shop"] = replace(
        world.ledger.declared["shop"], deadlines=Deadlines(train_hours=2, stop_training=True)
    )
    world.trigger()
    world.settle()
    (run,) = world.runs()
    assert run.status == "FAILED"
    assert "the train phase was not over within its deadline of 2 hours" in (run.reason or "")
    world._sleep(60)
    versions = world.service.call("personalize", "ListSolutionVersions", {})["solutionVersions"]
    assert [version["status"] for version in versions] == ["CREATE STOPPED"] * 2
    assert world.ledger.lease("shop").active is None


class Denying(LocalService):
    """A Personalize that denies some operations, as IAM does."""

    denied: str = ""

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        if operation == self.denied:
            raise ServiceError("AccessDeniedException", f"not authorized to perform: {operation}", operation)
        return super().call(operation, params)


@pytest.mark.parametrize(
    ("denied", "step", "trained"),
    [
        ("ListDatasetImportJobs", "start", 0),
        ("CreateDatasetImportJob", "import", 0),
        ("DescribeDatasetImportJob", "poll", 0),
        ("CreateSolutionVersion", "train", 0),
        ("DescribeCampaign", "deploy", 2),
    ],
)
def test_a_run_that_may_not_go_on_fails_and_says_why_and_the_next_one_begins(
    world: World, denied: str, step: str, trained: int
) -> None:
    world.personalize = denying = Denying(world.service)
    denying.denied = denied
    world.trigger(time="2026-01-05T02:00:00Z")
    world.settle()

    (run,) = world.runs()
    assert run.status == "FAILED"
    assert f"AccessDeniedException: not authorized to perform: {denied} (5 tries" in (run.reason or "")
    assert [kind for kind, _ in world.bus.events] == ["Personalize run failed"]
    assert {name for name, _ in world.dead} == {step}
    assert world.made()["versions"] == trained
    assert world.ledger.lease("shop").active is None

    denying.denied = ""
    for name, body in world.dead:  # redriven: the run has ended, and stays so
        world.send(name, [body])
    world.settle()
    assert (world.runs(), len(world.dead), world.made()["versions"]) == ([run], len(world.dead), trained)
    world.trigger(identifier="nightly/2")
    world.settle()
    assert world.runs()[-1].status == "SUCCEEDED"


def test_an_upload_whose_data_another_run_imported_is_trained(world: World) -> None:
    world.trigger()
    world.settle()
    world.upload("interactions", interactions(seed=1))
    world.trigger(identifier="import-only", what="import")
    world.settle()
    world.trigger("upload", identifier="event-1")
    world.settle()
    assert [run.status for run in world.runs()] == ["SUCCEEDED"] * 3
    assert world.made() == {"imports": 3, "versions": 4, "updates": 2}


def test_a_trigger_between_a_runs_end_and_its_release_rewrites_nothing(world: World) -> None:
    world.trigger()
    while not world.bus.events:
        held = world.ledger.lease("shop")
        world.step()
    world.ledger.leases["shop"] = held  # as if `finish` had died before releasing
    world.trigger(identifier="nightly/2")
    world.settle()
    assert [run.status for run in world.runs()] == ["SUCCEEDED", "SUCCEEDED"]
    assert world.ledger.lease("shop").active is None


# ------------------------------------------------------------------ filters

ODD = 'INCLUDE ItemID WHERE Items.GENRES IN ("odd")'


def filtered(world: World) -> dict[str, str]:
    """Return the status of the filters that there are, by their declared names."""
    listed = world.service.call("personalize", "ListFilters", {})["Filters"]
    declared = world.ledger.declared["shop"].filters
    status = {each["filterArn"]: str(each["status"]) for each in listed}
    return {name: status[each.arn] for name, each in declared.items() if each.arn in status}


def with_filters() -> World:
    world = World()
    world.declare(filters={"odd": ODD})
    return world


@pytest.mark.parametrize("what", ["everything", "import"])
def test_a_pipelines_filters_are_made_once_its_data_is_there(what: str) -> None:
    world = with_filters()
    world.trigger(identifier="no data yet", what="import")
    world.settle()
    assert filtered(world) == {}
    world.upload("interactions", interactions())
    world.upload("items", items())
    world.trigger(identifier="data", what=what)
    world.settle()
    run = world.runs()[-1]
    assert (run.status, run.branches["*filters"].status) == ("SUCCEEDED", "SUCCEEDED")
    assert filtered(world) == {"odd": "ACTIVE"}
    assert set(run.branches["*filters"].steps) == {"filter"}
    world.trigger(identifier="again", what="import", force=True)
    world.settle()
    assert "*filters" not in world.runs()[-1].branches


@pytest.mark.parametrize("empty", ["refuse", "fail", "take"])
def test_filters_are_there_whatever_personalize_makes_of_empty_datasets(empty: str) -> None:
    world = with_filters()
    world.service.control.decide(filter_on_empty_data=empty)
    declared = world.ledger.declared["shop"].filters["odd"]
    request = {
        "name": declared.name,
        "datasetGroupArn": world.ledger.declared["shop"].dataset_group_arn,
        "filterExpression": ODD,
    }
    wanted: dict[str, Any] = {
        "resource": "filter",
        "name": declared.name.rpartition("-")[0],
        "pipeline": "shop",
        "request": request,
    }
    assert world.glue("create", **wanted) == {"arn": declared.arn}
    world.upload("interactions", interactions())
    world.upload("items", items())
    world.trigger(identifier="data", what="import")
    world.settle()
    assert world.runs()[-1].status == "SUCCEEDED"
    assert filtered(world) == {"odd": "ACTIVE"}
    world.glue("delete", **wanted)
    assert world.service.call("personalize", "ListFilters", {})["Filters"] == []


def test_where_data_is_only_streamed_filters_are_made_once_it_is_there() -> None:
    world = with_filters()
    world.ledger.declared["shop"] = replace(world.ledger.declared["shop"], event_tracker=True)
    world.trigger(identifier="no data yet", what="import")
    world.settle()
    run = world.runs()[-1]
    assert (run.status, run.branches["*filters"].status) == ("SKIPPED", "SKIPPED")
    assert "nothing was imported yet" in str(run.branches["*filters"].reason)
    world.service.control.decide(filter_on_empty_data="take")  # as good as data that was sent meanwhile
    world.trigger(identifier="data", what="import")
    world.settle()
    assert filtered(world) == {"odd": "ACTIVE"}
    assert world.runs()[-1].branches["*filters"].status == "SUCCEEDED"


def test_a_filter_that_failed_fails_its_run_and_is_made_by_the_next() -> None:
    world = with_filters()
    world.upload("interactions", interactions())
    world.upload("items", items())
    world.service.control.fail_next("Filter", "Internal failure.")
    world.trigger(identifier="it-fails")
    world.settle()
    run = world.runs()[-1]
    assert (run.status, run.branches["for-you"].status) == ("FAILED", "SUCCEEDED")
    assert str(run.reason).startswith("*filters: filter acme-shop-odd-")
    assert "Internal failure." in str(run.reason)
    world.trigger(identifier="the-next", what="import")
    world.settle()
    assert world.runs()[-1].status == "SUCCEEDED"
    assert filtered(world) == {"odd": "ACTIVE"}


def test_every_message_twice_makes_a_filter_once() -> None:
    world = with_filters()
    world.twice = True
    world.upload("interactions", interactions())
    world.upload("items", items())
    world.trigger()
    world.settle()
    assert world.runs()[-1].status == "SUCCEEDED"
    assert filtered(world) == {"odd": "ACTIVE"}
    assert not world.dead


# ------------------------------------------------------------------ nothing new, and other people's clocks


def trained_once(monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a world in which a solution that takes UPDATE trainings was trained."""
    monkeypatch.setattr("tests.support.world.recipe", lambda _: "arn:aws:personalize:::recipe/aws-user-personalization")
    world = World()
    world.declare(solutions=("for-you",))
    world.upload("interactions", interactions())
    world.upload("items", items())
    world.trigger()
    world.settle()
    return world


def test_an_update_with_nothing_new_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    world = trained_once(monkeypatch)
    since = "after last active solution version with training mode set to FULL"
    refusal = f"There should be updates to at least one dataset {since}"
    world.service.control.refuse_next("CreateSolutionVersion", "InvalidInputException", refusal)
    world.trigger(identifier="hourly", what="train", training_mode="UPDATE")
    world.settle()
    run = world.runs()[-1]
    assert (run.status, run.branches["for-you"].status) == ("SKIPPED", "SKIPPED")
    assert "There should be updates to at least one dataset" in str(run.reason)
    assert [kind for kind, _ in world.bus.events] == ["Personalize run succeeded"]


def test_an_update_with_nothing_new_is_skipped_where_its_version_tells_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = trained_once(monkeypatch)
    world.upload("interactions", interactions(seed=3))
    world.trigger(identifier="data", what="import")
    world.settle()
    told = "There should be updates to at least one dataset after last active solution version"
    world.service.control.fail_next("SolutionVersion", told)
    world.trigger(identifier="hourly", what="train", training_mode="UPDATE")
    world.settle()
    run = world.runs()[-1]
    assert (run.status, run.branches["for-you"].status) == ("SKIPPED", "SKIPPED")
    assert [kind for kind, _ in world.bus.events] == ["Personalize run succeeded"] * 2


def test_a_version_that_trains_still_has_a_slot_when_it_is_taken_over() -> None:
    """Its own run was lost, and has given its slot back: without one for it, another pipeline asks again and again."""
    slow = {"SolutionVersion": {"create": 4000}, "*": {"*": 3}}
    world = World(slots={"import": 5, "train": 1}, quotas={"pending-solution-versions": 1}, durations=slow)
    world.declare(solutions=("for-you",))
    world.declare("books", solutions=("popular",), kinds=("interactions",))
    for name in ("shop", "books"):
        world.upload("interactions", interactions(), pipeline=name)
    world.upload("items", items())

    def trains(count: int) -> bool:
        runs = world.runs()
        return len(runs) == count and bool(runs[-1].branches) and "train" in runs[-1].branches["for-you"].steps

    world.trigger(identifier="lost")
    while not trains(1):
        world.step()
    fail("shop", world.runs()[-1].run_id, "no sign of life", world.ports())
    world.trigger(identifier="next", what="train")
    while not trains(2):
        world.step()
    world.trigger(identifier="other", pipeline="books")
    before = len(world.personalize.calls)
    world.settle()
    assert [name for name, _ in world.personalize.calls[before:]].count("CreateSolutionVersion") == 1
    assert [run.status for run in world.runs("books")] == ["SUCCEEDED"]


@pytest.mark.parametrize("dated", ["2031-01-01T00:00:00Z", "2026-01-05T01:00:00Z"], ids=["2031", "an hour late"])
def test_what_a_trigger_says_of_its_time_decides_nothing(world: World, dated: str) -> None:
    """A version that was trained in vain is taken over; the next run trains, and the campaign moves forward."""
    world.trigger(identifier="first")
    world.settle()
    world.service.control.fail_next("Campaign", "Internal failure.", path="update")
    world.upload("interactions", interactions(seed=1))
    world.trigger(identifier="in-vain", time=dated)
    world.settle()
    assert world.runs()[-1].status == "FAILED"
    trained = world.made()["versions"]
    for number in range(25):
        world.trigger(identifier=f"burst-{number}", what="train", solutions=["for-you", "similar"])
    world.settle()
    burst = [run for run in world.runs() if run.status != "JOINED"][2:]
    assert [run.status for run in burst] == [
        "SUCCEEDED",
        "SUCCEEDED",
    ]  # the first, and one for the 24 that came meanwhile
    assert world.made()["versions"] == trained + 3  # one was left in vain, and is deployed
    before = {solution: served(world, solution) for solution in ("for-you", "similar")}
    world.upload("interactions", interactions(seed=2))
    world.trigger(identifier="forward")
    world.settle()
    assert world.made()["versions"] == trained + 5
    assert all(served(world, solution) != version for solution, version in before.items())
