"""The made-up data has tastes to learn, Personalize takes its form, and MovieLens is read into the same."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from scripts.sample_data import (
    INTERACTIONS,
    ITEMS,
    SampleData,
    SampleDataError,
    generate,
    read_movielens,
)
from scripts.titles import GENRES, titles


@pytest.fixture(scope="module")
def data() -> SampleData:
    return generate()


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second, other = (generate(users=50, items=100, interactions=2_000, seed=seed) for seed in (1, 1, 2))
    files = [made.write(tmp_path / str(index)) for index, made in enumerate((first, second, other))]
    for kind in ("interactions", "items"):
        assert files[0][kind].read_bytes() == files[1][kind].read_bytes()
        assert files[0][kind].read_bytes() != files[2][kind].read_bytes()


def test_has_the_size_and_form_that_personalize_wants(data: SampleData, tmp_path: Path) -> None:
    assert len(data.interactions) == pytest.approx(100_000, rel=0.02)
    assert data.interactions["USER_ID"].nunique() >= 1_000
    assert len(data.items) == 1_500
    assert set(data.interactions["ITEM_ID"]) <= set(data.items["ITEM_ID"])
    assert not data.interactions.duplicated(["USER_ID", "ITEM_ID"]).any()
    # Seconds: milliseconds would be a date in the far future.
    assert data.interactions["TIMESTAMP"].between(1_700_000_000, 1_800_000_000).all()
    assert set(data.interactions["EVENT_TYPE"]) == {"like", "view"}
    assert data.interactions.groupby("USER_ID").size().min() >= 2

    paths = data.write(tmp_path)
    assert paths["interactions"].read_text().splitlines()[0] == ",".join(INTERACTIONS)
    assert paths["items"].read_text().splitlines()[0] == ",".join(ITEMS)
    assert pd.read_csv(paths["interactions"]).equals(data.interactions)


def test_titles_are_readable_and_unique(data: SampleData) -> None:
    assert data.items["TITLE"].is_unique
    assert data.items["TITLE"].str.fullmatch(r"[A-Z]\w+ [A-Z]\w+ \((19|20)\d\d\)").all()
    assert set(data.items["GENRES"].str.split("|").explode()) == set(GENRES)
    assert all(len(set(titles(genre))) == 144 for genre in GENRES)


def test_learning_tastes_clearly_beats_popularity(data: SampleData) -> None:
    frame = data.interactions
    users = frame["USER_ID"].astype("category").cat.codes.to_numpy()
    items = pd.Categorical(frame["ITEM_ID"], categories=data.items["ITEM_ID"]).codes
    from_last = frame.groupby("USER_ID").cumcount(ascending=False).to_numpy()
    counts = frame.groupby("USER_ID")["ITEM_ID"].transform("size").to_numpy()
    held_out = from_last < np.maximum(1, counts // 10)

    def matrix(rows: NDArray[np.bool_]) -> csr_matrix:
        shape = (users.max() + 1, len(data.items))
        return csr_matrix((np.ones(rows.sum(), dtype=np.float32), (users[rows], items[rows])), shape=shape)

    known, hidden = matrix(~held_out), matrix(held_out)

    def precision(lists: NDArray[np.int32]) -> float:
        return float(np.mean([len(set(row) & set(hidden[user].indices)) / 10 for user, row in enumerate(lists)]))

    model = AlternatingLeastSquares(factors=32, alpha=10, iterations=10, random_state=1, num_threads=1)
    with threadpool_limits(1, "blas"):
        model.fit(known, show_progress=False)
    personal = precision(model.recommend(np.arange(known.shape[0]), known, N=10)[0])
    fame = np.where(known.toarray() > 0, -1.0, np.asarray(known.sum(axis=0)))
    popular = precision(np.argsort(-fame, axis=1)[:, :10].astype(np.int32))
    print(f"precision at 10: {personal:.4f}, by popularity {popular:.4f}")  # noqa: T201 - pytest shows it with -s
    assert personal > 2.5 * popular


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n1,10,4.0,964982703\n1,20,2.0,964981247\n2,10,3.5,964982224\n"
    )
    (tmp_path / "movies.csv").write_text(
        "movieId,title,genres\n"
        '10,"American President, The (1995)",Comedy|Drama\n'
        "20,Heat (1995),Action|Crime\n"
        "30,NA (2001),(no genres listed)\n"
    )
    return tmp_path


def test_reads_movielens(folder: Path) -> None:
    data = read_movielens(folder)
    assert tuple(data.interactions.columns) == INTERACTIONS
    assert data.interactions.to_numpy().tolist() == [
        ["2", "10", 964982224, "like"],
        ["1", "10", 964982703, "like"],
    ]
    assert tuple(data.items.columns) == ITEMS
    assert data.titles == {"10": "American President, The (1995)", "20": "Heat (1995)", "30": "NA (2001)"}
    assert data.items["CREATION_TIMESTAMP"].tolist() == [964982224, 964981247, 964981247]
    assert len(read_movielens(folder, liked=4.0).interactions) == 1


def test_says_what_is_wrong_with_a_folder(folder: Path) -> None:
    with pytest.raises(SampleDataError, match=r"ratings\.csv has no rating of 6"):
        read_movielens(folder, liked=6)
    (folder / "movies.csv").write_text("movieId,title\n10,Heat\n")
    with pytest.raises(SampleDataError, match=r"movies\.csv has no column genres"):
        read_movielens(folder)
    (folder / "ratings.csv").unlink()
    with pytest.raises(SampleDataError, match=r"there is no .*ratings\.csv"):
        read_movielens(folder)
