"""Times of schedules: an expression or a zone, and what is told behind it; "" where it is right."""
# ruff: noqa: E501 # a table: a row on a line

from __future__ import annotations

from collections.abc import Mapping

FIVE = "it has 5 fields of six: minutes, hours, day-of-month, month, day-of-week and year, with ? for one of the days"
LISTS = "or *, and of them lists (1,3), ranges (1-5) and steps (*/2)"
EXPRESSIONS: Mapping[str, tuple[str, str]] = {
    "unix": ("cron(0 3 * * *)", f"{FIVE}: cron(0 3 * * ? *)."),
    "unix-days": ("cron(0 3 * * mon-fri)", f"{FIVE}: cron(0 3 ? * MON-FRI *)."),
    "unix-numbers": ("cron(0 3 * * 1-5)", f"{FIVE}, as in cron(0 3 ? * MON-FRI *)."),
    "bare": ("0 3 * * ? *", "write it as cron(0 3 * * ? *)."),
    "words": ("every day", "write cron(0 3 * * ? *), rate(12 hours) or at(2027-01-31T03:00:00)."),
    "capitals": ("CRON(0 3 * * ? *)", "write cron, rate or at in small letters, the parentheses right behind, and nothing around them."),
    "both-days": ("cron(0 12 ? * ? *)", "of day-of-month and day-of-week both are ?; make it one of them."),
    "no-day": ("cron(0 3 * * * *)", "of day-of-month and day-of-week neither is ?; make it one of them."),
    "hour": ("cron(0 25 * * ? *)", f'the field hours is "25"; it takes 0 to 23, {LISTS}.'),
    "month": ("cron(0 2 1 13 ? *)", f'the field month is "13"; it takes 1 to 12 or JAN to DEC, {LISTS}.'),
    "day": ("cron(0 2 ? * 1#6 *)", f'the field day-of-week is "1#6"; it takes 1 to 7 or SUN to SAT, L, 5L or 2#1, {LISTS}, or ?.'),
    "weeks": ("rate(2 weeks)", "there are no weeks; write rate(14 days)."),
    "no-unit": ("rate(12)", "write a whole number from 1 on and minutes, hours or days, as in rate(12 hours)."),
    "zone-in-time": ("at(2027-01-31T03:00:00Z)", "an at(…) has no zone in it; write at(2027-01-31T03:00:00), and the zone in timezone."),
    "no-time": ("at(2027-01-31)", "write it as at(2027-01-31T03:00:00)."),
    "no-such-day": ("at(2027-02-30T03:00:00)", "there is no such day or time."),
    **{
        f"right-{n}": (expression, "")
        for n, expression in enumerate(
            (
                "cron(0 8 ? * MON-FRI *)", "cron(0 9 L * ? *)", "cron(0 12 ? * 2#1 *)", "cron( */15 1,2,3-5 15W * ? 2027-2030 )",
                "rate(1 hours)", "rate(7 days)", "at(2027-01-31T03:00:00)",
            )
        )
    },
}  # fmt: skip
ZONES: Mapping[str, str] = {
    "europe/paris": "write Europe/Paris.",
    "Berlin": "did you mean Europe/Berlin?",
    "Europe/New York": "did you mean America/New_York?",
    "CEST": "give a name from the IANA database, such as Europe/Paris.",
    "+01:00": "give a name from the IANA database, such as Europe/Paris.",
    "Europe/Kyiv": "",
    "UTC": "",
}
