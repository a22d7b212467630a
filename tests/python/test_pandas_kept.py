"""What frames and pandas keep of each other's memory: nobody's write reaches the other, and a copy is one."""

from __future__ import annotations

import datetime
import gc

import numpy as np
import pytest

from iolink import DataFrameViewFactory
from iolink.pandas_interop import PandasInterop

try:
    import pyarrow as pa
except ImportError:
    pa = None

pd = pytest.importorskip("pandas")

to_pandas, from_pandas = PandasInterop.to_pandas, PandasInterop.from_pandas
NEW = int(pd.__version__.split(".")[0]) >= 3
COW = NEW or pd.get_option("mode.copy_on_write") is True
shares = pytest.mark.skipif(not COW, reason="this pandas writes in place")
has_arrow = pytest.mark.skipif(pa is None, reason="pyarrow is not installed")


def address(array):
    return array.__array_interface__["data"][0]


# Values of Python that this library lays out itself, and one that is written over the first of them.
LISTS = {
    "integers": ([1, 2, 3], 9),
    "large integers": ([2**63, 2, 3], 9),
    "floats": ([1.5, 2.5, 3.5], 9.5),
    "booleans": ([True, True, False], False),
    "times": ([datetime.datetime(2020, 1, day) for day in (1, 2, 3)], datetime.datetime(2021, 1, 1)),
    "spans": ([datetime.timedelta(day) for day in (1, 2, 3)], datetime.timedelta(9)),
}


@shares
@pytest.mark.parametrize("name", LISTS)
def test_a_frame_of_lists_is_shared_with_pandas_and_no_write_is_seen_on_the_other_side(name):
    values, other = LISTS[name]
    frame = DataFrameViewFactory.from_columns({"x": values, "y": tuple(values)})
    assert PandasInterop.explain(frame).splitlines()[1:] == ["  'x': shared", "  'y': shared"]
    array = frame["x"].to_numpy()
    cut = frame[1:]
    outs = [to_pandas(frame, copy=False), to_pandas(frame, copy=False), to_pandas(cut, copy=False)]
    # Booleans are bytes to pandas and bits to Arrow.
    lent = address(outs[0]["x"].array._ndarray)
    assert lent == address(outs[1]["x"].array._ndarray)
    assert lent + outs[0]["x"].dtype.itemsize == address(outs[2]["x"].array._ndarray)
    assert name == "booleans" or lent == address(array)
    outs[0].loc[0, "x"] = other
    outs[2].loc[0, "x"] = other
    assert outs[0]["x"].tolist() == [other, *values[1:]]
    assert outs[2]["x"].tolist() == [other, *values[2:]]
    assert outs[1]["x"].tolist() == outs[1]["y"].tolist() == values
    assert to_pandas(frame)["x"].tolist() == values
    assert array.astype(array.dtype if name != "spans" else "m8[us]").tolist() == values
    frame.set_at("x", 2, other)
    frame.set_at("y", 0, other)
    assert outs[1]["x"].tolist() == outs[1]["y"].tolist() == values
    assert to_pandas(cut)["x"].tolist() == values[1:]
    assert to_pandas(frame)["x"].tolist() == [*values[:2], other]


@shares
@has_arrow
def test_what_arrow_was_given_of_a_list_is_not_what_pandas_writes_to():
    frame = DataFrameViewFactory.from_columns({"x": [1, 2, 3], "b": [True, True, True]})
    before = pa.table(frame)
    out = to_pandas(frame, copy=False)
    after = pa.table(frame)
    assert before["x"].chunk(0).buffers()[1].address == address(out["x"].array._ndarray)
    del frame
    gc.collect()
    out.loc[0, "x"], out.loc[0, "b"] = 9, False
    for table in (before, after):
        assert table.to_pydict() == {"x": [1, 2, 3], "b": [True, True, True]}


@shares
def test_pandas_writes_in_place_to_a_list_that_is_its_alone():
    frame = DataFrameViewFactory.from_columns({"x": [1, 2, 3]})
    out = to_pandas(frame, copy=False)
    lent = address(out["x"].array._ndarray)
    del frame
    gc.collect()
    out.loc[0, "x"] = 9
    assert address(out["x"].array._ndarray) == lent
    assert out["x"].tolist() == [9, 2, 3]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_with_missing_values_and_one_that_is_written_stay_what_they_are(name):
    values, other = LISTS[name]
    frame = DataFrameViewFactory.from_columns({"x": [None, *values[1:]]})
    out = to_pandas(frame)
    assert out["x"].isna().tolist() == [True, False, False]
    frame.set_at("x", 0, other)
    assert to_pandas(frame)["x"].tolist() == [other, *values[1:]]
    assert out["x"].isna().tolist() == [True, False, False]


