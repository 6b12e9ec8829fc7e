"""Waiting inside one call, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from functions.errors import InUse, NotFound, ServiceError, Throttled
from functions.glue.granted import Granted
from functions.glue.patience import BroughtToNothingError, TookTooLongError
from tests.support.build import VirtualSleep, arn
from tests.support.scripted import Scripted

GONE = NotFound("ResourceNotFoundException", "gone", "Describe")
DENIED = ServiceError("AccessDeniedException", "not authorized", "DescribeCampaign")
ARN = arn("campaign", "front-page")
PAGE = {"solutions": [{"solutionArn": arn("solution", "s")}]}
BUSY = InUse("ResourceInUseException", "an import is under way", "DeleteDataset")


def told(*answers: Any) -> Any:
    """Return a function that gives these answers in turn, and raises those that are errors."""
    left: Iterator[Any] = iter(answers)

    def look() -> Any:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return look


def status(text: str, **more: str) -> dict[str, str]:
    return {"status": text, **more}


def test_it_waits_until_ready() -> None:
    time = VirtualSleep()
    time.patience().until_ready("x", told(status("CREATE PENDING"), status("CREATE IN_PROGRESS"), status("ACTIVE")))
    assert time.slept == [5.0, 5.0]


@pytest.mark.parametrize(
    ("failed", "reason"),
    [
        (status("CREATE FAILED", failureReason="bad schema"), "x: bad schema"),
        (status("CREATE FAILED"), "x: CREATE FAILED"),
    ],
)
def test_it_tells_why_it_failed(failed: dict[str, str], reason: str) -> None:
    with pytest.raises(BroughtToNothingError, match=f"could not make or change {reason}"):
        VirtualSleep().patience().until_ready("x", told(failed))


def test_it_waits_until_gone() -> None:
    time = VirtualSleep()
    time.patience().until_gone("x", told({}, {}, GONE))
    assert time.slept == [5.0, 5.0]


def test_it_waits_until_free() -> None:
    time = VirtualSleep()
    assert time.patience().until_free("x", told(BUSY, BUSY, "done")) == "done"
    assert time.slept == [5.0, 5.0]


def test_other_refusals_are_not_waited_out() -> None:
    time = VirtualSleep()
    with pytest.raises(NotFound):
        time.patience().until_free("x", told(GONE))
    assert time.slept == []


def test_what_iam_has_not_heard_of_yet_is_waited_for() -> None:
    time = VirtualSleep()
    personalize = Granted(
        Scripted(DescribeCampaign=[DENIED, DENIED, {}], ListSolutions=[DENIED, PAGE]), time.patience()
    )
    assert personalize.call("DescribeCampaign", {"campaignArn": ARN}) == {}
    assert list(personalize.pages("ListSolutions", "solutions", {})) == PAGE["solutions"]
    assert time.slept == [5.0] * 3


def test_what_iam_denies_for_more_than_a_minute_is_denied() -> None:
    time = VirtualSleep()
    with pytest.raises(ServiceError, match="not authorized"):
        Granted(Scripted(DescribeCampaign=DENIED), time.patience()).call("DescribeCampaign", {"campaignArn": ARN})
    assert sum(time.slept) == 60


def test_a_page_that_is_refused_is_asked_for_again_and_not_those_before_it() -> None:
    """Every third call is one too many: begun anew each time, so long a list would never be read."""
    personalize = PagesAndThrottles(pages=40)
    found = list(Granted(personalize, VirtualSleep().patience()).pages("ListSolutionVersions", "solutionVersions", {}))
    assert found == [{"number": number} for number in range(40)]
    assert personalize.asked < 40 * 2


class PagesAndThrottles(Scripted):
    """A list of one entry a page, of which every third call is throttled."""

    def __init__(self, pages: int) -> None:
        super().__init__()
        self.most, self.asked = pages, 0

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        if self.asked % 3 == 0:
            raise Throttled("ThrottlingException", "Rate exceeded", operation)
        number = int(params.get("nextToken", "0"))
        more = {"nextToken": str(number + 1)} if number + 1 < self.most else {}
        return {"solutionVersions": [{"number": number}], **more}


def test_other_errors_are_told_at_once() -> None:
    with pytest.raises(NotFound):
        Granted(Scripted(DescribeCampaign=GONE), VirtualSleep(0).patience()).call(
            "DescribeCampaign", {"campaignArn": ARN}
        )


@pytest.mark.parametrize(
    ("wait", "state"),
    [
        (lambda p: p.until_ready("x", lambda: status("CREATE PENDING")), "x is CREATE PENDING"),
        (lambda p: p.until_gone("x", dict), "x is still being deleted"),
        (lambda p: p.until_free("x", lambda: told(BUSY)()), r"x is still in use \(an import is under way\)"),
    ],
    ids=["ready", "gone", "free"],
)
def test_it_gives_up_while_it_still_can_say_so(wait: Any, state: str) -> None:
    time = VirtualSleep(limit=900)
    with pytest.raises(TookTooLongError, match=rf"{state} after the longest .* Apply again to go on\."):
        wait(time.patience())
    assert 5 <= time.left < 15
