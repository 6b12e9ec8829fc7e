"""A local Personalize for tests: virtual time, S3 in memory, and every answer checked against its shape."""

from __future__ import annotations

import datetime as dt
import functools
import json
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
import pandas as pd
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from local.personalize import Personalize
from local.personalize.models import State
from local.personalize.ports import ObjectsError
from local.personalize.service_models import CONTROL, EVENTS, RUNTIME, operation_model
from local.personalize.work import InlineWork, Job, Work

ROLE = "arn:aws:iam::123456789012:role/personalize"
BEGINNING = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
TASTES = 4

INTERACTIONS: list[dict[str, Any]] = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "EVENT_VALUE", "type": ["null", "float"]},
]
ITEMS: list[dict[str, Any]] = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRES", "type": ["null", "string"], "categorical": True},
    {"name": "PRICE", "type": ["null", "float"]},
]
USERS: list[dict[str, Any]] = [
    {"name": "USER_ID", "type": "string"},
    {"name": "AGE", "type": ["null", "int"]},
]
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "double": (float, int),
    "float": (float, int),
    "timestamp": (dt.datetime,),
}


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = BEGINNING

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


class MemoryObjects:
    """S3 in memory: bucket/key to content."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def check(self, bucket: str, path: str, role: str) -> None:
        pass

    def check_key(self, key: str, role: str) -> None:
        pass

    def list(self, bucket: str, prefix: str, role: str = "") -> Iterable[tuple[str, int]]:
        if bucket == "forbidden":
            raise ObjectsError("Access Denied")
        keys = (key.removeprefix(f"{bucket}/") for key in self.contents if key.startswith(f"{bucket}/"))
        return [(key, len(self.contents[f"{bucket}/{key}"])) for key in keys if key.startswith(prefix)]

    def read(self, bucket: str, key: str, role: str = "") -> bytes:
        return self.contents[f"{bucket}/{key}"]

    def write(self, bucket: str, key: str, body: bytes, role: str = "") -> None:
        if bucket == "forbidden":
            raise ObjectsError("Access Denied")
        self.contents[f"{bucket}/{key}"] = body


class HeldWork:
    """Work that is done when the test says so: until then it is under way, however much time passes."""

    def __init__(self) -> None:
        self._held: list[tuple[Job, Future[object]]] = []

    def submit(self, job: Job) -> Future[object]:
        future: Future[object] = Future()
        self._held.append((job, future))
        return future

    def catch_up(self) -> None:
        """Do all that was submitted."""
        while self._held:
            job, future = self._held.pop(0)
            done = InlineWork().submit(job)
            if error := done.exception():
                future.set_exception(error)
            else:
                future.set_result(done.result())

    def wake(self, seconds: float, action: Callable[[], None]) -> None:
        pass

    def close(self) -> None:
        pass


class Account:
    """Calls a local Personalize, whose answers must fit their shapes."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.objects = MemoryObjects()
        options = {"clock": self.clock, "objects": self.objects, **options}
        self.service = Personalize(account="123456789012", region="eu-west-1", **options)
        self._options = options

    def restart(self, work: Work | str = "inline") -> None:
        """End the process, with the work that is not done, and begin another with the state that was kept."""
        state: State = pickle.loads(pickle.dumps(self.service.world.state))  # noqa: S301 - made here
        options = {**self._options, "work": work, "state": state}
        self.service = Personalize(account="123456789012", region="eu-west-1", **options)

    def __call__(self, operation: str, **params: Any) -> dict[str, Any]:
        return self._call(CONTROL, operation, params)

    def events(self, operation: str, **params: Any) -> dict[str, Any]:
        return self._call(EVENTS, operation, params)

    def runtime(self, operation: str, **params: Any) -> dict[str, Any]:
        return self._call(RUNTIME, operation, params)

    def _call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.service.call(service, operation, params)
        shape = operation_model(service, operation).output_shape
        if shape is None:
            assert answer == {}
        else:
            check_shape(shape, answer, operation)
        return answer

    def status(self, kind: str, arn: str) -> str | None:
        """Return a resource's status; None when it is gone."""
        member = kind[0].lower() + kind[1:]
        found: str = self(f"Describe{kind}", **{f"{member}Arn": arn})[member]["status"]
        return found

    # Things that most tests need, made in one call each

    def group(self, name: str = "group", **more: Any) -> str:
        return str(self("CreateDatasetGroup", name=name, **more)["datasetGroupArn"])

    def schema(self, name: str, fields: Sequence[Mapping[str, Any]], **more: Any) -> str:
        kind = name.split("-")[0]
        return str(self("CreateSchema", name=name, schema=avro(kind, fields), **more)["schemaArn"])

    def dataset(self, group: str, kind: str, fields: Sequence[Mapping[str, Any]]) -> str:
        schema = self.schema(kind, fields)
        made = self("CreateDataset", name=kind, datasetGroupArn=group, schemaArn=schema, datasetType=kind)
        return str(made["datasetArn"])

    def put(self, path: str, frame: pd.DataFrame | str | bytes) -> str:
        """Put a CSV file into S3, and return its location."""
        content = frame.to_csv(index=False) if isinstance(frame, pd.DataFrame) else frame
        self.objects.contents[path] = content if isinstance(content, bytes) else content.encode()
        return f"s3://{path}"

    def start_import(self, dataset: str, location: str, name: str, **more: Any) -> str:
        source = {"dataLocation": location}
        made = self("CreateDatasetImportJob", jobName=name, datasetArn=dataset, dataSource=source, roleArn=ROLE, **more)
        return str(made["datasetImportJobArn"])

    def import_(self, dataset: str, location: str, name: str, **more: Any) -> dict[str, Any]:
        """Import, and return how that ended (with instant durations)."""
        arn = self.start_import(dataset, location, name, **more)
        job: dict[str, Any] = self("DescribeDatasetImportJob", datasetImportJobArn=arn)["datasetImportJob"]
        return job

    def solution(self, group: str, recipe: str, name: str | None = None, **more: Any) -> str:
        options = {"performAutoTraining": False, **more}
        arn = f"arn:aws:personalize:::recipe/{recipe}"
        made = self("CreateSolution", name=name or recipe, datasetGroupArn=group, recipeArn=arn, **options)
        return str(made["solutionArn"])

    def version(self, solution: str, **more: Any) -> str:
        return str(self("CreateSolutionVersion", solutionArn=solution, **more)["solutionVersionArn"])

    def campaign(self, version: str, name: str = "campaign", **more: Any) -> str:
        return str(self("CreateCampaign", name=name, solutionVersionArn=version, **more)["campaignArn"])

    def recommended(self, campaign: str, **more: Any) -> list[str]:
        """Return the items that a campaign recommends."""
        answer = self.runtime("GetRecommendations", campaignArn=campaign, **more)
        return [item["itemId"] for item in answer["itemList"]]