@shares
def test_whoever_shares_the_bytes_of_a_frame_is_spared_the_write_of_one_of_them():
    frame = DataFrameViewFactory.allocate([1, 3], ["x"], ["int64"])
    cut = frame[1:]
    of_cut, of_frame = to_pandas(cut), to_pandas(frame)
    of_cut.iloc[0, 0] = 5
    assert of_cut["x"].tolist() == [5, 0]
    assert cut["x"].to_list() == [0, 0]
    assert frame["x"].to_list() == of_frame["x"].tolist() == [0, 0, 0]


@shares
@pytest.mark.parametrize("make", ["allocate", "lists"])
def test_an_array_of_a_column_is_spared_the_write_of_pandas_after_the_frame_is_gone(make):
    if make == "lists":
        frame = DataFrameViewFactory.from_columns({"x": [0, 0, 0]})
    else:
        frame = DataFrameViewFactory.allocate([1, 3], ["x"], ["int64"])
    array = frame["x"].to_numpy()
    out = to_pandas(frame)
    del frame
    gc.collect()
    out.iloc[0, 0] = 5
    assert out["x"].tolist() == [5, 0, 0]
    assert array.tolist() == [0, 0, 0]


def memory(values):
    """Where the memory of a column or index begins, part by part."""
    array = values.array
    if hasattr(array, "_pa_array"):
        return [buffer.address for chunk in array._pa_array.chunks for buffer in chunk.buffers() if buffer]
    parts = {"_mask": ("_data", "_mask"), "_codes": ("_codes",)}
    names = next((names for mark, names in parts.items() if hasattr(array, mark)), ("_ndarray",))
    return [address(getattr(array, name)) for name in names]


COPIED = {
    "integers": lambda: np.array([1, 2, 3]),
    "floats": lambda: np.array([1.5, np.nan, 3]),
    "booleans": lambda: np.array([True, False, True]),
    "times": lambda: np.array(["2020-01-01", "NaT", "2020-01-03"], "M8[ns]"),
    "spans": lambda: np.array([1, "NaT", 3], "m8[us]"),
    "zoned": lambda: pd.date_range("2020", periods=3, tz="Europe/Berlin"),
    "periods": lambda: pd.period_range("2020-01", periods=3, freq="M"),
    "Int64": lambda: pd.array([1, None, 3], "Int64"),
    "Float32": lambda: pd.array([1.5, None, 2.5], "Float32"),
    "boolean": lambda: pd.array([True, None, False], "boolean"),
    "categories": lambda: pd.Categorical(["u", "v", None]),
    "objects": lambda: np.array(["a", None, "c"], object),
    "Arrow texts": lambda: pd.array(["a", None, "c"], "string[pyarrow]"),
    "Arrow numbers": lambda: pd.array([1, None, 3], pd.ArrowDtype(pa.int64())),
}


def with_labels(kind):
    if pa is None and kind.startswith("Arrow"):
        pytest.skip("pyarrow is not installed")
    return pd.DataFrame({"x": COPIED[kind](), "n": [1, 2, 3]}, index=pd.Index(COPIED[kind](), name="k"))


def writable(values):
    """Where memory begins that pandas writes to; it never does to Arrow's, which copies of pandas' own share."""
    return set() if hasattr(values.array, "_pa_array") else set(memory(values))


@pytest.mark.parametrize("kind", COPIED)
def test_a_copy_to_pandas_shares_no_memory_that_is_written(kind):
    df = with_labels(kind)
    frame = from_pandas(df)
    for made in (frame, DataFrameViewFactory.copy_in_memory(frame), frame[1:]):
        shared = [to_pandas(made) for _ in range(2)]
        copied = to_pandas(made, copy=True)
        for other in (df, *shared):
            assert not writable(copied["x"]) & writable(other["x"])
            assert not writable(copied["n"]) & writable(other["n"])
        pd.testing.assert_frame_equal(copied, df.iloc[3 - len(made) :], check_freq=False)


@pytest.mark.parametrize("kind", COPIED)
def test_a_copy_from_pandas_shares_no_memory_that_is_written(kind):
    df = with_labels(kind)
    frame = from_pandas(df, copy=True)
    before = writable(df["x"]) | writable(df["n"]) | writable(df.index)
    for out in (to_pandas(frame), to_pandas(frame)):
        assert not (writable(out["x"]) | writable(out["n"]) | writable(out.index)) & before
        pd.testing.assert_frame_equal(out, df, check_freq=False)
    assert not {address(np.ma.getdata(frame[name].to_numpy())) for name in ("x", "n", "k")} & before
    if pa is not None:
        for name in ("x", "n", "k"):
            column = pa.array(frame[name])
            column = column.indices if pa.types.is_dictionary(column.type) else column
            assert not {buffer.address for buffer in column.buffers() if buffer} & before


