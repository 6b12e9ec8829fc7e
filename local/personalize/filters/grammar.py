"""The language of filters, read into plain data.

    EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch", "like") | INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)

https://docs.aws.amazon.com/personalize/latest/dg/creating-filter-expressions.html

What is well-formed here may still be refused: see `rules`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import lark

from local.personalize.errors import InvalidInputError

_GRAMMAR = r"""
start: clause ("|" clause)*
clause: MODE TARGET _WHERE either (_IF check)?
?either: both (_OR both)*
?both: unit (_AND unit)*
?unit: condition | "(" either ")"
?check: condition (_AND condition)*          -> both
condition: field (IN | NOT_IN) "(" operand ("," operand)* ")"   -> among
         | field (IN | NOT_IN) current                          -> among
         | field OPERATOR operand                               -> compared
         | field OPERATOR "(" operand ")"                       -> compared
field: NAME "." NAME
current: NAME "." NAME
?operand: STRING | NUMBER | PLACEHOLDER | STAR | current

attributes: condition (_AND condition)*      -> both

MODE: /(INCLUDE|EXCLUDE)\b/i
TARGET: /(ItemID|UserID|ActionID)\b/i
_WHERE: /WHERE\b/i
_IF: /IF\b/i
_AND: /AND\b/i
_OR: /OR\b/i
NOT_IN.2: /NOT\s+IN\b/i
IN.2: /IN\b/i
OPERATOR: "!=" | "<=" | ">=" | "=" | "<" | ">"
NAME: /[A-Za-z_][A-Za-z0-9_]*/
STRING: /"(\\.|[^"\\])*"/s | /'(\\.|[^'\\])*'/s
NUMBER: /-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/
PLACEHOLDER: /\$[A-Za-z0-9_]+/
STAR: "*"
%ignore /\s+/
"""
MAX_LENGTH = 2500
"""As the service's model has it for a filter's expression."""
_DATASETS = {
    "interactions": "INTERACTIONS",
    "interaction": "INTERACTIONS",
    "items": "ITEMS",
    "item": "ITEMS",
    "users": "USERS",
    "user": "USERS",
    "currentuser": "USERS",
    "actions": "ACTIONS",
    "action": "ACTIONS",
    "action_interactions": "ACTION_INTERACTIONS",
    "action_interaction": "ACTION_INTERACTIONS",
}
EVENTS = ("INTERACTIONS", "ACTION_INTERACTIONS")
_ESCAPED = re.compile(r"""\\(["'\\])""")

Value = str | int | float
Mode = Literal["INCLUDE", "EXCLUDE"]


@dataclass(frozen=True)
class Placeholder:
    """A value that comes with the request."""

    name: str


@dataclass(frozen=True)
class Anything:
    """The star: whatever the value is."""


@dataclass(frozen=True)
class CurrentItem:
    """A field of the item that related ones are asked for."""

    field: str


Operand = Value | Placeholder | Anything | CurrentItem


@dataclass(frozen=True)
class Condition:
    """A field compared with values. `operator` is IN, NOT IN, or a sign. `field` is in upper case."""

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
    def conditions(self) -> tuple[Condition, ...]:
        """All its conditions, those on the user who asks with them."""
        return (*conditions(self.where), *(conditions(self.only_if) if self.only_if else ()))

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of the values that it needs."""
        return frozenset(o.name for c in self.conditions for o in c.operands if isinstance(o, Placeholder))


@dataclass(frozen=True)
class Filter:
    """A whole expression."""

    clauses: tuple[Clause, ...]

    @property
    def target(self) -> str:
        """What it lets pass: itemid, userid or actionid."""
        return self.clauses[0].target

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All its conditions."""
        return tuple(condition for clause in self.clauses for condition in clause.conditions)

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of all values that it takes."""
        return frozenset().union(*(clause.placeholders for clause in self.clauses))

    @property
    def asks_for_taken(self) -> bool:
        """Whether it lets pass what the user has dealt with: to watch again, or to buy again."""
        return any(each.mode == "INCLUDE" and each.dataset in EVENTS for each in self.clauses)

    @property
    def needs_current_item(self) -> bool:
        """Whether it can be asked only along with an item."""
        return any(isinstance(operand, CurrentItem) for each in self.conditions for operand in each.operands)


def conditions(expression: Expression) -> Iterator[Condition]:
    """Return all conditions of an expression."""
    if isinstance(expression, Condition):
        yield expression
    else:
        for part in expression.parts:
            yield from conditions(part)


def unescaped(text: str) -> str:
    """Return what stands between the quotes, without the backslashes before quotes and backslashes."""
    return _ESCAPED.sub(r"\1", text)


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Filter:
    """Read an expression; raises InvalidInputError that shows where it is wrong."""
    read: Filter = _read(text, "start", "filter expression")
    return read


@functools.lru_cache(maxsize=256)
def parse_attributes(text: str) -> Expression:
    """Read what a line of a batch segment job asks for: `ITEMS.genres = "Comedy" AND ITEMS.genres = "Action"`.

    https://docs.aws.amazon.com/personalize/latest/dg/prepare-input-data-user-segment.html
    """
    read: Expression = _read(text, "attributes", "expression in itemAttributes")
    return read


def _read(text: str, rule: str, what: str) -> Any:
    if len(text) > MAX_LENGTH:
        raise InvalidInputError(f"The {what} is longer than {MAX_LENGTH} characters.")
    try:
        return _PARSER.parse(text, start=rule)
    except _MisplacedError as error:
        raise InvalidInputError(_shown(what, text, error.at, error.reason)) from None
    except lark.exceptions.UnexpectedInput as error:
        at = len(text) if isinstance(error, lark.exceptions.UnexpectedEOF) else error.pos_in_stream or 0
        if isinstance(error, lark.exceptions.UnexpectedToken) and error.token.type == "$END":
            at = len(text)
        raise InvalidInputError(_shown(what, text, *_blamed(text, at, error))) from error


_OPERATORS = "operators are =, !=, <, <=, >, >=, IN and NOT IN"
_WANTED = {
    "STRING": "a value is a text in quotation marks, a number or a $placeholder",
    "OPERATOR": _OPERATORS,
    "NAME": "a field is Dataset.FIELD, as Items.GENRES",
    "TARGET": "ItemID, UserID or ActionID comes here",
    "_WHERE": "WHERE comes here",
    "MODE": "INCLUDE or EXCLUDE comes here",
    "_AND": "conditions are joined by AND or OR",
}
"""What a place asks for, by the first of the tokens that fit there."""


def _blamed(text: str, at: int, error: lark.exceptions.UnexpectedInput) -> tuple[int, str]:
    """Return where the word begins that is wrong, and what would do there: lark only sees it behind the word."""
    wanted = {*(getattr(error, "expected", None) or getattr(error, "allowed", None) or ())}
    sign = re.search(r"[=<>!]+\s*$", text[:at])
    if text[at : at + 1] in ("=", "<", ">", "!"):
        return sign.start() if sign else at, _OPERATORS
    word = re.search(r"[A-Za-z_][A-Za-z0-9_]*\s*$", text[:at])
    if word and "LPAR" in wanted and word.group().strip().upper() == "IN":
        return at, "the values of IN stand in parentheses"
    if word is None or wanted != {"DOT"}:
        return at, next((told for token, told in _WANTED.items() if token in wanted), "")
    if word.group().strip().upper() == "NOT":
        return word.start(), "NOT stands in NOT IN, behind a field"
    if text[: word.start()].rstrip().endswith(("=", "<", ">", "(", ",")):
        return word.start(), _WANTED["STRING"]
    return word.start(), _WANTED["NAME"]


def _shown(what: str, text: str, at: int, reason: str = "") -> str:
    return f"The {what} is not valid at position {at + 1}: {text[:at]}>>>{text[at:]}" + (reason and f" ({reason})")


class _MisplacedError(Exception):
    """A word that is no such thing as its place asks for."""

    def __init__(self, token: lark.Token, reason: str) -> None:
        super().__init__(reason)
        self.at, self.reason = token.start_pos or 0, reason


@lark.v_args(inline=True)
class _Reader(lark.Transformer[lark.Token, Filter]):
    """Turns what lark finds into the data above, as it finds it: no tree is built, and none is walked."""

    def start(self, *clauses: Clause) -> Filter:
        return Filter(clauses)

    def clause(
        self, mode: lark.Token, target: lark.Token, where: Expression, only_if: Expression | None = None
    ) -> Clause:
        return Clause("INCLUDE" if mode.upper() == "INCLUDE" else "EXCLUDE", target.lower(), where, only_if)

    def both(self, *parts: Expression) -> Expression:
        return Both(parts) if len(parts) > 1 else parts[0]

    def either(self, *parts: Expression) -> Expression:
        return Either(parts)

    def field(self, dataset: lark.Token, name: lark.Token) -> tuple[str, str, bool]:
        known = _DATASETS.get(dataset.lower())
        if known is None:
            raise _MisplacedError(dataset, f"{dataset} is no dataset")
        return known, name.upper(), dataset.lower() == "currentuser"

    def current(self, dataset: lark.Token, name: lark.Token) -> Operand:
        if dataset.lower() != "currentitem":
            raise _MisplacedError(dataset, "a value can be a field of CurrentItem only")
        return CurrentItem(name.upper())

    def among(self, field: tuple[str, str, bool], operator: lark.Token, *operands: Operand) -> Condition:
        name = "NOT IN" if operator.upper().startswith("NOT") else "IN"
        return Condition(field[0], field[1], name, operands, field[2])

    def compared(self, field: tuple[str, str, bool], operator: lark.Token, operand: Operand) -> Condition:
        return Condition(field[0], field[1], str(operator), (operand,), field[2])

    def STRING(self, token: lark.Token) -> Operand:  # noqa: N802 - named by the grammar's terminal
        return Anything() if token[1:-1] == "*" else unescaped(token[1:-1])

    def NUMBER(self, token: lark.Token) -> Operand:  # noqa: N802
        return int(token) if token.lstrip("-").isdecimal() else float(token)

    def PLACEHOLDER(self, token: lark.Token) -> Operand:  # noqa: N802
        return Placeholder(str(token[1:]))

    def STAR(self, token: lark.Token) -> Operand:  # noqa: N802
        return Anything()


_PARSER = lark.Lark(_GRAMMAR, parser="lalr", transformer=_Reader(), start=["start", "attributes"])
