"""Labels of pandas, and what else only Python objects say, as JSON and back."""

from __future__ import annotations

import datetime
import decimal
import zoneinfo
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ._pandas_common import string_dtype, string_facts
from .errors import DataTypeError


def zone_name(zone: Any) -> str | None:
    """A time zone as Arrow writes it, where it has a name."""
    key = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if not key and zone_library(zone) == "dateutil":
        key = getattr(zone, "_filename", "").partition("zoneinfo/")[2]
    if isinstance(key, str) and key:
        return key
    if zone is datetime.UTC or type(zone).__name__ == "tzutc":
        return "UTC"
    if isinstance(zone, datetime.timezone) or type(zone).__name__ in ("_FixedOffset", "tzoffset"):
        minutes, rest = divmod(int(zone.utcoffset(None).total_seconds()), 60)
        if rest == 0:
            sign = "-" if minutes < 0 else "+"
            return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return None


def zone_library(zone: Any) -> str:
    """Whose time zone it is: pandas 2 makes pytz's of a name, pandas 3 those of zoneinfo."""
    return type(zone).__module__.partition(".")[0]


def zone_of(name: str, library: Any) -> Any:
    """The time zone again; ``DataTypeError`` where nobody here knows it."""
    try:
        if library == "zoneinfo":
            return zoneinfo.ZoneInfo(name)
        if library == "dateutil":
            import dateutil.tz

            if name == "UTC":
                return dateutil.tz.UTC
            if name[:1] in "+-":
                sign = -1 if name[0] == "-" else 1
                return dateutil.tz.tzoffset(None, sign * (int(name[1:3]) * 3600 + int(name[4:]) * 60))
            return dateutil.tz.gettz(name) or zoneinfo.ZoneInfo(name)
        return pd.DatetimeTZDtype(tz=name).tz
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise DataTypeError(f"the time zone {name!r} is not known here; take the values by to_arrow()") from error


def _count(value: Any) -> list[Any]:
    """A time of NumPy's."""
    unit, step = np.datetime_data(value.dtype)
    return [int(value.astype("i8")), unit if step == 1 else [unit, step]]


def _stamp(label: Any) -> list[Any]:
    if label.tz is None:
        return _count(label.to_datetime64())
    if zone_name(label.tz) is None:
        raise TypeError(f"a label in the time zone {label.tz!r} cannot be carried; use tz_convert first")
    return [
        *_count(label.tz_convert("UTC").tz_localize(None).to_datetime64()),
        zone_name(label.tz),
        zone_library(label.tz),
    ]


def _stamp_of(count: int, unit: str, zone: str = "", library: str = "") -> Any:
    stamp = pd.Timestamp(np.datetime64(count, unit))
    return stamp.tz_localize("UTC").tz_convert(zone_of(zone, library)) if zone else stamp


def _naive(label: Any) -> list[Any]:
    if label.tzinfo is not None:
        raise TypeError(f"{label!r} cannot be carried; make it a pandas.Timestamp first")
    return [label.isoformat()]


# By class: its word, what tells a value from others of it, and how the value is made again of that.
_KINDS: dict[type, tuple[str, Callable[[Any], list[Any]], Callable[..., Any]]] = {
    str: ("str", lambda value: [value], str),
    type(None): ("none", lambda _: [], lambda: None),
    bool: ("bool", lambda value: [value], bool),
    int: ("int", lambda value: [value], int),
    float: ("float", lambda value: [value.hex()], float.fromhex),
    bytes: ("bytes", lambda value: [value.hex()], bytes.fromhex),
    tuple: ("tuple", lambda value: [[encode(part) for part in value]], lambda parts: tuple(map(decode, parts))),
    list: ("list", lambda value: [[encode(part) for part in value]], lambda parts: list(map(decode, parts))),
    dict: (
        "dict",
        lambda value: [[[encode(key), encode(part)] for key, part in value.items()]],
        lambda pairs: {decode(key): decode(part) for key, part in pairs},
    ),
    decimal.Decimal: ("decimal", lambda value: [str(value)], decimal.Decimal),
    datetime.date: ("date", lambda value: [value.isoformat()], datetime.date.fromisoformat),
    datetime.time: ("time", _naive, datetime.time.fromisoformat),
    datetime.datetime: ("datetime", _naive, datetime.datetime.fromisoformat),
    datetime.timedelta: (
        "span",
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda days, seconds, micros: datetime.timedelta(days, seconds, micros),
    ),
    np.datetime64: ("datetime64", _count, np.datetime64),
    np.timedelta64: ("timedelta64", _count, np.timedelta64),
    type(pd.NaT): ("nat", lambda _: [], lambda: pd.NaT),
    type(pd.NA): ("na", lambda _: [], lambda: pd.NA),
    pd.Timestamp: ("timestamp", _stamp, _stamp_of),
    pd.Timedelta: (
        "timedelta",
        lambda value: _count(value.to_timedelta64()),
        lambda count, unit: pd.Timedelta(np.timedelta64(count, unit)),
    ),
    pd.Period: (
        "period",
        lambda value: [value.ordinal, value.freqstr],
        lambda ordinal, freq: pd.Period(ordinal=ordinal, freq=freq),
    ),
    pd.Interval: (
        "interval",
        lambda value: [encode(value.left), encode(value.right), value.closed],
        lambda left, right, closed: pd.Interval(decode(left), decode(right), closed),
    ),
}
_MADE = {word: make for word, _, make in _KINDS.values()}
_MADE["numpy"] = lambda dtype, code: np.dtype(dtype).type(decode(code))


