"""How somebody steers the local Personalize: trouble, rates, quotas, durations, the clock; and what it tells."""

from __future__ import annotations

import math
import statistics
from typing import Any

import pytest

from local.personalize import Personalize, ServiceError
from local.personalize.clock import SteeredClock
from local.personalize.durations import LONGEST, PROFILES, Durations
from local.personalize.errors import (
    AlreadyExistsError,
    ControlError,
    LimitExceededError,
    NotFoundError,
    ThrottlingError,
)
from tests.local.personalize_account import INTERACTIONS, Account, taste_data, trained_group

SLOW = {"*": {"*": 100.0}}


def imports(account: Account, *names: str) -> list[str]:
    group = account.group()
    account.clock.advance(1000)
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    account.clock.advance(1000)
    location = account.put("b/x.csv", taste_data())
    return [account.start_import(dataset, location, name) for name in names]


def statuses(account: Account, arns: list[str]) -> list[str | None]:
    return [account.status("DatasetImportJob", arn) for arn in arns]


# Lives


def test_the_next_of_a_kind_fail_with_a_reason() -> None:
    account = Account()
    account.service.control.fail_next("DatasetImportJob", "The disk is full.", times=2)
    jobs = imports(account, "a", "b", "c")
    assert statuses(account, jobs) == ["CREATE FAILED", "CREATE FAILED", "ACTIVE"]
    shown = account("DescribeDatasetImportJob", datasetImportJobArn=jobs[0])["datasetImportJob"]
    assert shown["failureReason"] == "The disk is full."


def test_those_that_match_fail_until_it_is_called_off() -> None:
    account = Account()
    control = account.service.control
    control.fail_next("DatasetImportJob", "No.", matching="nightly-*", times=None)
    jobs = imports(account, "nightly-1", "other", "nightly-2")
    assert statuses(account, jobs) == ["CREATE FAILED", "ACTIVE", "CREATE FAILED"]
    control.call_off()
    dataset = account("DescribeDatasetImportJob", datasetImportJobArn=jobs[0])["datasetImportJob"]["datasetArn"]
    assert statuses(account, [account.start_import(dataset, "s3://b/x.csv", "nightly-3")]) == ["ACTIVE"]


def test_what_hangs_is_released() -> None:
    account = Account(durations=SLOW)
    control = account.service.control
    control.hang_next("DatasetImportJob", matching="*:dataset-import-job/a")
    jobs = imports(account, "a", "b")
    account.clock.advance(10_000)
    assert statuses(account, jobs) == ["CREATE IN_PROGRESS", "ACTIVE"]
    assert control.resources(matching="a")[0]["hangs"] is True
    assert control.release("b") == []
    assert control.release() == [jobs[0]]
    assert statuses(account, jobs) == ["ACTIVE", "ACTIVE"]
    shown = account("DescribeDatasetImportJob", datasetImportJobArn=jobs[0])["datasetImportJob"]
    assert shown["lastUpdatedDateTime"] == account.clock.now


def test_what_is_released_early_ends_in_time() -> None:
    account = Account(durations=SLOW)
    account.service.control.hang_next("DatasetImportJob")
    jobs = imports(account, "a")
    account.clock.advance(50)
    assert account.service.control.release() == jobs
    account.clock.advance(49)
    assert statuses(account, jobs) == ["CREATE IN_PROGRESS"]
    account.clock.advance(1)
    assert statuses(account, jobs) == ["ACTIVE"]


def test_a_stopped_training_does_not_hang() -> None:
    account = Account()
    solution = account.solution(trained_group(account, items=False), "aws-popularity-count")
    account.service.control.hang_next("SolutionVersion")
    version = account.version(solution)
    assert account.status("SolutionVersion", version) == "CREATE IN_PROGRESS"
    account("StopSolutionVersionCreation", solutionVersionArn=version)
    assert account.status("SolutionVersion", version) == "CREATE STOPPED"


