"""What a run asks of Personalize where there is a long history: nobody can delete import jobs or versions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.support.memory import LocalService
from tests.support.world import BEGINNING, World, interactions, items

PAGE = 100


class OldestFirst(LocalService):
    """Personalize with a long history, whose lists show the oldest first; each page of them is a call."""

    history = 0

    def pages(self, operation: str, key: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield what there was before, then what there is."""
        arn = {"datasetImportJobs": "datasetImportJobArn", "solutionVersions": "solutionVersionArn"}.get(key)
        for number in range(self.history if arn else 0):
            if number % PAGE == 0:
                self.calls.append((operation, params))
            then = BEGINNING - timedelta(days=4000) + timedelta(hours=number)
            times = {"creationDateTime": then, "lastUpdatedDateTime": then + timedelta(minutes=9)}
            yield {str(arn): f"arn:old:{number}", "jobName": f"old-{number}", "status": "ACTIVE", **times}
        yield from super().pages(operation, key, params)


def calls_of_a_run(history: int) -> int:
    """Return how many calls a run makes that imports and trains, with so many jobs and versions of each before it."""
    world = World()
    world.personalize = service = OldestFirst(world.service)
    world.declare()
    world.upload("interactions", interactions())
    world.upload("items", items())
    world.trigger(identifier="first")
    world.settle()
    service.history = history
    service.calls.clear()
    world.upload("interactions", interactions(seed=1))
    world.trigger(identifier="measured")
    world.settle()
    run = world.runs()[-1]
    assert run.status == "SUCCEEDED"
    assert run.plan
    assert set(run.plan.imports) == {"interactions"}  # what the page does not show is known all the same
    return len(service.calls)
