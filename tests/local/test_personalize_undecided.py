"""What no document settles is decided strictly, unless somebody decides otherwise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from local.personalize.errors import ControlError, InvalidInputError, LimitExceededError, ThrottlingError
from local.personalize.undecided import QUESTIONS
from tests.local.personalize_account import INTERACTIONS, ITEMS, Account, avro, taste_data
from tests.local.test_personalize_data import GOOD, HEADER

README = Path(__file__).parents[2] / "local" / "README.md"
ROW = re.compile(r"^\| `([a-z-]+)` \| [^|]+ \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)


def test_the_table_has_each_question_with_its_choices_and_a_reason() -> None:
    table = README.read_text().split("## What no document settles")[1].split("\n## ")[0]
    told = {name: re.findall(r"(?:^|; )`([A-Za-z]+)`", choices) for name, choices in ROW.findall(table)}
    assert told == {name: list(question.choices) for name, question in QUESTIONS.items()}
    assert list(told) == sorted(told)
    assert table.count("\n|") == len(told) + 2, "each row has four cells, of which the first is a question"


def test_how_it_is_decided_is_seen_and_changed() -> None:
    control = Account().service.control
    assert control.settings()["decisions"] == {name: each.default for name, each in QUESTIONS.items()}
    assert control.decide(byte_order_mark="read")["byte-order-mark"] == "read"
    with pytest.raises(ControlError, match="there is no question 'nothing'"):
        control.decide(nothing="read")
    with pytest.raises(ControlError, match="there is no choice for byte-order-mark 'maybe'; there are refuse, read"):
        control.decide(byte_order_mark="maybe")
    control.reset()
    assert control.settings()["decisions"]["byte-order-mark"] == "refuse"


def test_a_byte_order_mark_belongs_to_the_first_name() -> None:
    account = Account()
    dataset = account.dataset(account.group(), "Interactions", INTERACTIONS)
    location = account.put("b/x.csv", "\ufeff" + HEADER + GOOD)
    failed = account.import_(dataset, location, "strict")
    assert "missing the following columns:[USER_ID]" in failed["failureReason"]
    assert "begins with a byte-order mark" in failed["failureReason"]
    account.service.control.decide(byte_order_mark="read")
    assert account.import_(dataset, location, "kind")["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("decision", "strict", "kind"),
    [
        ("header_in_other_letters", HEADER.lower() + GOOD, "user_id for USER_ID"),
        ("header_in_quotation_marks", HEADER.replace("ITEM_ID", '"ITEM_ID"') + GOOD, '"ITEM_ID" for ITEM_ID'),
        ("quotation_mark_in_value", HEADER + GOOD + 'u,12" vinyl,1700000000,watch,1\n', "a record must be on a single"),
    ],
)
def test_what_a_file_has_otherwise(decision: str, strict: str, kind: str) -> None:
    account = Account()
    dataset = account.dataset(account.group(), "Interactions", INTERACTIONS)
    location = account.put("b/x.csv", strict)
    assert kind in account.import_(dataset, location, "strict")["failureReason"]
    account.service.control.decide(**{decision: "take"})
    assert account.import_(dataset, location, "kind")["status"] == "ACTIVE"


@pytest.mark.parametrize("session", ["null", "undefined", "NULL"])
def test_a_session_of_who_has_none(session: str, caplog: pytest.LogCaptureFixture) -> None:
    account = Account()
    group = account.group()
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    tracker = account("CreateEventTracker", name="t", datasetGroupArn=group)["trackingId"]

    def stored() -> int:
        event = {"eventType": "watch", "itemId": "i", "sentAt": account.clock.now}
        account.events("PutEvents", trackingId=tracker, userId="u", sessionId=session, eventList=[event])
        return len(account.service.world.state.tables[dataset].streamed)

    assert stored() == 1
    assert f"the sessionId '{session}' is what a program writes that has none" in caplog.text
    account.service.control.decide(session_named_null="ignore")
    assert stored() == 1


def test_an_empty_file_beside_the_data() -> None:
    account = Account()
    dataset = account.dataset(account.group(), "Interactions", INTERACTIONS)
    account.put("b/p/part-0.csv", HEADER + GOOD)
    account.put("b/p/_SUCCESS", "")
    assert "s3://b/p/_SUCCESS is empty" in account.import_(dataset, "s3://b/p/", "strict")["failureReason"]
    account.service.control.decide(empty_file="skip")
    assert account.import_(dataset, "s3://b/p/", "kind")["status"] == "ACTIVE"


EXPRESSION = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'


def test_a_filter_on_a_dataset_without_data() -> None:
    account = Account()
    group = account.group()
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    account.dataset(group, "Items", ITEMS)
    control = account.service.control
    seen = []
    for choice in ("refuse", "fail", "take"):
        control.decide(filter_on_empty_data=choice)
        request = {"name": choice, "datasetGroupArn": group, "filterExpression": EXPRESSION}
        try:
            arn = account("CreateFilter", **request)["filterArn"]
        except InvalidInputError as error:
            seen.append(error.message)
        else:
            shown = account("DescribeFilter", filterArn=arn)["filter"]
            seen.append(shown.get("failureReason", shown["status"]))
    reason = "The filter names datasets that hold no data yet: INTERACTIONS. Import data first."
    assert seen == [reason, reason, "ACTIVE"]

    control.decide(filter_on_empty_data="refuse")
    account.import_(dataset, account.put("b/x.csv", taste_data()), "j")
    account("CreateFilter", name="full", datasetGroupArn=group, filterExpression=EXPRESSION)
    with pytest.raises(InvalidInputError, match="no data yet: ITEMS"):
        account(
            "CreateFilter",
            name="items",
            datasetGroupArn=group,
            filterExpression=f'{EXPRESSION} | EXCLUDE ItemID WHERE Items.GENRES IN ("x")',
        )


def test_a_rate_has_two_errors() -> None:
    account = Account()
    control = account.service.control
    control.set_rates({"ListSchemas": 1})
    account("ListSchemas")
    with pytest.raises(ThrottlingError, match="Rate exceeded"):
        account("ListSchemas")
    control.decide(too_many_calls="LimitExceededException")
    with pytest.raises(LimitExceededError, match="limit on the number of requests per second has been exceeded"):
        account("ListSchemas")


def test_a_schema_named_in_other_letters() -> None:
    account = Account()
    for name in ("interactions", "INTERACTIONS"):
        with pytest.raises(InvalidInputError, match=f"The schema's name is '{name}'; it must be Interactions"):
            account("CreateSchema", name=name, schema=avro(name, INTERACTIONS))
    account("CreateSchema", name="spelled", schema=avro("Interactions", INTERACTIONS))
    account.service.control.decide(schema_name_in_other_letters="take")
    account("CreateSchema", name="other", schema=avro("interactions", INTERACTIONS))


def test_an_empty_value_of_an_item() -> None:
    account = Account()
    fields = [*ITEMS[:2], {"name": "CREATION_TIMESTAMP", "type": "long"}]
    dataset = account.dataset(account.group(), "Items", fields)
    location = account.put("b/items.csv", "ITEM_ID,GENRES,CREATION_TIMESTAMP\na,x,1700000000\nb,y,\n")
    failed = account.import_(dataset, location, "strict")
    assert "line 3, column CREATION_TIMESTAMP: '' is empty" in failed["failureReason"]
    account.service.control.decide(empty_item_value="take")
    assert account.import_(dataset, location, "kind")["status"] == "ACTIVE"
    bulk = account.service.world.state.tables[dataset].bulk
    assert bulk is not None
    assert bulk["CREATION_TIMESTAMP"].isna().tolist() == [False, True]
    location = account.put("b/items.csv", "ITEM_ID,GENRES,CREATION_TIMESTAMP\n,x,1700000000\n")
    assert "column ITEM_ID: '' is empty" in account.import_(dataset, location, "key")["failureReason"]


def test_an_empty_text_of_an_item() -> None:
    account = Account()
    fields = [ITEMS[0], {"name": "GENRES", "type": ["string"], "categorical": True}, {"name": "YEAR", "type": "string"}]
    dataset = account.dataset(account.group(), "Items", fields)
    location = account.put("b/items.csv", "ITEM_ID,GENRES,YEAR\na,x,\nb,,1999\n")
    assert account.import_(dataset, location, "text")["status"] == "ACTIVE"
    bulk = account.service.world.state.tables[dataset].bulk
    assert bulk is not None
    assert bulk["GENRES"].isna().tolist() == [False, True]
    account.service.control.decide(empty_item_value="refuse")
    failed = account.import_(dataset, location, "strict")
    assert "line 3, column GENRES: '' is empty" in failed["failureReason"]


def test_a_setting_that_another_recipe_has() -> None:
    account = Account()
    group = account.group()
    dataset = account.dataset(group, "Interactions", INTERACTIONS)
    account.import_(dataset, account.put("b/x.csv", taste_data()), "j")
    version = account.version(account.solution(group, "aws-similar-items"))
    settings: dict[str, dict[str, Any]] = {
        "itemExplorationConfig": {"explorationWeight": "0.5"},
        "rankingInfluence": {"POPULARITY": 1.0},
    }
    for name, value in settings.items():
        with pytest.raises(InvalidInputError, match=f"{name} can't be given with aws-similar-items"):
            account.campaign(version, "strict", campaignConfig={name: value})
    plain = account.campaign(version, "plain")
    account.service.control.decide(setting_of_another_recipe="ignore")
    kind = account.campaign(version, "kind", campaignConfig=settings)
    item = next(iter(taste_data()["ITEM_ID"]))
    assert account.recommended(plain, itemId=item) == account.recommended(kind, itemId=item) != []


def test_optimization_that_a_recipe_does_not_have() -> None:
    account = Account()
    group = account.group()
    v2 = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
    v1 = v2.removesuffix("-v2")
    objective = {"hpoConfig": {"hpoObjective": {"type": "Maximize"}}}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"recipeArn": v2, "performHPO": True}, "performHPO is not supported for aws-user-personalization-v2"),
        ({"recipeArn": v1, "performHPO": True, "solutionConfig": objective}, "hpoObjective is not supported"),
    ]
    for request, told in wrong:
        with pytest.raises(InvalidInputError, match=told):
            account("CreateSolution", name="strict", datasetGroupArn=group, **request)
    account("CreateSolution", name="tuned", datasetGroupArn=group, recipeArn=v1, performHPO=True)
    account.service.control.decide(optimization_of_another_recipe="ignore")
    for number, (request, _) in enumerate(wrong):
        account("CreateSolution", name=f"kind-{number}", datasetGroupArn=group, **request)