def test_the_next_takes_a_given_time() -> None:
    account = Account()
    account.service.control.time_next("DatasetImportJob", 50)
    jobs = imports(account, "a", "b")
    assert statuses(account, jobs) == ["CREATE PENDING", "ACTIVE"]
    account.clock.advance(49)
    assert statuses(account, jobs)[0] == "CREATE IN_PROGRESS"
    account.clock.advance(1)
    assert statuses(account, jobs)[0] == "ACTIVE"


def test_a_deletion_hangs_too() -> None:
    account = Account()
    account.service.control.hang_next("DatasetGroup", path="delete")
    group = account.group()
    account("DeleteDatasetGroup", datasetGroupArn=group)
    assert account.status("DatasetGroup", group) == "DELETE PENDING"
    account.service.control.release()
    with pytest.raises(NotFoundError):
        account.status("DatasetGroup", group)


@pytest.mark.parametrize(
    ("command", "arguments", "text"),
    [
        ("explode", {}, "no command 'explode'"),
        ("trouble-lives", {"kind": "Campain", "hang": True}, "no kind 'Campain'.*Campaign"),
        ("trouble-lives", {"kind": "Campaign"}, "give a reason"),
        ("trouble-lives", {"kind": "Campaign", "path": "stop", "hang": True}, "no path 'stop'"),
        ("trouble-lives", {"kind": "Campaign", "path": "delete", "reason": "no"}, "can't fail"),
        ("trouble-lives", {"kind": "Campaign", "seconds": -1}, "seconds"),
        ("trouble-lives", {"kind": "Campaign", "seconds": 1e300}, "seconds"),
        ("trouble-lives", {"kind": "Campaign", "seconds": math.nan}, "seconds"),
        ("trouble-lives", {"kind": "Campaign", "hang": True, "times": 0}, "times"),
        ("trouble-lives", {"kind": "Campaign", "hang": True, "when": "now"}, "when"),
        ("trouble-calls", {"operation": "Create"}, "no operation"),
        ("trouble-calls", {}, "operation"),
        ("quotas", {"quotas": {"campaign": 1}}, "no quota 'campaign'"),
        ("quotas", {"quotas": {"campaigns": "1"}}, "quotas"),
        ("quotas", {"quotas": {"campaigns": -1}}, "-1"),
        ("rates", {"rates": {"PutEvents": 0}}, "PutEvents"),
        ("rates", {"rates": {"PutEvents": math.nan}}, "PutEvents"),
        ("rates", {"rates": {"PutEvents": math.inf}}, "PutEvents"),
        ("durations", {"durations": "quick"}, "no durations profile 'quick'"),
        ("durations", {"durations": {"Campaign": {"create": [5, 1]}}}, "no duration"),
        ("durations", {"durations": {"Campaign": {"create": "1"}}}, "no duration"),
        ("durations", {"durations": {"Campaign": {"create": math.nan}}}, "no duration"),
        ("durations", {"durations": {"Campaign": {"create": [1, 1e300]}}}, "no duration"),
        ("durations", {"durations": {"Campaign": {"create": 10**400}}}, "no duration"),
        ("durations", {"durations": {"Campaign": 3}}, "durations are"),
        ("durations", {"durations": {"Campain": {"create": 3}}}, "no kind"),
        ("clock", {"advance": -1}, "back"),
        ("resources", {"kind": "Campain"}, "no kind"),
    ],
)
def test_an_order_that_cannot_be_is_refused(command: str, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ControlError, match=text):
        Account().service.console.perform(command, arguments)


# Calls


def test_a_call_fails_before_it_takes_effect() -> None:
    account = Account()
    account.service.control.refuse_next("CreateDatasetGroup", "InternalServerException", "Sorry.")
    with pytest.raises(ServiceError, match="Sorry") as error:
        account.group()
    assert (error.value.code, error.value.http_status) == ("InternalServerException", 500)
    account.group()


