"""The ledger's lease, turnstiles and memory: DynamoDB and its twin behave the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.adapters.dynamodb import DynamoLedger
from functions.errors import Conflict, Unreadable
from functions.model import Request
from functions.records import Lease, Memory, Trained, Turnstile
from functions.times import written
from tests.contract.account import TABLE, Account, client
from tests.contract.ledgers import Case
from tests.support.build import (
    NOW,
    RUN_ID,
    holder,
    pipeline,
    plan,
    run,
)

LATER = NOW + timedelta(minutes=7)


# ------------------------------------------------------------------ the lease

ACTIVE = holder("a", request=Request("shop", solutions=("for-you",)), pinned=True)


def test_there_is_a_lease_before_the_first_run(case: Case) -> None:
    assert case.ledger.lease("shop") == Lease()


def test_a_lease_is_kept_with_its_next_version(case: Case) -> None:
    case.ledger.save_lease("shop", Lease(active=ACTIVE, next=holder("b", after="a")))
    assert case.ledger.lease("shop") == Lease(1, ACTIVE, holder("b", after="a"))
    case.ledger.save_lease("shop", replace(case.ledger.lease("shop"), next=None))
    assert case.ledger.lease("shop") == Lease(2, ACTIVE)
    assert case.ledger.lease("books") == Lease()


def test_of_two_writers_the_second_is_told(case: Case) -> None:
    read_by_both = case.ledger.lease("shop")
    case.ledger.save_lease("shop", replace(read_by_both, active=holder("a")))
    with pytest.raises(Conflict):
        case.ledger.save_lease("shop", replace(read_by_both, active=holder("b")))
    assert case.ledger.lease("shop") == Lease(1, holder("a"))
    read_by_both = case.ledger.lease("shop")
    case.ledger.save_lease("shop", replace(read_by_both, next=holder("b")))
    with pytest.raises(Conflict):
        case.ledger.save_lease("shop", replace(read_by_both, next=holder("c")))
    assert case.ledger.lease("shop") == Lease(2, holder("a"), holder("b"))


def test_a_lease_that_was_deleted_meanwhile_is_a_conflict_too(case: Case) -> None:
    with pytest.raises(Conflict):
        case.ledger.save_lease("shop", Lease(version=3, active=ACTIVE))
    assert case.ledger.lease("shop") == Lease()


# ------------------------------------------------------------------ turnstiles

TAKEN = Turnstile(holders={"shop/r-1/*/items": written(NOW)}, waiting=("shop/r-2/*/users", "shop/r-2/*/items"))


def test_there_is_a_turnstile_before_its_first_use(case: Case) -> None:
    assert case.ledger.turnstile("import") == Turnstile()


def test_a_turnstile_is_kept_with_its_next_version_and_its_order(case: Case) -> None:
    case.ledger.save_turnstile("import", TAKEN)
    assert case.ledger.turnstile("import") == replace(TAKEN, version=1)
    swept = replace(case.ledger.turnstile("import"), holders={}, waiting=TAKEN.waiting[::-1], swept_at=written(NOW))
    case.ledger.save_turnstile("import", swept)
    assert case.ledger.turnstile("import") == replace(swept, version=2)
    assert case.ledger.turnstile("train") == Turnstile()


def test_of_two_writers_of_a_turnstile_the_second_is_told(case: Case) -> None:
    read_by_both = case.ledger.turnstile("train")
    case.ledger.save_turnstile("train", TAKEN)
    with pytest.raises(Conflict):
        case.ledger.save_turnstile("train", read_by_both)
    assert case.ledger.turnstile("train") == replace(TAKEN, version=1)
    with pytest.raises(Conflict):
        case.ledger.save_turnstile("import", replace(TAKEN, version=3))


def test_a_line_of_a_thousand_is_kept(case: Case) -> None:
    line = tuple(f"pipeline-{n}/20261123t214420-1a2b3c/*/{kind}" for n in range(1000) for kind in ("items", "users"))
    case.ledger.save_turnstile("import", Turnstile(waiting=line))
    assert case.ledger.turnstile("import").waiting == line


# ------------------------------------------------------------------ tries of a message


def test_tries_are_counted_for_each_message(case: Case) -> None:
    assert [case.ledger.tried(each, NOW) for each in ("m-1", "m-1", "m-2", "m-1")] == [1, 2, 1, 3]


# ------------------------------------------------------------------ direct calls


def test_a_call_that_is_made_again_has_the_run_of_the_first(case: Case) -> None:
    assert case.ledger.claim("request-1", "run-a", NOW) == "run-a"
    assert case.ledger.claim("request-1", "run-b", LATER) == "run-a"
    assert case.ledger.claim("request-2", "run-b", LATER) == "run-b"


# ------------------------------------------------------------------ what is left behind

LEFT = Memory(
    ended=("b", "a"),
    imports={"items": ("arn:j",)},
    trained={"for-you": (Trained("arn:v", "UPDATE", written(NOW), True),)},
    moves={"arn:c": (612, 599)},
)


def test_nothing_is_left_behind_before_the_first_end(case: Case) -> None:
    assert case.ledger.memory("shop") == Memory()


def test_what_is_left_behind_is_kept_with_its_next_version(case: Case) -> None:
    case.ledger.save_memory("shop", LEFT)
    assert case.ledger.memory("shop") == replace(LEFT, version=1)
    assert case.ledger.memory("books") == Memory()
    case.ledger.save_memory("shop", replace(LEFT, version=1, ended=("c",)))
    assert case.ledger.memory("shop") == replace(LEFT, version=2, ended=("c",))


def test_of_two_writers_of_what_is_left_behind_the_second_is_told(case: Case) -> None:
    case.ledger.save_memory("shop", LEFT)
    with pytest.raises(Conflict):
        case.ledger.save_memory("shop", LEFT)


# ------------------------------------------------------------------ DynamoDB alone


def test_a_record_goes_after_four_hundred_days(account: Account) -> None:
    account.ledger.create_run(run())
    key = {"pk": {"S": "run#shop"}, "sk": {"S": RUN_ID}}
    expires = int(client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]["expires"]["N"])
    assert expires == int((NOW - timedelta(minutes=5) + timedelta(days=400)).timestamp())


def test_what_a_newer_version_has_written_is_read(account: Account) -> None:
    account.declare(pipeline())
    account.ledger.create_run(run(plan=plan()))
    account.ledger.save_lease("shop", Lease(active=ACTIVE))
    for pk, sk, name in (("pipeline", "shop", "spec"), ("lease", "shop", "lease"), ("run#shop", RUN_ID, "plan")):
        account.rewrite(pk, sk, name, lambda text: json.dumps({**json.loads(text), "new": {"in": "version 9"}}))
    assert account.ledger.pipeline("shop") == pipeline()
    assert account.ledger.lease("shop").active == ACTIVE
    assert account.ledger.run("shop", RUN_ID) == run(plan=plan())


def test_what_cannot_be_read_is_no_message_to_blame(account: Account) -> None:
    account.ledger.create_run(run(plan=plan()))
    account.ledger.create_run(run("another"))
    account.rewrite("run#shop", RUN_ID, "plan", lambda text: "{}")
    with pytest.raises(Unreadable, match=r'missing value for field "plan\.name"'):
        account.ledger.run("shop", RUN_ID)


def test_a_memory_and_a_turnstile_that_cannot_be_read_begin_anew(account: Account) -> None:
    account.ledger.save_memory("shop", LEFT)
    account.ledger.save_turnstile("import", Turnstile(holders={"shop/a/*/items": written(NOW)}))
    for pk, sk in (("memory", "shop"), ("slots", "import")):
        account.rewrite(pk, sk, pk, lambda text: json.dumps(dict.fromkeys(json.loads(text), "of version 9")))
    assert account.ledger.memory("shop") == Memory(version=1)
    assert account.ledger.turnstile("import") == Turnstile(version=1)
    account.ledger.save_memory("shop", replace(LEFT, version=1))
    assert account.ledger.memory("shop") == replace(LEFT, version=2)
    account.ledger.save_turnstile("import", Turnstile(version=1, waiting=("shop/b/*/items",)))
    assert account.ledger.turnstile("import").waiting == ("shop/b/*/items",)


def test_a_lease_that_cannot_be_read_says_so_and_can_be_written_over(account: Account) -> None:
    account.ledger.save_lease("shop", Lease())
    account.rewrite("lease", "shop", "lease", lambda text: json.dumps({"version": "nine"}))
    with pytest.raises(Unreadable):
        account.ledger.lease("shop")
    assert account.ledger.lease_version("shop") == 1
    account.ledger.save_lease("shop", Lease(version=1))
    assert account.ledger.lease("shop") == Lease(version=2)


def test_the_runs_that_have_not_ended_or_are_untold_are_found(case: Case) -> None:
    assert case.ledger.lease_version("shop") == 0
    for each in (
        run("a", status="QUEUED"),
        run("b"),
        run("c", status="FAILED", told_at=written(NOW)),
        run("d", pipeline="books"),
        run("e", status="JOINED"),
        run("f", status="FAILED"),
    ):
        case.ledger.create_run(each)
    assert sorted(each.run_id for each in case.ledger.unfinished("shop")) == ["a", "b", "e", "f"]


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_an_item_that_is_written_too_often_is_as_if_another_had_written_it(code: str) -> None:
    def put_item(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "slow down"}}, "PutItem")

    busy = DynamoLedger(lambda: cast(Any, SimpleNamespace(put_item=put_item)), TABLE)
    with pytest.raises(Conflict, match="slow down"):
        busy.save_turnstile("import", TAKEN)


def test_another_refusal_is_raised(account: Account) -> None:
    with account.hearing(denied="dynamodb:PutItem/ledger"), pytest.raises(Exception, match="not authorized"):
        account.ledger.create_run(run())
    with account.hearing(denied="dynamodb:PutItem/ledger"), pytest.raises(Exception, match="not authorized"):
        account.ledger.save_turnstile("import", TAKEN)
    with account.hearing(denied="dynamodb:UpdateItem/ledger"), pytest.raises(Exception, match="not authorized"):
        account.ledger.update_run("shop", RUN_ID, NOW)


class Eventual:
    """DynamoDB, seen only by what it is asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def get_item(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        return {}


def test_reads_are_consistent() -> None:
    """Reads of moto always are; those of DynamoDB only where asked to be."""
    table = Eventual()
    ledger = DynamoLedger(lambda: cast(Any, table), TABLE)
    ledger.lease("shop")
    ledger.run("shop", RUN_ID)
    assert [asked["ConsistentRead"] for asked in table.asked] == [True, True]
