"""Labels of several levels, categories, flags and words that others left: all of it comes back as it was."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pytest

import iolink
from iolink import DataFrameViewFactory
from iolink.pandas_interop import PandasInterop

pd = pytest.importorskip("pandas")
from pandas.testing import assert_frame_equal, assert_index_equal  # noqa: E402

to_pandas, from_pandas = PandasInterop.to_pandas, PandasInterop.from_pandas
NEW = int(pd.__version__.split(".")[0]) >= 3
COW = NEW or pd.get_option("mode.copy_on_write") is True


def ways(df):
    """The frame of a DataFrame in all the ways by which it goes back: as held, built again, through Arrow, copied."""
    again = from_pandas(df)
    again._hold(None)
    return {
        "held": from_pandas(df),
        "built": again,
        "arrow": DataFrameViewFactory.from_arrow(from_pandas(df)),
        "copied": from_pandas(df, copy=True),
    }


INDEXES = {
    "an int with a missing one": lambda: pd.MultiIndex(levels=[[2**53 + 1], ["a"]], codes=[[0, -1], [0, 0]]),
    "a bool with a missing one": lambda: pd.MultiIndex.from_arrays([pd.array([True, None], "boolean"), [1, 2]]),
    "bools": lambda: pd.MultiIndex(levels=[[True, False], [1, 2]], codes=[[-1, 1], [1, 0]]),
    "unsorted": lambda: pd.MultiIndex(levels=[["k", "j"], [3, 1]], codes=[[0, 1], [0, 1]], names=["x", None]),
    "not used": lambda: pd.MultiIndex(levels=[["k", "j", "z"], [3, 1, 2]], codes=[[1, 1], [0, 1]]),
    "steps": lambda: pd.MultiIndex.from_product([pd.date_range("2020", periods=2, freq="D"), ["a"]]),
    "intervals": lambda: pd.MultiIndex(levels=[pd.IntervalIndex.from_breaks([1, 2, 3]), [1]], codes=[[-1, 1], [0, 0]]),
    "zones": lambda: pd.MultiIndex.from_arrays([pd.date_range("2020", periods=2, tz="Asia/Tokyo"), [1, 2]]),
    "periods": lambda: pd.MultiIndex.from_arrays([pd.period_range("2020", periods=2, freq="M"), [1, 2]]),
    "categories": lambda: pd.MultiIndex.from_arrays([pd.Categorical(["b", None], ["z", "b"], ordered=True), [1, 2]]),
    "objects": lambda: pd.MultiIndex.from_arrays(
        [pd.Index([datetime.date(2020, 1, 1), None], dtype=object), ["a", "b"]]
    ),
    "names that are columns": lambda: pd.MultiIndex.from_arrays([[1, 2], [3, 4]], names=["x", "x"]),
}


def same(one, other):
    assert_frame_equal(one, other, check_exact=True, check_freq=True)
    if isinstance(other.index, pd.MultiIndex):
        for mine, level in zip(one.index.levels, other.index.levels, strict=True):
            assert_index_equal(mine, level, exact=True)
            assert getattr(mine, "freq", None) == getattr(level, "freq", None)
        assert [list(codes) for codes in one.index.codes] == [list(codes) for codes in other.index.codes]


@pytest.mark.parametrize("kind", INDEXES)
def test_levels_come_back_with_their_order_and_what_no_row_uses(kind):
    df = pd.DataFrame({"x": [5, 6], "n": [1.5, 2.5]}, index=INDEXES[kind]())
    before = df.copy(deep=True)
    for way, frame in ways(df).items():
        same(to_pandas(frame), df)
        same(to_pandas(frame[1:]), df.iloc[1:])
        same(to_pandas(frame[:0]), df.iloc[:0])
        frame.set_at("n", 0, 9.5)
        changed = before.copy(deep=True)
        changed.iloc[0, 1] = 9.5
        for _ in range(2):
            same(to_pandas(frame), changed)
            same(to_pandas(frame, copy=True), changed)
        assert way and frame.at("n", 1) == 2.5
    same(df, before)


@pytest.mark.parametrize("kind", INDEXES)
def test_levels_of_columns_come_back(kind):
    columns = INDEXES[kind]()
    df = pd.DataFrame([[1, 2.5]], columns=columns)
    for frame in ways(df).values():
        made = to_pandas(frame).columns
        assert_index_equal(made, columns, exact=True)
        for mine, level in zip(made.levels, columns.levels, strict=True):
            assert_index_equal(mine, level, exact=True)


def test_rows_that_a_group_left_without_any_come_back():
    df = pd.DataFrame({"d": [datetime.date(2020, 1, 1)], "k": ["a"], "x": [1]}).groupby(["d", "k"]).sum()
    empty = df[df.x > 5]
    for frame in ways(empty).values():
        same(to_pandas(frame), empty)


def test_levels_are_shared_on_the_way_in_and_given_back_as_they_were():
    if not COW:
        pytest.skip("this pandas writes in place")
    index = pd.MultiIndex.from_arrays([np.arange(3.0), [7, 7, 8]], names=["k", "l"])
    df = pd.DataFrame({"x": np.arange(3.0)}, index=index)
    frame = from_pandas(df, copy=False)
    pa = pytest.importorskip("pyarrow")
    column = pa.array(frame["l"])
    assert column.indices.buffers()[1].address == df.index.codes[1].__array_interface__["data"][0]
    frame.set_at("x", 0, 5.0)
    words, out = PandasInterop.explain(frame), to_pandas(frame)
    for name, number in (("k", 0), ("l", 1)):
        assert f"'{name}': shared" in words
        one, other = out.index.codes[number], df.index.codes[number]
        assert one.__array_interface__["data"][0] == other.__array_interface__["data"][0]
    categories = pd.MultiIndex.from_arrays([pd.Categorical(["a", "b", "a"]), [1, 2, 3]], names=["c", "l"])
    assert "'c': copied" in PandasInterop.explain(pd.DataFrame({"x": [1, 2, 3]}, index=categories))


def test_levels_are_values_to_others(tmp_path):
    index = pd.MultiIndex(levels=[[30, 10], ["b", "a"]], codes=[[0, 1, -1], [0, 1, 1]], names=["n", "t"])
    df = pd.DataFrame({"x": [1, 2, 3]}, index=index)
    frame = from_pandas(df)
    assert frame["n"].to_list() == [30, 10, None] and frame["t"].to_list() == ["b", "a", "a"]
    for ending in ("parquet", "arrow"):
        path = tmp_path / f"table.{ending}"
        DataFrameViewFactory.write(frame, path)
        assert_frame_equal(to_pandas(DataFrameViewFactory.open(path)), df, check_exact=True)
    DataFrameViewFactory.write(frame, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().splitlines() == ["x,n,t", "1,30,b", "2,10,a", "3,,a"]


CATEGORIES = {
    "texts as objects": lambda: pd.Index(["x", "y"], dtype=object),
    "times as objects": lambda: pd.Index([datetime.datetime(2020, 1, 1), datetime.datetime(2021, 1, 1)], dtype=object),
    "stamps as objects": lambda: pd.Index([pd.Timestamp("2020"), pd.Timestamp("2021")], dtype=object),
    "spans as objects": lambda: pd.Index([datetime.timedelta(1), datetime.timedelta(2)], dtype=object),
    "named": lambda: pd.Index(["x", "y"], name=("a", 1)),
    "steps": lambda: pd.date_range("2020", periods=2, freq="D"),
    "range": lambda: pd.RangeIndex(5, 9, 2),
}


@pytest.mark.parametrize("kind", CATEGORIES)
def test_categories_are_the_index_that_they_were(kind):
    inner = CATEGORIES[kind]()
    values = pd.Categorical.from_codes([1, -1, 0], categories=inner)
    df = pd.DataFrame({"a": values}, index=pd.CategoricalIndex(values, name="i"))
    for frame in ways(df).values():
        out = to_pandas(frame)
        assert_frame_equal(out, df, check_exact=True, check_freq=True)
        for made in (out["a"].cat.categories, out.index.categories):
            assert_index_equal(made, inner, exact=True)
            assert getattr(made, "freq", None) == getattr(inner, "freq", None)


def test_a_promise_of_labels_each_another_comes_back():
    df = pd.DataFrame({"a": [1, 2]}).set_flags(allows_duplicate_labels=False)
    for frame in ways(df).values():
        for cut in (frame, frame[0:1]):
            assert to_pandas(cut).flags.allows_duplicate_labels is False
    assert to_pandas(from_pandas(pd.DataFrame({"a": [1]}))).flags.allows_duplicate_labels is True


def test_a_level_takes_no_name_that_a_column_has():
    df = pd.DataFrame({"__index_level_0__": [1, 2]}, index=pd.Index(["a", "b"]))
    for frame in ways(df).values():
        assert frame.columns == ["__index_level_0__", "__index_level_0___"]
        assert_frame_equal(to_pandas(frame), df)


def test_zones_of_dateutil_that_are_an_offset_come_back():
    import dateutil.tz

    for zone in (dateutil.tz.UTC, dateutil.tz.tzoffset("X", -12600)):
        df = pd.DataFrame({"t": pd.DatetimeIndex(["2020", None]).tz_localize("UTC").tz_convert(zone)})
        for frame in ways(df).values():
            assert_frame_equal(to_pandas(frame), df)
            assert type(to_pandas(frame)["t"].dtype.tz) is type(zone)


def test_what_others_made_of_the_values_is_not_read_by_words_about_the_old_ones():
    pa = pytest.importorskip("pyarrow")
    times = from_pandas(pd.DataFrame({"d": pd.Series([datetime.datetime(2020, 1, 1)], dtype=object)}))
    periods = from_pandas(pd.DataFrame({"d": pd.period_range("2020", periods=1, freq="D")}))

    def with_type(frame, column):
        field = frame.schema.field(0) if hasattr(frame.schema, "field") else None
        return DataFrameViewFactory.from_arrow(pa.table([column], schema=pa.schema([field.with_type(column.type)])))

    zoned = to_pandas(with_type(times, pa.array([123], pa.timestamp("ns", "Europe/Berlin"))))
    assert str(zoned["d"].dtype) == "datetime64[ns, Europe/Berlin]" and zoned["d"][0].nanosecond == 123
    assert to_pandas(with_type(times, pa.array([123], pa.timestamp("ns"))))["d"][0] == pd.Timestamp(123)
    assert to_pandas(with_type(periods, pa.array([1.5])))["d"].tolist() == [1.5]
    stamps = to_pandas(with_type(periods, pa.array([1500], pa.timestamp("ms"))))
    assert stamps["d"][0] == pd.Timestamp(1500, unit="ms")


def test_attributes_of_numpy_and_ones_that_contain_themselves():
    df = pd.DataFrame({"x": [1, 2]})
    df.attrs = {"f": np.float32(1.5), "i": np.int8(3), "b": np.bool_(True)}
    for frame in ways(df).values():
        assert {key: type(value) for key, value in to_pandas(frame[1:]).attrs.items()} == {
            "f": np.float32,
            "i": np.int8,
            "b": np.bool_,
        }
    ring = []
    ring.append(ring)
    df.attrs = {"ring": ring}
    assert to_pandas(from_pandas(df)).attrs["ring"][0][0]


def test_columns_of_other_peoples_dtypes_are_refused_and_not_taken_for_pandas_own():
    from pandas.core.arrays.integer import IntegerArray

    class Metres(pd.Int64Dtype):
        name = "metres"

        @classmethod
        def construct_array_type(cls):
            return Lengths

    class Lengths(IntegerArray):
        @property
        def dtype(self):
            return Metres()

    df = pd.DataFrame({"x": Lengths(np.array([1, 2]), np.array([False, False]))})
    with pytest.raises(iolink.DataTypeError, match="column 'x': values of dtype metres"):
        from_pandas(df)


def test_objects_come_back_equal_and_of_pythons_own_classes():
    values = {
        "t": [np.str_("a"), "b"],
        "d": [decimal.Decimal("2"), decimal.Decimal("1.50")],
        "b": [np.bytes_(b"a"), b"b"],
    }
    df = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in values.items()})
    out = to_pandas(DataFrameViewFactory.from_arrow(from_pandas(df)))
    assert_frame_equal(out, df)
    assert [type(out[name][0]) for name in values] == [str, decimal.Decimal, bytes]


def test_numbers_of_a_dictionary_are_an_array_like_others():
    index = pd.MultiIndex(levels=[[30, 10], [True, False]], codes=[[0, 1, -1], [0, 1, 1]], names=["n", "b"])
    times = pd.Categorical(pd.to_datetime(["2021", None, "2020"]))
    frame = from_pandas(pd.DataFrame({"c": pd.Categorical([2.5, 1.5, 2.5]), "t": times}, index=index))
    assert frame.read("c").tolist() == [2.5, 1.5, 2.5] and frame.read("c").dtype == "f8"
    assert frame["n"].to_numpy().tolist() == [30, 10, None] and frame["n"].to_numpy().dtype == "i8"
    assert np.asarray(frame["b"]).tolist() == [True, False, False]
    assert frame["t"].to_numpy().astype(str).tolist()[1] == "NaT" and frame["t"].to_numpy().dtype.kind == "M"
    frame.write("c", 0, frame.read("c")[::-1])
    assert frame["c"].to_list() == [2.5, 1.5, 2.5]