MISSING = {
    "times": (lambda: np.array(["2020-01-01", "NaT"], "M8[ns]"), datetime.datetime(2020, 1, 1)),
    "times in seconds": (lambda: np.array(["2020-01-01", "NaT"], "M8[s]"), datetime.datetime(2020, 1, 1)),
    "spans": (lambda: np.array([5_000_000, "NaT"], "m8[us]"), datetime.timedelta(seconds=5)),
    "zoned": (
        lambda: pd.DatetimeIndex(["2020-01-01", None], tz="UTC"),
        datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    ),
    # A number, whose meaning the metadata tell.
    "periods": (lambda: pd.PeriodIndex(["1970-06", None], freq="M"), 5),
}


@pytest.mark.parametrize("kind", MISSING)
def test_a_missing_time_of_pandas_is_missing_to_arrow(kind):
    make, value = MISSING[kind]
    df = pd.DataFrame({"x": make(), "n": [1, 2]})
    frame = from_pandas(df)
    assert frame["x"].null_count == 1
    assert frame.at("x", 1) is None
    if pa is not None:
        column = pa.table(frame)["x"]
        assert column.null_count == 1
        assert column.to_pylist()[1] is None
        assert (
            np.datetime64(column[0].as_py()) == np.datetime64(value) if "times" in kind else column[0].as_py() == value
        )
        again = pa.table(DataFrameViewFactory.from_arrow(pa.table(frame)))["x"]
        assert again.null_count == 1
    try:
        import duckdb
        import polars as pl
    except ImportError:
        return
    theirs = pl.DataFrame(frame)["x"]
    assert theirs.null_count() == 1
    assert theirs.to_list()[1] is None
    assert duckdb.sql("select count(x), count(*) from frame").fetchall() == [(1, 2)]
    assert duckdb.sql("select x from frame where n = 2").fetchall() == [(None,)]


def test_a_period_that_is_made_missing_is_so_to_pandas():
    periods = pd.PeriodIndex(["2020-01", "2020-02"], freq="M")
    frame = from_pandas(pd.DataFrame({"p": periods}))
    frame.set_at("p", 0, None)
    out = to_pandas(frame)
    assert out["p"].dtype == periods.dtype
    assert out["p"].isna().tolist() == [True, False]
    assert out["p"].iloc[0] is pd.NaT
    assert out["p"].iloc[1] == periods[1]


@has_arrow
def test_zoned_times_in_seconds_come_back_in_seconds_from_parquet(tmp_path):
    times = pd.DatetimeIndex(np.array(["2020-01-01", "NaT", "1600-01-01"], "M8[s]"), tz="UTC")
    df = pd.DataFrame({"t": times})
    assert str(df["t"].dtype) == "datetime64[s, UTC]"
    DataFrameViewFactory.write(from_pandas(df), tmp_path / "t.parquet")
    back = to_pandas(DataFrameViewFactory.open(tmp_path / "t.parquet"))
    assert str(back["t"].dtype) == "datetime64[s, UTC]"
    pd.testing.assert_frame_equal(back, df)


def everything():
    """Every kind of column that databases have, with missing values, and the same as Python has them."""
    stamp, day = datetime.datetime(2020, 1, 2, 3, 4, 5, 678901), datetime.date(1999, 12, 31)
    cells = {
        "i1": [1, -2, 3, 4],
        "u8": [2**64 - 1, 0, 2, 3],
        "missing": [1, None, 3, None],
        "f4": [1.5, -0.25, float("inf"), 0.0],
        "f8": [0.1, None, -1e300, 0.0],
        "flag": [True, False, None, True],
        "text": ["a", None, "", "\u00e9\U0001f600 a long text that no view holds inline"],
        "bytes": [b"a", b"", None, b"\0\xff"],
        "category": ["u", "v", None, "u"],
        "stamp": [stamp, None, datetime.datetime(1960, 1, 1), stamp],
        "day": [day, None, day, datetime.date(2020, 2, 29)],
        "span": [datetime.timedelta(1, 5), None, datetime.timedelta(0), datetime.timedelta(-1)],
    }
    columns = {
        **cells,
        "i1": np.array(cells["i1"], "i1"),
        "u8": np.array(cells["u8"], "u8"),
        "f4": np.array(cells["f4"], "f4"),
        "flag": np.ma.array([True, False, True, True], mask=[False, False, True, False]),
        "stamp": np.array([x or "NaT" for x in cells["stamp"]], "M8[us]"),
    }
    if pa is not None:
        columns["category"] = pa.array(cells["category"]).dictionary_encode()
    return DataFrameViewFactory.from_columns(columns), cells


