"""Who has a slot, and who is next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions import slots
from functions.model import Wait, dump
from functions.records import Turnstile
from functions.slots import MOST_WAITING, SWEPT_EVERY, Token, ask, lacking, leave, of_run, token, unswept
from functions.times import written
from tests.support.build import NOW, RUN_ID, an_import, message, plan

AT = written(NOW)


def stile(*holders: str, waiting: tuple[str, ...] = ()) -> Turnstile:
    return Turnstile(holders=dict.fromkeys(holders, AT), waiting=waiting)


@pytest.mark.parametrize(
    ("before", "tokens", "after"),
    [
        pytest.param(stile(), "a", stile("a"), id="free"),
        pytest.param(stile(), "abc", stile("a", "b", waiting=("c",)), id="as they come"),
        pytest.param(stile("a", "b"), "c", stile("a", "b", waiting=("c",)), id="full"),
        pytest.param(stile("a", "b", waiting=("c",)), "dc", stile("a", "b", waiting=("c", "d")), id="last in line"),
        pytest.param(stile("a", "b"), "ab", stile("a", "b"), id="asked again with slots"),
        pytest.param(stile("a", "b", waiting=("c",)), "c", stile("a", "b", waiting=("c",)), id="asked again in line"),
        pytest.param(stile("a", waiting=("c", "d")), "d", stile("a", "c", waiting=("d",)), id="more slots than before"),
    ],
)
def test_who_asks_has_a_slot_or_a_place(before: Turnstile, tokens: str, after: Turnstile) -> None:
    assert ask(before, tokens, 2, NOW) == after


@pytest.mark.parametrize(
    ("before", "tokens", "after"),
    [
        pytest.param(stile("a", "b", waiting=("c", "d")), "a", stile("b", "c", waiting=("d",)), id="the next"),
        pytest.param(stile("a", "b", waiting=("c", "d")), "ab", stile("c", "d"), id="the next two"),
        pytest.param(stile("a", "b", waiting=("c", "d")), "c", stile("a", "b", waiting=("d",)), id="out of the line"),
        pytest.param(stile("a"), "x", stile("a"), id="never there"),
    ],
)
def test_what_is_given_back_goes_to_the_first_in_line(before: Turnstile, tokens: str, after: Turnstile) -> None:
    assert leave(before, tokens, 2, NOW) == after


def test_fewer_slots_than_holders_let_nobody_in() -> None:
    assert leave(stile("a", "b", "c", waiting=("d",)), "a", 2, NOW) == stile("b", "c", waiting=("d",))
    assert ask(stile("a", "b", "c"), "d", 2, NOW) == stile("a", "b", "c", waiting=("d",))


def test_a_slot_is_had_since_it_was_given() -> None:
    later = NOW + timedelta(minutes=7)
    after = leave(stile("a", "b", waiting=("c",)), "a", 2, later)
    assert after.holders == {"b": AT, "c": written(later)}


Move = tuple[str, str]


@settings(deadline=None)  # the machine may be busy
@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.sampled_from(["ask", "leave"]), st.sampled_from("abcdefgh")), max_size=60),
)
def test_no_slot_is_idle_while_somebody_waits_and_each_comes_in_his_turn(capacity: int, moves: list[Move]) -> None:
    turnstile, line = Turnstile(), list[str]()
    for move, each in moves:
        before = turnstile
        turnstile = (ask if move == "ask" else leave)(turnstile, [each], capacity, NOW)
        if move == "leave":
            line = [other for other in line if other != each]
        elif each not in {*before.holders, *before.waiting}:
            line.append(each)
        admitted = [other for other in turnstile.holders if other not in before.holders]
        assert admitted == line[: len(admitted)]
        line = line[len(admitted) :]
        assert list(turnstile.waiting) == line
        assert not turnstile.holders.keys() & {*turnstile.waiting}
        assert len(turnstile.holders) <= capacity
        assert len(turnstile.holders) == capacity or not turnstile.waiting


# ------------------------------------------------------------------ tokens


def test_a_token_tells_what_is_to_be_made() -> None:
    asked = token(message("import"), "items")
    assert asked == f"shop/{RUN_ID}/*/items"
    assert Token.read(asked) == Token("shop", RUN_ID, "*", "items")


def test_the_tokens_of_a_run_and_of_a_branch_are_found_wherever_they_are() -> None:
    mine = [f"shop/{RUN_ID}/{rest}" for rest in ("*/items", "for-you/version", "for-you-2/version")]
    others = (f"shop-2/{RUN_ID}/*/items", f"shop/{RUN_ID}0/*/items")
    turnstile = stile(mine[0], others[0], waiting=(*mine[1:], others[1]))
    assert of_run(turnstile, "shop", RUN_ID) == mine
    assert of_run(turnstile, "shop", RUN_ID, "for-you") == mine[1:2]


@pytest.mark.parametrize(
    ("phase", "waits", "keys"),
    [
        ("import", [], ["interactions", "items"]),
        ("import", ["items"], ["interactions"]),
        ("import", ["items", "interactions"], []),
        ("import", [None, None], []),
        ("train", [], ["version"]),
        ("train", ["version"], []),
        ("deploy", [None], []),
    ],
)
def test_what_a_phase_has_still_to_make(phase: Any, waits: list[str | None], keys: list[str]) -> None:
    carried = plan(imports={name: an_import(name) for name in ("interactions", "items")})
    made = tuple(Wait("campaign", "arn", key=key) for key in waits)
    assert lacking(message("poll", "for-you", plan=carried, phase=phase, waits=made)) == keys


def test_only_what_has_a_quota_has_a_turnstile() -> None:
    kinds = [slots.kind_of(message("poll", phase=phase)) for phase in ("import", "train", "deploy")]
    assert kinds == ["import", "train", None]


# ------------------------------------------------------------------ limits


def test_a_full_line_fits_into_an_item_and_takes_nobody_else() -> None:
    pipeline, solution = "p" * 40, "s" * 20
    line = tuple(f"{pipeline[:-4]}{n:04}/{RUN_ID}/{solution}/version" for n in range(MOST_WAITING))
    full = stile("a", waiting=line)
    assert len(dump(full)) < 400_000
    assert ask(full, ["b"], 1, NOW) == full
    assert ask(replace(full, waiting=line[1:]), "bc", 1, NOW).waiting == (*line[1:], "b")


def test_holders_are_looked_at_now_and_then() -> None:
    assert unswept(Turnstile(), NOW)
    assert not unswept(Turnstile(swept_at=AT), NOW + SWEPT_EVERY - timedelta(seconds=1))
    assert unswept(Turnstile(swept_at=AT), NOW + SWEPT_EVERY)


def test_the_longest_line_of_the_longest_tokens_fits_into_an_item() -> None:
    """400 KB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html."""
    longest = f"{'p' * 40}/{'r' * 22}/{'s' * 40}/{'action_interactions'}"
    line = Turnstile(9, {f"{n:03}{longest}": written(NOW) for n in range(100)}, (longest,) * slots.MOST_WAITING)
    assert len(dump(line)) < 400 * 1024 * 0.9
