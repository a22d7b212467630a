"""Every type of Arrow in every format of table files: it comes back as it was, or is refused by its column's name."""

from __future__ import annotations

import datetime
import decimal
import os

import pytest

import iolink
from iolink import DataFrameViewFactory

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
pq = pytest.importorskip("pyarrow.parquet")
feather = pytest.importorskip("pyarrow.feather")

open_table, write = DataFrameViewFactory.open, DataFrameViewFactory.write
FORMATS = ["parquet", "arrow", "ndjson", "csv"]
ZONE = "Europe/Berlin"
UNITS = ("s", "ms", "us", "ns")


def digits(bits, precision, scale, *values):
    kind = getattr(pa, f"decimal{bits}")(precision, scale)
    return pa.array([value and decimal.Decimal(value) for value in values], kind)


def stored(kind, values):
    return pa.ExtensionArray.from_storage(kind, pa.array(values, kind.storage_type))


NUMBERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
COUNTED = [
    *NUMBERS,
    pa.float16(),
    pa.float32(),
    pa.float64(),
    pa.date32(),
    *[pa.timestamp(unit) for unit in UNITS],
    *[pa.timestamp(unit, ZONE) for unit in UNITS],
    *[pa.duration(unit) for unit in UNITS],
    pa.time32("s"),
    pa.time32("ms"),
    pa.time64("us"),
]
WRITTEN = {
    **{str(kind): pa.array([1, None, 3], kind) for kind in COUNTED},
    "time64[ns]": pa.array([1000, None, 3000], pa.time64("ns")),
    "date64": pa.array([86_400_000, None, -86_400_000], pa.date64()),
    "bool": pa.array([True, None, False]),
    "null": pa.nulls(3),
    "string": pa.array(["a", None, "\u00e9"]),
    "large_string": pa.array(["a", None, ""], pa.large_string()),
    "string_view": pa.array(["a", None, "c" * 40], pa.string_view()),
    "twice": pa.array(["a", "b", "a"]),
    **{f"decimal{bits}": digits(bits, 9, 2, "1.20", None, "-3.00") for bits in (32, 64, 128)},
    "decimal128(3, 3)": digits(128, 3, 3, ".125", None, "-.5"),
}
BYTES = {
    "binary": pa.array([b"a", None, b"\0"]),
    "large_binary": pa.array([b"a", None, b""], pa.large_binary()),
    "binary_view": pa.array([b"a", None, b"c" * 40], pa.binary_view()),
    "fixed bytes": pa.array([b"ab", None, b"cd"], pa.binary(2)),
}
NESTED = {
    "list": pa.array([[1], None, []], pa.list_(pa.int8())),
    "large_list": pa.array([["x"], None, []], pa.large_list(pa.string())),
    "fixed list": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int8(), 2)),
    "map": pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int8())),
    "struct": pa.array([{"x": 1, "y": "a"}, None, {"x": 2, "y": None}]),
    "empty struct": pa.array([{}, None, {}], pa.struct([])),
}
NOWHERE = {
    "interval": pa.array([(1, 2, 3), None, (0, -1, 5)], pa.month_day_nano_interval()),
    "decimal256": digits(256, 76, 10, "1.5", None, "-3"),
    **{f"decimal{bits}(5, -2)": digits(bits, 5, -2, "1200", None, "-300") for bits in (32, 64, 128, 256)},
    "fixed bytes of 0": pa.array([b"", None, b""], pa.binary(0)),
    "fixed list of 0": pa.array([[], None, []], pa.list_(pa.int8(), 0)),
    "run_end": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([5, None])),
    "list_view": pa.array([[1], None, [2, 3]], pa.list_view(pa.int64())),
    "large_list_view": pa.array([[1], None, [2, 3]], pa.large_list_view(pa.int64())),
    "dense_union": pa.UnionArray.from_dense(
        pa.array([0, 1, 0], pa.int8()), pa.array([0, 0, 1], pa.int32()), [pa.array([1, 2]), pa.array(["a"])]
    ),
    "sparse_union": pa.UnionArray.from_sparse(
        pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["a", "b", "c"])]
    ),
}
EXTENSIONS = {
    "json": stored(pa.json_(), ["1", None, "{}"]),
    "uuid": stored(pa.uuid(), [b"a" * 16, None, b"b" * 16]),
    "bool8": stored(pa.bool8(), [1, None, 0]),
    "opaque": stored(pa.opaque(pa.int32(), "x", "y"), [1, None, 0]),
    "tensor": stored(pa.fixed_shape_tensor(pa.int32(), [2]), [[1, 2], None, [3, 4]]),
}
LEAVES = {**WRITTEN, **BYTES, **NESTED, **NOWHERE, **EXTENSIONS}


