"""pandas to frames and back: what goes in comes out, what can be shared is, and nobody's write reaches the other."""

from __future__ import annotations

import datetime
import decimal
import gc
import itertools
import os
import pathlib
import subprocess
import sys
import threading
import zoneinfo

import dateutil.tz
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import iolink
from iolink import DataFrameViewFactory
from iolink.pandas_interop import PandasInterop

try:
    import pyarrow as pa
except ImportError:
    pa = None

pd = pytest.importorskip("pandas")
from pandas.testing import assert_frame_equal  # noqa: E402

to_pandas, from_pandas = PandasInterop.to_pandas, PandasInterop.from_pandas
LISTS = pd.ArrowDtype if hasattr(pd, "ArrowDtype") else ()
NEW = int(pd.__version__.split(".")[0]) >= 3
COW = NEW or pd.get_option("mode.copy_on_write") is True
shares = pytest.mark.skipif(not COW, reason="this pandas writes in place")


def through_arrow(frame):
    """The same frame without what pandas held: everything is built again."""
    return DataFrameViewFactory.from_arrow(frame)


def check(df):
    # One by one: pandas' copy of the whole merges columns that differ in their byte order alone.
    before = pd.concat([df.iloc[:, at].copy(deep=True) for at in range(df.shape[1])] or [df.copy()], axis=1)
    before.columns = df.columns
    frame = from_pandas(df)
    assert_frame_equal(to_pandas(frame), df, check_exact=True, check_freq=False)
    assert_frame_equal(to_pandas(through_arrow(frame)), df, check_exact=True, check_freq=False)
    assert_frame_equal(to_pandas(from_pandas(df, copy=True), copy=True), df, check_exact=True, check_freq=False)
    assert_frame_equal(df, before, check_exact=True)
    return frame


EVERYTHING = {
    **{
        kind: np.array([1, 0, 3], kind)
        for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "?")
    },
    "big": np.array([1, 2, 3], ">i4"),
    "nan": [1.5, np.nan, -0.0],
    "M8s": np.array(["2020-01-01", "NaT", "1600-01-01"], "M8[s]"),
    "M8ns": np.array(["2020-01-01", "NaT", "1700-01-01"], "M8[ns]"),
    "m8ms": np.array([1, "NaT", -5], "m8[ms]"),
    "str": pd.Series(["a", None, "\u00e9\U0001f600"]),
    "string": pd.array(["a", pd.NA, ""], "string[python]"),
    "text object": pd.Series(["a", None, "c"], dtype=object),
    "mixed missing": pd.Series(["a", None, np.nan], dtype=object),
    "all missing": pd.Series([None, pd.NA, np.nan], dtype=object),
    "bytes": pd.Series([b"a", None, b""], dtype=object),
    "ints": pd.Series([1, None, 3], dtype=object),
    "bools": pd.Series([True, pd.NA, False], dtype=object),
    "floats": pd.Series([1.5, None, 2.0], dtype=object),
    "dates": pd.Series([datetime.date(2020, 1, 1), None, datetime.date(1, 1, 1)], dtype=object),
    "times": pd.Series([datetime.time(1, 2, 3, 4), None, datetime.time(0)], dtype=object),
    "decimals": pd.Series([decimal.Decimal("1.5"), None, decimal.Decimal("-2")], dtype=object),
    "stamps": pd.Series([pd.Timestamp("2020-01-01"), pd.NaT, pd.Timestamp("2021-01-01")], dtype=object),
    "datetimes": pd.Series([datetime.datetime(2020, 1, 1), None, datetime.datetime(2021, 1, 1)], dtype=object),
    "Int8": pd.array([1, pd.NA, -3], "Int8"),
    "UInt64": pd.array([1, pd.NA, 2**64 - 1], "UInt64"),
    "Int32 full": pd.array([1, 2, 3], "Int32"),
    "Float32": pd.array([1.5, pd.NA, 2.0], "Float32"),
    "boolean": pd.array([True, pd.NA, False], "boolean"),
    "category": pd.Categorical(["u", None, "v"], categories=["v", "u", "w"], ordered=True),
    "category of ints": pd.Categorical([3, 1, 3]),
    "category of times": pd.Categorical(pd.to_datetime(["2020", "2021", "2020"])),
    "category of bools": pd.Categorical([True, None, False], categories=[True, False], ordered=True),
    "category of intervals": pd.cut([0.5, 2.5, np.nan], [0, 1, 2, 3]),
    "empty categories": pd.Categorical([None, None, None], categories=[]),
    "zone": pd.to_datetime(["2020-01-01", None, "2021-06-01"]).tz_localize("Europe/Berlin"),
    "utc": pd.to_datetime(["2020-01-01", None, "2021-06-01"]).tz_localize("UTC"),
    "offset": pd.to_datetime(["2020", None, "2021"]).tz_localize(datetime.timezone(datetime.timedelta(hours=-3.5))),
    "zoneinfo": pd.to_datetime(["2020", None, "2021"]).tz_localize(zoneinfo.ZoneInfo("Asia/Tokyo")),
    "dateutil": pd.to_datetime(["2020", None, "2021"]).tz_localize("UTC").tz_convert(dateutil.tz.gettz("Europe/Oslo")),
    "period": pd.PeriodIndex(["2020-01", None, "2020-03"], freq="M"),
    "intervals": pd.arrays.IntervalArray.from_tuples([(1.5, 2.5), None, (-1.0, 9.0)], closed="both"),
    "intervals of ints": pd.arrays.IntervalArray.from_tuples([(1, 2), (2, 4), (2**60, 2**60 + 1)], closed="left"),
    "intervals of times": pd.arrays.IntervalArray.from_breaks(pd.date_range("2020", periods=4, tz="Asia/Tokyo")),
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_dtype_comes_back(name):
    df = pd.DataFrame({name: EVERYTHING[name]})
    check(df)
    check(df.iloc[:0])
    check(df.iloc[1:])
    # pandas has no such index; pandas 2 guesses the types of a MultiIndex's levels anew.
    if name not in ("f2", "big") and (NEW or name not in ("ints", "bools")):
        check(df.set_index(name, append=True))


def test_all_of_them_at_once_and_by_what_arrow_holds():
    frame = check(pd.DataFrame(EVERYTHING))
    cut = to_pandas(frame[1:3])
    assert_frame_equal(cut.reset_index(drop=True), pd.DataFrame(EVERYTHING).iloc[1:3].reset_index(drop=True))
    some = to_pandas(frame[["str", "i4"]])
    assert_frame_equal(some, pd.DataFrame(EVERYTHING)[["str", "i4"]])


@pytest.mark.skipif(NEW, reason="this pandas has it under another name")
def test_texts_of_pandas_2_whose_missing_values_are_nan_come_back():
    pytest.importorskip("pyarrow")
    check(pd.DataFrame({"s": pd.array(["a", None, "c"], "string[pyarrow_numpy]")}))


