"""The ledger: DynamoDB and its twin behave the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.adapters.dynamodb import DynamoLedger
from functions.errors import Conflict, UnknownPipeline, Unreadable
from functions.model import IMPORTS, Message, Pipeline, Request, dump_short, parse_short
from functions.ports import IN_VAIN, Declarations, Ledger, Mark
from functions.records import Branch, Lease, Memory, Run, Trained, Turnstile
from functions.times import written
from functions.timing import Shift
from tests.contract.account import TABLE, Account, client
from tests.support.build import (
    CAMPAIGN,
    CHOSEN,
    GROUP,
    IN_STOCK,
    NOW,
    RUN_ID,
    UNSERVED,
    an_import,
    dataset,
    holder,
    message,
    pipeline,
    plan,
    run,
)
from tests.support.memory import MemoryDeclarations, MemoryLedger

LATER = NOW + timedelta(minutes=7)


@dataclass
class Case:
    """A ledger, and how pipelines are declared in it."""

    ledger: Ledger
    declare: Callable[[Pipeline], None]
    declarations: Declarations

    def standing(self, run_id: str = RUN_ID) -> Run:
        found = self.ledger.run("shop", run_id)
        assert found
        return found


def in_memory(_: Account) -> Case:
    ledger = MemoryLedger()

    def declare(declared: Pipeline) -> None:
        ledger.declared[declared.pipeline] = declared

    return Case(ledger, declare, MemoryDeclarations(ledger=ledger))


def in_dynamodb(account: Account) -> Case:
    return Case(account.ledger, account.declare, account.declarations)


@pytest.fixture(params=[in_memory, in_dynamodb], ids=["memory", "dynamodb"])
def case(request: pytest.FixtureRequest, account: Account) -> Case:
    return cast(Case, request.param(account))


# ------------------------------------------------------------------ declarations


def test_a_pipeline_is_read_as_declared(case: Case) -> None:
    shop = pipeline(filters={"in-stock": IN_STOCK}, dataset_group_arn=GROUP, event_tracker=True)
    case.declare(shop)
    case.declare(pipeline(pipeline="books"))
    assert case.ledger.pipelines() == ["books", "shop"]
    assert case.ledger.pipeline("shop") == shop


def test_a_campaign_is_taken_out_before_the_rest_of_its_pipeline(account: Account) -> None:
    """Terraform deletes the item of a campaign, then the campaign, and only then writes the pipeline again."""
    other = replace(CHOSEN, campaign=replace(CAMPAIGN, name="more"))
    account.declare(pipeline(solutions={"for-you": CHOSEN, "more": other, "similar": UNSERVED}))
    account.declare(pipeline(pipeline="shop-2"))
    account.declarations.withdraw("shop", CAMPAIGN.name)
    left = {"for-you": replace(CHOSEN, campaign=None), "more": other, "similar": UNSERVED}
    assert account.ledger.pipeline("shop").solutions == left
    assert account.ledger.pipeline("shop-2") == pipeline(pipeline="shop-2")


@pytest.mark.parametrize("family", ["acme-shop-in-stock", IN_STOCK.name])
def test_a_filter_is_taken_out_before_the_rest_of_its_pipeline(case: Case, family: str) -> None:
    """One that was made by hand has no digest in its name."""
    kept = replace(IN_STOCK, name=f"{family}-too-1a2b3c4d")
    shop = pipeline(filters={"in-stock": IN_STOCK, "too": kept}, dataset_group_arn=GROUP)
    case.declare(shop)
    case.declare(replace(shop, pipeline="books"))
    case.declarations.withdraw_filter("shop", family)
    case.declarations.withdraw_filter("shop", "acme-shop-other")
    case.declarations.withdraw_filter("toys", family)
    assert case.ledger.pipeline("shop") == replace(shop, filters={"too": kept})
    assert case.ledger.pipeline("books") == replace(shop, pipeline="books")


def test_two_filters_may_be_taken_out_at_the_same_time(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    too = replace(IN_STOCK, name="acme-shop-too-1a2b3c4d")
    account.declare(pipeline(filters={"in-stock": IN_STOCK, "too": too}, dataset_group_arn=GROUP))
    quicker = account.declarations
    redeclare, others = quicker._redeclare, ["acme-shop-too"]

    def second(*spec: str) -> None:
        while others:
            account.declarations.withdraw_filter("shop", others.pop())
        redeclare(*spec)

    monkeypatch.setattr(quicker, "_redeclare", second)
    quicker.withdraw_filter("shop", "acme-shop-in-stock")
    assert account.ledger.pipeline("shop").filters == {}


def test_a_campaign_whose_solution_is_not_written_yet_is_nothing_to_a_run(account: Account) -> None:
    account.declare(pipeline(solutions={"for-you": CHOSEN}))
    account.declare(pipeline(solutions={"similar": UNSERVED}))
    assert account.ledger.pipeline("shop").solutions == {"similar": UNSERVED}


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_campaigns_that_change_places_each_stays_somebodys(account: Account, first: int) -> None:
    """The apply may be cut off between the two."""
    both = [("front-page", "for-you"), ("detail-page", "similar")]
    one, two = (replace(CAMPAIGN, name=name) for name, _ in both)
    account.declare(
        pipeline(solutions={"for-you": replace(CHOSEN, campaign=one), "similar": replace(UNSERVED, campaign=two)})
    )
    moved = (one, "similar") if first == 0 else (two, "for-you")
    account.declarations.declare("shop", moved[1], asdict(moved[0]))
    served = {
        key: each.campaign and each.campaign.name for key, each in account.ledger.pipeline("shop").solutions.items()
    }
    assert served == {"for-you": "front-page", "similar": "detail-page"}


def test_a_campaign_is_the_former_solutions_until_the_pipeline_tells_of_the_new_one(account: Account) -> None:
    """Glue declares it for the solution's new name first, and the apply may end there for today."""
    account.declare(pipeline(solutions={"for-you": CHOSEN, "similar": UNSERVED}))
    for name in ("for-me", "for-us", "for-me"):
        account.declarations.declare("shop", name, asdict(CAMPAIGN))
        assert account.declarations.campaigns("shop") == {CAMPAIGN.name: name}
        assert account.ledger.pipeline("shop").solutions == {"for-you": CHOSEN, "similar": UNSERVED}
    renamed = {"for-me": replace(CHOSEN, campaign=None), "similar": UNSERVED}
    account.declare(pipeline(solutions=renamed))
    assert account.ledger.pipeline("shop").solutions == {"for-me": CHOSEN, "similar": UNSERVED}


