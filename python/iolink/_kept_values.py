"""An array of another type that is asked of a column holds its values, or there is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

__all__ = ["check_kept"]

# Which values are kept, and what is said of one that is not.
Verdict = tuple[Any, str]


def check_kept(name: str, values: Any, dtype: Any) -> None:
    """Refuse values that are others in a dtype; floats are rounded to the digits of a narrower one, and nothing else is."""
    if dtype.kind == "O" or (values.dtype.kind != "O" and np.can_cast(values.dtype, dtype, "equiv")):
        return
    data, hidden = np.ma.getdata(values), np.ma.getmaskarray(values)
    with np.errstate(all="ignore"):
        kept, why = _objects(data, dtype) if data.dtype.kind == "O" else _kept(data, dtype)
    lost = ~(kept | hidden)
    if lost.any():
        row = int(lost.argmax())
        item = values[row] if data.dtype.kind != "O" else repr(values[row])
        raise ValueError(
            f"column {name!r}, row {row}: {item} is no value of {dtype}: {why}; "
            "take to_numpy().astype(...) to have other values, or dtype=object"
        )


def _kept(data: Any, dtype: Any) -> Verdict:
    given, asked = data.dtype.kind, dtype.kind
    if given in "mM" and asked not in "mM":
        # Numbers are counts of the unit.
        kept, why = _texts(data, dtype) if asked in "UST" else _kept(data.view("i8"), dtype)
        return kept & ~np.isnat(data), f"{why}, and a missing time is NaT alone"
    if asked in "iu":
        return _whole(data, dtype)
    if asked in "fc":
        return _floats(data, dtype)
    if asked in "mM":
        return _times(data, dtype)
    if asked in "UST":
        return _texts(data, dtype)
    if asked == "b":
        return data.astype(bool).astype(data.dtype) == data, "0 and 1 are"
    return np.zeros(len(data), bool), "a column has none of that type"


def _whole(data: Any, dtype: Any) -> Verdict:
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    why = f"{low} to {high} are"
    if data.dtype.kind == "b":
        return np.ones(len(data), bool), why
    if data.dtype.kind in "iu":
        return (data >= low) & (data <= high), why
    # The number after the highest one is a float, which that one itself need not be.
    wide = data.astype("f8")
    return (wide >= float(low)) & (wide < float(high + 1)) & (wide == np.trunc(wide)), f"whole numbers from {why}"


def _floats(data: Any, dtype: Any) -> Verdict:
    if data.dtype.kind == "f":
        return np.isfinite(data.astype(dtype)) | ~np.isfinite(data), f"{np.finfo(dtype).max} is the largest"
    if data.dtype.kind == "b":
        return np.ones(len(data), bool), ""
    bits = np.finfo(dtype).nmant + 1
    return (data >= -(2**bits)) & (data <= 2**bits), f"it has more than {bits} bits"


def _times(data: Any, dtype: Any) -> Verdict:
    made = data.astype(dtype)
    same = made.astype(data.dtype) == data
    if data.dtype.kind in "mM":
        return same | np.isnat(data), "it is no whole number of that unit which fits into 64 bits"
    return same & ~np.isnat(made), "whole numbers that fit into 64 bits are"


def _texts(data: Any, dtype: Any) -> Verdict:
    whole = data.astype("U")
    kept = np.ones(len(data), bool) if dtype.kind == "T" else data.astype(dtype).astype("U") == whole
    return kept, "its text is longer"


def _objects(data: Any, dtype: Any) -> Verdict:
    """Texts, bytes, decimals and whatever else NumPy has no type for."""
    made = data.astype(dtype)
    there = made.tolist()
    shows_missing = np.isnan(made) if dtype.kind in "fc" else np.isnat(made) if dtype.kind in "mM" else None
    kept = np.empty(len(data), bool)
    for row, item in enumerate(data):
        if item is None:
            kept[row] = shows_missing is not None and shows_missing[row]
        elif dtype.kind in "fc" and isinstance(item, Decimal):
            kept[row] = np.isfinite(made[row]) and made[row] == dtype.type(float(item))
        elif dtype.kind == "S" and isinstance(item, str):
            kept[row] = there[row].decode("ascii") == item
        else:
            kept[row] = _is(item, there[row])
    return kept, "what NumPy would make of it is something else"


def _is(item: Any, other: Any) -> bool:
    same = item == other
    return bool(same) if isinstance(same, (bool, np.bool_)) else False