def test_arrow_backed_columns_come_back_shared():
    pa = pytest.importorskip("pyarrow")
    df = pd.DataFrame(
        {
            "s": pd.array(["a", None, "c"], "string[pyarrow]"),
            "i": pd.array([1, None, 3], "int64[pyarrow]"),
            "l": pd.array([[1], None, []], pd.ArrowDtype(pa.list_(pa.int64()))),
        }
    )
    frame = check(df)
    given = df["s"].array._pa_array.chunk(0).buffers()[2].address
    assert pa.array(frame["s"]).buffers()[2].address == given
    assert "'s': shared" in PandasInterop.explain(df)


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(5, 11, 2, name="r"),
        pd.Index([3, 1, 1], name="i"),
        pd.Index(["x", "y", None]),
        pd.Index([0.5, np.nan, 2.0]),
        pd.date_range("2020", periods=3, freq="D", name="t"),
        pd.date_range("2020", periods=3, tz="UTC"),
        pd.CategoricalIndex(["a", "b", "a"]),
        pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a")], names=["n", None]),
        pd.MultiIndex.from_arrays([[1, 2, 3], pd.to_datetime(["2020", None, "2021"])], names=["x", "x"]),
        pd.Index([True, False, True]),
        pd.IntervalIndex.from_breaks([0, 1, 2, 3], name="v"),
        pd.PeriodIndex(["2020-01", "2020-02", None], freq="M"),
        pd.date_range("2020", periods=3, freq=pd.offsets.CustomBusinessDay(holidays=["2020-01-02"])),
        pd.timedelta_range("1D", periods=3, freq="36h"),
        pd.MultiIndex.from_arrays([pd.Categorical(["b", "a", "b"], ["b", "a", "z"], ordered=True), [1, 2, 3]]),
        pd.MultiIndex.from_arrays([pd.IntervalIndex.from_breaks([0, 1, 2, 3]), [True, False, True]]),
    ],
    ids=str,
)
def test_every_index_comes_back(index):
    df = pd.DataFrame({"x": [1, 2, 3]}, index=index)
    check(df)
    out = to_pandas(from_pandas(df))
    assert type(out.index) is type(df.index)
    if getattr(index, "freq", None) is not None:
        assert out.index.freq == to_pandas(through_arrow(from_pandas(df))).index.freq == index.freq
        cut = to_pandas(through_arrow(from_pandas(df))[1:])
        assert cut.index.freq == index.freq


@pytest.mark.parametrize(
    "columns",
    [
        [1, 2],
        pd.RangeIndex(2),
        pd.Index([1.5, 2.5], name="f"),
        pd.Index(["a", 1], dtype=object),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["k", None]),
        pd.to_datetime(["2020", "2021"]),
        pd.Index([None, "x"], dtype=object),
        pd.Index([True, False]),
        pd.Index([True, False], dtype=object),
        pd.Index([1, 7], dtype="int32"),
        pd.Index([1, 7], dtype="Int64"),
        pd.Index(["a", "b"], dtype="string[python]", name=("t", 1)),
        pd.to_datetime(["2020", None]),
        pd.date_range("2020", periods=2, tz="Europe/Berlin"),
        pd.date_range("2020", periods=2, freq=pd.offsets.CustomBusinessDay(weekmask="Mon Tue")),
        pd.timedelta_range("1D", periods=2),
        pd.period_range("2020-01", periods=2, freq="M"),
        pd.IntervalIndex.from_breaks([0, 1, 2]),
        pd.CategoricalIndex(["b", "a"], categories=["z", "b", "a"], ordered=True, name="c"),
        pd.CategoricalIndex([2, 1]),
        pd.CategoricalIndex(pd.IntervalIndex.from_breaks([0, 1, 2])),
        pd.MultiIndex.from_arrays([pd.Categorical(["b", "a"], ["z", "b", "a"]), pd.to_datetime(["2020", "2021"])]),
        pd.Index([datetime.date(2020, 1, 1), datetime.time(1, 2)], dtype=object),
        pd.Index([b"a", decimal.Decimal("1.50")], dtype=object),
        pd.Index([datetime.datetime(2020, 1, 1), datetime.timedelta(1)], dtype=object),
        pd.Index([pd.Timestamp("2020", tz="UTC"), np.datetime64("2020-01-01T00", "h")], dtype=object),
        pd.Index([pd.NaT, pd.NA], dtype=object),
    ],
    ids=repr,
)
def test_labels_that_are_no_texts_come_back(columns):
    df = pd.DataFrame([[1, 2.5], [3, 4.5]], columns=columns)
    check(df)
    again = to_pandas(through_arrow(from_pandas(df))).columns
    assert type(again) is type(df.columns) and getattr(again, "freq", None) == getattr(columns, "freq", None)
    assert [type(label) for label in again] == [type(label) for label in df.columns]
    # Labels of which some are gone have their dtype still, and others beside them make it one of objects.
    frame = through_arrow(from_pandas(df))
    assert_frame_equal(to_pandas(frame[[frame.columns[1]]]), df.iloc[:, 1:], check_exact=True, check_column_type=False)
    frame.add_column("new", "bool")
    assert list(to_pandas(frame).columns)[2] == "new"


def test_labels_with_half_characters_come_back_and_have_another_name_here():
    # `check` cannot take them: pandas' own `concat` cannot.
    df = pd.DataFrame([[1, 2.5]], columns=pd.Index(["\ud800", "x"], dtype=object))
    df.index = pd.Index(["a"], name=pd.Index(["\udfff"], dtype=object)[0])
    frame = from_pandas(df)
    assert frame.columns == ["\\ud800", "x", "__index_level_0__"]
    for known in (frame, through_arrow(frame)):
        out = to_pandas(known)
        assert list(out.columns) == ["\ud800", "x"] and out.index.name == "\udfff" and out.iloc[0, 0] == 1


def test_labels_that_nothing_else_knows_are_refused():
    for label in (object(), 1j, frozenset({1}), datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)):
        with pytest.raises(TypeError, match="cannot be carried"):
            from_pandas(pd.DataFrame([[1]], columns=pd.Index([label], dtype=object)))


def test_labels_of_rows_that_are_no_more_than_a_part_are_columns():
    index = pd.MultiIndex.from_arrays([[1, 2], ["a", "b"]], names=["k", "l"])
    frame = from_pandas(pd.DataFrame({"x": [5, 6]}, index=index))
    assert_frame_equal(to_pandas(frame[["x", "k"]]), pd.DataFrame({"x": [5, 6], "k": [1, 2]}))
    assert_frame_equal(to_pandas(frame[["l"]]), pd.DataFrame({"l": index.get_level_values(1)}))
    assert_frame_equal(to_pandas(frame[["k", "x", "l"]]), pd.DataFrame({"x": [5, 6]}, index=index))


@pytest.mark.parametrize(
    "labels", [["a", "b", "a"], [1, "1", "x"], [None, "None", 2.5], [("x", 1), "b", ("x", 1)]], ids=str
)
def test_labels_that_are_there_twice_come_back(labels, tmp_path):
    columns = pd.Index(labels, dtype=object, tupleize_cols=False)
    df = pd.DataFrame({0: [1, 2], 1: [0.5, 1.5], 2: pd.Series(["u", "v"], dtype=object)}).set_axis(columns, axis=1)
    frame = check(df)
    first = frame.columns[0]
    again = frame.columns.index(first, 1)
    with pytest.raises(KeyError, match=rf"there are 2 columns .*, at \[0, {again}\]; take one by its number"):
        frame[first]
    with pytest.raises(KeyError, match="there are 2 columns"):
        frame.set_at(first, 0, 7)
    assert [frame.at(0, 1), frame.at(2, 1)] == [2, "v"]
    assert to_pandas(frame[[2, 0]]).iloc[1].tolist() == ["v", 2]
    frame.set_at(again, 0, frame.at(again, 1))
    assert to_pandas(frame).iloc[0, again] == df.iloc[1, again]
    assert (
        PandasInterop.explain(df)
        .splitlines()[3]
        .endswith("copied, its values are Python objects" if COW else "turn copy-on-write on")
    )
    for ending in ("parquet", "arrow", "csv"):
        with pytest.raises(ValueError, match="is there twice"):
            DataFrameViewFactory.write(frame, tmp_path / f"twice.{ending}")


def test_frames_without_rows_or_columns():
    check(pd.DataFrame())
    check(pd.DataFrame(index=range(3)))
    check(pd.DataFrame(index=["a", "b"]))
    check(pd.DataFrame({"x": []}))