def test_a_pipeline_is_declared_until_terraform_takes_that_back(case: Case) -> None:
    assert not case.declarations.is_declared("shop")
    case.declare(pipeline())
    assert case.declarations.is_declared("shop")
    assert not case.declarations.is_declared("toys")


def test_whether_a_run_is_under_way_is_the_leases_to_tell(account: Account) -> None:
    assert not account.declarations.running("shop")
    account.ledger.save_lease("shop", Lease(active=holder()))
    assert account.declarations.running("shop")
    account.ledger.save_lease("shop", Lease(version=1))
    assert not account.declarations.running("shop")
    account.rewrite("lease", "shop", "lease", lambda text: "[]")
    assert account.declarations.running("shop"), "what can't be read may be one"


def test_an_unknown_pipeline_is_told_with_those_there_are(case: Case) -> None:
    case.declare(pipeline())
    case.declare(pipeline(pipeline="books"))
    with pytest.raises(UnknownPipeline, match=r"There is no pipeline 'shoop'\. Declared pipelines: books, shop\."):
        case.ledger.pipeline("shoop")


def test_none_is_declared(case: Case) -> None:
    assert case.ledger.pipelines() == []
    assert case.ledger.folders() == {}
    with pytest.raises(UnknownPipeline, match="none"):
        case.ledger.pipeline("shop")


def test_a_folder_tells_its_pipeline_and_dataset(case: Case) -> None:
    case.declare(pipeline())
    case.declare(pipeline(pipeline="books", datasets={"items": replace(dataset("items"), location="s3://data/b/")}))
    assert case.ledger.folders() == {
        "s3://data/b/": "books/items",
        "s3://data/shop/interactions/": "shop/interactions",
        "s3://data/shop/items/": "shop/items",
    }


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


# ------------------------------------------------------------------ runs


