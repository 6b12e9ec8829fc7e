"""The language of filters: what it says, what it refuses, and that it means what it says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.personalize.data.tables import from_rows
from local.personalize.errors import InvalidInputError, LimitExceededError
from local.personalize.filters import grammar, values
from local.personalize.filters.evaluation import Subject, passes
from tests.local.filter_language import GIVEN, SCHEMAS, World, filters, passing, worlds, written
from tests.local.personalize_account import INTERACTIONS, USERS, Account, taste_data, trained_group


@settings(max_examples=400, deadline=None)
@given(filters)
def test_what_is_written_is_read_again(expression: grammar.Filter) -> None:
    assert grammar.parse(written(expression)) == expression


@settings(max_examples=600, deadline=None)
@given(filters, worlds)
def test_filters_let_pass_what_row_by_row_would_pass(expression: grammar.Filter, world: World) -> None:
    given = {name: GIVEN[name] for name in expression.placeholders & set(GIVEN)}
    missing = {n for clause in expression.clauses if clause.mode == "INCLUDE" for n in clause.placeholders} - set(GIVEN)
    if missing:
        with pytest.raises(InvalidInputError, match=r"needs values for the parameters \[NONE\]"):
            passes(expression, world.subject, given)
    else:
        assert passes(expression, world.subject, given).tolist() == passing(expression, world)


def refusal(call: Callable[[], object]) -> str | None:
    """Return the text that something is refused with; whatever else goes wrong is not caught."""
    try:
        call()
    except InvalidInputError as error:
        return error.message
    return None


WORDS = [
    "INCLUDE",
    "EXCLUDE",
    "ItemID",
    "WHERE",
    "Items.GENRES",
    "Items.PRICE",
    "IN",
    "NOT",
    "AND",
    "OR",
    "IF",
    "(",
    ")",
]
WORDS += [
    "CurrentUser.AGE",
    "CurrentItem.PRICE",
    "|",
    "=",
    "<",
    "3",
    ",",
    "*",
    '"a"',
    "$X",
    '"',
    "Items.",
    "é",
    "\\",
    "'",
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join) | st.text(max_size=60))
def test_garbage_is_refused_and_nothing_breaks(text: str) -> None:
    for refused in (refusal(lambda: grammar.parse(text)), refusal(lambda: grammar.parse_attributes(text))):
        assert refused is None or "is not valid at position" in refused


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("\"'\\,| ab$*"), max_size=30))
def test_filter_values_are_read_or_refused(text: str) -> None:
    expression = grammar.parse("EXCLUDE ItemID WHERE Items.GENRES IN ($G)")
    refused = refusal(lambda: values.read(expression, {"G": text}))
    assert refused is None or "The value of the filter parameter G is not valid at position" in refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"drama"', ("drama",)),
        ('"horror","comedy", "drama"', ("horror", "comedy", "drama")),
        ("'it''s'", None),
        ('"it\'s", \'say "so"\'', ("it's", 'say "so"')),
        (r'"a \"b\" c"', ('a "b" c',)),
        ('"a,b",c', ("a,b", "c")),
        ("1999", ("1999",)),
        ("sci fi , O'Neill", ("sci fi", "O'Neill")),
        ('""', ("",)),
        ("", None),
        ('"a",', None),
        (',"a"', None),
        ('"a" "b"', None),
        ('"United States""', None),
        ('"a', None),
    ],
)
def test_filter_values(text: str, expected: tuple[str, ...] | None) -> None:
    expression = grammar.parse("INCLUDE ItemID WHERE Items.GENRES IN ($G)")
    if expected is None:
        with pytest.raises(
            InvalidInputError, match=r"The value of the filter parameter G is not valid at position \d+"
        ):
            values.read(expression, {"G": text})
    else:
        assert values.read(expression, {"G": text}) == {"G": expected}


@pytest.mark.parametrize(
    "text",
    [
        "INCLUDE ItemID WHERE " + "(" * 2400,
        "INCLUDE ItemID WHERE " + "(" * 1200 + "Items.A = 1" + ")" * 1200,
        "INCLUDE ItemID WHERE " + "(Items.A = 1 AND " * 140 + "Items.A = 1" + ")" * 140 ,
        "INCLUDE ItemID WHERE Items.A IN (" + "1," * 1200 + "1)",
        'INCLUDE ItemID WHERE Items.A IN ("' + "\\" * 2400,
        "INCLUDE ItemID WHERE Items.A = 1" + " " * 2400 + "x",
        "x" * 1_000_000,
        "INCLUDE ItemID WHERE Items.A = " + "9" * 100_000,
    ],
)  # fmt: skip
def test_long_expressions_take_no_time(text: str) -> None:
    began = time.perf_counter()
    refused = refusal(lambda: passes(grammar.parse(text), _catalogue(10), {}))
    assert refused is None or "not valid at position" in refused or "longer than 2500" in refused
    assert time.perf_counter() - began < 1


def _catalogue(size: int) -> Subject:
    random = np.random.default_rng(1)
    names = [f"i{at}" for at in range(size)]
    items = pd.DataFrame(
        {
            # Nearly as many distinct values as items: the worst case.
            "GENRES": pd.Categorical([f"g{at}|h{at % 50}" for at in range(size)]),
            "PRICE": random.random(size),
            "A": pd.array(random.integers(0, 9, size), dtype="Int64"),
        },
        index=pd.Index(names, dtype=object),
    )
    rows = [{"USER_ID": "u", "ITEM_ID": names[at % size], "TIMESTAMP": at, "EVENT_TYPE": "watch"} for at in range(1000)]
    return Subject(
        items=items,
        item_codes={name: at for at, name in enumerate(names)},
        interactions=from_rows(rows, SCHEMAS["INTERACTIONS"]),
        user=pd.DataFrame(),
    )


def test_a_hundred_thousand_items_are_filtered_in_milliseconds() -> None:
    subject = _catalogue(100_000)
    expression = grammar.parse(
        'INCLUDE ItemID WHERE (Items.GENRES IN ("h1", "h2", $G) OR Items.PRICE < 0.1) AND Items.A NOT IN (1, 2) '
        '| EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'
    )
    expected = [
        (at % 50 in (1, 2) or at == 7777 or price < 0.1) and year not in (1, 2) and not 900 <= at < 1000
        for at, (price, year) in enumerate(zip(subject.items["PRICE"], subject.items["A"], strict=True))
    ]
    assert passes(expression, subject, {"G": "g7777"}).tolist() == expected
    began = time.perf_counter()
    for _ in range(10):
        passes(expression, subject, {"G": "g7777"})
    assert (time.perf_counter() - began) / 10 < 0.05


def test_only_the_newest_interactions_of_each_event_type_count() -> None:
    rows: list[Mapping[str, Any]] = [
        {"USER_ID": "u", "ITEM_ID": f"i{at}", "TIMESTAMP": 1000 - at, "EVENT_TYPE": "watch" if at % 2 else "like"}
        for at in range(300)
    ]
    subject = Subject(
        items=pd.DataFrame(index=pd.Index([f"i{at}" for at in range(300)], dtype=object)),
        item_codes={f"i{at}": at for at in range(300)},
        interactions=from_rows(rows, SCHEMAS["INTERACTIONS"]),
        user=pd.DataFrame(),
    )
    watched = passes(grammar.parse('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'), subject, {})
    assert np.flatnonzero(watched).tolist() == list(range(1, 200, 2))
    touched = passes(grammar.parse('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'), subject, {})
    assert np.flatnonzero(touched).tolist() == list(range(200))


class Group:
    """A dataset group with a dataset of each type."""

    def __init__(self, **quotas: int) -> None:
        self.account = Account(quotas=quotas)
        self.account.service.control.decide(filter_on_empty_data="take")  # here it is about what filters say
        self.group = self.account.group()
        items: list[dict[str, Any]] = [
            {"name": "ITEM_ID", "type": "string"},
            {"name": "genres", "type": ["null", "string"], "categorical": True},
            {"name": "PRICE", "type": ["null", "float"]},
            {"name": "NEW", "type": "boolean"},
            {"name": "DESCRIPTION", "type": "string", "textual": True},
        ]
        actions: list[dict[str, Any]] = [
            {"name": "ACTION_ID", "type": "string"},
            {"name": "CATEGORY", "type": "string", "categorical": True},
            {"name": "VALUE", "type": "long"},
            {"name": "ACTION_EXPIRATION_TIMESTAMP", "type": "long"},
        ]
        taken: list[dict[str, Any]] = [
            {"name": "USER_ID", "type": "string"},
            {"name": "ACTION_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"},
            {"name": "EVENT_TYPE", "type": "string"},
        ]
        datasets: Sequence[tuple[str, Sequence[Mapping[str, Any]]]] = (
            ("Interactions", INTERACTIONS), ("Items", items), ("Users", USERS), ("Actions", actions),
            ("Action_Interactions", taken),
        )  # fmt: skip
        for kind, fields in datasets:
            self.account.dataset(self.group, kind, fields)

    def filter(self, expression: str, name: str | None = None) -> str:
        made = self.account(
            "CreateFilter",
            name=name or f"f{abs(hash(expression))}",
            datasetGroupArn=self.group,
            filterExpression=expression,
        )
        return str(made["filterArn"])


@pytest.fixture(scope="module")
def group() -> Group:
    return Group(**{"filters": 100, "fields-of-all-filters": 100})


# What the guide's pages show, with the fields of the group above.
@pytest.mark.parametrize(
    "expression",
    [
        "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
        'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")',
        "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRES IN CurrentItem.GENRES",
        'EXCLUDE ItemID WHERE Items.genres IN ("shoe") AND Items.genres NOT IN ("boot")',
        "INCLUDE ItemID WHERE Items.PRICE <= $PRICE",
        "EXCLUDE ItemID WHERE Items.GENRES IN ($GENRE) IF CurrentUser.AGE = $AGE",
        'INCLUDE ItemID WHERE Items.GENRES IN ("watch") IF CurrentUser.AGE > 18 AND CurrentUser.AGE < 30',
        "INCLUDE UserID WHERE Users.AGE IN ($MEMBERSHIP)",
        "EXCLUDE UserID WHERE Users.AGE < $AGE",
        'INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click", "rating")',
        "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
        'EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("NOT_TAKEN")',
        "EXCLUDE ActionID WHERE Actions.CATEGORY IN ($CATEGORY)",
        "INCLUDE ActionID WHERE Actions.VALUE > ($VALUE)",
        "EXCLUDE ActionID WHERE Action.VALUE < ($VALUE) IF CurrentUser.AGE = $PREMIUM",
        'INCLUDE ItemID WHERE Items.GENRES IN ($G) | INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("favorite")',
        'EXCLUDE itemId WHERE INTERACTIONS.event_type in ("*")',
        "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)",
    ],
)
def test_the_filters_of_the_guide_are_taken(group: Group, expression: str) -> None:
    arn = group.filter(expression)
    assert group.account("DescribeFilter", filterArn=arn)["filter"]["filterExpression"] == expression


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('EXCLUDE ItemID WHERE Items.DESCRIPTION IN ("a")', "ITEMS.DESCRIPTION is textual"),
        ('EXCLUDE ItemID WHERE Items.NEW IN ("True")', "ITEMS.NEW is a boolean"),
        ("EXCLUDE ItemID WHERE Interactions.EVENT_VALUE > 1", "by EVENT_TYPE only, not by EVENT_VALUE"),
        ("EXCLUDE ItemID WHERE Items.GENRES NOT IN ($G)", "NOT IN takes no parameters"),
        ("EXCLUDE ItemID WHERE Items.GENRES IN (*)", r"\* can be used with EVENT_TYPE of interactions only"),
        ('EXCLUDE ItemID WHERE Items.PRICE > "much"', "'much' is compared with the number PRICE"),
        ("EXCLUDE ItemID WHERE CurrentUser.AGE > 4", "CurrentUser can be used in an IF condition only"),
        ("EXCLUDE ItemID WHERE Users.AGE > 4", "ItemID can be filtered by ITEMS or INTERACTIONS only, not by USERS"),
        ("EXCLUDE UserID WHERE Items.PRICE > 4", "UserID can be filtered by USERS or INTERACTIONS only"),
        ("EXCLUDE ActionID WHERE Items.PRICE > 4", "ActionID can be filtered by ACTIONS or ACTION_INTERACTIONS only"),
        ("EXCLUDE UserID WHERE Users.AGE > 4 IF CurrentUser.AGE < 9", "Users can't be filtered with an IF condition"),
        ("EXCLUDE ItemID WHERE Items.PRICE > 4 IF CurrentUser.AGE < 9 OR CurrentUser.AGE > 20", ">>>OR CurrentUser"),
        ("EXCLUDE ItemID WHERE Items.PRICE > 4 IF CurrentUser.AGE < 9 IF CurrentUser.AGE > 2", ">>>IF CurrentUser"),
        ("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN CurrentItem.GENRES", "fields of Items only"),
        ("EXCLUDE ItemID WHERE Items.PRICE < CurrentItem.GENRES", "PRICE and CurrentItem.GENRES can't be compared"),
        ("EXCLUDE ItemID WHERE Items.PRICE < CurrentItem.SIZE", "ITEMS.SIZE, and the schema has no such field"),
        ("EXCLUDE ActionID WHERE Actions.ACTION_EXPIRATION_TIMESTAMP > 4", "the service itself filters actions by it"),
        (f"EXCLUDE ItemID WHERE Items.GENRES IN (${'x' * 51})", "name can have at most 50 characters"),
        (
            f"EXCLUDE ItemID WHERE Items.GENRES IN ({','.join(f'$p{at}' for at in range(26))})",
            "can have at most 25 parameters",
        ),
        ("EXCLUDE ItemID WHERE Items.GENRES IS NULL", "not valid at position 35"),
        ("EXCLUDE ItemID WHERE NOT Items.PRICE = 1", ">>>NOT Items.PRICE"),
        ("x" * 2501, "less than or equal to 2500"),
    ],
)
def test_what_the_guide_rules_out_is_refused(group: Group, expression: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        group.filter(expression)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("EXCLUDE ItemID WHERE NOT Items.PRICE = 1", ">>>NOT Items.PRICE = 1 (NOT stands in NOT IN, behind a field)"),
        ("EXCLUDE ItemID WHERE Items.GENRES IN (Drama)", ">>>Drama) (a value is a text in quotation marks"),
        ('EXCLUDE ItemID WHERE Items.GENRES IN ("a", b)', ">>>b) (a value is a text in quotation marks"),
        ("EXCLUDE ItemID WHERE Items.GENRES = Drama", ">>>Drama (a value is a text in quotation marks"),
        ("EXCLUDE ItemID WHERE Items.PRICE = true", ">>>true (a value is a text in quotation marks"),
        ("EXCLUDE ItemID WHERE Items.PRICE == 1", ">>>== 1 (operators are =, !="),
        ("EXCLUDE ItemID WHERE Items.PRICE <> 1", ">>><> 1 (operators are =, !="),
        ('EXCLUDE ItemID WHERE Items.GENRES LIKE "a"', '>>>LIKE "a" (operators are =, !='),
        ('EXCLUDE ItemID WHERE GENRES IN ("a")', '>>>GENRES IN ("a") (a field is Dataset.FIELD'),
        ('EXCLUDE ItemID WHERE Items.GENRES IN "a"', '>>>"a" (the values of IN stand in parentheses)'),
        ("EXCLUDE ItemID WHERE Items.PRICE = 1 AND", "AND>>> (a field is Dataset.FIELD"),
        (
            "EXCLUDE ItemID WHERE Items.PRICE = 1 Items.STOCK = 2",
            ">>>Items.STOCK = 2 (conditions are joined by AND or OR)",
        ),
        ("EXCLUDE ItemID Items.PRICE = 1", ">>>Items.PRICE = 1 (WHERE comes here)"),
        ("EXCLUDE WHERE Items.PRICE = 1", ">>>WHERE Items.PRICE = 1 (ItemID, UserID or ActionID comes here)"),
    ],
)
def test_the_word_that_is_wrong_is_shown_with_what_would_do(group: Group, expression: str, told: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        group.filter(expression)
    assert told in str(refused.value)


def test_there_are_only_so_many_fields_in_a_filter_and_in_a_group() -> None:
    group = Group(**{"filter-fields": 2, "fields-of-all-filters": 3})
    group.filter("EXCLUDE ItemID WHERE Items.PRICE > 1 AND Items.price < 3 | EXCLUDE ItemID WHERE Items.GENRES IN ($G)")
    with pytest.raises(LimitExceededError, match="More than 2 distinct dataset fields in a filter"):
        group.filter("EXCLUDE ItemID WHERE Items.PRICE > 1 AND Items.GENRES IN ($G) IF CurrentUser.AGE > 3")
    group.filter("EXCLUDE ItemID WHERE Items.PRICE > 2 IF CurrentUser.AGE > 3")
    with pytest.raises(LimitExceededError, match="More than 3 distinct dataset fields in all filters"):
        group.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")')


def test_items_are_filtered_by_their_own_ids() -> None:
    subject = _catalogue(5)
    among = grammar.parse('INCLUDE ItemID WHERE Items.ITEM_ID IN ("i1", "i3", "x")')
    assert np.flatnonzero(passes(among, subject, {})).tolist() == [1, 3]
    others = grammar.parse('INCLUDE ItemID WHERE Items.ITEM_ID NOT IN ("i1")')
    assert np.flatnonzero(passes(others, subject, {})).tolist() == [0, 2, 3, 4]


def test_a_filter_about_the_current_item_needs_one() -> None:
    expression = grammar.parse("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE")
    with pytest.raises(InvalidInputError, match="CurrentItem can be used for related items only"):
        passes(expression, _catalogue(3), {})


def test_campaigns_for_related_items_know_the_current_one() -> None:
    account = Account()
    group = trained_group(account)
    made = account(
        "CreateFilter",
        name="cheaper",
        datasetGroupArn=group,
        filterExpression="INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE",
    )["filterArn"]
    sims, popular = (
        account.campaign(account.version(account.solution(group, recipe)), recipe)
        for recipe in ("aws-sims", "aws-popularity-count")
    )
    found = account.recommended(sims, itemId="i9", filterArn=made, numResults=500)
    assert set(found) == {f"i{at}" for at in range(9)} & set(taste_data()["ITEM_ID"])
    with pytest.raises(InvalidInputError, match="CurrentItem can be used for related items only"):
        account.recommended(popular, userId="u1", filterArn=made)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("INCLUDE ActionID WHERE Actions.VALUE > ($LEAST)", ["a2", "a3"]),
        ('EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("taken")', ["a1", "a3"]),
        ('INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("*") IF CurrentUser.AGE = 30', ["a2"]),
        ('INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("*") IF CurrentUser.AGE = 31', ["a1", "a2", "a3"]),
    ],
)
def test_actions_are_filtered(expression: str, expected: list[str]) -> None:
    names = ["a1", "a2", "a3"]
    taken = pd.DataFrame({"ACTION_ID": ["a2", "gone"], "EVENT_TYPE": ["Taken", "Taken"]}, dtype="category")
    subject = Subject(
        items=pd.DataFrame({"VALUE": [1, 5, 9]}, index=pd.Index(names, dtype=object)),
        item_codes={name: at for at, name in enumerate(names)},
        interactions=taken.assign(TIMESTAMP=[1, 2]),
        user=pd.DataFrame({"AGE": [30]}, index=pd.Index(["u1"], dtype=object)),
    )
    read = grammar.parse(expression)
    passed = passes(read, subject, dict.fromkeys(read.placeholders, "4"))
    assert [name for name, met in zip(names, passed, strict=True) if met] == expected


@pytest.mark.parametrize("value", ['"1","2"', "much"])
def test_a_sign_takes_one_number(value: str) -> None:
    with pytest.raises(InvalidInputError, match=r"takes one value|is compared with a number"):
        passes(grammar.parse("EXCLUDE ItemID WHERE Items.PRICE > $P"), _catalogue(3), {"P": value})


@pytest.fixture(scope="module")
def watched() -> tuple[Account, str, Callable[[str], str]]:
    """Return an account with a campaign of data in which nobody takes an item twice, and what makes filters."""
    account = Account()
    group = trained_group(account)
    campaign = account.campaign(account.version(account.solution(group, "aws-user-personalization-v2")))

    def named(expression: str) -> str:
        name = f"f{len(account('ListFilters')['Filters'])}"
        return str(account("CreateFilter", name=name, datasetGroupArn=group, filterExpression=expression)["filterArn"])

    return account, campaign, named


@pytest.mark.parametrize(
    ("expression", "values", "types"),
    [
        ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")', {}, {"watch"}),
        ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', {}, {"watch", "like"}),
        ("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($TYPES)", {"TYPES": '"like"'}, {"like"}),
        (
            'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch", "like") '
            '| EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("like")',
            {},
            {"watch"},
        ),
    ],
)
def test_what_was_taken_is_recommended_where_a_filter_asks_for_it(
    watched: tuple[Account, str, Callable[[str], str]], expression: str, values: dict[str, str], types: set[str]
) -> None:
    account, campaign, named = watched
    rows = taste_data().query("USER_ID == 'u3'")
    taken = set(rows["ITEM_ID"])
    assert not taken & set(account.recommended(campaign, userId="u3"))
    found = account.recommended(campaign, userId="u3", filterArn=named(expression), filterValues=values)
    assert set(found) == set(rows[rows["EVENT_TYPE"].isin(types)]["ITEM_ID"])


def test_what_was_taken_stays_away_where_a_filter_asks_for_something_else(
    watched: tuple[Account, str, Callable[[str], str]],
) -> None:
    account, campaign, named = watched
    taken = set(taste_data().query("USER_ID == 'u3'")["ITEM_ID"])
    for expression in (
        'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("buy")',
        'INCLUDE ItemID WHERE Items.ITEM_ID NOT IN ("x")',
    ):
        found = account.recommended(campaign, userId="u3", filterArn=named(expression))
        assert len(found) == 25
        assert not taken & set(found)
