"""Make a pipeline's filters that are not there yet, once its data is: Personalize may refuse them before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions.engine import REFUSED, Observed, Step, after_refusal, tags
from functions.errors import NotFound, UnknownPipeline
from functions.model import Filter, Message, Wait
from functions.outcomes import Await, Call, Done, Fail, Make, Outcome, Pause, Skip
from functions.ports import Ledger, Personalize, Ports
from functions.shell import consumer
from functions.statuses import leaving, meaning

DELETED = "deleted "
"""What the keys begin with of calls that delete."""


def observe(message: Message, ports: Ports) -> Observed:
    """Look at the filters as they are, and then at which of them are declared still: it may be a matter of seconds."""
    found = {each.arn: _found(each, ports.personalize) for each in message.plan.filters.values()}
    declared = _declared(message, ports.ledger)
    return {"found": found, "wanted": [each for each in message.plan.filters.values() if each.arn in declared]}


def _found(each: Filter, personalize: Personalize) -> dict[str, Any] | None:
    try:
        described: dict[str, Any] = personalize.call("DescribeFilter", {"filterArn": each.arn})["filter"]
    except NotFound:
        return None
    return described


def _declared(message: Message, ledger: Ledger) -> set[str]:
    """Return the ARNs of the filters that are declared now. One that was removed must not come back."""
    try:
        return {each.arn for each in ledger.pipeline(message.pipeline).filters.values()}
    except UnknownPipeline:
        return set()


def decide(message: Message, observed: Observed, now: datetime, floor: float) -> Outcome:
    """Make what is not there. What failed before is deleted first: there can't be two of a name."""
    wanted: list[Filter] = observed["wanted"]
    if not wanted:
        return Skip("its filters are not declared any more")
    found: dict[str, dict[str, Any] | None] = observed["found"]
    refused: dict[str, str] = observed.get(REFUSED, {})
    calls = [call for each in wanted if (call := _call(message, each, found[each.arn]))]
    if missing := tuple(call for call in calls if call.key not in observed and call.key not in refused):
        return Make(missing)
    if refused:
        told = {each.arn: each.name for each in wanted}
        return Fail("; ".join(f"filter {told[key.removeprefix(DELETED)]}: {why}" for key, why in refused.items()))
    going = [each.name for each in wanted if _is_going(found[each.arn])]
    if going:
        pause = after_refusal(message, now, floor)
        return Pause(pause, f"filter {', '.join(going)} is being deleted, to be made again")
    waits = tuple(Wait("filter", each.arn) for each in wanted if not _is_ready(found[each.arn]))
    return Await(waits) if waits else Done()


def _call(message: Message, each: Filter, found: dict[str, Any] | None) -> Call | None:
    """Return what is to be done about a filter now, None if it is there, or on its way."""
    if found is None:
        params = {
            "name": each.name,
            "datasetGroupArn": message.plan.dataset_group_arn,
            "filterExpression": each.expression,
            **tags(message),
        }
        return Call(each.arn, "CreateFilter", params, "filterArn")
    if meaning(found["status"]) == "failed" and not leaving(found["status"]):
        return Call(DELETED + each.arn, "DeleteFilter", {"filterArn": each.arn})
    return None


def _is_going(found: dict[str, Any] | None) -> bool:
    return found is not None and meaning(found["status"]) == "failed"


def _is_ready(found: dict[str, Any] | None) -> bool:
    return found is not None and meaning(found["status"]) == "ready"


STEP = Step("filter", observe, decide, apart=True)
handler = consumer(STEP)
