"""Files as people write them: each record is read as it stands there, or its line is named."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from local.personalize.data import schemas
from local.personalize.data.headers import Header
from local.personalize.data.records import File
from local.personalize.data.values import Column, arrow_type
from local.personalize.errors import JobFailedError
from local.personalize.undecided import defaults
from tests.local.personalize_account import Account, avro, column

ITEMS = [
    column("ITEM_ID"),
    column("GENRES", ["null", "string"], categorical=True),
    column("MINUTES", ["null", "int"]),
    column("PRICE", ["null", "float"]),
    column("ADULT", ["null", "boolean"]),
]
NAMES = [str(each["name"]) for each in ITEMS]
HEADER = ",".join(NAMES) + "\n"


def imported(text: str | bytes, **decisions: str) -> tuple[str, int, str]:
    """Import a file of items; return the job's status, how many rows there are, and what was wrong."""
    account = Account()
    account.service.control.decide(**decisions)
    dataset = account.dataset(account.group(), "Items", ITEMS)
    job = account.import_(dataset, account.put("b/f.csv", text), "j")
    bulk = account.service.world.state.tables[dataset].bulk
    return str(job["status"]), 0 if bulk is None else len(bulk), str(job.get("failureReason", ""))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("i,drama,90.5,,", "column MINUTES: '90.5' is not of type int"),
        ("i,drama,90.0,,", "column MINUTES: '90.0' is not of type int"),
        ("i,drama,1e2,,", "column MINUTES: '1e2' is not of type int"),
        ("i,drama,0x1F,,", "column MINUTES: '0x1F' is not of type int"),
        ("i,drama,9999999999,,", "column MINUTES: '9999999999' does not fit an int"),
        ("i,drama,-2147483649,,", "column MINUTES: '-2147483649' does not fit an int"),
        ("i,drama, 90,,", "column MINUTES: ' 90' is not of type int"),
        ("i,drama,NaN,,", "column MINUTES: 'NaN' is not of type int"),
        ("i,drama,,NaN,", "column PRICE: 'NaN' is not of type float"),
        ("i,drama,,inf,", "column PRICE: 'inf' is not of type float"),
        ("i,drama,,1.2.3,", "column PRICE: '1.2.3' is not of type float"),
        ("i,drama,,1e999,", "column PRICE: '1e999' is not of type float"),
        ('i,drama,,"1,5",', "column PRICE: '1,5' is not of type float"),
        ("i,drama,,,yes", "column ADULT: 'yes' is not of type boolean"),
        ("i,drama,,,1", "column ADULT: '1' is not of type boolean"),
        (",drama,,,", "column ITEM_ID: '' is empty"),
        ('"",drama,,,', "column ITEM_ID: '' is empty"),
    ],
)
def test_a_value_is_shown_as_it_stands_in_the_file(line: str, told: str) -> None:
    status, rows, reason = imported(f"{HEADER}a,x,1,1.5,true\n\n{line}\nb,,,,\n")
    assert (status, rows) == ("CREATE FAILED", 0)
    assert f"s3://b/f.csv, line 4, {told}" in reason


def test_what_may_be_left_out_is_null_and_numbers_have_their_forms() -> None:
    account = Account()
    dataset = account.dataset(account.group(), "Items", ITEMS)
    lines = ["a,,,,", "b,x|y,+7,1.,TRUE", "c,x,-8,.5,False", "d,x,007,-1E-3,true"]
    account.import_(dataset, account.put("b/f.csv", HEADER + "\n".join(lines)), "j")
    frame = account.service.world.state.tables[dataset].bulk
    assert frame is not None
    assert frame.isna().sum().to_dict() == {"ITEM_ID": 0, "GENRES": 1, "MINUTES": 1, "PRICE": 1, "ADULT": 1}
    assert frame["MINUTES"].dropna().tolist() == [7, -8, 7]
    assert frame["PRICE"].dropna().tolist() == [1.0, 0.5, -0.001]
    assert frame["ADULT"].dropna().tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (HEADER.replace(",", ";"), "Its columns are separated by semicolons (';'), and must be by commas."),
        (HEADER.replace(",", "\t"), "Its columns are separated by tabs ('\\t'), and must be by commas."),
        (HEADER.replace(",", "|"), "Its columns are separated by vertical bars ('|'), and must be by commas."),
        (HEADER.lower(), "It has item_id for ITEM_ID, genres for GENRES, "),
        (HEADER.replace("ITEM_ID", "itemId"), "It has itemId for ITEM_ID: names are spelled as in the schema."),
        (HEADER.replace(",", ", "), "It has  GENRES for GENRES"),
        (HEADER.replace("ITEM_ID", '"ITEM_ID"'), "Don't enclose headers in quotation marks."),
        ("a,b,c,d,e\n", "It reads: a,b,c,d,e"),
    ],
)
def test_a_header_that_lacks_columns_is_told_with_what_it_has(header: str, told: str) -> None:
    status, _, reason = imported(f"{header}a,x,1,1.5,true\n")
    assert status == "CREATE FAILED"
    assert "Input CSV is missing the following columns:[" in reason
    assert told in reason


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        (HEADER.lower() + "a,x,1,1.5,true\n", {"header_in_other_letters": "take"}),
        ('"' + HEADER.strip().replace(",", '","') + '"\na,x,1,1.5,true\n', {"header_in_quotation_marks": "take"}),
        (HEADER + 'a,12" vinyl,1,1.5,true\n', {"quotation_mark_in_value": "take"}),
    ],
)
def test_what_is_undecided_is_refused_unless_somebody_decides_otherwise(text: str, decided: dict[str, str]) -> None:
    assert imported(text)[0] == "CREATE FAILED"
    assert imported(text, **decided)[:2] == ("ACTIVE", 1)


