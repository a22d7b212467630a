"""A column of a DataFrame in the words of ``_frame_from_columns``, and what only pandas knows of it as metadata."""

from __future__ import annotations

import base64
import datetime
import functools
import json
from typing import Any

import numpy as np
import pandas as pd

from ._columns import Spec, arrow_kind, fixed
from ._pandas_common import NULLABLE, PANDAS, string_facts
from ._pandas_labels import is_missing, values_facts, zone_library, zone_name
from .errors import DataTypeError

_BUILT = "its values are Python objects"
_CHUNKS = "its chunks are made one"
# Kinds of NumPy's dtypes that Arrow has, too.
_PLAIN = "biufmM"
ARROW: Any = getattr(pd, "ArrowDtype", ())
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
    return json.dumps({**facts, "dtype": "string", **string_facts(dtype)})


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
        zone = zone_name(dtype.tz)
        if zone is None:
            what = f"the time zone {dtype.tz!r} has no name that Arrow knows; use tz_convert first"
            raise DataTypeError(f"column {name!r}: {what}")
        facts_here = words(dtype="zoned", unit=dtype.unit, zone=zone_library(dtype.tz))
        return fixed(name, array, facts_here, guard=guard, zone=zone)
    if isinstance(dtype, pd.CategoricalDtype):
        return dictionary(name, "category", dtype.categories, values.codes, guard, facts, bool(dtype.ordered))
    if isinstance(dtype, pd.StringDtype):
        metadata = {PANDAS: _of_text(dtype, **facts)}
        if hasattr(values, "_pa_array"):
            return _arrow(name, metadata, values)
        return ("text", name, metadata, np.asarray(values, dtype=object)), _BUILT
    if isinstance(dtype, pd.IntervalDtype):
        return _intervals(name, dtype, values, guard, words)
    if isinstance(dtype, pd.PeriodDtype):
        ordinals = values.asi8
        mask = values.isna()
        return fixed(name, ordinals, words(dtype=str(dtype)), mask=mask if mask.any() else None, guard=guard)
    if str(dtype) in NULLABLE and hasattr(values, "_mask"):
        mask = values._mask if values._mask.any() else None
        return fixed(name, values._data, words(dtype=str(dtype)), mask=mask, guard=guard)
    if isinstance(dtype, ARROW):
        return _arrow(name, words(dtype="arrow", type=_arrow_type(dtype)), values)
    raise DataTypeError(
        f"column {name!r}: values of dtype {dtype} cannot be carried; convert them to numbers, text or categories"
    )


def _intervals(name: str, dtype: Any, values: Any, guard: Any, words: Any) -> tuple[Spec, str]:
    """Intervals as rows of their two ends."""
    ends, why = [], ""
    for end, array in (("left", values._left), ("right", values._right)):
        described, copied = spec(end, array.dtype, array, guard, {})
        ends.append(described)
        why = why or copied
    mask = values.isna()
    of = json.loads(ends[0][2][PANDAS])
    metadata = words(dtype="interval", closed=dtype.closed, of=of)
    return ("struct", name, metadata, ends, mask if mask.any() else None), why


def dictionary(
    name: str, dtype: str, inner: Any, codes: Any, guard: Any, facts: dict[str, Any], ordered: bool = False
) -> tuple[Spec, str]:
    """A column of numbers of the values of an index."""
    _one_type(name, inner, codes)
    if len(inner) or inner.dtype != object:
        values = spec(name, inner.dtype, inner.array, inner, {})[0]
    else:
        # Many who read Arrow know no dictionary of nothing.
        values = ("text", name, {PANDAS: _of_dtype(inner.dtype)}, np.asarray(inner))
    numbers, why = fixed(name, codes, {}, guard=guard)
    of = {**json.loads(values[2][PANDAS]), "index": values_facts(inner)}
    metadata = {PANDAS: json.dumps({**facts, "dtype": dtype, "ordered": ordered, "categories": of})}
    return ("dictionary", name, metadata, numbers[3], numbers[5], numbers[6], ordered, values, guard), why


def _one_type(name: str, values: Any, codes: Any) -> None:
    """Refuses values of several types, by the first row that has another type than the first one."""
    kinds = [type(value) for value in values if not is_missing(value)] if values.dtype == object else []
    if len(set(kinds)) < 2:
        return
    seen = [(f", row {row}", kinds[code]) for row, code in enumerate(codes) if code >= 0]
    seen += [("", kind) for kind in kinds]
    first = seen[0][1]
    place, other = next((place, kind) for place, kind in seen if kind is not first)
    words = f"{other.__name__} among {first.__name__}"
    raise DataTypeError(f"column {name!r}{place}: {words}; a column of a data frame has one type")


def _objects(name: str, array: Any, facts: dict[str, Any]) -> tuple[Spec, str]:
    """A column of Python objects, all of one type."""
    row, first = next(((row, value) for row, value in enumerate(array) if not is_missing(value)), (0, None))
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


@functools.lru_cache(maxsize=256)
def _arrow_type(dtype: Any) -> str:
    """Arrow's type, as text that keeps all of it."""
    import pyarrow as pa

    schema = pa.schema([pa.field("", dtype.pyarrow_dtype)])
    return base64.b64encode(schema.serialize()).decode()


def _arrow(name: str, metadata: dict[str, str], values: Any) -> tuple[Spec, str]:
    chunks = values._pa_array
    return ("arrow", name, metadata, chunks), _CHUNKS if chunks.num_chunks > 1 else ""
