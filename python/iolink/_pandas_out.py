"""To pandas: what pandas held goes back as it was; the rest is shared where the frame's bytes are its own, else copied."""

from __future__ import annotations

import base64
import contextlib
import copy as copies
from typing import Any

import numpy as np
import pandas as pd

from ._iolink import DataFrameView
from ._pandas_common import (
    ARROW_STORAGES,
    COPIES_ALWAYS,
    MISSING,
    NULLABLE,
    Held,
    Identities,
    Kept,
    Level,
    copies_on_write,
    facts_of,
    string_dtype,
    understood,
)
from ._pandas_labels import decode, index_of, labels_from, values_told, with_frequency, zone_of
from .errors import DataTypeError

_ITS_OWN = "its bytes belong to somebody else, whom a write by pandas would reach"
_BUILT = "pandas keeps such values as objects of its own"
_MASKED = "values are missing"


def frame_to(frame: DataFrameView, copy: bool | None) -> tuple[Any, dict[int, str]]:
    """The DataFrame, and why columns were copied, by their numbers."""
    frame = frame._lending()
    kept = frame._held()
    held = kept if copies_on_write() else None
    again = None if held is None or copy else held.shown(frame._identities())
    if again is not None:
        return again, {}
    # Other threads may change the frame while it is read.
    now, identities = frame._as_it_is()
    described, metadata = now._describe()
    facts = facts_of(metadata, "the frame")
    writer = _Writer(now, identities, copies_on_write(), copy)
    rows = len(now)
    levels: dict[int, Any] = {}
    columns, labels = [], []
    owns = [facts_of(column[5], f"column {column[0]!r}") for column in described]
    with understood("the frame"):
        index_facts = facts.get("index", {})
        # Rows have no labels any more where a part of those is gone: what is left of them are columns.
        whole = sorted(own["level"] for own in owns if "level" in own) == list(range(index_facts.get("levels", 0)))
    for number, (column, own) in enumerate(zip(described, owns, strict=True)):
        with understood(f"column {column[0]!r}") if own else contextlib.nullcontext():
            values = writer.column(number, column, own)
            if "level" in own and whole:
                levels[own["level"]] = values
            else:
                columns.append(values.array() if isinstance(values, Level) else values)
                labels.append(decode(own["label"]) if "label" in own else column[0])
    with understood("the frame"):
        index = _index(index_facts, levels, rows)
        names = labels_from(facts.get("columns", {}), labels)
        index = index.copy(deep=True) if copy else index
        attrs = decode(facts["attrs"]) if "attrs" in facts else {}
    if kept is not None and kept.attrs is not None:
        attrs = copies.deepcopy(kept.attrs)
    aligned = {position: _aligned(values, index) for position, values in enumerate(columns)}
    if copy:  # One by one, as in `frame_of`.
        aligned = {position: column.copy(deep=True) for position, column in aligned.items()}
    df = pd.DataFrame(aligned, index=index, copy=False)
    df.columns = names
    df.attrs = attrs
    if facts.get("unique"):
        df.flags.allows_duplicate_labels = False
    holding = writer.holding(None if copy else df)
    holding.attrs = None if kept is None else kept.attrs
    frame._hold(holding)
    return df, {} if copy else writer.copied


def _aligned(values: Any, index: Any) -> Any:
    """A Series with the rows' labels; it shares, and says so to pandas."""
    if isinstance(values, pd.Series):
        values = values.copy(deep=False)
        values.index = index
        return values
    return pd.Series(values, index=index, dtype=values.dtype, copy=False)


def _index(facts: dict[str, Any], levels: dict[int, Any], rows: int) -> Any:
    names = [decode(name) for name in facts.get("names", [])]
    if levels and facts.get("multi"):
        return _multi([levels[level] for level in sorted(levels)], names)
    if levels:
        return with_frequency(pd.Index(levels[0], dtype=levels[0].dtype).rename(names[0]), facts.get("freq"))
    if "range" in facts and len(range(*facts["range"])) == rows:
        return pd.RangeIndex(*facts["range"], name=names[0])
    return pd.RangeIndex(rows)