def test_rows_that_are_numbered_keep_their_numbers_in_a_cut():
    plain = pd.DataFrame({"x": range(6), "s": list("abcdef")})
    stepped = plain.set_axis(pd.RangeIndex(20, 2, -3, name="r"))
    for df in (plain, stepped):
        frame = from_pandas(df)
        for rows in (slice(2, 5), slice(0, 3), slice(-2, None), slice(3, 3), slice(0, 6)):
            for cut in (frame[rows], through_arrow(frame)[rows], through_arrow(frame[rows])):
                out = to_pandas(cut)
                assert_frame_equal(out, df[rows])
                assert out.index.equals(df.index[rows]) and type(out.index) is pd.RangeIndex
        assert_frame_equal(to_pandas(frame[1:][1:3]), df[1:][1:3])
        assert_frame_equal(to_pandas(frame[["x"]][2:]), df[["x"]][2:])
        assert_frame_equal(to_pandas(frame), df)


def test_objects_that_stand_for_missing_ones_are_the_same_in_a_cut():
    cells = ["a", None, np.nan, pd.NA, None, None, pd.NaT, "b"]
    frame = from_pandas(pd.DataFrame({"o": pd.Series(cells, dtype=object)}))
    for first, end in itertools.combinations(range(9), 2):
        for cut in (frame[first:end], through_arrow(frame)[first:end], through_arrow(frame[:end])[first:]):
            kinds = [type(value) for value in to_pandas(cut)["o"]]
            assert kinds == [type(value) for value in cells[first:end]]


def categories(ordered, values=("u", None, "v", "u")):
    return pd.DataFrame({"c": pd.Categorical(values, categories=["v", "u", "w"], ordered=ordered)})


@pytest.mark.parametrize("ordered", [False, True])
def test_a_write_to_a_category_changes_neither_the_others_nor_their_order(ordered):
    for value, at in itertools.product(["w", "u", None], range(4)):
        expected = categories(ordered)
        expected.loc[at, "c"] = value
        for start in (from_pandas, lambda df: through_arrow(from_pandas(df)), lambda df: from_pandas(df, copy=True)):
            frame = start(categories(ordered))
            frame.set_at("c", at, value)
            assert_frame_equal(to_pandas(frame), expected)
            assert_frame_equal(to_pandas(through_arrow(frame)), expected)
    frame = from_pandas(categories(ordered))
    if ordered:
        with pytest.raises(ValueError, match=r'column "c": .*q.* is none of the values whose order the column keeps'):
            frame.set_at("c", 0, "q")
        assert_frame_equal(to_pandas(frame), categories(ordered))
    else:
        frame.set_at("c", 0, "q")
        out = to_pandas(frame)["c"]
        assert (out.tolist()[0], list(out.cat.categories)) == ("q", ["v", "u", "w", "q"])


@pytest.mark.parametrize("ordered", [False, True])
def test_new_rows_of_a_category_are_missing(ordered):
    for at, rows in [(0, [None] * 2 + ["u", None]), (2, ["u", None, None, None]), (4, ["u", None, "v", "u"])]:
        frame = from_pandas(categories(ordered))
        frame.add_rows(at, 2)
        out = to_pandas(frame)
        assert_frame_equal(out[:4], categories(ordered, rows))
        assert list(out["c"].cat.categories) == ["v", "u", "w"] and out["c"].cat.ordered == ordered
    frame = from_pandas(categories(ordered)[:0])
    frame.add_rows(0, 1)
    assert list(to_pandas(frame)["c"].cat.categories) == ["v", "u", "w"]


def test_a_dictionary_grows_no_further_than_its_keys_number():
    few = [f"{number}" for number in range(126)]  # for which pandas takes keys of eight bits
    frame = from_pandas(pd.DataFrame({"c": pd.Categorical(few, categories=few)}))
    with pytest.raises(ValueError, match='column "c": 129 values are more than keys of type Int8 can number'):
        frame.write("c", 0, ["one more", "two more", "three more"])
    assert frame["c"].to_list() == few
    frame.write("c", 0, ["one more", "two more"])
    assert frame["c"].to_list() == ["one more", "two more", *few[2:]]


def test_attributes_come_back():
    df = pd.DataFrame({"x": [1]})
    assert to_pandas(through_arrow(from_pandas(df))).attrs == {}
    df.attrs = {"source": "there", 3: (1, [2.5, None]), "day": datetime.date(2020, 1, 1), "n": {"at": np.int8(3)}}
    for frame in (from_pandas(df), from_pandas(df)[:0], through_arrow(from_pandas(df)), from_pandas(df, copy=True)):
        assert to_pandas(frame).attrs == df.attrs


def test_attributes_that_words_cannot_tell_stay_with_the_frame():
    df = pd.DataFrame({"x": [1, 2]})
    df.attrs = {"fit": np.poly1d([1, 2]), "more": [1]}
    for copy in (None, True):
        frame = from_pandas(df, copy)
        for cut in (frame, frame[1:]):
            out = to_pandas(cut)
            assert out.attrs == df.attrs
            out.attrs["more"].append(2)
            assert to_pandas(cut).attrs == df.attrs and df.attrs["more"] == [1]
        frame.set_at("x", 0, 7)
        for _ in range(2):
            assert to_pandas(frame).attrs == df.attrs
    assert to_pandas(through_arrow(frame)).attrs == {}


WORDS = {
    "column 'x'": ["[]", "no", '{"label": []}', '{"label": ["none", 1]}', '{"dtype": "interval"}', '{"label": ["?"]}'],
    "the frame": ["[]", '{"columns": 3}', '{"index": {"range": [0, 2, 0]}}', '{"attrs": 3}', '{"index": []}'],
}


@pytest.mark.parametrize("whose", WORDS)
def test_words_about_pandas_that_nobody_understands_are_refused(whose):
    pa = pytest.importorskip("pyarrow")
    for words in WORDS[whose]:
        said = {"iolink.pandas": words}
        field = pa.field("x", pa.int64(), metadata=said if whose != "the frame" else None)
        schema = pa.schema([field], metadata=said if whose == "the frame" else None)
        frame = DataFrameViewFactory.from_arrow(pa.table([[1, 2]], schema=schema))
        with pytest.raises(iolink.CorruptDataError, match=f"^{whose}: the metadata 'iolink.pandas' .*to_arrow"):
            to_pandas(frame)
        assert frame["x"].to_list() == [1, 2]


def test_words_about_values_that_are_others_now_are_passed_over():
    pa = pytest.importorskip("pyarrow")
    for words in ('{"dtype": "category"}', '{"dtype": 5}', '{"dtype": "zoned"}', '{"level": 3}'):
        field = pa.field("x", pa.int64(), metadata={"iolink.pandas": words})
        out = to_pandas(DataFrameViewFactory.from_arrow(pa.table([[1, 2]], schema=pa.schema([field]))))
        assert_frame_equal(out, pd.DataFrame({"x": [1, 2]}))


def test_a_zone_that_nobody_knows_is_refused_by_its_column():
    pa = pytest.importorskip("pyarrow")
    frame = DataFrameViewFactory.from_arrow(pa.table({"when": pa.array([1], pa.timestamp("us", "Mars/Phobos"))}))
    with pytest.raises(TypeError, match=r"column 'when': the time zone 'Mars/Phobos' is not known here"):
        to_pandas(frame)
    assert frame.to_arrow()["when"].type == pa.timestamp("us", "Mars/Phobos")


def test_types_of_others_upon_texts_come_to_pandas_as_texts():
    pa = pytest.importorskip("pyarrow", "19")
    frame = DataFrameViewFactory.from_arrow(pa.table({"j": pa.array(['{"a":1}', None], pa.json_())}))
    assert frame.to_arrow()["j"].type == pa.json_()
    out = to_pandas(frame)["j"]
    assert out[0] == '{"a":1}' and out.isna().tolist() == [False, True]


