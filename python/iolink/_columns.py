"""Columns of Python's kinds in the words of ``_iolink._frame_from_columns``."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Set
from typing import Any

__all__ = ["describe", "fixed", "in_order"]

# Arrow's format and the form for one item of a NumPy array: kind and bytes.
_FORMATS = {
    "b1": ("b", "bool8"),
    "i1": ("c", "plain"),
    "u1": ("C", "plain"),
    "i2": ("s", "plain"),
    "u2": ("S", "plain"),
    "i4": ("i", "plain"),
    "u4": ("I", "plain"),
    "i8": ("l", "plain"),
    "u8": ("L", "plain"),
    "f2": ("e", "plain"),
    "f4": ("f", "plain"),
    "f8": ("g", "plain"),
}
_UNITS = {"s": "s", "ms": "m", "us": "u", "ns": "n"}
_BUFFER = {
    **{code: f"i{size}" for code, size in (("b", 1), ("h", 2), ("i", 4), ("l", 8), ("q", 8))},
    **{code: f"u{size}" for code, size in (("B", 1), ("H", 2), ("I", 4), ("L", 8), ("Q", 8))},
    **{"e": "f2", "f": "f4", "d": "f8", "?": "b1"},
}

Spec = tuple[Any, ...]


@functools.lru_cache(maxsize=256)
def arrow_kind(dtype: Any) -> tuple[str, str] | None:
    """Arrow's format (without a time zone) and the form for values of a native dtype that Arrow has, too."""
    if dtype.kind not in "mM":
        return _FORMATS.get(f"{dtype.kind}{dtype.itemsize}")
    import numpy as np

    unit, step = np.datetime_data(dtype)
    if unit not in _UNITS or step != 1:
        return None
    return f"ts{_UNITS[unit]}:" if dtype.kind == "M" else f"tD{_UNITS[unit]}", "nat"


def _side_by_side(array: Any) -> tuple[Any, str]:
    """The values native, aligned and one after the other, and why they had to be copied."""
    import numpy as np

    if not array.dtype.isnative:
        return array.astype(array.dtype.newbyteorder("=")), "its bytes are in the other order"
    if not array.flags.c_contiguous:
        return np.ascontiguousarray(array), "its values do not lie side by side"
    return array.copy(), "its values are not aligned"


def _in_seconds(name: str, array: Any) -> tuple[Any, str]:
    """Times of a unit that is a whole number of seconds, in seconds."""
    import numpy as np

    dtype = array.dtype
    if dtype.kind not in "mM":
        raise TypeError(f"column {name!r}: Arrow has no values of dtype {dtype}; convert them first")
    unit, _ = np.datetime_data(dtype)
    if unit not in ("W", "D", "h", "m"):
        raise TypeError(f"column {name!r}: values of dtype {dtype} have no unit that Arrow knows")
    seconds, step = {"W": 604800, "D": 86400, "h": 3600, "m": 60}[unit], np.datetime_data(dtype)[1]
    counts = array.view("i8")
    reach = (2**63 - 1) // (seconds * step)
    beyond = ((counts > reach) | (counts < -reach)) & ~np.isnat(array)
    if beyond.any():
        row = int(beyond.argmax())
        raise ValueError(f"column {name!r}, row {row}: {array[row]!r} does not fit into 64 bits of seconds")
    return array.astype(f"{dtype.kind}8[s]"), f"Arrow has no unit {unit!r}"


def fixed(
    name: str, array: Any, metadata: dict[str, str], *, mask: Any = None, guard: Any = None, zone: str = ""
) -> tuple[Spec, str]:
    """A column of numbers, booleans or times out of a NumPy array, and why it had to be copied ("": it is shared)."""
    why, flags = "", array.flags
    if not (flags.c_contiguous and flags.aligned and array.dtype.isnative):
        array, why = _side_by_side(array)
    known = arrow_kind(array.dtype)
    if known is None:
        array, why = _in_seconds(name, array)
        known = arrow_kind(array.dtype)
    data_format, form = known
    return ("fixed", name, metadata, data_format + zone, form, len(array), array, mask, guard), why


def _of_array(name: str, array: Any) -> Spec:
    if array.ndim != 1:
        raise ValueError(f"column {name!r}: expected one dimension, not {array.ndim}")
    mask = None
    if hasattr(array, "mask") and hasattr(array, "filled"):
        import numpy as np

        mask, array = np.ma.getmaskarray(array), array.data
        if array.dtype.kind in "mM":
            array = array.copy()
            array[mask], mask = "NaT", None
        elif array.dtype.kind in "USTO":
            array = array.astype(object)
            array[mask], mask = None, None
            return ("cells", name, {}, None, array)
    if array.dtype.kind in "US":
        array = array.astype(object)
    if array.dtype.kind == "T":
        return ("text", name, {}, array.tolist())
    if array.dtype.kind == "O":
        return ("cells", name, {}, None, array)
    return fixed(name, array, {}, mask=mask)[0]


def in_order(name: str, values: Any) -> Iterator[Any]:
    """The values of a column, one after the other."""
    what = type(values).__name__
    if isinstance(values, (str, Mapping)):
        raise TypeError(f"column {name!r}: expected values, such as a list or an array, not one {what}")
    if isinstance(values, Set):
        raise TypeError(f"column {name!r}: a {what} has no order; give its values as a list in the order of the rows")
    if getattr(values, "ndim", 1) != 1:
        raise ValueError(f"column {name!r}: expected one dimension, not {values.ndim}")
    try:
        return iter(values)
    except TypeError:
        raise TypeError(f"column {name!r}: expected values, such as a list or an array, not {what}") from None


def describe(columns: Mapping[str, Any]) -> list[Spec]:
    """The columns of ``DataFrameViewFactory.from_columns``."""
    specs: list[Spec] = []
    for name, values in columns.items():
        if not isinstance(name, str):
            raise TypeError(f"columns: the name {name!r} is not a text")
        if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
            specs.append(("arrow", name, {}, values))
        elif hasattr(values, "__array_interface__") and hasattr(values, "dtype"):
            specs.append(_of_array(name, values))
        elif isinstance(values, (list, tuple)):
            specs.append(("cells", name, {}, None, values))
        else:
            specs.append(_of_buffer(name, values))
    return specs


def _of_buffer(name: str, values: Any) -> Spec:
    try:
        view = memoryview(values)
    except TypeError:
        return ("cells", name, {}, None, list(in_order(name, values)))
    code = _BUFFER.get(view.format.lstrip("@="))
    if code is None or view.ndim != 1 or int(code[1:]) != view.itemsize:
        raise TypeError(f"column {name!r}: a buffer of format {view.format!r} is no column of numbers")
    known = _FORMATS[code]
    return ("fixed", name, {}, known[0], known[1], len(view), view, None, None)