def _multi(levels: list[Any], names: list[Any]) -> Any:
    """Labels of several levels: those that pandas gave, or a run of them, where all of them are there."""
    known = [level for level in levels if isinstance(level, Level)]
    whole, first = (known[0].whole, known[0].first) if known else (None, 0)
    if whole is not None and whole.nlevels == len(levels):
        places = [(level.whole is whole, level.number, level.first) for level in known]
        if places == [(True, number, first) for number in range(len(levels))]:
            return whole[first : first + len(known[0])].set_names(names)
    made = [level if isinstance(level, Level) else _level_of(level) for level in levels]
    return pd.MultiIndex([level.values for level in made], [level.codes for level in made], names=names)


def _level_of(values: Any) -> Level:
    one = pd.MultiIndex.from_arrays([pd.Index(values, dtype=values.dtype)])
    return Level(one.levels[0], one.codes[0])


class _Writer:
    """Makes columns for pandas."""

    def __init__(self, frame: DataFrameView, identities: Identities, shares: bool, copy: bool | None) -> None:
        self.frame = frame
        self.shares = shares
        held = frame._held() if shares and not copy else None
        self.before: dict[int, Any] = {} if held is None else held.by_values()
        self.identities = identities
        self.held: list[Any] = [None] * len(self.identities[1])
        self.copied: dict[int, str] = {}

    def holding(self, df: Any) -> Held:
        """What the frame is to hold now; of a DataFrame that it shares wholly a shallow copy, to be handed out again."""
        complete = df is not None and all(held is not None for held in self.held)
        return Kept(self.identities, self.held, df.copy(deep=False) if complete else None)

    def column(self, number: int, described: tuple[Any, ...], facts: dict[str, Any]) -> Any:
        """One column: what pandas held, what it may share, or a copy."""
        identity = self.identities[1][number]
        held = None if identity is None else self.before.get(identity[0])
        if held is not None:
            self.held[number] = held
            first, count = identity[1:]
            if first == 0 and count == len(held):
                return held
            return held.iloc[first : first + count] if hasattr(held, "iloc") else held[first : first + count]
        values, why = self.made(number, described, facts)
        if why:
            self.copied[number] = why
        return values

    def made(self, number: int, described: tuple[Any, ...], facts: dict[str, Any]) -> tuple[Any, str]:
        """A column that pandas never held, and why it is copied ("": it is shared)."""
        name, data_format, arrow_type, dictionary, ordered, metadata = described
        dtype = facts.get("dtype")
        about = facts.get("categories", {})
        if dtype in ("level", "category") and not dictionary:
            values, why = self.made(number, described, about)  # Files keep not every dictionary.
            codes, told = _places(values, values_told(about.get("index", {})))
            if codes is None and not (dtype == "level" and hasattr(values, "_mask")):
                return values, why
            if codes is None:
                codes, unique = pd.factorize(values, sort=True)
                told = pd.Index(unique).astype(about.get("dtype"))
            level = Level(told, codes)
            return (level if dtype == "level" else _categorical(level, facts.get("ordered", False))), _BUILT
        if dictionary and dtype != "arrow":
            level = _numbered(self.frame._dictionary(number), about)
            return (level if dtype == "level" else _categorical(level, ordered)), _BUILT
        if dtype == "interval":
            return _intervals(self.frame._fields(number), facts), _BUILT
        if dtype is None and arrow_type in _TEXTS and int(pd.__version__.split(".")[0]) >= 3:
            facts = {"dtype": "string", "storage": "pyarrow", "missing": "nan"}
        if facts.get("dtype") == "arrow" or (facts.get("dtype") == "string" and facts.get("storage") in ARROW_STORAGES):
            arrow = _arrow_backed(self.frame, number, facts)
            if arrow is not None:
                values, why = arrow
                in_one = self.identities[1][number] is not None or len(values) == 0
                return values, why or ("" if in_one else "its values lie in several pieces")
        if not _are_about(facts, data_format):
            dtype, facts = None, {}
        numbers = self.frame._numbers(number) if dtype != "object" else None
        if numbers is None:
            return _built(self.frame._list(number), arrow_type, dtype, facts, metadata.get(MISSING, "")), _BUILT
        array, _form, mask, keeper, identity = numbers
        if array.dtype.kind == "M" and _zone_of(data_format):
            try:
                return _zoned(array, mask, _zone_of(data_format), facts), _ITS_OWN
            except DataTypeError as error:
                raise DataTypeError(f"column {name!r}: {error}") from error
        if data_format in ("tdD", "tdm"):
            return _built(self.frame._list(number), arrow_type, dtype, facts, ""), _BUILT
        if isinstance(dtype, str) and dtype.startswith("period"):
            ordinals = array.copy()
            if mask is not None:
                ordinals[mask] = pd.NaT._value
            return pd.arrays.PeriodArray(ordinals, dtype=pd.PeriodDtype(dtype[7:-1])), _BUILT
        if mask is not None or dtype in NULLABLE:
            made = _nullable(array, mask, dtype)
            other = _as_it_was(made, dtype) if isinstance(made, np.ndarray) else None
            return made if other is None else other, _MASKED if mask is not None else _ITS_OWN
        other = _as_it_was(array, dtype)
        if other is not None:
            return other, "its bytes go back in the order or unit that they had"
        if keeper is None or not self.shares:
            return array.copy(), _ITS_OWN if self.shares else "this pandas writes in place"
        series = pd.Series(array, dtype=array.dtype, copy=False)
        # pandas sees that this Series shares the bytes, and copies before it writes, as long as anybody else has them.
        keeper.keep(series)
        # What is held is found again by its values, counted from the first one stored.
        if self.identities[1][number] == identity and identity[1] == 0:
            self.held[number] = series
        return series, ""