def test_types_that_only_arrow_has_come_back():
    pa = pytest.importorskip("pyarrow")
    words = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int16()), pa.array(["a", "b"]))
    values = {"words": words, "short": pa.array(["a", None, "c"]), "day": pa.array([1, None, 3], pa.date32())}
    check(pd.DataFrame({name: pd.array(array, pd.ArrowDtype(array.type)) for name, array in values.items()}))


def address(series):
    # `to_numpy` copies times.
    return series.array._ndarray.__array_interface__["data"][0]


SHARED = ["i1", "u8", "f2", "f8", "?", "M8ns", "m8ms"]


@shares
@pytest.mark.parametrize("name", SHARED)
def test_numbers_booleans_and_times_are_shared_both_ways(name):
    df = pd.DataFrame({name: np.array([1, 0, 3]).astype(np.array(EVERYTHING[name]).dtype)})
    frame = from_pandas(df, copy=False)
    assert address(to_pandas(frame, copy=False)[name]) == address(df[name])
    if name not in ("?",):
        assert frame[name].to_numpy().__array_interface__["data"][0] == address(df[name])
    cut = to_pandas(frame[1:])
    assert address(cut[name]) == address(df[name]) + df[name].dtype.itemsize
    assert f"'{name}': shared" in PandasInterop.explain(df)


@shares
def test_a_frame_of_our_own_is_shared_with_pandas():
    types = ["int64", "float32", "bool"]
    frame = DataFrameViewFactory.allocate([3, 4], ["a", "b", "c"], types)
    one, two = to_pandas(frame, copy=False), to_pandas(frame, copy=False)
    assert [str(dtype) for dtype in one.dtypes] == types
    for name in frame.columns:
        assert address(one[name]) == address(two[name])
    assert address(one["a"]) == frame["a"].to_numpy().__array_interface__["data"][0]
    assert "copied" not in PandasInterop.explain(frame)


def test_explain_tells_what_is_copied_and_why():
    df = pd.DataFrame({"a": np.arange(8.0), "b": np.arange(8)}).iloc[::2].reset_index(drop=True)
    df["o"] = pd.Series(["x"] * 4, dtype=object)
    words = PandasInterop.explain(df)
    assert "'o': copied" in words
    if COW:
        assert "'a': copied, its values do not lie side by side" in words
        with pytest.raises(iolink.CapabilityError, match=r"'a'.*copy=None"):
            from_pandas(df, copy=False)
    frame = DataFrameViewFactory.from_columns({"x": np.arange(3)})
    assert "'x': copied" in PandasInterop.explain(frame)
    with pytest.raises(iolink.CapabilityError, match="'x'"):
        to_pandas(frame, copy=False)
    out = to_pandas(frame)
    out.loc[0, "x"] = 9
    assert frame.at("x", 0) == 0


def test_explain_says_of_no_whole_that_nothing_is_copied_where_a_column_is():
    df = pd.DataFrame({"x": [1.5, 2.5], "o": pd.Series(["a", "b"], dtype=object)})
    for words in (iolink.explain(df), iolink.explain(through_arrow(from_pandas(df)), "pandas")):
        assert "'o': copied, " in words
        assert "copies nothing\n" not in words and "copied  nothing\n" not in words
    assert iolink.explain(df).count("nothing but what is said below") == 2
    if COW:
        assert "copied  nothing\n" in iolink.explain(df[["x"]])


def addresses(values):
    """Where the memory of a column or index begins, part by part."""
    array = values.array
    if hasattr(array, "_pa_array"):
        return [buffer.address for chunk in array._pa_array.chunks for buffer in chunk.buffers() if buffer]
    parts = {"_mask": ("_data", "_mask"), "_codes": ("_codes",)}
    names = next((names for mark, names in parts.items() if hasattr(array, mark)), ("_ndarray",))
    return [getattr(array, name).__array_interface__["data"][0] for name in names]


LENT = {
    "Arrow texts": lambda: pd.array(["a", None, "c"], "string[pyarrow]"),
    "Int64": lambda: pd.array([1, None, 3], "Int64"),
    "Float32": lambda: pd.array([1.5, 2.0, 2.5], "Float32"),
    "boolean": lambda: pd.array([True, None, False], "boolean"),
    "categories": lambda: pd.Categorical(["u", "v", None]),
    "zoned": lambda: pd.date_range("2020", periods=3, tz="Europe/Berlin"),
    "period": lambda: pd.period_range("2020-01", periods=3, freq="M"),
    "int64": lambda: np.arange(3),
}


@shares
@pytest.mark.parametrize("kind", LENT)
def test_what_explain_calls_shared_is_the_same_memory(kind):
    if kind == "Arrow texts":
        pytest.importorskip("pyarrow")
    df = pd.DataFrame({"x": LENT[kind](), "n": [1, 2, 3]}, index=pd.Index(LENT[kind](), name="k"))
    frame = from_pandas(df)
    assert PandasInterop.explain(df).splitlines()[1:] == [f"  {name!r}: shared" for name in ("x", "n", "k")]
    # Once the frame itself, then what it gives back: as it was, and after a write to another column.
    if pa is not None:
        arrow = pa.array(frame["x"])
        arrow = arrow.indices if pa.types.is_dictionary(arrow.type) else arrow
        known = [buffer.address for buffer in arrow.buffers() if buffer]
        if kind == "Arrow texts":
            assert known == addresses(df["x"])
        elif kind != "boolean":  # Arrow has bits for it, and for what is missing.
            assert known[-1] == addresses(df["x"])[0]
    for _ in range(2):
        words, out = PandasInterop.explain(frame), to_pandas(frame)
        assert {"  'x': shared", "  'k': shared"} <= set(words.splitlines())
        assert addresses(out["x"]) == addresses(df["x"])
        assert addresses(out.index) == addresses(df.index)
        frame.set_at("n", 0, 7)
    frame.set_at("x", 0, frame.at("x", 1))
    assert addresses(to_pandas(frame)["x"])[-1] != addresses(df["x"])[-1]


WRITTEN = {
    "int64": (lambda: np.array([1, 2, 3]), [10, 20, 30]),
    "float64": (lambda: np.array([1.5, 2.5, 3.5]), [10.0, 20.0, 30.0]),
    "bool": (lambda: np.array([True, True, True]), [False, False, False]),
    "datetime64": (lambda: np.array([1, 2, 3], "M8[ns]"), [pd.Timestamp(10), pd.Timestamp(20), pd.Timestamp(30)]),
    "text": (lambda: pd.array(["a", "b", "c"], "string"), ["x", "y", "z"]),
    "Arrow text": (lambda: pd.array(["a", "b", "c"], "string[pyarrow]" if pa else "string"), ["x", "y", "z"]),
    "Int64": (lambda: pd.array([1, None, 3], "Int64"), [10, 20, 30]),
    "category": (lambda: pd.Categorical(["u", "u", "u"], categories=["u", "p", "q", "r"]), ["p", "q", "r"]),
}


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("order", list(itertools.permutations(["df", "frame", "out"])), ids="-".join)
@pytest.mark.parametrize("built", [False, True], ids=["as it was", "built again"])
def test_a_write_of_any_kind_is_seen_on_its_side_alone(kind, order, built):
    make, (of_df, of_frame, of_out) = WRITTEN[kind]
    df = pd.DataFrame({"x": make(), "other": [0, 0, 0]})
    frame = from_pandas(df)
    if built:
        # Of columns that are somebody else's to pandas' memory, none of it what pandas held.
        frame = DataFrameViewFactory.copy_in_memory(frame)
    out = to_pandas(frame)
    view = df[:]
    first = df["x"].iloc[0]
    values = {"df": of_df, "frame": of_frame, "out": of_out}
    expected = dict.fromkeys(values, first)
    for who in order:
        if who == "frame":
            value = np.datetime64(of_frame.value, "ns") if isinstance(of_frame, pd.Timestamp) else of_frame
            frame.set_at("x", 0, value)
        else:
            {"df": df, "out": out}[who].loc[0, "x"] = values[who]
        expected[who] = values[who]
        seen = {"df": df["x"].iloc[0], "frame": to_pandas(frame)["x"].iloc[0], "out": out["x"].iloc[0]}
        assert seen == expected
        assert to_pandas(through_arrow(frame))["x"].iloc[0] == expected["frame"]
        if COW:
            assert view["x"].iloc[0] == first
    for thing in (df, out, to_pandas(frame)):
        assert_frame_equal(thing[1:], pd.DataFrame({"x": make(), "other": [0, 0, 0]})[1:])


