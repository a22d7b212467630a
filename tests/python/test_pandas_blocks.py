"""The way from pandas that reads blocks is the one that reads columns, only shorter."""

from __future__ import annotations

import gc
import types
import weakref

import numpy as np
import pytest

import iolink
from iolink.pandas_interop import PandasInterop

try:
    import pyarrow as pa
except ImportError:
    pa = None

pd = pytest.importorskip("pandas")
from pandas.testing import assert_frame_equal  # noqa: E402

from iolink import _pandas_in  # noqa: E402

OLD = int(pd.__version__.split(".")[0]) < 3


@pytest.fixture(autouse=True)
def copies_on_write():
    """Pandas before 3 only shares when it is told to."""
    if not OLD:
        yield
        return
    with pd.option_context("mode.copy_on_write", True):
        yield


def by_blocks(df):
    return _pandas_in._BLOCKS.frame_of(df)


def numbers(rows=6):
    return pd.DataFrame(
        {name: np.arange(rows) * scale for name, scale in [("a", 1), ("b", 2), ("c", 0.5), ("d", 0.25)]}
    )


def mixed():
    return pd.DataFrame(
        {
            "n": [1, 2, 3],
            "x": [0.5, np.nan, 1.5],
            "t": pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
            "zoned": pd.to_datetime(["2020-01-01", None, "2021-01-01"]).tz_localize("Europe/Berlin"),
            "spans": pd.to_timedelta([1, 2, None], unit="s"),
            "flag": [True, False, True],
            "word": ["a", None, "c"],
            "kind": pd.Categorical(["u", "v", "u"]),
            "maybe": pd.array([1, None, 3], dtype="Int64"),
            "month": pd.period_range("2020-01", periods=3, freq="M"),
            "object": np.array(["p", "q", None], dtype=object),
            "swapped": np.array([1, 2, 3], dtype=">i4"),
        }
    )


