"""Filters: an expression, and what is told behind the field; "" where it is right."""
# ruff: noqa: E501 # a table: a row on a line

from __future__ import annotations

from collections.abc import Mapping

VALUE = "a value is a text in quotation marks, a number or a $placeholder, behind one of =, !=, <, <=, >, >=, or in parentheses behind IN or NOT IN."
ONE = 'write one as Items.GENRES IN ("Drama") or Items.YEAR >= 2000.'
FORM = 'write INCLUDE or EXCLUDE, then ItemID or UserID, then WHERE and a condition: INCLUDE ItemID WHERE Items.GENRES IN ("Drama").'
BY = "ItemID is filtered by Interactions or by Items, and UserID by Interactions or by Users, in one expression by one of them; put | between two."
FILTERS: Mapping[str, tuple[str, str]] = {
    "bare": ("INCLUDE ItemID WHERE Items.GENRES IN (Drama)", f'"Items.GENRES IN (Drama)": {VALUE}'),
    "bare-among": ('INCLUDE ItemID WHERE Items.YEAR > 1 AND Items.GENRES IN ("A", Drama)', f'"Items.GENRES IN ("…", Drama)": {VALUE}'),
    "no-parentheses": ('INCLUDE ItemID WHERE Items.GENRES IN "Drama"', f'"Items.GENRES IN "…"": {VALUE}'),
    "two-equals": ("INCLUDE ItemID WHERE Items.YEAR == 3", f'"Items.YEAR == 3": {VALUE}'),
    "like": ('INCLUDE ItemID WHERE Items.GENRES LIKE "a"', f'"Items.GENRES LIKE "…"" is no condition; {ONE}'),
    "not": ("INCLUDE ItemID WHERE NOT Items.YEAR > 1", f'"NOT Items.YEAR > 1" is no condition; {ONE}'),
    "no-dataset": ('INCLUDE ItemID WHERE GENRES IN ("a")', f'"GENRES IN ("…")" is no condition; {ONE}'),
    "loose-and": ("INCLUDE ItemID WHERE Items.YEAR > 1 AND", "a condition is missing beside AND or OR, or behind WHERE or IF."),
    "empty": ("", f'"" is no expression; {FORM}'),
    "no-include": ('Items.GENRES IN ("Drama")', f'"Items.GENRES IN ("…")" is no expression; {FORM}'),
    "item-id": ('INCLUDE Items WHERE Items.GENRES IN ("Drama")', f'"INCLUDE Items WHERE Items.GENRES IN ("…")" is no expression; {FORM}'),
    "quote": ('INCLUDE ItemID WHERE Items.GENRES IN ("Drama)', 'a quotation mark is not closed: "Drama)'),
    "parenthesis": ('INCLUDE ItemID WHERE (Items.GENRES IN ("Drama")', "of parentheses 2 open and 1 close."),
    "column": ('INCLUDE ItemID WHERE Items.GENRE IN ("a")', "Items.GENRE: the schema of items has no column GENRE; it has ADULT, GENRES, ITEM_ID, TEXT, YEAR."),
    "dataset": ('INCLUDE ItemID WHERE Itemz.GENRES IN ("a")', "Itemz.GENRES: there is no dataset Itemz; write Interactions, Items, Users or CurrentUser."),
    "two-datasets": ('INCLUDE ItemID WHERE Items.YEAR > 1 AND Interactions.EVENT_TYPE IN ("a")', f"{BY} There are Items and Interactions."),
    "items-by-users": ("INCLUDE ItemID WHERE Users.AGE > 18", f"{BY} There are Users."),
    "two-targets": ("INCLUDE ItemID WHERE Items.YEAR > 1 | INCLUDE UserID WHERE Users.AGE > 1", "it is about items and users; make a filter for each."),
    "string-order": ('INCLUDE ItemID WHERE Items.GENRES > "a"', "Items.GENRES is a string, which > cannot compare."),
    "textual": ('INCLUDE ItemID WHERE Items.TEXT = "a"', "Items.TEXT is textual, and cannot be filtered by."),
    "boolean": ("INCLUDE ItemID WHERE Items.ADULT = 1", "Items.ADULT is a boolean, and cannot be filtered by; make it a string, or a number of 0 and 1."),
    "interactions": ('INCLUDE ItemID WHERE Interactions.ITEM_ID = "a"', "Interactions.ITEM_ID: interactions can be filtered by EVENT_TYPE only."),
    "star": ("INCLUDE ItemID WHERE Items.GENRES IN (*)", "Items.GENRES: * stands for all values of Interactions.EVENT_TYPE only."),
    "not-in": ("EXCLUDE ItemID WHERE Items.GENRES NOT IN ($G)", "$placeholders cannot be in NOT IN; use IN, with INCLUDE for EXCLUDE or the reverse."),
    "user-in-where": ("INCLUDE ItemID WHERE CurrentUser.AGE > 18", "CurrentUser.AGE can be asked for behind IF only."),
    "items-in-if": ("INCLUDE ItemID WHERE Items.YEAR > 1 IF Items.YEAR > 2", "Items.YEAR stands behind IF, which asks about CurrentUser only."),
    "or-in-if": ("INCLUDE ItemID WHERE Items.YEAR > 1 IF CurrentUser.AGE > 1 OR CurrentUser.AGE < 9", "IF joins conditions by AND only."),
    "users-if": ("INCLUDE UserID WHERE Users.AGE > 18 IF CurrentUser.AGE > 18", "IF asks about CurrentUser, whom a filter of users has not; take it out."),
    "current-item": ("INCLUDE ItemID WHERE Items.GENRES IN CurrentItem.GENRE", "CurrentItem.GENRE: the schema of items has no column GENRE; it has ADULT, GENRES, ITEM_ID, TEXT, YEAR."),
    "placeholders": (f"INCLUDE ItemID WHERE Items.GENRES IN ({', '.join(f'$P{n}' for n in range(26))})", "26 $placeholders of at most 25."),
    "placeholder": (f"INCLUDE ItemID WHERE Items.GENRES IN (${'P' * 51})", f"the placeholder {'P' * 51} has 51 characters of at most 50."),
    "right-star": ('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', ""),
    "right-clauses": ('INCLUDE ItemID WHERE Items.GENRES IN ("a|b, c) AND", \'d\') AND Items.YEAR >= 2000 | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")', ""),
    "right-if": ("include itemid where items.genres in ($GENRES) if CurrentUser.AGE > 18 AND CurrentUser.AGE < 90", ""),
    "right-users": ("INCLUDE UserID WHERE Users.AGE > 1", ""),
    "right-nested": ('EXCLUDE ItemID WHERE (Items.YEAR < 1.5 OR (Items.YEAR=-3 AND Items.GENRES NOT IN ("it\\"s OR not")))', ""),
    "right-item": ("INCLUDE ItemID\n  WHERE Items.GENRES IN CurrentItem.GENRES", ""),
}  # fmt: skip