@pytest.mark.parametrize(
    "line",
    [
        'a,"x,1,1.5,true',
        'a,"x"y,1,1.5,true',
        'a,x"y,1,1.5,true',
        "a,x,1,1.5,true\\",
        'a,"x\\",1,1.5,true',
        "a,x,1,1.5",
        "a,x,1,1.5,true,",
        "   ",
    ],
)
def test_a_line_that_is_no_record_is_named(line: str) -> None:
    status, rows, reason = imported(f"{HEADER}a,x,1,1.5,true\n{line}\nb,,,,\n")
    assert (status, rows) == ("CREATE FAILED", 0)
    assert re.search(r"\bline 3\b", reason), reason


values = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)
records = st.lists(st.tuples(values.filter(bool), values), min_size=1, max_size=12)
records_written = st.tuples(values, values).map(lambda row: ",".join(f'"{each}"' for each in row))
PAIR = [column("ITEM_ID"), column("GENRES", ["null", "string"], categorical=True)]


def read(content: bytes) -> list[list[str | None]]:
    """Read a file of two columns; raise JobFailedError."""
    schema, file, decided = schemas.parse(avro("Items", PAIR)), File("f.csv", content), defaults()
    header = Header.of(file, schema, decided)
    file.check(decided)
    texts = file.texts(header.names, {each.name: arrow_type(each) for each in schema.fields})
    columns = [Column(file, schema, each, texts[each.name]).read().astype(object) for each in schema.fields]
    return [[None if value != value else value for value in row] for row in zip(*columns, strict=True)]


@settings(max_examples=300)
@given(records, st.sampled_from(["\n", "\r\n"]), st.booleans())
@example([('say "x"', "a\\b"), (" ", "ä,ö")], "\n", True)
def test_what_a_library_writes_is_what_is_read(rows: list[tuple[str, str]], end: str, doubled: bool) -> None:
    told = io.StringIO()
    writer = csv.writer(told, quoting=csv.QUOTE_ALL, lineterminator=end, escapechar="\\", doublequote=doubled)
    writer.writerows(rows)
    content = f"ITEM_ID,GENRES{end}{told.getvalue()}".encode()
    assert read(content) == [[one, other or None] for one, other in rows]


lines_of_files = st.lists(st.text(st.sampled_from('aab,,"\\ ;\t\0\u00e9'), max_size=9) | records_written, max_size=8)


@settings(max_examples=400, deadline=None)
@given(lines_of_files, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
@example(['"a,b",x', "a\\,b,y", '"a""b",'], "\n", False)
@example(["a,b", "a,b,c"], "\n", True)
@example(["a,b", 'a,"b'], "\r\n", True)
def test_rows_read_and_rows_refused_are_the_records_of_the_file(lines: list[str], end: str, last: bool) -> None:
    """Records are counted, and their values taken, by Python's csv module, which shares no code with ours.

    A file is read as a whole, or refused as a whole; then the line that is named can't be read by itself, either.
    """
    content = end.join(["ITEM_ID,GENRES", *lines]) + (end if last else "")
    try:
        rows = read(content.encode())
    except JobFailedError as error:
        (number,) = re.findall(r"line (\d+)", str(error))
        named = lines[int(number) - 2]
        assert named
        with pytest.raises(JobFailedError):
            read(f"ITEM_ID,GENRES\n{named}\n".encode())
        return
    _, *expected = filter(None, csv.reader(io.StringIO(content, newline=""), escapechar="\\", strict=True))
    assert rows == [[one, other or None] for one, other in expected]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(values.filter(bool), values), min_size=1, max_size=12), st.data())
def test_of_a_file_with_one_bad_record_all_are_refused(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    told = io.StringIO()
    csv.writer(told, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    lines = told.getvalue().replace("\\", "\\\\").split("\n")[:-1]
    assert len(read("\n".join(["ITEM_ID,GENRES", *lines]).encode())) == len(rows)
    place = data.draw(st.integers(0, len(lines)))
    bad = data.draw(st.sampled_from(["one", "a,b,c", 'a,"b', ",x", "a,b\\", 'a,b"c', f"{'x' * 257},a"]))
    lines.insert(place, bad)
    with pytest.raises(JobFailedError, match=rf"line {place + 2}\b"):
        read("\n".join(["ITEM_ID,GENRES", *lines]).encode())