def encode(label: Any) -> list[Any]:
    """A label as JSON has it; ``TypeError`` where it cannot be told."""
    if isinstance(label, np.generic) and label.dtype.kind in "biuf" and label.dtype.itemsize <= 8:
        return ["numpy", label.dtype.str, encode(label.item())]
    kind = _KINDS.get(type(label))
    if kind is None:
        raise TypeError(f"a label of type {type(label).__name__} cannot be carried: {label!r}; rename it to a text")
    return [kind[0], *kind[1](label)]


def decode(code: list[Any]) -> Any:
    """The label again."""
    return _MADE[code[0]](*code[1:])


def frequency_facts(index: Any) -> Any:
    """In which steps an index of times goes on; ``None`` where it has none, or one that cannot be told."""
    frequency = getattr(index, "freq", None)
    if not isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex)) or frequency is None:
        return None
    words = [frequency.freqstr]
    try:
        more = {key: value for key, value in frequency.kwds.items() if key != "calendar"}  # which the others make
        words.append([type(frequency).__name__, frequency.n, frequency.normalize, encode(more)])
    except TypeError:
        pass
    return next((known for known in words if _makes(known, frequency)), None)


def _makes(words: Any, frequency: Any) -> bool:
    try:
        return bool(_offset(words) == frequency)
    except (TypeError, ValueError, AttributeError):
        return False


def _offset(words: Any) -> Any:
    """Steps of time again."""
    if isinstance(words, str):
        return pd.tseries.frequencies.to_offset(words)
    kind, count, normalize, more = words
    return getattr(pd.offsets, kind)(count, normalize, **decode(more))


def with_frequency(index: Any, words: Any) -> Any:
    """The index with its steps, where its labels still go by them."""
    if words is not None:
        try:
            index.freq = _offset(words)
        except ValueError:
            pass  # Rows were cut or written: the labels are not that regular any more.
    return index


def dtype_facts(dtype: Any) -> dict[str, Any]:
    """A dtype of labels in words."""
    facts: dict[str, Any] = {"dtype": str(dtype)}
    if isinstance(dtype, pd.CategoricalDtype):
        categories = dtype.categories
        facts["categories"] = {**labels_facts(categories), "labels": [encode(category) for category in categories]}
        facts["ordered"] = bool(dtype.ordered)
    elif isinstance(dtype, pd.DatetimeTZDtype):
        facts["zone"] = [dtype.unit, zone_name(dtype.tz), zone_library(dtype.tz)]
    elif isinstance(dtype, pd.StringDtype):
        facts["string"] = string_facts(dtype)
    return facts


def index_facts(index: Any) -> dict[str, Any]:
    """What the labels of an index and their dtype do not say."""
    facts: dict[str, Any] = {"names": [encode(name) for name in index.names]}
    if isinstance(index, pd.RangeIndex):
        facts["range"] = [index.start, index.stop, index.step]
    frequency = frequency_facts(index)
    if frequency is not None:
        facts["freq"] = frequency
    return facts


# More values of a dictionary than these are told by the dictionary alone.
FEW = 1000


