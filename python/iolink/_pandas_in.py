"""From pandas: each column in the words of ``_frame_from_columns``, and what only pandas knows as metadata."""

from __future__ import annotations

import datetime
import functools
import json
import weakref
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd

from ._columns import Spec, fixed
from ._iolink import DataFrameView, _explain_columns, _frame_from_columns
from ._pandas_common import PANDAS, Held, Identities, copies_on_write, encode
from ._pandas_lent import lent
from .errors import CapabilityError, DataTypeError, InvalidArgumentError

_BUILT = "its values are Python objects"


def frame_of(df: Any, copy: bool | None, argument: str = "df") -> tuple[DataFrameView, dict[str, str]]:
    """The frame, and why which columns were copied."""
    reader = _Reader(df, copy, argument)
    frame = _frame_from_columns(*reader.table)
    if reader.shares:
        frame._hold(reader.holding(frame._identities()))
    if copy:
        return frame, {}
    reason = "this pandas writes in place: turn copy-on-write on"
    return frame, reader.copied if reader.shares else dict.fromkeys(reader.names, reason)


def routed(df: Any) -> str:
    """What the router says of the way from pandas to a frame."""
    return _explain_columns(*_Reader(df, None, "thing").table)


@functools.lru_cache(maxsize=256)
def _of_dtype(dtype: Any) -> str:
    """The words about a column of which there is nothing to say but NumPy's dtype."""
    return json.dumps({"dtype": str(dtype)})


@functools.lru_cache(maxsize=16)
def _of_text(dtype: str, storage: str, missing: str) -> str:
    """The words about a column of texts of which there is no more to say."""
    return json.dumps({"dtype": dtype, "storage": storage, "missing": missing})


@functools.lru_cache(maxsize=256)
def _plain_facts(dtype: str, start: int, stop: int, step: int, columns: str | None, index: str | None) -> str:
    """The facts about a DataFrame whose labels are a plain index, and whose rows are numbered; its two names are texts."""
    labels = {"names": [encode(columns)], "dtype": dtype}
    return json.dumps(
        {"columns": labels, "index": {"range": [start, stop, step], "names": [encode(index)]}, "attrs": {}}
    )


# The labels that were read of an Index, which are what they are as long as it lives, and the name of their dtype.
_READ: dict[int, tuple[Any, Any, str]] = {}


def _labels_of(columns: Any) -> tuple[Any, str]:
    """The labels one by one, and the name of their dtype; those of a few columns are read once for all DataFrames that have them."""
    read = _READ.get(id(columns))
    if read is not None and read[0]() is columns:
        return read[1:]
    # Texts that Arrow keeps come at once, which takes half the time.
    kept = getattr(columns.array, "_pa_array", None) if isinstance(columns.dtype, pd.StringDtype) else None
    labels = list(columns) if kept is None or kept.null_count else kept.to_pylist()
    dtype = str(columns.dtype)
    if len(labels) <= 256:
        forget = functools.partial(_READ.pop, id(columns))
        _READ[id(columns)] = weakref.ref(columns, forget), labels, dtype
    return labels, dtype


def _labels(columns: Any) -> dict[str, Any]:
    """What the labels do not say themselves."""
    facts: dict[str, Any] = {"names": [encode(name) for name in columns.names], "dtype": str(columns.dtype)}
    if isinstance(columns, pd.MultiIndex):
        facts["levels"] = columns.nlevels
    elif isinstance(columns, pd.RangeIndex):
        facts["range"] = [columns.start, columns.stop, columns.step]
    return facts


def _zone(name: str, zone: Any) -> str:
    """A time zone as Arrow writes it."""
    key = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if isinstance(key, str):
        return key
    if zone is datetime.UTC:
        return "UTC"
    if isinstance(zone, datetime.timezone) or type(zone).__name__ == "_FixedOffset":
        minutes, rest = divmod(int(zone.utcoffset(None).total_seconds()), 60)
        if rest == 0:
            sign = "-" if minutes < 0 else "+"
            return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    raise DataTypeError(f"column {name!r}: the time zone {zone!r} has no name that Arrow knows; use tz_convert first")


