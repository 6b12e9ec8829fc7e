"""The language of filters, read into plain data.

    EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch", "like") | INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)

https://docs.aws.amazon.com/personalize/latest/dg/filter-expressions.html
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import lark

from local.personalize.data.schemas import NUMBERS, Schema
from local.personalize.errors import InvalidInputError

_GRAMMAR = r"""
start: clause ("|" clause)*
clause: MODE TARGET "WHERE"i either ("IF"i both)?
?either: both ("OR"i both)*
?both: unit ("AND"i unit)*
?unit: condition | "(" either ")"
condition: field (IN | NOT_IN) "(" value ("," value)* ")"   -> among
         | field OPERATOR value                             -> compared
field: NAME "." NAME
?value: STRING | NUMBER | PLACEHOLDER | STAR

MODE.2: "INCLUDE"i | "EXCLUDE"i
TARGET.2: "ItemID"i | "UserID"i | "ActionID"i
NOT_IN.2: /NOT\s+IN\b/i
IN.2: /IN\b/i
OPERATOR: "!=" | "<=" | ">=" | "=" | "<" | ">"
NAME: /[A-Za-z_][A-Za-z0-9_]*/
STRING: /"[^"]*"/ | /'[^']*'/
NUMBER: /-?\d+(\.\d+)?/
PLACEHOLDER: /\$[A-Za-z0-9_]+/
STAR: "*"
%ignore /\s+/
"""
_DATASETS = {
    "interactions": "INTERACTIONS",
    "interaction": "INTERACTIONS",
    "items": "ITEMS",
    "item": "ITEMS",
    "users": "USERS",
    "user": "USERS",
    "currentuser": "USERS",
    "actions": "ACTIONS",
    "action_interactions": "ACTION_INTERACTIONS",
}

Value = str | float
Mode = Literal["INCLUDE", "EXCLUDE"]


@dataclass(frozen=True)
class Placeholder:
    """A value that comes with the request."""

    name: str


@dataclass(frozen=True)
class Anything:
    """The star: whatever the value is."""


Operand = Value | Placeholder | Anything


@dataclass(frozen=True)
class Condition:
    """A field compared with values. `operator` is IN, NOT IN, or a sign."""

    dataset: str
    field: str
    operator: str
    operands: tuple[Operand, ...]
    current: bool = False
    """Whether it is about the user who asks."""


@dataclass(frozen=True)
class Both:
    """All of the parts."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Either:
    """Any of the parts."""

    parts: tuple[Expression, ...]


Expression = Condition | Both | Either


@dataclass(frozen=True)
class Clause:
    """INCLUDE or EXCLUDE what meets the expression, if the user who asks meets `only_if`."""

    mode: Mode
    target: str
    where: Expression
    only_if: Expression | None = None

    @property
    def dataset(self) -> str:
        """The dataset that the clause is about: there is one."""
        return next(conditions(self.where)).dataset

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of the values that it needs."""
        both = [*conditions(self.where), *(conditions(self.only_if) if self.only_if else ())]
        return frozenset(o.name for c in both for o in c.operands if isinstance(o, Placeholder))


@dataclass(frozen=True)
class Filter:
    """A whole expression."""

    clauses: tuple[Clause, ...]

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of all values that it takes."""
        return frozenset().union(*(clause.placeholders for clause in self.clauses))


def conditions(expression: Expression) -> Iterator[Condition]:
    """Return all conditions of an expression."""
    if isinstance(expression, Condition):
        yield expression
    else:
        for part in expression.parts:
            yield from conditions(part)


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Filter:
    """Read an expression; raises InvalidInputError that shows where it is wrong."""
    try:
        read: Filter = _READER.transform(_PARSER.parse(text))
        return read
    except lark.exceptions.VisitError as error:
        raise error.orig_exc from None
    except lark.exceptions.UnexpectedInput as error:
        at = len(text) if isinstance(error, lark.exceptions.UnexpectedEOF) else error.pos_in_stream or 0
        if isinstance(error, lark.exceptions.UnexpectedToken) and error.token.type == "$END":
            at = len(text)
        raise InvalidInputError(
            f"The filter expression is not valid at position {at + 1}: {text[:at]}>>>{text[at:]}"
        ) from error


