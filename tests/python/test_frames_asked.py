"""An array that is asked of a column or frame in a type holds its values, or is refused with what to do."""

from __future__ import annotations

import datetime
import decimal
import gc
import weakref

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from iolink import DataFrameViewFactory, UnsupportedFormatError


def column(values):
    return DataFrameViewFactory.from_columns({"x": values})["x"]


def times(*texts, unit="s"):
    return np.array(texts, f"M8[{unit}]")


# By what is asked: values of which the last one is lost in a type, and the words about it.
LOST = {
    "a fraction": ([1.0, 1.5], "i8", "whole numbers from"),
    "NaN as an integer": (np.array([1, np.nan]), "i8", "whole numbers from"),
    "infinity as an integer": (np.array([1, np.inf]), "u1", "0 to 255 are"),
    "2**63": (np.array([-(2.0**63), 2.0**63]), "i8", "9223372036854775807 are"),
    "a negative float": (np.array([2.0, -1.0]), "u4", "0 to 4294967295 are"),
    "a half beyond its own range": (np.array([1, 300], "f2"), "i1", "-128 to 127 are"),
    "beyond float32": ([1.5, 1e39], "f4", r"3\.4028.* is the largest"),
    "beyond float16": (np.array([1, 70000], "f4"), "f2", "65504.* is the largest"),
    "beyond complex64": ([1.5, -1e39], "c8", "is the largest"),
    "beyond nanoseconds": (times("2020-01-01", "9999-01-01"), "M8[ns]", "64 bits"),
    "an hour as a day": (times("2020-01-01", "2020-01-01T01"), "M8[D]", "no whole number of that unit"),
    "a span that is cut": (np.array([2000, 2001], "m8[ms]"), "m8[s]", "no whole number of that unit"),
    "NaT as an integer": (times("2020-01-01", "NaT"), "i8", "missing time is NaT alone"),
    "NaT as a float": (times("2020-01-01", "NaT"), "f8", "missing time is NaT alone"),
    "NaT as a text": (times("2020-01-01", "NaT"), "U30", "missing time is NaT alone"),
    "NaT as a boolean": (times("1970-01-01", "NaT"), "?", "missing time is NaT alone"),
    "a time as a small integer": (times("1970-01-01", "2020-01-01"), "i2", "-32768 to 32767 are"),
    "a time as a small float": (times("1970-01-01", "2020-01-01"), "f2", "11 bits"),
    "the integer that is NaT": ([0, -(2**63)], "M8[s]", "64 bits"),
    "a fraction as a span": ([1.0, 1.5], "m8[s]", "64 bits"),
    "two as a boolean": ([1, 2], "?", "0 and 1 are"),
    "NaN as a boolean": (np.array([1, np.nan]), "?", "0 and 1 are"),
    "a number as a short text": ([1.5, 1.25], "U3", "longer"),
    "a boolean as a short text": ([True, False], "S4", "longer"),
    "a long text": (["ab", "abc"], "U2", "something else"),
    "bytes that end in NUL": ([b"ab", b"a\0"], "S4", "something else"),
    "a text as a number": (["1.5"], "f8", "something else"),
    "a text as a boolean": (["False"], "?", "something else"),
    "a missing text as a text": (["a", None], "U4", "something else"),
    "a category that is missing": (pa.array(["a", None]).dictionary_encode(), "U4", "something else"),
    "a time of day as a text": ([datetime.time(1)], "U8", "something else"),
    "a decimal's fraction": ([decimal.Decimal("1.0"), decimal.Decimal("1.5")], "i8", "something else"),
    "raw bytes": ([5], "V8", "none of that type"),
}


@pytest.mark.parametrize("name", LOST)
def test_what_a_type_cannot_hold_is_refused_with_its_row(name):
    values, dtype, words = LOST[name]
    row = next((row for row, value in enumerate(values) if name == "raw bytes" or value is None), len(values) - 1)
    with pytest.raises(
        ValueError, match=rf"column 'x', row {row}: .* is no value of .*{words}.*astype.* or dtype=object"
    ):
        # NumPy itself takes what is refused here for a dtype without a size, so it is not asked.
        column(values).__array__(np.dtype(dtype))
    assert np.asarray(column(values[:row]), dtype=object).tolist() == column(values).to_list()[:row]