def test_a_call_fails_after_it_took_effect() -> None:
    account = Account()
    account.service.control.refuse_next("CreateDatasetGroup", "InternalServerException", "Sorry.", after=True)
    with pytest.raises(ServiceError, match="Sorry"):
        account.group()
    with pytest.raises(AlreadyExistsError):
        account.group()


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("personalize", "ThrottlingException", 400),
        ("personalize-events", "ThrottlingException", 400),
        ("personalize", "AccessDeniedException", 400),
        ("personalize-runtime", "AccessDeniedException", 403),
        ("personalize-runtime", "ResourceNotFoundException", 404),
        ("personalize-events", "ResourceInUseException", 409),
    ],
)
def test_an_ordered_error_has_the_status_of_its_code(service: str, code: str, status: int) -> None:
    account = Account()
    account.service.control.refuse_next("*", code, "no", times=None)
    operation = {"personalize": "ListRecipes", "personalize-events": "PutEvents"}.get(service, "GetRecommendations")
    for _ in range(3):
        with pytest.raises(ServiceError) as error:
            account.service.call(service, operation, {})
        assert (error.value.code, error.value.http_status) == (code, status)
    account.service.control.call_off()
    account.service.control.refuse_next(operation, code, "no", status=418)
    with pytest.raises(ServiceError) as error:
        account.service.call(service, operation, {})
    assert error.value.http_status == 418


def test_calls_above_a_rate_are_throttled() -> None:
    account = Account()
    assert account.service.control.set_rates({"ListSchemas": 2, "*": 50}) == {"ListSchemas": 2, "*": 50}
    for _ in range(2):
        account("ListSchemas")
    with pytest.raises(ThrottlingError, match=r"^Rate exceeded$") as error:
        account("ListSchemas")
    assert error.value.http_status == 400
    account("ListCampaigns")
    account.clock.advance(0.5)
    account("ListSchemas")
    with pytest.raises(ThrottlingError):
        account("ListSchemas")
    assert account.service.control.set_rates({"ListSchemas": None}) == {"*": 50}
    for _ in range(50):
        account("ListSchemas")
    with pytest.raises(ThrottlingError):
        account("ListSchemas")


def test_quotas_are_set() -> None:
    account = Account()
    assert account.service.control.set_quotas({"dataset-groups": 1})["dataset-groups"] == 1
    account.group("a")
    with pytest.raises(LimitExceededError):
        account.group("b")
    account.service.control.reset()
    for name in "abcde":
        account.group(name)
    with pytest.raises(LimitExceededError):
        account.group("f")


# Time


def test_the_clock_is_frozen_and_moved() -> None:
    account = Account(durations=SLOW)
    control = account.service.control
    group = account.group()
    frozen = control.freeze()
    account.clock.advance(1000)
    assert control.now() == frozen
    assert account.status("DatasetGroup", group) == "CREATE PENDING"
    control.advance(50)
    assert account.status("DatasetGroup", group) == "CREATE IN_PROGRESS"
    assert (control.run() - frozen).total_seconds() == 50
    account.clock.advance(49)
    assert account.status("DatasetGroup", group) == "CREATE IN_PROGRESS"
    account.clock.advance(1)
    assert account.status("DatasetGroup", group) == "ACTIVE"


@pytest.mark.parametrize("seconds", [1e18, 2.6e11, 6e9, math.inf, math.nan])
@pytest.mark.parametrize("frozen", [True, False])
def test_a_step_that_no_clock_can_make_leaves_it_where_it_was(seconds: float, frozen: bool) -> None:
    account = Account(durations={"*": {"*": LONGEST}})
    control, clock = account.service.control, account.service.clock
    if frozen:
        control.freeze()
    before = clock.setting
    with pytest.raises(ControlError, match="can't go ahead"):
        control.advance(seconds)
    assert clock.setting == before
    control.advance(5e9)  # to the twenty-second century
    with pytest.raises(ControlError, match="can't go ahead"):
        control.advance(5e9)
    group = account.group()
    assert account.status("DatasetGroup", group) == "CREATE PENDING", "what is due has a date"