def check(expression: Filter, schemas: Mapping[str, Schema]) -> None:
    """Refuse fields that the group's datasets don't have, and clauses that mix datasets."""
    if len({clause.target for clause in expression.clauses}) > 1:
        raise InvalidInputError("All parts of a filter expression must be about the same: items, users or actions.")
    for clause in expression.clauses:
        datasets = {condition.dataset for condition in conditions(clause.where)}
        if len(datasets) > 1:
            raise InvalidInputError(
                f"AND and OR join conditions on one dataset only, not on {' and '.join(sorted(datasets))}: "
                "use | between expressions."
            )
        for condition in conditions(clause.where):
            _check_field(condition, schemas)
        for condition in conditions(clause.only_if) if clause.only_if else ():
            if not condition.current:
                raise InvalidInputError("IF takes conditions on CurrentUser only.")
            _check_field(condition, schemas)


def _check_field(condition: Condition, schemas: Mapping[str, Schema]) -> None:
    schema = schemas.get(condition.dataset)
    if schema is None:
        raise InvalidInputError(f"The filter names {condition.dataset}, and the dataset group has no such dataset.")
    declared = schema.by_name.get(condition.field)
    if declared is None:
        raise InvalidInputError(
            f"The filter names {condition.dataset}.{condition.field}, and the schema has no such field; "
            f"it has {', '.join(schema.by_name)}."
        )
    if condition.operator in ("<", "<=", ">", ">=") and declared.type not in NUMBERS:
        raise InvalidInputError(f"{condition.field} is not a number: {condition.operator} can't compare it.")


@lark.v_args(inline=True)
class _Reader(lark.Transformer[lark.Token, Filter]):
    """Turns lark's tree into the data above."""

    def start(self, *clauses: Clause) -> Filter:
        return Filter(clauses)

    def clause(
        self, mode: lark.Token, target: lark.Token, where: Expression, only_if: Expression | None = None
    ) -> Clause:
        return Clause("INCLUDE" if mode.upper() == "INCLUDE" else "EXCLUDE", target.lower(), where, only_if)

    def both(self, *parts: Expression) -> Expression:
        return Both(parts)

    def either(self, *parts: Expression) -> Expression:
        return Either(parts)

    def field(self, dataset: lark.Token, name: lark.Token) -> tuple[str, str, bool]:
        known = _DATASETS.get(dataset.lower())
        if known is None:
            raise InvalidInputError(f"The filter names {dataset}, which is no dataset.")
        return known, name.upper(), dataset.lower() == "currentuser"

    def among(self, field: tuple[str, str, bool], operator: lark.Token, *operands: Operand) -> Condition:
        name = "NOT IN" if operator.upper().startswith("NOT") else "IN"
        return Condition(field[0], field[1], name, operands, field[2])

    def compared(self, field: tuple[str, str, bool], operator: lark.Token, operand: Operand) -> Condition:
        return Condition(field[0], field[1], str(operator), (operand,), field[2])

    def STRING(self, token: lark.Token) -> Operand:  # noqa: N802 - named by the grammar's terminal
        return Anything() if token[1:-1] == "*" else str(token[1:-1])

    def NUMBER(self, token: lark.Token) -> Operand:  # noqa: N802
        return float(token)

    def PLACEHOLDER(self, token: lark.Token) -> Operand:  # noqa: N802
        return Placeholder(str(token[1:]))

    def STAR(self, token: lark.Token) -> Operand:  # noqa: N802
        return Anything()


_PARSER = lark.Lark(_GRAMMAR, parser="lalr")
_READER = _Reader()