def words(values, ordered, keys):
    return pa.DictionaryArray.from_arrays(pa.array([0, None, 2], keys), values, ordered=ordered)


def inside(values, kind):
    if kind == "alone":
        return values
    if kind == "list":
        return pa.ListArray.from_arrays(pa.array([0, 2, None, 3], pa.int32()), values)
    if kind == "large_list":
        return pa.LargeListArray.from_arrays(pa.array([0, 2, None, 3], pa.int64()), values)
    if kind == "struct":
        return pa.StructArray.from_arrays([values], names=["x"], mask=pa.array([False, True, False]))
    if kind == "fixed list":
        return pa.FixedSizeListArray.from_arrays(values, 1)
    if kind == "map":
        return pa.MapArray.from_arrays(pa.array([0, 2, 3, 3], pa.int32()), pa.array(["a", "b", "c"]), values)
    if kind == "ordered dictionary":
        return words(values, True, pa.uint32())
    dictionary = words(values, False, pa.int8())
    return inside(dictionary, "list") if kind == "list of dictionary" else dictionary


KINDS = ["alone", "list", "large_list", "struct", "fixed list", "map"]
DICTIONARIES = ["dictionary", "ordered dictionary", "list of dictionary"]


def is_refused(ending, leaf, kind):
    """Is it one of those that the format has no place for?"""
    if leaf in NOWHERE:
        return True
    if leaf in EXTENSIONS:
        # Arrow's C interface has no place for the extension type of a dictionary's values, so they come as stored.
        stored_as = {
            "json": "string",
            "bool8": "int8",
            "opaque": "int32",
            "uuid": "fixed bytes",
            "tensor": "fixed list",
        }
        return kind not in DICTIONARIES or is_refused(ending, stored_as[leaf], kind)
    if ending == "csv":
        return leaf in BYTES or leaf in NESTED or kind not in ("alone", "dictionary", "ordered dictionary")
    if ending == "ndjson":
        return leaf in BYTES or (leaf in NESTED and kind in DICTIONARIES)
    if ending == "arrow":
        return leaf in ("map", "struct", "empty struct") and kind in DICTIONARIES
    if leaf == "fixed bytes":
        return kind not in ("alone", "dictionary", "ordered dictionary")
    return leaf == "empty struct" or (leaf in NESTED and kind in DICTIONARIES)


def matches(read, meant):
    """Is it the same value? In text formats times are texts, decimals are floats; maps are lists but in Arrow IPC."""
    if meant is None or read is None:
        return meant is read
    if isinstance(meant, tuple):
        return matches(list(read.values()) if isinstance(read, dict) else list(read), list(meant))
    if isinstance(meant, list):
        return len(read) == len(meant) and all(map(matches, read, meant))
    if isinstance(meant, dict):
        return list(read) == list(meant) and all(matches(read[key], meant[key]) for key in meant)
    if isinstance(meant, datetime.timedelta):
        return pd.Timedelta(read) == meant
    if isinstance(meant, datetime.datetime):
        return pd.Timestamp(read) == meant
    if isinstance(read, str) and isinstance(meant, datetime.date | datetime.time):
        return type(meant).fromisoformat(read) == meant
    if isinstance(read, float) and isinstance(meant, decimal.Decimal):
        return read == float(meant)
    return read == meant and isinstance(read, bool) == isinstance(meant, bool)