HELD = {
    "whole floats": (np.array([2.0, -0.0, 255.0]), "u1", [2, 0, 255]),
    "the lowest integer": (np.array([-(2.0**63)]), "i8", [-(2**63)]),
    "infinity and NaN": (np.array([np.inf, -np.inf]), "f2", [np.inf, -np.inf]),
    "the largest float32": (np.array([3.4028234663852886e38]), "f4", [3.4028234663852886e38]),
    "digits of a narrower float": ([0.1], "f4", [np.float32(0.1).item()]),
    "days as seconds": (times("2020-01-01", unit="s"), "M8[D]", [datetime.date(2020, 1, 1)]),
    "NaT as NaT": (times("NaT", "2020-01-01"), "M8[ms]", [None, datetime.datetime(2020, 1, 1)]),
    "a missing date": ([datetime.date(2020, 1, 1), None], "M8[s]", [datetime.datetime(2020, 1, 1), None]),
    "counts": (times("1970-01-01T00:01"), "i2", [60]),
    "counts of a unit": ([60], "M8[s]", [datetime.datetime(1970, 1, 1, 0, 1)]),
    "booleans as numbers": ([True, False], "i1", [1, 0]),
    "numbers as booleans": ([1.0, 0.0], "?", [True, False]),
    "booleans as texts": ([True, False], "U5", ["True", "False"]),
    "numbers as texts": ([0.1, -2.5], "S4", [b"0.1", b"-2.5"]),
    "texts": (["ab", "é"], "U2", ["ab", "é"]),
    "texts as bytes": (["ab"], "S2", [b"ab"]),
    "decimals": (pa.array([None, decimal.Decimal("0.25")], pa.decimal128(5, 2)), "f4", [np.nan, 0.25]),
    "whole decimals": (pa.array([decimal.Decimal("7.00")], pa.decimal128(5, 2)), "i8", [7]),
    "integers in the other order": ([1, 2], ">i4", [1, 2]),
    "no value": (np.array([], "f8"), "i8", []),
}


@pytest.mark.parametrize("name", HELD)
def test_what_a_type_holds_is_given(name):
    values, dtype, expected = HELD[name]
    made = np.asarray(column(values), dtype=dtype)
    assert made.dtype == dtype
    assert repr(made.tolist()) == repr(expected)


def test_what_is_masked_is_not_looked_at():
    hidden = column(np.ma.array([1.5, np.nan, 1e300], mask=[False, True, True]))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(np.asarray(hidden, dtype="f4"), [1.5, np.nan, np.nan])


def test_a_way_that_is_named_for_missing_values_is_one():
    small, large = column([1, None]), column([2**53 + 1, None])
    with pytest.raises(ValueError, match="dtype=float or object"):
        np.asarray(small)
    np.testing.assert_array_equal(np.asarray(small, dtype=float), [1, np.nan])
    with pytest.raises(ValueError, match=r"or dtype=object$"):
        np.asarray(large)
    assert np.asarray(large, dtype=object).tolist() == [2**53 + 1, None]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_as_objects_are_times_in_every_unit(unit):
    values = column(times("1500-01-01" if unit != "ns" else "2020-01-01", "NaT", unit=unit))
    assert np.asarray(values, dtype=object).tolist() == values.to_list()
    spans = column(np.array([5, "NaT"], f"m8[{unit}]"))
    assert np.asarray(spans, dtype=object).tolist() == spans.to_list() == [np.timedelta64(5, unit), None]


def test_a_frame_is_no_array_and_says_what_is():
    frame = DataFrameViewFactory.from_columns({"n": [2**53 + 1, 2], "s": ["a", "b"]})
    for make in (np.asarray, np.array, lambda frame: np.asarray(frame, dtype=float), np.mean, pd.DataFrame):
        with pytest.raises(TypeError, match=r"np\.asarray\(frame\[\"name\"\]\).*frame\.to_pandas\(\)\.to_numpy\(\)"):
            make(frame)
    assert np.asarray(frame["n"]).tolist() == [2**53 + 1, 2]
    assert pl.DataFrame(frame)["n"].to_list() == pa.table(frame)["n"].to_pylist() == [2**53 + 1, 2]


def test_a_column_of_an_unknown_type_is_named():
    strange = pl.Series([1], dtype=pl.Int128)
    makers = [
        lambda: DataFrameViewFactory.from_arrow(pl.DataFrame({"good": [1], "strange": strange})),
        lambda: DataFrameViewFactory.from_arrow(
            pl.DataFrame({"good": [1], "strange": pl.Series([[1]], dtype=pl.List(pl.Int128))})
        ),
        lambda: DataFrameViewFactory.from_columns({"good": [1], "strange": strange}),
    ]
    for make in makers:
        with pytest.raises(
            UnsupportedFormatError, match=r'column "strange": .*_pli128.*; convert it to a type of the Arrow'
        ):
            make()


class Named(np.ndarray):
    """An array that can have attributes."""


def test_an_array_that_leads_back_to_its_frame_weakly_does_not_stay():
    shared = np.arange(3).view(Named)
    frame = DataFrameViewFactory.from_columns({"x": shared})
    assert np.shares_memory(frame["x"].to_numpy(), shared)
    shared.frame = weakref.ref(frame)
    gone = weakref.ref(shared)
    del shared, frame
    gc.collect()
    assert gone() is None
