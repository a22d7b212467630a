"""DataFrames through table files and back: as they were, or refused by the column's name."""

from __future__ import annotations

import numpy as np
import pytest

import iolink
from iolink import DataFrameViewFactory
from iolink.pandas_interop import PandasInterop

pd = pytest.importorskip("pandas")
from pandas.testing import assert_frame_equal  # noqa: E402

from test_pandas import EVERYTHING  # noqa: E402

to_pandas, from_pandas = PandasInterop.to_pandas, PandasInterop.from_pandas


def through(df, path):
    DataFrameViewFactory.write(from_pandas(df), path)
    return DataFrameViewFactory.open(path)


def has_structs_in_a_dictionary(df):
    """Intervals as categories or as labels beside others."""
    columns = [df.index, *(df.iloc[:, at] for at in range(df.shape[1]))]
    kinds = [getattr(column.dtype, "categories", pd.Index([])).dtype for column in columns]
    if isinstance(df.index, pd.MultiIndex):
        kinds += [getattr(level, "categories", level).dtype for level in df.index.levels]
    return any(isinstance(kind, pd.IntervalDtype) for kind in kinds)


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
@pytest.mark.parametrize("name", EVERYTHING)
def test_every_dtype_comes_back_from_a_file(name, ending, tmp_path):
    df = pd.DataFrame({name: EVERYTHING[name], "n": [1, 2, 3]})
    cases = [df, df.iloc[:0], df.iloc[1:]]
    if name not in ("f2", "big"):  # pandas has no such index
        cases += [df.set_index(name), df.set_index(name, append=True)]
    for number, case in enumerate(cases):
        path = tmp_path / f"{number}.{ending}"
        if has_structs_in_a_dictionary(case):
            with pytest.raises(iolink.UnsupportedFormatError, match=f'column "{name}".*dictionaries.*cast the column'):
                through(case, path)
            assert list(tmp_path.glob(f"*{number}.*")) == []
            continue
        frame = through(case, path)
        assert_frame_equal(to_pandas(frame), case, check_exact=True, check_freq=False)
        assert_frame_equal(to_pandas(frame[:1]), case.iloc[:1], check_exact=True, check_freq=False)


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_levels_and_attributes_come_back_from_a_file(ending, tmp_path):
    index = pd.MultiIndex(levels=[[30, 10, 5], ["b", "a"]], codes=[[0, 1, -1], [0, 1, 1]], names=["n", None])
    df = pd.DataFrame([[1, 2.5], [3, 4.5], [5, 6.5]], index=index)
    df.columns = pd.MultiIndex.from_arrays([pd.Categorical(["b", "a"], ["z", "b", "a"]), [1, 2]])
    df.attrs = {"unit": ("mm", 0.5)}
    out = to_pandas(through(df, tmp_path / f"t.{ending}"))
    assert_frame_equal(out, df, check_exact=True)
    assert out.attrs == df.attrs
    assert [list(level) for level in out.index.levels] == [[30, 10, 5], ["b", "a"]]


def test_more_categories_than_are_told_one_by_one_come_back_where_the_format_keeps_them(tmp_path):
    many = pd.Index(np.arange(5000)[::-1] * 3)
    df = pd.DataFrame({"c": pd.Categorical.from_codes([4999, -1, 0], categories=many)})
    assert_frame_equal(to_pandas(through(df, tmp_path / "t.arrow")), df, check_exact=True)
    labels = pd.MultiIndex(levels=[many, ["a"]], codes=[[4999, -1, 0], [0, 0, 0]])
    index = to_pandas(through(df.set_axis(labels), tmp_path / "l.parquet")).index
    assert index.levels[0].dtype == many.dtype and index.codes[0].tolist() == [0, -1, 1]
    values = to_pandas(through(df, tmp_path / "t.parquet"))["c"]
    assert values.isna().tolist() == [False, True, False] and values.dropna().tolist() == [0, 14997]