SHAPES = {
    "numbers": numbers,
    "mixed": mixed,
    "columns in another order": lambda: mixed()[list(mixed().columns[::-1])],
    "a column that came later": lambda: numbers().assign(late=[6, 5, 4, 3, 2, 1]),
    "a column in the middle": lambda: (df := numbers(), df.insert(1, "mid", 7))[0],
    "a column that went": lambda: numbers().drop(columns="b"),
    "every second row": lambda: numbers().iloc[::2],
    "rows from within": lambda: numbers().iloc[2:5],
    "transposed": lambda: pd.DataFrame(np.arange(12).reshape(3, 4).T, columns=list("xyz")),
    "one column": lambda: pd.DataFrame({"c": [1, 2]}),
    "no row": lambda: numbers(0),
    "no column": lambda: pd.DataFrame({}, columns=pd.Index([], dtype="str")),
    "named labels": lambda: numbers().rename_axis(columns="what").rename_axis(index="row"),
    "labels of objects": lambda: numbers().set_axis(pd.Index(["p", "q", "r", "s"], dtype=object), axis=1),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_both_ways_make_the_same_frame(shape, monkeypatch):
    df = SHAPES[shape]()
    frame, copied = by_blocks(df)
    monkeypatch.setattr(_pandas_in, "_BLOCKS", types.SimpleNamespace(frame_of=lambda df: None))
    other, also_copied = _pandas_in.frame_of(df, None)
    assert frame._describe() == other._describe()
    assert copied == also_copied
    assert_frame_equal(PandasInterop.to_pandas(frame), df, check_exact=True)
    assert_frame_equal(PandasInterop.to_pandas(other), df, check_exact=True)
    read = iolink.DataFrameViewFactory.from_arrow(frame)
    assert_frame_equal(PandasInterop.to_pandas(read), df, check_exact=True)


def subclass(df):
    return type("Own", (pd.DataFrame,), {})(df)


def with_attrs(df):
    df.attrs["who"] = "Ada"
    return df


ELSEWHERE = {
    "another class": subclass,
    "attributes": with_attrs,
    "a flag": lambda df: df.set_flags(allows_duplicate_labels=False),
    "named rows": lambda df: df.set_axis(list("abcdef")),
    "numbered columns": lambda df: df.set_axis(range(4), axis=1),
    "labels that are not texts": lambda df: df.set_axis(["a", 1, None, 2.5], axis=1),
    "labels that are tuples": lambda df: df.set_axis(pd.MultiIndex.from_product([["x", "y"], [1, 2]]), axis=1),
    "labels that are there twice": lambda df: df.set_axis(["a", "a", "b", "c"], axis=1),
    "a name that is no text": lambda df: df.rename_axis(columns=3),
    "no DataFrame": lambda df: df["a"],
    "no pandas": lambda df: {"a": [1]},
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_what_has_more_to_keep_is_read_by_columns(what):
    assert by_blocks(ELSEWHERE[what](numbers())) is None


@pytest.mark.parametrize("part", ["_flags", "_attrs", "_mgr"])
def test_a_pandas_whose_parts_have_other_names_is_read_by_columns(part, monkeypatch):
    def gone(_):
        raise AttributeError(part)

    df = numbers()
    monkeypatch.setattr(pd.DataFrame, part, property(gone), raising=False)
    assert by_blocks(df) is None


def test_pandas_copies_before_it_writes_as_long_as_the_frame_is_there():
    df = numbers()
    frame, _ = by_blocks(df)
    address = df["a"].to_numpy().ctypes.data
    assert frame["a"].to_numpy().ctypes.data == address
    df.loc[0, "a"] = 100
    df.iloc[:, 2] *= 3
    df["b"] = 0
    assert frame["a"].to_list() == [0, 1, 2, 3, 4, 5] and frame["c"].to_list() == [0, 0.5, 1, 1.5, 2, 2.5]
    assert frame["b"].to_list() == [0, 2, 4, 6, 8, 10]
    assert_frame_equal(PandasInterop.to_pandas(frame), numbers())


def test_pandas_writes_in_place_again_when_the_frame_is_gone():
    df = pd.DataFrame({"a": np.arange(4)})
    frame, _ = by_blocks(df)
    block = df._mgr.blocks[0]
    assert block.refs.has_reference()
    del frame
    gc.collect()
    assert not block.refs.has_reference()


def test_names_set_afterwards_are_not_the_frames():
    df = numbers()
    frame, _ = by_blocks(df)
    df.columns.name, df.index.name = "later", "rows"
    again = PandasInterop.to_pandas(frame)
    assert again.columns.name is None and again.index.name is None
    again.columns.name = "mine"
    assert PandasInterop.to_pandas(frame).columns.name is None


def test_what_comes_back_twice_is_apart():
    frame = PandasInterop.from_pandas(numbers())
    one, other = PandasInterop.to_pandas(frame), PandasInterop.to_pandas(frame)
    assert np.shares_memory(one["a"].to_numpy(), other["a"].to_numpy())
    one.loc[0, "a"] = 7
    assert other.loc[0, "a"] == 0 and frame.at("a", 0) == 0


def test_labels_of_frames_that_came_and_went_are_not_mixed_up():
    kept = [numbers().rename(columns={"a": f"kept {number}"}) for number in range(20)]
    for number in range(60):
        frame, _ = by_blocks(pd.DataFrame({f"c{number}": [number]}))
        assert frame.columns == [f"c{number}"]
        frame, _ = by_blocks(kept[number % 20])
        assert frame.columns == [f"kept {number % 20}", "b", "c", "d"]


@pytest.mark.skipif(not OLD, reason="this pandas lets nobody write to the labels")
def test_labels_that_were_written_are_seen():
    df = numbers()
    by_blocks(df)
    df.columns.array[0] = "written"
    assert by_blocks(df)[0].columns == ["written", "b", "c", "d"]


def test_the_labels_of_a_frame_are_not_kept_alive():
    df = numbers()
    frame, _ = by_blocks(df)
    labels = weakref.ref(df.columns)
    del df, frame
    gc.collect()
    assert labels() is None


def test_more_dtypes_than_are_kept_are_told_apart():
    numeric = [f"{kind}{size}" for kind, sizes in [("i", "1248"), ("u", "1248"), ("f", "48")] for size in sizes]
    times = [f"{kind}8[{unit}]" for kind in "Mm" for unit in ["s", "ms", "us", "ns"]]
    for _ in range(2):
        for dtype in [*numeric, "?", *times]:
            df = pd.DataFrame({"x": np.array([1, 0, 1]).astype(dtype)})
            assert_frame_equal(PandasInterop.to_pandas(by_blocks(df)[0]), df, check_exact=True)
        for storage in ["python", "pyarrow"] if pa is not None else ["python"]:
            df = pd.DataFrame({"x": pd.array(["a", None, "c"], dtype=pd.StringDtype(storage))})
            assert_frame_equal(PandasInterop.to_pandas(by_blocks(df)[0]), df, check_exact=True)