# Who writes to what, after everything was shared.
def _original(world):
    world["df"].loc[0, "x"] = 100


def _result(world):
    world["out"].loc[0, "x"] = 200


def _second(world):
    world["two"].iloc[0, 0] = 300


def _frame(world):
    world["frame"].set_at("x", 0, 400)


def _cut(world):
    world["cut"].set_at("x", 0, 500)


def _augmented(world):
    world["out"]["x"] += 600


WRITES = {"df": _original, "out": _result, "two": _second, "frame": _frame, "cut": _cut, "out2": _augmented}


def world_of(own):
    if own:
        frame = DataFrameViewFactory.allocate([1, 3], ["x"], ["int64"])
        df = to_pandas(frame)
    else:
        df = pd.DataFrame({"x": np.zeros(3, "i8")})
        frame = from_pandas(df)
    world = {"df": df, "frame": frame, "cut": frame[0:2], "out": to_pandas(frame)}
    world["two"] = to_pandas(world["cut"])
    world["array"] = frame["x"].to_numpy()
    return world


def first(thing):
    if isinstance(thing, pd.DataFrame):
        return int(thing["x"].iloc[0])
    return int(thing[0] if isinstance(thing, np.ndarray) else thing.at("x", 0))


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("order", list(itertools.permutations(WRITES, 3)), ids="-".join)
def test_a_write_on_one_side_is_seen_on_that_side_alone(own, order):
    world = world_of(own)
    expected = dict.fromkeys(world, 0)
    values = {"df": 100, "out": 200, "two": 300, "frame": 400, "cut": 500}
    for who in order:
        WRITES[who](world)
        if who == "out2":
            expected["out"] += 600
        else:
            expected[who] = values[who]
        assert {name: first(thing) for name, thing in world.items()} == expected, who


@shares
@pytest.mark.parametrize("gone", ["frame", "cut", "df", "two"])
def test_nobody_writes_in_place_because_another_is_gone(gone):
    for own in (False, True):
        world = world_of(own)
        pl = pytest.importorskip("polars")
        other = pl.DataFrame(world["frame"])
        for name in {"frame", "cut", gone} - {"out"}:
            del world[name]
        gc.collect()
        world["out"].loc[0, "x"] = 7
        world["out"]["x"] += 1
        assert other["x"][0] == 0, own
        assert world["array"][0] == 0
        for name, thing in world.items():
            assert first(thing) == (8 if name == "out" else 0), name


@shares
def test_cut_frames_that_outlive_the_whole_are_not_written_through():
    frame = DataFrameViewFactory.allocate([1, 3], ["x"], ["int64"])
    out = to_pandas(frame)
    cut = frame[1:]
    del frame
    gc.collect()
    out.iloc[1, 0] = 5
    assert cut.at("x", 0) == 0


@shares
def test_what_was_written_goes_back_and_the_rest_stays_shared():
    df = pd.DataFrame({"x": np.arange(3), "y": np.arange(3) * 0.5, "s": ["a", "b", "c"]}, index=["p", "q", "r"])
    frame = from_pandas(df)
    frame.set_at("x", 1, -1)
    frame.set_at("s", 2, None)
    out = to_pandas(frame)
    expected = df.copy()
    expected.loc["q", "x"] = -1
    expected.loc["r", "s"] = None
    assert_frame_equal(out, expected)
    assert address(out["y"]) == address(df["y"])
    assert df.loc["q", "x"] == 1


def test_what_pandas_gave_goes_back_only_while_the_frame_is_as_it_was():
    df = pd.DataFrame({"x": [1, 2], "y": [0.5, 1.5]}, index=["p", "q"])
    changes = [
        lambda frame: frame.remove_column("y"),
        lambda frame: frame.add_column("z", "int64", [7, 8]),
        lambda frame: frame.add_rows(1, 1),
        lambda frame: frame.remove_rows(0, 1),
        lambda frame: frame.set_at("y", 0, 9.0),
        lambda frame: frame.reshape([2, 2], ["y", "x"], ["float64", "int64"]),
        lambda frame: frame.reshape([3, 2], frame.columns, ["int64", "float64", "UTF8_STRING"]),
    ]
    for change in changes:
        frame = from_pandas(df)
        assert_frame_equal(to_pandas(frame), df)
        change(frame)
        assert_frame_equal(to_pandas(frame), to_pandas(through_arrow(frame)))
        assert_frame_equal(to_pandas(frame), to_pandas(through_arrow(frame)))
        assert not to_pandas(frame).equals(df) or frame.columns == ["x", "y", "__index_level_0__"]


def test_changes_to_what_went_out_do_not_come_back():
    df = pd.DataFrame({"x": [1, 2], "y": [0.5, 1.5]}, index=pd.Index(["p", "q"], name="i"))
    df.attrs = {"a": [1]}
    for frame in (from_pandas(df), DataFrameViewFactory.allocate([2, 2], ["x", "y"], ["int64", "float64"])):
        before = to_pandas(frame)
        one, two = to_pandas(frame), to_pandas(frame)
        one.columns.name = one.index.name = "changed"
        one.attrs.setdefault("a", []).append(2)
        one["z"] = 1
        two.loc[two.index[0], "x"] = 100
        del two["y"]
        assert_frame_equal(to_pandas(frame), before)
        assert to_pandas(frame).attrs == before.attrs
        assert to_pandas(frame).columns.name is None


def test_a_class_of_its_own_comes_back_as_a_dataframe():
    class Mine(pd.DataFrame):
        @property
        def _constructor(self):
            return Mine

    mine = Mine({"x": [1, 2]})
    out = to_pandas(from_pandas(mine))
    assert type(out) is pd.DataFrame
    assert_frame_equal(out, pd.DataFrame(mine))


@shares
def test_repeated_writes_and_exports_keep_no_old_memory():
    def memory(name):
        status = pathlib.Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in status if line.startswith(name)) << 10

    frame = DataFrameViewFactory.allocate([1, 1_000_000], ["x"], ["float64"])
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = memory("VmRSS")
    for row in range(200):
        frame.set_at("x", row, 1.0)
        to_pandas(frame)
    # All of the old memory would be 1.6 GB.
    assert memory("VmHWM") - before < 800_000_000


@shares
def test_sharing_frees_what_it_held():
    import weakref

    df = pd.DataFrame({"x": np.arange(1000)})
    base = df["x"].to_numpy()
    while base.base is not None and isinstance(base.base, np.ndarray):
        base = base.base
    alive = weakref.ref(base)
    frame = from_pandas(df)
    out = to_pandas(frame)
    del df, base
    gc.collect()
    assert alive() is not None
    del frame, out
    gc.collect()
    assert alive() is None

    own = DataFrameViewFactory.allocate([1, 10], ["x"], ["int64"])
    kept = to_pandas(own)
    lease = weakref.ref(own)
    del own
    gc.collect()
    assert lease() is None
    assert kept["x"].tolist() == [0] * 10


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [1, "x"]}, "'?\"?a\"?'?, row 1: str among int"),
        ({"a": ["x", None, 2]}, "row 2: int among str"),
        ({"a": [1, 2.5]}, "row 1: float among int"),
        ({"a": [object()]}, "'a', row 0: objects of type object"),
        ({"a": [None, [1]]}, "'a', row 1: objects of type list"),
        ({"a": [2**70]}, "'?\"?a\"?'?.*does not fit"),
        ({"a": ["\ud800"]}, "row 0: the text holds a lone surrogate"),
    ],
)
def test_objects_of_several_types_are_refused_with_their_row(columns, words):
    df = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
    with pytest.raises((TypeError, ValueError), match=words):
        from_pandas(df)