class _Reader:
    """Collects columns."""

    def __init__(self, df: Any, copy: bool | None, argument: str) -> None:
        if not isinstance(df, pd.DataFrame):
            raise TypeError(f"{argument}: expected a pandas.DataFrame, not {type(df).__name__}")
        self.shares = copies_on_write()
        if copy is False and not self.shares:
            raise CapabilityError("from_pandas cannot share: this pandas writes in place; turn copy-on-write on")
        self.specs: list[Spec] = []
        self.copied: dict[str, str] = {}
        self.names: dict[str, Any] = {}
        # What pandas is to have back, beside the DataFrame held, where the columns are that one's.
        self.kept: list[Any] = []
        self.lent = None if copy else lent(df)
        self.plain = type(df) is pd.DataFrame
        if self.lent is None:
            for label, column in df.items():
                # One by one: a copy of the whole merges columns that differ in their byte order alone.
                series = column.copy(deep=True)
                self.column(label, series.dtype, series.array, series)
                self.kept.append(series)
        else:
            for label, (values, guard) in zip(_labels_of(df.columns)[0], self.lent.columns(), strict=True):
                self.column(label, values.dtype, values, guard)
        self.table = (self.specs, {PANDAS: self.facts(df)}, len(df))

    def facts(self, df: Any) -> str:
        """What the columns do not say: labels, index and attributes."""
        index, columns, attrs = df.index, df.columns, df.attrs
        names = (columns.name, index.name)
        rows_are_numbered, labels_are_listed = type(index) is pd.RangeIndex, type(columns) is pd.Index
        if rows_are_numbered and labels_are_listed and not attrs and all(n is None or type(n) is str for n in names):
            return _plain_facts(_labels_of(columns)[1], index.start, index.stop, index.step, *names)
        facts: dict[str, Any] = {
            "columns": _labels(columns),
            "index": self.index(index.copy(deep=True) if self.lent is None else index),
        }
        try:
            facts["attrs"] = json.loads(json.dumps(attrs)) if attrs else {}
        except (TypeError, ValueError):
            facts["attrs"] = {}
        return json.dumps(facts)

    def holding(self, identities: Identities) -> Held:
        """What the frame is to hold: by it pandas knows that it shares, and gets back what it gave."""
        lent, kept = self.lent, self.kept
        if lent is None:
            return Held(identities, lambda: kept, None)
        whole = lent.dataframe
        return Held(identities, lambda: [column for _, column in whole().items()] + kept, whole if self.plain else None)

    def column(
        self, label: Any, dtype: Any, values: Any, guard: Any, name: str = "", facts: dict[str, Any] | None = None
    ) -> None:
        """One column, of the DataFrame or, with a name of its own and facts, of its index."""
        if facts is None:
            name, facts = (label, {}) if type(label) is str else (str(label), {"label": encode(label)})
        if name in self.names:
            raise InvalidArgumentError(
                f"the column name {name!r} is there twice ({self.names[name]!r} and {label!r}); rename one of the two"
            )
        self.names[name] = label
        spec, why = self.spec(name, dtype, values, guard, facts)
        self.specs.append(spec)
        if why:
            self.copied[name] = why

    def index(self, index: Any) -> dict[str, Any]:
        """The row labels: in words where they are a range, else as columns."""
        if isinstance(index, pd.RangeIndex):
            return {"range": [index.start, index.stop, index.step], "names": [encode(index.name)]}
        levels = range(index.nlevels)
        for level in levels:
            values = index.get_level_values(level)
            given = values.name
            free = isinstance(given, str) and given not in self.names
            name = given if free else f"__index_level_{level}__"
            self.column(given, values.dtype, values.array, values, name, {"level": level})
            self.kept.append(values)
        frequency = getattr(index, "freqstr", None)
        facts: dict[str, Any] = {"names": [encode(name) for name in index.names], "levels": len(levels)}
        if isinstance(index, pd.MultiIndex):
            facts["multi"] = True
        if isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex)) and frequency:
            facts["freq"] = frequency
        return facts

    def spec(self, name: str, dtype: Any, values: Any, guard: Any, facts: dict[str, Any]) -> tuple[Spec, str]:
        """The column, and why it is copied ("": it is shared)."""

        if isinstance(dtype, np.dtype) and dtype.kind in _PLAIN and not facts:
            # `to_numpy` copies times; this is the memory itself.
            return fixed(name, getattr(values, "_ndarray", values), {PANDAS: _of_dtype(dtype)}, guard=guard)

        def words(**more: Any) -> dict[str, str]:
            return {PANDAS: json.dumps({**facts, **more})}

        if isinstance(dtype, np.dtype):
            if dtype.kind == "O":
                return self.objects(name, np.asarray(values, dtype=object), facts)
            if dtype.kind == "c":
                raise DataTypeError(f"column {name!r}: complex numbers have no Arrow type; carry two columns instead")
            array = values._ndarray if hasattr(values, "_ndarray") else np.asarray(values)
            return fixed(name, array, words(dtype=str(dtype)), guard=guard)
        if isinstance(dtype, pd.DatetimeTZDtype):
            array = values.asi8.view(f"M8[{dtype.unit}]")
            kind = "zoneinfo" if isinstance(dtype.tz, zoneinfo.ZoneInfo) else "name"
            facts_here = words(dtype="zoned", unit=dtype.unit, zone=kind)
            return fixed(name, array, facts_here, guard=guard, zone=_zone(name, dtype.tz))
        if isinstance(dtype, pd.CategoricalDtype):
            inner = dtype.categories
            categories = self.spec("categories", inner.dtype, inner.array, inner, {})[0]
            spec, why = fixed(name, values.codes, {}, guard=guard)
            metadata = words(dtype="category", categories=json.loads(categories[2][PANDAS]))
            return (
                "dictionary",
                name,
                metadata,
                spec[3],
                spec[5],
                spec[6],
                bool(dtype.ordered),
                categories,
                guard,
            ), why
        if isinstance(dtype, pd.StringDtype):
            missing = "nan" if isinstance(dtype.na_value, float) else "NA"
            text = {"dtype": "string", "storage": dtype.storage, "missing": missing}
            metadata = words(**text) if facts else {PANDAS: _of_text(*text.values())}
            if hasattr(values, "_pa_array"):
                return _arrow(name, metadata, values)
            return ("text", name, metadata, np.asarray(values, dtype=object)), _BUILT
        if isinstance(dtype, pd.PeriodDtype):
            ordinals = values.asi8
            mask = values.isna()
            return fixed(name, ordinals, words(dtype=str(dtype)), mask=mask if mask.any() else None, guard=guard)
        if hasattr(values, "_mask") and hasattr(values, "_data"):
            mask = values._mask if values._mask.any() else None
            return fixed(name, values._data, words(dtype=str(dtype)), mask=mask, guard=guard)
        if hasattr(values, "_pa_array"):
            return _arrow(name, words(dtype="arrow"), values)
        raise DataTypeError(
            f"column {name!r}: values of dtype {dtype} cannot be carried; convert them to numbers, text or categories"
        )

    def objects(self, name: str, array: Any, facts: dict[str, Any]) -> tuple[Spec, str]:
        """A column of Python objects, all of one type."""
        row, first = next(((row, value) for row, value in enumerate(array) if not _gone(value)), (0, None))
        of = type(first).__name__
        metadata = {PANDAS: json.dumps({**facts, "dtype": "object", "of": of})}
        if isinstance(first, str):
            return ("text", name, metadata, array), _BUILT
        if isinstance(first, bytes):
            return ("bytes", name, metadata, array), _BUILT
        if getattr(first, "tzinfo", None) is not None:
            raise DataTypeError(f"column {name!r}: times with zones are kept as objects; use pd.to_datetime first")
        if type(first) in _TAKEN or isinstance(first, (pd.Timestamp, pd.Timedelta)) or first is None or of == "Decimal":
            return ("objects", name, metadata, array), _BUILT
        raise DataTypeError(f"column {name!r}, row {row}: objects of type {of} cannot be carried")


def _gone(value: Any) -> bool:
    """Does the object stand for a missing value?"""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


# Kinds of NumPy's dtypes that Arrow has, too.
_PLAIN = "biufmM"
_TAKEN = (bool, int, float, datetime.date, datetime.time, datetime.datetime, datetime.timedelta)


def _arrow(name: str, metadata: dict[str, str], values: Any) -> tuple[Spec, str]:
    chunks = values._pa_array
    why = "its chunks are made one" if chunks.num_chunks > 1 else ""
    return ("arrow", name, metadata, chunks), why
