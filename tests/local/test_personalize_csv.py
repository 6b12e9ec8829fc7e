"""What reading a file leaves as it was."""

from __future__ import annotations

import csv

from local.personalize.data.blame import File


def test_a_short_file_does_not_shorten_what_others_in_the_process_may_read() -> None:
    before = csv.field_size_limit()
    assert list(File("items.csv", b"ITEM_ID\nbook\n").records()) == [(1, 1, ["ITEM_ID"]), (2, 2, ["book"])]
    assert csv.field_size_limit() >= before


def test_a_field_may_be_as_long_as_its_file() -> None:
    text = "x" * (csv.field_size_limit() + 1)
    assert [values for _, _, values in File("items.csv", f"TEXT\n{text}\n".encode()).records()] == [["TEXT"], [text]]