NAIVE, AWARE = datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
TIME, AWARE_TIME = datetime.time(1), datetime.time(1, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([NAIVE, AWARE], "row 1: datetime with a time zone among datetime"),
        ([None, AWARE, NAIVE], "times with zones are kept as objects"),
        ([TIME, None, AWARE_TIME], "row 2: a value of type time with a time zone cannot be carried"),
        ([AWARE_TIME, TIME], "times with zones are kept as objects"),
        ([pd.Timestamp(NAIVE), NAIVE], "row 1: datetime among Timestamp"),
        ([NAIVE, pd.Timestamp(NAIVE)], "row 1: Timestamp among datetime"),
        ([pd.Timestamp(NAIVE), pd.Timestamp(AWARE)], "row 1: Timestamp with a time zone among Timestamp"),
        ([NAIVE, datetime.date(2020, 1, 1)], "row 1: date among datetime"),
        ([datetime.timedelta(1), pd.Timedelta(1)], "row 1: Timedelta among timedelta"),
        ([1, np.int64(2)], "row 1: int64 among int"),
        ([1.5, np.float64(2)], "row 1: float64 among float"),
        ([pd.Timestamp("1500-01-01"), pd.Timestamp(1)], "row [01]: .* is no whole number of ns"),
        ([datetime.timedelta(1), datetime.timedelta(999999999)], "row 1: .* does not fit 64 bits of us"),
        ([1, 2**200], "row 1: the integer does not fit"),
    ],
)
def test_times_and_numbers_of_several_kinds_are_refused_with_their_row(values, words):
    df = pd.DataFrame({"fine": [0] * len(values), "t": pd.Series(values, dtype=object)})
    with pytest.raises((TypeError, ValueError), match=f"column '?\"?t\"?'?.*{words}"):
        from_pandas(df)


def test_categories_of_several_types_are_refused_by_their_column():
    cases = {
        "row 1: str among int": pd.Categorical([1, "a"]),
        "row 2: int among str": pd.Categorical([None, "a", 1], categories=[1, "a"]),
        "column 'age': bool among int": pd.Categorical([7], categories=pd.Index([7, True], dtype=object)),
        "column 'age'.*type tuple cannot be carried": pd.Categorical.from_codes(
            [0], pd.Index([(1,)], tupleize_cols=False)
        ),
    }
    for words, values in cases.items():
        with pytest.raises(TypeError, match=words) as refused:
            from_pandas(pd.DataFrame({"age": values}))
        assert "'age'" in str(refused.value) or '"age"' in str(refused.value)
    with pytest.raises(TypeError, match=r"column 'age'.*Sparse"):
        from_pandas(pd.DataFrame({"age": pd.Categorical.from_codes([0], pd.Index(pd.arrays.SparseArray([1])))}))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_objects_of_pandas_times_come_back_in_their_unit(unit):
    years = ["2020", None, "1700" if unit == "ns" else "0001"]
    stamps = [pd.NaT if year is None else pd.Timestamp(np.datetime64(year, unit)) for year in years]
    spans = [pd.Timedelta(np.timedelta64(5, unit)), None, pd.Timedelta(np.timedelta64(-1, unit))]
    df = pd.DataFrame({"t": pd.Series(stamps, dtype=object), "d": pd.Series(spans, dtype=object)})
    frame = check(df)
    for out in (to_pandas(frame), to_pandas(through_arrow(frame))):
        assert [out["t"][0].unit, out["d"][2].unit] == [unit, unit]


def test_other_bad_input_is_refused():
    with pytest.raises(TypeError, match="'c': complex"):
        from_pandas(pd.DataFrame({"c": [1j]}))
    with pytest.raises(TypeError, match="'v': values of dtype Sparse"):
        from_pandas(pd.DataFrame({"v": pd.arrays.SparseArray([0, 0, 1])}))
    with pytest.raises(TypeError, match="df"):
        from_pandas({"a": [1]})
    with pytest.raises(TypeError, match="frame"):
        to_pandas(pd.DataFrame())


def test_frames_that_pandas_never_saw():
    frame = DataFrameViewFactory.from_columns(
        {"i": [1, None, 3], "f": [1.5, None, 2.5], "b": [True, None, False], "s": ["a", None, "c"], "u": [1, 2, 3]}
    )
    out = to_pandas(frame)
    assert [str(dtype) for dtype in out.dtypes] == ["Int64", "float64", "boolean", "str" if NEW else "object", "int64"]
    assert out["i"].isna().tolist() == [False, True, False]
    assert frame.to_pandas().equals(out)


def test_arrow_oracles_see_the_same_values():
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    names = ["i1", "u8", "f8", "?", "M8ns", "m8ms", "str", "Int8", "boolean", "category", "utc"]
    df = pd.DataFrame({name: EVERYTHING[name] for name in names})
    ours, theirs = from_pandas(df).to_arrow(), pa.Table.from_pandas(df)
    for name in names:
        assert ours[name].to_pylist() == theirs[name].to_pylist(), name
    assert pl.DataFrame(from_pandas(df))["f8"].to_list() == pl.from_pandas(df)["f8"].to_list()
    direct = getattr(pd.DataFrame, "from_arrow", None)
    if direct is not None:
        assert direct(from_pandas(df[["i1", "?"]]))["?"].tolist() == df["?"].tolist()


def test_importing_us_imports_neither():
    code = "import sys, iolink; print([name for name in ('numpy', 'pandas', 'pyarrow') if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


SCALES = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 9 * 10**8}
ZONE, OFFSET = zoneinfo.ZoneInfo("America/St_Johns"), datetime.timezone(datetime.timedelta(hours=5.5))


def limits_of(dtype):
    limits = np.iinfo(dtype.lower())
    return int(limits.min), int(limits.max)


