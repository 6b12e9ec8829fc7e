"""What a filter may not be, though it is well-formed.

https://docs.aws.amazon.com/personalize/latest/dg/filter-expression-guidelines-requirements.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from botocore.model import MapShape

from local.personalize.data.schemas import NUMBERS, Field, Schema
from local.personalize.errors import InvalidInputError
from local.personalize.filters.grammar import (
    EVENTS,
    Anything,
    Clause,
    Condition,
    CurrentItem,
    Expression,
    Filter,
    Operand,
    Placeholder,
    conditions,
)
from local.personalize.service_models import RUNTIME, operation_model

Schemas = Mapping[str, Schema]
"""By dataset type."""
Fields = frozenset[tuple[str, str]]
"""Dataset type and name."""

DATASETS: Mapping[str, tuple[str, ...]] = {
    "itemid": ("ITEMS", "INTERACTIONS"),
    "userid": ("USERS", "INTERACTIONS"),
    "actionid": ("ACTIONS", "ACTION_INTERACTIONS"),
}
"""What can be asked about items, users and actions."""
_TARGETS: Mapping[str, str] = {"itemid": "ItemID", "userid": "UserID", "actionid": "ActionID"}
_EVENT_TYPE = "EVENT_TYPE"
_AUTOMATIC = ("ACTION_EXPIRATION_TIMESTAMP", "REPEAT_FREQUENCY")
"""Fields of actions that the service filters by itself."""


def check(expression: Filter, schemas: Schemas) -> None:
    """Refuse what the guide rules out, and fields that the group's datasets don't have."""
    if len({clause.target for clause in expression.clauses}) > 1:
        raise InvalidInputError("All parts of a filter expression must be about the same: items, users or actions.")
    _check_placeholders(expression)
    for clause in expression.clauses:
        _check_clause(clause)
        for condition in clause.conditions:
            _check_condition(condition, schemas)


def check_attributes(expression: Expression, schemas: Schemas) -> None:
    """Refuse attributes of items that segments can't be made by."""
    for condition in conditions(expression):
        if condition.dataset != "ITEMS":
            raise InvalidInputError(f"itemAttributes takes fields of ITEMS only, not of {condition.dataset}.")
        if condition.operator != "=" or not all(isinstance(each, str | int | float) for each in condition.operands):
            raise InvalidInputError(f"itemAttributes compares {condition.field} with a value by = only.")
        _check_condition(condition, schemas)


def fields_of(expressions: Iterable[Filter]) -> Fields:
    """Return the distinct dataset fields that filters name; there may be only so many."""
    found = set()
    for condition in (each for expression in expressions for each in expression.conditions):
        found.add((condition.dataset, condition.field))
        found |= {("ITEMS", each.field) for each in condition.operands if isinstance(each, CurrentItem)}
    return frozenset(found)


def find(schema: Schema, name: str) -> Field | None:
    """Return a schema's field of that name, whatever its case."""
    return next((each for each in schema.fields if each.name.upper() == name), None)


def _check_placeholders(expression: Filter) -> None:
    """No request could give values to more of them, or to longer names."""
    shape = operation_model(RUNTIME, "GetRecommendations").input_shape
    values = shape.members["filterValues"] if shape else None
    if not isinstance(values, MapShape):
        return
    most, longest = values.metadata["max"], values.key.metadata["max"]
    if len(expression.placeholders) > most:
        raise InvalidInputError(f"A filter expression can have at most {most} parameters.")
    long = sorted(name for name in expression.placeholders if len(name) > longest)
    if long:
        raise InvalidInputError(f"A parameter's name can have at most {longest} characters: [{','.join(long)}].")


def _check_clause(clause: Clause) -> None:
    datasets = {condition.dataset for condition in conditions(clause.where)}
    if any(condition.current for condition in conditions(clause.where)):
        raise InvalidInputError("CurrentUser can be used in an IF condition only.")
    if len(datasets) > 1:
        raise InvalidInputError(
            f"AND and OR join conditions on one dataset only, not on {' and '.join(sorted(datasets))}: "
            "use | between expressions."
        )
    if clause.dataset not in DATASETS[clause.target]:
        shown = " or ".join(DATASETS[clause.target])
        raise InvalidInputError(f"{_TARGETS[clause.target]} can be filtered by {shown} only, not by {clause.dataset}.")
    if clause.only_if is None:
        return
    if clause.target == "userid":
        raise InvalidInputError("Users can't be filtered with an IF condition: there is no CurrentUser then.")
    if not all(condition.current for condition in conditions(clause.only_if)):
        raise InvalidInputError("IF takes conditions on CurrentUser only.")


def _check_condition(condition: Condition, schemas: Schemas) -> None:
    declared = _declared(condition.dataset, condition.field, schemas)
    shown = f"{condition.dataset}.{condition.field}"
    if condition.dataset in EVENTS and condition.field != _EVENT_TYPE:
        raise InvalidInputError(f"Interactions can be filtered by {_EVENT_TYPE} only, not by {condition.field}.")
    if condition.dataset == "ACTIONS" and condition.field in _AUTOMATIC:
        raise InvalidInputError(f"{shown} can't be filtered by: the service itself filters actions by it.")
    if condition.operator in ("<", "<=", ">", ">=") and declared.type not in NUMBERS:
        raise InvalidInputError(f"{condition.field} is not a number: {condition.operator} can't compare it.")
    for operand in condition.operands:
        _check_operand(operand, condition, declared, schemas)


def _check_operand(operand: Operand, condition: Condition, declared: Field, schemas: Schemas) -> None:
    if isinstance(operand, Placeholder):
        if condition.operator == "NOT IN":
            raise InvalidInputError(
                "NOT IN takes no parameters: use IN with the opposite action, INCLUDE for EXCLUDE or the reverse."
            )
    elif isinstance(operand, Anything):
        if condition.dataset not in EVENTS:
            raise InvalidInputError(f"* can be used with {_EVENT_TYPE} of interactions only.")
    elif isinstance(operand, CurrentItem):
        if condition.dataset != "ITEMS":
            raise InvalidInputError("CurrentItem can be compared with fields of Items only.")
        theirs = _declared("ITEMS", operand.field, schemas)
        if (theirs.type in NUMBERS) != (declared.type in NUMBERS):
            raise InvalidInputError(f"{condition.field} and CurrentItem.{operand.field} can't be compared.")
    elif declared.type in NUMBERS and not _is_number(operand):
        raise InvalidInputError(f"{operand!r} is compared with the number {condition.field}, and is none.")


def _declared(dataset: str, name: str, schemas: Schemas) -> Field:
    schema = schemas.get(dataset)
    if schema is None:
        raise InvalidInputError(f"The filter names {dataset}, and the dataset group has no such dataset.")
    declared = find(schema, name)
    if declared is None:
        raise InvalidInputError(
            f"The filter names {dataset}.{name}, and the schema has no such field; it has {', '.join(schema.by_name)}."
        )
    if declared.textual:
        raise InvalidInputError(f"{dataset}.{name} is textual: filters can't be based on unstructured text.")
    if declared.type == "boolean":
        raise InvalidInputError(
            f"{dataset}.{name} is a boolean, which filters can't be based on: use a string, or a number of 0 and 1."
        )
    return declared


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True