def test_all_who_share_a_clock_follow() -> None:
    clock = SteeredClock(Account().clock)
    here, there = (Personalize(account="1" * 12, region=r, clock=clock, durations=SLOW) for r in ("a", "b"))
    arn = there.call("personalize", "CreateDatasetGroup", {"name": "g"})["datasetGroupArn"]
    here.control.advance(100)
    assert there.world.state.records[arn].status == "ACTIVE"


def test_durations_change_for_what_begins() -> None:
    account = Account()
    group = account.group("a")
    account.service.control.set_durations(SLOW)
    other = account.group("b")
    assert account.status("DatasetGroup", group) == "ACTIVE"
    assert account.status("DatasetGroup", other) == "CREATE PENDING"


def test_the_realistic_profile_takes_the_times_that_aws_takes() -> None:
    def minutes(kind: str, path: str = "create", seed: int = 0, count: int = 2000) -> list[float]:
        durations = Durations("realistic", seed)
        return [durations.seconds(kind, path) / 60 for _ in range(count)]

    training = minutes("SolutionVersion")
    assert 20 <= min(training) < max(training) <= 90
    assert 35 <= statistics.mean(training) <= 40
    for kind, path, least, most in (
        ("DatasetGroup", "create", 0.15, 1),
        ("Dataset", "create", 0.1, 0.5),
        ("Dataset", "update", 1.5, 2.2),
        ("DatasetImportJob", "create", 2, 17),
        ("Filter", "create", 0.5, 4),
        ("Campaign", "create", 7, 13),
        ("Campaign", "update", 7, 13),
        ("Campaign", "delete", 16, 18),
        ("Recommender", "delete", 17, 20),
        ("BatchInferenceJob", "create", 13, 27),
        ("BatchSegmentJob", "create", 7, 9),
    ):
        drawn = minutes(kind, path)
        assert least <= min(drawn) < max(drawn) <= most, (kind, path)
        assert max(drawn) - min(drawn) > 0.8 * (most - least), (kind, path)
    assert minutes("Campaign", seed=1) == minutes("Campaign", seed=1) != minutes("Campaign", seed=2)


def test_what_a_kind_draws_does_not_depend_on_others() -> None:
    alone, busy = Durations("realistic", 7), Durations("realistic", 7)
    expected = [alone.seconds("Campaign", "create") for _ in range(5)]
    drawn = []
    for _ in range(5):
        busy.seconds("DatasetImportJob", "create")
        drawn.append(busy.seconds("Campaign", "create"))
    assert drawn == expected


def test_every_kind_of_a_profile_is_one() -> None:
    kinds = Account().service.world.kinds
    for profile in PROFILES.values():
        for kind in set(profile) - {"*"}:
            assert set(profile[kind]) <= {*kinds[kind].paths, "*"}


def test_recommenders_hang_on_their_own_ways() -> None:
    control = Account().service.control
    for path in ("create", "update", "stop", "start", "delete"):
        control.hang_next("Recommender", path=path)


# Looking


def test_it_tells_what_was_made_and_what_became_of_it() -> None:
    account = Account(durations=SLOW)
    control = account.service.control
    group = account.group("mine")
    account.clock.advance(100)
    assert control.timeline(group) == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
    account("DeleteDatasetGroup", datasetGroupArn=group)
    account.clock.advance(100)
    (shown,) = control.resources("DatasetGroup", "mine")
    assert (shown["arn"], shown["gone"]) == (group, True)
    assert [each["status"] for each in shown["timeline"]][3:] == ["DELETE PENDING"]
    assert shown["timeline"][1]["time"] == "2026-11-01T00:00:20+00:00"
    control.forget()
    assert control.resources() == []


