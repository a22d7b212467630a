"""A consumer asks for types by the Arrow protocol: it gets them where no value changes, and else the frame's own."""

from __future__ import annotations

import pytest

from iolink import DataFrameViewFactory

pa = pytest.importorskip("pyarrow")


def frame_of(values):
    return DataFrameViewFactory.from_arrow(pa.table({"x": values, "other": pa.array([0] * len(values), "int64")}))


def asked(frame, wanted):
    """Type and values of the column by the protocol alone, without a cast by pyarrow on top."""
    schema = pa.schema([("x", wanted), ("other", pa.int64())])
    reader = pa.RecordBatchReader._import_from_c_capsule(frame.__arrow_c_stream__(schema.__arrow_c_schema__()))
    table = reader.read_all()
    table.validate(full=True)
    return table.schema.field("x").type, table["x"].to_pylist()


TEXTS = ["a", None, "", "a longer text \u00b5 than a view keeps inside"]
STAMPS = [1_000_000_000, None, -5_000_000_000, 0]
LOSSLESS = [
    *((pa.array(TEXTS, one), other) for one in ("string", "large_string", "string_view")
      for other in ("string", "large_string", "string_view")),
    *((pa.array([b"\xff", None, b"", b"x" * 40], one), other) for one in ("binary", "large_binary", "binary_view")
      for other in ("binary", "large_binary", "binary_view")),
    (pa.array(TEXTS).dictionary_encode(), "string"),
    (pa.array(TEXTS).dictionary_encode(), "string_view"),
    (pa.DictionaryArray.from_arrays(pa.array([1, None, 0], "int8"), [5, 7]), "int16"),
    (pa.array(STAMPS, pa.timestamp("ns")), pa.timestamp("s")),
    (pa.array(STAMPS, pa.timestamp("s")), pa.timestamp("ms")),
    (pa.array(STAMPS, pa.timestamp("us", "UTC")), pa.timestamp("ns", "Europe/Berlin")),
    (pa.array(STAMPS, pa.duration("ns")), pa.duration("us")),
    (pa.array([1, None, -3], "int8"), "int64"),
    (pa.array([1, None, 250], "int64"), "uint8"),
    (pa.array([2**64 - 1, None], "uint64"), "uint64"),
    (pa.array([1.5, None, float("inf")], "float32"), "float64"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "wanted"), LOSSLESS, ids=lambda one: str(getattr(one, "type", one)))
def test_types_that_lose_nothing_are_handed_out(values, wanted):
    wanted = pa.type_for_alias(wanted) if isinstance(wanted, str) else wanted
    plain = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    expected = plain.cast(wanted).to_pylist()
    frame = frame_of(values)
    assert asked(frame, wanted) == (wanted, expected)
    assert asked(frame[1:], wanted) == (wanted, expected[1:])
    assert asked(frame[0:0], wanted)[1] == []
    column = pa.array(frame["x"], type=wanted)
    assert (column.type, column.to_pylist()) == (wanted, expected)
    several = DataFrameViewFactory.from_arrow(pa.concat_tables([pa.table(frame)] * 2))
    assert asked(several, wanted) == (wanted, expected * 2)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (pa.array([1, None, 300], "int64"), pa.int8()),
        (pa.array([-1], "int64"), pa.uint64()),
        (pa.array([1], "int64"), pa.float64()),
        (pa.array([1.5], "float64"), pa.float32()),
        (pa.array([1_500], pa.timestamp("ms")), pa.timestamp("s")),
        (pa.array([10**11], pa.timestamp("s")), pa.timestamp("ns")),
        (pa.array([0], pa.timestamp("s")), pa.timestamp("s", "UTC")),
        (pa.array(["1"]), pa.int64()),
        (pa.array(["a"]), pa.binary()),
        (pa.array([[1]], pa.list_(pa.int8())), pa.list_(pa.int64())),
    ],
    ids=str,
)
def test_other_types_stay_what_they_are(values, wanted):
    assert asked(frame_of(values), wanted) == (values.type, values.to_pylist())


def test_consumers_get_what_they_asked_for():
    frame = frame_of(pa.array(TEXTS, "large_string"))
    schema = pa.schema([("x", pa.string()), ("other", pa.int32())])
    assert pa.table(frame, schema=schema).schema == schema
    assert pa.RecordBatchReader.from_stream(frame, schema=schema).read_all()["x"].to_pylist() == TEXTS


def test_texts_in_the_same_width_and_untouched_columns_are_shared():
    frame = frame_of(pa.array(TEXTS, "large_string"))
    schema = pa.schema([("x", pa.string()), ("other", pa.int64())])
    one, two = pa.table(frame), pa.table(frame, schema=schema)
    for name, buffer in (("x", 2), ("other", 1)):
        address = [table[name].chunk(0).buffers()[buffer].address for table in (one, two)]
        assert address[0] == address[1], name


def test_booleans_and_times_of_numpy_can_be_asked_for():
    import numpy as np

    times = np.array(["2020-01-01", "NaT"], "M8[ns]")
    frame = DataFrameViewFactory.from_columns({"b": np.array([True, False]), "t": times})
    table = pa.table(frame, schema=pa.schema([("b", pa.bool_()), ("t", pa.timestamp("s"))]))
    assert table.schema.field("t").type == pa.timestamp("s")
    assert table["t"].to_pylist() == pa.array(times).cast(pa.timestamp("s")).to_pylist()
    assert table["b"].to_pylist() == [True, False]


@pytest.mark.parametrize("names", [["x"], ["x", "y"], ["other", "x"], ["x", "other", "z"]])
def test_other_columns_cannot_be_asked_for(names):
    frame = frame_of(pa.array([1, 2]))
    wanted = pa.schema([(name, pa.int64()) for name in names]).__arrow_c_schema__()
    with pytest.raises(ValueError, match=r"asks for the columns .*\"other\""):
        frame.__arrow_c_stream__(wanted)
    with pytest.raises(TypeError, match="arrow_schema"):
        frame.__arrow_c_stream__("no capsule")
