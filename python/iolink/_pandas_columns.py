"""A column of a DataFrame in the words of ``_frame_from_columns``, and what only pandas knows of it as metadata."""

from __future__ import annotations

import datetime
import functools
import json
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd

from ._columns import Spec, arrow_kind, fixed
from ._pandas_common import PANDAS
from .errors import DataTypeError

_BUILT = "its values are Python objects"
_CHUNKS = "its chunks are made one"
# Kinds of NumPy's dtypes that Arrow has, too.
_PLAIN = "biufmM"
_TAKEN = (bool, int, float, datetime.date, datetime.time, datetime.datetime, datetime.timedelta)


@functools.lru_cache(maxsize=256)
def kind_of(dtype: Any) -> tuple[str, str, str] | None:
    """What there is to say of a column of the dtype alone: format, form and words of plain values that Arrow has, too, in this
    machine's byte order; or ``"arrow"``, why several chunks are copied, and words of values that Arrow keeps."""
    if isinstance(dtype, pd.StringDtype) and dtype.storage == "pyarrow":
        return "arrow", _CHUNKS, _of_text(dtype)
    if not isinstance(dtype, np.dtype) or dtype.kind not in _PLAIN or not dtype.isnative:
        return None
    known = arrow_kind(dtype)
    return known and (*known, _of_dtype(dtype))


@functools.lru_cache(maxsize=256)
def _of_dtype(dtype: Any) -> str:
    """The words about a column of which there is nothing to say but NumPy's dtype."""
    return json.dumps({"dtype": str(dtype)})


def _of_text(dtype: Any, **facts: Any) -> str:
    """The words about a column of texts."""
    missing = "nan" if isinstance(dtype.na_value, float) else "NA"
    return json.dumps({**facts, "dtype": "string", "storage": dtype.storage, "missing": missing})


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


def spec(name: str, dtype: Any, values: Any, guard: Any, facts: dict[str, Any]) -> tuple[Spec, str]:
    """The column, and why it is copied ("": it is shared)."""

    def words(**more: Any) -> dict[str, str]:
        return {PANDAS: json.dumps({**facts, **more})}

    if isinstance(dtype, np.dtype):
        if dtype.kind == "O":
            return _objects(name, np.asarray(values, dtype=object), facts)
        if dtype.kind == "c":
            raise DataTypeError(f"column {name!r}: complex numbers have no Arrow type; carry two columns instead")
        # `to_numpy` copies times; this is the memory itself.
        array = values._ndarray if hasattr(values, "_ndarray") else np.asarray(values)
        return fixed(name, array, words(dtype=str(dtype)) if facts else {PANDAS: _of_dtype(dtype)}, guard=guard)
    if isinstance(dtype, pd.DatetimeTZDtype):
        array = values.asi8.view(f"M8[{dtype.unit}]")
        kind = "zoneinfo" if isinstance(dtype.tz, zoneinfo.ZoneInfo) else "name"
        facts_here = words(dtype="zoned", unit=dtype.unit, zone=kind)
        return fixed(name, array, facts_here, guard=guard, zone=_zone(name, dtype.tz))
    if isinstance(dtype, pd.CategoricalDtype):
        inner = dtype.categories
        categories = spec("categories", inner.dtype, inner.array, inner, {})[0]
        codes, why = fixed(name, values.codes, {}, guard=guard)
        metadata = words(dtype="category", categories=json.loads(categories[2][PANDAS]))
        return (
            "dictionary",
            name,
            metadata,
            codes[3],
            codes[5],
            codes[6],
            bool(dtype.ordered),
            categories,
            guard,
        ), why
    if isinstance(dtype, pd.StringDtype):
        metadata = {PANDAS: _of_text(dtype, **facts)}
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


def _objects(name: str, array: Any, facts: dict[str, Any]) -> tuple[Spec, str]:
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


def _arrow(name: str, metadata: dict[str, str], values: Any) -> tuple[Spec, str]:
    chunks = values._pa_array
    return ("arrow", name, metadata, chunks), _CHUNKS if chunks.num_chunks > 1 else ""