def test_it_tells_the_updates_of_a_resource() -> None:
    account = Account()
    version = account.version(account.solution(trained_group(account, items=False), "aws-popularity-count"))
    campaign = account.campaign(version)
    for tps in (2, 3):
        account("UpdateCampaign", campaignArn=campaign, minProvisionedTPS=tps)
    (shown,) = account.service.control.resources("Campaign")
    steps = ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
    assert [each["status"] for each in shown["update"]["timeline"]] == steps * 2


def test_it_tells_the_last_calls() -> None:
    account = Account()
    account.group("g")
    with pytest.raises(AlreadyExistsError):
        account.group("g")
    first, second = account.service.control.calls("CreateDatasetGroup")
    assert (first["service"], first["parameters"], first["outcome"]) == ("personalize", {"name": "g"}, "OK")
    assert (second["outcome"], second["message"]) == (
        "ResourceAlreadyExistsException",
        "Another resource with Arn arn:aws:personalize:eu-west-1:123456789012:dataset-group/g already exists.",
    )
    for _ in range(3000):
        account("ListRecipes")
    assert len(account.service.control.calls()) == 2000


def test_the_settings_are_shown() -> None:
    control = Account().service.control
    control.hang_next("Campaign", matching="a*")
    control.refuse_next("ListCampaigns", after=True)
    control.set_rates({"*": 3})
    shown = control.settings()
    assert shown["quotas"]["campaigns"] == 5
    assert shown["rates"] == {"*": 3}
    assert shown["lives"] == [{"kind": "Campaign", "path": "create", "matching": "a*", "times": 1, "hang": True}]
    assert shown["calls"][0]["code"] == "ThrottlingException"


def test_a_reset_leaves_nothing() -> None:
    account = Account(durations=SLOW)
    control = account.service.control
    account.group()
    control.fail_next("DatasetGroup", "No.")
    control.set_rates({"ListSchemas": 1})
    control.set_durations("instant")
    control.reset()
    assert account("ListDatasetGroups")["datasetGroups"] == []
    assert control.settings()["lives"] == []
    assert control.settings()["rates"] == {}
    group = account.group()
    account.clock.advance(99)
    assert account.status("DatasetGroup", group) == "CREATE IN_PROGRESS"
    account.clock.advance(1)
    assert account.status("DatasetGroup", group) == "ACTIVE"


# Reads


def test_reads_lag_behind_writes_if_that_is_ordered() -> None:
    account = Account(durations=SLOW)
    control = account.service.control
    first = account.group("first")
    account.clock.advance(1000)
    control.set_lag(10)
    assert control.settings()["lag"] == 10
    group = account.group("second")

    def listed() -> list[str]:
        return [each["name"] for each in account("ListDatasetGroups")["datasetGroups"]]

    account.clock.advance(9)
    assert listed() == ["first"]
    with pytest.raises(NotFoundError, match=r"dataset group does not exist: .*/second"):
        account.status("DatasetGroup", group)
    with pytest.raises(AlreadyExistsError):
        account.group("second")
    account.clock.advance(1)
    assert listed() == ["first", "second"]
    account.clock.advance(95)
    assert account.status("DatasetGroup", group) == "CREATE IN_PROGRESS"
    account.dataset(group, "Interactions", INTERACTIONS)  # what is written does not lag
    account.clock.advance(5)
    assert account.status("DatasetGroup", group) == "ACTIVE"

    account("DeleteDatasetGroup", datasetGroupArn=first)
    account.clock.advance(105)
    assert account.status("DatasetGroup", first) == "DELETE PENDING"
    assert listed() == ["first", "second"]
    account.group("first")  # its name is free, whatever is shown
    account.clock.advance(5)
    with pytest.raises(NotFoundError):
        account.status("DatasetGroup", first)
    control.set_lag(0)
    assert listed() == ["second", "first"]
    with pytest.raises(ControlError, match="seconds can't be -1"):
        control.set_lag(-1)