_TEXTS = ("string", "large_string", "string_view")


def _are_about(facts: dict[str, Any], data_format: str) -> bool:
    """May the facts be about values of this format? Others may have changed them since."""
    dtype, of = facts.get("dtype"), facts.get("of")
    if isinstance(dtype, str) and dtype.startswith("period"):
        return data_format == "l"
    if dtype == "object" and of in ("Timestamp", "datetime"):
        return data_format[:2] == "ts" and data_format[4:] == "" and (of == "Timestamp" or data_format[2] != "n")
    if dtype == "object" and of in ("Timedelta", "timedelta"):
        return data_format[:2] == "tD" and (of == "Timedelta" or data_format[2] != "n")
    return True


def _as_it_was(array: Any, known: Any) -> Any:
    """The values in the byte order or unit of time that pandas had, where only that differs and nothing is lost."""
    try:
        wanted = np.dtype(known) if isinstance(known, str) else array.dtype
    except TypeError:
        return None
    if wanted == array.dtype or wanted.kind != array.dtype.kind:
        return None
    if wanted.newbyteorder("=") == array.dtype:
        return array.astype(wanted)
    if wanted.kind in "mM":
        made = array.astype(wanted)
        return made if (np.isnat(array) | (made.astype(array.dtype) == array)).all() else None
    return None


def _nullable(array: Any, mask: Any, dtype: Any) -> Any:
    """Numbers with a mask: in pandas' own nullable type, or as NaN and NaT where that is what the type has."""
    kind = array.dtype.kind
    if dtype not in NULLABLE and kind in "fmM":
        array = array.copy()
        array[mask] = np.nan if kind == "f" else np.array("NaT", array.dtype)
        return array
    if mask is None:
        mask = np.zeros(len(array), dtype=bool)
    mask = mask.copy()
    if kind == "b":
        return pd.arrays.BooleanArray(array.copy(), mask)
    if kind == "f":
        return pd.arrays.FloatingArray(array.copy(), mask)
    return pd.arrays.IntegerArray(array.copy(), mask)


def _zone_of(data_format: str) -> str:
    return data_format[4:] if data_format[:2] == "ts" else ""


def _zoned(array: Any, mask: Any, zone: str, facts: dict[str, Any]) -> Any:
    array = array.copy()
    if mask is not None:
        array[mask] = np.array("NaT", array.dtype)
    other = _as_it_was(array, f"M8[{facts['unit']}]") if "unit" in facts else None
    array = array if other is None else other
    return pd.DatetimeIndex(array).tz_localize("UTC").tz_convert(zone_of(zone, facts.get("zone"))).array


def _arrow_backed(frame: DataFrameView, number: int, facts: dict[str, Any]) -> Any:
    """An array over Arrow's own memory and why it is copied ("": it is shared); nothing without pyarrow."""
    try:
        import pyarrow as pa
    except ImportError:
        return None
    values, why = pa.array(frame._column(number)._exact()), ""
    if facts["dtype"] == "arrow":
        known = _arrow_type(pa, facts.get("type"))
        if known is not None and known != values.type:
            try:
                values, why = values.cast(known), f"pandas had it as {known}, and here it is {values.type}"
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                pass  # It was changed since.
        return pd.arrays.ArrowExtensionArray(pa.chunked_array([values])), why
    if isinstance(values.type, pa.BaseExtensionType):
        values = values.storage
    if pa.types.is_string_view(values.type):
        values, why = values.cast(pa.large_string()), "pandas keeps no views of texts"
    dtype = string_dtype(facts)
    told = {"dtype": dtype} if COPIES_ALWAYS else {}
    made = dtype.construct_array_type()(pa.chunked_array([values]), **told)
    if not why and made._pa_array.type != values.type:
        why = "pandas keeps texts with offsets of 64 bits"
    return made, why


