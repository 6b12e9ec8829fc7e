"""A state in a folder: what is big is written once, and a broken or strange state is said."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from local.gateway.keeper import Keeper, UnsavedError
from local.personalize.clock import SteeredClock
from local.personalize.data import schemas
from local.personalize.data.schemas import Field
from local.personalize.keeping import LIBRARIES, Shelf, StateError, _Unpickler, kept_classes
from local.personalize.models import State
from tests.local.personalize_account import Account, trained_group


def trained() -> tuple[Account, str]:
    account = Account()
    version = account.version(account.solution(trained_group(account), "aws-user-personalization"))
    campaign = account.campaign(version)
    account.service.advance()
    return account, campaign


def parts(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.part")}


def test_what_is_big_is_written_once_and_removed_when_it_is_gone(tmp_path: Path) -> None:
    account, campaign = trained()
    world = account.service.world
    shelf = Shelf(tmp_path)
    shelf.save(world.state, world.lock)
    first = parts(tmp_path)
    assert len(first) == 5  # interactions and items, the rows of each, and the model
    account("UpdateCampaign", campaignArn=campaign, minProvisionedTPS=2)
    shelf.save(world.state, world.lock)
    assert parts(tmp_path) == first
    account.version(
        account("DescribeCampaign", campaignArn=campaign)["campaign"]["solutionVersionArn"].rpartition("/")[0]
    )
    account.service.advance()
    shelf.save(world.state, world.lock)
    assert first.items() < parts(tmp_path).items()
    account.service.reset()
    shelf.save(world.state, world.lock)
    assert parts(tmp_path) == {}


def test_what_was_kept_serves_the_same(tmp_path: Path) -> None:
    account, campaign = trained()
    expected = account.recommended(campaign, userId="u1")
    account.recommended(campaign, userId="u1")
    world = account.service.world
    Shelf(tmp_path).save(world.state, world.lock)
    shelf = Shelf(tmp_path)
    state = shelf.load()
    assert state is not None
    again = Account(state=state)
    assert again.recommended(campaign, userId="u1") == expected
    before = parts(tmp_path)
    shelf.save(state, threading.Lock())
    assert parts(tmp_path) == before


def test_events_are_kept_and_only_their_table_is_written_anew(tmp_path: Path) -> None:
    account, campaign = trained()
    world = account.service.world
    group = account("ListDatasetGroups")["datasetGroups"][0]["datasetGroupArn"]
    tracking = account("CreateEventTracker", name="t", datasetGroupArn=group)["trackingId"]
    account.service.advance()
    shelf = Shelf(tmp_path)
    shelf.save(world.state, world.lock)
    before = parts(tmp_path)
    for item in ("i1", "i5"):
        event = {"eventType": "watch", "itemId": item, "sentAt": account.clock.now, "eventId": item}
        account.events("PutEvents", trackingId=tracking, sessionId="s", userId="new", eventList=[event])
    shelf.save(world.state, world.lock)
    after = parts(tmp_path)
    assert len(before.keys() - after.keys()) == len(after.keys() - before.keys()) == 1
    state = Shelf(tmp_path).load()
    assert state is not None
    again = Account(state=state)
    assert again.recommended(campaign, userId="new") == account.recommended(campaign, userId="new")
    again.events("PutEvents", trackingId=tracking, sessionId="s", userId="new", eventList=[event])
    assert again.recommended(campaign, userId="new") == account.recommended(campaign, userId="new"), "an ID seen before"


def _classes(path: Path) -> set[type]:
    """Return the classes that a file names."""
    found: set[type] = set()

    class Names(_Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            thing = super().find_class(module, name)
            found.update([thing] if isinstance(thing, type) else [])
            return thing

    with path.open("rb") as file:
        if path.name == "state":
            file.readline()
        Names(file, lambda name: None).load()
    return found


def test_all_that_is_in_a_state_has_a_say_in_which_version_can_read_it(tmp_path: Path) -> None:
    account = Account()
    group = trained_group(account)
    recipes = ("aws-user-personalization", "aws-sims", "aws-similar-items", "aws-trending-now", "aws-item-affinity")
    for recipe in recipes:
        version = account.version(account.solution(group, recipe))
        assert account.status("SolutionVersion", version) == "ACTIVE"
    tracking = account("CreateEventTracker", name="t", datasetGroupArn=group)["trackingId"]
    account.service.advance()
    event = {"eventType": "watch", "itemId": "i1", "sentAt": account.clock.now}
    account.events("PutEvents", trackingId=tracking, sessionId="s", userId="u1", eventList=[event])
    Shelf(tmp_path).save(account.service.world.state, account.service.world.lock)
    classes = set().union(*(_classes(path) for path in [tmp_path / "state", *tmp_path.glob("*.part")]))
    ours = {each for each in classes if each.__module__.startswith("local.")}
    assert ours <= set(kept_classes())
    assert {"Table", "Streamed", "Field", "Schema", "Fitted", "Trained", "Life", "Factors"} <= {
        each.__name__ for each in ours
    }
    theirs = {each.__module__.partition(".")[0] for each in classes - ours}
    assert theirs <= {*LIBRARIES, *sys.stdlib_module_names}


def test_a_state_of_another_library_or_of_other_members_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Shelf(tmp_path).save(State(), threading.Lock())
    assert Shelf(tmp_path).load() == State()
    with monkeypatch.context() as patch:
        patch.setattr(importlib.metadata, "version", lambda name: "0.0.1")
        with pytest.raises(StateError, match="another version"):
            Shelf(tmp_path).load()
    more = dataclasses.make_dataclass(
        "Field", [(each.name, each.type) for each in dataclasses.fields(Field)] + ["unit"]
    )
    more.__module__ = Field.__module__
    monkeypatch.setattr(schemas, "Field", more)
    with pytest.raises(StateError, match="another version"):
        Shelf(tmp_path).load()


@pytest.mark.parametrize("content", [b"", b'{"format": 0}\nx', b"\x80junk"])
def test_a_strange_state_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state").write_bytes(content)
    with pytest.raises(StateError, match=r"another version.*delete"):
        Shelf(tmp_path).load()


def test_a_broken_state_is_said(tmp_path: Path) -> None:
    account, _ = trained()
    Shelf(tmp_path).save(account.service.world.state, account.service.world.lock)
    next(tmp_path.glob("*.part")).unlink()
    with pytest.raises(StateError, match=r"can't be read.*FileNotFoundError.*delete"):
        Shelf(tmp_path).load()


def test_the_keeper_saves_by_itself_and_only_what_has_changed(tmp_path: Path) -> None:
    account, campaign = trained()
    keeper = Keeper(tmp_path, 1)
    saved: list[int] = []
    keeper.watch(lambda: account.service.changes, lambda: saved.append(account.service.changes))
    account("DescribeCampaign", campaignArn=campaign)
    keeper.save()
    assert saved == []
    account("UpdateCampaign", campaignArn=campaign, minProvisionedTPS=2)
    deadline = time.monotonic() + 5
    while not saved and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(saved) == 1
    keeper.close()
    assert len(saved) == 1


def test_what_can_not_be_saved_now_is_saved_later(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, 1)
    keeper.close()
    changes, tries = [0], [0]

    def save() -> None:
        tries[0] += 1
        if tries[0] == 1:
            raise RuntimeError("dictionary changed size during iteration")

    keeper.watch(lambda: changes[0], save)
    changes[0] = 1
    with pytest.raises(UnsavedError, match=f"^{tmp_path}: dictionary changed size during iteration$"):
        keeper.save()
    assert keeper.trouble
    for _ in range(2):
        keeper.save()
    assert tries == [2]
    assert not keeper.trouble


def test_the_clock_is_kept(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, 1)
    clock = keeper.clock()
    clock.advance(3600)
    clock.freeze()
    keeper.close()
    again = Keeper(tmp_path, 1)
    assert again.clock().setting == clock.setting
    again.close()
    assert SteeredClock(setting=clock.setting)() == clock()
