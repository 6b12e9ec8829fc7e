"""Heavy work in a pool: it starts and ends by itself, and holds up nobody. And state that can be kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from local.personalize.work import PoolWork
from tests.local.personalize_account import INTERACTIONS, Account, HeldWork, MemoryObjects, taste_data, trained_group


class HeldUp(MemoryObjects):
    """S3 that gives nothing before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.open = threading.Event(), threading.Event()

    def list(self, bucket: str, prefix: str, role: str = "") -> Iterable[tuple[str, int]]:
        self.asked.set()
        assert self.open.wait(10)
        return super().list(bucket, prefix, role)


def real_time(**options: object) -> Account:
    return Account(**{"work": PoolWork(2), "clock": lambda: datetime.now(UTC), **options})


def eventually(look: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_work_begins_unasked_and_blocks_no_call() -> None:
    objects = HeldUp()
    account = real_time(objects=objects, durations={"DatasetImportJob": {"create": 0.2}})
    account.objects = objects
    dataset = account.dataset(account.group(), "Interactions", INTERACTIONS)
    job = account.start_import(dataset, account.put("b/x.csv", taste_data()), "j")
    assert account.status("DatasetImportJob", job) == "CREATE PENDING"
    assert objects.asked.wait(5), "the import waits for a call"
    time.sleep(0.3)
    began = time.monotonic()
    assert account.status("DatasetImportJob", job) == "CREATE IN_PROGRESS", "its time is over, but not its work"
    assert time.monotonic() - began < 0.5
    objects.open.set()
    world = account.service.world
    eventually(lambda: world.state.records[job].status == "ACTIVE")  # without a call
    account.service.close()


def test_each_rings_in_its_turn() -> None:
    account = real_time(durations={"DatasetGroup": {"create": [0.05, 0.6]}})
    groups = [account.group(name) for name in "abcde"]
    records = account.service.world.state.records
    eventually(lambda: all(records[group].status == "ACTIVE" for group in groups))  # without a call
    account.service.close()


def test_alarms_are_no_more_however_often_the_clock_is_moved() -> None:
    work = PoolWork(1)
    account = Account(work=work)
    for name in "abc":
        account.solution(account.group(name), "aws-user-personalization-v2", name, performAutoTraining=True)
    for _ in range(200):
        account.service.control.advance(1)
    assert len(work._alarms) == 1
    account.service.close()


def test_many_threads_at_once() -> None:
    account = real_time(quotas={"dataset-groups": 100})
    campaign = account.campaign(_trained(account))
    names = [f"g{number}" for number in range(8)] * 4

    def one(name: str) -> str:
        try:
            account.group(name)
        except Exception as error:
            return type(error).__name__
        return "made"

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(account.recommended, campaign, userId=f"u{user}") for user in range(60)]
        made = list(pool.map(one, names))
        assert all(len(answer.result()) == 25 for answer in answers)
    assert made.count("made") == 8
    assert made.count("AlreadyExistsError") == 24
    account.service.close()


def _trained(account: Account) -> str:
    group = account.group("base")
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    job = account.start_import(dataset, account.put("b/x.csv", taste_data()), "j")
    eventually(lambda: account.status("DatasetImportJob", job) == "ACTIVE")
    version = account.version(account.solution(group, "aws-user-personalization"))
    eventually(lambda: account.status("SolutionVersion", version) == "ACTIVE")
    return version


def test_state_can_be_kept_and_taken_up() -> None:
    account = Account(durations={"SolutionVersion": {"create": 100}})
    solution = account.solution(trained_group(account), "aws-user-personalization")
    first = account.version(solution)
    account.clock.advance(100)
    campaign = account.campaign(first)
    second = account.version(solution)
    account.clock.advance(50)
    assert account.status("SolutionVersion", second) == "CREATE IN_PROGRESS"
    expected = account.recommended(campaign, userId="u1")
    account.restart()
    assert account.recommended(campaign, userId="u1") == expected
    account.clock.advance(100)
    assert account.status("SolutionVersion", second) == "ACTIVE"


def test_an_update_and_a_stop_under_way_are_kept() -> None:
    account = Account(durations={"Campaign": {"update": 100}, "SolutionVersion": {"create": 100, "stop": 100}})
    solution = account.solution(trained_group(account, items=False), "aws-popularity-count", performAutoTraining=True)
    first = account.version(solution)
    account.clock.advance(100)
    campaign = account.campaign(first)
    account("UpdateCampaign", campaignArn=campaign, minProvisionedTPS=7)
    second = account.version(solution)
    account.clock.advance(50)
    account("StopSolutionVersionCreation", solutionVersionArn=second)
    account.restart()
    assert account.status("SolutionVersion", second) == "CREATE STOPPING"
    account.clock.advance(49)
    assert account("DescribeCampaign", campaignArn=campaign)["campaign"]["minProvisionedTPS"] == 1
    account.clock.advance(51)
    shown = account("DescribeCampaign", campaignArn=campaign)["campaign"]
    assert (shown["minProvisionedTPS"], shown["latestCampaignUpdate"]["status"]) == (7, "ACTIVE")
    assert account.status("SolutionVersion", second) == "CREATE STOPPED"
    account.clock.advance(8 * 86_400)
    job = account.import_(*_again(account), "again")
    assert job["status"] == "ACTIVE"
    account.clock.advance(7 * 86_400)
    versions = account("ListSolutionVersions", solutionArn=solution)["solutionVersions"]
    assert versions[-1]["trainingType"] == "AUTOMATIC", "its appointment was kept"


def test_what_is_deleted_after_a_restart_takes_no_work_of_others() -> None:
    account = Account(durations={"SolutionVersion": {"create": 100}})
    group = trained_group(account, items=False)
    solution = account.solution(group, "aws-popularity-count")
    assert account.status("Solution", solution) == "ACTIVE"
    account.restart()
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'
    made = account("CreateFilter", name="f", datasetGroupArn=group, filterExpression=expression)
    version = account.version(solution)
    account.clock.advance(50)
    assert account.status("SolutionVersion", version) == "CREATE IN_PROGRESS"
    work = HeldWork()
    account.restart(work)
    account("DeleteFilter", filterArn=made["filterArn"])
    account.clock.advance(50)
    assert account.status("SolutionVersion", version) == "CREATE IN_PROGRESS", "it is not trained yet"
    work.catch_up()
    assert account.status("SolutionVersion", version) == "ACTIVE"
    assert account("GetSolutionMetrics", solutionVersionArn=version)["metrics"]


def test_work_that_is_lost_is_a_failure() -> None:
    account = Account(durations={"SolutionVersion": {"create": 100}})
    version = account.version(account.solution(trained_group(account, items=False), "aws-popularity-count"))
    account.clock.advance(50)
    assert account.status("SolutionVersion", version) == "CREATE IN_PROGRESS"
    account.service.world.engine._tasks.clear()
    account.clock.advance(50)
    shown = account("DescribeSolutionVersion", solutionVersionArn=version)["solutionVersion"]
    assert shown["status"] == "CREATE FAILED"
    assert "is lost" in shown["failureReason"]


def _again(account: Account) -> tuple[str, str]:
    (dataset,) = account("ListDatasets")["datasets"]
    return dataset["datasetArn"], account.put("b/again.csv", taste_data())


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="there are instant, demo"):
        Account(durations="quick")
