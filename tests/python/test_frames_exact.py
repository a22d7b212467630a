"""What a frame says of its values is what they are, however they are asked for."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

import iolink
from iolink import DataFrameViewFactory
from iolink.pandas_interop import PandasInterop

pa = pytest.importorskip("pyarrow")


def counting(rows=6, text=False):
    columns = {"n": np.arange(rows), "t": [str(row) for row in range(rows)]}
    return DataFrameViewFactory.from_columns(columns if text else {"n": columns["n"]})


@pytest.mark.parametrize("text", [False, True])
def test_a_cut_of_a_cut_that_pandas_has_seen_shows_its_own_rows(text):
    cut = counting(text=text)[1:5]
    for _ in range(2):
        assert PandasInterop.to_pandas(cut)["n"].tolist() == [1, 2, 3, 4]
        assert PandasInterop.to_pandas(cut[:2])["n"].tolist() == [1, 2]
        assert PandasInterop.to_pandas(cut[1:])["n"].tolist() == [2, 3, 4]


def test_a_cut_of_what_pandas_gave_shows_its_own_rows_after_a_write():
    frame = PandasInterop.from_pandas(PandasInterop.to_pandas(counting()))
    frame.set_at("n", 0, 9)
    cut = frame[1:5]
    assert PandasInterop.to_pandas(cut)["n"].tolist() == [1, 2, 3, 4]
    assert PandasInterop.to_pandas(cut[1:3])["n"].tolist() == [2, 3]


def test_a_shared_cut_is_copied_by_pandas_before_it_writes():
    cut = counting()[1:5]
    first, second = PandasInterop.to_pandas(cut), PandasInterop.to_pandas(cut)
    first.loc[0, "n"] = 99
    assert second["n"].tolist() == cut["n"].to_list() == [1, 2, 3, 4]


def test_numpy_is_never_shown_a_number_where_none_is():
    frame = DataFrameViewFactory.from_columns({"n": [1, None, 3], "b": [True, None, False], "x": [0.5, None, 1.5]})
    for name in ["n", "b"]:
        with pytest.raises(ValueError, match="missing values"):
            np.asarray(frame[name])
    assert np.asarray(frame["n"], dtype=object).tolist() == [1, None, 3]
    assert np.isnan(np.asarray(frame["n"], dtype=float)).tolist() == [False, True, False]
    assert np.isnan(np.asarray(frame["x"])).tolist() == [False, True, False]
    times = DataFrameViewFactory.from_columns({"t": [datetime.datetime(2020, 1, 1), None]})
    assert np.isnat(np.asarray(times["t"])).tolist() == [False, True]


def test_an_array_without_a_copy_is_one_or_is_refused():
    column = counting()["n"]
    assert np.shares_memory(np.array(column, copy=False), column.to_numpy())
    with pytest.raises(ValueError, match="without a copy"):
        column.__array__(np.dtype("f8"), copy=False)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (np.timedelta64(1, "Y"), TypeError),
        (np.timedelta64(1, "M"), TypeError),
        (np.timedelta64(1, "ps"), TypeError),
        (np.timedelta64(2**62, "W"), ValueError),
        (datetime.timedelta(999999999), ValueError),
    ],
)
def test_spans_without_an_arrow_type_are_refused(value, error):
    with pytest.raises(error):
        DataFrameViewFactory.from_columns({"d": [value]})


def test_years_and_months_of_numpy_are_times():
    frame = DataFrameViewFactory.from_columns({"t": [np.datetime64("2020"), np.datetime64("2020-03")]})
    assert frame["t"].to_list() == [datetime.datetime(2020, 1, 1), datetime.datetime(2020, 3, 1)]


def test_a_frame_is_one_struct_array_for_who_asks_for_that():
    class Batch:
        def __init__(self, frame):
            self.__arrow_c_array__ = frame.__arrow_c_array__

    table = pa.table({"n": pa.chunked_array([[1, 2], [3]]), "t": ["a", None, "c"]})
    frame = DataFrameViewFactory.from_arrow(table)
    batch = pa.record_batch(Batch(frame))
    assert batch.to_pylist() == table.to_pylist()
    back = DataFrameViewFactory.from_arrow(Batch(frame))
    assert back["n"].to_list() == [1, 2, 3] and back["t"].to_list() == ["a", None, "c"]
    empty = DataFrameViewFactory.from_arrow(table.slice(0, 0))
    assert pa.record_batch(Batch(empty)).num_rows == 0


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv", "jsonl"])
def test_columns_of_one_name_are_not_written_into_a_file_of_names(ending, tmp_path):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["n", "n"])
    path = tmp_path / f"twice.{ending}"
    with pytest.raises(ValueError, match="is there twice"):
        DataFrameViewFactory.write(DataFrameViewFactory.from_arrow(table), path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("writer", [pa.ipc.new_file, pa.ipc.new_stream])
def test_an_arrow_file_with_a_name_twice_is_refused(writer, tmp_path):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["n", "n"])
    path = tmp_path / "twice.arrow"
    with writer(path, table.schema) as out:
        out.write_table(table)
    with pytest.raises(iolink.UnsupportedFormatError, match="different names"):
        DataFrameViewFactory.open(path)