def columns_of(rows):
    def sized(cells):
        return st.lists(cells, min_size=rows, max_size=rows)

    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    numbers = [
        sized(st.integers(-(2 ** (8 * width - 1)), 2 ** (8 * width - 1) - 1)).map(
            lambda v, w=width: np.array(v, f"i{w}")
        )
        for width in (1, 2, 4, 8)
    ]
    times = st.integers(-(2**62), 2**62)
    # Years that Python has, too, in the units of which it is shown: pandas has no others.
    seconds = st.integers(-(10**10), 10**10)
    counts = {unit: seconds.map(lambda v, scale=scale: v * scale) for unit, scale in SCALES.items()}

    def counted(kind, unit):
        cells = sized(counts[unit] | st.none())
        return cells.map(lambda v: np.array(["NaT" if x is None else x for x in v], f"{kind}8[{unit}]"))

    nullable = [
        sized(st.integers(*limits_of(dtype)) | st.none()).map(lambda v, dtype=dtype: pd.array(v, dtype))
        for dtype in ("Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32")
    ]
    zoned = [
        counted("M", unit).map(lambda v, zone=zone: pd.DatetimeIndex(v).tz_localize("UTC").tz_convert(zone))
        for unit, zone in [("s", "Europe/Berlin"), ("ms", "Asia/Kathmandu"), ("us", ZONE), ("ns", OFFSET)]
    ]
    periods = [
        sized(st.integers(-9999, 9999) | st.none()).map(
            lambda v, freq=freq: pd.PeriodIndex(
                pd.array([pd.NaT if x is None else pd.Period("1970", freq) + x for x in v]), freq=freq
            )
        )
        for freq in ("D", "M", "Y")
    ]
    categories = [
        sized(st.integers(-1, 2)).map(
            lambda v, values=values: pd.Categorical.from_codes(v, categories=values, ordered=len(v) % 2 == 1)
        )
        for values in (
            np.array([7, -(2**60), 3]),
            np.array([2.5, -0.0, np.inf]),
            pd.DatetimeIndex(np.array([5, 1, 3], "M8[ms]")),
            pd.DatetimeIndex(np.array([5, 1, 3], "M8[us]"), tz="UTC"),
            pd.Index([datetime.date(2020, 1, 1), datetime.date(1, 1, 1), datetime.date(1999, 12, 31)], dtype=object),
            pd.array([2**64 - 1, 0, 1], "UInt64"),
            pd.IntervalIndex.from_breaks([0.5, 1.5, 2.5, 9.0]),
        )
    ]
    truths = sized(st.integers(-1, 1)).map(
        lambda v: pd.Categorical.from_codes(v, categories=[[True, False], [False, True]][len(v) % 2])
    )
    ends = st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e6))
    intervals = [
        sized(ends | st.none()).map(
            lambda v, closed=closed: pd.arrays.IntervalArray.from_tuples(
                [x and (x[0], x[0] + x[1]) for x in v], closed=closed, dtype=pd.IntervalDtype("float64", closed)
            )
        )
        for closed in ("left", "neither")
    ]
    return st.one_of(
        *[counted(kind, unit) for kind in "mM" for unit in SCALES],
        *nullable,
        *zoned,
        *periods,
        *categories,
        truths,
        *intervals,
        sized(st.floats(width=32, allow_nan=False) | st.none()).map(lambda v: pd.array(v, "Float32")),
        *[
            sized(st.integers(*limits_of(f"UInt{8 * width}"))).map(lambda v, w=width: np.array(v, f"u{w}"))
            for width in (1, 2, 4)
        ],
        *numbers,
        sized(st.integers(0, 2**64 - 1)).map(lambda v: np.array(v, "u8")),
        sized(st.floats()).map(lambda v: np.array(v, "f8")),
        sized(st.floats(width=32)).map(lambda v: np.array(v, "f4")),
        sized(st.booleans()).map(lambda v: np.array(v, "?")),
        sized(times | st.none()).map(lambda v: np.array(["NaT" if x is None else x for x in v], "M8[ns]")),
        sized(times | st.none()).map(lambda v: np.array(["NaT" if x is None else x for x in v], "m8[us]")),
        sized(texts | st.none()).map(lambda v: pd.Series(v, dtype="str") if NEW else pd.Series(v, dtype=object)),
        sized(texts | st.sampled_from([None, np.nan, pd.NA])).map(lambda v: pd.Series(v, dtype=object)),
        sized(texts | st.none()).map(lambda v: pd.array(v, "string[python]")),
        sized(st.integers(-128, 127) | st.none()).map(lambda v: pd.array(v, "Int8")),
        sized(st.integers(0, 2**64 - 1) | st.none()).map(lambda v: pd.array(v, "UInt64")),
        sized(st.floats(allow_nan=False) | st.none()).map(lambda v: pd.array(v, "Float64")),
        sized(st.booleans() | st.none()).map(lambda v: pd.array(v, "boolean")),
        sized(st.sampled_from(["a", "b", None])).map(
            lambda v: pd.Categorical(v, categories=["b", "a", "c"], ordered=len(v) % 2 == 0)
        ),
        sized(times | st.none()).map(
            lambda v: pd.DatetimeIndex(np.array(["NaT" if x is None else x for x in v], "M8[ns]"), tz="UTC")
        ),
    )


def more_columns_of(rows):
    """Those that make no index, too."""

    def objects(cells):
        return st.lists(cells | st.none(), min_size=rows, max_size=rows).map(lambda v: pd.Series(v, dtype=object))

    places = st.decimals(1 - 10**9, 10**9 - 1, places=3)  # twelve digits at the most
    halves = st.lists(st.floats(width=16), min_size=rows, max_size=rows).map(lambda v: np.array(v, "f2"))
    more = [halves] + [
        objects(cells) for cells in (st.dates(), st.times(), places, st.binary(max_size=5), st.booleans())
    ]
    if pa is not None:
        kinds = {
            pa.list_(pa.int64()): st.lists(st.integers(-9, 9), max_size=3),
            pa.struct({"x": pa.int8(), "s": pa.string()}): st.fixed_dictionaries(
                {"x": st.integers(0, 9), "s": st.text("ab")}
            ),
            pa.decimal128(12, 3): places,
            pa.date32(): st.dates(),
            pa.time64("us"): st.times(),
            pa.binary(): st.binary(max_size=5),
        }
        for kind, cells in kinds.items():
            arrow = st.lists(cells | st.none(), min_size=rows, max_size=rows)
            more.append(arrow.map(lambda v, kind=kind: pd.array(pa.array(v, kind), dtype=pd.ArrowDtype(kind))))
    return st.one_of(columns_of(rows), *more)


def labels_of(count):
    """So many labels, each another, of any kind that pandas has for them."""
    texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
    days = st.integers(-9999, 9999)
    kinds = [
        (texts, lambda v: pd.Index(v)),
        (texts | days | st.booleans() | st.dates(), lambda v: pd.Index(v, dtype=object)),
        (days, lambda v: pd.Index(v, dtype="int16")),
        (st.floats(allow_nan=False), lambda v: pd.Index(v, dtype="float64")),
        (days, lambda v: pd.DatetimeIndex(np.array(v, "M8[D]").astype("M8[us]"), name="day", tz=ZONE)),
        (days, lambda v: pd.TimedeltaIndex(np.array(v, "m8[s]"))),
        (days, lambda v: pd.PeriodIndex([pd.Period("1970", "M") + x for x in v], freq="M")),
        (texts, lambda v: pd.CategoricalIndex(v, categories=[*reversed(v), "none of them"], ordered=True)),
        (st.tuples(days, texts), lambda v: pd.MultiIndex.from_tuples(v, names=["a", 1]) if v else pd.Index([])),
    ]
    return st.sampled_from(kinds).flatmap(
        lambda kind: st.lists(kind[0], min_size=count, max_size=count, unique_by=str).map(kind[1])
    )


@st.composite
def labelled_frames(draw):
    rows, count = draw(st.integers(0, 3)), draw(st.integers(1, 4))
    df = pd.DataFrame({at: draw(columns_of(rows)) for at in range(count)}, index=pd.RangeIndex(rows))
    df.columns = draw(labels_of(count))
    df.attrs = draw(
        st.dictionaries(st.text(max_size=3) | st.integers(), st.none() | st.floats() | st.dates(), max_size=2)
    )
    return df


@st.composite
def frames(draw):
    rows = draw(st.integers(0, 8))
    count = draw(st.integers(0, 6))
    df = pd.DataFrame({f"c{i}": draw(more_columns_of(rows)) for i in range(count)}, index=pd.RangeIndex(rows))
    kind = draw(st.sampled_from(["range", "column", "two"]))
    if kind != "range":
        index = [pd.Index(draw(columns_of(rows)), name=name) for name in (["k"] if kind == "column" else ["k", None])]
        df.index = index[0] if kind == "column" else pd.MultiIndex.from_arrays(index, names=["k", None])
    return df


