"""From a column's texts to its values: what each type takes, and what a value may be.

https://docs.aws.amazon.com/personalize/latest/dg/preparing-training-data.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from local.personalize.data.records import File, shown
from local.personalize.data.schemas import TIMESTAMPS, Field, Schema
from local.personalize.errors import JobFailedError

TRUE, FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
MILLISECONDS = 100_000_000_000
"""Epoch seconds beyond this lie in the year 5138: the value is in milliseconds."""

_INTEGER = r"^[+-]?[0-9]+$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_LONG = 2**63
_GUIDE = "https://docs.aws.amazon.com/personalize/latest/dg/data-prep-formatting.html"

Mask = Any
"""Which values of a column: an Arrow array of booleans, null for no."""


def arrow_type(declared: Field) -> pa.DataType:
    """Return as what a column's texts are to be read: IDs and labels repeat a lot."""
    return pa.dictionary(pa.int32(), pa.string()) if declared.type == "string" else pa.string()


@dataclass(frozen=True)
class Column:
    """A column of a file, as the schema declares it and as it stands there."""

    file: File
    schema: Schema
    declared: Field
    texts: pa.Array
    """Of the type that `arrow_type` says."""

    def read(self) -> pd.Series[Any]:
        """Return the values; raises JobFailedError naming the first that is none, with file and line."""
        if self.declared.type == "string":
            return self._strings()
        if not self.declared.nullable:
            self._refuse(pc.equal(self.texts, ""), "is empty")
        match self.declared.type:
            case "boolean":
                return self._booleans()
            case "int" | "long":
                return self._integers()
            case _:
                return self._floats()

    def _refuse(self, bad: Mask, what: str) -> None:
        rows = np.flatnonzero(pc.fill_null(bad, False).to_numpy(zero_copy_only=False))
        if len(rows):
            row = int(rows[0])
            more = f" ({len(rows)} such rows)" if len(rows) > 1 else ""
            raise JobFailedError(
                f"Invalid value in {self.file.name}, line {self.file.line(row)}, column {self.declared.name}: "
                f"'{shown(self.texts[row].as_py())}' {what}{more}."
            )

    # -------------------------------------------------------------- numbers

    def _given(self, form: str) -> pa.StringArray:
        """Return the texts of numbers in a form that Arrow casts, null where they are empty."""
        given = pc.if_else(pc.equal(self.texts, ""), None, self.texts)
        if pc.all(pc.ascii_is_decimal(given)).as_py() is not False:  # nearly always, and much faster to see
            return given
        self._refuse(pc.invert(pc.match_substring_regex(given, form)), f"is not of type {self.declared.type}")
        return pc.utf8_ltrim(given, "+")

    def _integers(self) -> pd.Series[Any]:
        given, name = self._given(_INTEGER), self.declared.name
        try:
            values = pc.cast(given, pa.int64())
        except pa.ArrowInvalid:
            beyond = [text is not None and not -_LONG <= int(text) < _LONG for text in given.to_pylist()]
            self._refuse(pa.array(beyond), f"is not of type {self.declared.type}")
            raise
        if name in TIMESTAMPS:
            self._refuse(pc.greater(values, MILLISECONDS), "is in milliseconds, and must be in epoch seconds")
            self._refuse(pc.less(values, 0), "is not an epoch time in seconds")
        if self.declared.type == "int":
            limits = np.iinfo(np.int32)
            self._refuse(pc.or_(pc.greater(values, limits.max), pc.less(values, limits.min)), "does not fit an int")
        if name in self.schema.type.bounds:
            low, high = self.schema.type.bounds[name]
            self._refuse(pc.or_(pc.less(values, low), pc.greater(values, high)), f"must be between {low} and {high}")
        return self._series(values, "int64", "Int64", 0)

    def _floats(self) -> pd.Series[Any]:
        given = self._given(_NUMBER)
        values = pc.cast(given, pa.float64())
        self._refuse(pc.is_inf(values), f"is not of type {self.declared.type}")
        return pd.Series(values.to_numpy(zero_copy_only=False), dtype="float64")

    def _booleans(self) -> pd.Series[Any]:
        given = pc.if_else(pc.equal(self.texts, ""), None, self.texts)
        known = pc.is_in(given, pa.array(TRUE + FALSE))
        self._refuse(pc.and_(pc.is_valid(given), pc.invert(known)), "is not of type boolean")
        values = pc.if_else(pc.is_valid(given), pc.is_in(given, pa.array(TRUE)), None)
        return self._series(values, "bool", "boolean", False)

    def _series(self, values: pa.Array, strict: str, nullable: str, nothing: object) -> pd.Series[Any]:
        if self.declared.nullable:
            kinds = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
            return cast("pd.Series[Any]", values.to_pandas(types_mapper=kinds.get))
        return pd.Series(pc.fill_null(values, nothing).to_numpy(zero_copy_only=False), dtype=strict)

    # -------------------------------------------------------------- strings

    def _strings(self) -> pd.Series[Any]:
        """Return them as categories: IDs and labels repeat a lot, and each is looked at once."""
        encoded, name = self.texts, self.declared.name
        if not self.declared.nullable:
            self._refuse_each(pc.equal(encoded.dictionary, ""), "is empty")
        limit = self.schema.limit(name)
        too_long = pc.greater(pc.utf8_length(encoded.dictionary), limit)
        if self.declared.textual:  # the guide: texts are truncated at the limit
            encoded = pc.utf8_slice_codeunits(encoded.dictionary_decode(), 0, limit).dictionary_encode()
        elif pc.any(too_long).as_py():
            self._refuse_long(pc.take(too_long, encoded.indices), limit)
        if name in self.schema.type.choices:
            values = encoded.dictionary.to_pylist()
            unknown = pa.array([value != "" and not self.schema.allows(name, value) for value in values], pa.bool_())
            self._refuse_each(unknown, f"must be one of {', '.join(self.schema.type.choices[name])}")
        return self._categorical(encoded)

    def _refuse_each(self, bad: Mask, what: str) -> None:
        if pc.any(bad).as_py():
            self._refuse(pc.take(bad, self.texts.indices), what)

    def _refuse_long(self, bad: Mask, limit: int) -> None:
        row = int(np.flatnonzero(bad.to_numpy(zero_copy_only=False))[0])
        raise JobFailedError(
            f"Length cannot be more than {limit} characters for {self.declared.name}. If no values exceed the "
            f"character limit, make sure your data follows the formatting guidelines listed in {_GUIDE}. "
            f"File: {self.file.name}, line {self.file.line(row)}."
        )

    def _categorical(self, encoded: pa.DictionaryArray) -> pd.Series[Any]:
        """Return strings as a series; an empty one in a column that takes null is null."""
        names = encoded.dictionary.to_pylist()
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        if self.declared.nullable and "" in names:
            empty = names.index("")
            codes = np.where(codes == empty, -1, codes - (codes > empty))
            names.remove("")
        return pd.Series(pd.Categorical.from_codes(codes, pd.Index(names, dtype="str")))