def _arrow_type(pa: Any, told: Any) -> Any:
    """The type that pandas had, which files may have widened."""
    return None if told is None else pa.ipc.read_schema(pa.py_buffer(base64.b64decode(told))).field(0).type


def _restore(values: list[Any], words: str) -> list[Any]:
    """Puts the objects back that stood for missing values."""
    if not words:
        return values
    objects = {"None": None, "NaN": float("nan"), "NA": pd.NA, "NaT": pd.NaT}
    words, _, count = words.partition("@")
    most, *others = words.split(";")
    known = dict.fromkeys(range(len(values)), objects[most])
    if count == str(len(values)):
        for other in others:
            kind, _, rows = other.partition(":")
            known.update({int(row): objects[kind] for row in rows.split(",")})
    return [known[row] if value is None else value for row, value in enumerate(values)]


def _built(values: list[Any], arrow_type: str, dtype: Any, facts: dict[str, Any], missing: str) -> Any:
    """Values made as Python objects."""
    if dtype == "string":
        return pd.array(values, dtype=string_dtype(facts))
    if dtype is None and arrow_type in _TEXTS:
        made = pd.Series(values, dtype=str if int(pd.__version__.split(".")[0]) >= 3 else object)
        return made.array
    of = facts.get("of")
    if of in ("Timestamp", "Timedelta"):
        make = pd.Timestamp if of == "Timestamp" else pd.Timedelta
        values = [value if value is None else make(value) for value in values]
    elif of in ("datetime", "timedelta"):
        values = [value if value is None else value.astype(f"{value.dtype.kind}8[us]").item() for value in values]
    array = np.empty(len(values), dtype=object)
    for row, value in enumerate(_restore(values, missing)):
        array[row] = value
    return array


def _alone(frame: DataFrameView, facts: dict[str, Any]) -> Any:
    """The values of a frame that is a part of a column."""
    return _Writer(frame, frame._identities(), copies_on_write(), None).made(0, frame._describe()[0][0], facts)[0]


def _intervals(ends: Any, facts: dict[str, Any]) -> Any:
    """Intervals out of frames with their ends."""
    left, right = (_alone(end, facts["of"]) for end in ends)
    return pd.arrays.IntervalArray.from_arrays(left, right, facts["closed"])


def _numbered(parts: Any, facts: dict[str, Any]) -> Level:
    """A dictionary, out of a frame with its numbers and one with its values."""
    keys, values = parts
    array, _, mask, _, _ = keys._numbers(0)
    codes = array.astype("i8") if array.dtype.kind == "u" else array.copy()
    if mask is not None:
        codes[mask] = -1
    about = facts.get("index", {})
    # Where no row has a value, a file may have kept none.
    told = values_told(about) if (codes < 0).all() else None
    if told is not None:
        return Level(told, codes)
    made = _alone(values, facts)
    return Level(index_of(pd.Index(made, dtype=made.dtype), about), codes)


def _places(values: Any, told: Any) -> tuple[Any, Any]:
    """Where the values are among those that were told; ``None`` where one is not there."""
    if told is None or not told.is_unique:
        return None, told
    here = ~np.asarray(pd.isna(values))
    codes = np.full(len(values), -1)
    try:
        codes[here] = told.get_indexer(pd.Index(values[here], dtype=values.dtype).astype(told.dtype))
    except (TypeError, ValueError):
        return None, told
    return (codes if (codes[here] >= 0).all() else None), told


def _categorical(level: Level, ordered: bool) -> Any:
    """A Categorical out of a dictionary."""
    index, codes = level.values, level.codes
    if index.hasnans or not index.is_unique:
        unique, places = index.unique().dropna(), np.full(len(index) + 1, -1)
        places[:-1] = unique.get_indexer(index)
        codes, index = places[codes], unique
    return pd.Categorical.from_codes(codes, categories=index, ordered=ordered)
