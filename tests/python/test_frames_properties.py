"""Frames of every Arrow type, made by hypothesis: in and out, cut, through files, with pyarrow and polars as oracles."""

from __future__ import annotations

import datetime
import decimal
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iolink import DataFrameViewFactory

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")
pq = pytest.importorskip("pyarrow.parquet")

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
INT32, INT64 = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)
DAYS = st.integers(-700_000, 2_900_000)


def ints(bits, signed):
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return st.integers(low, high)


def decimals(digits, scale):
    return st.integers(-(10**digits) + 1, 10**digits - 1).map(
        lambda value: decimal.Decimal(value).scaleb(-scale, decimal.Context(prec=80))
    )


PLAIN = {
    **{pa.int8(): ints(8, True), pa.int16(): ints(16, True), pa.int32(): ints(32, True), pa.int64(): ints(64, True)},
    **{
        pa.uint8(): ints(8, False),
        pa.uint16(): ints(16, False),
        pa.uint32(): ints(32, False),
        pa.uint64(): ints(64, False),
    },
    pa.float32(): st.floats(width=32, allow_nan=False),
    pa.float64(): st.floats(allow_nan=False),
    pa.bool_(): st.booleans(),
    **dict.fromkeys((pa.string(), pa.large_string(), pa.string_view()), TEXT),
    **dict.fromkeys((pa.binary(), pa.large_binary(), pa.binary_view()), st.binary(max_size=20)),
    pa.binary(3): st.binary(min_size=3, max_size=3),
    pa.date32(): DAYS.map(lambda days: datetime.date(1970, 1, 1) + datetime.timedelta(days)),
    pa.time32("ms"): st.integers(0, 86_399_999),
    pa.time64("us"): st.times(),
    pa.time64("ns"): st.integers(0, 86_399_999_999_999),
    **{pa.timestamp(unit): INT64.map(lambda v: v // 1000) for unit in ("ms", "us", "ns")},
    **{pa.timestamp("us", zone): INT64.map(lambda v: v // 10**6) for zone in ("UTC", "Europe/Berlin")},
    **{pa.duration(unit): INT64.map(lambda v: v // 10**6) for unit in ("ms", "us", "ns")},
    pa.decimal128(9, 2): decimals(9, 2),
    pa.decimal128(38, 0): decimals(38, 0),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["a", "b", ""]),
    pa.null(): st.none(),
}
NESTED = {
    pa.list_(pa.int16()): st.lists(ints(16, True) | st.none(), max_size=4),
    pa.large_list(pa.string()): st.lists(TEXT | st.none(), max_size=4),
    pa.list_(pa.float64(), 2): st.lists(st.floats(allow_nan=False), min_size=2, max_size=2),
    pa.struct({"x": pa.int64(), "s": pa.string()}): st.fixed_dictionaries(
        {"x": INT64 | st.none(), "s": TEXT | st.none()}
    ),
    pa.list_(pa.struct({"k": pa.bool_()})): st.lists(
        st.fixed_dictionaries({"k": st.booleans() | st.none()}), max_size=3
    ),
}
TYPES = {**PLAIN, **NESTED}
# Only carried: none of polars' own.
CARRIED = {
    pa.float16(): st.integers(-2048, 2048).map(float),
    pa.timestamp("us", "+05:30"): INT64.map(lambda v: v // 10**6),
    pa.timestamp("s"): INT64.map(lambda v: v // 10**6),
    pa.time32("s"): st.integers(0, 86_399),
    pa.decimal256(60, 7): decimals(60, 7),
    pa.map_(pa.string(), pa.int8()): st.lists(st.tuples(TEXT, ints(8, True)), max_size=3),
}


def array_of(cells, kind):
    if not pa.types.is_dictionary(kind):
        return pa.array(cells, kind)
    encoded = pa.array(cells, kind.value_type).dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices.cast(kind.index_type), encoded.dictionary)


@st.composite
def tables(draw, types):
    rows = draw(st.integers(0, 9))
    columns = draw(st.lists(st.sampled_from(list(types)), max_size=6))
    made = {}
    for number, kind in enumerate(columns):
        cells = draw(st.lists(types[kind] | st.none(), min_size=rows, max_size=rows))
        made[f"c{number}"] = array_of(cells, kind)
    table = pa.table(made)
    cut = draw(st.integers(0, rows))
    return pa.concat_tables([table.slice(0, cut), table.slice(cut)]) if draw(st.booleans()) else table


SETTINGS = settings(deadline=None, derandomize=True, max_examples=100, suppress_health_check=list(HealthCheck))


@SETTINGS
@given(tables({**TYPES, **CARRIED}), st.data())
def test_arrow_tables_come_back_whole_and_cut(table, data):
    frame = DataFrameViewFactory.from_arrow(table)
    frame.to_arrow().validate(full=True)
    assert frame.to_arrow().equals(table)
    assert frame.schema.equals(table.schema)
    first = data.draw(st.integers(0, len(table)))
    count = data.draw(st.integers(0, len(table) - first))
    some = frame[first : first + count].to_arrow()
    some.validate(full=True)
    assert some.equals(table.slice(first, count))
    for name in table.column_names:
        assert pa.chunked_array([pa.array(frame[name])]).equals(table[name])
        assert frame[name].null_count == table[name].null_count


UNITS = {"s": 10**9, "ms": 10**6, "us": 1000, "ns": 1}
COUNTS = INT64.map(lambda count: count // 10**9)
# Every type of time beside those of above, decimals of every width, and all of them within others.
TIMES = {
    **{pa.timestamp(unit): COUNTS for unit in UNITS},
    **{pa.timestamp(unit, zone): COUNTS for unit in UNITS for zone in ("UTC", "America/New_York", "-03:00")},
    **{pa.duration(unit): COUNTS for unit in UNITS},
    **{pa.time32(unit): st.integers(0, 86_400 * 10**9 // UNITS[unit] - 1) for unit in ("s", "ms")},
    **{pa.time64(unit): st.integers(0, 86_400 * 10**9 // UNITS[unit] - 1) for unit in ("us", "ns")},
    pa.date64(): PLAIN[pa.date32()],
    pa.decimal32(9, 3): decimals(9, 3),
    pa.decimal64(18, 18): decimals(18, 18),
    pa.decimal128(20, -2): st.integers(-(10**20) + 1, 10**20 - 1).map(lambda value: decimal.Decimal(value * 100)),
    pa.decimal256(76, 38): decimals(76, 38),
    pa.dictionary(pa.uint16(), pa.timestamp("ns")): COUNTS,
    pa.dictionary(pa.int64(), pa.date32()): PLAIN[pa.date32()],
    pa.list_(pa.timestamp("us", "UTC")): st.lists(COUNTS | st.none(), max_size=3),
    pa.list_view(pa.duration("ms")): st.lists(COUNTS | st.none(), max_size=3),
    pa.struct({"t": pa.time64("ns"), "d": pa.date32(), "n": pa.decimal128(9, 2)}): st.fixed_dictionaries(
        {"t": st.integers(0, 10**9) | st.none(), "d": PLAIN[pa.date32()] | st.none(), "n": decimals(9, 2) | st.none()}
    ),
    pa.map_(pa.string(), pa.timestamp("s")): st.lists(st.tuples(TEXT, COUNTS | st.none()), max_size=3),
}


def cell_of(scalar):
    """A value of pyarrow's as a frame has it: times and their lengths by NumPy, in the unit that they are counted in."""
    kind = scalar.type
    if not scalar.is_valid:
        return None
    if pa.types.is_timestamp(kind):
        return np.datetime64(scalar.value, kind.unit)
    if pa.types.is_duration(kind):
        return np.timedelta64(scalar.value, kind.unit)
    if pa.types.is_time(kind):
        micros, rest = divmod(scalar.value * UNITS[kind.unit], 1000)
        whole = datetime.datetime(1, 1, 1) + datetime.timedelta(microseconds=micros)
        return np.timedelta64(micros * 1000 + rest, "ns") if rest else whole.time()
    if pa.types.is_dictionary(kind):
        return cell_of(scalar.dictionary[scalar.index.as_py()])
    if pa.types.is_map(kind):
        return [(cell_of(entry["key"]), cell_of(entry["value"])) for entry in scalar.values]
    if pa.types.is_nested(kind) and not pa.types.is_struct(kind):
        return [cell_of(value) for value in scalar.values]
    if pa.types.is_struct(kind):
        return {field.name: cell_of(scalar[field.name]) for field in kind}
    return scalar.as_py()


@SETTINGS
@given(tables({**TYPES, **CARRIED, **TIMES}))
def test_cells_are_what_pyarrow_says(table):
    frame = DataFrameViewFactory.from_arrow(table)
    for name in table.column_names:
        cells, expected = list(frame[name]), [cell_of(value) for value in table[name]]
        assert cells == expected
        assert [type(cell) for cell in cells] == [type(cell) for cell in expected]
        assert [getattr(cell, "dtype", None) for cell in cells] == [getattr(cell, "dtype", None) for cell in expected]
        assert [frame.at(name, row) for row in range(len(table))] == expected


def by_polars(table):
    """The table as polars reads it itself: copied, since polars refuses lists of fixed size that begin within a chunk."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return pl.DataFrame(pa.ipc.open_stream(sink.getvalue()).read_all())


@SETTINGS
@given(tables(TYPES))
def test_polars_sees_the_same(table):
    frame = DataFrameViewFactory.from_arrow(table)
    assert frame.to_polars().equals(by_polars(table))
    assert DataFrameViewFactory.from_arrow(by_polars(table)).to_polars().equals(by_polars(table))


@SETTINGS
@given(tables(TYPES), st.data())
def test_any_table_goes_through_parquet_and_arrow(table, data):
    with tempfile.TemporaryDirectory() as folder:
        for ending, options in [("parquet", {"row_group_size": data.draw(st.integers(1, 5))}), ("arrow", {})]:
            path = Path(folder, f"table.{ending}")
            if not table.column_names and len(table):
                continue
            DataFrameViewFactory.write(DataFrameViewFactory.from_arrow(table), path, **options)
            back = DataFrameViewFactory.open(path)
            assert back.shape() == (len(table.column_names), len(table))
            assert back.to_polars().equals(by_polars(table)), ending
            first = data.draw(st.integers(0, len(table)))
            assert back[first:].to_polars().equals(by_polars(table).slice(first)), ending
            if ending == "parquet":
                for name, column in zip(table.column_names, pq.read_table(path).columns, strict=True):
                    assert pl.Series(column).equals(by_polars(table)[name]), name


# decimal256 is refused: tests/python/test_tables_types.py.
KEPT = {kind: cells for kind, cells in CARRIED.items() if not pa.types.is_decimal256(kind)}
WORDS = {
    pa.dictionary(pa.int16(), pa.string(), ordered=True): st.sampled_from(["low", "mid", "high"]),
    pa.dictionary(pa.int8(), pa.large_string()): TEXT,
    pa.dictionary(pa.uint32(), pa.int64()): INT64,
    pa.dictionary(pa.int32(), pa.float64(), ordered=True): st.floats(allow_nan=False),
    pa.dictionary(pa.int64(), pa.binary()): st.binary(max_size=9),
    pa.list_(pa.dictionary(pa.int8(), pa.string())): st.lists(st.sampled_from(["a", "b"]) | st.none(), max_size=3),
    pa.list_(pa.string_view()): st.lists(TEXT | st.none(), max_size=3),
    pa.struct({"d": pa.decimal128(9, 2), "t": pa.timestamp("s")}): st.fixed_dictionaries(
        {"d": decimals(9, 2) | st.none(), "t": INT64.map(lambda v: v // 10**9)}
    ),
    pa.map_(pa.string(), pa.list_(pa.int8())): st.lists(
        st.tuples(TEXT, st.lists(ints(8, True), max_size=2)), max_size=3
    ),
}


def listed(value):
    """Maps, which are lists of keys and values in Parquet, as such."""
    if isinstance(value, list):
        return [listed(item) for item in value]
    return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, tuple) else value


def told(column):
    """The values; points in time, which Python cannot all tell, as numbers of microseconds."""
    if not pa.types.is_timestamp(column.type):
        return listed(column.to_pylist())
    counts = column.cast(pa.int64()).to_pylist()
    unit = {"s": 10**6, "ms": 1000, "us": 1}[column.type.unit]
    return [count and count * unit for count in counts]


@SETTINGS
@given(tables({**KEPT, **WORDS}), st.integers(1, 5))
def test_what_is_only_carried_goes_through_parquet_and_arrow(table, group):
    if not table.column_names and len(table):
        return
    with tempfile.TemporaryDirectory() as folder:
        for ending, options in [("parquet", {"row_group_size": group}), ("arrow", {})]:
            path = Path(folder, f"table.{ending}")
            DataFrameViewFactory.write(DataFrameViewFactory.from_arrow(table), path, **options)
            theirs = pq.read_table(path) if ending == "parquet" else pa.ipc.open_file(path).read_all()
            for back in (DataFrameViewFactory.open(path).to_arrow(), theirs):
                back.validate(full=True)
                assert back.column_names == table.column_names
                for name in table.column_names:
                    assert told(back[name]) == told(table[name]), table[name].type


@SETTINGS
@given(tables({kind: PLAIN[kind] for kind in (pa.int64(), pa.float64(), pa.bool_(), pa.string())}))
def test_any_table_goes_through_text(table):
    if not table.column_names:
        return
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("csv", "tsv", "ndjson"):
            infinite = any(
                value in (float("inf"), float("-inf")) for column in table.columns for value in column.to_pylist()
            )
            if ending == "ndjson" and (infinite or not len(table)):
                continue
            path = Path(folder, f"table.{ending}")
            DataFrameViewFactory.write(DataFrameViewFactory.from_arrow(table), path)
            options = {}
            if ending != "ndjson":
                # Texts such as "1" are texts only where that is said.
                texts = [name for name in table.column_names if pa.types.is_string(table.schema.field(name).type)]
                options = {"text_columns": texts}
            back = DataFrameViewFactory.open(path, **options)
            for name in table.column_names:
                assert back[name].to_list() == table[name].to_pylist(), (ending, path.read_bytes())