def full_run(**changes: Any) -> Run:
    """Return a run with everything that a run can have."""
    fields: dict[str, Any] = {
        "request": Request("shop", "train", ("for-you", "similar"), "UPDATE", force=True),
        "plan": plan(imports={"items": an_import("items", expected=612.5)}),
        "started_at": written(NOW),
        "warnings": ("a file in a folder is not imported",),
        "branches": {
            IMPORTS: Branch(status="SUCCEEDED"),
            "for-you": Branch(
                7,
                "poll",
                "FAILED",
                "why: ü",
                dump_short(message("poll", "for-you", hop=7)),
                {"train": {"started_at": written(NOW), "finished_at": None, "arns": ["arn:v"]}},
            ),
        },
    }
    return run(**{**fields, **changes})


def test_a_run_is_read_as_written(case: Case) -> None:
    case.ledger.create_run(full_run())
    assert case.standing() == full_run()


def test_there_is_no_such_run(case: Case) -> None:
    case.ledger.create_run(run())
    assert case.ledger.run("shop", "other") is None
    assert case.ledger.run("books", RUN_ID) is None


def test_a_run_is_created_once(case: Case) -> None:
    case.ledger.create_run(run(status="QUEUED"))
    case.ledger.create_run(run(status="JOINED", joined="other"))
    assert case.standing() == run(status="QUEUED")


def test_a_run_begins_once(case: Case) -> None:
    case.ledger.create_run(run(status="QUEUED"))
    first = full_run()
    assert case.ledger.begin_run(first) == first
    assert case.ledger.begin_run(full_run(plan=plan(solutions={}))) == first
    assert case.standing() == first


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "JOINED"])
def test_only_a_queued_run_begins(case: Case, status: Any) -> None:
    case.ledger.create_run(run(status=status))
    assert case.ledger.begin_run(full_run()) == run(status=status)


def test_fields_of_a_run_are_set(case: Case) -> None:
    case.ledger.create_run(full_run())
    case.ledger.update_run("shop", RUN_ID, LATER, status="FAILED", reason="why", finished_at=written(LATER))
    assert case.standing() == replace(
        full_run(), status="FAILED", reason="why", finished_at=written(LATER), updated_at=written(LATER)
    )
    case.ledger.update_run("shop", RUN_ID, LATER, reason=None)
    assert case.standing().reason is None


def test_how_a_run_has_ended_is_never_rewritten(case: Case) -> None:
    case.ledger.create_run(run(status="QUEUED"))
    assert case.ledger.end_run("shop", RUN_ID, "FAILED", NOW, reason="first")
    assert not case.ledger.end_run("shop", RUN_ID, "SUCCEEDED", LATER)
    found = case.standing()
    assert (found.status, found.reason, found.finished_at) == ("FAILED", "first", written(NOW))


def test_a_sign_of_life_changes_nothing_else(case: Case) -> None:
    case.ledger.create_run(full_run())
    case.ledger.update_run("shop", RUN_ID, LATER)
    assert case.standing() == replace(full_run(), updated_at=written(LATER))


def test_a_run_that_is_not_there_is_not_made_by_an_update(case: Case) -> None:
    case.ledger.update_run("shop", "other", LATER, status="FAILED")
    case.ledger.advance(message("poll", hop=2), LATER, ())
    assert case.ledger.run("shop", "other") is None
    assert case.ledger.run("shop", RUN_ID) is None


# ------------------------------------------------------------------ branches

NAMES = [IMPORTS, "for-you", "for_you.2", "1st", "status", "a-b-c"]