# test_pandas2.py takes fewer, in each of its environments.
EXAMPLES = int(os.environ.get("IOLINK_TESTS_EXAMPLES", "150"))
SETTINGS = settings(deadline=None, derandomize=True, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
FEWER = settings(SETTINGS, max_examples=EXAMPLES * 2 // 3)


@SETTINGS
@given(frames())
def test_any_frame_comes_back(df):
    check(df)


@FEWER
@given(labelled_frames())
def test_any_labels_and_attributes_come_back(df):
    check(df)
    for frame in (from_pandas(df), through_arrow(from_pandas(df))):
        assert repr(to_pandas(frame).attrs) == repr(df.attrs)
        assert_frame_equal(to_pandas(frame[1:]), df.iloc[1:], check_exact=True)


def same(one, other):
    assert_frame_equal(one, other, check_exact=True, check_freq=False)


@FEWER
@given(frames(), st.data())
def test_any_cut_comes_back_and_again(df, data):
    first = data.draw(st.integers(0, len(df)))
    end = data.draw(st.integers(first, len(df)))
    for frame in (from_pandas(df), through_arrow(from_pandas(df))):
        cut = frame[first:end]
        for _ in range(2):
            same(to_pandas(cut), df.iloc[first:end])
        same(to_pandas(cut[1:]), df.iloc[first:end].iloc[1:])
        same(to_pandas(through_arrow(cut)), df.iloc[first:end])
        same(to_pandas(frame), df)


def only_carried(dtype):
    """Lists and structs come in by Arrow alone."""
    if isinstance(dtype, LISTS):
        return pa.types.is_nested(dtype.pyarrow_dtype)
    return isinstance(getattr(dtype, "categories", pd.Index([])).dtype, pd.IntervalDtype) or isinstance(
        dtype, pd.IntervalDtype
    )


def written(column, source, row):
    """The column with the value of one row in another, too: pandas takes lists for several values."""
    return column.take([source if at == row else at for at in range(len(column))]).set_axis(column.index)


def same_values(one, other):
    """Which object stands for a missing one among objects is known of those alone that pandas gave."""
    for df in (one, other := other.copy()):
        for at, dtype in enumerate(df.dtypes):
            if pd.api.types.is_object_dtype(dtype):
                values = [None if pd.api.types.is_scalar(x) and pd.isna(x) else x for x in df.iloc[:, at]]
                df.isetitem(at, pd.Series(values, index=df.index, dtype=object))
    same(one, other)


@FEWER
@given(frames(), st.data())
def test_any_value_can_be_written_to_another_row(df, data):
    before = df.copy(deep=True)
    frame = from_pandas(df)
    seen = to_pandas(frame)
    expected = df.copy(deep=True)
    for _ in range(data.draw(st.integers(1, 3)) if len(df.columns) and len(df) else 0):
        name = data.draw(st.sampled_from(list(df.columns)))
        source, row = data.draw(st.integers(0, len(df) - 1)), data.draw(st.integers(0, len(df) - 1))
        cut = frame[row:]
        value = frame.at(name, source)
        if value is not None and only_carried(df[name].dtype):
            with pytest.raises(ValueError, match=f'column "{name}".* only carried'):
                frame.set_at(name, row, value)
            value = None
        else:
            frame.set_at(name, row, value)
            assert repr(frame.at(name, row)) == repr(value)
            at = df.columns.get_loc(name)
            same_values(to_pandas(cut), expected.iloc[row:])
            expected.isetitem(at, written(expected.iloc[:, at], source, row))
        for _ in range(2):
            same_values(to_pandas(frame), expected)
        same_values(to_pandas(through_arrow(frame)), expected)
    same(seen, before)
    same(df, before)


def test_ten_thousand_columns_come_back():
    check(pd.DataFrame({f"c{i}": [i, i + 1] for i in range(10_000)}))


def test_explain_tells_of_texts_that_came_from_arrow():
    pa = pytest.importorskip("pyarrow")
    texts = ["abc", "de", "f"]
    one = {
        "large": pa.array(texts, pa.large_string()),
        "short": pa.array(texts),
        "view": pa.array(texts).cast(pa.string_view()),
    }
    several = {"pieces": pa.chunked_array([texts[:1], texts[1:]], pa.large_string())}
    expected = {"large": "shared", "short": "copied", "view": "copied", "pieces": "copied"}
    for table in (one, several):
        for name, values in table.items():
            frame = DataFrameViewFactory.from_arrow(pa.table({name: values}))
            if int(pd.__version__.split(".")[0]) < 3:
                continue
            assert f"{name!r}: {expected[name]}" in PandasInterop.explain(frame)
            if expected[name] == "copied":
                with pytest.raises(NotImplementedError, match=name):
                    PandasInterop.to_pandas(frame, copy=False)
            else:
                made = PandasInterop.to_pandas(frame, copy=False)[name].array._pa_array.chunk(0)
                assert [made.buffers()[at].address for at in (1, 2)] == [values.buffers()[at].address for at in (1, 2)]
            assert list(PandasInterop.to_pandas(frame)[name]) == texts


def test_to_pandas_sees_one_state_of_a_frame_that_other_threads_change():
    frame = from_pandas(pd.DataFrame({"a": [0, 0], "b": [0, 0], "t": ["", ""]}))
    done = threading.Event()

    def edit():
        try:
            for _ in range(300):
                frame.add_rows(0, 3)
                frame.add_column("c", "int8")
                frame.remove_rows(1, 3)
                frame.remove_column("c")
        finally:
            done.set()

    thread = threading.Thread(target=edit)
    thread.start()
    seen = set()
    while not done.is_set():
        out = to_pandas(frame)
        seen.add(out.shape)
    thread.join()
    assert to_pandas(frame).shape == (2, 3)
    assert seen <= {(2, 3), (5, 3), (5, 4), (2, 4)}


def test_pieces_are_made_one_once():
    pa = pytest.importorskip("pyarrow")
    frame = DataFrameViewFactory.from_arrow(pa.table({"x": pa.chunked_array([[1, 2], [3]])}))
    first = to_pandas(frame)["x"]
    joined = frame["x"].to_numpy().__array_interface__["data"][0]
    assert list(first) == [1, 2, 3]
    to_pandas(frame)
    assert frame["x"].to_numpy().__array_interface__["data"][0] == joined
    if COW:
        assert address(to_pandas(frame)["x"]) == joined


def test_copy_is_a_truth_value_or_none():
    df = pd.DataFrame({"o": pd.Series(["a", None], dtype=object)})
    with pytest.raises(NotImplementedError, match="cannot share"):
        PandasInterop.from_pandas(df, copy=np.False_)
    for wrong in ("yes", 0, 1, []):
        with pytest.raises(TypeError, match="copy: expected None, True or False"):
            PandasInterop.from_pandas(df, copy=wrong)
        with pytest.raises(TypeError, match="copy: expected None, True or False"):
            PandasInterop.to_pandas(PandasInterop.from_pandas(df), copy=wrong)


def test_rows_keep_the_numbers_of_pandas_where_a_range_can_tell_them():
    def frame():
        df = pd.DataFrame({"x": range(6), "o": pd.Series([None, np.nan, "a", pd.NA, "b", None], dtype=object)})
        df.index = pd.RangeIndex(100, 112, 2)
        return PandasInterop.from_pandas(df)

    def labels(frame):
        return list(PandasInterop.to_pandas(frame).index)

    begun, ended, middle, grown = frame(), frame(), frame(), frame()
    begun.remove_rows(0, 2)
    assert labels(begun) == [104, 106, 108, 110] and begun[1:3].to_pandas().index[0] == 106
    assert PandasInterop.to_pandas(begun)["o"][106] is pd.NA
    ended.remove_rows(4, 2)
    assert labels(ended) == [100, 102, 104, 106]
    middle.remove_rows(1, 1)
    assert labels(middle) == [0, 1, 2, 3, 4]
    middle.add_rows(5, 1)
    assert labels(middle) == [0, 1, 2, 3, 4, 5], "the numbers of rows that went do not come back on others"
    grown.add_rows(0, 1)
    assert labels(grown) == list(range(7))
    grown.remove_rows(0, 0)
    assert labels(grown) == list(range(7))