def trained_group(account: Account, *, items: bool = True) -> str:
    """Make a dataset group with interactions of users who have tastes, and the items' genres."""
    group = account.group()
    interactions = account.dataset(group, "Interactions", INTERACTIONS)
    assert account.import_(interactions, account.put("b/i/1.csv", taste_data()), "i")["status"] == "ACTIVE"
    if items:
        dataset = account.dataset(group, "Items", ITEMS)
        assert account.import_(dataset, account.put("b/items.csv", item_data()), "items")["status"] == "ACTIVE"
    return group


def column(name: str, kind: Any = "string", **more: Any) -> dict[str, Any]:
    """Return a field of a schema."""
    return {"name": name, "type": kind, **more}


def avro(kind: str, fields: Sequence[Mapping[str, Any]]) -> str:
    """Return a schema as JSON."""
    return json.dumps(
        {
            "type": "record",
            "name": kind,
            "namespace": "com.amazonaws.personalize.schema",
            "fields": list(fields),
            "version": "1.0",
        }
    )


def taste_of(item: str) -> int:
    """Return the taste group of an item of `taste_data`."""
    return int(item.removeprefix("i")) % TASTES


@functools.cache
def taste_data(users: int = 250, items: int = 240, each: int = 16, seed: int = 5) -> pd.DataFrame:
    """Return interactions of users who each love one taste, and take others' items now and then."""
    random = np.random.default_rng(seed)
    fame = 1 / np.arange(1, items + 1) ** 0.7
    taste = np.arange(items) % TASTES
    rows = []
    for user in range(users):
        liking = fame * np.where(taste == user % TASTES, 1.0, 0.06)
        chosen = random.choice(items, each, replace=False, p=liking / liking.sum())
        rows += [
            (f"u{user}", f"i{item}", 1_700_000_000 + user + 1000 * at, "like" if at % 2 else "watch", at % 5)
            for at, item in enumerate(chosen)
        ]
    return pd.DataFrame(rows, columns=["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE"])


@functools.cache
def item_data(items: int = 240) -> pd.DataFrame:
    """Return the items' genres (by taste; every tenth has two) and prices."""
    genres = [f"g{at % TASTES}" + ("|extra" if at % 10 == 0 else "") for at in range(items)]
    return pd.DataFrame({"ITEM_ID": [f"i{at}" for at in range(items)], "GENRES": genres, "PRICE": range(items)})


def check_shape(shape: Shape, value: Any, path: str) -> None:
    """Assert that an answer is what the model says: members, types, enums, and what is required."""
    if isinstance(shape, StructureShape):
        assert isinstance(value, dict), f"{path}: {value!r} is no structure"
        assert set(value) <= set(shape.members), f"{path}: unknown {set(value) - set(shape.members)}"
        assert set(shape.required_members) <= set(value), f"{path}: lacks {shape.required_members}"
        for name, each in value.items():
            check_shape(shape.members[name], each, f"{path}.{name}")
    elif isinstance(shape, ListShape):
        assert isinstance(value, list), f"{path}: {value!r} is no list"
        for at, each in enumerate(value):
            check_shape(shape.member, each, f"{path}[{at}]")
    elif isinstance(shape, MapShape):
        assert isinstance(value, dict), f"{path}: {value!r} is no map"
        for key, each in value.items():
            check_shape(shape.key, key, f"{path} key")
            check_shape(shape.value, each, f"{path}[{key}]")
    else:
        types = _TYPES[shape.type_name]
        assert isinstance(value, types), f"{path}: {value!r} is no {shape.type_name}"
        assert bool in types or not isinstance(value, bool), f"{path}: {value!r} is no {shape.type_name}"
        if isinstance(shape, StringShape) and shape.enum:
            assert value in shape.enum, f"{path}: {value!r} is not one of {shape.enum}"
