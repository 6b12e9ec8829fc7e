"""Whether files are what Personalize imports, by their names and first lines."""

from __future__ import annotations

import pytest

from functions.files import BEGINNING, File, Findings, foreign, look, some

COLUMNS = ("USER_ID", "ITEM_ID", "TIMESTAMP")
HEADER = b"USER_ID,ITEM_ID,TIMESTAMP\n"


def file(beginning: bytes, name: str = "a.csv", size: int | None = None, columns: tuple[str, ...] = COLUMNS) -> File:
    return File(name, beginning, len(beginning) if size is None else size, columns)


@pytest.mark.parametrize(
    "name",
    [
        "part-0.csv",
        "part-00000-1f2e",
        "export.CSV",
        "_first.csv",
        "a.txt",
        "interactions.tsv",
        "parquet.csv",
        "json",
    ],
)
def test_these_names_may_be_csv(name: str) -> None:
    assert foreign([name]) == Findings()


@pytest.mark.parametrize(
    "name",
    [
        "_SUCCESS",
        "_committed_123",
        ".part-0.csv.crc",
        "0a1b.csv.metadata",
        "x.parquet",
        "x.csv.gz",
        "x.JSON",
        "x.zip",
        ".keep",
    ],
)
def test_these_names_are_no_csv(name: str) -> None:
    (problem,) = foreign([name]).problems
    assert problem.startswith(f"No CSV file by its name: {name}. Move it elsewhere")


def test_files_of_one_fault_make_one_sentence() -> None:
    (problem,) = foreign(["a.csv", *(f"{number}.parquet" for number in range(7))]).problems
    assert "0.parquet, 1.parquet, 2.parquet, 3.parquet, 4.parquet and 2 more. " in problem


@pytest.mark.parametrize(
    ("beginning", "told"),
    [
        pytest.param(b"", "Empty: a.csv", id="empty"),
        pytest.param(b"\n\n", "Empty: a.csv", id="blank lines only"),
        pytest.param(b"\x1f\x8b\x08\x00", "(gzip)", id="gzip"),
        pytest.param(b"PAR1\x15\x04", "(Parquet)", id="parquet"),
        pytest.param(b"PK\x03\x04", "(zip or a spreadsheet)", id="xlsx"),
        pytest.param(b'{"USER_ID": "u1"}\n', "(JSON)", id="json lines"),
        pytest.param(b"\xff\xfeU\x00S\x00", "(UTF-16)", id="utf-16"),
        pytest.param(b"U\x00S\x00E\x00R\x00", "(a binary format)", id="utf-16 without a mark"),
        pytest.param(b"\xef\xbb\xbf" + HEADER, "byte-order mark", id="byte-order mark"),
        pytest.param(b"USER_ID,\xe9\n", "not UTF-8", id="latin-1"),
        pytest.param(b'"USER_ID","ITEM_ID","TIMESTAMP"\n', "quotation marks", id="quoted"),
        pytest.param(b"USER_ID;ITEM_ID;TIMESTAMP\n", "separated by semicolons", id="semicolons"),
        pytest.param(b"USER_ID\tITEM_ID\tTIMESTAMP\n", "separated by tabs", id="tabs"),
        pytest.param(b"u1,i1,1700000000\n", "names none of the columns", id="no header"),
        pytest.param(
            b"USER_ID,ITEM_ID\n", "Lacks the columns [TIMESTAMP], which the schema has: a.csv. Upload", id="lacks"
        ),
    ],
)
def test_what_stops_an_import(beginning: bytes, told: str) -> None:
    found = look([file(beginning)])
    assert found.warnings == ()
    (problem,) = found.problems
    assert told in problem
    assert "a.csv" in problem


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(HEADER, id="nothing but a header"),
        pytest.param(HEADER.replace(b"\n", b"\r\n") + b"u,i,1\r\n", id="line ends of Windows"),
        pytest.param(HEADER.replace(b"\n", b"\r"), id="line ends of old"),
        pytest.param(b"\n" + HEADER, id="a blank line first"),
        pytest.param(HEADER.strip() + b",MORE\n", id="a column that the schema has not"),
        pytest.param(HEADER + 'ü,"a;b",1\n'.encode(), id="what comes after the header"),
        pytest.param(HEADER.strip(), id="no line end at all"),
        pytest.param(b"ITEM_ID,USER_ID,TIMESTAMP\n", id="another order: declared columns are sorted"),
    ],
)
def test_what_is_fine(beginning: bytes) -> None:
    assert look([file(beginning)]) == Findings()


@pytest.mark.parametrize(
    ("beginning", "told"),
    [
        (b"user_id,item_id,timestamp\n", "Spells the columns [USER_ID, ITEM_ID, TIMESTAMP] another way"),
        (b"USER_ID, ITEM_ID,TIMESTAMP\n", "Spells the columns [ITEM_ID] another way"),
    ],
)
def test_what_is_not_documented_to_fail_is_a_warning(beginning: bytes, told: str) -> None:
    found = look([file(beginning)])
    assert found.problems == ()
    (warning,) = found.warnings
    assert told in warning


def test_without_columns_only_what_needs_none_is_looked_at() -> None:
    assert look([file(b'"A";"B"\n', columns=())]) == Findings()
    assert look([file(b"", columns=())]).problems


def test_all_files_must_have_the_same_header() -> None:
    files = [file(HEADER, "a.csv"), file(HEADER.strip() + b",MORE\n", "b.csv"), file(HEADER, "c.csv")]
    assert look(files).problems == (
        "Has other columns than a.csv: b.csv. All files of a dataset must have the same columns, in the same order.",
    )
    assert look([file(HEADER, "a.csv"), file(HEADER.replace(b"\n", b"\r\n"), "b.csv")]) == Findings()


def test_a_line_without_an_end() -> None:
    (problem,) = look([file(b"a" * BEGINNING, size=BEGINNING + 1)]).problems
    assert "No line ends in the first 65,536 bytes: a.csv" in problem


def test_some() -> None:
    assert some(["a"]) == "a"
    assert some(list("abcdefg")) == "a, b, c, d, e and 2 more"
