"""Event trackers: one of a dataset group, taken over where it has the declared name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.errors import AlreadyExists, InUse, LimitExceeded, NotFound, PipelineError
from functions.glue.patience import LOOKS_AT_A_DENIAL
from functions.glue.request import Change, Wanted
from functions.glue.tags import create_tags, retag
from functions.glue.things import NoRoomError, Things
from functions.statuses import gone


class OtherTrackerError(PipelineError):
    """The dataset group has an event tracker of another name, and can have but one."""

    def __init__(self, wanted: str, found: str) -> None:
        super().__init__(
            f"The dataset group has an event tracker already, {found}, and can have only one; {wanted} was not made. "
            "Applications may send their events to it. Leave event_tracker out to keep it as it is, or delete it "
            "(aws personalize delete-event-tracker --event-tracker-arn …) and apply again. Nothing was changed."
        )


@dataclass(frozen=True)
class EventTrackers:
    """The event trackers of all pipelines."""

    things: Things

    def bring(self, change: Change) -> dict[str, Any]:
        """Make the tracker, or take over the one of this name; answer the id that applications send events with."""
        wanted = change.wanted
        found = self._found(wanted)
        if found is None:
            arn = self._made(wanted)
        else:
            arn = found["eventTrackerArn"]
            retag(self.things.personalize, arn, change)
        self.things.ready("EventTracker", arn)
        return {"arn": arn, "tracking_id": self.things.describe("EventTracker", arn)["trackingId"]}

    def delete(self, change: Change) -> dict[str, Any]:
        """Delete the tracker. A new one would have another id, and what is sent to the old one is lost."""
        wanted = change.wanted
        wanted.refuse_deletion(f"event tracker {wanted.request['name']}, whose id applications send events with,")
        for each in self._listed(wanted):
            if each["name"] == wanted.request["name"]:
                self.things.remove("EventTracker", each["eventTrackerArn"])
        return {}

    def _found(self, wanted: Wanted) -> dict[str, Any] | None:
        """Return the group's tracker; raise :class:`OtherTrackerError` where it is another one."""
        for each in self._listed(wanted):
            if gone(each["status"]):
                self.things.remove("EventTracker", each["eventTrackerArn"])
            elif each["name"] != wanted.request["name"]:
                raise OtherTrackerError(wanted.request["name"], each["name"])
            else:
                return each
        return None

    def _made(self, wanted: Wanted) -> str:
        call = {**wanted.request, **create_tags(wanted.tags)}
        unseen = 0
        while True:
            try:
                return str(self.things.personalize.call("CreateEventTracker", call)["eventTrackerArn"])
            except (AlreadyExists, InUse, LimitExceeded, NotFound) as told:  # it, or its group, is not to be seen yet
                if found := self._found(wanted):
                    return str(found["eventTrackerArn"])
                unseen += 1
                if unseen > LOOKS_AT_A_DENIAL:
                    if isinstance(told, LimitExceeded):
                        raise NoRoomError("EventTracker", told) from told
                    raise
                self.things.patience.rest(str(told))

    def _listed(self, wanted: Wanted) -> list[dict[str, Any]]:
        group = {"datasetGroupArn": wanted.request["datasetGroupArn"]}
        return list(self.things.personalize.pages("ListEventTrackers", "eventTrackers", group))