CUTS = [slice(None), slice(1, 3), slice(3, None), slice(2, 2)]


@pytest.mark.parametrize("rows", CUTS, ids=str)
def test_duckdb_has_each_cell(rows):
    duckdb = pytest.importorskip("duckdb")
    frame, cells = everything()
    cut = frame[rows]
    result = duckdb.sql("select * from cut")
    names = list(result.columns)
    assert names == list(cells)
    expected = [list(row) for row in zip(*(cells[name][rows] for name in names), strict=True)]
    assert [list(row) for row in result.fetchall()] == expected
    count = len(expected)
    assert duckdb.sql("select count(*) from cut where text is not null").fetchall() == [
        (sum(value is not None for value in cells["text"][rows]),)
    ]
    pair = cut[["stamp", "category"]]  # noqa: F841  (duckdb finds the table by this name)
    assert duckdb.sql("select count(*) from pair").fetchall() == [(count,)]
    assert duckdb.sql("select category from pair").fetchall() == [(value,) for value in cells["category"][rows]]


@has_arrow
@pytest.mark.parametrize("rows", CUTS, ids=str)
def test_pandas_own_import_from_arrow_has_each_cell(rows):
    if not hasattr(pd.DataFrame, "from_arrow"):
        pytest.skip("this pandas has no from_arrow")
    frame, cells = everything()
    out = pd.DataFrame.from_arrow(frame[rows])
    assert list(out.columns) == list(cells)
    for name, values in cells.items():
        given = out[name]
        assert given.isna().tolist() == [value is None for value in values[rows]], name
        there = [value for value in values[rows] if value is not None]
        assert given.dropna().tolist() == there, name


READ_ONLY = {
    "int64": np.array([1, 2, 3]),
    "float32": np.array([1.5, 2.5, 3.5], "f4"),
    "bool": np.array([True, False, True]),
    "times": np.array([1, 2, 3], "M8[ns]"),
}


def locked(kind, source, tmp_path):
    """The values in memory that nobody may write to."""
    values = READ_ONLY[kind]
    if source == "memmap":
        values.tofile(tmp_path / "values")
        return np.memmap(tmp_path / "values", values.dtype, "r")
    if source == "bytes":
        return np.frombuffer(values.tobytes(), values.dtype)
    values = values.copy()
    values.flags.writeable = False
    return values


@pytest.mark.parametrize("way", ["from_columns", "from_pandas"])
@pytest.mark.parametrize("source", ["memmap", "bytes", "array"])
@pytest.mark.parametrize("kind", READ_ONLY)
def test_memory_that_is_only_read_is_never_written(kind, source, way, tmp_path):
    array, expected = locked(kind, source, tmp_path), READ_ONLY[kind].tolist()
    if way == "from_columns":
        frame = DataFrameViewFactory.from_columns({"x": array, "n": [1, 2, 3]})
    else:
        df = pd.DataFrame({"x": pd.Series(array, copy=False)}, copy=False)
        frame = from_pandas(df)
        if COW:
            assert address(frame["x"].to_numpy()) == address(array) or kind == "bool"
    cut, column = frame[1:], frame["x"].to_numpy()
    out, of_cut = to_pandas(frame), to_pandas(cut)
    # On pandas' side, on the frame's, and on that of what was cut from it; each of them has its own afterwards.
    for made in (out, of_cut):
        made.loc[made.index[0], "x"] = made["x"].iloc[1]
    assert out["x"].to_numpy().tolist() == [expected[1], *expected[1:]]
    assert of_cut["x"].to_numpy().tolist() == [expected[2]] * 2
    frame.write("x", 0, READ_ONLY[kind][::-1].copy())
    cut.set_at("x", 0, frame.at("x", 0))
    assert frame["x"].to_numpy().tolist() == expected[::-1]
    assert cut["x"].to_numpy().tolist() == [expected[2], expected[2]]
    assert array.tolist() == column.tolist() == expected
    if way == "from_pandas":
        assert df["x"].to_numpy().tolist() == expected
        if COW:
            df.loc[0, "x"] = df["x"].iloc[1]
            assert df["x"].to_numpy().tolist() == [expected[1], *expected[1:]]
            assert array.tolist() == column.tolist() == expected
    if source == "memmap":
        assert np.fromfile(tmp_path / "values", array.dtype).tolist() == expected