@pytest.fixture(params=NAMES)
def branch(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def begun(case: Case) -> Case:
    case.ledger.create_run(run(branches={name: Branch() for name in NAMES}))
    return case


def going(step: str, branch: str, hop: int) -> list[Message]:
    """Return what was sent: the branch's own message among others."""
    other = next(name for name in NAMES if name != branch)
    return [message(step, other), message(step, branch, hop=hop)]


def carried(step: str, branch: str, hop: int) -> str:
    return dump_short(message(step, branch, hop=hop))


def test_a_cursor_moves_on_its_own_branch(begun: Case, branch: str) -> None:
    begun.ledger.advance(message("poll", branch, hop=2), LATER, going("train", branch, 3))
    moved = begun.standing()
    after = Branch(3, "train", message=carried("train", branch, 3), moved_at=written(LATER))
    assert moved.branches == {name: Branch() for name in NAMES} | {branch: after}
    assert parse_short(after.message or "", plan()) == message("train", branch, hop=3)
    assert moved.updated_at == written(LATER)


def test_a_phase_that_is_told_again_keeps_its_beginning(begun: Case, branch: str) -> None:
    """The message that begins it may die before it is noted: each later one tells it again, and what came since."""
    began = Mark("train", ("arn:a",), since=written(NOW))
    begun.ledger.advance(message("poll", branch, hop=1), LATER, going("poll", branch, 2), began)
    phase = {"started_at": written(NOW), "finished_at": None, "arns": ["arn:a"]}
    assert begun.standing().branches[branch].steps == {"train": phase}

    again = Mark("train", ("arn:a", "arn:b"), since=written(NOW), finished=True)
    begun.ledger.advance(message("poll", branch, hop=2), LATER, going("deploy", branch, 3), again)
    both = phase | {"finished_at": written(LATER), "arns": ["arn:a", "arn:b"]}
    assert begun.standing().branches[branch].steps == {"train": both}


def test_marks_are_kept_on_their_branch(begun: Case, branch: str) -> None:
    begun.ledger.advance(
        message("train", branch, hop=0), NOW, going("poll", branch, 1), Mark("train", ("arn:a", "arn:b"))
    )
    phase = {"started_at": written(NOW), "finished_at": None, "arns": ["arn:a", "arn:b"]}
    assert begun.standing().branches[branch] == Branch(
        1, "poll", message=carried("poll", branch, 1), steps={"train": phase}, moved_at=written(NOW)
    )

    begun.ledger.advance(
        message("poll", branch, hop=1), LATER, going("deploy", branch, 2), Mark("train", finished=True)
    )
    phase["finished_at"] = written(LATER)
    assert begun.standing().branches[branch] == Branch(
        2, "deploy", message=carried("deploy", branch, 2), steps={"train": phase}, moved_at=written(LATER)
    )

    begun.ledger.advance(message("deploy", branch, hop=2), LATER, going("poll", branch, 3), Mark("deploy", ("arn:c",)))
    ended = Mark("deploy", finished=True, status="FAILED", reason="why")
    begun.ledger.advance(message("finish", branch, hop=3), LATER, (), ended)
    end = {"started_at": written(LATER), "finished_at": written(LATER), "arns": ["arn:c"]}
    assert begun.standing().branches[branch] == Branch(
        4, "finish", "FAILED", "why", steps={"train": phase, "deploy": end}, moved_at=written(LATER)
    )


def test_how_long_a_phase_took_by_personalizes_clock_is_kept(begun: Case, branch: str) -> None:
    begun.ledger.advance(message("train", branch, hop=0), NOW, (), Mark("train", ("arn:a",)))
    ended = Mark("train", finished=True, took=2210, shift=Shift(-0.69, 0.05, 2))
    begun.ledger.advance(message("poll", branch, hop=1), LATER, (), ended)
    begun_then = {"started_at": written(NOW), "finished_at": written(LATER), "arns": ["arn:a"]}
    phase = begun_then | {"took": 2210, "shift": {"by": -69, "spread": 5, "things": 2}}
    assert begun.standing().branches[branch].steps == {"train": phase}


def test_branches_that_end_with_another_one_are_skipped(begun: Case, branch: str) -> None:
    others = tuple(name for name in NAMES if name != branch)
    failed = Mark(status="FAILED", reason="why", skipped=others)
    begun.ledger.advance(message("finish", branch, hop=1), LATER, (), failed)
    standing = begun.standing().branches
    assert (standing[branch].status, standing[branch].reason) == ("FAILED", "why")
    assert [standing[name] for name in others] == [Branch(status="SKIPPED", reason=IN_VAIN)] * len(others)


def test_a_stale_failure_skips_nothing(begun: Case) -> None:
    begun.ledger.advance(message("poll", "for-you", hop=3), NOW, ())
    failed = Mark(status="FAILED", reason="why", skipped=(NAMES[0],))
    begun.ledger.advance(message("finish", "for-you", hop=1), LATER, (), failed)
    assert {branch.status for branch in begun.standing().branches.values()} == {"RUNNING"}


@pytest.mark.parametrize("hop", [0, 4])
def test_a_cursor_never_goes_back(begun: Case, hop: int) -> None:
    begun.ledger.advance(message("poll", "for-you", hop=4), NOW, going("deploy", "for-you", 5))
    before = begun.standing()
    stale = Mark("train", ("arn:a",), status="FAILED", reason="stale")
    begun.ledger.advance(message("train", "for-you", hop=hop), LATER, (), stale)
    assert begun.standing() == before


def test_a_phase_that_did_not_begin_does_not_end(begun: Case) -> None:
    begun.ledger.advance(message("deploy", "for-you", hop=2), LATER, (), Mark("deploy", finished=True))
    assert begun.standing().branches["for-you"] == Branch(3, "deploy", moved_at=written(LATER))


def test_an_end_that_was_cut_off_is_noted_by_the_next_delivery(begun: Case) -> None:
    """The cursor has moved, the phase's end was not written: the message comes again."""
    begun.ledger.advance(message("train", "for-you", hop=0), NOW, (), Mark("train", ("arn:a",)))
    begun.ledger.advance(message("poll", "for-you", hop=1), NOW, ())
    begun.ledger.advance(message("poll", "for-you", hop=1), LATER, (), Mark("train", finished=True))
    assert begun.standing().branches["for-you"].steps["train"]["finished_at"] == written(LATER)


def test_a_phase_of_which_more_begins_has_begun_when_its_first_did(begun: Case) -> None:
    begun.ledger.advance(message("import", hop=0), NOW, (), Mark("import", ("arn:a",)))
    more = Mark("import", ("arn:a", "arn:b"), since=written(NOW))
    begun.ledger.advance(message("import", hop=1), LATER, (), more)
    phase = {"started_at": written(NOW), "finished_at": None, "arns": ["arn:a", "arn:b"]}
    assert begun.standing().branches[IMPORTS].steps == {"import": phase}


# ------------------------------------------------------------------ what is about to be made


@pytest.mark.parametrize("branch", [IMPORTS, "for-you"])
def test_one_of_two_deliveries_is_the_first_that_is_about_to_make_something(begun: Case, branch: str) -> None:
    told = message("train", branch)
    assert begun.ledger.intend(told, NOW, None)
    assert begun.standing().branches[branch].making == written(NOW)
    assert not begun.ledger.intend(told, LATER, None)
    assert begun.standing().branches[branch].making == written(NOW)
    assert begun.ledger.intend(told, LATER, written(NOW))
    assert begun.ledger.intend(told, None, written(LATER))
    assert begun.standing().branches[branch].making is None
    assert begun.ledger.intend(told, NOW, None)


def test_a_branch_that_another_version_began_has_no_note_yet(account: Account) -> None:
    account.ledger.create_run(run(branches={"for-you": Branch()}))
    client("dynamodb").update_item(
        TableName=TABLE,
        Key={"pk": {"S": "run#shop"}, "sk": {"S": RUN_ID}},
        UpdateExpression="REMOVE branches.#b.making",
        ExpressionAttributeNames={"#b": "for-you"},
    )
    assert account.ledger.intend(message("train", "for-you"), NOW, None)
    assert not account.ledger.intend(message("train", "for-you"), LATER, None)


def test_how_a_branch_has_ended_is_never_rewritten(begun: Case) -> None:
    """Two deliveries of `finish` at the same time: one that gives the branch up, and the branch's own."""
    failed = Mark(phase="train", status="FAILED", reason="given up")
    begun.ledger.advance(message("finish", "for-you", hop=4, phase="train"), NOW, (), failed)
    succeeded = Mark(phase="train", finished=True, status="SUCCEEDED")
    begun.ledger.advance(message("finish", "for-you", hop=5, phase="train"), LATER, (), succeeded)
    found = begun.standing().branches["for-you"]
    assert (found.status, found.reason, found.hop) == ("FAILED", "given up", 5)


def test_for_a_run_that_is_not_there_nothing_is_made(case: Case) -> None:
    assert not case.ledger.intend(message("train", "for-you"), NOW, None)


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
