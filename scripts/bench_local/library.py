"""Import and training in this process, beside pandas and implicit doing nothing but their part."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from local.personalize import Personalize
from local.personalize.learning.families.factors import FINISHING_ITERATIONS, ITERATIONS, THREADS
from scripts.bench_local.sample import SCHEMA, Sample
from scripts.bench_local.timing import Stopwatch, repeated

RECIPE = "arn:aws:personalize:::recipe/aws-user-personalization"
ROLE = "arn:aws:iam::123456789012:role/bench"
FACTORS = 32
_CALLS = 1000


class Files:
    """S3, as a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list(self, bucket: str, prefix: str, role: str) -> Iterable[tuple[str, int]]:
        """Return the files whose names start with the prefix."""
        return [(path.name, path.stat().st_size) for path in self._folder.iterdir() if path.name.startswith(prefix)]

    def read(self, bucket: str, key: str, role: str) -> bytes:
        """Return a file's content."""
        return (self._folder / key).read_bytes()

    def write(self, bucket: str, key: str, body: bytes, role: str) -> None:
        """Write a file."""
        (self._folder / key).write_bytes(body)

    def check(self, bucket: str, path: str, role: str) -> None:
        """Let every role read: a bench measures no permissions."""

    def check_key(self, key: str, role: str) -> None:
        """Let every key be used."""


@dataclass
class Measured:
    """One size: ours and the libraries' own, of the same data."""

    size: int
    imports: Stopwatch
    reads: dict[str, Stopwatch]
    trainings: Stopwatch
    fits: Stopwatch
    recommends: Stopwatch


class Local:
    """A local Personalize without HTTP, with a dataset and a solution.

    folder: where the files to import are; config: hyperparameters.
    """

    def __init__(self, folder: Path, **config: str) -> None:
        self._personalize = Personalize(account="123456789012", region="eu-west-1", objects=Files(folder))
        group = self._call("CreateDatasetGroup", name="bench")["datasetGroupArn"]
        schema = self._call("CreateSchema", name="bench", schema=SCHEMA)["schemaArn"]
        made = {"name": "bench", "datasetGroupArn": group}
        dataset = self._call("CreateDataset", **made, schemaArn=schema, datasetType="Interactions")
        self._dataset = dataset["datasetArn"]
        solution = {"performAutoTraining": False, "solutionConfig": {"algorithmHyperParameters": config}}
        self._solution = self._call("CreateSolution", **made, recipeArn=RECIPE, **solution)["solutionArn"]

    def load(self, file: str, name: str) -> None:
        """Import a file."""
        source = {"dataLocation": f"s3://bench/{file}"}
        made = self._call(
            "CreateDatasetImportJob", jobName=name, datasetArn=self._dataset, dataSource=source, roleArn=ROLE
        )
        job = self._call("DescribeDatasetImportJob", **made)["datasetImportJob"]
        if job["status"] != "ACTIVE":
            raise SystemExit(f"the import is {job['status']}: {job.get('failureReason')}")

    def train(self, name: str) -> str:
        """Train, and return the solution version's ARN."""
        made = self._call("CreateSolutionVersion", name=name, solutionArn=self._solution)
        version = self._call("DescribeSolutionVersion", **made)["solutionVersion"]
        if version["status"] != "ACTIVE":
            raise SystemExit(f"the training is {version['status']}: {version.get('failureReason')}")
        return str(made["solutionVersionArn"])

    def deploy(self, version: str) -> str:
        """Return the ARN of a campaign that serves a version."""
        return str(self._call("CreateCampaign", name="bench", solutionVersionArn=version)["campaignArn"])

    def recommended(self, campaign: str, user: str, count: int) -> list[str]:
        """Return the items that a campaign recommends."""
        asked = {"campaignArn": campaign, "userId": user, "numResults": count}
        answer = self._personalize.call("personalize-runtime", "GetRecommendations", asked)
        return [item["itemId"] for item in answer["itemList"]]

    def _call(self, operation: str, **params: Any) -> dict[str, Any]:
        return self._personalize.call("personalize", operation, params)


class Bench:
    """Imports and trains one sample again and again."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self._local = Local(sample.path.parent, hidden_dimension=str(FACTORS))

    def run(self, rounds: int) -> Measured:
        """Measure in turns: what slows the machine for a while slows everything alike.

        Now ours is first, now the library: the second has the file, and the code of pandas, in the processor's caches.
        """
        readers = _readers()
        measured = Measured(
            self._sample.size,
            imports=Stopwatch(),
            reads={name: Stopwatch() for name in readers},
            trainings=Stopwatch(),
            fits=Stopwatch(),
            recommends=Stopwatch(),
        )
        matrix = self._matrix()
        turns: list[tuple[Stopwatch, Callable[[str], Any]]] = [
            (measured.imports, lambda name: self._local.load(self._sample.path.name, name)),
            *((measured.reads[name], lambda _, read=read: read(self._sample.path)) for name, read in readers.items()),
            (measured.trainings, self._local.train),
            (measured.fits, lambda _: fit(matrix)),
        ]
        for number in range(rounds):
            for stopwatch, act in reversed(turns) if number % 2 else turns:
                with stopwatch.running():
                    act(f"round-{number}")
        model = fit(matrix)
        measured.recommends = repeated(
            _CALLS, lambda at: model.recommend(at % matrix.shape[0], matrix[at % matrix.shape[0]], N=25)
        )
        return measured

    def _matrix(self) -> sp.csr_matrix:
        frame = pd.read_csv(self._sample.path)
        users, items = pd.factorize(frame["USER_ID"])[0], pd.factorize(frame["ITEM_ID"])[0]
        return sp.csr_matrix((np.ones(len(frame), np.float32), (users, items)))


def fit(matrix: sp.csr_matrix, factors: int = FACTORS, iterations: int = ITERATIONS + FINISHING_ITERATIONS) -> Any:
    """Return the library's own factorisation of a matrix of users by items."""
    from implicit.cpu.als import AlternatingLeastSquares  # after our own modules, which set up its threads

    model = AlternatingLeastSquares(factors=factors, iterations=iterations, num_threads=THREADS, random_state=1)
    model.fit(matrix, show_progress=False)
    return model


def _readers() -> dict[str, Any]:
    readers: dict[str, Any] = {"pandas": pd.read_csv}
    with contextlib.suppress(ImportError):
        readers["pyarrow"] = importlib.import_module("pyarrow.csv").read_csv
    return readers