def read_by_pyarrow(path):
    return pq.read_table(path) if path.suffix == ".parquet" else feather.read_table(path)


@pytest.mark.parametrize("kind", KINDS + DICTIONARIES)
@pytest.mark.parametrize("ending", FORMATS)
def test_each_type_is_written_right_or_refused_by_name(tmp_path, ending, kind):
    for leaf, values in LEAVES.items():
        try:
            array = inside(values, kind)
            table = DataFrameViewFactory.from_arrow(pa.table({"fine": [1, 2, 3], "at fault": array})).to_arrow()
        except (pa.ArrowException, TypeError):
            continue  # pyarrow has no such array.
        path = tmp_path / f"a.{ending}"
        for rows in (pa.concat_tables([table, table.slice(1)]), table.slice(0, 0)):
            frame = DataFrameViewFactory.from_arrow(rows)
            if is_refused(ending, leaf, kind) and (len(rows) > 0 or ending in ("parquet", "arrow")):
                with pytest.raises(iolink.UnsupportedFormatError, match=r'column "at fault": .*; \w+ '):
                    write(frame, path)
                assert os.listdir(tmp_path) == [], (leaf, len(rows))
                continue
            if len(rows) == 0 and ending in ("ndjson", "csv"):
                continue  # Of no value a text tells no type.
            write(frame, path)
            tables = [open_table(path).to_arrow()]
            if ending in ("parquet", "arrow"):
                tables.append(read_by_pyarrow(path))
            for back in tables:
                back.validate(full=True)
                assert back["fine"].to_pylist() == rows["fine"].to_pylist()
                read, meant = back["at fault"].to_pylist(), rows["at fault"].to_pylist()
                assert matches(read, meant), (leaf, back["at fault"].type, read, meant)
            os.remove(path)


def test_arrow_ipc_keeps_all_types_but_views_in_short_lists_and_maps(tmp_path):
    for kind in KINDS + DICTIONARIES:
        for leaf, values in {**WRITTEN, **BYTES, **NESTED}.items():
            if is_refused("arrow", leaf, kind):
                continue
            table = pa.table({"x": inside(values, kind)})
            write(DataFrameViewFactory.from_arrow(table), tmp_path / "a.arrow")
            back = open_table(tmp_path / "a.arrow").to_arrow()
            if leaf in ("string_view", "binary_view") and kind in ("list", "map"):
                large = pa.large_string() if leaf == "string_view" else pa.large_binary()
                table = table.cast(pa.schema({"x": pa.list_(large) if kind == "list" else pa.map_(pa.string(), large)}))
            assert back.equals(table), (leaf, kind)


def test_two_fields_of_one_name_are_kept_apart(tmp_path):
    record = pa.StructArray.from_arrays([pa.array([1, 2, 3]), pa.array([4, 5, 6])], names=["x", "x"])
    frame = DataFrameViewFactory.from_arrow(pa.table({"s": record}))
    for ending in ("parquet", "arrow"):
        path = tmp_path / f"a.{ending}"
        write(frame, path)
        for back in (open_table(path).to_arrow(), read_by_pyarrow(path)):
            parts = back["s"].combine_chunks().flatten()
            assert [part.to_pylist() for part in parts] == [[1, 2, 3], [4, 5, 6]]
    with pytest.raises(ValueError, match=r'column "s": .*two fields of one name'):
        write(frame, tmp_path / "a.ndjson")


