"""How times are written down."""

from datetime import UTC, datetime, timedelta, timezone

from functions.times import written


def test_times_are_written_in_one_form_so_that_they_sort_as_text() -> None:
    whole = datetime(2026, 11, 23, 21, 44, 20, tzinfo=UTC)
    later = whole + timedelta(microseconds=500_000)
    elsewhere = whole.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert written(whole) == written(elsewhere) == "2026-11-23T21:44:20.000+00:00"
    assert sorted([written(later), written(whole)]) == [written(whole), written(later)]
    assert datetime.fromisoformat(written(later)) == later
