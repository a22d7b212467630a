"""Short decimals go out as long ones, which polars reads; iolink and those who ask for them keep the short ones."""

from __future__ import annotations

import decimal

import pytest

from iolink import DataFrameViewFactory, UnsupportedFormatError

pa = pytest.importorskip("pyarrow")

D = decimal.Decimal
PRICES = [D("59.99"), None, D("-0.01"), D("4.90")]
SHORT = [pa.decimal32(9, 2), pa.decimal64(15, 2)]


def holding(values):
    """The values, and the values within every type that holds others."""
    offsets = [0, 1, 1, 4]
    yield "plain", values
    yield "sliced", pa.concat_arrays([values, values])[3:7]
    yield "list", pa.ListArray.from_arrays(pa.array(offsets, "int32"), values)
    yield "large list", pa.LargeListArray.from_arrays(pa.array(offsets, "int64"), values)
    yield "fixed list", pa.FixedSizeListArray.from_arrays(values, 2)
    yield "struct", pa.StructArray.from_arrays([values, values], ["one", "other"])
    yield "dictionary", pa.DictionaryArray.from_arrays(pa.array([3, None, 0, 0], "int8"), values)
    yield (
        "list of structs",
        pa.ListArray.from_arrays(pa.array(offsets, "int32"), pa.StructArray.from_arrays([values], ["one"])),
    )


WAYS = [
    pytest.param(kind, name, id=f"{kind}-{name}") for kind in SHORT for name, _ in holding(pa.array(PRICES, SHORT[0]))
]


def made(kind, name):
    values = dict(holding(pa.array(PRICES, kind)))[name]
    return values, DataFrameViewFactory.from_arrow(pa.table({"x": values}))


@pytest.mark.parametrize(("kind", "name"), WAYS)
def test_polars_reads_the_numbers(kind, name):
    pl = pytest.importorskip("polars")
    values, frame = made(kind, name)
    expected = values.to_pylist()
    assert frame.to_polars()["x"].to_list() == expected
    assert pl.DataFrame(frame)["x"].to_list() == expected
    assert pl.Series(frame["x"]).to_list() == expected
    assert pl.DataFrame(frame[1:])["x"].to_list() == expected[1:]


@pytest.mark.parametrize(("kind", "name"), WAYS)
def test_the_library_keeps_the_types(kind, name):
    values, frame = made(kind, name)
    assert frame.to_arrow()["x"].type == values.type
    assert frame.schema.field("x").type == values.type
    for copy in (
        DataFrameViewFactory.from_arrow(frame),
        DataFrameViewFactory.copy_in_memory(frame),
        DataFrameViewFactory.from_columns({"x": frame["x"]}),
        DataFrameViewFactory.from_arrow(pa.table(frame._exact())),
    ):
        assert copy.to_arrow()["x"].to_pylist() == values.to_pylist()
        assert copy.schema.field("x").type == values.type


@pytest.mark.parametrize("kind", SHORT, ids=str)
def test_a_consumer_gets_the_short_type_that_it_asks_for(kind):
    _, frame = made(kind, "plain")
    long = pa.decimal128(kind.precision, 2)
    assert pa.table(frame).schema.field("x").type == long
    assert pa.schema(frame).field("x").type == long
    assert pa.array(frame["x"]).type == long
    assert pa.table(frame, schema=pa.schema([("x", kind)])).schema.field("x").type == kind
    assert pa.table(frame).column("x").to_pylist() == PRICES


def test_duckdb_and_pandas_read_the_numbers():
    pd = pytest.importorskip("pandas")
    _, frame = made(SHORT[1], "plain")
    assert next(iter(frame.to_pandas()["x"])) == PRICES[0]
    typed = pd.DataFrame({"x": pd.array(PRICES, pd.ArrowDtype(SHORT[0]))})
    back = DataFrameViewFactory.from_arrow(typed).to_pandas(copy=True)
    assert [None if value is pd.NA or value is None else value for value in back["x"]] == PRICES


REFUSED = {
    "decimal of 256 bits": pa.array([D("1.5")], pa.decimal256(60, 2)),
    "negative scale": pa.array([D("1E+2")], pa.decimal128(9, -2)),
    "interval": pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    "runs": pa.RunEndEncodedArray.from_arrays(pa.array([1], "int32"), pa.array([5])),
    "list view": pa.array([[1]], pa.list_view(pa.int64())),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_type_that_polars_panics_at_is_an_error(name):
    pytest.importorskip("polars")
    frame = DataFrameViewFactory.from_arrow(pa.table({"x": REFUSED[name]}))
    with pytest.raises(UnsupportedFormatError, match="polars"):
        frame.to_polars()