def values_facts(index: Any) -> dict[str, Any]:
    """What a dictionary's values are as an index; few of them one by one, for files that keep no such dictionary."""
    facts = {**index_facts(index), **dtype_facts(index.dtype)}
    if len(index) > FEW or isinstance(index.dtype, pd.IntervalDtype):
        return facts
    if isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex, pd.PeriodIndex)):
        # One by one pandas makes Python's times of them, which not all are.
        return {**facts, "counts": index.asi8.tolist()}
    try:
        facts["labels"] = [encode(value) for value in index]
    except TypeError:
        pass
    return facts


def values_told(facts: dict[str, Any]) -> Any:
    """The values again, where they were told one by one."""
    if "counts" not in facts:
        return labels_from(facts, _decoded(facts)) if "labels" in facts else None
    counts, dtype = np.array(facts["counts"], "i8"), facts["dtype"]
    if dtype.startswith("period"):
        made: Any = pd.PeriodIndex(pd.arrays.PeriodArray(counts, dtype=pd.PeriodDtype(dtype[7:-1])))
    elif "zone" in facts:
        unit, name, library = facts["zone"]
        made = pd.DatetimeIndex(counts.view(f"M8[{unit}]")).tz_localize("UTC").tz_convert(zone_of(name, library))
    else:
        made = pd.Index(counts.view(dtype))
    return index_of(made, facts)


def index_of(made: Any, facts: dict[str, Any]) -> Any:
    """The index with what is said of it, as far as that is still so."""
    names = [decode(name) for name in facts.get("names", [["none"]])]
    name = names[0] if len(names) == 1 else None
    if "range" in facts and list(made) == list(range(*facts["range"])):
        return pd.RangeIndex(*facts["range"], name=name)
    return with_frequency(made.rename(name), facts.get("freq"))


def labels_facts(labels: Any) -> dict[str, Any]:
    """What the labels one by one do not say."""
    facts: dict[str, Any] = {**index_facts(labels), **dtype_facts(labels.dtype)}
    if isinstance(labels, pd.MultiIndex):
        facts["levels"] = [
            {**labels_facts(level), "labels": [encode(label) for label in level]} for level in labels.levels
        ]
    return facts


def _dtype_of(facts: dict[str, Any], labels: list[Any]) -> Any:
    if "categories" in facts:
        inner = facts["categories"]
        categories = labels_from(inner, _decoded(inner))
        if not set(labels) <= set(categories):
            raise ValueError("a label is none of the categories")
        return pd.CategoricalDtype(categories, facts["ordered"])
    if "zone" in facts:
        unit, name, library = facts["zone"]
        return pd.DatetimeTZDtype(unit, zone_of(name, library))
    if "string" in facts:
        return string_dtype(facts["string"])
    return facts.get("dtype")


def labels_from(facts: dict[str, Any], labels: list[Any]) -> Any:
    """An index of the labels, as far as the facts are still about such labels."""
    levels = [(labels_from(level, values := _decoded(level)), values) for level in facts.get("levels", [])]
    if levels and all(isinstance(label, tuple) and len(label) == len(levels) for label in labels):
        codes = [_codes([label[at] for label in labels], values) for at, (_, values) in enumerate(levels)]
        names = [decode(name) for name in facts.get("names", [["none"]] * len(levels))]
        if None not in codes:
            return pd.MultiIndex([level for level, _ in levels], codes, names=names)
        return pd.MultiIndex.from_tuples(labels, names=names)
    try:
        made = pd.Index(labels, dtype=_dtype_of(facts, labels), tupleize_cols=False)
    except (TypeError, ValueError):
        made = None
    if made is None or not _are(made, labels):
        # A label of another kind came beside them.
        made = pd.Index(labels, dtype=object, tupleize_cols=False)
    return index_of(made, facts)


def _decoded(facts: dict[str, Any]) -> list[Any]:
    return [decode(label) for label in facts.get("labels", [])]


def _codes(labels: list[Any], level: list[Any]) -> list[int] | None:
    """The places of labels in a level; ``None`` where one is not there."""
    places = {str(encode(label)): place for place, label in enumerate(level)}
    codes = [-1 if is_missing(label) else places.get(str(encode(label))) for label in labels]
    return None if None in codes else codes


def _are(made: Any, labels: list[Any]) -> bool:
    """Are the labels still what they were?"""
    if all(type(label) is str for label in labels):
        return list(made) == labels
    return [encode(label) for label in made] == [encode(label) for label in labels]


def is_missing(label: Any) -> bool:
    """Does the object stand for a missing value?"""
    return label is None or label is pd.NA or label is pd.NaT or (isinstance(label, float) and label != label)
