"""Data frames to pandas and back, with what pandas alone knows kept on the way.

>>> import pandas as pd
>>> from iolink.pandas_interop import PandasInterop
>>> frame = PandasInterop.from_pandas(pd.DataFrame({"name": ["Ada", "Alan"], "age": [36, 41]}))
>>> frame.shape()
Vector2u64(2, 2)
>>> PandasInterop.to_pandas(frame)["age"].sum().item()
77
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from ._frame_enums import DataFrameCapability
from ._iolink import DataFrameView
from .errors import CapabilityError

if TYPE_CHECKING:
    import pandas

__all__ = ["PandasInterop"]


@functools.cache
def _pandas() -> tuple[Any, Any]:
    """The ways in and out, which need pandas and are imported when they are first taken."""
    from . import _pandas_in, _pandas_out

    return _pandas_in, _pandas_out


def _copy_of(copy: Any) -> bool | None:
    """`copy` as it was meant: NumPy's truth values are such too, and nothing else is."""
    if copy is None or isinstance(copy, bool):
        return copy
    if getattr(getattr(copy, "dtype", None), "kind", "") == "b" and copy.ndim == 0:
        return bool(copy)
    raise TypeError(f"copy: expected None, True or False, not {copy!r}")


def _refuse(copied: dict[int, str], names: list[str], doing: str) -> None:
    some = list(copied.items())[:5]
    words = "; ".join(f"column {names[number]!r}: {why}" for number, why in some)
    more = f" (and {len(copied) - 5} more)" if len(copied) > 5 else ""
    raise CapabilityError(f"{doing} cannot share everything: {words}{more}; copy=None copies only these columns")


class PandasInterop:
    """Both ways between a data frame view and ``pandas.DataFrame``."""

    @staticmethod
    def from_pandas(df: pandas.DataFrame, copy: bool | None = None) -> DataFrameView:
        """A frame of the DataFrame's columns and index.

        ``copy=None`` shares what can be shared: numbers, booleans, times and Arrow-backed strings. Whoever writes
        afterwards, pandas or the frame, writes to a copy of the column, so neither ever sees the other's change.
        ``True`` copies everything but what Arrow keeps for pandas, which nobody writes to; ``False`` refuses where a
        column would have to be copied.

        What pandas alone knows (dtypes, labels, index, ``attrs``) goes along as metadata, through Arrow and files too.
        Attributes that are no plain values stay with the frame and its cuts in memory. Intervals are structs of their
        two ends, periods are numbers, levels of a MultiIndex and categories are dictionaries; sparse and complex columns
        are refused by name. Objects come back equal and of Python's own classes: ``numpy.str_`` as ``str``, the
        ``fold`` of a time is lost.

        >>> import pandas as pd
        >>> frame = PandasInterop.from_pandas(pd.DataFrame({"x": [1.5, 2.5]}, index=["a", "b"]))
        >>> frame.columns
        ['x', '__index_level_0__']
        """
        copy = _copy_of(copy)
        frame, copied = _pandas()[0].frame_of(df, copy)
        if copy is False and copied:
            _refuse(copied, frame.columns, "from_pandas")
        return frame

    @staticmethod
    def to_pandas(frame: DataFrameView, copy: bool | None = None) -> pandas.DataFrame:
        """The frame as a DataFrame; what came from pandas has the dtypes, labels and index that it had.

        ``copy`` is as in :meth:`from_pandas`.

        >>> import iolink
        >>> frame = iolink.DataFrameViewFactory.from_columns({"x": [1, 2], "y": ["a", "b"]})
        >>> list(PandasInterop.to_pandas(frame).columns)
        ['x', 'y']
        """
        if not isinstance(frame, DataFrameView):
            raise TypeError(f"frame: expected a DataFrameView, not {type(frame).__name__}")
        copy = _copy_of(copy)
        df, copied = _pandas()[1].frame_to(frame, copy)
        if copy is False and copied:
            _refuse(copied, frame.columns, "to_pandas")
        return df

    @staticmethod
    def explain(thing: Any) -> str:
        """Which columns of a DataFrame or frame would be shared, which copied, and why; found out by doing it.

        >>> import pandas as pd
        >>> print(PandasInterop.explain(pd.DataFrame({"x": [1.5, 2.5]})))
        from_pandas
          'x': shared
        """
        ways_in, ways_out = _pandas()
        if isinstance(thing, DataFrameView):
            title, names = "to_pandas", thing.columns
            if thing.support(DataFrameCapability.ARROW):
                copied = ways_out.frame_to(thing, None)[1]
            else:
                copied = dict.fromkeys(range(len(names)), "the frame reads it from its source when it is asked for")
        else:
            title = "from_pandas"
            frame, copied = ways_in.frame_of(thing, None, "thing")
            names = frame.columns
        said = (f"copied, {copied[number]}" if number in copied else "shared" for number in range(len(names)))
        lines = [f"  {name!r}: {words}" for name, words in zip(names, said, strict=True)]
        return "\n".join([title, *lines])