def test_words_that_are_there_twice_or_missing_are_one_in_parquet(tmp_path):
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        values = pa.array(["", None, "b", "", "c"], kind)
        column = pa.DictionaryArray.from_arrays(pa.array([3, 0, 1, None, 4, 2], pa.int8()), values)
        write(DataFrameViewFactory.from_arrow(pa.table({"x": column})), tmp_path / "a.parquet")
        for back in (open_table(tmp_path / "a.parquet").to_arrow(), pq.read_table(tmp_path / "a.parquet")):
            back.validate(full=True)
            assert back["x"].to_pylist() == ["", "", None, None, "c", "b"]


def test_dictionaries_that_change_are_refused_by_arrow_ipc(tmp_path):
    first, second = (pa.table({"x": pa.array(texts).dictionary_encode()}) for texts in (["a", "b"], ["c", "b"]))
    table = pa.concat_tables([first, second])
    frame = DataFrameViewFactory.from_arrow(table)
    with pytest.raises(ValueError, match=r'column "x": .*unify_dictionaries'):
        write(frame, tmp_path / "a.arrow")
    assert os.listdir(tmp_path) == []
    write(frame, tmp_path / "a.parquet")
    write(DataFrameViewFactory.from_arrow(table.unify_dictionaries()), tmp_path / "a.arrow")
    for name in ("a.parquet", "a.arrow"):
        assert open_table(tmp_path / name)["x"].to_list() == ["a", "b", "c", "b"]
        assert read_by_pyarrow(tmp_path / name)["x"].to_pylist() == ["a", "b", "c", "b"]


@pytest.mark.parametrize("ending", ["parquet", "ndjson", "csv"])
def test_a_date64_that_is_no_midnight_is_refused(tmp_path, ending):
    table = pa.table({"d": pa.array([0, None, 86_400_001], pa.int64()).view(pa.date64())})
    with pytest.raises(ValueError, match=r'column "d".*row 2.*86400001 milliseconds are no midnight.*timestamp'):
        write(DataFrameViewFactory.from_arrow(table), tmp_path / f"a.{ending}")
    assert os.listdir(tmp_path) == []


def test_what_has_no_word_is_told_by_column_and_row(tmp_path):
    late = pa.table({"t": pa.array([0, 2**62], pa.timestamp("s"))})
    for ending in ("csv", "ndjson"):
        with pytest.raises(IndexError, match=r'column "t", row 1: \d+ of .* beyond the calendar'):
            write(DataFrameViewFactory.from_arrow(late), tmp_path / f"a.{ending}")
    assert os.listdir(tmp_path) == []


def written_by_pyarrow(table, path):
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_files_of_pyarrow_are_read_right_or_refused(tmp_path, ending, kind):
    path = tmp_path / f"a.{ending}"
    unread = {"fixed bytes of 0", "fixed list of 0", "decimal256", "interval"}
    for leaf, values in {**WRITTEN, **BYTES, **NESTED, **NOWHERE}.items():
        if "-2)" in leaf:
            continue
        table = pa.table({"fine": [1, 2, 3], "x": inside(values, kind)})
        try:
            written_by_pyarrow(table, path)
        except (pa.ArrowException, OSError):
            continue  # Parquet of pyarrow has no place for it.
        if leaf in unread:
            frame = open_table(path)
            assert frame["fine"].to_list() == [1, 2, 3]
            with pytest.raises(
                iolink.UnsupportedFormatError, match=r'column "x": .* cannot be read; choose the others'
            ):
                frame["x"].to_list()
            assert open_table(path, columns=["fine"])["fine"].to_list() == [1, 2, 3]
        elif "list_view" in leaf or (ending == "arrow" and leaf == "run_end"):
            with pytest.raises(iolink.UnsupportedFormatError, match="polars does not know a type of the table"):
                open_table(path)
        else:
            frame = open_table(path)
            assert frame["fine"].to_list() == [1, 2, 3]
            back = frame.to_arrow()
            back.validate(full=True)
            assert matches(back["x"].to_pylist(), table["x"].to_pylist()), leaf
